// The decision itself, from the outside in: the case, its promises, the reminders still under way, then its
// items. The order is the order of precedence; the first thing that must happen is what happens.
#include "host/domain/decide.hpp"

#include "host/domain/calendar.hpp"
#include "host/domain/contact_window.hpp"
#include "host/domain/step_plan.hpp"
#include "host/domain/zone.hpp"

#include <algorithm>

namespace relance::domain {
namespace {

class Decider {
 public:
  Decider(const CaseFacts &facts, const Surroundings &around, Instant now)
      : facts_{facts},
        around_{around},
        scenario_{around.scenario},
        now_{now},
        today_{around.zone.local(now).date} {}

  Decision decide() {
    if (!case_may_move() || settle_promise()) return std::move(decision_);
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
  void wake_on_contact_day(CivilDate date) {
    const auto begins = around_.zone.first_instant_of(date);
    const auto allowed = around_.window.first_allowed_on_or_after(date);
    wake_at(allowed >= begins ? allowed : around_.window.next_allowed(begins).from);
  }
  void wake_on(CivilDate date) { wake_at(around_.zone.first_instant_of(date)); }

  bool wait_until(Instant at) {
    decision_.kind = DecisionKind::wait;
    decision_.at = at;
    return true;
  }

  /// A message may leave now; else the wait for the window is noted.
  bool in_window(std::int32_t step) {
    const auto stretch = around_.window.next_allowed(now_);
    decision_.at = stretch.until;
    if (stretch.from <= now_) return true;
    decision_.because(ReasonCode::outside_window, step, 0, around_.zone.local(stretch.from).date);
    wake_at(stretch.from);
    return false;
  }

  // --- the case
  // ----------------------------------------------------------------------------------------------------

  bool case_may_move() {
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

  [[nodiscard]] bool is_held() const { return facts_.held_until && *facts_.held_until > today_; }

  static bool is_open(const ItemFacts &item) {
    return item.state == ItemState::open && item.balance_minor > 0;
  }

  [[nodiscard]] bool owes_anything() const {
    return std::any_of(facts_.items.begin(), facts_.items.end(), [](const ItemFacts &item) {
      return is_open(item) || (item.state == ItemState::disputed && item.balance_minor > 0);
    });
  }

  void end_case() {
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

  // --- promises
  // ----------------------------------------------------------------------------------------------------

  /// First day on which a promise not kept counts as broken.
  [[nodiscard]] CivilDate broken_from(const PromiseFacts &promise) const {
    return add_days(promise.date, scenario_.promise_grace, around_.calendar) + Days{1};
  }

  bool settle_promise() {
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

  // --- reminders under way
  // -------------------------------------------------------------------------------------------

  [[nodiscard]] const ItemFacts *item_of(ReceivableId id) const {
    for (const auto &item : facts_.items)
      if (item.id == id) return &item;
    return nullptr;
  }

  /// Every item that the reminder lists may still be reminded: what it says is still true.
  [[nodiscard]] bool still_fits(const ReminderFacts &reminder) const {
    return std::all_of(reminder.items.begin(), reminder.items.end(), [this](ReceivableId id) {
      const auto *item = item_of(id);
      return item != nullptr && may_be_reminded(*item);
    });
  }

  /// The first day of the step after the reminder's for its items: when waiting for a receipt stops making
  /// sense.
  [[nodiscard]] std::optional<CivilDate> next_step_day(const ReminderFacts &reminder) const {
    if (reminder.is_thank_you || reminder.step + 1 >= static_cast<std::int32_t>(scenario_.steps.size()))
      return {};
    std::optional<CivilDate> first;
    for (const auto id : reminder.items)
      if (const auto *item = item_of(id); item != nullptr && is_open(*item)) {
        const auto day = first_day_of(scenario_, reminder.step + 1, *item, around_.calendar);
        if (!first || day < *first) first = day;
      }
    return first;
  }

  /// True when this reminder is what the case must deal with (or wait for) now.
  bool follow(const ReminderFacts &reminder) {
    // Of a step that a later configuration no longer has: nothing can be decided about it but its end.
    const bool has_step{reminder.is_thank_you || reminder.step < static_cast<std::int32_t>(scenario_.steps.size())};
    if (!has_step && reminder.state != ReminderState::open && reminder.state != ReminderState::not_sent) return false;
    switch (reminder.state) {
      case ReminderState::open:
        decision_.because(ReasonCode::attempt_open, reminder.step, reminder.id);
        return wait_until(Instant::max());
      case ReminderState::in_doubt:
        return follow_in_doubt(reminder);
      case ReminderState::not_sent:
        return follow_not_sent(reminder);
      case ReminderState::negative:
      case ReminderState::sent:
        return reminder.pending_reactions != 0 && react(reminder);
    }
    return false;
  }

  bool follow_in_doubt(const ReminderFacts &reminder) {
    if (reminder.asked_in_doubt) return false;  // the case goes on; any later receipt still resolves it
    decision_.because(ReasonCode::in_doubt, reminder.step, reminder.id, reminder.decided_on);
    static constexpr Days kWithoutNextStep{14};
    const auto until =
        scenario_.in_doubt_after
            ? add_days(reminder.decided_on, *scenario_.in_doubt_after, around_.calendar)
            : std::max(next_step_day(reminder).value_or(reminder.decided_on + kWithoutNextStep),
                       reminder.decided_on + Days{1});
    if (today_ < until) return wait_until(around_.zone.first_instant_of(until));
    decision_.because(ReasonCode::in_doubt_policy, reminder.step, reminder.id, until);
    decision_.reminder = reminder.id;
    decision_.step = reminder.step;
    switch (scenario_.in_doubt) {
      case InDoubtPolicy::ask:
        decision_.kind = DecisionKind::give_task;
        decision_.task = TaskReason::in_doubt;
        return true;
      case InDoubtPolicy::assume_sent:
        decision_.kind = DecisionKind::assume_sent;
        return true;
      case InDoubtPolicy::resend:
        if (!reminder.is_thank_you && !still_fits(reminder)) return false;  // nothing to say any more
        if (reminder.attempts < scenario_.attempts_max) return send_again(reminder, {});
        decision_.kind = DecisionKind::give_task;
        decision_.task = TaskReason::in_doubt;
        return true;
    }
    return true;
  }

  bool follow_not_sent(const ReminderFacts &reminder) {
    decision_.reminder = reminder.id;
    decision_.step = reminder.step;
    const bool has_step{reminder.is_thank_you || reminder.step < static_cast<std::int32_t>(scenario_.steps.size())};
    if (!has_step || reminder.is_superseded || (!reminder.is_thank_you && !still_fits(reminder))) {
      decision_.because(ReasonCode::facts_changed, reminder.step, reminder.id);
      decision_.kind = DecisionKind::void_reminder;
      return true;
    }
    if (reminder.attempts >= scenario_.attempts_max) {
      decision_.because(ReasonCode::too_many_attempts, reminder.step, reminder.id);
      decision_.kind = DecisionKind::give_task;
      decision_.task = TaskReason::too_many_attempts;
      return true;
    }
    if (reminder.retry_at && *reminder.retry_at > now_) {
      decision_.because(ReasonCode::retry_later, reminder.step, reminder.id);
      return wait_until(*reminder.retry_at);
    }
    decision_.because(ReasonCode::retry_now, reminder.step, reminder.id);
    return send_again(reminder, {});
  }

  /// A further attempt of the same reminder for those of its items that still stand.
  bool send_again(const ReminderFacts &reminder, std::string_view channel) {
    if (!in_window(reminder.step)) return wait_until(wake_);
    decision_.kind = DecisionKind::send_again;
    decision_.reminder = reminder.id;
    decision_.step = reminder.step;
    decision_.channel = channel;
    for (const auto id : reminder.items)
      if (const auto *item = item_of(id); item != nullptr && may_be_reminded(*item)) list(*item, true);
    return true;
  }

  // --- reactions
  // -----------------------------------------------------------------------------------------------------

  bool react(const ReminderFacts &reminder) {
    // The highest-ranked kind speaks first; the others have their turn when it is settled.
    auto kind = ReceiptKind::complaint;
    while ((reminder.pending_reactions & (1u << static_cast<unsigned>(kind))) == 0)
      kind = static_cast<ReceiptKind>(static_cast<unsigned>(kind) - 1);
    decision_.reminder = reminder.id;
    decision_.reaction = kind;
    decision_.step = reminder.step;
    const Reaction *stated{nullptr};
    if (!reminder.is_thank_you)
      for (const auto &reaction : step_at(reminder.step).reactions)
        if (reaction.on == kind) stated = &reaction;
    if (stated != nullptr) return react_as_stated(reminder, *stated);
    const bool falls_back{kind == ReceiptKind::failed || kind == ReceiptKind::expired ||
                          kind == ReceiptKind::cancelled || kind == ReceiptKind::returned};
    if (!falls_back || reminder.is_thank_you || reminder.state != ReminderState::negative)
      return settle_reaction(ReasonCode::reaction_none, reminder);
    return fall_back(reminder, {});
  }

  bool settle_reaction(ReasonCode why, const ReminderFacts &reminder) {
    decision_.because(why, reminder.step, reminder.id);
    decision_.kind = DecisionKind::settle_reaction;
    return true;
  }

  bool react_as_stated(const ReminderFacts &reminder, const Reaction &reaction) {
    const auto day =
        add_days(reminder.receipt_on.value_or(reminder.decided_on), reaction.after, around_.calendar);
    if (today_ < day) {  // nothing else of this reminder is due before; the case itself goes on
      wake_on(day);
      decision_ = {};
      return false;
    }
    if (reaction.gives_task) {
      decision_.because(ReasonCode::reaction_task, reminder.step, reminder.id);
      decision_.kind = DecisionKind::give_task;
      decision_.task = TaskReason::reaction;
      return true;
    }
    if (reaction.step >= 0) {
      if (reminder.is_superseded) return settle_reaction(ReasonCode::superseded, reminder);
      decision_.because(ReasonCode::reaction_step, reaction.step, reminder.id);
      decision_.kind = DecisionKind::restart_at;
      decision_.step = reaction.step;
      for (const auto id : reminder.items)
        if (const auto *item = item_of(id); item != nullptr && is_open(*item)) list(*item, true);
      return decision_.items.empty() ? settle_reaction(ReasonCode::facts_changed, reminder) : true;
    }
    decision_.because(ReasonCode::reaction_channel, reminder.step, reminder.id);
    return fall_back(reminder, reaction.channel);
  }

  /// Another channel for the same reminder, unless its moment has passed (DESIGN "What holds always" 4).
  bool fall_back(const ReminderFacts &reminder, std::string_view channel) {
    if (reminder.is_superseded) return settle_reaction(ReasonCode::superseded, reminder);
    const auto &step = step_at(reminder.step);
    std::optional<CivilDate> until{next_step_day(reminder)};
    if (step.fallback_within)
      until = add_days(reminder.decided_on, *step.fallback_within, around_.calendar) + Days{1};
    if (until && today_ >= *until) return settle_reaction(ReasonCode::fallback_too_late, reminder);
    const bool any_left{std::any_of(reminder.items.begin(), reminder.items.end(), [this](ReceivableId id) {
      const auto *item = item_of(id);
      return item != nullptr && may_be_reminded(*item);
    })};
    if (!any_left) return settle_reaction(ReasonCode::facts_changed, reminder);
    if (channel.empty() && reminder.channels_tried >= static_cast<std::int32_t>(step.channels.size())) {
      decision_.because(ReasonCode::channels_exhausted, reminder.step, reminder.id);
      decision_.kind = DecisionKind::give_task;
      decision_.task = TaskReason::channels_exhausted;
      return true;
    }
    decision_.because(ReasonCode::fallback, reminder.step, reminder.id);
    return send_again(reminder, channel);
  }

  // --- items
  // ---------------------------------------------------------------------------------------------------------

  void list(const ItemFacts &item, bool is_moved) {
    decision_.items.push_back({item.id, item.balance_minor, is_moved});
    decision_.total_minor += item.balance_minor;
  }

  void plan_items() {
    for (const auto &item : facts_.items) {
      Planned planned{&item, {}, false};
      if (item.state == ItemState::disputed && item.balance_minor > 0)
        decision_.because(ReasonCode::disputed, -1, item.id);
      if (is_open(item) && !is_held()) consider(planned);
      planned_.push_back(planned);
    }
    if (is_held()) {
      decision_.because(ReasonCode::held, -1, 0, *facts_.held_until);
      wake_on(*facts_.held_until);
    }
  }

  void consider(Planned &planned) {
    const auto &item = *planned.item;
    if (const auto *promise = promise_on(item)) {
      decision_.because(ReasonCode::promise_open, -1, promise->id, promise->date);
      return wake_on(broken_from(*promise));
    }
    if (item.held_until && *item.held_until > today_) {
      decision_.because(ReasonCode::item_held, -1, item.id, *item.held_until);
      return wake_on(*item.held_until);
    }
    planned.is_candidate = true;
    plan(planned, item.step + 1);
  }

  /// Notes what the steps from `from` on mean for the item, and when to look again.
  void plan(Planned &planned, std::int32_t from) {
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

  /// The highest step that is due for some item, or none.
  const Step *highest_due_step() {
    std::int32_t highest{-1};
    for (const auto &planned : planned_) highest = std::max(highest, planned.plan.step);
    return highest < 0 ? nullptr : &step_at(highest);
  }

  /// Decides to send (or ask, or wait for the window). False: this step cannot go for now; the items keep it,
  /// lower ones may go.
  bool try_step(const Step &step) {
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

  bool put_aside(std::int32_t index) {
    for (auto &planned : planned_)
      if (planned.plan.step == index) planned.plan.step = -1;
    decision_.items.clear();
    decision_.merged.clear();
    decision_.total_minor = 0;
    decision_.step = -1;
    return false;
  }

  /// The message lists every open item (overdue ones only, once a step is about being overdue) and moves
  /// those whose step it is.
  void gather(const Step &step, std::int32_t index) {
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

  void note_missed(const Planned &planned, std::int32_t index) {
    decision_.because(ReasonCode::missed_steps, index, planned.item->id);
    if (scenario_.catch_up != CatchUp::merged) return;
    for (auto i = planned.item->step + 1; i < index; ++i)
      if (step_at(i).anchor != Anchor::before_due &&
          std::find(decision_.merged.begin(), decision_.merged.end(), i) == decision_.merged.end())
        decision_.merged.push_back(i);
  }

  /// Data fresh enough, enough owed, and not too soon after the last message.
  bool may_chase(const Step &step, std::int32_t index) {
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

  // --- approval
  // ------------------------------------------------------------------------------------------------------

  [[nodiscard]] bool covers(const ApprovalFacts &approval, std::int32_t index) const {
    if (approval.step != index || approval.amount_minor < decision_.total_minor) return false;
    if (around_.content_id != nullptr &&
        approval.content_id != around_.content_id(around_.content_context, index))
      return false;
    return std::all_of(decision_.items.begin(), decision_.items.end(), [&](const DecisionItem &item) {
      return std::find(approval.items.begin(), approval.items.end(), item.id) != approval.items.end();
    });
  }

  /// Nothing: go on. True: decided. False: this step waits.
  std::optional<bool> consult_approval(const Step &, std::int32_t index) {
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

  const CaseFacts &facts_;
  const Surroundings &around_;
  const Scenario &scenario_;
  const Instant now_;
  const CivilDate today_;
  Instant wake_{Instant::max()};
  Decision decision_{};
  boost::container::small_vector<Planned, 4> planned_{};
};

}  // namespace

Decision decide(const CaseFacts &facts, const Surroundings &around, Instant now) {
  return Decider{facts, around, now}.decide();
}

CaseFacts after_sending(const CaseFacts &facts, const Decision &decision, const Scenario &scenario,
                        CivilDate today) {
  CaseFacts after{facts};
  after.owes_thanks = after.owes_thanks && decision.kind != DecisionKind::thank;
  if (decision.kind == DecisionKind::thank) return after;
  const auto &step = scenario.steps[static_cast<std::size_t>(decision.step)];
  if (!step.is_task()) after.contacted_on = today;
  for (auto &reminder : after.reminders)
    if (decision.kind == DecisionKind::send_again && reminder.id == decision.reminder) {
      reminder.state = ReminderState::sent;
      reminder.pending_reactions = 0;
    }
  for (const auto &moved : decision.items)
    for (auto &item : after.items) {
      if (item.id != moved.id || !moved.is_moved || decision.kind != DecisionKind::send) continue;
      item.step = decision.step;
      item.level = std::max(item.level, step.level);
      item.was_reminded = item.was_reminded || (!step.is_task() && step.anchor != Anchor::before_due);
      item.sent_on = today;
      item.sent_step = decision.step;
    }
  return after;
}

}  // namespace relance::domain
