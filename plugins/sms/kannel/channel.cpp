#include "plugins/sms/kannel/channel.hpp"

#include "plugins/sms/kannel/answer.hpp"
#include "plugins/sms/kannel/callback.hpp"
#include "plugins/sms/kannel/request.hpp"
#include "plugins/sms/quotation.hpp"

#include <relance_sms_kannel_schema.hpp>

namespace relance::sms::kannel {
namespace {

/// A gateway that restarts is back within seconds; a wrong password waits for a person.
constexpr std::int64_t kUnreachablePauseMs{5'000}, kMisconfiguredPauseMs{60'000};

/// The hook's address as Kannel reaches it: its own scheme and host in front of the host's path.
std::string hook_address(std::string hook, const std::string &callback_url) {
  if (hook.empty() || callback_url.empty()) return hook;
  const auto scheme = hook.find("://");
  const auto path = scheme == hook.npos ? hook.npos : hook.find('/', scheme + 3);
  return path == hook.npos ? std::string{} : callback_url + hook.substr(path);
}

}  // namespace

const sdk::Description KannelChannel::kDescription{.id = "org.relance.sms",
                                                   .driver = "kannel",
                                                   .name = "SMS through Kannel",
                                                   .version = "0.1.0",
                                                   .vendor = "Relance",
                                                   .channel = "sms",
                                                   .settings_schema = kSettingsSchema};

KannelChannel::KannelChannel(sdk::Host host, std::string_view, std::string_view settings_json,
                             sdk::Issues &issues)
    : host_{host}, http_{host}, settings_{read_settings(settings_json, issues)} {
  if (!settings_.callback_secret.empty()) hook_ = hook_address(host_.webhook_url(), settings_.callback_url);
}

sdk::Traits KannelChannel::traits() const {
  sdk::Traits traits;
  traits.max_in_flight = settings_.max_in_flight;
  if (hook_.empty())
    traits.without = RELANCE_CAP_WEBHOOK;
  else
    traits.expected_receipts = {{RELANCE_RCPT_DELIVERED, 0, settings_.receipts_within_ms}};
  return traits;
}

void KannelChannel::start() {
  if (!settings_.callback_secret.empty() && hook_.empty())
    host_.log(sdk::LogLevel::warning, "no receipts will come: this daemon has no listener for webhooks");
}

void KannelChannel::submit(std::vector<sdk::Pending> batch) {
  for (auto &pending : batch) submit_one(std::move(pending));
}

void KannelChannel::submit_one(sdk::Pending pending) {
  const sdk::Message message{*pending};
  const auto preparation = prepare(message, settings_.sender, settings_.text, settings_.prices);
  if (const auto *fatal = preparation.fatal()) return pending.end(to_refusal(*fatal));
  const auto &prepared = preparation.prepared;
  const auto callback =
      callback_address(hook_, settings_.callback_secret, message.idempotency_key, prepared.text.parts.size());
  const auto request = to_request(message, prepared, settings_, callback, host_.wall_ms());
  http_.send(request,
             [this, open = std::move(pending), price = prepared.price](sdk::HttpReply reply) mutable {
               auto outcome = read_answer(reply);
               if (outcome.kind == sdk::OutcomeKind::accepted) outcome.price = std::move(price);
               note_health(outcome);
               open.end(outcome);
             });
}

void KannelChannel::note_health(const sdk::Outcome &outcome) {
  const bool is_down{outcome.kind == sdk::OutcomeKind::not_sent &&
                     (outcome.whole_instance || outcome.code == "http")};
  const bool is_up{outcome.kind == sdk::OutcomeKind::accepted || outcome.kind == sdk::OutcomeKind::rejected};
  if (!is_down && !is_up) return;
  const auto level = is_down ? sdk::HealthLevel::down : sdk::HealthLevel::up;
  if (is_up && health_ == level) return;
  health_ = level;
  if (is_up) return host_.health(level);
  // Without a time nobody would ever look again. Each failed attempt says anew when.
  const auto pause_ms = outcome.whole_instance ? kMisconfiguredPauseMs : kUnreachablePauseMs;
  host_.health(level, outcome.code, outcome.text, host_.wall_ms() + pause_ms);
}

sdk::Quote KannelChannel::quote(const sdk::Message &message) const {
  return to_quote(prepare(message, settings_.sender, settings_.text, settings_.prices));
}

sdk::Authenticated KannelChannel::authenticate(const sdk::WebhookRequest &request) const {
  return is_genuine(request.url, settings_.callback_secret) ? sdk::Verdict::genuine : sdk::Verdict::forged;
}

void KannelChannel::parse(sdk::PendingParse pending) {
  if (pending.kind() != "webhook") return pending.unreadable("no callback");
  pending.end(read_callback(sdk::WebhookRequest::from_raw(pending.bytes()).url));
}

}  // namespace relance::sms::kannel
