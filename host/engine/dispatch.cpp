// From claim to hand-over: decide each due debtor on the facts of this moment (decided.cpp), route and render what is
// sent (sending.cpp), make the intents of the whole batch durable in one transaction, and only then hand them over.
#include "host/base/crash_point.hpp"
#include "host/base/log.hpp"
#include "host/engine/fail_over.hpp"
#include "host/engine/loop.hpp"

#include <algorithm>

namespace relance::engine {

bool Engine::Loop::dispatch() {
  const auto wall = WallClock{}.now();
  if (is_paused_ || is_draining_ || volume_.is_held() || wall < starved_until_ || wall < store_retry_at_) return false;
  const auto &limits = settings_->configuration().limits;
  if (pool_.in_flight() >= limits.in_flight_max) return false;
  const auto now = clock_.now();
  read_use();
  pool_.refresh();  // rates, pauses and windows move with time alone
  const auto room = std::min<std::size_t>(limits.in_flight_max - pool_.in_flight(), pool_.credit());
  if (room == 0) return false;
  const auto wanted = std::min<std::size_t>(limits.claim_batch, room);
  auto claimed = store_->claim_due(now, wanted);
  if (!claimed) {
    store_failed(claimed.error(), "claim");
    return false;
  }
  auto &claims = claimed.value();
  if (claims.empty()) return false;
  ++counts_.batches;
  counts_.claims += claims.size();
  crash_point(CrashPoint::claimed);

  std::vector<Draft> drafts;
  std::vector<store::Settlement> settlements;
  drafts.reserve(claims.size());
  settlements.reserve(claims.size());
  bool is_starved{false};
  Instant retry_at{Instant::max()};
  const auto drawn = composer_->drawn();
  for (const auto &claim : claims) {
    if (composer_->drawn() - drawn >= kPagesABatch) break;
    drafts.push_back(decide_debtor(claim, now, wall));
  }
  const bool is_cut{drafts.size() < claims.size()};
  if (is_cut) {  // due still: the next pass has them, behind what came in meanwhile
    if (auto released = store_->release(std::span{claims}.subspan(drafts.size()), now); !released)
      store_failed(released.error(), "release");
    claims.erase(claims.begin() + static_cast<std::ptrdiff_t>(drafts.size()), claims.end());
  }
  quote_drafts(claims, drafts, now, wall);
  const bool steps_aside{claims.size() == wanted && let_others_pass(drafts, now)};
  for (auto &draft : drafts) {
    settlements.push_back(std::move(draft.settlement));
    is_starved = is_starved || draft.is_starved;
    retry_at = std::min(retry_at, draft.retry_at);
  }
  if (is_too_much(drafts, now)) {
    if (auto released = store_->release(claims, now); !released) store_failed(released.error(), "release");
    pool_.refresh();
    return false;
  }
  crash_point(CrashPoint::decided);
  const auto outcomes = outcomes_to_record();
  auto settled = store_->settle(settlements, now, wall, outcomes);
  if (!settled) {
    store_failed(settled.error(), "settle");
    if (auto released = store_->release(claims, now); !released) store_failed(released.error(), "release");
    pool_.refresh();
    return false;
  }
  store_works();
  outcomes_recorded(outcomes.size());
  const auto &results = settled.value();
  for (std::size_t i{0}; i < results.size(); ++i) {
    if (results[i].is_stale) ++counts_.stale;
    if (results[i].refused.empty()) continue;
    ++counts_.refused;
    log::event(log::Id::DISPATCH_REFUSED_BY_STORE, {{"debtor", claims[i].code}, {"why", results[i].refused}});
    if (auto rested = store_->release(std::span{&claims[i], 1}, now + kRestAfterFault); !rested)
      store_failed(rested.error(), "release");
  }
  crash_point(CrashPoint::intended);
  hand_over(drafts, results);
  crash_point(CrashPoint::submitted);
  // Nothing could be routed for now: wait for news of the providers, not for the next spin of this loop.
  if (is_starved && !steps_aside) starved_until_ = std::min(retry_at, wall + Milliseconds{500});
  if (!outcomes.empty() || steps_aside) return true;
  for (std::size_t i{0}; i < drafts.size(); ++i)
    if (!drafts[i].is_starved || !settlements[i].changes.empty() || !settlements[i].scenarios.empty())
      return true;
  return false;
}

/// A whole batch that waits for providers which are away must not keep those of other providers behind it from leaving.
bool Engine::Loop::let_others_pass(std::vector<Draft> &drafts, Instant now) const {
  if (clock_.is_virtual()) return false;  // what is due stays due: the clock waits for it
  for (const auto &draft : drafts)
    if (!draft.is_starved || !draft.may_step_aside) return false;
  for (auto &draft : drafts) draft.settlement.next_at = now + kStepAside;
  return true;
}

/// Far more messages than on a usual day: an import gone wrong looks like this. Nothing leaves until a person has looked.
bool Engine::Loop::is_too_much(const std::vector<Draft> &drafts, Instant now) {
  const auto &limits = settings_->configuration().limits;
  std::uint64_t messages{0};
  for (const auto &draft : drafts) messages += draft.outgoing.size();
  const auto day = std::chrono::floor<Days>(now);
  if (volume_.begin_day(CivilDate{day.time_since_epoch()})) keep_volume();
  if (volume_.allows(messages, limits.volume_guard, limits.volume_guard_least)) return false;
  keep_volume();  // a restart does not let go what is held
  log::event(log::Id::ENGINE_HELD_BY_VOLUME,
             {{"today", volume_.today()}, {"more", messages}, {"usual", volume_.usual().value_or(0)}});
  return true;
}

Engine::Loop::Draft Engine::Loop::decide_debtor(const store::Claim &claim, Instant now, Instant wall) {
  Draft draft;
  auto &settlement = draft.settlement;
  settlement.creditor = claim.creditor;
  settlement.debtor = claim.debtor;
  settlement.facts_version = claim.facts_version;
  settlement.epoch = claim.epoch;
  for (const auto &view : claim.cases) {
    const auto setting = settings_->of(claim, view);
    if (!setting) {
      if (const auto why = setting.error().text(); note_fault(view.facts.id, why))
        log::event(log::Id::DISPATCH_SETTING_MISSING, {{"debtor", claim.code}, {"why", why}});
      settlement.next_at = std::min(settlement.next_at, now + kRestAfterFault);
      continue;
    }
    if (view.scenario != setting->scenario->id)
      settlement.scenarios.emplace_back(view.facts.id, setting->scenario->id);
    const auto decide_one = [&](const domain::CaseFacts &facts) {
      const bool has_tried{std::any_of(facts.reminders.begin(), facts.reminders.end(),
                                       [](const auto &reminder) { return !reminder.tried.empty(); })};
      if (!draft.contacted_on && !has_tried) return decide_unit(claim, view, *setting, facts, now, wall, draft);
      auto seen = facts;
      // Another case of this debtor gets a message in this very settlement.
      if (draft.contacted_on) seen.contacted_on = draft.contacted_on;
      if (has_tried)
        note_fail_over(seen, *setting->scenario, *setting->recipient_region, claim.contacts, now,
                       [this](const std::string &id) {
                         const auto *pooled = pool_.find(id);
                         return pooled != nullptr && !pooled->status.is_paused && pooled->status.closed_because.empty() &&
                                pooled->held_because.empty();
                       });
      decide_unit(claim, view, *setting, seen, now, wall, draft);
    };
    if (setting->scenario->group_by == domain::GroupBy::debtor)
      decide_one(view.facts);
    else
      for (const auto &unit : split(view.facts, setting->scenario->group_by)) decide_one(unit);
  }
  // Waiting for a provider is no decision made again and again.
  if (!draft.is_starved) settlement.next_at = rest(claim, now, settlement.next_at);
  return draft;
}

bool Engine::Loop::note_fault(store::CaseId case_id, const std::string &why) {
  if (faults_.size() >= kFaultsKeptMax && !faults_.contains(case_id)) faults_.clear();
  auto &kept = faults_[case_id];
  if (kept == why) return false;
  kept = why;
  return true;
}

void Engine::Loop::note_letterhead(const std::string &creditor, const std::string &why) {
  if (why.empty()) {
    if (letterheads_.erase(creditor) > 0)
      log::event(log::Id::DISPATCH_LETTERHEAD_WORKS, {{"creditor", creditor}});
  } else if (auto &told = letterheads_[creditor]; told != why) {
    told = why;
    log::event(log::Id::DISPATCH_LETTERHEAD_UNUSABLE, {{"creditor", creditor}, {"why", why}});
  }
}

/// A debtor that is due again at the very moment it was decided at makes progress each time; one that never
/// ends must rest.
Instant Engine::Loop::rest(const store::Claim &claim, Instant now, Instant next_at) {
  if (next_at > now) {
    moments_.erase(claim.debtor);
    return next_at;
  }
  auto &[moment, count] = moments_[claim.debtor];
  // Real time moves on while a case goes round: what belongs to one moment is a minute wide.
  const bool is_same{now - moment < kMomentWidth};
  count = is_same ? count + 1 : 1;
  if (!is_same) moment = now;
  if (count <= kDecisionsPerMomentMax) return next_at;
  log::event(log::Id::DISPATCH_GOING_ROUND, {{"debtor", claim.code}});
  moments_.erase(claim.debtor);
  return now + kRestAfterFault;
}

}  // namespace relance::engine
