// Webhooks on the engine's thread: their place on disk, which their callers wait for, and the late judgement
// of those that came while nobody could judge.
#include "host/base/log.hpp"
#include "host/engine/loop.hpp"
#include "host/engine/webhook_raw.hpp"

#include <algorithm>

namespace relance::engine {
namespace {

constexpr unsigned kFirstServerError{500};

/// A plugin that lacks what it judges by (a certificate on its way) answers a challenge with 503: at the door
/// the provider comes again; of what waits here nobody knows whether it does.
bool is_for_later(const channel::Judgement &judgement) {
  return judgement.verdict == channel::Verdict::down ||
         (judgement.verdict == channel::Verdict::challenge && judgement.answer &&
          judgement.answer->status >= kFirstServerError);
}

}  // namespace

Result<void> Engine::Loop::open_hooks() {
  inbox_.pass_judgements_to(webhooks_);
  pool_.tell_webhook_urls([this](const std::string &provider) { return webhooks_.url_of(provider); });
  if (auto opened = webhooks_.tokens().open(*store_); !opened) return opened;
  const auto waiting = store_->unverified();
  if (!waiting) return waiting.error();
  for (const auto &share : *waiting) webhooks_.note_unverified(share.provider, share.count, share.bytes);
  return {};
}

Result<void> Engine::Loop::prepare_hooks(const config::Configuration &configuration) {
  webhooks_.set_public_url(configuration.hooks.public_url);
  for (const auto &settings : configuration.providers)
    if (auto added = webhooks_.tokens().add(*store_, settings.id); !added) return added;
  return {};
}

void Engine::Loop::publish_doors() {
  std::map<std::string, Webhooks::Door, std::less<>> doors;
  for (auto &[id, pooled] : pool_.all()) {
    pooled.provider->set_webhook_url(webhooks_.url_of(id));
    const auto &all = settings_->configuration().providers;
    const auto settings = std::ranges::find(all, id, &config::ProviderSettings::id);
    doors.emplace(id,
                  Webhooks::Door{pooled.provider, pooled.provider->traits().can_webhook,
                                 settings == all.end() ? std::vector<config::Secret>{} : settings->secrets});
  }
  webhooks_.open_doors(std::move(doors));
}

Result<void> Engine::Loop::rotate_hook(const std::string &provider, Milliseconds overlap) {
  Result<void> result{};
  if (!run([&] {
        result = pool_.find(provider) == nullptr
                     ? Result<void>{not_found("there is no provider " + provider)}
                     : webhooks_.tokens().rotate(*store_, provider, WallClock{}.now() + overlap);
        if (result) publish_doors();
      }))
    return unavailable("the daemon is stopping");
  return result;
}

void Engine::Loop::add_hooks_to(std::vector<store::InboundRecord> &records) {
  for (auto &hook : hooks_)
    records.push_back({hook.provider, hook.kind, std::exchange(hook.bytes, {}), hook.received_at});
}

void Engine::Loop::end_hooks(bool are_stored) {
  if (hooks_.empty()) return;
  if (are_stored)
    for (const auto &hook : hooks_)
      if (auto *pooled = pool_.find(hook.provider)) ++pooled->report.inbound;
  counts_.inbox_inbound += hooks_.size();
  webhooks_.end(std::exchange(hooks_, {}), are_stored);
}

void Engine::Loop::verify(const store::StoredInbound &row) {
  const auto token = ++last_verifying_;
  auto &asked = verifying_.emplace(token, Verifying{row.id, row.bytes->size(), nullptr}).first->second;
  if (auto request = webhook_of(*row.bytes)) {
    request->received_at = row.received_at;
    asked.request = std::make_shared<const channel::WebhookRequest>(std::move(*request));
  }
  if (!asked.request) {
    verified_.push_back({row.provider, {token, channel::Verdict::forged, {}, {}}});
    return;
  }
  pool_.find(row.provider)->provider->authenticate({{token, asked.request}});
}

void Engine::Loop::hurry_unverified(const std::string &provider) {
  if (!webhooks_.has_unverified(provider) || WallClock{}.now() < store_retry_at_) return;
  if (auto hurried = store_->hurry_unverified(provider, clock_.now()); !hurried)
    return store_failed(hurried.error(), "hurry unverified webhooks");
  parses_wait_ = true;
}

bool Engine::Loop::settle_verified() {
  if (verified_.empty() || WallClock{}.now() < store_retry_at_) return false;
  std::vector<store::VerifiedRecord> records;
  for (const auto &[provider, judgement] : verified_) {
    const auto asked = verifying_.find(judgement.token);
    if (asked == verifying_.end()) continue;
    store::VerifiedRecord record{asked->second.inbound, {}, {}, {}};
    if (judgement.verdict == channel::Verdict::genuine) record.kind = channel::kWebhookKind;
    if (judgement.verdict == channel::Verdict::poke) record.kind = channel::kPokeKind;
    if (!record.kind.empty() && asked->second.request)
      record.bytes = webhooks_.believed(provider, *asked->second.request);
    if (is_for_later(judgement))
      record.error = judgement.because.empty() ? "the plugin gave no judgement" : judgement.because;
    records.push_back(std::move(record));
  }
  const auto given_up = store_->settle_unverified(records, clock_.now());
  if (!given_up) {
    store_failed(given_up.error(), "settle unverified webhooks");
    return false;
  }
  store_works();
  for (const auto &[provider, judgement] : std::exchange(verified_, {})) {
    const auto asked = verifying_.find(judgement.token);
    if (asked == verifying_.end()) continue;
    parsing_.erase(asked->second.inbound);
    const bool is_given_up{std::ranges::find(*given_up, asked->second.inbound) != given_up->end()};
    if (is_for_later(judgement) && !is_given_up) {
      has_failed_parses_ = true;
      parse_retry_at_ = WallClock{}.now() + kParseRetry;
    } else {
      const bool is_dropped{is_given_up || judgement.verdict == channel::Verdict::forged ||
                            judgement.verdict == channel::Verdict::challenge};
      webhooks_.note_verified(provider, asked->second.bytes, is_dropped);
      log::event(log::Id::WEBHOOK_UNVERIFIED,
                 {{"provider", provider},
                  {"inbound", asked->second.inbound},
                  {"judged", is_dropped                                       ? "dropped"
                             : judgement.verdict == channel::Verdict::genuine ? "genuine"
                                                                              : "poke"}});
      parses_wait_ = true;
    }
    verifying_.erase(asked);
  }
  return true;
}

}  // namespace relance::engine
