// Cleaning, cutting, parting.
#include "host/render/plain_text.hpp"

#include <algorithm>

namespace relance::render {

namespace {

bool is_blank_or_control(char c) {
  return static_cast<unsigned char>(c) <= 0x20U || c == 0x7f;
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for (std::size_t i{0}; i < text.size(); ++i) {
    bool is_gap{is_blank_or_control(text[i])};
    // What Unicode breaks lines at: U+0085, U+2028, U+2029.
    for (const std::string_view mark : {"\u0085", "\u2028", "\u2029"})
      if (text.substr(i).starts_with(mark)) {
        is_gap = true;
        i += mark.size() - 1;
        break;
      }
    if (!is_gap)
      line += text[i];
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

std::string first_characters(std::string_view text, std::size_t count_max) {
  std::size_t count{0};
  for (std::size_t i{0}; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U && count++ == count_max)
      return std::string{text.substr(0, i)};
  return std::string{text};
}

std::vector<std::string> paragraphs(std::string_view text) {
  std::vector<std::string> all;
  std::string current;
  for (std::size_t at{0}; at <= text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = one_line(text.substr(at, end - at));
    if (!line.empty()) {
      if (!current.empty()) current += '\n';
      current += line;
    } else if (!current.empty()) {
      all.push_back(std::move(current));
      current.clear();
    }
    at = end + 1;
  }
  if (!current.empty()) all.push_back(std::move(current));
  return all;
}

}  // namespace relance::render
