#include "sdk/check/schema.hpp"

#include "sdk/check/handed_over.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <regex>
#include <set>

namespace relance::check {
namespace {

namespace json = boost::json;

constexpr int kDepthMax{32};

using Faults = std::vector<std::pair<std::string, std::string>>;

std::string_view view(json::string_view text) {
  return {text.data(), text.size()};
}

bool is_type_name(const json::value &value) {
  static const std::set<std::string_view> names{"null",   "boolean", "object", "array",
                                                "number", "string",  "integer"};
  return value.is_string() && names.contains(view(value.get_string()));
}

void look_at(const json::value &schema, const std::string &place, int depth, Faults &faults);

void look_into_map(const json::value &value, const std::string &place, int depth, Faults &faults) {
  if (!value.is_object()) return static_cast<void>(faults.emplace_back(place, "is no object of schemas"));
  for (const auto &entry : value.get_object())
    look_at(entry.value(), place + "/" + std::string(view(entry.key())), depth + 1, faults);
}

void look_into_list(const json::value &value, const std::string &place, int depth, Faults &faults) {
  if (!value.is_array() || value.get_array().empty())
    return static_cast<void>(faults.emplace_back(place, "is no array with schemas in it"));
  std::size_t number{0};
  for (const auto &one : value.get_array())
    look_at(one, place + "/" + std::to_string(number++), depth + 1, faults);
}

void look_at_keyword(std::string_view key, const json::value &value, const std::string &place, int depth,
                     Faults &faults) {
  static const std::set<std::string_view> counts{"minLength", "maxLength",     "minItems",
                                                 "maxItems",  "minProperties", "maxProperties"};
  static const std::set<std::string_view> numbers{"minimum", "maximum", "exclusiveMinimum",
                                                  "exclusiveMaximum", "multipleOf"};
  static const std::set<std::string_view> maps{"properties", "patternProperties", "definitions"};
  static const std::set<std::string_view> lists{"allOf", "anyOf", "oneOf"};
  static const std::set<std::string_view> single{
      "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames", "additionalItems"};
  const auto here = place + "/" + std::string(key);
  if (key == "type") {
    const auto *list = value.if_array();
    const bool is_good{list == nullptr
                           ? is_type_name(value)
                           : !list->empty() && std::all_of(list->begin(), list->end(), is_type_name)};
    if (!is_good) faults.emplace_back(here, "is no type of JSON");
  } else if (key == "required") {
    const auto *list = value.if_array();
    if (list == nullptr ||
        !std::all_of(list->begin(), list->end(), [](const auto &v) { return v.is_string(); }))
      faults.emplace_back(here, "is no array of property names");
  } else if (key == "enum") {
    if (!value.is_array() || value.get_array().empty()) faults.emplace_back(here, "is no array of values");
  } else if (counts.contains(key)) {
    if (!(value.is_int64() && value.get_int64() >= 0) && !value.is_uint64())
      faults.emplace_back(here, "is no whole number from 0 on");
  } else if (numbers.contains(key)) {
    if (!value.is_number()) faults.emplace_back(here, "is no number (draft 7: a limit, not true or false)");
  } else if (key == "pattern") {
    try {
      if (!value.is_string()) throw std::regex_error(std::regex_constants::error_type{});
      const std::regex compiled(std::string(view(value.get_string())));
    } catch (const std::regex_error &) {
      faults.emplace_back(here, "is no regular expression of ECMA 262");
    }
  } else if (maps.contains(key)) {
    look_into_map(value, here, depth, faults);
  } else if (lists.contains(key)) {
    look_into_list(value, here, depth, faults);
  } else if (single.contains(key)) {
    look_at(value, here, depth + 1, faults);
  } else if (key == "items") {
    if (value.is_array()) {
      look_into_list(value, here, depth, faults);
    } else {
      look_at(value, here, depth + 1, faults);
    }
  }
}

void look_at(const json::value &schema, const std::string &place, int depth, Faults &faults) {
  if (depth > kDepthMax)
    return static_cast<void>(faults.emplace_back(place, "lies deeper than anybody reads"));
  if (schema.is_bool()) return;
  if (!schema.is_object())
    return static_cast<void>(faults.emplace_back(place, "is no schema: neither an object nor a boolean"));
  for (const auto &entry : schema.get_object())
    look_at_keyword(view(entry.key()), entry.value(), place, depth, faults);
}

bool has(std::string_view text, std::string_view piece) {
  return text.find(piece) != std::string_view::npos;
}

/// A text that fits length and pattern, from what such a property usually holds.
std::string text_for(const json::object &schema, std::string_view name) {
  const auto *format = schema.if_contains("format");
  const std::string_view kind{format != nullptr && format->is_string() ? view(format->get_string()) : ""};
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  std::vector<std::string> candidates;
  if (kind == "uri" || kind == "url" || has(lower, "url") || has(lower, "uri") || has(lower, "endpoint"))
    candidates.emplace_back("${simulator_url}");
  if (has(lower, "host") || has(lower, "server")) candidates.emplace_back("${simulator_host}");
  if (has(lower, "folder") || has(lower, "directory") || has(lower, "path"))
    candidates.emplace_back("${folder}");
  if (kind == "email" || has(lower, "mail") || has(lower, "sender")) {
    candidates.emplace_back("relance@example.org");
    candidates.emplace_back("bounces+KEY@example.org");
  }
  for (const auto *plain : {"check", "relance-check-value", "123456", "+33612345678", "FR", "fr", "EUR",
                            "2026-01-01", "a@example.org", "https://example.org", "00:00"})
    candidates.emplace_back(plain);
  const auto *pattern = schema.if_contains("pattern");
  const auto *least = schema.if_contains("minLength");
  const auto *most = schema.if_contains("maxLength");
  for (auto &candidate : candidates) {
    if (candidate.starts_with("${")) return candidate;
    if (least != nullptr && least->is_int64() &&
        candidate.size() < static_cast<std::size_t>(least->get_int64()))
      candidate.resize(static_cast<std::size_t>(least->get_int64()), 'x');
    if (most != nullptr && most->is_int64() && candidate.size() > static_cast<std::size_t>(most->get_int64()))
      continue;
    if (pattern == nullptr || !pattern->is_string()) return candidate;
    try {
      if (std::regex_search(candidate, std::regex(std::string(view(pattern->get_string())))))
        return candidate;
    } catch (const std::regex_error &) {
      return candidate;
    }
  }
  return "check";
}

}  // namespace

Faults faults_of_schema(std::string_view schema) {
  Faults faults;
  if (!is_utf8(schema)) return {{"", "is not UTF-8"}};
  boost::system::error_code error;
  const auto parsed = json::parse(json::string_view(schema.data(), schema.size()), error);
  if (error) return {{"", "is not JSON: " + error.message()}};
  if (!parsed.is_object()) return {{"", "is not an object"}};
  const auto &root = parsed.get_object();
  if (const auto *dialect = root.if_contains("$schema"))
    if (!dialect->is_string() || !has(view(dialect->get_string()), "draft-07"))
      faults.emplace_back("/$schema", "names another dialect than draft 7");
  if (const auto *type = root.if_contains("type");
      type == nullptr || !type->is_string() || type->get_string() != "object")
    faults.emplace_back("/type", "is not \"object\", but settings are one");
  look_at(parsed, "", 0, faults);
  return faults;
}

json::value sample_of(const json::value &any, std::string_view name) {
  if (!any.is_object()) return json::object{};
  const auto &schema = any.get_object();
  if (const auto *value = schema.if_contains("const")) return *value;
  if (const auto *value = schema.if_contains("default")) return *value;
  if (const auto *list = schema.if_contains("examples");
      list != nullptr && list->is_array() && !list->get_array().empty())
    return list->get_array().front();
  if (const auto *list = schema.if_contains("enum");
      list != nullptr && list->is_array() && !list->get_array().empty())
    return list->get_array().front();
  const auto *type = schema.if_contains("type");
  if (type != nullptr && type->is_array() && !type->get_array().empty()) type = &type->get_array().front();
  const std::string_view kind{type != nullptr && type->is_string() ? view(type->get_string())
                              : schema.contains("properties")      ? "object"
                                                                   : "string"};
  if (kind == "boolean") return false;
  if (kind == "null") return nullptr;
  if (kind == "integer" || kind == "number") {
    if (name == "port") return "${simulator_port}";
    const auto *least = schema.if_contains("minimum");
    return least != nullptr ? *least : json::value(1);
  }
  if (kind == "array") {
    json::array list;
    const auto *least = schema.if_contains("minItems");
    if (least != nullptr && least->is_int64() && least->get_int64() > 0)
      for (std::int64_t i{0}; i < least->get_int64(); ++i)
        list.push_back(schema.contains("items") ? sample_of(schema.at("items"), name) : json::value("check"));
    return list;
  }
  if (kind == "string") return json::value(text_for(schema, name));
  json::object object;
  const auto *properties = schema.if_contains("properties");
  if (properties == nullptr || !properties->is_object()) return object;
  std::set<std::string> wanted;
  if (const auto *required = schema.if_contains("required"); required != nullptr && required->is_array())
    for (const auto &one : required->get_array())
      if (one.is_string()) wanted.insert(std::string(view(one.get_string())));
  for (const auto &entry : properties->get_object()) {
    const std::string key(view(entry.key()));
    const bool is_place{key == "url" || key == "base_url" || key == "endpoint" || key == "host" ||
                        key == "port"};
    if (wanted.contains(key) || is_place) {
      auto value =
          key == "port" && is_place ? json::value("${simulator_port}") : sample_of(entry.value(), key);
      object.emplace(entry.key(),
                     is_place && key != "port" && value.is_string() && !value.get_string().starts_with("$")
                         ? json::value(key == "host" ? "${simulator_host}" : "${simulator_url}")
                         : std::move(value));
    }
  }
  return object;
}

}  // namespace relance::check
