// A reminder from the claim to its outcome, through the Store interface; every implementation is held to this
// file.
#include "tests/store/store_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>

namespace relance::store::test {

using domain::OutcomeKind;
using domain::ReceiptKind;
using domain::ReminderState;

BOOST_AUTO_TEST_SUITE(reminder_life_test)

BOOST_AUTO_TEST_CASE(an_accepted_reminder_moves_its_items_once_and_is_journaled) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    BOOST_TEST((bench.reminder().state == ReminderState::open));
    BOOST_TEST(bench.may_hand_over(sent.attempt));
    bench.outcome(sent.attempt, OutcomeKind::accepted, {"ref-1"});
    BOOST_TEST((bench.reminder().state == ReminderState::sent));
    BOOST_TEST(bench.item("i1").step == 0);
    BOOST_TEST(bench.item("i1").level == 1);
    BOOST_TEST(bench.item("i1").was_reminded);
    BOOST_TEST((bench.item("i1").sent_on == kToday));
    BOOST_TEST((bench.facts().contacted_on == kToday));
    BOOST_TEST(bench.counters().sent == 1u);
    BOOST_TEST(bench.counters().attempts_open == 0u);
    BOOST_TEST((must(bench.store->next_due()) == Instant::max()));
    BOOST_TEST(bench.has_journaled("intent", "\"why\":\"due\""));
    BOOST_TEST(bench.has_journaled("outcome", "accepted"));
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(a_second_reminder_of_a_step_is_refused_even_when_the_decision_is_wrong) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted);
    const auto before = bench.counters();
    bench.wake();
    const auto claim = bench.claim_one();
    auto to = Bench::settlement(claim);
    to.changes.emplace_back(bench.intend(claim, 0));
    const auto result = bench.settle_one(to);
    BOOST_TEST(!result.refused.empty());
    BOOST_TEST(result.changes.empty());
    BOOST_TEST(bench.counters().reminders == before.reminders);
    BOOST_TEST(bench.counters().attempts_open == 0u);
    BOOST_TEST(must(bench.store->open_attempts()).empty());
    BOOST_TEST(
        must(bench.store->claim_due(bench.now, 10)).empty());  // it rests instead of being refused for ever
    BOOST_TEST((must(bench.store->next_due()) > bench.now));
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(a_refused_settlement_leaves_nothing_of_itself_and_the_others_stand) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted);
    bench.add_debtor("d2", "accounts@d2.example");
    bench.add_invoice("d2", "j1", 700);
    bench.onboard();
    bench.wake();
    const auto claims = must(bench.store->claim_due(bench.now, 10));
    BOOST_TEST_REQUIRE(claims.size() == 2u);
    std::vector<Settlement> batch;
    for (const auto &claim : claims) {
      batch.push_back(Bench::settlement(claim));
      batch.back().changes.emplace_back(
          SetCaseState{claim.cases[0].facts.id, domain::CaseState::handed_over});
      batch.back().changes.emplace_back(bench.intend(claim, 0));
    }
    const auto results = must(bench.store->settle(batch, bench.now, bench.now));
    BOOST_TEST(!results[0].refused.empty());
    BOOST_TEST(results[1].refused == "");
    BOOST_TEST((bench.facts().state == domain::CaseState::open));
    BOOST_TEST(bench.counters().attempts_open == 1u);
    bench.outcome(results[1].changes[1].attempt, OutcomeKind::accepted);
    BOOST_TEST(bench.counters().sent == 2u);
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(outcomes_of_an_earlier_batch_are_written_with_the_settlements_of_the_next) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    bench.add_debtor("d2", "accounts@d2.example");
    bench.add_invoice("d2", "j1", 700);
    bench.onboard();
    const auto claim = bench.claim_one();
    auto to = Bench::settlement(claim);
    to.changes.emplace_back(bench.intend(claim, 0));
    OutcomeRecord outcome;
    outcome.attempt = sent.attempt;
    outcome.kind = OutcomeKind::accepted;
    const auto results = must(bench.store->settle({&to, 1}, bench.now, bench.now, {&outcome, 1}));
    BOOST_TEST(results.at(0).refused.empty());
    BOOST_TEST(bench.counters().sent == 1u);
    BOOST_TEST(bench.counters().attempts_open == 1u);
    BOOST_TEST((bench.reminder().state == ReminderState::sent));
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(an_outcome_that_changes_a_claimed_debtor_makes_its_settlement_stale) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    bench.wake();
    const auto claim = bench.claim_one();  // decided while the first reminder was on its way
    auto to = Bench::settlement(claim);
    to.changes.emplace_back(bench.intend(claim, 1));
    OutcomeRecord outcome;
    outcome.attempt = sent.attempt;
    outcome.kind = OutcomeKind::rejected;
    outcome.failure = domain::FailureClass::address_dead;
    const auto results = must(bench.store->settle({&to, 1}, bench.now, bench.now, {&outcome, 1}));
    BOOST_TEST(results.at(0).is_stale);
    BOOST_TEST(bench.counters().reminders == 1u);
    BOOST_TEST(bench.counters().rejected == 1u);
    BOOST_TEST(bench.claim_one().contacts.at(0).is_suppressed);
  }
}

