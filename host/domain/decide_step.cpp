// The next step: what each item is at, which step speaks now, and whether it may.
#include "host/domain/decider.hpp"

namespace relance::domain {

void Decider::plan_items() {
  for (const auto &item : facts_.items) {
    Planned planned{&item, {}, false};
    if (item.state == ItemState::disputed && item.balance_minor > 0)
      decision_.because(ReasonCode::disputed, -1, item.id);
    if (is_open(item) && !is_held()) consider(planned);
    planned_.push_back(planned);
  }
  if (is_held()) {
    decision_.because(ReasonCode::held, -1, 0, facts_.held_until);
    wake_on(*facts_.held_until);
  }
}

void Decider::consider(Planned &planned) {
  const auto &item = *planned.item;
  if (const auto *promise = promise_on(item)) {
    decision_.because(ReasonCode::promise_open, -1, promise->id, promise->date);
    return wake_on(broken_from(*promise));
  }
  if (item.held_until && *item.held_until > today_) {
    decision_.because(ReasonCode::item_held, -1, item.id, item.held_until);
    return wake_on(*item.held_until);
  }
  planned.is_candidate = true;
  plan(planned, item.step + 1);
}

void Decider::plan(Planned &planned, std::int32_t from) {
  const auto &item = *planned.item;
  auto &plan = planned.plan;
  plan = plan_step(scenario_, item, from, today_, around_.calendar);
  if (plan.pre_due_passed) decision_.because(ReasonCode::pre_due_passed, -1, item.id, item.due);
  if (plan.level_held) decision_.because(ReasonCode::level_guard, plan.step, item.id);
  if (plan.formal_held) decision_.because(ReasonCode::formal_needs_reminder, plan.step, item.id);
  if (plan.step >= 0 && plan.earliest > today_) {
    decision_.because(ReasonCode::min_gap, plan.step, item.id, plan.earliest);
    wake_on_contact_day(plan.earliest);
    plan.step = -1;
  }
  if (plan.next_step >= 0) {
    if (plan.step < 0) decision_.because(ReasonCode::step_later, plan.next_step, item.id, plan.next_date);
    wake_on_contact_day(plan.next_date);
  } else if (plan.step < 0 && item.step + 1 >= static_cast<std::int32_t>(scenario_.steps.size())) {
    decision_.because(ReasonCode::no_step_left, item.step, item.id);
  }
}

const Step *Decider::highest_due_step() {
  std::int32_t highest{-1};
  for (const auto &planned : planned_) highest = std::max(highest, planned.plan.step);
  return highest < 0 ? nullptr : &step_at(highest);
}

bool Decider::try_step(const Step &step) {
  const auto index = static_cast<std::int32_t>(&step - scenario_.steps.data());
  decision_.items.clear();
  decision_.total_minor = 0;
  decision_.step = index;
  gather(step, index);
  if (!may_chase(step, index)) return put_aside(index);
  if (step.needs_approval) {
    if (const auto done = consult_approval(step, index)) return *done || put_aside(index);
  }
  if (step.hands_over) {
    decision_.kind = DecisionKind::hand_over;
    return true;
  }
  if (!step.is_task() && !in_window(index)) return put_aside(index);
  decision_.kind = DecisionKind::send;
  return true;
}

bool Decider::put_aside(std::int32_t index) {
  for (auto &planned : planned_)
    if (planned.plan.step == index) planned.plan.step = -1;
  decision_.items.clear();
  decision_.merged.clear();
  decision_.total_minor = 0;
  decision_.step = -1;
  return false;
}

void Decider::gather(const Step &step, std::int32_t index) {
  for (const auto &planned : planned_) {
    if (!planned.is_candidate) continue;
    const bool is_moved{planned.plan.step == index};
    if (!is_moved && step.anchor != Anchor::before_due && planned.item->due >= today_) continue;
    list(*planned.item, is_moved);
    if (!is_moved) continue;
    decision_.because(ReasonCode::step_due, index, planned.item->id,
                      planned_date(scenario_, index, *planned.item, around_.calendar));
    if (planned.plan.missed) note_missed(planned, index);
  }
}

void Decider::note_missed(const Planned &planned, std::int32_t index) {
  decision_.because(ReasonCode::missed_steps, index, planned.item->id);
  if (scenario_.catch_up != CatchUp::merged) return;
  for (auto i = planned.item->step + 1; i < index; ++i)
    if (step_at(i).anchor != Anchor::before_due &&
        std::find(decision_.merged.begin(), decision_.merged.end(), i) == decision_.merged.end())
      decision_.merged.push_back(i);
}

bool Decider::may_chase(const Step &step, std::int32_t index) {
  if (step.anchor != Anchor::before_due && now_ > around_.payment_data_until) {
    decision_.because(ReasonCode::payment_data_old, index);
    return false;
  }
  for (const auto &minimum : step.minimum_balance)
    if (minimum.currency == facts_.currency && decision_.total_minor < minimum.minor) {
      decision_.because(ReasonCode::minimum_balance, index);
      return false;
    }
  if (step.is_task() || !facts_.contacted_on) return true;
  const auto free_from = add_days(*facts_.contacted_on, scenario_.contact_gap, around_.calendar);
  if (free_from <= today_) return true;
  decision_.because(ReasonCode::contact_gap, index, 0, free_from);
  wake_on_contact_day(free_from);
  return false;
}

bool Decider::covers(const ApprovalFacts &approval, std::int32_t index) const {
  if (approval.step != index || approval.amount_minor < decision_.total_minor) return false;
  if (around_.content_id != nullptr &&
      approval.content_id != around_.content_id(around_.content_context, index))
    return false;
  return std::all_of(decision_.items.begin(), decision_.items.end(), [&](const DecisionItem &item) {
    return std::find(approval.items.begin(), approval.items.end(), item.id) != approval.items.end();
  });
}

std::optional<bool> Decider::consult_approval(const Step &, std::int32_t index) {
  for (const auto &approval : facts_.approvals) {
    if (approval.step != index || approval.state == ApprovalState::expired || approval.valid_until <= now_)
      continue;
    if (!covers(approval, index)) {
      decision_.because(ReasonCode::approval_outgrown, index, approval.id);
      continue;
    }
    decision_.approval = approval.id;
    switch (approval.state) {
      case ApprovalState::approved:
        decision_.because(ReasonCode::approval_given, index, approval.id);
        return {};
      case ApprovalState::rejected:
        decision_.because(ReasonCode::approval_rejected, index, approval.id);
        decision_.kind = DecisionKind::skip_step;
        return true;
      case ApprovalState::asked:
        decision_.because(ReasonCode::approval_pending, index, approval.id);
        wake_at(approval.valid_until);
        return false;
      case ApprovalState::expired:
        break;
    }
  }
  decision_.because(ReasonCode::approval_needed, index);
  decision_.kind = DecisionKind::ask_approval;
  decision_.at =
      around_.zone.first_instant_of(add_days(today_, scenario_.approval_valid, around_.calendar) + Days{1});
  return true;
}

}  // namespace relance::domain
