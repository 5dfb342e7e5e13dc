// Cleaning, cutting, parting.
#include "host/render/plain_text.hpp"

#include <algorithm>

namespace relance::render {

namespace {

constexpr std::size_t kParagraphBytes{8192};

bool is_blank_or_control(char c) {
  return static_cast<unsigned char>(c) <= 0x20U || c == 0x7f;
}

/// How many bytes of a control character of Unicode's begin here: U+0080 to U+009F, and the two that break
/// lines, U+2028 and U+2029.
std::size_t control_at(std::string_view text) {
  if (text.size() >= 2 && text[0] == '\xC2' && static_cast<unsigned char>(text[1]) < 0xA0U) return 2;
  return text.starts_with("\u2028") || text.starts_with("\u2029") ? 3 : 0;
}

bool is_turn(std::string_view three) {
  return (three >= "\u202a" && three <= "\u202e") || (three >= "\u2066" && three <= "\u2069");
}

}  // namespace

std::string without_turns(std::string text) {
  constexpr std::size_t kBytes{3};  // of each of them
  for (auto at = text.find('\xE2'); at != text.npos; at = text.find('\xE2', at)) {
    if (is_turn(std::string_view{text}.substr(at, kBytes)))
      text.erase(at, kBytes);
    else
      ++at;
  }
  return text;
}

std::string one_line(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for (std::size_t i{0}; i < text.size(); ++i) {
    bool is_gap{is_blank_or_control(text[i])};
    if (const auto bytes = control_at(text.substr(i)); bytes > 0) {
      is_gap = true;
      i += bytes - 1;
    }
    if (!is_gap)
      line += text[i];
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  line = without_turns(std::move(line));
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
      if (current.size() > kParagraphBytes) {
        all.push_back(std::move(current));
        current.clear();
      }
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
