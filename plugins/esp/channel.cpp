#include "plugins/esp/channel.hpp"

#include "plugins/esp/mail.hpp"
#include "plugins/protocol/gateway/json_edit.hpp"
#include "plugins/protocol/gateway/profile.hpp"

#include <relance_esp_profiles.hpp>
#include <relance_esp_schema.hpp>

namespace relance::esp {

const sdk::Description EspChannel::kDescription{.id = "org.relance.esp",
                                                .driver = "esp",
                                                .name = "E-mail through a provider's HTTP interface",
                                                .version = "0.1.0",
                                                .vendor = "Relance",
                                                .channel = "email",
                                                .settings_schema = kSettingsSchema};

EspChannel::EspChannel(sdk::Host host, std::string_view, std::string_view settings_json, sdk::Issues &issues)
    : EspChannel{host, gateway::with_profile(sdk::Json::parse(settings_json), kProfiles, issues), issues} {}

EspChannel::EspChannel(sdk::Host host, const sdk::Json &settings, sdk::Issues &issues)
    : host_{host},
      from_{settings["from"].text()},
      message_id_domain_{settings["message_id_domain"].text()},
      with_mime_{gateway::to_text(settings["request"]).find("{mime") != std::string::npos},
      gateway_{host, gateway::read_description(settings, known_of_mail(), issues)} {}

sdk::Traits EspChannel::traits() const {
  return gateway_.traits();
}

void EspChannel::start() {
  gateway_.start();
}

void EspChannel::submit(std::vector<sdk::Pending> batch) {
  for (auto &pending : batch) {
    const sdk::Message message{*pending};
    auto mail = to_mail(message, from_, message_id_domain_, host_.webhook_url(), with_mime_);
    if (!mail.refused_because.empty())
      pending.end(sdk::Outcome::rejected(sdk::FailureClass::address_dead, "mail", mail.refused_because));
    else
      gateway_.send(std::move(pending), std::move(mail.variables), mail.lists);
  }
}

sdk::Authenticated EspChannel::authenticate(const sdk::WebhookRequest &request) {
  return gateway_.authenticate(request);
}

void EspChannel::parse(sdk::PendingParse pending) {
  gateway_.parse(std::move(pending));
}

void EspChannel::wake() {
  gateway_.wake();
}

}  // namespace relance::esp
