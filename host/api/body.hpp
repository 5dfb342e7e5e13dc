// The JSON object of a request, read member by member. The first thing that is wrong is kept, with its JSON
// pointer, and told by end(); so is a member that nobody asked for, since a misspelt one would otherwise do
// something else than meant.
#pragma once

#include "host/base/result.hpp"
#include "host/base/time.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace relance::api {

class Body {
 public:
  static constexpr std::size_t kTextBytesMax{2000};  ///< reasons and notes: they go into the journal
  static constexpr std::size_t kNumbersMax{10'000};  ///< ids decided at once

  /// An empty text counts as {}.
  static Result<Body> parse(std::string_view text);
  ~Body();
  Body(Body &&) noexcept;
  Body &operator=(Body &&) noexcept;

  [[nodiscard]] bool has(std::string_view name) const;
  /// Not empty, UTF-8, without control characters but line feeds and tabs.
  std::string text(std::string_view name);
  std::string text_or(std::string_view name, std::string_view fallback);
  std::string one_of(std::string_view name, std::span<const std::string_view> allowed);
  CivilDate date(std::string_view name);
  std::optional<CivilDate> optional_date(std::string_view name);
  bool flag(std::string_view name, bool fallback);
  bool required_flag(std::string_view name);
  std::int64_t number(std::string_view name, std::int64_t least, std::int64_t most);
  std::vector<std::int64_t> numbers(std::string_view name);

  /// A fault found by the caller, in the same form.
  void fault(std::string_view name, std::string message);
  /// What was wrong first, if anything.
  [[nodiscard]] Result<void> end();

 private:
  struct Members;
  explicit Body(std::unique_ptr<Members> members);
  std::unique_ptr<Members> members_;
};

class Exchange;
/// The small JSON body of a request whose answer is streamed.
Result<Body> read_body(Exchange &exchange);

}  // namespace relance::api
