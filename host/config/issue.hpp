// What is wrong with a configuration, where, and what to do about it. A load collects all of them: an
// operator who mends one mistake a run gives up before the fifth.
#pragma once

#include "host/base/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relance::config {

/// A place in a file, as an editor counts: from 1, columns in characters. Line 0: the file as a whole.
struct Position {
  std::string file;
  std::uint32_t line{0}, column{0};

  /// "file:line:column", or the file alone.
  [[nodiscard]] std::string text() const;
};

enum class Severity : std::uint8_t {
  warning,  ///< works, but perhaps not as meant
  error,    ///< the configuration does not take effect
};

struct Issue {
  Severity severity{Severity::error};
  Position at;
  std::string message;  ///< what is wrong; and what to do, after a semicolon

  /// "file:line:column: error: message"
  [[nodiscard]] std::string text() const;
};

/// All that was found, in the order of files and lines once sorted. Bounded: a wrong file of a million lines
/// is one problem.
class Issues {
 public:
  static constexpr std::size_t kIssuesMax{1000};

  void error(Position at, std::string message) { add({Severity::error, std::move(at), std::move(message)}); }
  void warning(Position at, std::string message) {
    add({Severity::warning, std::move(at), std::move(message)});
  }
  void add(Issue issue);
  void sort();

  [[nodiscard]] bool has_errors() const { return error_count_ > 0; }
  [[nodiscard]] const std::vector<Issue> &all() const { return issues_; }

 private:
  std::vector<Issue> issues_;
  std::size_t error_count_{0};
};

/// One Error for callers that want a Result: the first errors, one a line.
Error as_error(std::span<const Issue> issues);

/// The candidate that a misspelt word most likely meant; empty when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);
/// `; did you mean "channels"?`, or `; known: a, b, c` when nothing is near and the list is short, or
/// nothing.
std::string suggestion(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace relance::config
