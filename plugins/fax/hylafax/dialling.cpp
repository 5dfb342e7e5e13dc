#include "plugins/fax/hylafax/dialling.hpp"

#include <algorithm>

namespace relance::fax::hylafax {
namespace {

/// @see ITU-T E.164 §6.2.1: at most 15 digits; the shortest numbers with their country's code have 7
constexpr std::size_t kDigitsMax{15}, kDigitsMin{7};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::optional<std::string> dial_string(std::string_view number, const DialRules &rules) {
  if (!number.starts_with('+') || number.size() - 1 > kDigitsMax || number.size() - 1 < kDigitsMin ||
      !std::all_of(number.begin() + 1, number.end(), is_digit))
    return std::nullopt;
  if (rules.country_code.empty()) return std::string{number};
  const auto digits = number.substr(1);
  std::string dialled{rules.prefix};
  if (digits.starts_with(rules.country_code))
    return dialled.append(rules.national_prefix).append(digits.substr(rules.country_code.size()));
  return dialled.append(rules.international_prefix).append(digits);
}

bool is_dialable(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_digit(c) || c == '*' || c == '#' || c == ','; });
}

}  // namespace relance::fax::hylafax
