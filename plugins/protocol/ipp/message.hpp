// A message of the Internet Printing Protocol: groups of attributes, then perhaps a document. Encoding and
// decoding alone: who carries it (HTTP) and what it means are others' business.
// @see RFC 8010 §3
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::ipp {

enum class Tag : std::uint8_t {
  // of groups
  operation_attributes = 0x01,
  job_attributes = 0x02,
  end_of_attributes = 0x03,
  printer_attributes = 0x04,
  unsupported_attributes = 0x05,
  // of values
  integer = 0x21,
  boolean = 0x22,
  enumeration = 0x23,
  text = 0x41,
  name = 0x42,
  keyword = 0x44,
  uri = 0x45,
  charset = 0x47,
  natural_language = 0x48,
  mime_media_type = 0x49,
};

struct Value {
  Tag tag{Tag::text};
  std::string bytes{};  ///< as they travel: an integer is four bytes, most significant first
  static Value of(Tag tag, std::string_view text) { return {tag, std::string{text}}; }
  static Value of_integer(std::int32_t number, Tag tag = Tag::integer);
  static Value of_boolean(bool flag);
  /// Of an integer or an enumeration; nothing for any other.
  [[nodiscard]] std::optional<std::int32_t> integer() const;
};
/// The members of a collection follow each other as values of the attribute that holds it.
struct Attribute {
  std::string name;
  std::vector<Value> values;
};
struct Group {
  Tag tag{Tag::operation_attributes};
  std::vector<Attribute> attributes{};

  Group &add(std::string_view name, Value value);
  /// The first value of that attribute, or null.
  [[nodiscard]] const Value *find(std::string_view name) const;
  [[nodiscard]] std::optional<std::int32_t> integer(std::string_view name) const;
  [[nodiscard]] std::string_view text(std::string_view name) const;
};
struct Message {
  std::uint16_t version{0x0200};  ///< 0x0101: IPP/1.1
  std::uint16_t code{0};          ///< an operation, or in an answer a status
  std::uint32_t request_id{1};
  std::vector<Group> groups{};
  std::string document{};

  /// Successful, with or without substituted attributes. @see RFC 8011 §4.1.6.1
  [[nodiscard]] bool is_success() const { return code < 0x0100; }
  /// The first of its kind, or null.
  [[nodiscard]] const Group *find(Tag tag) const;
};

/// Names and values above 32,767 bytes, the most that the format can say, are cut.
[[nodiscard]] std::string encode(const Message &message);

struct Decoded {
  std::optional<Message> message{};
  std::string fault{};  ///< with the byte where it is wrong
};
/// Never reads beyond the bytes; what is left behind the attributes is the document.
[[nodiscard]] Decoded decode(std::string_view bytes);

}  // namespace relance::ipp