BOOST_AUTO_TEST_CASE(an_outcome_stands_although_a_settlement_of_its_transaction_is_refused) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted);
    bench.add_debtor("d2", "accounts@d2.example");
    bench.add_invoice("d2", "j1", 700);
    bench.onboard();
    const auto sent = bench.send(0);  // to d2
    must(bench.store->wake(bench.creditor, std::vector<DebtorId>{bench.debtor().debtor}, bench.now));
    const auto claim = bench.claim_one();
    auto to = Bench::settlement(claim);
    to.changes.emplace_back(bench.intend(claim, 0));  // d1 has had this step
    OutcomeRecord outcome;
    outcome.attempt = sent.attempt;
    outcome.kind = OutcomeKind::accepted;
    const auto results = must(bench.store->settle({&to, 1}, bench.now, bench.now, {&outcome, 1}));
    BOOST_TEST(!results.at(0).refused.empty());
    BOOST_TEST(bench.counters().sent == 2u);
    BOOST_TEST(bench.counters().attempts_open == 0u);
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(reminders_made_after_a_restart_have_ids_of_their_own) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto first = bench.send(0);
    bench.outcome(first.attempt, OutcomeKind::accepted);
    bench.reopen();
    bench.wake();
    const auto second = bench.send(1);
    BOOST_TEST(second.reminder > first.reminder);
    BOOST_TEST(second.attempt > first.attempt);
  }
}

