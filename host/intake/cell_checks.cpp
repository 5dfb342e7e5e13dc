#include "host/intake/cell_checks.hpp"

#include "host/domain/zone.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <unicode/uloc.h>
#include <unicode/utf8.h>
#include <vector>

namespace relance::intake {
namespace {

constexpr std::string_view kNoBreakSpace{"\xC2\xA0"};
constexpr std::size_t kEmailBytesMax = 254;
constexpr std::size_t kLocalPartBytesMax = 64;
constexpr std::size_t kLabelBytesMax = 63;
constexpr std::size_t kZoneBytesMax = 64;

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alnum(char c) {
  return is_upper(c) || is_lower(c) || is_digit(c);
}
bool is_one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}
bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// C0, DEL, C1, and the two Unicode line ends, which some mailers take for one.
bool is_control(UChar32 c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029;
}

UChar32 next_character(std::string_view text, std::size_t &at) {
  UChar32 c;
  U8_NEXT_OR_FFFD(text.data(), at, text.size(), c);
  return c;
}

std::string escaped(UChar32 c) {
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c == '\t') return "\\t";
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, c < 0x100 ? "\\x%02X" : "\\u%04X", static_cast<unsigned>(c));
  return buffer;
}

std::optional<CellIssue> check_characters(std::string_view text, std::size_t bytes_max, bool may_break) {
  if (text.size() > bytes_max)
    return CellIssue{"the text has " + std::to_string(text.size()) + " bytes",
                     "shorten it to at most " + std::to_string(bytes_max)};
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] >= 0x20 && text[at] < 0x7F) {  // nearly all there is
      ++at;
      continue;
    }
    const UChar32 c = next_character(text, at);
    if (!is_control(c) || (may_break && c == '\n')) continue;
    if (c == '\n' || c == '\r')
      return CellIssue{"the text has a line break",
                       "write it on one line, or check for a quote that is not closed"};
    return CellIssue{"the text has the control character " + escaped(c),
                     "remove it, or check the mapping's encoding"};
  }
  return std::nullopt;
}

std::optional<CellIssue> check_domain(std::string_view domain) {
  if (!is_ascii(domain))
    return CellIssue{"the domain " + shown(domain) + " is not ASCII", "write it in its xn-- form"};
  if (domain.find('.') == std::string_view::npos)
    return CellIssue{"the domain '" + shown(domain) + "' has no dot",
                     "write the whole address, such as name@example.com"};
  for (std::size_t at = 0; at <= domain.size();) {
    const std::size_t end = std::min(domain.find('.', at), domain.size());
    const std::string_view label = domain.substr(at, end - at);
    const bool is_fine =
        !label.empty() && label.size() <= kLabelBytesMax && label.front() != '-' && label.back() != '-' &&
        std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-'; });
    if (!is_fine)
      return CellIssue{"'" + shown(domain) + "' is no domain name", "correct the part behind the @"};
    at = end + 1;
  }
  return std::nullopt;
}

