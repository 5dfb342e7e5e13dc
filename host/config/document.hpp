// A TOML file as plain values that remember where they stand. The only place that knows toml++ is
// document.cpp.
#pragma once

#include "host/config/issue.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::config {

enum class ValueKind : std::uint8_t { text, integer, real, boolean, date, list, table };

/// "a text", "an integer", …: how messages name a kind.
std::string_view name_of(ValueKind kind);

struct Entry;

struct Value {
  ValueKind kind{ValueKind::table};
  std::uint32_t line{0}, column{0};            ///< where it begins
  std::uint32_t text_line{0}, text_column{0};  ///< of a text: its first character, past the opening quotes
  std::string text{};                          ///< text; a date as it is written in ISO 8601
  std::int64_t integer{0};
  double real{0};
  bool boolean{false};
  std::vector<Value> list;
  std::vector<Entry> table;  ///< in the order of the file
};

struct Entry {
  std::string key;
  std::uint32_t line{0}, column{0};
  Value value;
};

struct Document {
  std::string file;
  std::string version;  ///< SHA-256 of the bytes, hexadecimal
  Value root;
};

/// Sizes past which a file is a mistake (or an attack), not a configuration.
inline constexpr std::size_t kFileBytesMax{1024 * 1024};
inline constexpr std::size_t kDottedKeysMax{
    16};  ///< a.b.c… : toml++ builds and destroys nested tables recursively

/// Never throws, never crashes, whatever the bytes. On a syntax error: an issue and nothing.
std::optional<Document> parse_document(std::string_view bytes, const std::string &file, Issues &issues);
std::optional<Document> read_document(const std::filesystem::path &path, Issues &issues);

}  // namespace relance::config
