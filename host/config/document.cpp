// Reads TOML with toml++ and copies it into plain values with positions.
#include "host/config/document.hpp"

#include "host/base/sha256.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace relance::config {

std::string_view name_of(ValueKind kind) {
  switch (kind) {
    case ValueKind::text:
      return "a text";
    case ValueKind::integer:
      return "an integer";
    case ValueKind::real:
      return "a number with a point";
    case ValueKind::boolean:
      return "true or false";
    case ValueKind::date:
      return "a date or time";
    case ValueKind::list:
      return "a list";
    case ValueKind::table:
      return "a table";
  }
  return "a value";
}

namespace {

/// Walks bare text, comments and strings just well enough to count the dots of one key. Up to the first
/// syntax error it sees what the parser sees, and past that the parser does not go.
class DottedKeyGuard {
 public:
  explicit DottedKeyGuard(std::string_view bytes) : bytes_{bytes} {}

  /// Line of the first key with too many dots, 0 when there is none.
  std::uint32_t offending_line() {
    while (at_ < bytes_.size()) {
      const char c{bytes_[at_]};
      if (c == '#') {
        skip_to_line_end();
      } else if (c == '"' || c == '\'') {
        skip_string(c);
      } else {
        if (c == '.' && ++dots_ >= kDottedKeysMax) return line_;
        if (std::string_view{"=\n[]{},"}.find(c) != std::string_view::npos) dots_ = 0;
        step();
      }
    }
    return 0;
  }

 private:
  void step() {
    if (bytes_[at_] == '\n') ++line_;
    ++at_;
  }
  void skip_to_line_end() {
    while (at_ < bytes_.size() && bytes_[at_] != '\n') ++at_;
  }
  void skip_string(char quote) {
    const std::string three(3, quote);
    const bool is_long{bytes_.substr(at_, 3) == three};
    at_ += is_long ? 3 : 1;
    while (at_ < bytes_.size()) {
      if (quote == '"' && bytes_[at_] == '\\' && at_ + 1 < bytes_.size()) {
        step();
        step();
      } else if (is_long ? bytes_.substr(at_, 3) == three : bytes_[at_] == quote) {
        at_ += is_long ? 3 : 1;
        // Up to two quotes may stand right before the closing three: they are content, and harmless to skip
        // here.
        while (is_long && at_ < bytes_.size() && bytes_[at_] == quote) ++at_;
        return;
      } else if (!is_long && bytes_[at_] == '\n') {
        return;
      } else {
        step();
      }
    }
  }

  std::string_view bytes_;
  std::size_t at_{0}, dots_{0};
  std::uint32_t line_{1};
};

/// Turns toml++ nodes into values; needs the source to find where the content of a text begins.
class Copier {
 public:
  explicit Copier(std::string_view bytes) {
    std::size_t begin{0};
    while (begin <= bytes.size()) {
      const auto end = std::min(bytes.find('\n', begin), bytes.size());
      lines_.push_back(bytes.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  Value copy(const toml::node &node) const {
    Value value;
    value.line = node.source().begin.line;
    value.column = node.source().begin.column;
    if (const auto *table = node.as_table()) {
      copy_table(*table, value);
    } else if (const auto *array = node.as_array()) {
      value.kind = ValueKind::list;
      for (const auto &element : *array) value.list.push_back(copy(element));
    } else {
      copy_scalar(node, value);
    }
    return value;
  }

 private:
  void copy_table(const toml::table &table, Value &value) const {
    value.kind = ValueKind::table;
    for (const auto &[key, node] : table) {
      Entry entry{std::string{key.str()}, key.source().begin.line, key.source().begin.column, copy(node)};
      value.table.push_back(std::move(entry));
    }
    std::ranges::sort(value.table, [](const Entry &a, const Entry &b) {
      return std::tie(a.line, a.column) < std::tie(b.line, b.column);
    });
  }

  void copy_scalar(const toml::node &node, Value &value) const {
    if (const auto *text = node.as_string()) {
      value.kind = ValueKind::text;
      value.text = text->get();
      find_text_begin(value);
    } else if (const auto *integer = node.as_integer()) {
      value.kind = ValueKind::integer;
      value.integer = integer->get();
    } else if (const auto *real = node.as_floating_point()) {
      value.kind = ValueKind::real;
      value.real = real->get();
    } else if (const auto *boolean = node.as_boolean()) {
      value.kind = ValueKind::boolean;
      value.boolean = boolean->get();
    } else {
      value.kind = ValueKind::date;
      std::ostringstream out;
      node.visit([&out](const auto &any) {
        if constexpr (toml::is_value<decltype(any)>) out << any.get();
      });
      value.text = out.str();
    }
  }

  /// Past one or three quotes, and past the line break that TOML drops right after three.
  void find_text_begin(Value &value) const {
    value.text_line = value.line;
    value.text_column = value.column + 1;
    if (value.line == 0 || value.line > lines_.size()) return;
    const auto line = lines_[value.line - 1];
    std::size_t at{0};  // columns are counted in characters, lines are kept in bytes
    for (std::uint32_t column{1}; column < value.column && at < line.size(); ++column) {
      ++at;
      while (at < line.size() && (static_cast<unsigned char>(line[at]) & 0xC0U) == 0x80U) ++at;
    }
    const auto rest = line.substr(std::min(at, line.size()));
    if (!rest.starts_with("\"\"\"") && !rest.starts_with("'''")) return;
    value.text_column = value.column + 3;
    if (rest.size() == 3 || rest.substr(3) == "\r") {
      value.text_line = value.line + 1;
      value.text_column = 1;
    }
  }

  std::vector<std::string_view> lines_;
};

}  // namespace

std::optional<Document> parse_document(std::string_view bytes, const std::string &file, Issues &issues) {
  if (bytes.size() > kFileBytesMax) {
    issues.error({file}, "has " + std::to_string(bytes.size()) + " bytes, more than the " +
                             std::to_string(kFileBytesMax) + " that a configuration file may have; split it");
    return std::nullopt;
  }
  if (const auto line = DottedKeyGuard{bytes}.offending_line(); line > 0) {
    issues.error({file, line, 1}, "a key has more than " + std::to_string(kDottedKeysMax) + " dotted parts");
    return std::nullopt;
  }
  try {
    const toml::table root = toml::parse(bytes, std::string_view{file});
    return Document{file, to_hex(sha256(bytes)), Copier{bytes}.copy(root)};
  } catch (const toml::parse_error &error) {
    const auto &at = error.source().begin;
    issues.error({file, at.line, at.column}, "not TOML: " + std::string{error.description()});
  } catch (const std::exception &error) {
    issues.error({file}, std::string{"not TOML: "} + error.what());
  }
  return std::nullopt;
}

std::optional<Document> read_document(const std::filesystem::path &path, Issues &issues) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    issues.error({path.string()}, error || !std::filesystem::exists(path, error)
                                      ? "there is no such file; name it with --config, or create it"
                                      : "is not a file");
    return std::nullopt;
  }
  std::ifstream in{path, std::ios::binary};
  std::string bytes;
  if (in) {
    bytes.resize(kFileBytesMax + 1);
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(in.gcount()));
  }
  if (!in && !in.eof()) {
    issues.error({path.string()}, "cannot be read: " + std::string{std::strerror(errno)} +
                                      "; check its owner and permissions");
    return std::nullopt;
  }
  return parse_document(bytes, path.string(), issues);
}

}  // namespace relance::config
