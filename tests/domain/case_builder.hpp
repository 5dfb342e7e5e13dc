// A small language for the tables of decide(): a scenario, a case and its items, in as few words as a test
// needs.
#pragma once

#include "host/domain/calendar.hpp"
#include "host/domain/contact_window.hpp"
#include "host/domain/decide.hpp"
#include "host/domain/zone.hpp"

#include <string>
#include <utility>

namespace relance::domain::test {

inline Currency euro() {
  return Currency::parse("EUR").value();
}

inline Step make_step(std::string id, Anchor anchor, int days, int level,
                      std::vector<std::string> channels = {"email"}) {
  Step step;
  step.template_id = id;
  step.id = std::move(id);
  step.anchor = anchor;
  step.when = {days, DayKind::civil};
  step.level = level;
  step.channels = std::move(channels);
  return step;
}

/// 0 pre-due (−7 d), 1 reminder-1 (+5 d), 2 reminder-2 (+15 d), 3 call (+20 d, a task), 4 formal-notice (+30
/// d).
inline Scenario standard() {
  Scenario scenario;
  scenario.id = "standard";
  scenario.steps = {make_step("pre-due", Anchor::before_due, 7, 0),
                    make_step("reminder-1", Anchor::after_due, 5, 1, {"email", "sms"}),
                    make_step("reminder-2", Anchor::after_due, 15, 2),
                    make_step("call", Anchor::after_due, 20, 2, {"task"}),
                    make_step("formal-notice", Anchor::after_due, 30, 3)};
  scenario.steps.back().is_formal = true;
  scenario.thank_you_channels = {"email"};
  scenario.thank_you_template = "thank-you";
  return scenario;
}

/// Paris, French business days, Monday to Friday 09:00–18:00 without holidays, unless a test says otherwise.
struct World {
  Scenario scenario{standard()};
  Calendar calendar{Calendar::of("FR").value()};
  Zone zone{Zone::of("Europe/Paris").value()};
  ContactWindow window{office_hours(zone, calendar)};
  CaseFacts facts{};
  Instant payment_data_until{Instant::max()};
  std::uint64_t words{7};

  World() {
    facts.id = 1;
    facts.currency = euro();
  }

  static ContactWindow office_hours(Zone zone, Calendar calendar) {
    WeekHours hours{};
    for (std::size_t day{1}; day <= 5; ++day) hours[day].push_back({9 * 60, 18 * 60});
    return ContactWindow::make(zone, calendar, hours, true).value();
  }

  ItemFacts &item(CivilDate due, std::int64_t balance_minor = 100'00) {
    auto &item = facts.items.emplace_back();
    item.id = static_cast<ReceivableId>(facts.items.size());
    item.due = due;
    item.balance_minor = balance_minor;
    return item;
  }

  /// As if `step` had gone out on `day`.
  void sent(ItemFacts &item, std::int32_t step, CivilDate day) {
    item.step = item.sent_step = step;
    item.sent_on = day;
    item.level = std::max(item.level, scenario.steps[static_cast<std::size_t>(step)].level);
    item.was_reminded = scenario.steps[static_cast<std::size_t>(step)].anchor != Anchor::before_due;
  }

  ReminderFacts &reminder(std::int32_t step, ReminderState state, CivilDate decided_on) {
    auto &reminder = facts.reminders.emplace_back();
    reminder.id = 100 + static_cast<ReminderId>(facts.reminders.size());
    reminder.step = step;
    reminder.state = state;
    reminder.decided_on = decided_on;
    reminder.attempts = 1;
    for (const auto &one : facts.items) reminder.items.push_back(one.id);
    return reminder;
  }

  [[nodiscard]] Surroundings surroundings() const {
    return {scenario,
            calendar,
            zone,
            window,
            payment_data_until,
            [](const void *context, std::int32_t) { return static_cast<const World *>(context)->words; },
            this};
  }
  [[nodiscard]] Instant at(CivilDate date, int hour = 10) const {
    return zone.first_instant_of(date, hour * 60);
  }
  [[nodiscard]] Decision decide(CivilDate date, int hour = 10) const {
    return domain::decide(facts, surroundings(), at(date, hour));
  }
};

inline bool has_reason(const Decision &decision, ReasonCode code) {
  for (const auto &reason : decision.reasons)
    if (reason.code == code) return true;
  return false;
}

}  // namespace relance::domain::test

namespace relance::domain {
inline std::ostream &operator<<(std::ostream &out, DecisionKind kind) {
  return out << name_of(kind);
}
inline std::ostream &operator<<(std::ostream &out, TaskReason reason) {
  return out << static_cast<int>(reason);
}
inline std::ostream &operator<<(std::ostream &out, ReceiptKind kind) {
  return out << name_of(kind);
}
}  // namespace relance::domain
