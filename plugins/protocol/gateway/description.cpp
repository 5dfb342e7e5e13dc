#include "plugins/protocol/gateway/description.hpp"

#include "plugins/protocol/gateway/setting_reader.hpp"

#include <algorithm>

namespace relance::gateway {

bool holds(const std::vector<Condition> &conditions, const Said &said) {
  return std::ranges::all_of(conditions, [&](const Condition &condition) {
    const auto found = condition.place.all(said);
    return !found.empty() && std::ranges::all_of(found, [&](const std::string &text) {
      return std::ranges::any_of(condition.values, [&](const std::string &wanted) {
        return wanted.ends_with('*') ? text.starts_with(wanted.substr(0, wanted.size() - 1)) : text == wanted;
      });
    });
  });
}

bool Reply::states_what_is_accepted() const {
  return std::ranges::any_of(
      rules, [](const ReplyRule &rule) { return rule.outcome == sdk::OutcomeKind::accepted; });
}

Meaning Callback::meaning_of(std::string_view state_text) const {
  for (auto rest = state_text; !rest.empty(); rest = rest.substr(0, rest.rfind(':'))) {
    if (const auto found = states.find(rest); found != states.end()) return found->second;
    if (rest.find(':') == rest.npos) break;
  }
  const auto any = states.find("*");
  return any == states.end() ? Meaning{} : any->second;
}

Description read_description(const sdk::Json &settings, const Known &of_channel, sdk::Issues &issues) {
  SettingReader reader{settings, of_channel, issues};
  Description description;
  description.values = reader.values();
  description.idempotency_window_ms = settings["idempotency_window_s"].integer() * 1000;
  description.delivered_within_ms = settings["delivered_within_s"].integer() * 1000;
  description.max_in_flight = static_cast<std::uint32_t>(settings["max_in_flight"].integer(200));
  description.request = read_request(settings["request"], reader);
  description.reply = read_reply(settings["reply"], reader);
  if (!settings["callback"].is_absent())
    description.callback = read_callback_description(settings["callback"], reader);
  return description;
}

}  // namespace relance::gateway
