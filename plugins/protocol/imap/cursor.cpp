#include "plugins/protocol/imap/cursor.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace relance::imap {
namespace {

char upper(char character) {
  return character >= 'a' && character <= 'z' ? static_cast<char>(character - 'a' + 'A') : character;
}

/// The number behind the word `name`, which stands between blanks or parentheses.
template <class T>
bool number_behind(std::string_view line, std::string_view name, T &value) {
  const auto found = std::search(line.begin(), line.end(), name.begin(), name.end(),
                                 [](char left, char right) { return upper(left) == upper(right); });
  if (found == line.end()) return false;
  const auto begin = static_cast<std::size_t>(found - line.begin());
  const auto number = begin + name.size() + 1;
  if (begin == 0 || std::string_view{" (["}.find(line[begin - 1]) == std::string_view::npos ||
      number >= line.size())
    return false;
  return std::from_chars(line.data() + number, line.data() + line.size(), value).ec == std::errc{};
}

/// Two or four digits, or -1.
int digits(std::string_view text) {
  int value{-1};
  const auto *end = text.data() + text.size();
  const bool is_number{std::from_chars(text.data(), end, value).ptr == end && text.front() != '-'};
  return is_number ? value : -1;
}

/// RFC 9051 §9, date-time: "17-Jul-2026 02:44:25 +0200", its day with a blank where it has one digit.
std::int64_t time_of(std::string_view text) {
  static constexpr std::string_view kShape{"dd-mon-yyyy hh:mm:ss +zzzz"},
      kMonths{"JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"};
  if (text.size() != kShape.size()) return 0;
  for (const std::size_t at : {2u, 6u, 11u, 14u, 17u, 20u})
    if (text[at] != kShape[at]) return 0;
  std::string month;
  for (const char character : text.substr(3, 3)) month += upper(character);
  const auto found = kMonths.find(month);
  const int day{digits(text.substr(text[0] == ' ' ? 1 : 0, text[0] == ' ' ? 1 : 2))},
      year{digits(text.substr(7, 4))}, hour{digits(text.substr(12, 2))}, minute{digits(text.substr(15, 2))},
      second{digits(text.substr(18, 2))}, zone_hour{digits(text.substr(22, 2))},
      zone_minute{digits(text.substr(24, 2))};
  const bool is_number{day > 0 && year > 0 && hour >= 0 && minute >= 0 && second >= 0 && zone_hour >= 0 &&
                       zone_minute >= 0};
  if (!is_number || found == kMonths.npos || found % 3 != 0 || (text[21] != '+' && text[21] != '-')) return 0;
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(found / 3 + 1)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return 0;
  const std::int64_t zone{(zone_hour * 60 + zone_minute) * (text[21] == '-' ? -60 : 60)};
  const std::int64_t days{std::chrono::sys_days{date}.time_since_epoch().count()};
  return (((days * 24 + hour) * 60 + minute) * 60 + second - zone) * 1000;
}

/// What stands in quotes behind INTERNALDATE.
std::int64_t arrival_in(std::string_view line) {
  static constexpr std::string_view kName{"INTERNALDATE \""};
  const auto found = std::search(line.begin(), line.end(), kName.begin(), kName.end(),
                                 [](char left, char right) { return upper(left) == right; });
  if (found == line.end()) return 0;
  line.remove_prefix(static_cast<std::size_t>(found - line.begin()) + kName.size());
  return time_of(line.substr(0, line.find('"')));
}

template <class F>
void each_line(std::string_view lines, F &&take) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    take(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

}  // namespace

std::string Cursor::text() const {
  return std::to_string(uid_validity) + ':' + std::to_string(last_uid);
}

Cursor parse_cursor(std::string_view text) {
  Cursor cursor;
  const auto *end = text.data() + text.size();
  const auto validity = std::from_chars(text.data(), end, cursor.uid_validity);
  if (validity.ec != std::errc{} || validity.ptr == end || *validity.ptr != ':') return {};
  const auto uid = std::from_chars(validity.ptr + 1, end, cursor.last_uid);
  return uid.ec == std::errc{} && uid.ptr == end ? cursor : Cursor{};
}

std::string uid_set(std::vector<std::uint32_t> uids) {
  std::sort(uids.begin(), uids.end());
  uids.erase(std::unique(uids.begin(), uids.end()), uids.end());
  std::string text;
  for (std::size_t begin{0}; begin < uids.size();) {
    auto end = begin;
    while (end + 1 < uids.size() && uids[end + 1] == uids[end] + 1) ++end;
    if (!text.empty()) text += ',';
    text += std::to_string(uids[begin]);
    if (end > begin) text += ':' + std::to_string(uids[end]);
    begin = end + 1;
  }
  return text;
}

std::vector<Listed> read_listing(std::string_view lines) {
  std::vector<Listed> listed;
  each_line(lines, [&](std::string_view line) {
    Listed entry;
    if (line.starts_with("* ") && line.find(" FETCH ") != std::string_view::npos &&
        number_behind(line, "UID", entry.uid) && number_behind(line, "RFC822.SIZE", entry.size)) {
      entry.arrived_ms = arrival_in(line);
      listed.push_back(entry);
    }
  });
  std::sort(listed.begin(), listed.end(),
            [](const Listed &left, const Listed &right) { return left.uid < right.uid; });
  return listed;
}

std::vector<std::uint32_t> read_search(std::string_view lines) {
  static constexpr std::string_view kOpening{"* SEARCH"};
  std::vector<std::uint32_t> uids;
  each_line(lines, [&](std::string_view line) {
    if (!std::equal(kOpening.begin(), kOpening.end(), line.begin(),
                    line.begin() + std::min(line.size(), kOpening.size()),
                    [](char left, char right) { return left == upper(right); }))
      return;
    line.remove_prefix(kOpening.size());
    while (line.starts_with(' ')) {
      std::uint32_t uid{0};
      const auto read = std::from_chars(line.data() + 1, line.data() + line.size(), uid);
      if (read.ec != std::errc{}) return;
      if (uid != 0) uids.push_back(uid);
      line.remove_prefix(static_cast<std::size_t>(read.ptr - line.data()));
    }
  });
  std::sort(uids.begin(), uids.end());
  uids.erase(std::unique(uids.begin(), uids.end()), uids.end());
  return uids;
}

std::uint32_t read_number(std::string_view lines, std::string_view name) {
  std::uint32_t value{0};
  each_line(lines, [&](std::string_view line) {
    if (line.starts_with("* ")) number_behind(line, name, value);
  });
  return value;
}

}  // namespace relance::imap
