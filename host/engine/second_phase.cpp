// Providers that take a draft first: between the two phases the draft is on record, and what was withdrawn, comes too
// late or is paused is not released. The second phase has an intent of its own, written before a provider hears of it:
// without that note a draft is certainly not sent, whatever happens to the daemon; with it, and without an answer, it is in
// doubt.
#include "host/base/crash_point.hpp"
#include "host/base/log.hpp"
#include "host/engine/loop.hpp"

#include <algorithm>
#include <iterator>

namespace relance::engine {
namespace {

constexpr std::size_t kReleasesMax{256};  // noted in one transaction

}  // namespace

bool Engine::Loop::commit_prepared() {
  const auto wall = WallClock{}.now();
  if (prepared_.empty() || wall < store_retry_at_) return false;
  bool any{false};
  std::vector<store::OpenAttempt> releases;
  for (auto it = prepared_.begin(); it != prepared_.end() && releases.size() < kReleasesMax;) {
    const auto next = judge_draft(it->first, it->second, wall, releases);
    it = next == DraftStep::ended ? prepared_.erase(it) : std::next(it);
    any = any || next == DraftStep::ended;
  }
  return release(releases) || any;
}

Engine::Loop::DraftStep Engine::Loop::judge_draft(store::AttemptId id, const Prepared &prepared, Instant wall,
                                                  std::vector<store::OpenAttempt> &releases) {
  auto found = store_->attempt(id);
  if (!found) {
    if (found.error().kind == ErrorKind::not_found) return DraftStep::ended;
    store_failed(found.error(), "read a draft");
    return DraftStep::waits;
  }
  const auto &attempt = *found;
  if (!attempt.is_prepared) return DraftStep::ended;
  auto *pooled = pool_.find(attempt.provider);
  const auto token = static_cast<channel::Token>(id);
  const auto end = [&](std::string code, std::string text) {
    if (pooled != nullptr) {
      discard(*pooled, attempt, attempt.refs);
      pool_.note_ended(attempt.provider, token, domain::OutcomeKind::not_sent);
    }
    store::OutcomeRecord outcome;
    outcome.attempt = id;
    outcome.kind = prepared.may_be_released ? domain::OutcomeKind::unknown : domain::OutcomeKind::not_sent;
    outcome.code = std::move(code);
    outcome.text = std::move(text);
    outcome.retry_at = clock_.now();
    outcomes_.push_back(std::move(outcome));
    return DraftStep::ended;
  };
  if (attempt.is_withdrawn) {
    log::event(log::Id::DISPATCH_WITHDRAWN, {{"attempt", id}});
    return end("withdrawn", "withdrawn between the two phases");
  }
  if (wall >= attempt.not_after) return end("not_after", "its time to leave passed between the two phases");
  if (pooled == nullptr) return end("no_provider", "its provider was taken out of the configuration between the two phases");
  if (is_paused_ || pooled->is_absent) return DraftStep::waits;
  if (!prepared.is_of_earlier_run) {
    const store::AttemptId ids[]{id};
    const auto may = store_->may_hand_over(ids);
    if (!may) {
      store_failed(may.error(), "release a draft");
      return DraftStep::waits;
    }
    if (may->empty()) return end("withdrawn", "withdrawn between the two phases");
  }
  if (prepared.was_in_doubt) {
    const auto is_true = still_holds(attempt);
    if (!is_true) return DraftStep::waits;
    if (!*is_true) return end("changed", "what it says is true no more");
  }
  releases.push_back(std::move(*found));
  return DraftStep::waits;
}

bool Engine::Loop::release(const std::vector<store::OpenAttempt> &drafts) {
  if (drafts.empty()) return false;
  std::vector<store::AttemptId> ids;
  for (const auto &draft : drafts) ids.push_back(draft.id);
  if (const auto noted = store_->note_released(ids); !noted) {
    store_failed(noted.error(), "note what is released");
    return false;
  }
  store_works();
  crash_point(CrashPoint::releasing);
  for (const auto &draft : drafts) {
    auto *pooled = pool_.find(draft.provider);
    if (pooled == nullptr) continue;  // it was there just now, and nothing changes between
    if (const auto prepared = prepared_.extract(draft.id); !prepared.empty() && prepared.mapped().may_be_released)
      released_before_.insert(draft.id);
    pooled->provider->commit(attempt_ref(draft), draft.not_after);
  }
  crash_point(CrashPoint::released);
  return true;
}

channel::AttemptRef Engine::Loop::attempt_ref(const store::OpenAttempt &attempt) const {
  return {.token = static_cast<channel::Token>(attempt.id),
          .idempotency_key = attempt.idempotency_key,
          .refs = attempt.refs,
          .sender = settings_->sender(attempt.creditor, attempt.channel)};
}

void Engine::Loop::discard(PooledProvider &pooled, const store::OpenAttempt &attempt,
                           std::vector<std::string> refs) {
  auto draft = attempt_ref(attempt);
  draft.refs = std::move(refs);
  pooled.provider->discard(std::move(draft));
}

void Engine::Loop::note_discard(const std::string &provider, const channel::Discard &discard) {
  static constexpr std::string_view kResults[]{"gone", "released", "unknown"};
  const auto id = discard.kind == channel::DiscardKind::gone       ? log::Id::DRAFT_DISCARDED
                  : discard.kind == channel::DiscardKind::released ? log::Id::DRAFT_RELEASED
                                                                   : log::Id::DRAFT_LEFT;
  log::event(id, {{"provider", provider},
                  {"attempt", discard.token},
                  {"result", kResults[static_cast<std::size_t>(discard.kind)]},
                  {"text", discard.text}});
}

/// The end that was made up in the plugin's place stands: what nobody released was not sent, and its message
/// may be on its way again under another key.
void Engine::Loop::take_late_draft(const std::string &provider, const channel::Outcome &outcome) {
  const auto id = static_cast<store::AttemptId>(outcome.token);
  auto *pooled = pool_.find(provider);
  const auto attempt = store_->attempt(id);
  const auto is_known = [&](const std::string &ref) {
    return std::find(attempt->refs.begin(), attempt->refs.end(), ref) != attempt->refs.end();
  };
  if (pooled == nullptr || outcome.refs.empty() || !attempt || attempt->provider != provider ||
      std::any_of(outcome.refs.begin(), outcome.refs.end(), is_known))
    return;  // a question has found it meanwhile, and it goes its way
  discard(*pooled, *attempt, outcome.refs);
  log::event(log::Id::DRAFT_CAME_LATE, {{"provider", provider}, {"attempt", outcome.token}});
  const auto doubt = doubts_.find(id);
  if (doubt == doubts_.end() || doubt->second.asked != Doubt::Way::none || attempt->is_released) return;
  store::OutcomeRecord end;
  end.attempt = id;
  end.kind = domain::OutcomeKind::not_sent;
  end.failure = domain::FailureClass::temporary;
  end.code = "late_draft";
  end.text = "it was a draft, which nobody released";
  end.retry_at = clock_.now();
  outcomes_.push_back(std::move(end));
}

void Engine::Loop::note_repeated_release(channel::Outcome &outcome) {
  const bool was_released{released_before_.erase(static_cast<store::AttemptId>(outcome.token)) > 0};
  if (was_released && outcome.kind == domain::OutcomeKind::not_sent) outcome.kind = domain::OutcomeKind::unknown;
}

}  // namespace relance::engine
