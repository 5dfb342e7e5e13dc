#include "plugins/sms/http/channel.hpp"

#include "plugins/protocol/gateway/profile.hpp"

#include <relance_sms_http_profiles.hpp>
#include <relance_sms_http_schema.hpp>

#include <algorithm>

namespace relance::sms::http {
namespace {

/// What a message has; docs/for-operators/sms-gateways.md explains each.
const gateway::Known &known() {
  static const gateway::Known names{
      {"key", "to", "to_name", "from", "text", "subject", "encoding", "segments", "language", "country",
       "invoice", "attempt", "webhook_url", "valid_until", "valid_for_s", "valid_for_min", "valid_for_ms"},
      {}};
  return names;
}

constexpr std::int64_t kMinuteMs{60'000};

}  // namespace

const sdk::Description HttpChannel::kDescription{.id = "org.relance.sms",
                                                 .driver = "http",
                                                 .name = "SMS through a gateway's HTTP interface",
                                                 .version = "0.1.0",
                                                 .vendor = "Relance",
                                                 .channel = "sms",
                                                 .settings_schema = kSettingsSchema};

HttpChannel::HttpChannel(sdk::Host host, std::string_view, std::string_view settings_json,
                         sdk::Issues &issues)
    : HttpChannel{host, gateway::with_profile(sdk::Json::parse(settings_json), kProfiles, issues), issues} {}

HttpChannel::HttpChannel(sdk::Host host, const sdk::Json &settings, sdk::Issues &issues)
    : host_{host},
      sender_{settings["sender"].text()},
      text_{read_text_rules(settings["text"], issues)},
      prices_{settings["prices"], issues},
      gateway_{host, gateway::read_description(settings, known(), issues)} {
  if (!sender_.empty() && !read_sender(sender_).id) issues.fatal("/sender", read_sender(sender_).fault);
}

sdk::Traits HttpChannel::traits() const {
  return gateway_.traits();
}

void HttpChannel::start() {
  gateway_.start();
}

void HttpChannel::submit(std::vector<sdk::Pending> batch) {
  for (auto &pending : batch) {
    const sdk::Message message{*pending};
    auto preparation = prepare(message, sender_, text_, prices_);
    if (const auto *fatal = preparation.fatal()) {
      pending.end(to_refusal(*fatal));
      continue;
    }
    auto variables = variables_of(message, preparation.prepared);
    gateway_.send(std::move(pending), std::move(variables), {}, std::move(preparation.prepared.price));
  }
}

gateway::Variables HttpChannel::variables_of(const sdk::Message &message, const Prepared &prepared) const {
  const auto &sender = prepared.sender;
  gateway::Variables v{
      {"key", std::string{message.idempotency_key}},
      {"to", std::string{message.addressee.address}},
      {"to_name", std::string{message.addressee.name}},
      {"from", (sender.kind == SenderKind::number ? "+" : "") + sender.text},
      {"text", prepared.text.text},
      {"subject", std::string{message.subject}},
      {"encoding", prepared.text.encoding == gsm::Encoding::gsm7 ? "gsm7" : "ucs2"},
      {"segments", std::to_string(prepared.text.parts.size())},
      {"language", std::string{message.addressee.language}},
      {"country", std::string{message.addressee.country}},
      {"invoice", std::string{message.reference("invoice")}},
      {"attempt", std::to_string(message.attempt_number)},
      {"webhook_url", host_.webhook_url()},
  };
  // Counted from the last moment at which it may be handed over, not from now: the same attempt has the same
  // bytes.
  const auto left_ms = message.valid_until_ms - message.not_after_ms;
  if (message.valid_until_ms > 0 && left_ms >= kMinuteMs) {
    v["valid_until"] = std::to_string(message.valid_until_ms / 1000);
    v["valid_for_s"] = std::to_string(left_ms / 1000);
    v["valid_for_min"] = std::to_string(left_ms / kMinuteMs);
    v["valid_for_ms"] = std::to_string(left_ms);
  }
  return v;
}

sdk::Quote HttpChannel::quote(const sdk::Message &message) const {
  return to_quote(prepare(message, sender_, text_, prices_));
}

sdk::Authenticated HttpChannel::authenticate(const sdk::WebhookRequest &request) {
  return gateway_.authenticate(request);
}

void HttpChannel::parse(sdk::PendingParse pending) {
  gateway_.parse(std::move(pending));
}

void HttpChannel::wake() {
  gateway_.wake();
}

}  // namespace relance::sms::http
