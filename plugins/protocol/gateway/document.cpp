#include "plugins/protocol/gateway/document.hpp"

#include "plugins/protocol/gateway/xml.hpp"

#include <algorithm>
#include <map>

namespace relance::gateway {
namespace {

constexpr std::size_t kParametersMax{1'000};

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == text.npos;
}

/// A body "read" as a form always succeeds: `<html>` is a parameter without a value. Such a name is none.
bool is_plausible(const Parameters &parameters) {
  return parameters.size() <= kParametersMax && std::ranges::none_of(parameters, [](const auto &parameter) {
           return parameter.first.find_first_of("<>{}\r\n") != std::string::npos;
         });
}

}  // namespace

std::optional<Format> format_named(std::string_view name) {
  if (name == "none") return Format::none;
  if (name == "json") return Format::json;
  if (name == "form") return Format::form;
  if (name == "query") return Format::query;
  if (name == "xml") return Format::xml;
  if (name == "text") return Format::text;
  if (name == "automatic") return Format::automatic;
  return std::nullopt;
}

sdk::Json to_document(const Parameters &parameters) {
  std::map<std::string_view, std::vector<std::string_view>> values;
  for (const auto &[name, value] : parameters) {
    auto &list = values[name];
    if (std::ranges::find(list, value) == list.end()) list.push_back(value);
  }
  std::string json{"{"};
  for (const auto &[name, list] : values) {
    if (json.size() > 1) json += ',';
    json += sdk::json_string(name) + ':';
    if (list.size() > 1) json += '[';
    for (std::size_t i{0}; i < list.size(); ++i) {
      if (i > 0) json += ',';
      json += sdk::json_string(list[i]);
    }
    if (list.size() > 1) json += ']';
  }
  return sdk::Json::parse(json + '}');
}

sdk::Json read_document(Format format, std::string_view bytes) {
  switch (format) {
    case Format::none:
      return sdk::Json::parse("{}");
    case Format::text:
      return sdk::Json::parse(sdk::json_string(bytes));
    case Format::json:
    case Format::automatic:
      return sdk::Json::parse(bytes);
    case Format::xml:
      return parse_xml(bytes);
    case Format::form:
    case Format::query:
      break;
  }
  if (is_blank(bytes)) return format == Format::query ? sdk::Json::parse("{}") : sdk::Json{};
  const auto parameters = parse_form(bytes);
  if (!parameters || !is_plausible(*parameters)) return {};
  return to_document(*parameters);
}

}  // namespace relance::gateway
