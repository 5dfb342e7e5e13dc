// The decision itself, from the outside in: the case, its promises, the reminders still under way, then its
// items. The order is the order of precedence; the first thing that must happen is what happens.
#include "host/domain/decider.hpp"

namespace relance::domain {

Decision Decider::decide() {
  if (!case_may_move()) {
    for (const auto &reminder : facts_.reminders)
      if (tell_of_doubt(reminder)) break;
    return std::move(decision_);
  }
  if (settle_promise()) return std::move(decision_);
  for (const auto &reminder : facts_.reminders)
    if (follow(reminder)) return std::move(decision_);
  if (!owes_anything()) {
    end_case();
    return std::move(decision_);
  }
  plan_items();
  while (const auto *step = highest_due_step())
    if (try_step(*step)) return std::move(decision_);
  decision_.kind = DecisionKind::wait;
  decision_.at = wake_;
  return std::move(decision_);
}

void Decider::wake_on_contact_day(CivilDate date) {
  const auto begins = around_.zone.first_instant_of(date);
  const auto allowed = around_.window.first_allowed_on_or_after(date);
  wake_at(allowed >= begins ? allowed : around_.window.next_allowed(begins).from);
}

bool Decider::in_window(std::int32_t step) {
  const auto stretch = around_.window.next_allowed(now_);
  decision_.at = stretch.until;
  if (stretch.from <= now_) return true;
  decision_.because(ReasonCode::outside_window, step, 0, around_.zone.local(stretch.from).date);
  wake_at(stretch.from);
  return false;
}

bool Decider::case_may_move() {
  switch (facts_.state) {
    case CaseState::onboarding:
      decision_.because(ReasonCode::onboarding);
      return false;
    case CaseState::handed_over:
      decision_.because(ReasonCode::handed_over);
      return false;
    case CaseState::closed:
      if (!owes_anything()) {
        decision_.because(ReasonCode::closed);
        return false;
      }
      break;
    case CaseState::open:
      break;
  }
  return true;
}

bool Decider::owes_anything() const {
  return std::any_of(facts_.items.begin(), facts_.items.end(), [](const ItemFacts &item) {
    return is_open(item) || (item.state == ItemState::disputed && item.balance_minor > 0);
  });
}

void Decider::end_case() {
  if (facts_.state == CaseState::closed) return;
  decision_.because(ReasonCode::all_settled);
  if (!facts_.owes_thanks || scenario_.thank_you_channels.empty()) {
    decision_.kind = DecisionKind::close;
    return;
  }
  decision_.because(ReasonCode::thanks_owed);
  if (!in_window(-1)) {
    wait_until(wake_);
    return;
  }
  decision_.kind = DecisionKind::thank;
}

CivilDate Decider::broken_from(const PromiseFacts &promise) const {
  return add_days(promise.date, scenario_.promise_grace, around_.calendar) + Days{1};
}

bool Decider::settle_promise() {
  for (const auto &promise : facts_.promises) {
    const bool is_kept{promise.missing_minor <= 0};
    if (!is_kept && today_ < broken_from(promise)) continue;
    decision_.kind = DecisionKind::resolve_promise;
    decision_.promise = promise.id;
    decision_.is_kept = is_kept;
    decision_.because(is_kept ? ReasonCode::promise_kept : ReasonCode::promise_broken, -1, promise.id,
                      promise.date);
    if (!is_kept && scenario_.promise_resume_at) {
      decision_.step = *scenario_.promise_resume_at;
      for (const auto &item : facts_.items)
        if (is_open(item) && (promise.receivable == 0 || promise.receivable == item.id))
          decision_.items.push_back({item.id, item.balance_minor, true});
    }
    return true;
  }
  return false;
}

Decision decide(const CaseFacts &facts, const Surroundings &around, Instant now) {
  return Decider{facts, around, now}.decide();
}

CaseFacts after_sending(const CaseFacts &facts, const Decision &decision, const Scenario &scenario,
                        CivilDate today) {
  CaseFacts after{facts};
  after.owes_thanks = after.owes_thanks && decision.kind != DecisionKind::thank;
  for (auto &reminder : after.reminders)
    if (decision.kind == DecisionKind::send_again && reminder.id == decision.reminder) {
      reminder.state = ReminderState::sent;
      reminder.pending_reactions = 0;
      reminder.is_silence_followed = reminder.is_silent;
    }
  if (decision.step < 0) return after;  // thanks, or thanks again
  const auto &step = scenario.steps[static_cast<std::size_t>(decision.step)];
  if (!step.is_task()) after.contacted_on = today;
  for (const auto &moved : decision.items)
    for (auto &item : after.items) {
      if (item.id != moved.id || !moved.is_moved) continue;
      if (decision.kind == DecisionKind::send_again && item.sent_step == decision.step) item.sent_on = today;
      if (decision.kind != DecisionKind::send) continue;
      item.step = decision.step;
      item.level = std::max(item.level, step.level);
      item.was_reminded = item.was_reminded || (!step.is_task() && step.anchor != Anchor::before_due);
      item.sent_on = today;
      item.sent_step = decision.step;
    }
  return after;
}

}  // namespace relance::domain