BOOST_AUTO_TEST_CASE(a_payment_between_claim_and_settlement_makes_the_settlement_stale) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto claim = bench.claim_one();
    bench.pay("p1", "i1", 10'000);
    auto to = Bench::settlement(claim);
    to.changes.emplace_back(bench.intend(claim, 0));
    BOOST_TEST(bench.settle_one(to).is_stale);
    BOOST_TEST(bench.counters().reminders == 0u);
    const auto again = bench.claim_one();  // the wake-up is not lost
    BOOST_TEST(again.cases.front().facts.items.size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_stale_settlement_does_not_stop_the_others_of_its_batch) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    bench.add_debtor("d2", "accounts@d2.example");
    bench.add_invoice("d2", "j1", 700);
    bench.onboard();
    const auto claims = must(bench.store->claim_due(bench.now, 10));
    BOOST_TEST_REQUIRE(claims.size() == 2u);
    bench.pay("p1", "i1", 10'000);
    std::vector<Settlement> batch;
    for (const auto &claim : claims) {
      batch.push_back(Bench::settlement(claim));
      batch.back().changes.emplace_back(bench.intend(claim, 0));
    }
    const auto results = must(bench.store->settle(batch, bench.now, bench.now));
    BOOST_TEST(results[0].is_stale);
    BOOST_TEST(!results[1].is_stale);
    BOOST_TEST(bench.counters().attempts_open == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_payment_withdraws_an_intent_that_nobody_has_seen) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    bench.pay("p1", "i1", 10'000);  // one of the two settles: the whole intent is void
    BOOST_TEST(!bench.may_hand_over(sent.attempt));
    BOOST_TEST(bench.item("i2").step == -1);
    BOOST_TEST(!bench.item("i2").was_reminded);
    BOOST_TEST(!bench.facts().contacted_on.has_value());
    BOOST_TEST(must(bench.store->open_attempts()).empty());
    const auto again = bench.send(0);  // the step is free again for what is left
    BOOST_TEST(again.reminder != sent.reminder);
    bench.outcome(sent.attempt, OutcomeKind::not_sent);  // a late word on the withdrawn one changes nothing
    BOOST_TEST((bench.reminder().state == ReminderState::open));
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(a_payment_after_the_hand_over_comes_too_late_and_says_so) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    BOOST_TEST(bench.may_hand_over(sent.attempt));
    bench.pay("p1", "i1", 10'000);
    BOOST_TEST(!bench.may_hand_over(sent.attempt));  // a commit of a prepared one would still be stopped
    BOOST_TEST(bench.item("i2").step == 0);
    bench.outcome(sent.attempt, OutcomeKind::accepted, {"ref"});
    BOOST_TEST(bench.item("i2").was_reminded);
    BOOST_TEST(bench.has_journaled("withdrawal", "handed over"));
  }
}

BOOST_AUTO_TEST_CASE(what_was_in_doubt_and_is_known_to_be_a_draft_is_open_again_also_for_the_next_start) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    BOOST_TEST(bench.may_hand_over(sent.attempt));
    bench.outcome(sent.attempt, OutcomeKind::unknown);
    bench.reopen();
    BOOST_TEST(bench.store->open_attempts().value().empty());
    bench.outcome(sent.attempt, OutcomeKind::prepared, {"draft"});
    BOOST_TEST((bench.reminder().state == ReminderState::open));
    BOOST_TEST(bench.may_hand_over(sent.attempt));
    bench.reopen();
    const auto open = bench.store->open_attempts().value();
    BOOST_TEST_REQUIRE(open.size() == 1u);
    BOOST_TEST(open[0].is_prepared);
    BOOST_TEST(!open[0].is_released);
    BOOST_TEST(open[0].refs == std::vector<std::string>{"draft"}, boost::test_tools::per_element());
    const AttemptId ids[]{sent.attempt};
    BOOST_TEST(bench.store->note_released(ids).has_value());
    bench.pay("p1", "i1", 10'000);
    bench.reopen();
    BOOST_TEST(bench.store->open_attempts().value().at(0).is_released);
    BOOST_TEST(bench.store->open_attempts().value().at(0).is_withdrawn);
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(what_was_not_sent_may_be_tried_again_and_what_was_sent_may_not) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    bench.outcome(sent.attempt, OutcomeKind::not_sent);
    BOOST_TEST((bench.reminder().state == ReminderState::not_sent));
    const auto case_id = bench.facts().id;
    const auto again = bench.settle_change(IntendAgain{case_id, sent.reminder, 0, bench.attempt()});
    BOOST_TEST(again.refused == "");
    BOOST_TEST(bench.reminder().attempts == 2);
    BOOST_TEST(!bench.settle_change(IntendAgain{case_id, sent.reminder, 0, bench.attempt()}).refused.empty());
    bench.outcome(again.changes.at(0).attempt, OutcomeKind::accepted);
    BOOST_TEST((bench.reminder().state == ReminderState::sent));
    BOOST_TEST(!bench.settle_change(IntendAgain{case_id, sent.reminder, 0, bench.attempt()}).refused.empty());
    BOOST_TEST(!bench.settle_change(VoidReminder{case_id, sent.reminder}).refused.empty());
    BOOST_TEST(bench.item("i1").step == 0);
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(a_doubt_that_ends_in_the_batch_it_began_in_is_over) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    std::vector<OutcomeRecord> both(2);
    both[0].attempt = both[1].attempt = sent.attempt;
    both[0].kind = OutcomeKind::unknown;
    both[1].kind = OutcomeKind::accepted;
    must(bench.store->record_outcomes(both, bench.now));
    BOOST_TEST((bench.reminder().state == ReminderState::sent));
    BOOST_TEST(bench.counters().in_doubt == 0u);
    BOOST_TEST(bench.counters().sent == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_voided_reminder_puts_its_items_back_where_they_stood) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto first = bench.send(0);
    bench.outcome(first.attempt, OutcomeKind::accepted);
    const auto stood = bench.item("i1");
    bench.wake();
    const auto second = bench.send(1);
    BOOST_TEST(bench.item("i1").step == 1);
    BOOST_TEST(bench.reminder().id == second.reminder);  // the first one can change nothing any more
    bench.outcome(second.attempt, OutcomeKind::not_sent);
    BOOST_TEST(bench.settle_change(VoidReminder{bench.facts().id, second.reminder}).refused == "");
    const auto back = bench.item("i1");
    BOOST_TEST(back.step == stood.step);
    BOOST_TEST(back.level == stood.level);
    BOOST_TEST((back.sent_on == stood.sent_on));
    BOOST_TEST(bench.reminder().id == first.reminder);
    bench.wake();
    bench.send(1);  // and the step can be sent after all
  }
}

BOOST_AUTO_TEST_CASE(voiding_one_of_two_reminders_of_a_day_keeps_the_day_of_the_other) {
  for (const auto &which : implementations())
    for (const bool is_first_voided_first : {true, false}) {
      Bench bench{which};
      bench.usual_ledger();
      const auto first = bench.send(0);
      bench.outcome(first.attempt, OutcomeKind::not_sent);
      bench.wake();
      const auto claim = bench.claim_one();
      auto to = Bench::settlement(claim);
      auto thanks = bench.intend(claim, 1);
      thanks.items.clear();
      thanks.is_thank_you = true;
      to.changes.emplace_back(thanks);
      const auto second = bench.settle_one(to).changes.at(0);
      BOOST_TEST((bench.facts().contacted_on == kToday));
      bench.outcome(second.attempt, OutcomeKind::not_sent);
      const auto one = is_first_voided_first ? first.reminder : second.reminder;
      const auto other = is_first_voided_first ? second.reminder : first.reminder;
      const auto case_id = claim.cases.front().facts.id;
      BOOST_TEST(bench.settle_change(VoidReminder{case_id, one}).refused == "");
      BOOST_TEST((bench.facts().contacted_on == kToday));
      BOOST_TEST(bench.settle_change(VoidReminder{case_id, other}).refused == "");
      BOOST_TEST(!bench.facts().contacted_on.has_value());
    }
}

BOOST_AUTO_TEST_CASE(a_case_that_looked_while_an_attempt_was_open_is_woken_by_its_end) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    bench.wake();
    bench.settle_one(Bench::settlement(bench.claim_one()));  // decides to wait for the attempt, without end
    BOOST_TEST((must(bench.store->next_due()) == Instant::max()));
    bench.outcome(sent.attempt, OutcomeKind::accepted);
    BOOST_TEST((must(bench.store->next_due()) == bench.now));
  }
}

