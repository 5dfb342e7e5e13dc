// Widths by Unicode's own tables (ICU): UAX #11 for wide characters, general categories for marks.
#include "host/app/ctl/output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <unicode/uchar.h>
#include <unicode/utf8.h>
#include <unistd.h>

namespace relance::ctl {
namespace {

constexpr std::size_t kBarWidth{30};

std::size_t width_of(UChar32 c) {
  const auto category = U_GET_GC_MASK(c);
  if ((category & (U_GC_MN_MASK | U_GC_ME_MASK | U_GC_CF_MASK)) != 0) return 0;
  const auto east = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
  return east == U_EA_WIDE || east == U_EA_FULLWIDTH ? 2 : 1;
}

template <class Take>
void each_character(std::string_view text, Take &&take) {
  const auto length = static_cast<std::int32_t>(text.size());
  for (std::int32_t at{0}; at < length;) {
    const auto start = at;
    UChar32 c{0};
    U8_NEXT(text.data(), at, length, c);
    take(c, text.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(at - start)));
  }
}

/// At most `width` columns of it, the last one … when something was cut.
std::string cut(const std::string &text, std::size_t width) {
  if (display_width(text) <= width) return text;
  std::string out;
  std::size_t used{0};
  bool is_full{false};
  each_character(text, [&](UChar32 c, std::string_view bytes) {
    const auto wide = c < 0 ? 1 : width_of(c);
    is_full = is_full || used + wide > width - 1;
    if (is_full) return;
    used += wide;
    out += bytes;
  });
  return out + "…";
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width{0};
  each_character(text, [&](UChar32 c, std::string_view) { width += c < 0 ? 1 : width_of(c); });
  return width;
}

std::string printable(std::string_view text, bool keeps_lines) {
  std::string out;
  each_character(text, [&](UChar32 c, std::string_view bytes) {
    const bool is_bidi{(c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069)};
    if (c == '\n' || c == '\t' || c == '\r') {
      if (keeps_lines && c != '\r') {
        out += bytes;
      } else if (c != '\r') {
        out += ' ';
      }
    } else if (c < 0 || is_bidi || u_charType(c) == U_CONTROL_CHAR) {
      out += "\xef\xbf\xbd";
    } else {
      out += bytes;
    }
  });
  return out;
}

void Table::print(std::string_view none) const {
  if (rows_.empty()) {
    fmt::print("{}\n", none);
    return;
  }
  std::vector<std::vector<std::string>> shown{{}};
  for (const auto &column : columns_) shown.front().push_back(column.title);
  for (const auto &row : rows_) {
    auto &cells = shown.emplace_back();
    for (std::size_t i{0}; i < columns_.size(); ++i)
      cells.push_back(i < row.size() ? cut(printable(row[i]), columns_[i].width_max) : "");
  }
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto &row : shown)
    for (std::size_t i{0}; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  for (const auto &row : shown) {
    std::string line;
    for (std::size_t i{0}; i < row.size(); ++i) {
      const std::string padding(widths[i] - display_width(row[i]), ' ');
      if (i > 0) line += "  ";
      line += columns_[i].is_number ? padding + row[i] : row[i] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}\n", line);
  }
}

Progress::Progress(bool is_wanted) : is_shown_{is_wanted && isatty(STDERR_FILENO) == 1} {}

void Progress::show(std::uint64_t done, std::uint64_t total, std::string_view words) {
  if (!is_shown_) return;
  is_dirty_ = true;
  if (total == 0) {
    fmt::print(stderr, "\r\x1b[K{}", words);
  } else {
    const auto part = std::min(done, total);
    const auto filled = static_cast<std::size_t>(part * kBarWidth / total);
    fmt::print(stderr, "\r\x1b[K[{}{}] {:3} %  {}", std::string(filled, '#'),
               std::string(kBarWidth - filled, '.'), part * 100 / total, words);
  }
  std::fflush(stderr);
}

void Progress::clear() {
  if (!is_dirty_) return;
  fmt::print(stderr, "\r\x1b[K");
  is_dirty_ = false;
}

std::string grouped(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), 1, ',');
  return text;
}

}  // namespace relance::ctl
