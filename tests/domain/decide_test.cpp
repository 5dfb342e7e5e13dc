// decide() as a table: for each rule of the trade the smallest case that shows it.
#include "tests/domain/case_builder.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::domain {
using namespace test;
BOOST_AUTO_TEST_SUITE(decide_test)

// 2026-03-02 is a Monday; no holiday until 2026-04-06.
const CivilDate kDue{civil(2026, 3, 2)};

BOOST_AUTO_TEST_CASE(a_case_waits_for_the_opening_of_the_day_of_its_next_step) {
  World world;
  world.item(kDue);
  const auto decision = world.decide(civil(2026, 2, 10));
  BOOST_TEST(decision.kind == DecisionKind::wait);
  BOOST_TEST(to_ms(decision.at) == to_ms(world.at(civil(2026, 2, 23), 9)));  // seven days before, at nine
  BOOST_TEST(has_reason(decision, ReasonCode::step_later));
}

BOOST_AUTO_TEST_CASE(the_step_due_today_is_sent_and_may_leave_until_the_window_closes) {
  World world;
  world.item(kDue);
  const auto decision = world.decide(civil(2026, 2, 23));
  BOOST_TEST(decision.kind == DecisionKind::send);
  BOOST_TEST(decision.step == 0);
  BOOST_TEST(to_ms(decision.at) == to_ms(world.at(civil(2026, 2, 23), 18)));
  BOOST_TEST_REQUIRE(decision.items.size() == 1u);
  BOOST_TEST(decision.items[0].is_moved);
  BOOST_TEST(decision.total_minor == 100'00);
}

BOOST_AUTO_TEST_CASE(outside_the_window_a_due_step_waits_for_the_window) {
  World world;
  world.item(kDue);
  for (const auto &[day, hour] : {std::pair{civil(2026, 3, 6), 20}, std::pair{civil(2026, 3, 7), 10},
                                  std::pair{civil(2026, 3, 8), 3}}) {
    const auto decision = world.decide(day + Days{7}, hour);  // a Friday evening, a Saturday, a Sunday night
    BOOST_TEST(decision.kind == DecisionKind::wait);
    BOOST_TEST(to_ms(decision.at) == to_ms(world.at(civil(2026, 3, 16), 9)));
    BOOST_TEST(has_reason(decision, ReasonCode::outside_window));
  }
}

BOOST_AUTO_TEST_CASE(a_pre_due_reminder_is_never_sent_after_the_due_date) {
  World world;
  world.item(kDue);
  const auto decision = world.decide(kDue + Days{1});
  BOOST_TEST(decision.kind == DecisionKind::wait);
  BOOST_TEST(has_reason(decision, ReasonCode::pre_due_passed));
}

BOOST_AUTO_TEST_CASE(nobody_is_chased_before_a_slow_bank_had_its_business_days) {
  World world;
  world.scenario.steps[1].when = {1, DayKind::civil};
  world.item(civil(2026, 3, 6));  // a Friday: three business days end on the Wednesday
  BOOST_TEST(world.decide(civil(2026, 3, 10)).kind == DecisionKind::wait);
  BOOST_TEST(world.decide(civil(2026, 3, 11)).kind == DecisionKind::send);
}

BOOST_AUTO_TEST_CASE(
    a_grouped_message_takes_the_highest_step_lists_every_overdue_item_and_moves_only_its_own) {
  World world;
  auto &old = world.item(kDue, 200'00);
  world.sent(old, 1, kDue + Days{7});
  world.item(kDue + Days{10}, 50'00);   // reminder-1 due the same day
  world.item(kDue + Days{60}, 999'00);  // not due for long
  const auto decision = world.decide(kDue + Days{17});
  BOOST_TEST(decision.kind == DecisionKind::send);
  BOOST_TEST(decision.step == 2);
  BOOST_TEST_REQUIRE(decision.items.size() == 2u);
  BOOST_TEST(decision.items[0].is_moved);
  BOOST_TEST(!decision.items[1].is_moved);
  BOOST_TEST(decision.total_minor == 250'00);
}

BOOST_AUTO_TEST_CASE(a_pre_due_reminder_recapitulates_every_open_invoice) {
  World world;
  world.item(kDue, 10'00);
  world.item(kDue + Days{40}, 20'00);
  const auto decision = world.decide(civil(2026, 2, 23));
  BOOST_TEST(decision.items.size() == 2u);
  BOOST_TEST(!decision.items[1].is_moved);
}

BOOST_AUTO_TEST_CASE(after_an_outage_the_tone_rises_one_level_at_a_time_and_keeps_its_distance) {
  World world;
  auto &item = world.item(kDue);
  const auto first = world.decide(kDue + Days{42});  // all steps are due
  BOOST_TEST(first.kind == DecisionKind::send);
  BOOST_TEST(first.step == 1);
  BOOST_TEST(has_reason(first, ReasonCode::level_guard));
  world.sent(item, 1, kDue + Days{42});
  const auto second = world.decide(kDue + Days{43});
  BOOST_TEST(second.kind == DecisionKind::wait);
  BOOST_TEST(has_reason(second, ReasonCode::min_gap));
  // The call (level 2) is planned 15 days after reminder-1; so far from the actual sending it stays.
  BOOST_TEST(to_ms(second.at) == to_ms(world.at(kDue + Days{57}, 9)));
}

BOOST_AUTO_TEST_CASE(with_skip_a_missed_step_is_not_sent_and_the_next_comes_on_its_day) {
  World world;
  world.scenario.catch_up = CatchUp::skip;
  world.item(kDue);
  const auto missed = world.decide(kDue + Days{12});
  BOOST_TEST(missed.kind == DecisionKind::wait);
  BOOST_TEST(to_ms(missed.at) == to_ms(world.at(kDue + Days{15}, 9)));
  const auto next = world.decide(kDue + Days{15});
  BOOST_TEST(next.kind == DecisionKind::send);
  BOOST_TEST(next.step == 1);  // the level rises by one all the same
}

BOOST_AUTO_TEST_CASE(with_merged_the_message_names_the_steps_it_stands_for) {
  World world;
  world.scenario.catch_up = CatchUp::merged;
  world.scenario.steps[2].level = 1;
  world.item(kDue);
  const auto decision = world.decide(kDue + Days{16});
  BOOST_TEST(decision.step == 2);
  BOOST_TEST_REQUIRE(decision.merged.size() == 1u);
  BOOST_TEST(decision.merged[0] == 1);
}

BOOST_AUTO_TEST_CASE(a_formal_notice_needs_a_reminder_sent_in_the_same_round) {
  World world;
  auto &item = world.item(kDue);
  world.sent(item, 3, kDue + Days{20});
  item.was_reminded = false;  // only the person's call, whatever the level
  const auto held = world.decide(kDue + Days{35});
  BOOST_TEST(held.kind == DecisionKind::wait);
  BOOST_TEST(has_reason(held, ReasonCode::formal_needs_reminder));
  item.was_reminded = true;
  BOOST_TEST(world.decide(kDue + Days{36}).step == 4);  // the day before was Easter Monday
}

BOOST_AUTO_TEST_CASE(a_promise_pauses_until_its_date_and_the_grace_have_passed) {
  World world;
  world.item(kDue);
  world.facts.promises.push_back(
      {9, 0, civil(2026, 3, 20), 100'00});  // a Friday; grace ends on Wednesday the 25th
  const auto paused = world.decide(civil(2026, 3, 10));
  BOOST_TEST(paused.kind == DecisionKind::wait);
  BOOST_TEST(has_reason(paused, ReasonCode::promise_open));
  BOOST_TEST(world.decide(civil(2026, 3, 25)).kind == DecisionKind::wait);
  const auto broken = world.decide(civil(2026, 3, 26));
  BOOST_TEST(broken.kind == DecisionKind::resolve_promise);
  BOOST_TEST(!broken.is_kept);
  world.facts.promises[0].missing_minor = 0;
  BOOST_TEST(world.decide(civil(2026, 3, 10)).is_kept);
}

BOOST_AUTO_TEST_CASE(a_broken_promise_resumes_at_the_step_that_the_scenario_names) {
  World world;
  world.scenario.promise_resume_at = 2;
  world.item(kDue);
  world.facts.promises.push_back({9, 1, civil(2026, 3, 20), 1});
  const auto broken = world.decide(civil(2026, 4, 2));
  BOOST_TEST(broken.step == 2);
  BOOST_TEST(broken.items.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_disputed_or_held_is_not_reminded_and_the_rest_is) {
  World world;
  world.item(kDue, 10'00).state = ItemState::disputed;
  world.item(kDue, 20'00).held_until = kDue + Days{30};
  world.item(kDue, 40'00);
  const auto decision = world.decide(kDue + Days{7});
  BOOST_TEST(decision.kind == DecisionKind::send);
  BOOST_TEST(decision.total_minor == 40'00);
  world.facts.held_until = kDue + Days{50};
  const auto held = world.decide(kDue + Days{7});
  BOOST_TEST(held.kind == DecisionKind::wait);
  BOOST_TEST(to_ms(held.at) == to_ms(world.zone.first_instant_of(kDue + Days{50})));
}

BOOST_AUTO_TEST_CASE(an_open_attempt_and_one_in_doubt_keep_everything_else_back) {
  World world;
  auto &item = world.item(kDue);
  world.sent(item, 1, kDue + Days{7});
  auto &reminder = world.reminder(1, ReminderState::open, kDue + Days{7});
  BOOST_TEST(world.decide(kDue + Days{30}).kind == DecisionKind::wait);
  reminder.state = ReminderState::in_doubt;
  const auto doubt = world.decide(kDue + Days{8});
  BOOST_TEST(doubt.kind == DecisionKind::wait);
  BOOST_TEST(to_ms(doubt.at) == to_ms(world.zone.first_instant_of(kDue + Days{17})));  // the day reminder-2 may go
  const auto policy = world.decide(kDue + Days{17});
  BOOST_TEST(policy.kind == DecisionKind::give_task);
  BOOST_TEST(policy.task == TaskReason::in_doubt);
  world.scenario.in_doubt = InDoubtPolicy::assume_sent;
  BOOST_TEST(world.decide(kDue + Days{17}).kind == DecisionKind::assume_sent);
  world.scenario.in_doubt = InDoubtPolicy::resend;
  BOOST_TEST(world.decide(kDue + Days{17}).kind == DecisionKind::send_again);
  reminder.asked_in_doubt = true;
  BOOST_TEST(world.decide(kDue + Days{17}).kind == DecisionKind::send);  // the case goes on
}

BOOST_AUTO_TEST_CASE(what_was_certainly_not_sent_is_tried_again_later_unless_the_facts_changed) {
  World world;
  auto &item = world.item(kDue);
  world.sent(item, 1, kDue + Days{7});
  auto &reminder = world.reminder(1, ReminderState::not_sent, kDue + Days{7});
  reminder.retry_at = world.at(kDue + Days{7}, 11);
  const auto later = world.decide(kDue + Days{7}, 10);
  BOOST_TEST(later.kind == DecisionKind::wait);
  BOOST_TEST(to_ms(later.at) == to_ms(*reminder.retry_at));
  const auto again = world.decide(kDue + Days{7}, 11);
  BOOST_TEST(again.kind == DecisionKind::send_again);
  BOOST_TEST(again.reminder == reminder.id);
  reminder.attempts = world.scenario.attempts_max;
  BOOST_TEST(world.decide(kDue + Days{7}, 11).task == TaskReason::too_many_attempts);
  item.balance_minor = 0;
  item.state = ItemState::paid;
  BOOST_TEST(world.decide(kDue + Days{7}, 11).kind == DecisionKind::void_reminder);
}

BOOST_AUTO_TEST_CASE(resending_what_is_in_doubt_is_bounded_and_never_chases_what_is_paid) {
  World world;
  world.scenario.in_doubt = InDoubtPolicy::resend;
  auto &item = world.item(kDue);
  world.item(kDue);
  world.sent(item, 1, kDue + Days{7});
  auto &reminder = world.reminder(1, ReminderState::in_doubt, kDue + Days{7});
  BOOST_TEST(world.decide(kDue + Days{17}).kind == DecisionKind::send_again);
  reminder.attempts = world.scenario.attempts_max;
  BOOST_TEST(world.decide(kDue + Days{17}).kind == DecisionKind::give_task);
  reminder.attempts = 1;
  item.state = ItemState::paid;
  item.balance_minor = 0;
  BOOST_TEST(world.decide(kDue + Days{17}).kind != DecisionKind::send_again);
}

BOOST_AUTO_TEST_CASE(an_unsent_reminder_that_was_superseded_or_lost_its_step_is_voided) {
  World world;
  auto &item = world.item(kDue);
  world.sent(item, 1, kDue + Days{7});
  auto &reminder = world.reminder(1, ReminderState::not_sent, kDue + Days{7});
  reminder.is_superseded = true;
  BOOST_TEST(world.decide(kDue + Days{8}).kind == DecisionKind::void_reminder);
  reminder.is_superseded = false;
  reminder.step = item.step = item.sent_step = 9;  // a later scenario is shorter
  BOOST_TEST(world.decide(kDue + Days{8}).kind == DecisionKind::void_reminder);
  reminder.state = ReminderState::negative;
  reminder.pending_reactions = 1u << static_cast<unsigned>(ReceiptKind::failed);
  BOOST_TEST(world.decide(kDue + Days{8}).kind == DecisionKind::wait);
}

BOOST_AUTO_TEST_CASE(a_bounce_moves_the_reminder_to_the_steps_next_channel_then_to_a_person) {
  World world;
  auto &item = world.item(kDue);
  world.sent(item, 1, kDue + Days{7});
  auto &reminder = world.reminder(1, ReminderState::negative, kDue + Days{7});
  reminder.pending_reactions = 1u << static_cast<unsigned>(ReceiptKind::failed);
  reminder.channels_tried = 1;
  const auto fallback = world.decide(kDue + Days{8});
  BOOST_TEST(fallback.kind == DecisionKind::send_again);
  BOOST_TEST(has_reason(fallback, ReasonCode::fallback));
  reminder.channels_tried = 2;
  const auto exhausted = world.decide(kDue + Days{8});
  BOOST_TEST(exhausted.kind == DecisionKind::give_task);
  BOOST_TEST(exhausted.task == TaskReason::channels_exhausted);
}

BOOST_AUTO_TEST_CASE(a_bounce_after_its_moment_only_marks_the_address) {
  World world;
  auto &item = world.item(kDue);
  world.sent(item, 1, kDue + Days{7});
  auto &reminder = world.reminder(1, ReminderState::negative, kDue + Days{7});
  reminder.pending_reactions = 1u << static_cast<unsigned>(ReceiptKind::failed);
  const auto late = world.decide(kDue + Days{17});  // reminder-2 is due: its turn has come
  BOOST_TEST(late.kind == DecisionKind::settle_reaction);
  BOOST_TEST(late.reaction == ReceiptKind::failed);
  reminder.is_superseded = true;
  BOOST_TEST(has_reason(world.decide(kDue + Days{8}), ReasonCode::superseded));
  reminder.is_superseded = false;
  world.facts.promises.push_back({9, 0, kDue + Days{40}, 1});
  BOOST_TEST(world.decide(kDue + Days{8}).kind ==
             DecisionKind::settle_reaction);  // nothing to remind of any more
}

BOOST_AUTO_TEST_CASE(a_reminder_sent_late_still_falls_back_until_the_next_one_may_really_go) {
  World world;
  auto &item = world.item(kDue);
  world.sent(item, 1, kDue + Days{42});  // onboarded late: the planned date of reminder-2 is long over
  auto &reminder = world.reminder(1, ReminderState::negative, kDue + Days{42});
  reminder.pending_reactions = 1u << static_cast<unsigned>(ReceiptKind::failed);
  reminder.channels_tried = 1;
  BOOST_TEST(world.decide(kDue + Days{43}).kind == DecisionKind::send_again);
}

BOOST_AUTO_TEST_CASE(a_scenario_states_what_a_receipt_changes) {
  World world;
  auto &step = world.scenario.steps[4];
  step.reactions = {{ReceiptKind::unclaimed, "postal", -1, false, {2, DayKind::civil}},
                    {ReceiptKind::refused, "", 3, false, {}},
                    {ReceiptKind::read, "", -1, true, {}}};
  auto &item = world.item(kDue);
  world.sent(item, 4, kDue + Days{30});
  auto &reminder = world.reminder(4, ReminderState::negative, kDue + Days{30});
  reminder.receipt_on = kDue + Days{45};
  reminder.pending_reactions = 1u << static_cast<unsigned>(ReceiptKind::unclaimed);
  BOOST_TEST(world.decide(kDue + Days{46}).kind == DecisionKind::wait);
  const auto unclaimed = world.decide(kDue + Days{49});
  BOOST_TEST(unclaimed.kind == DecisionKind::send_again);
  BOOST_TEST(unclaimed.channel == "postal");
  reminder.pending_reactions = 1u << static_cast<unsigned>(ReceiptKind::refused);
  const auto refused = world.decide(kDue + Days{45});
  BOOST_TEST(refused.kind == DecisionKind::restart_at);
  BOOST_TEST(refused.step == 3);
  reminder.state = ReminderState::sent;
  reminder.pending_reactions = 1u << static_cast<unsigned>(ReceiptKind::read);
  BOOST_TEST(world.decide(kDue + Days{45}).task == TaskReason::reaction);
}

BOOST_AUTO_TEST_CASE(a_stated_channel_makes_no_further_attempt_of_what_was_not_lost) {
  World world;
  auto &step = world.scenario.steps[1];
  const auto bit = [](ReceiptKind kind) { return 1u << static_cast<unsigned>(kind); };
  auto &item = world.item(kDue);
  world.sent(item, 1, kDue + Days{7});
  auto &reminder = world.reminder(1, ReminderState::sent, kDue + Days{7});
  for (const auto kind : {ReceiptKind::complaint, ReceiptKind::delivered, ReceiptKind::read}) {
    reminder.pending_reactions = bit(kind);
    step.reactions = {{kind, "task", -1, false, {}}};
    const auto person = world.decide(kDue + Days{8});
    BOOST_TEST(person.kind == DecisionKind::give_task);
    BOOST_TEST(person.task == TaskReason::reaction);
    step.reactions.front().channel = "sms";
    BOOST_TEST(world.decide(kDue + Days{8}).kind == DecisionKind::settle_reaction);
  }
  // A second bounce comes after another channel took the message.
  reminder.pending_reactions = bit(ReceiptKind::failed);
  for (const auto *channel : {"task", "sms"}) {
    step.reactions = {{ReceiptKind::failed, channel, -1, false, {}}};
    BOOST_TEST(world.decide(kDue + Days{8}).kind == DecisionKind::settle_reaction);
  }
}

namespace {

/// Reminder-1 went out by e-mail a week ago, and the receipt that was to come has not.
struct Silent : World {
  Silent() {
    auto &item = this->item(kDue);
    sent(item, 1, kDue + Days{7});
    auto &made = reminder(1, ReminderState::sent, kDue + Days{7});
    made.channel = "email";
    made.is_silent = true;
    made.receipt_on = kDue + Days{8};
    made.pending_reactions = 1u << static_cast<unsigned>(ReceiptKind::silence);
  }
  ReminderFacts &silent() { return facts.reminders.front(); }
  void on_silence(Reaction reaction) {
    reaction.on = ReceiptKind::silence;
    scenario.steps[1].reactions = {std::move(reaction)};
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_silence_changes_nothing_unless_the_scenario_says_what) {
  Silent world;
  const auto noted = world.decide(kDue + Days{9});
  BOOST_TEST(noted.kind == DecisionKind::settle_reaction);
  BOOST_TEST(noted.reaction == ReceiptKind::silence);
  BOOST_TEST(has_reason(noted, ReasonCode::silent));
  world.silent().pending_reactions = 0;  // settled: it stays a fact, and the next step comes by its date
  const auto later = world.decide(kDue + Days{9});
  BOOST_TEST(later.kind == DecisionKind::wait);
  BOOST_TEST(has_reason(later, ReasonCode::silent));
  BOOST_TEST(world.decide(kDue + Days{17}).kind == DecisionKind::send);
}

BOOST_AUTO_TEST_CASE(a_silence_gives_a_person_a_task_on_its_day) {
  Silent world;
  world.on_silence({.gives_task = true, .after = {2, DayKind::civil}});
  const auto before = world.decide(kDue + Days{9});
  BOOST_TEST(before.kind == DecisionKind::wait);
  BOOST_TEST(has_reason(before, ReasonCode::silent));
  const auto task = world.decide(kDue + Days{10});
  BOOST_TEST(task.kind == DecisionKind::give_task);
  BOOST_TEST(task.task == TaskReason::silence);
  BOOST_TEST(task.reaction == ReceiptKind::silence);
  world.facts.items.front().state = ItemState::paid;  // nobody has to find out any more
  world.facts.items.front().balance_minor = 0;
  world.item(kDue);
  BOOST_TEST(world.decide(kDue + Days{10}).kind == DecisionKind::settle_reaction);
}

BOOST_AUTO_TEST_CASE(a_silence_sends_by_another_channel_and_never_by_its_own) {
  Silent world;
  world.on_silence({.channel = "sms"});
  const auto other = world.decide(kDue + Days{9});
  BOOST_TEST(other.kind == DecisionKind::send_again);
  BOOST_TEST(other.channel == "sms");
  BOOST_TEST(other.reaction == ReceiptKind::silence);
  BOOST_TEST(!has_reason(other, ReasonCode::fallback));  // nothing says that it cannot arrive
  world.silent().channel = "sms";
  BOOST_TEST(world.decide(kDue + Days{9}).kind == DecisionKind::settle_reaction);
  world.silent().channel = "email";
  BOOST_TEST(world.decide(kDue + Days{17}).kind == DecisionKind::settle_reaction);  // reminder-2 has its turn
  world.silent().is_superseded = true;
  BOOST_TEST(has_reason(world.decide(kDue + Days{9}), ReasonCode::superseded));
  world.silent().is_superseded = false;
  world.silent().is_silent = false;  // a late receipt has come
  BOOST_TEST(world.decide(kDue + Days{9}).kind == DecisionKind::settle_reaction);
}

BOOST_AUTO_TEST_CASE(a_receipt_is_reacted_to_before_a_silence) {
  Silent world;
  world.on_silence({.gives_task = true, .after = {5, DayKind::civil}});
  world.silent().pending_reactions |= 1u << static_cast<unsigned>(ReceiptKind::complaint);
  const auto decision = world.decide(kDue + Days{9});
  BOOST_TEST(decision.kind == DecisionKind::settle_reaction);
  BOOST_TEST(decision.reaction == ReceiptKind::complaint);
}

BOOST_AUTO_TEST_CASE(what_was_sent_because_of_a_silence_waits_for_its_provider_and_is_a_persons_when_it_is_lost_too) {
  Silent world;
  world.on_silence({.channel = "sms"});
  auto &reminder = world.silent();
  reminder.is_silence_followed = true;
  reminder.attempts = 2;
  reminder.retry_at = world.at(kDue + Days{9}, 15);
  BOOST_TEST(world.decide(kDue + Days{9}).kind == DecisionKind::wait);
  BOOST_TEST((world.decide(kDue + Days{9}).at == world.at(kDue + Days{9}, 15)));
  BOOST_TEST(world.decide(kDue + Days{9}, 16).kind == DecisionKind::send_again);
  reminder.attempts = world.scenario.attempts_max;
  BOOST_TEST(world.decide(kDue + Days{9}, 16).task == TaskReason::too_many_attempts);
  reminder.attempts = 2;
  reminder.pending_reactions = 1u << static_cast<unsigned>(ReceiptKind::failed);
  BOOST_TEST(world.decide(kDue + Days{9}).task == TaskReason::channels_exhausted);
}

BOOST_AUTO_TEST_CASE(a_silence_may_make_a_later_step_due) {
  Silent world;
  world.on_silence({.step = 3});
  const auto decision = world.decide(kDue + Days{9});
  BOOST_TEST(decision.kind == DecisionKind::restart_at);
  BOOST_TEST(decision.step == 3);
}

BOOST_AUTO_TEST_CASE(a_reactions_channel_is_kept_while_it_cannot_take_the_message_and_ends_with_it) {
  World world;
  world.scenario.steps[1].reactions = {{ReceiptKind::failed, "postal", -1, false, {}}};
  auto &item = world.item(kDue);
  world.sent(item, 1, kDue + Days{7});
  auto &reminder = world.reminder(1, ReminderState::not_sent, kDue + Days{7});
  reminder.attempts = 2;
  reminder.channel = "postal";
  reminder.channel_index = 2;  // behind the step's own two
  reminder.channels_tried = 1;
  const auto again = world.decide(kDue + Days{8});
  BOOST_TEST(again.kind == DecisionKind::send_again);
  BOOST_TEST(again.channel == "postal");
  reminder.channel_index = 0;
  BOOST_TEST(world.decide(kDue + Days{8}).channel == "");
  reminder.state = ReminderState::negative;
  reminder.pending_reactions = 1u << static_cast<unsigned>(ReceiptKind::failed);
  BOOST_TEST(world.decide(kDue + Days{8}).channel == "postal");
  reminder.channels_tried = 3;  // that one failed too
  BOOST_TEST(world.decide(kDue + Days{8}).task == TaskReason::channels_exhausted);
}

BOOST_AUTO_TEST_CASE(what_is_in_doubt_is_told_to_a_person_once_whatever_becomes_of_its_case) {
  World world;
  world.scenario.in_doubt = InDoubtPolicy::resend;
  auto &item = world.item(kDue);
  world.sent(item, 1, kDue + Days{7});
  auto &reminder = world.reminder(1, ReminderState::in_doubt, kDue + Days{7});
  const auto expect_told = [&](const char *when) {
    const auto told = world.decide(kDue + Days{40});
    BOOST_TEST_CONTEXT(when) {
      BOOST_TEST(told.kind == DecisionKind::give_task);
      BOOST_TEST(told.task == TaskReason::in_doubt);
      BOOST_TEST(told.step < static_cast<std::int32_t>(world.scenario.steps.size()));
      reminder.asked_in_doubt = true;
      BOOST_TEST(world.decide(kDue + Days{40}).task != TaskReason::in_doubt);
      reminder.asked_in_doubt = false;
    }
  };
  world.facts.state = CaseState::handed_over;
  expect_told("the file is handed over");
  world.facts.state = CaseState::open;
  reminder.step = 1'000'000;
  expect_told("the step was removed");
  reminder.step = 1;
  item.state = ItemState::paid;
  item.balance_minor = 0;
  expect_told("the invoice is paid");
  world.facts.state = CaseState::closed;
  expect_told("the case is closed");
}

BOOST_AUTO_TEST_CASE(a_step_that_needs_approval_asks_waits_and_goes_only_as_approved) {
  World world;
  world.scenario.steps[1].needs_approval = true;
  world.item(kDue);
  const auto day = kDue + Days{7};
  const auto asks = world.decide(day, 3);  // even at night: a person's screen has no window
  BOOST_TEST(asks.kind == DecisionKind::ask_approval);
  BOOST_TEST((asks.at > world.at(day)));
  auto &approval = world.facts.approvals.emplace_back();
  approval = {5, 1, ApprovalState::asked, world.at(day + Days{14}), 100'00, world.words, {1}};
  const auto waits = world.decide(day);
  BOOST_TEST(waits.kind == DecisionKind::wait);
  BOOST_TEST(has_reason(waits, ReasonCode::approval_pending));
  approval.state = ApprovalState::approved;
  BOOST_TEST(world.decide(day).kind == DecisionKind::send);
  BOOST_TEST(world.decide(day).approval == 5);
  approval.amount_minor = 100'01;
  BOOST_TEST(world.decide(day).kind == DecisionKind::send);  // less is owed than was approved
  world.words = 8;
  BOOST_TEST(world.decide(day).kind == DecisionKind::ask_approval);  // re-worded
  world.words = 7;
  approval.amount_minor = 99'99;
  BOOST_TEST(world.decide(day).kind == DecisionKind::ask_approval);  // more is owed
  approval.amount_minor = 100'00;
  approval.state = ApprovalState::rejected;
  BOOST_TEST(world.decide(day).kind == DecisionKind::skip_step);
  BOOST_TEST(world.decide(day + Days{15}).kind == DecisionKind::ask_approval);  // expired
}

BOOST_AUTO_TEST_CASE(below_the_minimum_a_step_waits_and_a_lower_one_may_go) {
  World world;
  world.scenario.steps[2].minimum_balance = {{500'00, euro()}};
  auto &old = world.item(kDue, 30'00);
  world.sent(old, 1, kDue + Days{7});
  world.item(kDue + Days{10}, 20'00);
  const auto decision = world.decide(kDue + Days{17});
  BOOST_TEST(decision.kind == DecisionKind::send);
  BOOST_TEST(decision.step == 1);
  BOOST_TEST(decision.total_minor == 50'00);
  BOOST_TEST(has_reason(decision, ReasonCode::minimum_balance));
}

BOOST_AUTO_TEST_CASE(two_messages_to_one_debtor_keep_their_distance_over_all_scenarios) {
  World world;
  world.item(kDue);
  world.facts.contacted_on = kDue + Days{6};
  const auto decision = world.decide(kDue + Days{7});
  BOOST_TEST(decision.kind == DecisionKind::wait);
  BOOST_TEST(to_ms(decision.at) == to_ms(world.at(kDue + Days{9}, 9)));
}

BOOST_AUTO_TEST_CASE(stale_payment_data_holds_reminders_but_not_a_pre_due_one) {
  World world;
  world.payment_data_until = world.at(civil(2026, 2, 1));
  world.item(kDue);
  BOOST_TEST(world.decide(civil(2026, 2, 23)).kind == DecisionKind::send);
  const auto held = world.decide(kDue + Days{7});
  BOOST_TEST(held.kind == DecisionKind::wait);
  BOOST_TEST(has_reason(held, ReasonCode::payment_data_old));
}

BOOST_AUTO_TEST_CASE(a_first_import_decides_nothing_until_it_is_started) {
  World world;
  world.item(kDue);
  world.facts.state = CaseState::onboarding;
  BOOST_TEST(world.decide(kDue + Days{40}).kind == DecisionKind::wait);
  BOOST_TEST(to_ms(world.decide(kDue + Days{40}).at) == to_ms(Instant::max()));
}

BOOST_AUTO_TEST_CASE(once_all_is_paid_the_debtor_is_thanked_once_and_the_case_closes) {
  World world;
  auto &item = world.item(kDue, 0);
  item.state = ItemState::paid;
  BOOST_TEST(world.decide(kDue).kind == DecisionKind::close);
  world.facts.owes_thanks = true;
  BOOST_TEST(world.decide(kDue).kind == DecisionKind::thank);
  BOOST_TEST(world.decide(kDue, 22).kind == DecisionKind::wait);
  world.facts.state = CaseState::closed;
  BOOST_TEST(world.decide(kDue).kind == DecisionKind::wait);
}

BOOST_AUTO_TEST_CASE(an_overpaid_item_is_not_reminded) {
  World world;
  world.item(kDue, -5'00);
  BOOST_TEST(world.decide(kDue + Days{40}).kind == DecisionKind::close);
}

BOOST_AUTO_TEST_CASE(dates_of_steps_are_the_creditors_and_hours_the_recipients) {
  World world;
  world.item(kDue);
  const auto tokyo = Zone::of("Asia/Tokyo").value();
  world.window = World::office_hours(tokyo, world.calendar);
  const auto decision = world.decide(civil(2026, 2, 10));
  // 23 February begins in Tokyo eight hours before it does in Paris; it must have begun in Paris too.
  BOOST_TEST(to_ms(decision.at) == to_ms(tokyo.first_instant_of(civil(2026, 2, 23), 9 * 60)));
  BOOST_TEST((decision.at >= world.zone.first_instant_of(civil(2026, 2, 23))));
}

BOOST_AUTO_TEST_CASE(a_hand_over_is_decided_and_not_sent) {
  World world;
  world.scenario.steps.push_back(make_step("agency", Anchor::after_due, 60, 4, {}));
  world.scenario.steps.back().hands_over = true;
  auto &item = world.item(kDue);
  world.sent(item, 4, kDue + Days{30});
  BOOST_TEST(world.decide(kDue + Days{60}, 4).kind == DecisionKind::hand_over);
}

BOOST_AUTO_TEST_CASE(every_reason_has_a_sentence_without_a_hole) {
  const auto scenario = standard();
  for (int code{0}; code <= static_cast<int>(ReasonCode::thanks_owed); ++code) {
    const auto text = reason_text({static_cast<ReasonCode>(code), 1, 42, kDue}, scenario);
    BOOST_TEST(text.size() > 10u);
    BOOST_TEST(text.find('{') == std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::domain
