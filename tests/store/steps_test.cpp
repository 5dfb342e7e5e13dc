// A scenario changes its list of steps under rows that name steps by place; every implementation is held to this file.
#include "tests/store/store_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace relance::store::test {

using domain::OutcomeKind;

BOOST_AUTO_TEST_SUITE(steps_test)

namespace {

/// Both invoices have got steps 0 and 1 of "standard".
void two_steps_sent(Bench &bench) {
  bench.usual_ledger();
  for (const std::int32_t step : {0, 1}) {
    const auto claim = bench.claim_one();
    auto to = Bench::settlement(claim);
    to.scenarios.emplace_back(claim.cases.front().facts.id, "standard");
    to.changes.emplace_back(bench.intend(claim, step));
    bench.outcome(bench.settle_one(to).changes.front().attempt, OutcomeKind::accepted);
    bench.wake();
  }
}

StepMoves swapped() {
  return {"standard", "standard", {{0, 1, 1}, {1, 1, 0}}, {}, {{"standard", 0, 1, "b"}, {"standard", 1, 2, "a"}}};
}

std::uint64_t move(Bench &bench, const StepMoves &moves) {
  return must(bench.store->move_steps({&moves, 1}, bench.now)).front();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_list_of_steps_that_cannot_be_taken_leaves_every_other_as_it_was) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    two_steps_sent(bench);
    // The other scenario has one number twice.
    const StepMoves moves[]{swapped(), {"other", "other", {}, {}, {{"other", 0, 1, "a"}, {"other", 0, 1, "b"}}}};
    BOOST_TEST(bench.store->move_steps(moves, bench.now).has_error());
    BOOST_TEST(must(bench.store->known_steps()).empty());
    BOOST_TEST(bench.item("i1").step == 1);
    BOOST_TEST(!bench.has_journaled("steps_moved", "standard"));
    BOOST_TEST(move(bench, swapped()) == 2u);
  }
}

BOOST_AUTO_TEST_CASE(steps_that_change_places_keep_the_key_that_forbids_a_second_reminder) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    two_steps_sent(bench);
    BOOST_TEST(move(bench, swapped()) == 2u);
    BOOST_TEST(bench.item("i1").step == 1);
    for (const std::int32_t step : {0, 1}) {
      bench.wake();
      const auto claim = bench.claim_one();
      auto to = Bench::settlement(claim);
      to.changes.emplace_back(bench.intend(claim, step));
      BOOST_TEST(!bench.settle_one(to).refused.empty());
    }
    const auto known = must(bench.store->known_steps());
    BOOST_TEST_REQUIRE(known.size() == 2u);
    BOOST_TEST(known[0].id == "b");
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(a_retired_step_can_neither_be_sent_again_nor_approve_anything) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    two_steps_sent(bench);
    AskApproval ask{bench.facts().id, 2, "c", "email", 150'00, 7, bench.now + Days{14}, {}};
    for (const auto &item : bench.facts().items) ask.items.push_back(item.id);
    bench.settle_change(ask);
    BOOST_TEST_REQUIRE(must(bench.store->approvals(bench.creditor, true, 10)).size() == 1u);
    const StepMoves moves{"standard", "standard",
                          {{0, 0, 0}, {1, 0, kRetiredStep}, {2, 0, kRetiredStep + 1}},
                          {{1, 1}, {2, 1}},
                          {{"standard", 0, 1, "a"}, {"standard", kRetiredStep, 2, "b"}, {"standard", kRetiredStep + 1, 3, "c"}}};
    move(bench, moves);
    BOOST_TEST(bench.facts().approvals.empty());
    BOOST_TEST(bench.item("i1").step == 0);
    BOOST_TEST(bench.item("i1").sent_step == 0);
    const auto rows = must(bench.store->reminders(bench.creditor, "d1", 10));
    const auto retired = std::max_element(rows.begin(), rows.end(), [](const auto &a, const auto &b) { return a.id < b.id; });
    const auto again = bench.store->resend_reminder(bench.creditor, retired->id, "asked", "test", bench.now);
    BOOST_REQUIRE(again.has_error());
    BOOST_TEST(again.error().text().find("no longer has") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_voided_reminder_puts_its_items_back_in_the_new_list) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto claim = bench.claim_one();
    auto to = Bench::settlement(claim);
    to.scenarios.emplace_back(claim.cases.front().facts.id, "standard");
    to.changes.emplace_back(bench.intend(claim, 0));
    bench.outcome(bench.settle_one(to).changes.front().attempt, OutcomeKind::accepted);
    bench.wake();
    const auto open = bench.send(1);
    move(bench, {"standard", "standard", {{0, 1, 1}, {1, 2, 2}}, {}, {}});
    BOOST_TEST(bench.item("i1").step == 2);
    bench.outcome(open.attempt, OutcomeKind::not_sent);
    must(bench.store->cancel_reminder(bench.creditor, open.reminder, "not wanted", "test", bench.now));
    BOOST_TEST(bench.item("i1").sent_step == 1);
    BOOST_TEST(bench.item("i1").step == 2);  // cancelled, so not due again
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(scenarios_in_use_count_the_cases_that_are_not_closed) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    two_steps_sent(bench);
    auto uses = must(bench.store->scenarios_in_use());
    BOOST_TEST_REQUIRE(uses.size() == 1u);
    BOOST_TEST(uses[0].scenario == "standard");
    BOOST_TEST(uses[0].open_cases == 1u);
    move(bench, {"standard", "other", {{0, 0, 0}, {1, 1, 1}}, {}, {}});
    uses = must(bench.store->scenarios_in_use());
    BOOST_TEST_REQUIRE(uses.size() == 1u);
    BOOST_TEST(uses[0].scenario == "other");
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::store::test
