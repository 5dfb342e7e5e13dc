// @name@: hands @channel@ messages to a provider's HTTP API. send() may wait: it runs on the instance's own workers.
#include "settings_schema.h"

#include <relance/channel.hpp>

namespace {

using namespace relance::sdk;

/// The address; for letters the lines of the envelope.
std::string recipient_of(const Message &message) {
  std::string to{message.addressee.address};
  for (const auto line : message.addressee.postal_lines) {
    if (!message.addressee.address.empty()) break;
    if (!to.empty()) to += '\n';
    to += line;
  }
  return to;
}

class @class@ {
 public:
  static constexpr Description kDescription{.id = "com.example.@name@",
                                            .driver = "http",
                                            .name = "@name@",
                                            .version = "0.1.0",
                                            .vendor = "Example",
                                            .channel = "@channel@",
                                            .settings_schema = RELANCE_SETTINGS_SCHEMA};

  @class@(Host host, std::string_view /*instance*/, std::string_view settings_json, Issues & /*issues*/)
      : http_(host), settings_(Json::parse(settings_json)) {}

  Outcome send(const Message &message) {
    const auto *content = message.find_part("@part@");
    if (content == nullptr) return Outcome::rejected(FailureClass::policy, "no_content", "no part \"@part@\"");
    const auto body = json_object({{"to", recipient_of(message)},
                                   {"subject", message.subject},
                                   {"content", @encode@(content->bytes)},
                                   {"client_ref", message.idempotency_key}});
    const auto reply =
        http_.post(settings_["url"].text() + "/messages",
                   {{"authorization", "Bearer " + settings_["token"].text()}, {"content-type", "application/json"}},
                   body, message.not_after_ms);
    if (reply.is_success()) return Outcome::accepted({Json::parse(reply.body)["id"].text()});
    // Say throttled_took_nothing only when the provider's documentation does.
    return reply.outcome({.refused_as = FailureClass::policy});
  }

 private:
  Http http_;
  Json settings_;
};

}  // namespace

RELANCE_EXPORT_DRIVERS(@class@)
