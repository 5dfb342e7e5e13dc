// explain: what is decided about a case, and what really keeps it.
#include "host/engine/explain.hpp"

#include "host/base/log.hpp"
#include "tests/engine/engine_world.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::engine {
using test::EngineWorld;
using test::kMonday;

namespace {

CaseExplanation explained(EngineWorld &world, const std::string &debtor = "D1") {
  store::Claim claim;
  world.with_store(
      [&](store::Store &store, Instant) { claim = store.facts_of_debtor(world.creditor, debtor).value(); });
  const auto configuration = world.engine->configuration();
  auto cases =
      explain(*configuration, "acme", claim, world.engine->standing_of(claim), world.engine->business_now());
  BOOST_TEST_REQUIRE(cases.size() == 1u);
  return std::move(cases.front());
}

bool keeps(const CaseExplanation &one, const std::string &word) {
  for (const auto &what : one.kept_by)
    if (what.find(word) != std::string::npos) return true;
  return false;
}

void one_invoice(EngineWorld &world, const std::string &email = "accept@d1.example") {
  world.debtor("D1", email);
  world.invoice("D1", "F1", kMonday);
  world.onboard();
  world.start();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(explain_test)

BOOST_AUTO_TEST_CASE(a_case_that_only_waits_for_its_day_is_kept_by_nothing_else) {
  EngineWorld world;
  one_invoice(world);
  BOOST_TEST(world.engine->pause("audit").has_value());
  const auto one = explained(world);
  BOOST_TEST(one.decision == "wait");
  BOOST_TEST(one.kept_by.empty());
}

BOOST_AUTO_TEST_CASE(a_pause_is_what_keeps_a_due_case) {
  EngineWorld world;
  one_invoice(world);
  BOOST_TEST(world.engine->pause("audit").has_value());
  world.advance_to(kMonday + Days{7});
  const auto one = explained(world);
  BOOST_TEST(one.decision == "send");
  BOOST_TEST_REQUIRE(one.kept_by.size() == 1u);
  BOOST_TEST(keeps(one, "sending is paused (audit)"));
}

BOOST_AUTO_TEST_CASE(old_payment_data_is_what_keeps_a_due_case) {
  EngineWorld world{{}, "max_payment_data_age = \"48h\"\n"};
  one_invoice(world);
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received().empty());
  const auto one = explained(world);
  BOOST_TEST(one.decision == "wait");
  BOOST_TEST_REQUIRE(!one.reasons.empty());
  BOOST_TEST(one.reasons.back().find("payment data is too old") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_provider_that_is_down_is_what_keeps_a_due_case) {
  EngineWorld world;
  one_invoice(world,
              "down@d1.example");  // it says so at the first message, and is tried again with nobody there
  BOOST_TEST(world.engine
                 ->advance_clock(world.engine->business_now() + Days{7} + std::chrono::hours{3}, true,
                                 Milliseconds{300}, {})
                 .has_error());
  const auto one = explained(world);
  BOOST_TEST(one.decision == "send_again");
  BOOST_TEST(keeps(one, "no provider of its channel"));
  BOOST_TEST_REQUIRE(one.routes.size() == 1u);
  BOOST_TEST(one.routes[0].because.find("auth") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_message_that_cannot_be_rendered_is_logged_once_and_explained) {
  EngineWorld world;
  world.write_template("{{no_such_word}}");
  BOOST_TEST(world.reload().has_value());
  const auto logged = [] { return log::count_of(log::Id::DISPATCH_RENDER_FAILED); };
  const auto before = logged();
  one_invoice(world);
  world.advance_to(kMonday + Days{8});  // a day of hourly tries
  BOOST_TEST(logged() - before == 1u);
  const auto one = explained(world);
  BOOST_TEST(one.decision == "send");
  BOOST_TEST(keeps(one, "rests until"));
  BOOST_TEST(keeps(one, "no_such_word"));
  world.write_template("{{nor_this_one}}");
  BOOST_TEST(world.reload().has_value());
  world.advance_to(kMonday + Days{9});
  BOOST_TEST(logged() - before == 2u);
  world.write_template("{{total}}");
  BOOST_TEST(world.reload().has_value());
  world.settle();
  BOOST_TEST(world.received().size() == 1u);
  BOOST_TEST(explained(world).kept_by.empty());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::engine
