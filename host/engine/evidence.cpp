// Proofs that receipts only named: asked for at their providers, a few at a time, again and again until the
// document is here or the provider has it no more. What is still to be fetched stands in the store, so that
// neither a restart nor a provider that is away forgets it.
#include "host/base/log.hpp"
#include "host/engine/loop.hpp"

#include <algorithm>

namespace relance::engine {
namespace {

/// A document may have megabytes: few at a time, and nobody waits for them.
constexpr std::size_t kFetchesMax{16};
constexpr Milliseconds kFetchAgainFirst{1000};
constexpr Milliseconds kFetchAgainLast{std::chrono::hours{6}};
constexpr Milliseconds kPausedRetry{30'000};

Milliseconds fetch_pause_after(std::int32_t tries) {
  auto pause = kFetchAgainFirst;
  for (std::int32_t i{0}; i < tries && pause < kFetchAgainLast; ++i) pause *= 2;
  return std::min(pause, kFetchAgainLast);
}

}  // namespace

bool Engine::Loop::fetch_evidence() {
  const auto wall = WallClock{}.now();
  if (is_draining_ || wall < store_retry_at_ || wall < evidence_at_ || fetching_.size() >= kFetchesMax)
    return false;
  std::vector<std::string> providers;
  auto next = Instant::max();
  for (const auto &[id, pooled] : pool_.all()) {
    if (!pooled.provider->traits().can_fetch_evidence) continue;
    if (pooled.is_absent || (pooled.status.is_paused && pooled.status.paused_until > wall)) {
      next = wall + kPausedRetry;
    } else {
      providers.push_back(id);
    }
  }
  evidence_at_ = next;
  if (providers.empty()) return false;
  auto turn = store_->evidence_wanted(providers, wall, kFetchesMax);
  if (!turn) {
    store_failed(turn.error(), "read what evidence is to be fetched");
    evidence_at_ = Instant::min();
    return false;
  }
  evidence_at_ = std::min(next, turn->next);
  bool any{false};
  for (auto &one : turn->wanted) {
    if (fetching_.size() >= kFetchesMax) break;  // the next answer looks again
    if (!fetching_.emplace(one.id, Fetching{one.provider, one.tries}).second) continue;
    channel::EvidenceWish wish;
    wish.token = static_cast<channel::Token>(one.id);
    wish.reference = std::move(one.reference);
    wish.media_type = std::move(one.media_type);
    wish.file_name = std::move(one.file_name);
    wish.idempotency_key = std::move(one.idempotency_key);
    if (!one.refs.empty()) wish.ref = std::move(one.refs.front());
    pool_.find(one.provider)->provider->fetch(std::move(wish));
    any = true;
  }
  return any;
}

void Engine::Loop::take_fetched(std::vector<From<channel::Fetched>> fetched) {
  const auto wall = WallClock{}.now();
  for (auto &[provider, one] : fetched) {
    const auto found = fetching_.find(static_cast<store::FetchId>(one.token));
    if (found == fetching_.end() || found->second.is_answered || found->second.provider != provider) continue;
    found->second.is_answered = true;
    auto &record = fetched_.emplace_back();
    record.id = found->first;
    record.error = std::move(one.error);
    if (one.kind == channel::FetchKind::fetched) {
      record.end = store::FetchEnd::fetched;
      record.document = {std::move(one.document.media_type),
                         std::move(one.document.file_name),
                         std::move(one.document.bytes),
                         {}};
    } else if (one.kind == channel::FetchKind::gone) {
      record.end = store::FetchEnd::gone;
    } else {
      const auto pause = fetch_pause_after(found->second.tries);
      record.next_try = wall + std::clamp(one.retry_after.value_or(pause), kFetchAgainFirst, kFetchAgainLast);
    }
  }
}

bool Engine::Loop::record_fetches() {
  if (fetched_.empty() || WallClock{}.now() < store_retry_at_) return false;
  if (auto recorded = store_->record_fetches(fetched_, clock_.now()); !recorded) {
    store_failed(recorded.error(), "record evidence");
    return false;
  }
  store_works();
  for (const auto &record : fetched_) {
    const auto found = fetching_.find(record.id);
    const auto id = record.end == store::FetchEnd::fetched ? log::Id::EVIDENCE_FETCHED
                    : record.end == store::FetchEnd::gone  ? log::Id::EVIDENCE_GONE
                                                           : log::Id::EVIDENCE_AWAY;
    log::event(id, {{"provider", found->second.provider}, {"fetch", record.id}, {"why", record.error}});
    fetching_.erase(found);
  }
  fetched_.clear();
  evidence_at_ = Instant::min();
  return true;
}

/// Its last words have been taken: nothing more comes of what it was asked.
void Engine::Loop::forget_fetches_of(const std::string &provider) {
  std::erase_if(fetching_,
                [&](const auto &one) { return one.second.provider == provider && !one.second.is_answered; });
  evidence_at_ = Instant::min();
}

}  // namespace relance::engine