BOOST_AUTO_TEST_CASE(a_leased_debtor_is_not_claimed_twice_and_a_released_one_is_due_again) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto claim = bench.claim_one();
    BOOST_TEST(must(bench.store->claim_due(bench.now, 10)).empty());
    BOOST_TEST((must(bench.store->next_due()) == Instant::max()));
    must(bench.store->release({&claim, 1}, bench.now));
    BOOST_TEST(must(bench.store->claim_due(bench.now, 10)).size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(claims_come_in_the_order_of_their_next_moment) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    std::vector<DebtorId> ids;
    for (int i{1}; i <= 6; ++i) {
      bench.add_debtor("d" + std::to_string(i), "a@d" + std::to_string(i) + ".example");
      bench.add_invoice("d" + std::to_string(i), "i" + std::to_string(i), 100);
    }
    bench.onboard();
    for (const auto &claim : must(bench.store->claim_due(bench.now, 10)))
      bench.settle_one(Bench::settlement(claim, bench.now + std::chrono::hours{7 - claim.debtor}));
    for (int expected{6}; expected >= 1; --expected) {
      bench.now = must(bench.store->next_due());
      BOOST_TEST(bench.claim_one().debtor == expected);
    }
    BOOST_TEST((must(bench.store->next_due()) == Instant::max()));
  }
}

