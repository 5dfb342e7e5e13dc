// From a number as the world writes it (E.164) to what the fax server's line dials.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace relance::fax::hylafax {

struct DialRules {
  std::string
      country_code{};  ///< "33"; empty: the number goes as it is, and the fax server's own rules apply
  std::string national_prefix{"0"}, international_prefix{"00"};
  std::string prefix{};  ///< in front of all, for an outside line: "0,"
};

/// Nothing when it is no E.164 number.
[[nodiscard]] std::optional<std::string> dial_string(std::string_view number, const DialRules &rules);
/// What a line can dial: digits, * and #, and a comma for a pause.
[[nodiscard]] bool is_dialable(std::string_view text);

}  // namespace relance::fax::hylafax
