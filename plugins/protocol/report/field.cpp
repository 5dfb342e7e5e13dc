#include "plugins/protocol/report/field.hpp"

#include "plugins/protocol/report/ascii.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace relance::report {
namespace {

/// Longest name taken for a field: longer ones are sentences with a colon.
constexpr std::size_t kFieldNameBytesMax = 60;
constexpr std::size_t kFieldBytesMax = std::size_t{16} << 10;

std::string_view next_line(std::string_view &text) {
  const auto end = text.find('\n');
  auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

bool is_blank(std::string_view line) {
  return trim(line).empty();
}

/// Adds `line` as a new field or to the last one.
void add_line(Fields &fields, std::string_view line, std::size_t fields_max) {
  const bool is_continuation = !line.empty() && (line[0] == ' ' || line[0] == '\t');
  if (!is_continuation) {
    const auto field = field_name(line);
    if (!field.empty()) {
      if (fields.size() < fields_max)
        fields.push_back({lower(field), std::string(trim(line.substr(line.find(':') + 1)))});
      return;
    }
  }
  // Some servers fold without indenting: text in a group that opens no field goes on with the one before.
  if (fields.empty() || fields.back().value.size() > kFieldBytesMax) return;
  fields.back().value += ' ';
  fields.back().value += trim(line);
}

/// Fields that occur once in a group of RFC 3464; the second one means that an empty line was lost.
bool opens_group(std::string_view name) {
  return name == "final-recipient" || name == "original-recipient" || name == "action" || name == "status";
}

std::optional<std::uint32_t> hex_value(std::string_view digits) {
  std::uint32_t value = 0;
  if (digits.empty() || digits.size() > 6) return std::nullopt;
  for (const char digit : digits) {
    const char c = to_lower(digit);
    if (is_digit(c))
      value = value * 16 + static_cast<std::uint32_t>(c - '0');
    else if (c >= 'a' && c <= 'f')
      value = value * 16 + static_cast<std::uint32_t>(c - 'a' + 10);
    else
      return std::nullopt;
  }
  return value;
}

void append_code_point(std::string &out, std::uint32_t code) {
  const auto byte = [&out](std::uint32_t bits) { out += static_cast<char>(bits); };
  if (code < 0x20 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return;
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | (code >> 6));
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | (code >> 12));
    byte(0x80 | ((code >> 6) & 0x3F));
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xF0 | (code >> 18));
    byte(0x80 | ((code >> 12) & 0x3F));
    byte(0x80 | ((code >> 6) & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

}  // namespace

std::string_view value_of(const Fields &fields, std::string_view name) {
  for (const auto &field : fields)
    if (field.name == name) return field.value;
  return {};
}

bool has(const Fields &fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(), [name](const Field &field) { return field.name == name; });
}

std::string_view field_name(std::string_view line) {
  const auto colon = line.substr(0, kFieldNameBytesMax + 1).find(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  auto name = line.substr(0, colon);
  while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
  for (const char c : name)
    if (!is_alnum(c) && c != '-' && c != '_' && c != '.') return {};
  return name;
}

Fields parse_fields(std::string_view text, std::size_t fields_max) {
  Fields fields;
  while (!text.empty()) {
    const auto line = next_line(text);
    if (!is_blank(line)) add_line(fields, line, fields_max);
  }
  return fields;
}

Fields parse_header(std::string_view text, std::size_t fields_max) {
  Fields fields;
  while (!text.empty()) {
    const auto line = next_line(text);
    if (is_blank(line)) {
      if (fields.empty()) continue;
      break;
    }
    add_line(fields, line, fields_max);
  }
  return fields;
}

std::vector<Fields> parse_groups(std::string_view text, std::size_t groups_max) {
  constexpr std::size_t kFieldsPerGroupMax = 200;
  std::vector<Fields> groups;
  Fields group;
  const auto close = [&] {
    if (!group.empty() && groups.size() < groups_max) groups.push_back(std::move(group));
    group = {};
  };
  while (!text.empty()) {
    const auto line = next_line(text);
    if (is_blank(line)) {
      close();
      continue;
    }
    if (line[0] != ' ' && line[0] != '\t') {
      const auto name = lower(field_name(line));
      if (opens_group(name) && has(group, name)) close();
    }
    add_line(group, line, kFieldsPerGroupMax);
  }
  close();
  return groups;
}

std::string without_comments(std::string_view value) {
  std::string out;
  int depth = 0;
  bool is_quoted = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '\\' && i + 1 < value.size() && (is_quoted || depth > 0)) {
      if (depth == 0) out.append(value.substr(i, 2));
      ++i;
      continue;
    }
    if (depth == 0 && c == '"') is_quoted = !is_quoted;
    if (!is_quoted && c == '(')
      ++depth;
    else if (!is_quoted && c == ')' && depth > 0)
      --depth;
    else if (depth == 0)
      out += c;
  }
  return std::string(trim(out));
}

TypedValue typed_value(std::string_view value) {
  const auto semicolon = value.find(';');
  if (semicolon != std::string_view::npos) {
    const auto type = trim(value.substr(0, semicolon));
    const bool is_word =
        !type.empty() && type.size() <= 40 &&
        std::all_of(type.begin(), type.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
    if (is_word) return {lower(type), std::string(trim(value.substr(semicolon + 1)))};
  }
  return {{}, std::string(trim(value))};
}

std::string decode_xtext(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto value =
        text[i] == '+' && i + 2 < text.size() ? hex_value(text.substr(i + 1, 2)) : std::nullopt;
    if (value && *value >= 0x20 && *value < 0x7F) {
      out += static_cast<char>(*value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string decode_utf8_address(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 3) == "\\x{") {
      const auto end = text.substr(i, 12).find('}');
      const auto value =
          end == std::string_view::npos ? std::nullopt : hex_value(text.substr(i + 3, end - 3));
      if (value) {
        append_code_point(out, *value);
        i += end;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

}  // namespace relance::report
