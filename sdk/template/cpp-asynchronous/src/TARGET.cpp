// @name@: hands @channel@ messages to a provider's HTTP API. submit() starts the calls and returns; each answer ends its message.
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

  void submit(std::vector<Pending> batch) {
    for (auto &pending : batch) start(std::move(pending));
  }

 private:
  void start(Pending pending) {
    const Message message{*pending};
    const auto *content = message.find_part("@part@");
    if (content == nullptr)
      return pending.end(Outcome::rejected(FailureClass::policy, "no_content", "no part \"@part@\""));
    const HttpRequest request{
        .method = "POST",
        .url = settings_["url"].text() + "/messages",
        .headers = {{"authorization", "Bearer " + settings_["token"].text()}, {"content-type", "application/json"}},
        .body = json_object({{"to", recipient_of(message)},
                             {"subject", message.subject},
                             {"content", @encode@(content->bytes)},
                             {"client_ref", message.idempotency_key}}),
        .not_after_ms = message.not_after_ms};
    http_.send(request, [open = std::move(pending)](HttpReply reply) mutable {
      if (reply.is_success()) return open.accepted({Json::parse(reply.body)["id"].text()});
      // Say throttled_took_nothing only when the provider's documentation does.
      open.end(reply.outcome({.refused_as = FailureClass::policy}));
    });
  }

  Http http_;
  Json settings_;
};

}  // namespace

RELANCE_EXPORT_DRIVERS(@class@)
