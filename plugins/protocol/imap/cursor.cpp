#include "plugins/protocol/imap/cursor.hpp"

#include <algorithm>
#include <charconv>

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
  if (begin == 0 || (line[begin - 1] != ' ' && line[begin - 1] != '(') || number >= line.size()) return false;
  return std::from_chars(line.data() + number, line.data() + line.size(), value).ec == std::errc{};
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
