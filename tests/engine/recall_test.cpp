// A message that lies at its provider is asked back when everything it asks for is paid.
#include "tests/engine/engine_world.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::engine {
using test::EngineWorld;
using test::kMonday;

namespace {

/// A reminder to `address` went out on the seventh day, and its only invoice was paid on the eighth.
struct Paid : EngineWorld {
  explicit Paid(const std::string &address) {
    debtor("D1", address);
    invoice("D1", "F1", kMonday);
    onboard();
    start();
    advance_to(kMonday + Days{7});
    BOOST_TEST(reminders("D1").size() == 1u);
    advance_to(kMonday + Days{8});
    pay("F1", 100'00);
    advance_to(kMonday + Days{9});
  }
  std::size_t journaled(const std::string &kind, const std::string &text) {
    std::size_t count{0};
    with_store([&](store::Store &store, Instant) {
      for (const auto &row : store.journal(creditor, "F1", "", 100).value())
        if (row.kind == kind && row.payload.find(text) != std::string::npos) ++count;
    });
    return count;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(recall_test)

BOOST_AUTO_TEST_CASE(a_letter_that_is_paid_for_in_time_does_not_count_as_sent_and_nobody_is_thanked_for_it) {
  Paid world{"recalled@d1.example"};
  BOOST_TEST(world.journaled("recall", "cancelled") == 1u);
  BOOST_TEST(world.counters().recalled == 1u);
  BOOST_TEST(world.counters().sent == 0u);
  BOOST_TEST(world.counters().delivered == 0u);
  BOOST_TEST(world.reminders("D1")[0].state == "void");
  BOOST_TEST(world.received().size() == 1u);  // no thank-you
  BOOST_TEST(world.counters().cases_open == 0u);
}

BOOST_AUTO_TEST_CASE(a_letter_that_has_left_or_may_have_stays_sent) {
  for (const auto &[address, result] :
       {std::pair{"printed@d1.example", "too_late"}, std::pair{"mislaid@d1.example", "unknown"}}) {
    Paid world{address};
    BOOST_TEST(world.journaled("recall", result) == 1u);
    BOOST_TEST(world.counters().recalled == 0u);
    BOOST_TEST(world.reminders("D1").size() == 2u);  // the reminder, and the thank-you
    BOOST_TEST(world.reminders("D1").back().state == "sent");
    BOOST_TEST(world.counters().cases_open == 0u);
  }
}

BOOST_AUTO_TEST_CASE(what_was_taken_under_no_reference_is_not_asked_back) {
  Paid world{"unnamed@d1.example"};
  BOOST_TEST(world.journaled("recall", "unknown") == 1u);
  BOOST_TEST(world.counters().recalls_wanted == 0u);
  BOOST_TEST(world.counters().cases_open == 0u);
}

BOOST_AUTO_TEST_CASE(a_persons_task_ends_when_it_has_nothing_left_to_ask_for) {
  Paid world{""};
  BOOST_TEST(world.tasks().empty());
  BOOST_TEST(world.counters().recalled == 1u);
}

BOOST_AUTO_TEST_CASE(a_recall_is_asked_for_while_sending_is_paused_and_after_a_restart) {
  EngineWorld world;
  world.one_due("recalled@d1.example");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.engine->pause("audit").has_value());
  world.engine->stop(Milliseconds{0});
  world.engine.reset();
  world.open();
  world.pay("F1", 100'00);  // the store knows of it, the provider has not been asked
  BOOST_TEST(world.counters().recalls_wanted == 1u);
  world.restart();
  world.settle();
  BOOST_TEST(world.counters().recalls_wanted == 0u);
  BOOST_TEST(world.counters().recalled == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::engine
