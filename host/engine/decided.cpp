// What a decision about a case means for the store: which changes its settlement makes, and what a person is told
// to do. Messages have a file of their own (sending.cpp).
#include "host/engine/decided.hpp"

#include "host/engine/loop.hpp"

#include <algorithm>

namespace relance::engine {

using domain::Decision;
using domain::DecisionKind;

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

void add_change(store::Settlement &settlement, store::CaseChange change, std::string why) {
  settlement.changes.push_back(std::move(change));
  settlement.why.push_back(std::move(why));
}

namespace {

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
  if (!forward.items.empty()) add_change(settlement, std::move(forward), why);
  if (!again.items.empty()) add_change(settlement, std::move(again), why);
}

}  // namespace

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
      add_change(settlement, store::VoidReminder{case_id, decision.reminder}, why_text(decision));
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
      add_change(settlement, std::move(ask), why_text(decision));
      break;
    }
    case DecisionKind::skip_step: {
      store::MoveItems skip{case_id, decision.step, {}, false};
      for (const auto &item : decision.items)
        if (item.is_moved) skip.items.push_back(item.id);
      add_change(settlement, std::move(skip), why_text(decision));
      break;
    }
    case DecisionKind::give_task:
      if (decision.task == domain::TaskReason::in_doubt)
        add_change(settlement, store::MarkInDoubt{case_id, decision.reminder, false}, why_text(decision));
      if (decision.task == domain::TaskReason::reaction || decision.task == domain::TaskReason::silence ||
          decision.task == domain::TaskReason::channels_exhausted)
        add_change(settlement, store::SettleReaction{case_id, decision.reminder, decision.reaction},
            why_text(decision));
      add_change(settlement,
          store::GiveTask{case_id, decision.reminder, std::string{task_kind(decision.task)},
                          task_text(decision.task, scenario, decision),
                          decision.task == domain::TaskReason::too_many_attempts ||
                              decision.task == domain::TaskReason::channels_exhausted,
                          is_reached_by_hand(decision.task) ? "call" : "", {}},
          why_text(decision));
      break;
    case DecisionKind::resolve_promise:
      add_change(settlement, store::ResolvePromise{case_id, decision.promise, decision.is_kept}, why_text(decision));
      if (!decision.is_kept && decision.step >= 0)
        move_to_step(settlement, case_id, facts, decision, why_text(decision));
      break;
    case DecisionKind::assume_sent:
      add_change(settlement, store::MarkInDoubt{case_id, decision.reminder, true}, why_text(decision));
      break;
    case DecisionKind::settle_reaction:
      add_change(settlement, store::SettleReaction{case_id, decision.reminder, decision.reaction},
          why_text(decision));
      break;
    case DecisionKind::restart_at:
      add_change(settlement, store::SettleReaction{case_id, decision.reminder, decision.reaction},
          why_text(decision));
      move_to_step(settlement, case_id, facts, decision, why_text(decision));
      break;
    case DecisionKind::hand_over:
      add_change(settlement, store::SetCaseState{case_id, domain::CaseState::handed_over}, why_text(decision));
      add_change(settlement,
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
      add_change(settlement, store::SetCaseState{case_id, domain::CaseState::closed}, why_text(decision));
      next_at = Instant::max();
      break;
  }
  settlement.next_at = std::min(settlement.next_at, next_at);
}

}  // namespace relance::engine