BOOST_AUTO_TEST_CASE(nobody_is_forgotten_who_becomes_due_while_others_are_claimed) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    for (int i{1}; i <= 9; ++i) {
      bench.add_debtor("d" + std::to_string(i), "a@d" + std::to_string(i) + ".example");
      bench.add_invoice("d" + std::to_string(i), "i" + std::to_string(i), 100);
    }
    bench.onboard();
    std::multiset<DebtorId> seen;
    for (int turn{0}; turn < 20; ++turn) {
      const auto claims = must(bench.store->claim_due(bench.now, 2));
      if (claims.empty()) break;
      for (const auto &claim : claims) seen.insert(claim.debtor);
      if (turn == 1) bench.pay("p1", "i1", 10);  // was claimed and settled already
      if (turn == 2) bench.pay("p9", "i9", 10);  // has not been claimed yet
      if (turn == 3) bench.pay("p7", "i7", 10);  // is leased at this moment: its settlement will be stale
      for (const auto &claim : claims) bench.settle_one(Bench::settlement(claim));
    }
    BOOST_TEST((seen == std::multiset<DebtorId>{1, 1, 2, 3, 4, 5, 6, 7, 7, 8, 9}));
    BOOST_TEST((must(bench.store->next_due()) == Instant::max()));
  }
}

BOOST_AUTO_TEST_CASE(an_earlier_start_of_the_daemon_settles_nothing) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto claim = bench.claim_one();
    auto old = Bench::settlement(claim);
    old.changes.emplace_back(bench.intend(claim, 0));
    const auto epoch = bench.store->epoch();
    bench.reopen();
    BOOST_TEST(bench.store->epoch() > epoch);
    BOOST_TEST(bench.settle_one(old).is_stale);
    bench.claim_one();
    BOOST_TEST(bench.settle_one(old).is_stale);
  }
}

BOOST_AUTO_TEST_CASE(an_open_attempt_survives_a_restart_and_is_neither_handed_over_nor_sent_again) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    bench.reopen();
    const auto open = must(bench.store->open_attempts());
    BOOST_TEST_REQUIRE(open.size() == 1u);
    BOOST_TEST(open[0].id == sent.attempt);
    BOOST_TEST(!bench.may_hand_over(sent.attempt));
    BOOST_TEST((bench.reminder().state == ReminderState::open));
    bench.outcome(sent.attempt, OutcomeKind::unknown);
    BOOST_TEST((bench.reminder().state == ReminderState::in_doubt));
    BOOST_TEST(must(bench.store->in_doubt(bench.creditor, 10)).size() == 1u);
    BOOST_TEST(!bench.settle_change(IntendAgain{bench.facts().id, sent.reminder, 0, bench.attempt()})
                    .refused.empty());
    auto known = receipt_of("", ReceiptKind::delivered);
    known.idempotency_key = open[0].idempotency_key;
    bench.receipt(known);
    BOOST_TEST((bench.reminder().state == ReminderState::sent));
    BOOST_TEST(bench.counters().in_doubt == 0u);
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::store::test
