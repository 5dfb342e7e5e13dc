// What may have been sent and nobody knows: asked of providers that can tell, repeated where the provider drops
// repeats, and otherwise left in doubt. Nothing here ever makes a second message: the same key with the same bytes
// goes only to a provider that promised to drop repeats, only before the attempt's own not_after, and only while every
// word of it is still true.
#include "host/base/log.hpp"
#include "host/engine/loop.hpp"

#include <algorithm>

namespace relance::engine {
namespace {

using domain::OutcomeKind;

constexpr std::size_t kDoubtsMax{10'000};

Milliseconds pause_after(int tries) {
  auto pause = kAskAgainFirst;
  for (int i{1}; i < tries && pause < kAskAgainLast; ++i) pause *= 2;
  return std::min(pause, kAskAgainLast);
}

/// Nothing that the message says or stands for has changed since it was decided.
bool is_still_true(const store::StoredMessage &message, const store::Claim &claim) {
  const auto view = std::find_if(claim.cases.begin(), claim.cases.end(),
                                 [&](const auto &one) { return one.facts.id == message.case_id; });
  if (view == claim.cases.end()) return false;
  const auto &facts = view->facts;
  if (facts.state != domain::CaseState::open || facts.held_until || !facts.promises.empty()) return false;
  const bool are_as_said{std::all_of(message.items.begin(), message.items.end(), [&](const auto &said) {
    return std::any_of(facts.items.begin(), facts.items.end(), [&](const auto &item) {
      return item.id == said.receivable && item.state == domain::ItemState::open && !item.held_until &&
             item.round == said.round && item.balance_minor == said.balance_minor;
    });
  })};
  const auto &attempt = message.attempt;
  return are_as_said && std::any_of(claim.contacts.begin(), claim.contacts.end(), [&](const auto &contact) {
           return contact.id == attempt.contact && contact.address == attempt.address && !contact.is_suppressed;
         });
}

}  // namespace

void Engine::Loop::refresh_doubts() {
  auto listed = store_->doubts(kDoubtsMax);
  if (!listed) return store_failed(listed.error(), "list what is in doubt");
  doubts_changed_ = false;
  std::map<store::AttemptId, Doubt> doubts;
  std::map<std::string, std::uint32_t> counted;
  for (auto &attempt : *listed) {
    ++counted[attempt.provider];
    const auto id = attempt.id;
    Doubt doubt;
    if (const auto known = doubts_.find(id); known != doubts_.end()) doubt = std::move(known->second);
    doubt.attempt = std::move(attempt);
    doubts.emplace(id, std::move(doubt));
  }
  doubts_ = std::move(doubts);
  for (auto &[id, pooled] : pool_.all()) pooled.in_doubt = counted[id];
  pool_.refresh();
}

bool Engine::Loop::ask_doubts() {
  const auto wall = WallClock{}.now();
  if (is_draining_ || wall < store_retry_at_) return false;
  bool any{false};
  for (auto &[id, doubt] : doubts_) {
    if (doubt.asked != Doubt::Way::none || doubt.next_try > wall) continue;
    auto *pooled = pool_.find(doubt.attempt.provider);
    if (pooled == nullptr || pooled->is_away()) {
      doubt.next_try = wall + kAskAgainFirst;
      continue;
    }
    any = ask(doubt, *pooled, wall) || any;
  }
  return any;
}

bool Engine::Loop::ask(Doubt &doubt, PooledProvider &pooled, Instant wall) {
  const auto &attempt = doubt.attempt;
  const auto &traits = pooled.provider->traits();
  const bool can_commit{traits.is_two_phase && !attempt.refs.empty()};
  const bool can_repeat{!traits.is_two_phase && traits.idempotency_window &&
                        wall < attempt.intended_at + *traits.idempotency_window - kClockMargin};
  const bool can_query{traits.can_query_by_key || (traits.can_query_by_ref && !attempt.refs.empty())};
  if ((can_commit || can_repeat) && !attempt.is_withdrawn && wall < attempt.not_after) {
    // Doubts fill the window that they are counted against: only what is in flight can be too much for a repeat.
    if (is_paused_ || !pooled.operator_because.empty() || pooled.in_flight.size() >= pooled.window) {
      doubt.next_try = wall + kAskAgainFirst;
      return false;
    }
    if (go_again(doubt, pooled)) return note_asked(doubt, can_commit ? Doubt::Way::commit : Doubt::Way::again, wall);
    if (store_retry_at_ > wall) return false;  // it could not be looked up: it keeps its turn
  }
  if (!can_query) {
    doubt.next_try = Instant::max();
    return false;
  }
  // The first copy may still be on its way out: an answer would not be the last word, unless it finds a draft that nobody
  // has told to go.
  const bool may_be_draft{traits.is_two_phase && traits.can_query_by_key && attempt.refs.empty()};
  if (wall < attempt.not_after + kClockMargin && !may_be_draft) {
    doubt.next_try = attempt.not_after + kClockMargin;
    return false;
  }
  pool_.note_asked(pooled, static_cast<channel::Token>(attempt.id));
  pooled.provider->query(attempt_ref(attempt));
  return note_asked(doubt, Doubt::Way::query, wall);
}

bool Engine::Loop::note_asked(Doubt &doubt, Doubt::Way way, Instant wall) {
  doubt.asked = way;
  doubt.asked_at = wall;
  ++doubt.tries;
  static constexpr std::string_view kWays[]{"none", "again", "commit", "query"};
  log::event(log::Id::OUTCOME_ASKED, {{"provider", doubt.attempt.provider},
                                      {"attempt", doubt.attempt.id},
                                      {"how", kWays[static_cast<std::size_t>(way)]}});
  return true;
}

bool Engine::Loop::go_again(const Doubt &doubt, PooledProvider &pooled) {
  const auto message = store_->stored_message(doubt.attempt.creditor, doubt.attempt.id);
  if (!message) {
    if (message.error().kind != ErrorKind::not_found) store_failed(message.error(), "read a message in doubt");
    return false;
  }
  if (message->is_thank_you) return false;
  const auto claim = store_->facts_of_debtor(doubt.attempt.creditor, message->debtor_code);
  if (!claim) store_failed(claim.error(), "read the facts of a message in doubt");
  if (!claim || !is_still_true(*message, *claim)) return false;
  const auto token = static_cast<channel::Token>(doubt.attempt.id);
  if (pooled.provider->traits().is_two_phase) {
    pool_.note_asked(pooled, token);
    pooled.provider->commit(attempt_ref(doubt.attempt), doubt.attempt.not_after);
    return true;
  }
  const auto view = std::find_if(claim->cases.begin(), claim->cases.end(),
                                 [&](const auto &one) { return one.facts.id == message->case_id; });
  const auto setting = settings_->of(*claim, *view);
  if (!setting || message->step < 0 || static_cast<std::size_t>(message->step) >= setting->scenario->steps.size())
    return false;
  if (content_hash(message->attempt, *setting) != message->attempt.content_hash) return false;  // other bytes by now
  const auto &step = setting->scenario->steps[static_cast<std::size_t>(message->step)];
  std::vector<channel::Submission> batch;
  batch.push_back(submission_of(message->attempt, doubt.attempt.id, message->attempt_number, *claim, *setting, &step));
  pool_.note_handed_over(pooled, token);
  pooled.provider->submit(std::move(batch));
  return true;
}

std::optional<bool> Engine::Loop::still_holds(const store::OpenAttempt &attempt) {
  const auto message = store_->stored_message(attempt.creditor, attempt.id);
  if (!message && message.error().kind == ErrorKind::not_found) return false;
  if (!message) return store_failed(message.error(), "read a message in doubt"), std::nullopt;
  const auto claim = store_->facts_of_debtor(attempt.creditor, message->debtor_code);
  if (!claim) return store_failed(claim.error(), "read the facts of a message in doubt"), std::nullopt;
  return is_still_true(*message, *claim);
}

bool Engine::Loop::is_going_again(store::AttemptId attempt) const {
  const auto found = doubts_.find(attempt);
  if (found == doubts_.end()) return false;
  const auto &doubt = found->second;
  return (doubt.asked == Doubt::Way::again || doubt.asked == Doubt::Way::commit) &&
         WallClock{}.now() < doubt.attempt.not_after + kClockMargin;
}

bool Engine::Loop::take_answer(const std::string &provider, channel::Outcome &outcome) {
  const auto found = doubts_.find(static_cast<store::AttemptId>(outcome.token));
  if (found == doubts_.end() || found->second.asked == Doubt::Way::none) return false;
  auto &doubt = found->second;
  const auto way = std::exchange(doubt.asked, Doubt::Way::none);
  const auto wall = WallClock{}.now();
  doubt.next_try = wall + pause_after(doubt.tries);
  bool is_learned{outcome.kind == OutcomeKind::accepted || outcome.kind == OutcomeKind::delivered ||
                  outcome.kind == OutcomeKind::rejected};
  if (way == Doubt::Way::query && outcome.kind == OutcomeKind::not_found) {
    auto *pooled = pool_.find(provider);
    const auto certain_after = pooled != nullptr ? pooled->provider->traits().not_found_certain_after : std::nullopt;
    const auto certain_from = certain_after ? doubt.attempt.not_after + *certain_after + kClockMargin : Instant::max();
    is_learned = doubt.asked_at >= certain_from;
    if (!is_learned && certain_after) doubt.next_try = std::max(doubt.next_try, certain_from);
    outcome.kind = OutcomeKind::not_sent;  // as if it had not been handed over
    if (outcome.code.empty()) outcome.code = "not_found";
  }
  if (way == Doubt::Way::query && outcome.kind == OutcomeKind::prepared && !outcome.refs.empty()) {
    const auto is_true = still_holds(doubt.attempt);
    is_learned = is_true.has_value();  // else it could not be looked up: asked again
    if (!is_true.value_or(false)) pool_.note_ended(provider, outcome.token, OutcomeKind::not_sent);
    if (is_learned && !*is_true) {  // what it says has changed while nobody knew of it
      if (auto *pooled = pool_.find(provider)) discard(*pooled, doubt.attempt, outcome.refs);
      outcome.kind = OutcomeKind::not_sent;
      outcome.code = "changed";
      outcome.text = "it was a draft, and what it says is true no more";
      outcome.retry_after = Milliseconds{0};
    }
  }
  // "Not sent" of a repeat says nothing of the first copy.
  if (!is_learned) return true;
  log::event(log::Id::OUTCOME_LEARNED,
             {{"provider", provider}, {"attempt", outcome.token}, {"outcome", domain::name_of(outcome.kind)}});
  return false;
}

}  // namespace relance::engine
