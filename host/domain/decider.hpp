// One decision in the making: what decide() has looked at, found and noted so far. A class only within the
// call; its parts stand in the files named beside them.
#pragma once

#include "host/domain/calendar.hpp"
#include "host/domain/contact_window.hpp"
#include "host/domain/decide.hpp"
#include "host/domain/step_plan.hpp"
#include "host/domain/zone.hpp"

#include <algorithm>

namespace relance::domain {

class Decider {
 public:
  Decider(const CaseFacts &facts, const Surroundings &around, Instant now)
      : facts_{facts},
        around_{around},
        scenario_{around.scenario},
        now_{now},
        today_{around.zone.local(now).date} {}

  Decision decide();

 private:
  struct Planned {
    const ItemFacts *item{nullptr};
    StepPlan plan{};
    bool is_candidate{false};
  };

  const Step &step_at(std::int32_t step) const { return scenario_.steps[static_cast<std::size_t>(step)]; }
  void wake_at(Instant at) { wake_ = std::min(wake_, at); }
  /// A step's date is the creditor's, its first allowed instant the recipient's: where the recipient's day
  /// begins earlier, the creditor's own still has to begin.
  void wake_on_contact_day(CivilDate date);
  void wake_on(CivilDate date) { wake_at(around_.zone.first_instant_of(date)); }
  bool wait_until(Instant at) {
    decision_.kind = DecisionKind::wait;
    decision_.at = at;
    return true;
  }
  /// A message may leave now; else the wait for the window is noted.
  bool in_window(std::int32_t step);

  // The case (decide.cpp)
  bool case_may_move();
  [[nodiscard]] bool is_held() const { return facts_.held_until && *facts_.held_until > today_; }
  static bool is_open(const ItemFacts &item) {
    return item.state == ItemState::open && item.balance_minor > 0;
  }
  [[nodiscard]] bool owes_anything() const;
  void end_case();

  // Promises (decide.cpp)
  /// First day on which a promise not kept counts as broken.
  [[nodiscard]] CivilDate broken_from(const PromiseFacts &promise) const;
  bool settle_promise();
  [[nodiscard]] const PromiseFacts *promise_on(const ItemFacts &item) const {
    for (const auto &promise : facts_.promises)
      if (promise.receivable == 0 || promise.receivable == item.id) return &promise;
    return nullptr;
  }
  /// Nothing but time keeps this item from being reminded.
  [[nodiscard]] bool may_be_reminded(const ItemFacts &item) const {
    return is_open(item) && (!item.held_until || *item.held_until <= today_) && promise_on(item) == nullptr &&
           !is_held();
  }

  // Reminders under way (decide_reminder.cpp)
  [[nodiscard]] const ItemFacts *item_of(ReceivableId id) const {
    for (const auto &item : facts_.items)
      if (item.id == id) return &item;
    return nullptr;
  }
  /// False: of a step that a later configuration no longer has; nothing can be decided about it but its end.
  [[nodiscard]] bool has_step(const ReminderFacts &reminder) const {
    return reminder.is_thank_you || reminder.step < static_cast<std::int32_t>(scenario_.steps.size());
  }
  /// The channel of a reaction that the last attempt went by; empty when it was one of the step's own.
  [[nodiscard]] std::string_view own_channel(const ReminderFacts &reminder) const;
  /// Every item that the reminder lists may still be reminded: what it says is still true.
  [[nodiscard]] bool still_fits(const ReminderFacts &reminder) const;
  /// The first day of the step after the reminder's for its items: when waiting for a receipt stops making
  /// sense.
  [[nodiscard]] std::optional<CivilDate> next_step_day(const ReminderFacts &reminder) const;
  /// True when this reminder is what the case must deal with (or wait for) now.
  bool follow(const ReminderFacts &reminder);
  /// `may_resend`: the case is one in which messages may go.
  bool follow_in_doubt(const ReminderFacts &reminder, bool may_resend);
  /// In a case in which nothing moves any more: true when a person must hear of this doubt, or will.
  bool tell_of_doubt(const ReminderFacts &reminder);
  bool follow_not_sent(const ReminderFacts &reminder);
  /// A further attempt of the same reminder for those of its items that still stand.
  bool send_again(const ReminderFacts &reminder, std::string_view channel);

  // Reactions (decide_reminder.cpp)
  bool react(const ReminderFacts &reminder);
  bool settle_reaction(ReasonCode why, const ReminderFacts &reminder);
  bool react_as_stated(const ReminderFacts &reminder, const Reaction &reaction);
  /// To a receipt that did not come. Sends by another channel only where the scenario names one.
  bool react_to_silence(const ReminderFacts &reminder, const Reaction *stated);
  /// False: its day has come. Else the case goes on meanwhile, and looks again then.
  bool waits_for_its_day(const ReminderFacts &reminder, const Reaction &reaction);
  /// Another channel for the same reminder, unless its moment has passed (DESIGN "What holds always" 4).
  bool fall_back(const ReminderFacts &reminder, std::string_view channel);

  // Items (decide_step.cpp)
  void list(const ItemFacts &item, bool is_moved) {
    decision_.items.push_back({item.id, item.balance_minor, is_moved});
    decision_.total_minor += item.balance_minor;
  }
  void plan_items();
  void consider(Planned &planned);
  /// Notes what the steps from `from` on mean for the item, and when to look again.
  void plan(Planned &planned, std::int32_t from);
  /// The highest step that is due for some item, or none.
  const Step *highest_due_step();
  /// Decides to send (or ask, or wait for the window). False: this step cannot go for now; the items keep it,
  /// lower ones may go.
  bool try_step(const Step &step);
  bool put_aside(std::int32_t index);
  /// The message lists every open item (overdue ones only, once a step is about being overdue) and moves
  /// those whose step it is.
  void gather(const Step &step, std::int32_t index);
  void note_missed(const Planned &planned, std::int32_t index);
  /// Data fresh enough, enough owed, and not too soon after the last message.
  bool may_chase(const Step &step, std::int32_t index);

  // Approval (decide_step.cpp)
  [[nodiscard]] bool covers(const ApprovalFacts &approval, std::int32_t index) const;
  /// Nothing: go on. True: decided. False: this step waits.
  std::optional<bool> consult_approval(const Step &, std::int32_t index);

  const CaseFacts &facts_;
  const Surroundings &around_;
  const Scenario &scenario_;
  const Instant now_;
  const CivilDate today_;
  Instant wake_{Instant::max()};
  Decision decision_{};
  boost::container::small_vector<Planned, 4> planned_{};
};

}  // namespace relance::domain
