#include "plugins/esp/mail.hpp"
#include "plugins/protocol/gateway/callback.hpp"
#include "plugins/protocol/gateway/profile.hpp"
#include "tests/corpus/delivery_reports.hpp"

#include <boost/json.hpp>
#include <relance_esp_profiles.hpp>

namespace relance::corpus {
namespace {

namespace json = boost::json;

/// What the one who sent these samples had put into the provider's own fields; an operator would write the
/// same.
std::string settings_for(const std::string &profile) {
  std::string keys;
  if (profile == "sendgrid") keys = R"(, "callback": {"key": ["/anymail_id", "/smtp-id"]})";
  if (profile == "unisender_go")
    keys = R"(, "callback": {"key": ["/event_data/metadata/anymail_id", "/metadata/anymail_id"]})";
  return R"({"profile": ")" + profile + '"' + keys + '}';
}

std::string profile_of(std::string_view esp) {
  return esp == "amazon_ses" ? "ses" : std::string{esp};
}

std::string without_brackets(std::string text) {
  if (text.starts_with('<') && text.ends_with('>')) text = text.substr(1, text.size() - 2);
  return text;
}

std::string value_text(const json::value &value) {
  if (value.is_string()) return std::string{value.get_string()};
  return value.is_null() ? std::string{} : json::serialize(value);
}

/// Nothing: an assertion that a receipt has no place for.
std::optional<std::string> measured(std::string_view measure, const json::value &expected,
                                    const gateway::Happening &got) {
  if (measure == "event_type") return std::string{name_of(got.meaning.event)};
  if (measure == "recipient") return got.recipient;
  if (measure == "reject_reason")
    return got.meaning.reason == gateway::Reason::none ? std::string{}
                                                       : std::string{name_of(got.meaning.reason)};
  if (measure == "message_id") {
    const auto wanted = without_brackets(value_text(expected));
    return without_brackets(got.key) == wanted   ? value_text(expected)
           : without_brackets(got.ref) == wanted ? value_text(expected)
                                                 : got.ref;
  }
  return std::nullopt;
}

void score_event(const json::object &row, const json::object &expected, const gateway::Happening &got,
                 Score &score) {
  for (const auto &[name, value] : expected) {
    const std::string measure{name};
    const auto said = measured(measure, value, got);
    if (said)
      score.note(row, measure, value_text(value), *said, "state \"" + got.code + "\" is described otherwise");
    else
      ++score.not_counted[measure];
  }
}

/// A form whose fields hold structures of the sender's own language, as a test client made them: no provider
/// sends that.
bool is_no_json(const std::string &type, const std::string &body) {
  return type.find("form") != std::string::npos && body.find("=%7B%27") != std::string::npos;
}

void score_row(const json::object &row, const gateway::Callback &callback, Score &score) {
  const std::string url{"https://relance.example" + std::string{row.at("path").as_string()}};
  const std::string type{row.at("content_type").as_string()}, body{row.at("body").as_string()};
  if (is_no_json(type, body)) {
    ++score.not_counted["a body that holds a dictionary of Python where its provider sends JSON"];
    return;
  }
  const auto reading = gateway::read_callback(callback, {"POST", url, {}, {{"content-type", type}}, body});
  const auto &expected = row.at("expected").as_object();
  const bool has_several{!expected.empty() && expected.begin()->value().is_object() &&
                         expected.begin()->key().find_first_not_of("0123456789") == std::string::npos};
  const auto event = [&](std::size_t index, const json::object &wanted) {
    if (index < reading.happenings.size()) return score_event(row, wanted, reading.happenings[index], score);
    for (const auto &[name, value] : wanted)
      score.note(row, name, value_text(value), "nothing",
                 reading.unreadable_because.empty() ? "no such event was found" : reading.unreadable_because);
  };
  if (!has_several) return event(0, expected);
  for (const auto &[index, wanted] : expected)
    event(static_cast<std::size_t>(std::stoul(std::string{index})), wanted.as_object());
}

}  // namespace

void score_email_webhooks(const std::filesystem::path &folder, Score &score) {
  std::map<std::string, gateway::Description> descriptions;
  each_row(folder / "email_webhooks.jsonl", [&](const json::object &row) {
    ++score.rows;
    const auto profile = profile_of(std::string_view{row.at("esp").as_string()});
    auto found = descriptions.find(profile);
    if (found == descriptions.end()) {
      sdk::Issues unheard{nullptr};  // of the values that only an operator has
      const auto settings =
          gateway::with_profile(sdk::Json::parse(settings_for(profile)), esp::kProfiles, unheard);
      found =
          descriptions.emplace(profile, gateway::read_description(settings, esp::known_of_mail(), unheard))
              .first;
    }
    if (found->second.callback)
      score_row(row, *found->second.callback, score);
    else
      score.note(row, "event_type", "an event", "nothing", "no profile is shipped for " + profile);
  });
}

}  // namespace relance::corpus
