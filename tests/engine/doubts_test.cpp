// Messages whose end nobody knows: what the engine may still do about them, and what it must not. The peer is a file
// with one line for each message it really got.
#include "tests/engine/engine_world.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::engine {
using test::EngineWorld;
using test::kMonday;
BOOST_AUTO_TEST_SUITE(doubts_test)

namespace {

const std::string kNothing{test::kTellsNothing};
const std::string kDropsRepeats{"query = \"no\"\ntwo_phase = \"no\"\nidempotency_window = \"3600000\"\n"};
std::string can_tell(const std::string &certain_after) {
  return "query = \"yes\"\ntwo_phase = \"no\"\nidempotency_window = \"0\"\nnot_found_certain_after = \"" + certain_after + "\"\n";
}

/// One reminder has gone out on day 7 to an address of this kind.
void send_one(EngineWorld &world, const std::string &address) {
  world.debtor("D1", address);
  world.invoice("D1", "F1", kMonday);
  world.onboard();
  world.start();
  world.advance_to(kMonday + Days{7});
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_provider_that_drops_repeats_gets_the_same_key_again_and_the_debtor_one_message) {
  for (const char *address : {"lost@d1.example", "lost_reply@d1.example"}) {
    EngineWorld world{{}, {}, kDropsRepeats};
    send_one(world, address);
    world.await("the reminder is sent", [&] { return world.counters().sent == 1; });
    BOOST_TEST(world.counters().in_doubt == 0u);
    BOOST_TEST(world.engine->report().intents == 1u);
    const auto received = world.received();
    BOOST_TEST_REQUIRE(received.size() == 1u);
    BOOST_TEST(world.reminders("D1").size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(what_a_crash_left_in_doubt_is_repeated_only_while_every_word_of_it_is_true) {
  enum class Meanwhile { nothing, paid, paid_in_part, disputed, promised, held, suppressed };
  for (const auto meanwhile : {Meanwhile::nothing, Meanwhile::paid, Meanwhile::paid_in_part, Meanwhile::disputed,
                               Meanwhile::promised, Meanwhile::held, Meanwhile::suppressed}) {
    BOOST_TEST_CONTEXT("meanwhile " << static_cast<int>(meanwhile)) {
      EngineWorld world{{}, {}, kNothing};
      send_one(world, "lost@d1.example");
      BOOST_TEST_REQUIRE(world.counters().in_doubt == 1u);
      BOOST_TEST(world.received().empty());
      if (meanwhile == Meanwhile::paid) world.pay("F1", 100'00);
      if (meanwhile == Meanwhile::paid_in_part) world.pay("F1", 40'00);
      world.with_store([&](store::Store &store, Instant now) {
        if (meanwhile == Meanwhile::disputed)
          BOOST_TEST(store.dispute(world.creditor, "F1", "broken", "test", now).has_value());
        if (meanwhile == Meanwhile::promised)
          BOOST_TEST(store.promise(world.creditor, "D1", "", kMonday + Days{12}, std::nullopt, "test", now).has_value());
        if (meanwhile == Meanwhile::held)
          BOOST_TEST(
              store.hold(world.creditor, store::HoldScope::debtor, "D1", std::nullopt, "talks", "test", now).has_value());
        if (meanwhile == Meanwhile::suppressed)
          BOOST_TEST(store.suppress(world.creditor, "email", "lost@d1.example", "asked", now).has_value());
      });
      world.write_provider("scripted", kDropsRepeats);
      world.restart();
      // The restarted plugin loses the first copy that it sees: a second repeat would reach the peer.
      if (meanwhile == Meanwhile::nothing) {
        world.await("the reminder is sent", [&] { return world.counters().sent == 1; });
        BOOST_TEST(world.received().size() == 1u);
      } else {
        world.settle();
        BOOST_TEST(world.counters().in_doubt == 1u);
        const auto report = world.engine->report();
        for (const auto &provider : report.providers) BOOST_TEST(provider.handed_over == 0u);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_repeated_after_the_time_by_which_it_had_to_go) {
  EngineWorld world{{}, "hand_over_within = \"1s\"\n", kNothing};
  const auto before = WallClock{}.now();
  send_one(world, "lost@d1.example");
  world.await("its last moment has passed", [&] { return WallClock{}.now() > before + Milliseconds{3000}; });
  world.write_provider("scripted", kDropsRepeats);
  world.restart();
  world.settle();
  BOOST_TEST(world.counters().in_doubt == 1u);
  BOOST_TEST(world.received().empty());
}

BOOST_AUTO_TEST_CASE(a_provider_that_can_tell_is_asked_once_the_message_can_no_longer_leave) {
  EngineWorld world{{}, "hand_over_within = \"1s\"\n", can_tell("0")};
  send_one(world, "lost_reply@d1.example");
  BOOST_TEST(world.counters().in_doubt == 1u);
  world.await("the provider has told", [&] { return world.counters().sent == 1; });
  BOOST_TEST(world.counters().in_doubt == 0u);
  BOOST_TEST(world.engine->report().intents == 1u);
  BOOST_TEST(world.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(not_found_counts_only_once_the_provider_can_be_certain) {
  EngineWorld certain{{}, "hand_over_within = \"1s\"\n", can_tell("500")};
  send_one(certain, "lost@d1.example");
  const auto answers = [](EngineWorld &world) {
    std::uint64_t not_found{0};
    for (const auto &provider : world.engine->report().providers) not_found += provider.not_sent;
    return not_found;
  };
  certain.await("it was certainly not sent", [&] { return certain.counters().not_sent == 1; });
  BOOST_TEST(answers(certain) >= 2u);  // the first came too early to be certain

  EngineWorld never{{}, "hand_over_within = \"1s\"\n", can_tell("0")};
  send_one(never, "lost@d1.example");
  never.await("two answers", [&] { return answers(never) >= 2; });
  BOOST_TEST(never.counters().in_doubt == 1u);
  BOOST_TEST(never.counters().not_sent == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::engine
