#include "plugins/protocol/dkim/canonical.hpp"

#include <algorithm>

namespace relance::dkim {
namespace {

char lower(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character;
}
bool is_blank(char character) {
  return character == ' ' || character == '\t';
}

/// Without its CR LF, and moves `text` behind it.
std::string_view take_line(std::string_view &text) {
  const auto end = std::min(text.find("\r\n"), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 2, text.size()));
  return line;
}

/// Runs of blanks become one space, and none stays at the end.
void append_squeezed(std::string &out, std::string_view line) {
  while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
  while (!line.empty()) {
    const auto blank =
        static_cast<std::size_t>(std::find_if(line.begin(), line.end(), is_blank) - line.begin());
    out.append(line, 0, blank);
    line.remove_prefix(blank);
    if (line.empty()) return;
    out += ' ';
    while (is_blank(line.front())) line.remove_prefix(1);  // something follows: the end has no blanks
  }
}

}  // namespace

bool same_name(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

SplitMessage split(std::string_view message) {
  SplitMessage parts;
  auto rest = message;
  while (!rest.empty()) {
    const auto at_line = rest;
    const auto line = take_line(rest);
    if (line.empty()) break;
    if (is_blank(line.front()) && !parts.fields.empty()) {
      auto &value = parts.fields.back().value;
      value = {value.data(), static_cast<std::size_t>(line.data() + line.size() - value.data())};
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
      rest = at_line;
      break;
    }
    auto name = line.substr(0, colon);
    while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
    parts.fields.push_back({name, line.substr(colon + 1)});
  }
  parts.body = rest;
  return parts;
}

std::string relaxed_field(std::string_view name, std::string_view value) {
  std::string unfolded;
  unfolded.reserve(value.size());
  for (const char character : value)
    if (character != '\r' && character != '\n') unfolded += character;
  std::string_view text{unfolded};
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  std::string out;
  out.reserve(name.size() + text.size() + 1);
  for (const char character : name) out += lower(character);
  out += ':';
  append_squeezed(out, text);
  return out;
}

std::string relaxed_body(std::string_view body) {
  std::string out;
  out.reserve(body.size() + 2);
  std::size_t behind_last_words{0};
  while (!body.empty()) {
    const auto before = out.size();
    append_squeezed(out, take_line(body));
    const bool has_words{out.size() > before};
    out += "\r\n";
    if (has_words) behind_last_words = out.size();
  }
  out.resize(behind_last_words);
  return out;
}

}  // namespace relance::dkim
