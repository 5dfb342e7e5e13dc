// From claim to hand-over: decide each due debtor on the facts of this moment, find a route, render, make the
// intents of the whole batch durable in one transaction, and only then hand them over.
#include "host/base/crash_point.hpp"
#include "host/base/log.hpp"
#include "host/engine/fail_over.hpp"
#include "host/engine/loop.hpp"

#include <algorithm>
#include <optional>

namespace relance::engine {
namespace {

using domain::Decision;
using domain::DecisionKind;

/// The reasons as one line for the journal: machine names, since sentences may be reworded.
std::string why_text(const Decision &decision) {
  std::string text{domain::name_of(decision.kind)};
  for (const auto &reason : decision.reasons) {
    text += text.size() == domain::name_of(decision.kind).size() ? ": " : ", ";
    text += domain::name_of(reason.code);
    if (reason.day) text += '(' + format_date(*reason.day) + ')';
  }
  return text;
}

Instant from_decision(Instant at) {
  return at >= domain::kNever ? Instant::max() : at;
}

void add(store::Settlement &settlement, store::CaseChange change, std::string why) {
  settlement.changes.push_back(std::move(change));
  settlement.why.push_back(std::move(why));
}

std::string task_text(domain::TaskReason reason, const domain::Scenario &scenario, const Decision &decision) {
  const std::string step{decision.step >= 0 ? scenario.steps[static_cast<std::size_t>(decision.step)].id
                                            : "thank-you"};
  switch (reason) {
    case domain::TaskReason::in_doubt:
      // Of thanks, or of a step that was removed since, the number alone tells which one it is.
      return "Find out whether reminder " + std::to_string(decision.reminder) +
             (decision.step >= 0 ? " (" + step + ')' : "") +
             " reached the debtor, then: relancectl in-doubt resolve";
    case domain::TaskReason::channels_exhausted:
      return "No channel is left for " + step + ": reach the debtor in person";
    case domain::TaskReason::too_many_attempts:
      return "The message for " + step +
             " could not be handed over after many attempts: check the provider, reach the debtor";
    case domain::TaskReason::reaction:
      return "Act on what became of " + step;
    case domain::TaskReason::silence:
      return "No receipt came for " + step + " in the time that its provider states: find out whether it reached the debtor";
    case domain::TaskReason::none:
      break;
  }
  return step;
}

std::string_view task_kind(domain::TaskReason reason) {
  switch (reason) {
    case domain::TaskReason::in_doubt:
      return "in_doubt";
    case domain::TaskReason::channels_exhausted:
      return "channels_exhausted";
    case domain::TaskReason::too_many_attempts:
      return "too_many_attempts";
    case domain::TaskReason::reaction:
      return "reaction";
    case domain::TaskReason::silence:
      return "silence";
    case domain::TaskReason::none:
      break;
  }
  return "task";
}

/// No channel has reached the debtor: a person calls.
bool is_reached_by_hand(domain::TaskReason reason) {
  return reason == domain::TaskReason::channels_exhausted || reason == domain::TaskReason::too_many_attempts;
}

/// Of the reminder that is sent, or sent again.
std::int32_t round_of(const Decision &decision, const domain::CaseFacts &facts, const domain::ReminderFacts *again) {
  if (again != nullptr) return again->round;
  for (const auto &item : decision.items)
    for (const auto &known : facts.items)
      if (known.id == item.id) return known.round;
  return 1;
}

bool owes_more(const domain::CaseFacts &facts) {
  return std::any_of(facts.items.begin(), facts.items.end(), [](const auto &item) {
    return item.balance_minor > 0 && (item.state == domain::ItemState::open || item.state == domain::ItemState::disputed);
  });
}

/// Items that move to just before `step`: those already past it begin a new round, the others only move.
void move_to_step(store::Settlement &settlement, store::CaseId case_id, const domain::CaseFacts &facts,
                  const Decision &decision, const std::string &why) {
  store::MoveItems forward{case_id, decision.step - 1, {}, false},
      again{case_id, decision.step - 1, {}, true};
  for (const auto &moved : decision.items)
    for (const auto &item : facts.items)
      if (item.id == moved.id) (item.step >= decision.step ? again : forward).items.push_back(item.id);
  if (!forward.items.empty()) add(settlement, std::move(forward), why);
  if (!again.items.empty()) add(settlement, std::move(again), why);
}

}  // namespace

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

void Engine::Loop::decide_unit(const store::Claim &claim, const store::CaseView &view,
                               const CaseSetting &setting, const domain::CaseFacts &facts, Instant now,
                               Instant wall, Draft &draft) {
  ++counts_.decisions;
  auto &settlement = draft.settlement;
  const auto decision = domain::decide(facts, settings_->surroundings(setting, payment_data_until()), now);
  const auto case_id = view.facts.id;
  const auto &scenario = *setting.scenario;
  auto next_at = now;
  switch (decision.kind) {
    case DecisionKind::wait:
      next_at = from_decision(decision.at);
      break;
    case DecisionKind::send:
    case DecisionKind::send_again:
    case DecisionKind::thank:
      send(claim, view, setting, facts, decision, now, wall, draft);
      return;
    case DecisionKind::void_reminder:
      add(settlement, store::VoidReminder{case_id, decision.reminder}, why_text(decision));
      break;
    case DecisionKind::ask_approval: {
      const auto &step = scenario.steps[static_cast<std::size_t>(decision.step)];
      store::AskApproval ask{case_id,
                             decision.step,
                             step.id,
                             step.channels.empty() ? std::string{} : step.channels.front(),
                             decision.total_minor,
                             settings_->configuration().content_id(scenario, decision.step),
                             decision.at,
                             {}};
      for (const auto &item : decision.items) ask.items.push_back(item.id);
      add(settlement, std::move(ask), why_text(decision));
      break;
    }
    case DecisionKind::skip_step: {
      store::MoveItems skip{case_id, decision.step, {}, false};
      for (const auto &item : decision.items)
        if (item.is_moved) skip.items.push_back(item.id);
      add(settlement, std::move(skip), why_text(decision));
      break;
    }
    case DecisionKind::give_task:
      if (decision.task == domain::TaskReason::in_doubt)
        add(settlement, store::MarkInDoubt{case_id, decision.reminder, false}, why_text(decision));
      if (decision.task == domain::TaskReason::reaction || decision.task == domain::TaskReason::silence ||
          decision.task == domain::TaskReason::channels_exhausted)
        add(settlement, store::SettleReaction{case_id, decision.reminder, decision.reaction},
            why_text(decision));
      add(settlement,
          store::GiveTask{case_id, decision.reminder, std::string{task_kind(decision.task)},
                          task_text(decision.task, scenario, decision),
                          decision.task == domain::TaskReason::too_many_attempts ||
                              decision.task == domain::TaskReason::channels_exhausted,
                          is_reached_by_hand(decision.task) ? "call" : "", {}},
          why_text(decision));
      break;
    case DecisionKind::resolve_promise:
      add(settlement, store::ResolvePromise{case_id, decision.promise, decision.is_kept}, why_text(decision));
      if (!decision.is_kept && decision.step >= 0)
        move_to_step(settlement, case_id, facts, decision, why_text(decision));
      break;
    case DecisionKind::assume_sent:
      add(settlement, store::MarkInDoubt{case_id, decision.reminder, true}, why_text(decision));
      break;
    case DecisionKind::settle_reaction:
      add(settlement, store::SettleReaction{case_id, decision.reminder, decision.reaction},
          why_text(decision));
      break;
    case DecisionKind::restart_at:
      add(settlement, store::SettleReaction{case_id, decision.reminder, decision.reaction},
          why_text(decision));
      move_to_step(settlement, case_id, facts, decision, why_text(decision));
      break;
    case DecisionKind::hand_over:
      add(settlement, store::SetCaseState{case_id, domain::CaseState::handed_over}, why_text(decision));
      add(settlement,
          store::GiveTask{case_id, 0, "hand_over",
                          "Hand the file over to the agency or lawyer, with its evidence", false},
          why_text(decision));
      break;
    case DecisionKind::close:
      // One receivable of several is settled: the case lives on for the others.
      if (facts.items.size() < view.facts.items.size() && owes_more(view.facts)) {
        next_at = Instant::max();
        break;
      }
      add(settlement, store::SetCaseState{case_id, domain::CaseState::closed}, why_text(decision));
      next_at = Instant::max();
      break;
  }
  settlement.next_at = std::min(settlement.next_at, next_at);
}

void Engine::Loop::send(const store::Claim &claim, const store::CaseView &view, const CaseSetting &setting,
                        const domain::CaseFacts &facts, const Decision &decision, Instant now, Instant wall,
                        Draft &draft) {
  const auto &scenario = *setting.scenario;
  const bool is_thanks{decision.kind == DecisionKind::thank};
  const domain::Step *step{decision.step < 0 ? nullptr : &scenario.steps[static_cast<std::size_t>(decision.step)]};
  const domain::ReminderFacts *again{nullptr};
  for (const auto &reminder : facts.reminders)
    if (decision.kind == DecisionKind::send_again && reminder.id == decision.reminder) again = &reminder;
  std::vector<std::string> channels{
      is_thanks || (again != nullptr && again->is_thank_you) ? scenario.thank_you_channels : step->channels};
  std::size_t from{again != nullptr ? static_cast<std::size_t>(again->channels_tried) : 0};
  if (!decision.channel.empty()) {
    channels.assign(1, std::string{decision.channel});
    from = 0;
  }
  const auto providers = pool_.for_region(*setting.recipient_region, channels);
  const auto key = channel::route_key(claim.creditor, claim.debtor, view.facts.id, decision.step, round_of(decision, facts, again));
  auto refused = refusals_for(again, key, now);
  auto routing = channel::find_route(
      {channels, from, claim.contacts, claim.is_consumer, providers, key, refused, claim.country});
  // A letter that does not fit one provider may fit the next: each refusal leaves one fewer.
  std::optional<Result<store::NewAttempt>> fitting;
  while (routing.route) {
    fitting = composer_->compose(claim, view, setting, decision, *routing.route, now, wall);
    if (*fitting || fitting->error().kind != ErrorKind::conflict) break;
    refused.push_back({routing.route->provider->id, "it does not fit: " + fitting->error().message, true});
    routing = channel::find_route(
        {channels, from, claim.contacts, claim.is_consumer, providers, key, refused, claim.country});
  }
  if (!routing.route && !routing.is_temporary && decision.kind == DecisionKind::send) {
    // No channel of the step can reach this debtor: a person does, under the same key as the message would
    // have had.
    auto *person = pool_.find(kTaskProvider);
    if (person != nullptr && person->status.credit > 0)
      routing.route = channel::Route{channels.size(), nullptr, &person->status};
  }
  if (!routing.route) return no_route(claim, view, decision, routing, now, wall, draft);
  const auto &route = *routing.route;
  // What fitted nobody becomes a person's task.
  const bool is_composed{fitting && (fitting->has_value() || fitting->error().kind != ErrorKind::conflict)};
  auto attempt = is_composed ? std::move(*fitting)
                             : composer_->compose(claim, view, setting, decision, route, now, wall);
  if (attempt ? is_paper(attempt->channel) : attempt.error().kind == ErrorKind::unavailable)
    note_letterhead(setting.creditor->code, attempt ? std::string{} : attempt.error().text());
  if (!attempt) {
    const bool is_told{attempt.error().kind == ErrorKind::unavailable};
    if (const auto why = attempt.error().text(); note_fault(view.facts.id, why) && !is_told)
      log::event(log::Id::DISPATCH_RENDER_FAILED, {{"debtor", claim.code}, {"why", why}});
    draft.settlement.next_at = std::min(draft.settlement.next_at, now + kRestAfterFault);
    return;
  }
  if (!faults_.empty()) faults_.erase(view.facts.id);
  const auto &pooled = *pool_.find(route.provider->id);
  attempt->is_draft_at_most = pooled.provider->traits().submit_never_releases;
  if (pooled.settings.send_limits.is_counted()) attempt->counted_on = pooled.settings.send_limits.day_of(now);
  if (!unrouted_.empty()) unrouted_.erase(view.facts.id);
  --route.provider->credit;
  const bool is_task{route.provider->channel == channel::kTaskChannel};
  HandOver out{route.provider->id,
               submission_of(attempt.value(), 0,
                             again != nullptr ? static_cast<std::uint32_t>(again->attempts) + 1 : 1, claim,
                             setting, step),
               key, pooled.report.can_quote};
  auto task = attempt.value().subject;
  auto script =
      is_task && !attempt.value().content.empty() ? *attempt.value().content.front().bytes : std::string{};
  auto why = why_text(decision);
  for (const auto &refusal : routing.refusals)
    why += "; " + refusal.channel + " " + refusal.provider + ": " + refusal.because;
  if (again != nullptr) {
    // A reaction's own channel is the last one tried: the step's list does not go on behind it.
    const auto index = decision.channel.empty() ? route.channel_index : step->channels.size();
    store::IntendAgain intend;
    intend.case_id = view.facts.id;
    intend.reminder = again->id;
    intend.channel_index = static_cast<std::int32_t>(index);
    intend.despite_doubt = again->state == domain::ReminderState::in_doubt;  // the scenario's policy says "resend"
    intend.despite_silence = decision.reaction == domain::ReceiptKind::silence;
    intend.is_task = is_task;
    intend.decided_on = setting.creditor_region->zone.local(now).date;
    intend.attempt = std::move(attempt.value());
    add(draft.settlement, std::move(intend), why);
  } else {
    store::Intend intend;
    intend.case_id = view.facts.id;
    intend.step = decision.step;
    intend.step_id = step != nullptr ? step->id : "thank-you";
    intend.level = step != nullptr ? step->level : 0;
    intend.is_task = is_task;
    intend.is_dunning = !is_task && step != nullptr && step->anchor != domain::Anchor::before_due;
    intend.is_thank_you = is_thanks;
    intend.channel_index = static_cast<std::int32_t>(route.channel_index);
    intend.decided_on = setting.creditor_region->zone.local(now).date;
    intend.total_minor = decision.total_minor;
    for (const auto &item : decision.items)
      for (const auto &known : facts.items)
        if (known.id == item.id)
          intend.items.push_back({item.id, known.round, item.balance_minor, item.is_moved});
    if (!intend.items.empty()) intend.round = intend.items.front().round;
    intend.attempt = std::move(attempt.value());
    add(draft.settlement, std::move(intend), why);
  }
  ++counts_.intents;
  draft.outgoing.emplace_back(draft.settlement.changes.size() - 1, std::move(out));
  if (!is_task) draft.contacted_on = setting.creditor_region->zone.local(now).date;
  if (is_task)
    add(draft.settlement,
        store::GiveTask{view.facts.id, again != nullptr ? again->id : -1,
                        step != nullptr ? step->id : "thank-you", std::move(task), false,
                        step != nullptr && step->is_visit() ? "visit" : "call", std::move(script)},
        std::move(why));
  // What comes next if this is accepted is known already: no second round through the store for it.
  const auto after =
      domain::after_sending(facts, decision, scenario, setting.creditor_region->zone.local(now).date);
  const auto next = domain::decide(after, settings_->surroundings(setting, payment_data_until()), now);
  const auto next_at = next.kind == DecisionKind::wait ? from_decision(next.at) : now;
  draft.settlement.next_at = std::min(draft.settlement.next_at, next_at);
}

std::vector<channel::ProviderRefusal> Engine::Loop::refusals_for(const domain::ReminderFacts *again,
                                                                 std::uint64_t route_key, Instant now) const {
  auto refused = again != nullptr ? refused_by(*again, now) : std::vector<channel::ProviderRefusal>{};
  if (quote_refusals_.empty()) return refused;
  if (const auto quoted = quote_refusals_.find(route_key); quoted != quote_refusals_.end())
    refused.insert(refused.end(), quoted->second.begin(), quoted->second.end());
  return refused;
}

void Engine::Loop::no_route(const store::Claim &claim, const store::CaseView &view, const Decision &decision,
                            const channel::RouteResult &routing, Instant now, Instant wall, Draft &draft) {
  (void)claim;
  auto &settlement = draft.settlement;
  std::string refusals;
  for (const auto &refusal : routing.refusals)
    refusals += (refusals.empty() ? "" : "; ") + refusal.channel + " " + refusal.provider + ": " + refusal.because;
  if (unrouted_.size() >= kFaultsKeptMax) unrouted_.clear();
  unrouted_[view.facts.id] = refusals;
  if (routing.awaits_calendar && routing.business_retry_at > now) {
    // Nothing but the day brings it on: it rests until then, and a changed configuration wakes every case.
    settlement.next_at = std::min(settlement.next_at, routing.business_retry_at);
    return;
  }
  if (routing.limited != nullptr && !routing.awaits_window && !clock_.is_virtual()) {
    // It has its own turn: a backlog is looked at once, not at every token.
    settlement.next_at = std::min(settlement.next_at, now + (pool_.next_turn(routing.limited->id) - wall));
    return;
  }
  if (routing.is_temporary || decision.kind == DecisionKind::send) {
    draft.may_step_aside = draft.may_step_aside && !routing.awaits_window;
    draft.is_starved = true;
    draft.retry_at = std::min(draft.retry_at, std::max(routing.retry_at, wall + Milliseconds{10}));
    settlement.next_at = std::min(settlement.next_at, now);
    return;
  }
  const auto why = why_text(decision) + (refusals.empty() ? "" : "; ") + refusals;
  if (decision.kind == DecisionKind::thank) {
    add(settlement, store::SetCaseState{view.facts.id, domain::CaseState::closed}, why);
    return;
  }
  if (decision.reaction != domain::ReceiptKind::interim)
    add(settlement, store::SettleReaction{view.facts.id, decision.reminder, decision.reaction}, why);
  add(settlement,
      store::GiveTask{view.facts.id,
                      decision.reminder,
                      "channels_exhausted",
                      "No channel is left for this reminder: reach the debtor in person",
                      true,
                      "call",
                      {}},
      why);
  settlement.next_at = std::min(settlement.next_at, now);
}

}  // namespace relance::engine
