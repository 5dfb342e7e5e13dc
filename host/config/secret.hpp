// A value that must not be seen: it has no stream operator and no formatter, so a log line cannot hold it by
// accident.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace relance::config {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_{std::move(value)} {}

  /// The bytes themselves; the one place where they are read names itself in a search for this word.
  [[nodiscard]] const std::string &reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }
  friend bool operator==(const Secret &, const Secret &) = default;

 private:
  std::string value_{};
};

/// What stands in place of a secret wherever settings are shown.
inline constexpr std::string_view kRedacted{"***"};

}  // namespace relance::config
