// What every way of posting reads of a message in the same manner: the document, how many pages it has, whom
// it goes to. A fault is said with the path that an operator can look up.
#pragma once

#include <relance/driver.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::postal {

/// What a provider takes. 0: no bound of its own.
struct LetterLimits {
  std::size_t bytes_max{0};
  std::uint32_t pages_max{0};
  std::size_t lines_max{0}, line_characters_max{0};
};

struct Letter {
  const sdk::Part *document{nullptr};  ///< null: there is none
  std::uint32_t pages{0};              ///< 0: could not be counted
  std::vector<sdk::Quote::Issue> issues{};

  [[nodiscard]] const sdk::Quote::Issue *fatal() const;
};

/// The part "letter" in application/pdf, held to the limits. `message` must live as long as what comes back.
[[nodiscard]] Letter read_letter(const sdk::Message &message, const LetterLimits &limits);
/// The lines of an address held to the limits; `path` names them.
void hold_lines(const std::vector<std::string_view> &lines, const LetterLimits &limits,
                const std::string &path, Letter &letter);
/// REJECTED, so that another channel may carry it.
[[nodiscard]] sdk::Outcome to_refusal(const sdk::Quote::Issue &issue);
[[nodiscard]] sdk::Quote to_quote(const Letter &letter);

/// Page objects that stand in the file as they are; 0 where they are in compressed object streams.
[[nodiscard]] std::uint32_t count_pages(std::string_view pdf);
/// In points; of pages whose objects stand in the file as they are.
struct PageSize {
  double width{0}, height{0};
};
[[nodiscard]] std::vector<PageSize> page_sizes(std::string_view pdf);
/// An address without a last line that only says the country by its code: providers want that apart.
[[nodiscard]] std::vector<std::string_view> lines_of(const std::vector<std::string_view> &lines,
                                                     std::string_view country);
/// In code points.
[[nodiscard]] std::size_t characters(std::string_view utf8);
/// YYYY-MM-DD in UTC.
[[nodiscard]] std::string civil_date(std::int64_t unix_ms);
/// 26 to 36 of [0-9A-Za-z-]: safe in a file name and in an address.
[[nodiscard]] bool is_key(std::string_view text);

}  // namespace relance::postal
