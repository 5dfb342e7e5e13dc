// Providers that take a draft first: between the two phases the draft is on record, and what was withdrawn, comes too
// late or is paused is not released. A draft that nobody has released is certainly not sent; one that an earlier run may
// have released is in doubt.
#include "host/base/log.hpp"
#include "host/engine/loop.hpp"

namespace relance::engine {

bool Engine::Loop::commit_prepared() {
  const auto wall = WallClock{}.now();
  if (prepared_.empty() || wall < store_retry_at_) return false;
  bool any{false};
  for (auto it = prepared_.begin(); it != prepared_.end();) {
    if (!commit_one(it->first, it->second, wall)) {
      ++it;
      continue;
    }
    it = prepared_.erase(it);
    any = true;
  }
  return any;
}

/// True when it was released, or ends otherwise.
bool Engine::Loop::commit_one(store::AttemptId id, const Prepared &prepared, Instant wall) {
  const auto found = store_->attempt(id);
  if (!found) {
    if (found.error().kind == ErrorKind::not_found) return true;
    store_failed(found.error(), "read a draft");
    return false;
  }
  const auto &attempt = *found;
  if (!attempt.is_prepared) return true;
  auto *pooled = pool_.find(attempt.provider);
  const auto token = static_cast<channel::Token>(id);
  const auto end = [&](std::string code, std::string text) {
    if (pooled != nullptr) {
      pooled->provider->discard(attempt.refs);
      pool_.note_ended(attempt.provider, token, domain::OutcomeKind::not_sent);
    }
    store::OutcomeRecord outcome;
    outcome.attempt = id;
    outcome.kind = prepared.may_be_released ? domain::OutcomeKind::unknown : domain::OutcomeKind::not_sent;
    outcome.code = std::move(code);
    outcome.text = std::move(text);
    outcome.retry_at = clock_.now();
    outcomes_.push_back(std::move(outcome));
    return true;
  };
  if (attempt.is_withdrawn) {
    log::event(log::Id::DISPATCH_WITHDRAWN, {{"attempt", id}});
    return end("withdrawn", "withdrawn between the two phases");
  }
  if (wall >= attempt.not_after) return end("not_after", "its time to leave passed between the two phases");
  if (pooled == nullptr) return end("no_provider", "its provider was taken out of the configuration between the two phases");
  if (is_paused_ || pooled->is_absent) return false;
  if (!prepared.may_be_released) {
    const store::AttemptId ids[]{id};
    const auto may = store_->may_hand_over(ids);
    if (!may) {
      store_failed(may.error(), "release a draft");
      return false;
    }
    if (may->empty()) return end("withdrawn", "withdrawn between the two phases");
  }
  pooled->provider->commit(token, attempt.refs, attempt.not_after);
  return true;
}

}  // namespace relance::engine
