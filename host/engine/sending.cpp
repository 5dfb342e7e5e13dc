// A message that was decided: whose channel and provider, in which words, under which intent; or why nobody takes
// it now.
#include "host/base/log.hpp"
#include "host/engine/decided.hpp"
#include "host/engine/fail_over.hpp"
#include "host/engine/loop.hpp"

#include <algorithm>
#include <optional>

namespace relance::engine {

using domain::Decision;
using domain::DecisionKind;

namespace {

/// Of the reminder that is sent, or sent again.
std::int32_t round_of(const Decision &decision, const domain::CaseFacts &facts, const domain::ReminderFacts *again) {
  if (again != nullptr) return again->round;
  for (const auto &item : decision.items)
    for (const auto &known : facts.items)
      if (known.id == item.id) return known.round;
  return 1;
}

}  // namespace

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
    add_change(draft.settlement, std::move(intend), why);
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
    add_change(draft.settlement, std::move(intend), why);
  }
  ++counts_.intents;
  draft.outgoing.emplace_back(draft.settlement.changes.size() - 1, std::move(out));
  if (!is_task) draft.contacted_on = setting.creditor_region->zone.local(now).date;
  if (is_task)
    add_change(draft.settlement,
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
    add_change(settlement, store::SetCaseState{view.facts.id, domain::CaseState::closed}, why);
    return;
  }
  if (decision.reaction != domain::ReceiptKind::interim)
    add_change(settlement, store::SettleReaction{view.facts.id, decision.reminder, decision.reaction}, why);
  add_change(settlement,
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
