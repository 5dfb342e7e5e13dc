// A receipt that a provider promises and that does not come, in a whole engine: what the scenario says
// happens once, and what comes late counts.
#include "host/engine/clock_gap.hpp"
#include "host/engine/explain.hpp"
#include "tests/engine/engine_world.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::engine {
using domain::ReceiptKind;
using test::EngineWorld;
using test::kMonday;

namespace {

std::string scenario_with(const std::string &lines) {
  return R"(id = "standard"
contact_gap = "1d"
payment_grace = "1bd"
[[step]]
id = "reminder-1"
after = "5d"
channels = ["email"]
template = "words"
)" + lines +
         R"(
[[step]]
id = "reminder-2"
after = "15d"
channels = ["email"]
template = "words"
)";
}

/// Its provider says "delivered" within a day, as the scripted one promises, or never; accepted on the
/// seventh day.
struct Accepted : EngineWorld {
  explicit Accepted(const std::string &reaction) : EngineWorld{scenario_with(reaction)} {
    one_due("accept@d1.example");
    advance_to(kMonday + Days{7});
    BOOST_TEST_REQUIRE(reminders("D1").size() == 1u);
    BOOST_TEST(counters().silent == 0u);
  }
  std::vector<std::string> reasons() {
    std::vector<std::string> all;
    with_store([&](store::Store &store, Instant now) {
      const auto claim = store.facts_of_debtor(creditor, "D1").value();
      for (const auto &one : explain(*engine->configuration(), "acme", claim, {}, now))
        all.insert(all.end(), one.reasons.begin(), one.reasons.end());
    });
    return all;
  }
  bool explains(const std::string &words) {
    for (const auto &reason : reasons())
      if (reason.find(words) != std::string::npos) return true;
    return false;
  }
  std::size_t journaled(const std::string &kind) {
    std::size_t count{0};
    with_store([&](store::Store &store, Instant) {
      for (const auto &row : store.journal(creditor, "F1", "", 100).value())
        count += row.kind == kind ? 1u : 0u;
    });
    return count;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(silence_test)

BOOST_AUTO_TEST_CASE(a_machine_that_stood_still_is_told_from_one_that_only_slept_long) {
  using std::chrono::hours;
  const std::chrono::steady_clock::time_point start{hours{5}};
  const Instant wall{kMonday.time_since_epoch()};
  ClockGap gap;
  BOOST_TEST(!gap.has_come(wall, start));
  BOOST_TEST(!gap.has_come(wall + hours{9}, start + hours{9}));  // nothing to do all night
  BOOST_TEST(!gap.has_come(wall + hours{9} + ClockGap::kLeast, start + hours{9}));
  BOOST_TEST(gap.has_come(wall + hours{33}, start + hours{10}));
  BOOST_TEST(!gap.has_come(wall + hours{34}, start + hours{11}));
  BOOST_TEST(!gap.has_come(wall, start + hours{12}));  // set back: nothing was missed
}

BOOST_AUTO_TEST_CASE(without_a_word_in_the_scenario_a_silence_is_a_fact_and_nothing_more) {
  Accepted world{""};
  world.advance_to(kMonday + Days{9});
  BOOST_TEST(world.counters().silent == 1u);
  BOOST_TEST(world.reminders("D1")[0].silent_about == "delivered");
  BOOST_TEST(world.reminders("D1")[0].state == "sent");
  BOOST_TEST(world.explains("has not come in time"));
  BOOST_TEST(world.journaled("silence") == 1u);
  BOOST_TEST(world.tasks().empty());
  BOOST_TEST(world.received().size() == 1u);
  world.advance_to(kMonday + Days{18});  // the next step comes by its date
  BOOST_TEST(world.received().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_receipt_in_time_is_no_silence) {
  Accepted world{"on.silence = \"task\""};
  world.receipt(world.received()[0], ReceiptKind::delivered);
  world.advance_to(kMonday + Days{9});
  BOOST_TEST(world.counters().silent == 0u);
  BOOST_TEST(world.tasks().empty());
  BOOST_TEST(!world.explains("has not come in time"));
}

BOOST_AUTO_TEST_CASE(a_silence_is_a_persons_task_once_also_after_a_crash_and_a_late_receipt_joins) {
  Accepted world{"on.silence = { task = true, after = \"1d\" }"};
  world.crash();  // what it waits for stands in the store
  world.advance_to(kMonday + Days{8}, 14);
  BOOST_TEST(world.counters().silent == 1u);
  BOOST_TEST(world.tasks().empty());
  world.advance_to(kMonday + Days{9});
  BOOST_TEST_REQUIRE(world.tasks().size() == 1u);
  BOOST_TEST(world.tasks()[0].kind == "silence");
  world.crash();
  world.advance_to(kMonday + Days{11});
  BOOST_TEST(world.tasks().size() == 1u);
  BOOST_TEST(world.journaled("silence") == 1u);
  world.receipt(world.received()[0], ReceiptKind::delivered);
  world.settle();
  BOOST_TEST(world.counters().silent == 0u);
  BOOST_TEST(world.counters().delivered == 1u);
  BOOST_TEST(world.reminders("D1")[0].silent_about == "");
  BOOST_TEST(world.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_receipt_that_comes_before_the_reactions_day_takes_its_reason_away) {
  Accepted world{"on.silence = { task = true, after = \"3d\" }"};
  world.advance_to(kMonday + Days{9});
  BOOST_TEST(world.counters().silent == 1u);
  world.receipt(world.received()[0], ReceiptKind::delivered);
  world.advance_to(kMonday + Days{14});
  BOOST_TEST(world.tasks().empty());
}

BOOST_AUTO_TEST_CASE(a_silence_sends_by_another_channel_where_the_scenario_says_so) {
  Accepted world{"on.silence = { channel = \"sms\", after = \"0d\" }"};
  world.debtor("D1", "accept@d1.example", "+33600000001");
  world.write_sms_provider();
  BOOST_TEST(world.reload().has_value());
  world.advance_to(kMonday + Days{9});
  const auto rows = world.reminders("D1");
  BOOST_TEST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].channel == "sms");
  BOOST_TEST(rows[0].state == "sent");
  BOOST_TEST(world.received().size() == 1u);
  BOOST_TEST(world.received_by("texts").size() == 1u);
  world.advance_to(kMonday + Days{12});  // silent as well, and that is all
  BOOST_TEST(world.counters().silent == 2u);
  BOOST_TEST(world.received_by("texts").size() == 1u);
  BOOST_TEST(world.tasks().empty());
  world.receipt(world.received()[0],
                ReceiptKind::failed);  // the first one is lost after all: the second stands
  world.advance_to(kMonday + Days{13});
  BOOST_TEST(world.received_by("texts").size() == 1u);
  BOOST_TEST(world.reminders("D1")[0].state == "sent");
}

BOOST_AUTO_TEST_CASE(what_nobody_can_be_reached_by_after_a_silence_is_a_persons) {
  Accepted world{"on.silence = { channel = \"fax\", after = \"0d\" }"};
  world.advance_to(kMonday + Days{9});
  BOOST_TEST_REQUIRE(world.tasks().size() == 1u);
  BOOST_TEST(world.tasks()[0].kind == "channels_exhausted");
  BOOST_TEST(world.reminders("D1")[0].state == "sent");
}

BOOST_AUTO_TEST_CASE(a_step_that_wants_a_read_receipt_asks_for_it_with_its_messages) {
  for (const bool is_wanted : {false, true}) {
    EngineWorld world{scenario_with(is_wanted ? "read_receipt = true" : "")};
    world.one_due("echo@d1.example");  // answers with all that it sees of the message
    world.advance_to(kMonday + Days{7});
    BOOST_TEST_REQUIRE(world.reminders("D1").size() == 1u);
    BOOST_TEST((world.reminders("D1")[0].code.find("|read receipt") != std::string::npos) == is_wanted);
  }
}

BOOST_AUTO_TEST_CASE(the_plan_shows_what_a_silence_leads_to) {
  Accepted world{"on.silence = { task = true, after = \"3d\" }"};
  world.advance_to(kMonday + Days{9});
  std::size_t tasks{0};
  world.with_store([&](store::Store &store, Instant now) {
    const auto plan = simulate(*world.engine->configuration(), store, world.creditor, "acme", now, 5, {});
    for (const auto &day : plan.value().days) tasks += day.channel == "task" ? day.messages : 0;
  });
  BOOST_TEST(tasks == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::engine
