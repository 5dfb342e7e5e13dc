// A payment lands at each place between claim, intent, hand-over and outcome, and across a restart; what is
// sent must never be what is paid, and what may have been sent must never be free to be sent again.
// Its simplest places (before the intent, before the hand-over, after it) are in reminder_life_test.
#include "tests/store/store_fixture.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::store::test {

using domain::OutcomeKind;
using domain::ReminderState;

BOOST_AUTO_TEST_SUITE(payment_moments_test)

BOOST_AUTO_TEST_CASE(a_payment_before_the_claim_is_in_its_facts) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    bench.pay("p1", "i1", 10'000);
    const auto claim = bench.claim_one();
    BOOST_TEST_REQUIRE(claim.cases.front().items.size() == 1u);
    BOOST_TEST(claim.cases.front().items.front().number == "i2");
  }
}

BOOST_AUTO_TEST_CASE(a_payment_between_the_first_attempt_and_a_further_one_makes_that_stale) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    bench.outcome(sent.attempt, OutcomeKind::not_sent);
    bench.wake();
    const auto claim = bench.claim_one();
    bench.pay("p1", "i1", 10'000);
    auto to = Bench::settlement(claim);
    to.changes.emplace_back(IntendAgain{claim.cases.front().facts.id, sent.reminder, 0, bench.attempt()});
    BOOST_TEST(bench.settle_one(to).is_stale);
    BOOST_TEST(bench.counters().attempts_open == 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_payment_between_a_further_intent_and_its_hand_over_withdraws_it) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    bench.outcome(sent.attempt, OutcomeKind::not_sent);
    const auto again = bench.settle_change(IntendAgain{bench.facts().id, sent.reminder, 0, bench.attempt()});
    BOOST_TEST_REQUIRE(again.refused == "");
    bench.pay("p1", "i1", 10'000);
    BOOST_TEST(!bench.may_hand_over(again.changes.at(0).attempt));
    BOOST_TEST(must(bench.store->open_attempts()).empty());
    BOOST_TEST((bench.reminder().state != ReminderState::open));
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(a_payment_of_another_invoice_leaves_the_intent_alone) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    bench.add_invoice("d1", "i3", 3'000);
    bench.pay("p1", "i3", 3'000);
    BOOST_TEST(bench.may_hand_over(sent.attempt));
    BOOST_TEST((bench.reminder().state == ReminderState::open));
  }
}

BOOST_AUTO_TEST_CASE(a_payment_between_a_crash_and_what_became_of_its_attempt_frees_nothing) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    bench.reopen();  // nobody knows whether the earlier start had handed it over
    bench.pay("p1", "i1", 10'000);
    BOOST_TEST(bench.item("i2").step == 0);
    BOOST_TEST_REQUIRE(must(bench.store->open_attempts()).size() == 1u);
    BOOST_TEST(must(bench.store->open_attempts()).front().is_withdrawn);
    bench.outcome(sent.attempt, OutcomeKind::unknown);
    BOOST_TEST((bench.reminder().state == ReminderState::in_doubt));
    BOOST_TEST(must(bench.store->in_doubt(bench.creditor, 10)).size() == 1u);
    bench.wake();
    const auto claim = bench.claim_one();
    auto to = Bench::settlement(claim);
    to.changes.emplace_back(bench.intend(claim, 0));
    BOOST_TEST(!bench.settle_one(to).refused.empty());
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::store::test
