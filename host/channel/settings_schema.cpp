// The one unit that knows valijson.
#include "host/channel/settings_schema.hpp"

#include "host/config/secret.hpp"

#include <boost/json.hpp>

#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

namespace relance::channel {
namespace {

constexpr std::size_t kIssuesMax{32};  ///< more than an operator reads at once

void add_step(std::string &pointer, std::string_view name) {
  pointer += '/';
  for (const char c : name) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

/// valijson names a place as "<root>", "[key]", "[0]".
std::string to_pointer(const std::vector<std::string> &context) {
  std::string pointer;
  for (const auto &step : context)
    if (step.size() >= 2 && step.front() == '[')
      add_step(pointer, std::string_view(step).substr(1, step.size() - 2));
  return pointer;
}

/// The two faults of a setting's name, the ones that operators meet, in their words and at their place.
SettingsIssue to_issue(const valijson::ValidationResults::Error &error) {
  constexpr std::string_view kUnknown{"Object contains a property that could not be validated"};
  constexpr std::string_view kMissing{"Missing required property"};
  SettingsIssue issue{to_pointer(error.context), error.description, true};
  const std::string_view said{error.description};
  const auto from = said.find(": '"), to = said.rfind('\'');
  if (said.starts_with(kUnknown) && from != said.npos && to > from + 3) {
    add_step(issue.path, said.substr(from + 3, to - from - 3));
    issue.message = "there is no such setting";
  } else if (const auto quote = said.find('\''); said.starts_with(kMissing) && quote < to) {
    issue.message = '"' + std::string{said.substr(quote + 1, to - quote - 1)} + "\" is missing";
  }
  return issue;
}

/// It also says of each object around a fault that it holds one.
bool is_echo(std::string_view description) {
  return description.starts_with("Failed to validate against schema associated with property name") ||
         description.starts_with("Failed to validate item #");
}

Result<boost::json::object> parse_object(std::string_view text, const char *what) {
  boost::system::error_code ec;
  auto value = boost::json::parse(boost::json::string_view(text.data(), text.size()), ec);
  if (ec) return internal(std::string(what) + " is not JSON: " + ec.message());
  if (!value.is_object()) return internal(std::string(what) + " is not a JSON object");
  return std::move(value.as_object());
}

}  // namespace

Result<std::vector<SettingsIssue>> check_settings(std::string_view schema_json,
                                                  std::string_view settings_json) {
  auto schema_object = parse_object(schema_json, "the plugin's schema of its settings");
  if (!schema_object) return schema_object.error();
  auto settings_object = parse_object(settings_json, "the settings");
  if (!settings_object) return settings_object.error();
  const boost::json::value schema_value(std::move(*schema_object)),
      settings_value(std::move(*settings_object));
  try {
    valijson::Schema schema;
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(valijson::adapters::BoostJsonAdapter(schema_value), schema);
    valijson::ValidationResults results;
    valijson::Validator(valijson::Validator::kStrongTypes)
        .validate(schema, valijson::adapters::BoostJsonAdapter(settings_value), &results);
    std::vector<SettingsIssue> issues, echoes;
    for (const auto &error : results) {
      auto &list = is_echo(error.description) ? echoes : issues;
      if (list.size() < kIssuesMax) list.push_back(to_issue(error));
    }
    return issues.empty() ? echoes : issues;
  } catch (const std::exception &e) {
    return internal(std::string("the plugin's schema of its settings is broken: ") + e.what());
  }
}

void forget_unread_secrets(std::vector<SettingsIssue> &issues, std::string_view settings_json) {
  auto settings = parse_object(settings_json, "the settings");
  if (!settings) return;
  const boost::json::value whole(std::move(*settings));
  std::erase_if(issues, [&whole](const SettingsIssue &issue) {
    boost::system::error_code ec;
    const auto *value = whole.find_pointer(issue.path, ec);
    return value != nullptr && value->is_string() &&
           std::string_view(value->get_string()) == config::kRedacted;
  });
}

std::string join(const std::vector<SettingsIssue> &issues) {
  std::string line;
  for (const auto &issue : issues) {
    if (!line.empty()) line += "; ";
    line += (issue.path.empty() ? "/" : issue.path) + ": " + issue.message;
  }
  return line;
}

}  // namespace relance::channel
