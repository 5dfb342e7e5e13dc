#include "plugins/protocol/gateway/json_edit.hpp"

#include <algorithm>

namespace relance::gateway {
namespace {

using JsonKind = sdk::Json::Kind;

void add_member(std::string &out, std::string_view name, const std::string &value) {
  if (out.size() > 1) out += ',';
  out += sdk::json_string(name) + ':' + value;
}

}  // namespace

std::string to_text(const sdk::Json &value) {
  switch (value.kind()) {
    case JsonKind::absent:
    case JsonKind::null:
      return "null";
    case JsonKind::boolean:
    case JsonKind::number:
      return value.text();
    case JsonKind::string:
      return sdk::json_string(value.text());
    case JsonKind::array: {
      std::string out{"["};
      for (const auto &item : value.items()) {
        if (out.size() > 1) out += ',';
        out += to_text(item);
      }
      return out += ']';
    }
    case JsonKind::object:
      break;
  }
  std::string out{"{"};
  for (std::size_t i{0}; i < value.items().size(); ++i)
    add_member(out, value.names()[i], to_text(value.items()[i]));
  return out += '}';
}

std::string merged(const sdk::Json &base, const sdk::Json &over) {
  if (over.is_absent()) return to_text(base);
  if (base.kind() != JsonKind::object || over.kind() != JsonKind::object) return to_text(over);
  std::string out{"{"};
  for (std::size_t i{0}; i < base.items().size(); ++i)
    add_member(out, base.names()[i], merged(base.items()[i], over[std::string_view{base.names()[i]}]));
  for (std::size_t i{0}; i < over.items().size(); ++i) {
    const auto &name = over.names()[i];
    if (std::ranges::find(base.names(), name) == base.names().end())
      add_member(out, name, to_text(over.items()[i]));
  }
  return out += '}';
}

}  // namespace relance::gateway
