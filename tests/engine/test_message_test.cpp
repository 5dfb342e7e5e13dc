// An operator's test of a provider: a real attempt of no debtor.
#include "tests/engine/engine_world.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::engine {
using test::EngineWorld;
using test::kMonday;
BOOST_AUTO_TEST_SUITE(test_message_test)

namespace {

store::AttemptId tested(EngineWorld &world, const std::string &to) {
  const auto id = world.engine->test_provider("scripted", "acme", to, "root");
  BOOST_TEST_REQUIRE(id.has_value(), (id ? "" : id.error().text()));
  return *id;
}

store::AttemptView view(EngineWorld &world, store::AttemptId id) {
  return world.engine->open_reader().value()->attempt_view(id).value();
}

void await_state(EngineWorld &world, store::AttemptId id, const std::string &state) {
  world.await(state.c_str(), [&] { return view(world, id).state == state; });
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_test_goes_out_is_kept_and_touches_no_debtor) {
  EngineWorld world;
  world.one_due("accept@d1.example");
  const auto id = tested(world, "accept@operator.example");
  await_state(world, id, "sent");
  const auto sent = view(world, id);
  BOOST_TEST(sent.provider == "scripted");
  BOOST_TEST(sent.address == "accept@operator.example");
  BOOST_TEST(!sent.is_final);
  BOOST_TEST_REQUIRE(world.received().size() == 1u);
  BOOST_TEST(world.received().front() == sent.idempotency_key);
  BOOST_TEST(world.counters().reminders == 0u);
  world.receipt(sent.idempotency_key, domain::ReceiptKind::delivered);
  const auto arrived = view(world, id);
  BOOST_TEST(arrived.delivery == "delivered");
  BOOST_TEST(arrived.is_final);
  BOOST_TEST(arrived.receipts == 1u);
  world.with_store([&](store::Store &store, Instant) {
    const auto verdict = store.verify_journal(world.creditor).value();
    BOOST_TEST(verdict.faults.empty());
  });
  // The debtor's own reminder goes as if nothing had been.
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_test_that_is_rejected_suppresses_nobody_and_one_in_doubt_holds_nothing) {
  EngineWorld world;
  world.debtor("D1", "reject@d1.example");
  world.invoice("D1", "F1", kMonday);
  world.onboard();
  world.start();
  const auto rejected = tested(world, "reject@d1.example");
  await_state(world, rejected, "rejected");
  BOOST_TEST(world.counters().suppressed == 0u);
  const auto lost = tested(world, "odd@d1.example");
  await_state(world, lost, "in_doubt");
  world.settle();
  BOOST_TEST(world.counters().in_doubt == 0u);
  BOOST_TEST(world.report_of("scripted").limits.in_doubt == 0u);
}

BOOST_AUTO_TEST_CASE(a_test_that_a_crash_cuts_off_ends_in_doubt_and_nothing_is_sent_for_it) {
  EngineWorld world;
  world.start();
  const auto id = tested(world, "forget@operator.example");
  world.crash();
  await_state(world, id, "in_doubt");
  BOOST_TEST(world.received().empty());
}

BOOST_AUTO_TEST_CASE(a_provider_that_is_paused_is_tested_all_the_same_and_one_that_is_none_is_not) {
  EngineWorld world;
  world.start();
  BOOST_TEST(world.engine->pause_provider("scripted", "by root").has_value());
  await_state(world, tested(world, "accept@operator.example"), "sent");
  BOOST_TEST((world.engine->test_provider("none", "acme", "x@y.example", "root").error().kind ==
              ErrorKind::not_found));
  BOOST_TEST((world.engine->test_provider("task", "acme", "x@y.example", "root").error().kind ==
              ErrorKind::not_found));
  BOOST_TEST((world.engine->test_provider("scripted", "nobody", "x@y.example", "root").error().kind ==
              ErrorKind::not_found));
  BOOST_TEST(world.engine->pause("holidays").has_value());
  BOOST_TEST((world.engine->test_provider("scripted", "acme", "x@y.example", "root").error().kind ==
              ErrorKind::conflict));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::engine
