// What decide() never does, whatever the facts: the promises of DESIGN "What holds always", over random
// cases.
#include "tests/domain/case_builder.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <rapidcheck.h>

namespace relance::domain {
using namespace test;
namespace {

const CivilDate kDue{civil(2026, 3, 2)};

template <class T>
T pick(std::initializer_list<T> values) {
  return *rc::gen::elementOf(std::vector<T>(values));
}

/// A world with a few items in every state that the store can produce, and a moment to decide at.
World random_world() {
  World world;
  world.scenario.catch_up = pick({CatchUp::latest, CatchUp::merged, CatchUp::skip});
  world.scenario.steps[2].needs_approval = *rc::gen::arbitrary<bool>();
  if (*rc::gen::arbitrary<bool>()) world.scenario.steps[2].minimum_balance = {{150'00, euro()}};
  if (*rc::gen::arbitrary<bool>()) world.scenario.steps[2].anchor = Anchor::after_previous;
  const auto zone = Zone::of(pick<const char *>({"Europe/Paris", "Asia/Tokyo", "America/New_York"})).value();
  if (*rc::gen::arbitrary<bool>()) world.window = World::office_hours(zone, world.calendar);
  const int items{*rc::gen::inRange(0, 5)};
  for (int i{0}; i < items; ++i) {
    auto &item =
        world.item(kDue + Days{*rc::gen::inRange(-60, 60)}, pick<std::int64_t>({-100, 0, 1, 100'00, 999'99}));
    item.state = pick({ItemState::open, ItemState::open, ItemState::open, ItemState::paid,
                       ItemState::disputed, ItemState::written_off});
    const int step{*rc::gen::inRange(-1, 5)};
    if (step >= 0) world.sent(item, step, kDue + Days{*rc::gen::inRange(-10, 40)});
    if (*rc::gen::inRange(0, 5) == 0) item.held_until = kDue + Days{*rc::gen::inRange(-30, 60)};
  }
  if (*rc::gen::inRange(0, 4) == 0)
    world.facts.promises.push_back({9, *rc::gen::inRange(0, 3), kDue + Days{*rc::gen::inRange(-20, 60)},
                                    pick<std::int64_t>({-1, 0, 10})});
  if (*rc::gen::inRange(0, 4) == 0) world.facts.contacted_on = kDue + Days{*rc::gen::inRange(-5, 40)};
  if (*rc::gen::inRange(0, 6) == 0) world.facts.held_until = kDue + Days{*rc::gen::inRange(-5, 60)};
  if (*rc::gen::inRange(0, 3) == 0) {
    auto &reminder =
        world.reminder(*rc::gen::inRange(0, 5),
                       pick({ReminderState::open, ReminderState::in_doubt, ReminderState::not_sent,
                             ReminderState::negative, ReminderState::sent}),
                       kDue + Days{*rc::gen::inRange(-10, 40)});
    reminder.attempts = *rc::gen::inRange(1, 7);
    reminder.channels_tried = *rc::gen::inRange(0, 3);
    reminder.is_superseded = *rc::gen::arbitrary<bool>();
    reminder.asked_in_doubt = *rc::gen::arbitrary<bool>();
    reminder.pending_reactions = *rc::gen::arbitrary<std::uint32_t>() & 0xffff;
    reminder.is_silent = *rc::gen::arbitrary<bool>();
    reminder.is_silence_followed = reminder.is_silent && *rc::gen::arbitrary<bool>();
    if (*rc::gen::arbitrary<bool>())
      world.scenario.steps[static_cast<std::size_t>(reminder.step)].reactions = {
          {ReceiptKind::silence, pick<std::string>({"", "postal", "email"}), -1, *rc::gen::arbitrary<bool>(),
           {*rc::gen::inRange(0, 4), DayKind::civil}}};
    reminder.channel = "email";
    if (*rc::gen::arbitrary<bool>()) reminder.retry_at = world.at(kDue + Days{*rc::gen::inRange(-10, 60)});
  }
  if (*rc::gen::inRange(0, 3) == 0)
    world.facts.approvals.push_back({5,
                                     *rc::gen::inRange(0, 5),
                                     pick({ApprovalState::asked, ApprovalState::approved,
                                           ApprovalState::rejected, ApprovalState::expired}),
                                     world.at(kDue + Days{*rc::gen::inRange(-5, 60)}),
                                     pick<std::int64_t>({0, 5000'00}),
                                     world.words,
                                     {1, 2, 3, 4, 5}});
  world.facts.owes_thanks = *rc::gen::arbitrary<bool>();
  return world;
}

Instant random_moment(const World &world) {
  return world.zone.first_instant_of(kDue + Days{*rc::gen::inRange(-70, 120)}, *rc::gen::inRange(0, 1440));
}

const ItemFacts *item_of(const World &world, ReceivableId id) {
  for (const auto &item : world.facts.items)
    if (item.id == id) return &item;
  return nullptr;
}

bool sends(const Decision &decision) {
  return decision.kind == DecisionKind::send || decision.kind == DecisionKind::send_again;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(decide_property_test)

BOOST_AUTO_TEST_CASE(a_wait_always_ends_in_the_future) {
  BOOST_TEST(rc::check([] {
    const auto world = random_world();
    const auto now = random_moment(world);
    const auto decision = decide(world.facts, world.surroundings(), now);
    if (decision.kind == DecisionKind::wait) RC_ASSERT(decision.at > now);
  }));
}

BOOST_AUTO_TEST_CASE(a_message_never_names_what_is_paid_disputed_held_or_promised) {
  BOOST_TEST(rc::check([] {
    const auto world = random_world();
    const auto now = random_moment(world);
    const auto today = world.zone.local(now).date;
    const auto decision = decide(world.facts, world.surroundings(), now);
    if (!sends(decision)) return;
    std::int64_t total{0};
    for (const auto &listed : decision.items) {
      const auto *item = item_of(world, listed.id);
      RC_ASSERT(item != nullptr);
      RC_ASSERT(item->state == ItemState::open);
      RC_ASSERT(item->balance_minor > 0);
      RC_ASSERT(!item->held_until || *item->held_until <= today);
      RC_ASSERT(!world.facts.held_until || *world.facts.held_until <= today);
      for (const auto &promise : world.facts.promises)
        RC_ASSERT(promise.receivable != 0 && promise.receivable != item->id);
      total += listed.balance_minor;
    }
    RC_ASSERT(total == decision.total_minor);
  }));
}

BOOST_AUTO_TEST_CASE(a_message_leaves_inside_the_recipients_window) {
  BOOST_TEST(rc::check([] {
    const auto world = random_world();
    const auto now = random_moment(world);
    const auto decision = decide(world.facts, world.surroundings(), now);
    const bool is_task{decision.step >= 0 &&
                       world.scenario.steps[static_cast<std::size_t>(decision.step)].is_task()};
    if ((!sends(decision) && decision.kind != DecisionKind::thank) || is_task) return;
    RC_ASSERT(world.window.next_allowed(now).from == now);
    RC_ASSERT(decision.at == world.window.next_allowed(now).until);
  }));
}

BOOST_AUTO_TEST_CASE(a_new_reminder_moves_items_upwards_by_one_level_at_most) {
  BOOST_TEST(rc::check([] {
    const auto world = random_world();
    const auto decision = decide(world.facts, world.surroundings(), random_moment(world));
    if (decision.kind != DecisionKind::send) return;
    const auto &step = world.scenario.steps[static_cast<std::size_t>(decision.step)];
    bool any_moved{false};
    for (const auto &listed : decision.items) {
      if (!listed.is_moved) continue;
      any_moved = true;
      const auto *item = item_of(world, listed.id);
      RC_ASSERT(decision.step > item->step);
      RC_ASSERT(step.level <= item->level + 1);
      RC_ASSERT(!step.is_formal || item->was_reminded);
    }
    RC_ASSERT(any_moved);
  }));
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_beside_an_open_or_doubtful_attempt) {
  BOOST_TEST(rc::check([] {
    auto world = random_world();
    world.scenario.in_doubt = InDoubtPolicy::ask;
    const auto decision = decide(world.facts, world.surroundings(), random_moment(world));
    for (const auto &reminder : world.facts.reminders) {
      if (reminder.state == ReminderState::open) RC_ASSERT(!sends(decision));
      if (reminder.state == ReminderState::in_doubt && !reminder.asked_in_doubt) RC_ASSERT(!sends(decision));
    }
  }));
}

BOOST_AUTO_TEST_CASE(what_was_accepted_is_sent_again_only_where_the_scenario_says_so_of_a_silence_and_by_another_channel) {
  BOOST_TEST(rc::check([] {
    const auto world = random_world();
    const auto decision = decide(world.facts, world.surroundings(), random_moment(world));
    if (decision.kind != DecisionKind::send_again) return;
    for (const auto &reminder : world.facts.reminders) {
      if (reminder.id != decision.reminder || reminder.state != ReminderState::sent) continue;
      RC_ASSERT(decision.reaction == ReceiptKind::silence);
      RC_ASSERT(reminder.is_silent);
      RC_ASSERT(decision.channel == "postal");
    }
  }));
}

BOOST_AUTO_TEST_CASE(once_sent_the_same_message_is_not_decided_again) {
  BOOST_TEST(rc::check([] {
    const auto world = random_world();
    const auto now = random_moment(world);
    const auto first = decide(world.facts, world.surroundings(), now);
    if (first.kind != DecisionKind::send) return;
    const auto after = after_sending(world.facts, first, world.scenario, world.zone.local(now).date);
    const auto second = decide(after, world.surroundings(), now);
    if (second.kind != DecisionKind::send) return;
    // Only a person's task may follow at once; it is another step.
    RC_ASSERT(second.step != first.step);
    RC_ASSERT(world.scenario.steps[static_cast<std::size_t>(second.step)].is_task() ||
              world.scenario.steps[static_cast<std::size_t>(first.step)].is_task());
  }));
}

BOOST_AUTO_TEST_CASE(the_same_facts_at_the_same_moment_give_the_same_decision) {
  BOOST_TEST(rc::check([] {
    const auto world = random_world();
    const auto now = random_moment(world);
    const auto a = decide(world.facts, world.surroundings(), now),
               b = decide(world.facts, world.surroundings(), now);
    RC_ASSERT(a.kind == b.kind && a.at == b.at && a.step == b.step && a.total_minor == b.total_minor);
  }));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::domain
