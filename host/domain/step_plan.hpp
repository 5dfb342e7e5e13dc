// Which step one receivable is at: planned dates, catch-up, the level guard and the distance from the last
// sending. The part of decide() that looks at a single item.
#pragma once

#include "host/domain/decide.hpp"

namespace relance::domain {

/// What the steps mean for one item today.
struct StepPlan {
  std::int32_t step{-1};  ///< the step to send; -1: none is due
  CivilDate earliest{};   ///< first day on which `step` may go, the distance from the last sending included
  std::int32_t next_step{-1};  ///< the first step of the future; -1: none is left
  CivilDate next_date{};
  bool pre_due_passed{false}, level_held{false}, formal_held{false}, missed{false};
};

/// `from`: first step to consider; the item's own position + 1 unless a rejected approval or a minimum holds
/// that one back.
StepPlan plan_step(const Scenario &scenario, const ItemFacts &item, std::int32_t from, CivilDate today,
                   const Calendar &calendar);

/// The first day on which `step` may go for this item: its planned date, or later where the last sending is too near.
CivilDate first_day_of(const Scenario &scenario, std::int32_t step, const ItemFacts &item, const Calendar &calendar);

/// `date` plus a count of days of its kind.
CivilDate add_days(CivilDate date, DayCount days, const Calendar &calendar);

}  // namespace relance::domain
