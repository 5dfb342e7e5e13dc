#include "plugins/protocol/gateway/gateway.hpp"

#include "plugins/protocol/gateway/callback.hpp"
#include "plugins/protocol/gateway/reply.hpp"
#include "plugins/protocol/gateway/request.hpp"

#include <algorithm>

namespace relance::gateway {
namespace {

/// SNS has one certificate a region at a time.
constexpr std::size_t kCertificatesMax{8};
constexpr std::size_t kCertificateBytesMax{16'384};
/// Bodies remembered by what was signed with them: some hours of a busy account, 3 MB.
constexpr std::size_t kBodiesMax{16'384};
/// SNS forgets a subscription that nobody confirms for so long.
constexpr std::int64_t kConfirmableMs{3LL * 86'400'000};
/// So that nobody can make us ask Amazon more than a few times a second. It calls again after 20 s.
constexpr std::uint32_t kFetchAfterMs{1000};
/// Shorter settings ("1", "fr") occur in any text by chance.
constexpr std::size_t kSettingBytesMin{6};
/// A provider that is down is looked at again so soon, where its answer does not say when: without a time
/// nobody ever would.
constexpr std::int64_t kDownPauseMs{60'000};

}  // namespace

Gateway::Gateway(sdk::Host host, Description description)
    : host_{host}, http_{host}, description_{std::move(description)} {}

sdk::Traits Gateway::traits() const {
  sdk::Traits traits;
  traits.max_in_flight = description_.max_in_flight;
  traits.idempotency_window_ms = description_.idempotency_window_ms;
  if (!description_.callback)
    traits.without = RELANCE_CAP_WEBHOOK;
  else if (description_.delivered_within_ms > 0)
    traits.expected_receipts = {{RELANCE_RCPT_DELIVERED, 0, description_.delivered_within_ms}};
  return traits;
}

void Gateway::start() {
  if (description_.callback && host_.webhook_url().empty())
    host_.log(sdk::LogLevel::warning, "no receipts will come: this daemon has no listener for webhooks");
}

void Gateway::send(sdk::Pending pending, Variables variables, const Lists &lists,
                   std::optional<sdk::Price> price) {
  for (const auto &[name, value] : description_.values) variables.emplace(name, value);
  auto built = build_request(description_.request, variables, lists, host_.wall_ms());
  if (!built.missing.empty()) {
    return pending.end(sdk::Outcome::rejected(
        sdk::FailureClass::configuration, "template",
        "the message has no {" + built.missing + "}, which the provider's request needs"));
  }
  built.request.not_after_ms = pending->not_after_ms;
  http_.send(built.request,
             [this, open = std::move(pending), cost = std::move(price)](const sdk::HttpReply &reply) mutable {
               ended(std::move(open), reply, std::move(cost));
             });
}

void Gateway::ended(sdk::Pending pending, const sdk::HttpReply &reply, std::optional<sdk::Price> price) {
  auto outcome = to_outcome(description_.reply, reply);
  if (outcome.kind == sdk::OutcomeKind::accepted && !outcome.price) outcome.price = std::move(price);
  outcome.text = without_settings(std::move(outcome.text));
  outcome.code = without_settings(std::move(outcome.code));
  say_health(outcome);
  pending.end(outcome);
}

/// A provider that quotes our key in its error must not carry it into a log.
std::string Gateway::without_settings(std::string text) const {
  const auto cover = [&](const std::string &value) {
    if (value.size() < kSettingBytesMin) return;
    for (auto at = text.find(value); at != text.npos; at = text.find(value, at))
      text.replace(at, value.size(), "…");
  };
  for (const auto &[name, value] : description_.values) cover(value);
  for (const auto &credential : description_.request.credentials.items()) cover(credential.text());
  if (description_.callback) cover(description_.callback->signature.secret);
  return text;
}

/// Down: what was answered holds for every message; up again: a message was taken.
void Gateway::say_health(const sdk::Outcome &outcome) {
  const bool is_unreachable{outcome.kind == sdk::OutcomeKind::not_sent && outcome.code == "http"};
  if (outcome.whole_instance || is_unreachable) {
    const auto level = outcome.failure == sdk::FailureClass::configuration ? sdk::HealthLevel::down
                                                                           : sdk::HealthLevel::degraded;
    is_down_ = true;
    host_.health(level, outcome.code, outcome.text,
                 host_.wall_ms() + (outcome.retry_after_ms > 0 ? outcome.retry_after_ms : kDownPauseMs));
  } else if (outcome.kind == sdk::OutcomeKind::accepted && is_down_.exchange(false)) {
    host_.health(sdk::HealthLevel::up);
  }
}

sdk::Authenticated Gateway::authenticate(const sdk::WebhookRequest &request) {
  if (!description_.callback) return sdk::Verdict::forged;
  const auto &callback = *description_.callback;
  if (std::ranges::find(callback.methods, request.method) == callback.methods.end())
    return sdk::Verdict::forged;
  switch (check_signature(callback.signature, request, request.received_at_ms, this)) {
    case Trust::genuine:
      if (!is_own_body(request)) break;
      return {sdk::Verdict::genuine, callback.answer};
    case Trust::later:
      // Nothing is stored and the provider tries again; by then the certificate is here.
      return {sdk::Verdict::challenge, {.status = 503, .headers = {{"retry-after", "10"}}, .body = {}}};
    case Trust::forged:
      break;
  }
  return sdk::Verdict::forged;
}

/// Whoever has seen one request may send others under its signature, as long as that is recent. The first
/// body is its own; the provider's repeats are the same bytes.
bool Gateway::is_own_body(const sdk::WebhookRequest &request) {
  auto once = signed_once(description_.callback->signature, request);
  if (once.empty()) return true;
  auto hash = digest(Hash::sha256, request.body);
  const std::lock_guard lock{mutex_};
  const auto [found, is_new] = bodies_.emplace(std::move(once), hash);
  if (!is_new) return found->second == hash;
  bodies_in_order_.push_back(found->first);
  if (bodies_in_order_.size() > kBodiesMax) {
    bodies_.erase(bodies_in_order_.front());
    bodies_in_order_.pop_front();
  }
  return true;
}

std::optional<std::string> Gateway::certificate(std::string_view url) {
  const std::lock_guard lock{mutex_};
  if (const auto found = certificates_.find(url); found != certificates_.end()) return found->second;
  if (wanted_.size() < kCertificatesMax && wanted_.emplace(url).second) host_.wake(kFetchAfterMs);
  return std::nullopt;
}

void Gateway::wake() {
  std::set<std::string, std::less<>> wanted;
  {
    const std::lock_guard lock{mutex_};
    wanted.swap(wanted_);
  }
  for (const auto &url : wanted) {
    sdk::HttpRequest request{.url = url};
    request.options = {.timeout_ms = 10'000, .reply_max = kCertificateBytesMax, .is_idempotent = true};
    http_.send(request, [this, url](const sdk::HttpReply &reply) {
      if (!reply.is_success() || !certificate_key(reply.body, host_.wall_ms())) {
        host_.log(sdk::LogLevel::warning, "the certificate of the callbacks' signature did not come",
                  {{"url", url}, {"error", reply.error}});
        return;
      }
      const std::lock_guard lock{mutex_};
      if (certificates_.size() >= kCertificatesMax) certificates_.clear();
      certificates_.insert_or_assign(url, reply.body);
    });
  }
}

void Gateway::parse(sdk::PendingParse pending) {
  if (pending.kind() != "webhook" || !description_.callback) return pending.unreadable("not a callback");
  const auto request = sdk::WebhookRequest::from_raw(pending.bytes());
  if (description_.callback->signature.scheme == Scheme::sns) {
    const auto message = sdk::Json::parse(request.body);
    if (message["Type"].text() == "SubscriptionConfirmation")
      return confirm_subscription(std::move(pending), message["SubscribeURL"].text());
    if (message["Type"].text() == "UnsubscribeConfirmation") return pending.done({});
  }
  pending.end(to_parsed(read_callback(*description_.callback, request)));
}

/// The signature was checked when it came; the address is pinned again, as bytes may be parsed years later.
void Gateway::confirm_subscription(sdk::PendingParse pending, const std::string &url) {
  const bool is_old{pending.received_at_ms() < host_.wall_ms() - kConfirmableMs};
  if (!is_sns_url(url) || is_old) return pending.done({});
  sdk::HttpRequest request{.url = url};
  request.options = {.timeout_ms = 10'000, .is_idempotent = true};
  http_.send(request, [this, open = std::move(pending)](const sdk::HttpReply &reply) mutable {
    if (!reply.is_success()) return open.retry("the subscription was not confirmed: " + reply.error);
    host_.log(sdk::LogLevel::info, "the subscription of this address to the topic is confirmed");
    open.done({});
  });
}

}  // namespace relance::gateway
