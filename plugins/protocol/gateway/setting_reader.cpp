#include "plugins/protocol/gateway/setting_reader.hpp"

#include <algorithm>

namespace relance::gateway {
namespace {

using JsonKind = sdk::Json::Kind;

struct Named {
  std::string name;
  bool may_be_empty{false};
};
/// Of "{name}" and "{name?}".
std::optional<Named> name_within(const std::string &text) {
  const bool is_name{text.size() > 2 && text.starts_with('{') && text.ends_with('}') &&
                     text.find_first_of("{}", 1) == text.size() - 1};
  if (!is_name) return std::nullopt;
  const bool may_be_empty{text[text.size() - 2] == '?'};
  return Named{text.substr(1, text.size() - (may_be_empty ? 3 : 2)), may_be_empty};
}

}  // namespace

SettingReader::SettingReader(const sdk::Json &settings, Known of_channel, sdk::Issues &issues)
    : known_{std::move(of_channel)}, issues_{issues} {
  const auto &values = settings["values"];
  for (std::size_t i{0}; i < values.names().size(); ++i) {
    const auto &name = values.names()[i];
    if (std::ranges::find(known_.variables, name) != known_.variables.end())
      issues_.fatal("/values/" + name, "is the name of something that each message has; take another");
    values_[name] = values.items()[i].text();
    known_.variables.push_back(name);
  }
  for (const auto &need : settings["requires"].items())
    if (values_[need.text()].empty())
      issues_.fatal("/values/" + need.text(), "is missing: this profile needs it");
}

std::string SettingReader::pattern(const sdk::Json &value, const std::string &path) {
  auto text = value.text();
  if (const auto why = Template::fault(text, known_); !why.empty()) issues_.fatal(path, why);
  return text;
}
std::string SettingReader::setting(const sdk::Json &value, const std::string &path) {
  auto text = value.text();
  const auto named = name_within(text);
  if (!named) return text;
  const auto found = values_.find(named->name);
  if (found == values_.end())
    issues_.fatal(path, "there is no values." + named->name);
  else if (found->second.empty() && !named->may_be_empty)
    issues_.fatal(path, "values." + named->name + " is empty");
  return found == values_.end() ? std::string{} : found->second;
}
std::string SettingReader::origin(const sdk::Json &value, const std::string &path) const {
  const auto named = name_within(value.text());
  return named && values_.contains(named->name) ? "/values/" + named->name : path;
}
void SettingReader::add_place(std::vector<Place> &places, const sdk::Json &value, const std::string &path) {
  const auto text = value.text();
  if (const auto why = Place::fault(text); !why.empty()) return issues_.fatal(path, why);
  places.emplace_back(text);
}
std::vector<Place> SettingReader::places(const sdk::Json &value, const std::string &path) {
  std::vector<Place> list;
  if (value.kind() == JsonKind::string) add_place(list, value, path);
  for (std::size_t i{0}; value.kind() == JsonKind::array && i < value.items().size(); ++i)
    add_place(list, value[i], path + '/' + std::to_string(i));
  return list;
}
std::vector<std::string> SettingReader::texts(const sdk::Json &value) {
  std::vector<std::string> list;
  if (value.kind() == JsonKind::array)
    for (const auto &item : value.items()) list.push_back(item.text());
  else if (!value.text().empty())
    list.push_back(value.text());
  return list;
}
std::vector<Condition> SettingReader::conditions(const sdk::Json &value, const std::string &path) {
  std::vector<Condition> list;
  for (std::size_t i{0}; i < value.names().size(); ++i) {
    const auto &name = value.names()[i];
    if (const auto why = Place::fault(name); !why.empty()) {
      issues_.fatal(path, '"' + name + "\": " + why);
      continue;
    }
    list.push_back({Place{name}, texts(value.items()[i])});
  }
  return list;
}
Format SettingReader::format(const sdk::Json &value, const std::string &path, Format otherwise) {
  if (value.is_absent()) return otherwise;
  const auto found = format_named(value.text());
  if (!found) issues_.fatal(path, "is none of json, form, query, xml, text, none");
  return found.value_or(otherwise);
}

sdk::FailureClass SettingReader::failure(const sdk::Json &value, const std::string &path,
                                         sdk::FailureClass otherwise) {
  if (value.is_absent()) return otherwise;
  const auto found = failure_named(value.text());
  if (!found) issues_.fatal(path, "is none of address_dead, temporary, policy, configuration, none");
  return found.value_or(otherwise);
}
std::string SettingReader::currency(const sdk::Json &value, const std::string &path,
                                    std::vector<Place> &where) {
  const auto text = value.text();
  const bool is_code{text.size() == 3 && text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == text.npos};
  if (!is_code) where = places(value, path);
  return is_code ? text : std::string{};
}
void SettingReader::check_over(const std::string &text, const std::string &path) {
  if (const auto why = Template::fault(text, signed_parts()); !why.empty()) issues_.fatal(path, why);
}

Texts SettingReader::patterns(const sdk::Json &value, const std::string &path) {
  Texts list;
  for (std::size_t i{0}; i < value.names().size(); ++i)
    list.emplace_back(value.names()[i], pattern(value.items()[i], path + '/' + value.names()[i]));
  return list;
}

}  // namespace relance::gateway
