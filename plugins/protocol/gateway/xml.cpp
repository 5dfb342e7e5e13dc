#include "plugins/protocol/gateway/xml.hpp"

#include <map>
#include <pugixml.hpp>
#include <utility>
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
  std::vector<std::pair<std::string_view, std::vector<pugi::xml_node>>> members;  // in their order
  std::map<std::string_view, std::size_t> places;
  for (const auto &child : element.children()) {
    if (child.type() != pugi::node_element) continue;
    const auto [place, is_first] = places.emplace(local_name(child.name()), members.size());
    if (is_first) members.push_back({place->first, {}});
    members[place->second].second.push_back(child);
  }
  for (const auto &[name, children] : members) {
    add_name(std::string{name});
    if (children.size() > 1) out += '[';
    for (std::size_t i{0}; i < children.size(); ++i) {
      if (i > 0) out += ',';
      if (!add_element(children[i], out, depth + 1)) return false;
    }
    if (children.size() > 1) out += ']';
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
