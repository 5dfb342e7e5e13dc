// Planned dates and catch-up, item by item (DESIGN "What holds always" 5, 9, 10;
// docs/decisions/0002-catch-up.md).
#include "host/domain/step_plan.hpp"

#include "host/domain/calendar.hpp"

#include <algorithm>

namespace relance::domain {
namespace {

/// Days from the sending of one step to another as the scenario plans them. A pre-due reminder is courtesy,
/// not dunning: it sets no distance of its own (the contact gap between any two messages still holds).
CivilDate after_last_sending(const Scenario &scenario, const ItemFacts &item, std::int32_t step,
                             const Calendar &calendar) {
  const auto &next = scenario.steps[static_cast<std::size_t>(step)];
  if (!item.sent_on || item.sent_step < 0 || next.anchor == Anchor::before_due) return CivilDate::min();
  if (item.sent_step >= static_cast<std::int32_t>(scenario.steps.size())) return CivilDate::min();  // of a longer scenario
  if (next.min_gap) return add_days(*item.sent_on, *next.min_gap, calendar);
  const auto &last = scenario.steps[static_cast<std::size_t>(item.sent_step)];
  if (last.anchor == Anchor::before_due || item.sent_step >= step) return CivilDate::min();
  return *item.sent_on + (planned_date(scenario, step, item, calendar) -
                          planned_date(scenario, item.sent_step, item, calendar));
}

}  // namespace

CivilDate add_days(CivilDate date, DayCount days, const Calendar &calendar) {
  return days.kind == DayKind::civil ? date + Days{days.count} : calendar.add_business_days(date, days.count);
}

CivilDate planned_date(const Scenario &scenario, std::int32_t step, const ItemFacts &item,
                       const Calendar &calendar) {
  const auto &planned = scenario.steps[static_cast<std::size_t>(step)];
  switch (planned.anchor) {
    case Anchor::before_due:
      return add_days(item.due, {-planned.when.count, planned.when.kind}, calendar);
    case Anchor::after_due:
      return add_days(item.due, planned.when, calendar);
    case Anchor::after_previous:
      break;
  }
  if (item.sent_on && item.sent_step == step - 1) return add_days(*item.sent_on, planned.when, calendar);
  const auto before = step == 0 ? item.due : planned_date(scenario, step - 1, item, calendar);
  return add_days(before, planned.when, calendar);
}

CivilDate first_day_of(const Scenario &scenario, std::int32_t step, const ItemFacts &item, const Calendar &calendar) {
  return std::max(planned_date(scenario, step, item, calendar), after_last_sending(scenario, item, step, calendar));
}

StepPlan plan_step(const Scenario &scenario, const ItemFacts &item, std::int32_t from, CivilDate today,
                   const Calendar &calendar) {
  StepPlan plan;
  const auto count = static_cast<std::int32_t>(scenario.steps.size());
  const auto chased_from = add_days(item.due, scenario.payment_grace, calendar);
  bool all_missed{scenario.catch_up == CatchUp::skip};
  for (std::int32_t i{from}; i < count; ++i) {
    const auto &step = scenario.steps[static_cast<std::size_t>(i)];
    auto date = planned_date(scenario, i, item, calendar);
    if (step.anchor == Anchor::before_due) {
      if (today > item.due) {
        plan.pre_due_passed = true;
        continue;
      }
    } else {
      date = std::max(date, chased_from);
    }
    if (date > today) {
      plan.next_step = i;
      plan.next_date = date;
      break;
    }
    all_missed = all_missed && add_days(date, scenario.late_after, calendar) < today;
    if (step.level > item.level + 1) {
      plan.level_held = true;
      continue;
    }
    if (step.is_formal && !item.was_reminded) {
      plan.formal_held = true;
      continue;
    }
    plan.missed = plan.missed || plan.step >= 0;  // the one found before is passed over
    plan.step = i;
    plan.earliest = date;
  }
  if (plan.step < 0) return plan;
  const auto gap = after_last_sending(scenario, item, plan.step, calendar);
  plan.earliest = std::max(plan.earliest, gap);
  // A step that only the distance from the last sending held back was never missed.
  if (all_missed && plan.next_step >= 0 && gap == CivilDate::min()) plan.step = -1;
  return plan;
}

}  // namespace relance::domain
