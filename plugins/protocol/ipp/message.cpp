#include "plugins/protocol/ipp/message.hpp"

#include <algorithm>

namespace relance::ipp {
namespace {

constexpr std::size_t kLengthMax{32'767};  ///< a signed short
/// A printer lists its abilities in some hundreds of attributes; more than this is no printer.
constexpr std::size_t kAttributesMax{20'000};
constexpr std::uint8_t kFirstValueTag{0x10};

void put16(std::string &out, std::size_t number) {
  out += static_cast<char>(number >> 8 & 0xFF);
  out += static_cast<char>(number & 0xFF);
}
void put32(std::string &out, std::uint32_t number) {
  put16(out, number >> 16);
  put16(out, number & 0xFFFF);
}
void put_counted(std::string &out, std::string_view bytes) {
  bytes = bytes.substr(0, kLengthMax);
  put16(out, bytes.size());
  out += bytes;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] std::string_view rest() const { return bytes_.substr(at_); }
  bool octet(std::uint8_t &value) {
    if (at_ >= bytes_.size()) return false;
    value = static_cast<std::uint8_t>(bytes_[at_++]);
    return true;
  }
  bool number(std::size_t octets, std::uint32_t &value) {
    value = 0;
    for (std::size_t i{0}; i < octets; ++i) {
      std::uint8_t next{0};
      if (!octet(next)) return false;
      value = value << 8 | next;
    }
    return true;
  }
  bool counted(std::string &text) {
    std::uint32_t length{0};
    if (!number(2, length) || length > kLengthMax || length > rest().size()) return false;
    text = rest().substr(0, length);
    at_ += length;
    return true;
  }

 private:
  std::string_view bytes_;
  std::size_t at_{0};
};

Decoded wrong(const Reader &reader, std::string_view what) {
  return {std::nullopt, std::string{what} + " at byte " + std::to_string(reader.at())};
}

}  // namespace

Value Value::of_integer(std::int32_t number, Tag tag) {
  Value value{tag, {}};
  put32(value.bytes, static_cast<std::uint32_t>(number));
  return value;
}
Value Value::of_boolean(bool flag) {
  return {Tag::boolean, std::string(1, flag ? '\1' : '\0')};
}
std::optional<std::int32_t> Value::integer() const {
  if ((tag != Tag::integer && tag != Tag::enumeration) || bytes.size() != 4) return std::nullopt;
  std::uint32_t number{0};
  for (const char c : bytes) number = number << 8 | static_cast<std::uint8_t>(c);
  return static_cast<std::int32_t>(number);
}

Group &Group::add(std::string_view name, Value value) {
  attributes.push_back({std::string{name}, {std::move(value)}});
  return *this;
}
const Value *Group::find(std::string_view name) const {
  const auto found = std::ranges::find(attributes, name, &Attribute::name);
  return found == attributes.end() || found->values.empty() ? nullptr : &found->values.front();
}
std::optional<std::int32_t> Group::integer(std::string_view name) const {
  const auto *value = find(name);
  return value == nullptr ? std::nullopt : value->integer();
}
std::string_view Group::text(std::string_view name) const {
  const auto *value = find(name);
  return value == nullptr ? std::string_view{} : std::string_view{value->bytes};
}
const Group *Message::find(Tag tag) const {
  const auto found = std::ranges::find(groups, tag, &Group::tag);
  return found == groups.end() ? nullptr : &*found;
}

std::string encode(const Message &message) {
  std::string out;
  put16(out, message.version);
  put16(out, message.code);
  put32(out, message.request_id);
  for (const auto &group : message.groups) {
    out += static_cast<char>(group.tag);
    for (const auto &attribute : group.attributes)
      for (std::size_t i{0}; i < attribute.values.size(); ++i) {
        out += static_cast<char>(attribute.values[i].tag);
        put_counted(out, i == 0 ? std::string_view{attribute.name} : std::string_view{});
        put_counted(out, attribute.values[i].bytes);
      }
  }
  out += static_cast<char>(Tag::end_of_attributes);
  return out += message.document;
}

Decoded decode(std::string_view bytes) {
  Reader reader{bytes};
  Message message;
  std::uint32_t version{0}, code{0};
  if (!reader.number(2, version) || !reader.number(2, code) || !reader.number(4, message.request_id))
    return wrong(reader, "the header is cut off");
  message.version = static_cast<std::uint16_t>(version);
  message.code = static_cast<std::uint16_t>(code);
  std::size_t attributes{0};
  for (;;) {
    std::uint8_t tag{0};
    if (!reader.octet(tag)) return wrong(reader, "the attributes have no end");
    if (tag == static_cast<std::uint8_t>(Tag::end_of_attributes)) break;
    if (tag < kFirstValueTag) {
      message.groups.push_back({static_cast<Tag>(tag), {}});
      continue;
    }
    std::string name;
    Value value{static_cast<Tag>(tag), {}};
    if (!reader.counted(name) || !reader.counted(value.bytes))
      return wrong(reader, "an attribute is cut off");
    if (message.groups.empty()) return wrong(reader, "an attribute stands in no group");
    if (++attributes > kAttributesMax) return wrong(reader, "there are too many attributes");
    auto &list = message.groups.back().attributes;
    if (!name.empty())
      list.push_back({std::move(name), {std::move(value)}});
    else if (list.empty())
      return wrong(reader, "a further value has no attribute");
    else
      list.back().values.push_back(std::move(value));
  }
  message.document = reader.rest();
  return {std::move(message), {}};
}

}  // namespace relance::ipp