std::vector<std::string_view> icu_codes(const char *const *codes) {
  std::vector<std::string_view> sorted;
  for (; *codes != nullptr; ++codes) sorted.emplace_back(*codes);
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

bool is_country(std::string_view code) {
  // ICU also lists codes that ISO 3166-1 keeps in reserve (Ascension, Clipperton, …). XK is wanted: Kosovo
  // has debtors.
  static constexpr std::array<std::string_view, 6> kReserved{"AC", "CP", "DG", "EA", "IC", "TA"};
  static const std::vector<std::string_view> kCountries = icu_codes(uloc_getISOCountries());
  return std::binary_search(kCountries.begin(), kCountries.end(), code) &&
         std::find(kReserved.begin(), kReserved.end(), code) == kReserved.end();
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  for (;;) {
    if (!text.empty() && is_one_of(text.front(), " \t\r\n"))
      text.remove_prefix(1);
    else if (text.starts_with(kNoBreakSpace))
      text.remove_prefix(2);
    else
      break;
  }
  for (;;) {
    if (!text.empty() && is_one_of(text.back(), " \t\r\n"))
      text.remove_suffix(1);
    else if (text.ends_with(kNoBreakSpace))
      text.remove_suffix(2);
    else
      return text;
  }
}

std::string shown(std::string_view cell, std::size_t characters_max) {
  std::string text;
  std::size_t count = 0;
  for (std::size_t at = 0; at < cell.size(); ++count) {
    if (count == characters_max) return text + "…";
    const std::size_t start = at;
    const UChar32 c = next_character(cell, at);
    if (is_control(c))
      text += escaped(c);
    else if (c == 0xFFFD)
      text += "\xEF\xBF\xBD";
    else
      text += cell.substr(start, at - start);
  }
  return text;
}

std::optional<CellIssue> check_text(std::string_view text, std::size_t bytes_max) {
  return check_characters(text, bytes_max, false);
}

bool is_misread_utf8(std::string_view text) {
  // The letters from À to ÿ begin with 0xC3 in UTF-8, which alone reads as Ã; what follows is then a sign,
  // not a letter of that range as in "MAÇÃ".
  static constexpr std::string_view kMisread{"\xC3\x83"};
  for (auto at = text.find(kMisread); at != text.npos; at = text.find(kMisread, at + kMisread.size())) {
    const auto next = at + kMisread.size();
    if (next < text.size() && static_cast<unsigned char>(text[next]) >= 0x80 && text[next] != kMisread[0])
      return true;
  }
  return false;
}

std::optional<CellIssue> check_lines(std::string_view text) {
  return check_characters(text, kTextBytesMax, true);
}

std::optional<CellIssue> check_email(std::string_view text) {
  if (auto issue = check_text(text)) return issue;
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos)
    return CellIssue{"an e-mail address has an @", "write one address, such as name@example.com"};
  if (text.find('@') != at || text.find_first_of(",; <>") != std::string_view::npos)
    return CellIssue{"this is not one plain e-mail address",
                     "keep one address, without a name, angle brackets or further addresses"};
  const std::string_view local = text.substr(0, at), domain = text.substr(at + 1);
  if (!is_ascii(local))
    return CellIssue{"the part before the @ is not ASCII", "ask the debtor for an address in ASCII"};
  if (local.empty() || local.size() > kLocalPartBytesMax || text.size() > kEmailBytesMax)
    return CellIssue{"the address is too short or too long",
                     "at most 64 characters before the @ and 254 in all"};
  const bool is_dot_atom =
      local.front() != '.' && local.back() != '.' && local.find("..") == std::string_view::npos &&
      std::all_of(local.begin(), local.end(),
                  [](char c) { return is_alnum(c) || is_one_of(c, "!#$%&'*+-/=?^_`{|}~."); });
  if (!is_dot_atom)
    return CellIssue{"'" + shown(local) + "' cannot stand before an @", "correct the part before the @"};
  return check_domain(domain);
}

std::optional<CellIssue> check_country(std::string_view text) {
  if (is_country(text)) return std::nullopt;
  if (text == "UK") return CellIssue{"UK is no ISO 3166-1 code", "write GB"};
  std::string capitals(text);
  std::transform(capitals.begin(), capitals.end(), capitals.begin(),
                 [](char c) { return is_lower(c) ? static_cast<char>(c - 32) : c; });
  if (is_country(capitals)) return CellIssue{"country codes are written in capitals", "write " + capitals};
  return CellIssue{
      "unknown country",
      "write the two letters of ISO 3166-1, such as FR, or translate the file's own words in the mapping"};
}

std::optional<CellIssue> check_language(std::string_view text) {
  static const std::vector<std::string_view> kLanguages = icu_codes(uloc_getISOLanguages());
  const std::string_view primary = text.substr(0, text.find('-'));
  const std::string_view rest = text.substr(primary.size());
  const bool is_region = rest.size() == 3 && is_upper(rest[1]) && is_upper(rest[2]);
  if ((rest.empty() || is_region) && std::binary_search(kLanguages.begin(), kLanguages.end(), primary))
    return std::nullopt;
  return CellIssue{"unknown language", "write two small letters, such as fr, or fr-BE"};
}

std::optional<CellIssue> check_time_zone(std::string_view text) {
  // The name becomes part of a file's path where zones are read from: its form comes first.
  const bool has_form =
      text.size() <= kZoneBytesMax && text.find("..") == std::string_view::npos && text.front() != '/' &&
      std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || is_one_of(c, "/_+-"); });
  if (has_form && domain::Zone::of(text).has_value()) return std::nullopt;
  return CellIssue{"unknown time zone", "write its IANA name, such as Europe/Paris"};
}

}  // namespace relance::intake
