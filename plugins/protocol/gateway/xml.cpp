#include "plugins/protocol/gateway/xml.hpp"

#include <algorithm>
#include <pugixml.hpp>
#include <vector>

namespace relance::gateway {
namespace {

constexpr std::size_t kXmlBytesMax{1 << 20};
constexpr int kDepthMax{32};

/// Prefixes of namespaces are the sender's own choice.
std::string_view local_name(const char *name) {
  const std::string_view text{name};
  return text.substr(text.find(':') + 1);
}

bool add_element(const pugi::xml_node &element, std::string &out, int depth) {
  if (depth > kDepthMax) return false;
  std::vector<std::string_view> names;
  bool has_member{false};
  const auto begin = out.size();
  out += '{';
  const auto add_name = [&](const std::string &name) {
    if (std::exchange(has_member, true)) out += ',';
    out += sdk::json_string(name) + ':';
  };
  for (const auto &attribute : element.attributes()) {
    add_name('@' + std::string{local_name(attribute.name())});
    out += sdk::json_string(attribute.value());
  }
  for (const auto &child : element.children()) {
    const auto name = local_name(child.name());
    if (child.type() != pugi::node_element || std::ranges::find(names, name) != names.end()) continue;
    names.push_back(name);
    add_name(std::string{name});
    std::string list;
    std::size_t count{0};
    for (const auto &twin : element.children()) {
      if (twin.type() != pugi::node_element || local_name(twin.name()) != name) continue;
      if (count++ > 0) list += ',';
      if (!add_element(twin, list, depth + 1)) return false;
    }
    out += count == 1 ? list : '[' + list + ']';
  }
  const auto text = sdk::json_string(element.text().get());
  if (!has_member) {
    out.replace(begin, out.npos, text);
    return true;
  }
  if (text != "\"\"") {
    add_name("#text");
    out += text;
  }
  out += '}';
  return true;
}

}  // namespace

sdk::Json parse_xml(std::string_view text) {
  if (text.size() > kXmlBytesMax) return {};
  pugi::xml_document document;
  // pugixml reads no DTD and no external entity.
  if (!document.load_buffer(text.data(), text.size())) return {};
  const auto root = document.document_element();
  if (!root) return {};
  std::string json{'{' + sdk::json_string(local_name(root.name())) + ':'};
  if (!add_element(root, json, 0)) return {};
  return sdk::Json::parse(json + '}');
}

}  // namespace relance::gateway
