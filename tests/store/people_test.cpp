// What people do, erasure and the journal, through the Store interface.
#include "tests/store/store_fixture.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::store::test {

using domain::ApprovalState;
using domain::ItemState;
using domain::OutcomeKind;
using domain::ReminderState;

BOOST_AUTO_TEST_SUITE(people_test)

BOOST_AUTO_TEST_CASE(promises_disputes_and_holds_withdraw_what_has_not_gone_out) {
  for (const auto &which : implementations()) {
    const std::vector<std::function<void(Bench &)>> acts{
        [](Bench &b) { must(b.store->promise(b.creditor, "", "i2", civil(2026, 3, 9), {}, "eva", b.now)); },
        [](Bench &b) { must(b.store->dispute(b.creditor, "i2", "wrong goods", "eva", b.now)); },
        [](Bench &b) { must(b.store->write_off(b.creditor, "i2", "too small", "eva", b.now)); },
        [](Bench &b) {
          must(b.store->hold(b.creditor, HoldScope::receivable, "i2", {}, "wait", "eva", b.now));
        },
        [](Bench &b) { must(b.store->hold(b.creditor, HoldScope::debtor, "d1", {}, "wait", "eva", b.now)); },
        [](Bench &b) {
          must(b.store->hold(b.creditor, HoldScope::segment, "sme", {}, "wait", "eva", b.now));
        },
        [](Bench &b) { must(b.store->hold(b.creditor, HoldScope::creditor, "", {}, "wait", "eva", b.now)); }};
    for (const auto &act : acts) {
      Bench bench{which};
      bench.usual_ledger();
      const auto sent = bench.send(0);
      act(bench);
      BOOST_TEST(!bench.may_hand_over(sent.attempt));
      BOOST_TEST(bench.item("i1").step == -1);
      BOOST_TEST((must(bench.store->next_due()) == bench.now));
      bench.expect_journal_verifies();
    }
  }
}

BOOST_AUTO_TEST_CASE(a_hold_on_a_segment_is_met_by_claims_before_and_after_it_and_released_again) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto claim = bench.claim_one();
    must(bench.store->hold(bench.creditor, HoldScope::segment, "sme", civil(2026, 4, 1), "strike", "eva",
                           bench.now));
    BOOST_TEST(bench.settle_one(Bench::settlement(claim)).is_stale);
    const auto held = bench.claim_one();
    BOOST_TEST((held.cases[0].facts.held_until == civil(2026, 4, 1)));
    bench.settle_one(Bench::settlement(held));
    must(bench.store->release_hold(bench.creditor, HoldScope::segment, "sme", "eva", bench.now));
    BOOST_TEST(!bench.claim_one().cases[0].facts.held_until.has_value());
    BOOST_TEST(
        bench.store->release_hold(bench.creditor, HoldScope::segment, "sme", "eva", bench.now).has_error());
  }
}

BOOST_AUTO_TEST_CASE(a_dispute_ends_by_word_or_by_payment) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    must(bench.store->dispute(bench.creditor, "i1", "wrong goods", "eva", bench.now));
    BOOST_TEST((bench.item("i1").state == ItemState::disputed));
    BOOST_TEST(bench.counters().disputes_open == 1u);
    BOOST_TEST(bench.store->dispute(bench.creditor, "i1", "again", "eva", bench.now).has_error());
    must(bench.store->resolve_dispute(bench.creditor, "i1", "goods were right", "eva", bench.now));
    BOOST_TEST((bench.item("i1").state == ItemState::open));
    must(bench.store->dispute(bench.creditor, "i1", "wrong goods", "eva", bench.now));
    bench.pay("p1", "i1", 10'000);
    BOOST_TEST(bench.counters().disputes_open == 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_disputed_invoice_whose_payment_is_charged_back_is_disputed_still) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    must(bench.store->dispute(bench.creditor, "i1", "wrong goods", "eva", bench.now));
    bench.pay("p1", "i1", 10'000);
    bench.pay("r1", "i1", 10'000, PaymentKind::reversal);
    BOOST_TEST((bench.item("i1").state == ItemState::disputed));
    BOOST_TEST(bench.item("i1").round == 2);
    must(bench.store->resolve_dispute(bench.creditor, "i1", "goods were right", "eva", bench.now));
    bench.pay("p2", "i1", 10'000);
    bench.pay("r2", "i1", 10'000, PaymentKind::reversal);
    BOOST_TEST((bench.item("i1").state == ItemState::open));  // the word that ended it ended it
  }
}

BOOST_AUTO_TEST_CASE(an_approval_is_asked_decided_once_and_spent_by_what_it_allowed) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto facts = bench.facts();
    AskApproval ask{facts.id,
                    0,
                    "step-0",
                    "email",
                    15'000,
                    77,
                    bench.now + Days{14},
                    {facts.items[0].id, facts.items[1].id}};
    bench.settle_change(ask);
    const auto asked = must(bench.store->approvals(bench.creditor, true, 10));
    BOOST_TEST_REQUIRE(asked.size() == 1u);
    BOOST_TEST(asked[0].invoices.size() == 2u);
    const std::vector<domain::ApprovalId> ids{asked[0].id};
    must(bench.store->decide_approvals(bench.creditor, ids, true, "eva", bench.now));
    BOOST_TEST(bench.store->decide_approvals(bench.creditor, ids, false, "max", bench.now).has_error());
    const auto approval = bench.facts().approvals.at(0);
    BOOST_TEST((approval.state == ApprovalState::approved));
    BOOST_TEST(approval.content_id == 77u);
    BOOST_TEST(approval.items.size() == 2u);
    bench.send(0);
    BOOST_TEST(bench.facts().approvals.empty());
  }
}

BOOST_AUTO_TEST_CASE(doubts_are_resolved_by_people_and_a_policy_may_resend) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    bench.outcome(sent.attempt, OutcomeKind::unknown);
    const auto case_id = bench.facts().id;
    BOOST_TEST(bench.settle_change(MarkInDoubt{case_id, sent.reminder, false}).refused == "");
    BOOST_TEST(bench.reminder().asked_in_doubt);
    BOOST_TEST((bench.reminder().state == ReminderState::in_doubt));
    IntendAgain resend{case_id, sent.reminder, 0, bench.attempt(), true};
    const auto again = bench.settle_change(resend);
    BOOST_TEST(again.refused == "");
    bench.outcome(again.changes.at(0).attempt, OutcomeKind::accepted);
    BOOST_TEST((bench.reminder().state == ReminderState::sent));
    BOOST_TEST(must(bench.store->in_doubt(bench.creditor, 10)).size() == 1u);  // the first one still is
    must(bench.store->resolve_in_doubt(bench.creditor, sent.attempt, true, "seen at the provider", "eva",
                                       bench.now));
    BOOST_TEST((bench.reminder().state == ReminderState::sent));
    BOOST_TEST(
        bench.store->resolve_in_doubt(bench.creditor, sent.attempt, true, "", "eva", bench.now).has_error());
  }
}

BOOST_AUTO_TEST_CASE(a_reminder_is_sent_again_in_a_new_round_and_cancelled_only_before_it_goes) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto first = bench.send(0);
    must(bench.store->cancel_reminder(bench.creditor, first.reminder, "by hand", "eva", bench.now));
    BOOST_TEST(!bench.may_hand_over(first.attempt));
    BOOST_TEST(bench.item("i1").step == 0);  // not due again the next moment
    const auto second = bench.send(1);
    BOOST_TEST(bench.may_hand_over(second.attempt));
    BOOST_TEST(
        bench.store->cancel_reminder(bench.creditor, second.reminder, "", "eva", bench.now).has_error());
    BOOST_TEST(
        bench.store->resend_reminder(bench.creditor, second.reminder, "", "eva", bench.now).has_error());
    bench.outcome(second.attempt, OutcomeKind::accepted);
    must(bench.store->resend_reminder(bench.creditor, second.reminder, "lost", "eva", bench.now));
    BOOST_TEST(bench.item("i1").round == 2);
    BOOST_TEST(bench.item("i1").step == 0);
    bench.send(1);
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(a_task_step_gives_its_task_and_a_payment_takes_it_back) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto claim = bench.claim_one();
    auto to = Bench::settlement(claim);
    auto call = bench.intend(claim, 0);
    call.is_task = true;
    call.is_dunning = false;
    to.changes.emplace_back(call);
    to.changes.emplace_back(GiveTask{call.case_id, -1, "call", "Call them", false});
    const auto result = bench.settle_one(to);
    BOOST_TEST_REQUIRE(result.changes.size() == 2u);
    BOOST_TEST(result.changes[1].reminder == result.changes[0].reminder);
    BOOST_TEST(!bench.facts().contacted_on.has_value());
    BOOST_TEST(bench.counters().tasks_open == 1u);
    bench.pay("p1", "i1", 10'000);
    BOOST_TEST(bench.counters().tasks_open == 0u);
  }
}

BOOST_AUTO_TEST_CASE(an_outcome_and_what_was_learnt_are_noted_together_or_not_at_all) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto claim = bench.claim_one();
    auto to = Bench::settlement(claim);
    auto call = bench.intend(claim, 0);
    call.is_task = true;
    call.attempt.channel = "task";
    to.changes.emplace_back(call);
    to.changes.emplace_back(GiveTask{call.case_id, -1, "call", "Call them", false, "call", "Good morning"});
    const auto made = bench.settle_one(to).changes;
    bench.outcome(made[0].attempt, OutcomeKind::accepted);
    const auto task = made[1].task;
    const auto finish = [&](const TaskEnd &end) {
      return bench.store->finish_task(bench.creditor, task, end, "eva", bench.now);
    };
    const auto is_open = [&] { return must(bench.store->task(bench.creditor, task)).state == "open"; };
    BOOST_TEST(must(bench.store->task(bench.creditor, task)).script == "Good morning");
    BOOST_TEST(finish({.outcome = "promise"}).has_error());
    BOOST_TEST(finish({.outcome = "dispute"}).has_error());
    BOOST_TEST(finish({.outcome = "dispute", .invoice = "nobody", .reason = "x"}).has_error());
    BOOST_TEST(finish({.outcome = "call_back"}).has_error());
    BOOST_TEST(finish({.outcome = "call_back", .call_at = bench.now}).has_error());
    BOOST_TEST(is_open());
    BOOST_TEST(!bench.has_journaled("task_done", ""));
    must(finish({.outcome = "call_back", .note = "later", .call_at = bench.now + Days{1}}));
    BOOST_TEST(is_open());
    BOOST_TEST(must(bench.store->tasks(bench.creditor, TaskQuery{true, "call", bench.now}, 10)).empty());
    BOOST_TEST(must(bench.store->tasks(bench.creditor, TaskQuery{true, "call", {}}, 10)).size() == 1u);
    BOOST_TEST(must(bench.store->tasks(bench.creditor, TaskQuery{true, "visit", {}}, 10)).empty());
    must(finish({.outcome = "promise", .invoice = "i2", .date = kToday + Days{7}, .amount_minor = 1000}));
    BOOST_TEST(!is_open());
    const auto facts = bench.facts();
    BOOST_REQUIRE(facts.promises.size() == 1u);
    BOOST_TEST(facts.promises[0].missing_minor == 1000);
    BOOST_TEST((facts.promises[0].date == kToday + Days{7}));
    BOOST_TEST((bench.reminder().delivery.kind == domain::ReceiptKind::delivered));
    must(bench.store->erase_debtor(bench.creditor, "d1", "eva", bench.now));
    const auto left = must(bench.store->task(bench.creditor, task));
    BOOST_TEST(left.script + left.note + left.text == "");
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(a_call_that_nobody_has_made_goes_with_the_payment_itself_and_so_does_one_that_followed_from_a_message) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto claim = bench.claim_one();
    auto to = Bench::settlement(claim);
    auto call = bench.intend(claim, 0);
    call.is_task = true;
    call.attempt.channel = "task";
    to.changes.emplace_back(call);
    to.changes.emplace_back(GiveTask{call.case_id, -1, "call", "Call them", false, "call", {}});
    const auto made = bench.settle_one(to).changes;
    bench.outcome(made[0].attempt, OutcomeKind::accepted, {"t1"});
    const auto open = [&] {
      std::string kinds;
      for (const auto &task : must(bench.store->tasks(bench.creditor, true, 10))) kinds += task.kind + ' ';
      return kinds;
    };
    bench.pay("p1", "i1", 10'000);
    BOOST_TEST(open() == "call ");  // i2 is owed still
    bench.pay("p2", "i2", 5'000);
    BOOST_TEST(open() == "");
    BOOST_TEST(bench.has_journaled("recall", "cancelled"));
    bench.expect_journal_verifies();
  }
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto claim = bench.claim_one();
    auto to = Bench::settlement(claim);
    const auto message = bench.intend(claim, 0);
    to.changes.emplace_back(message);
    to.changes.emplace_back(GiveTask{message.case_id, -1, "channels_exhausted", "Reach them", false, "call", {}});
    to.changes.emplace_back(GiveTask{message.case_id, -1, "evidence", "A proof is missing", false, {}, {}});
    to.changes.emplace_back(GiveTask{message.case_id, 0, "hand_over", "To the lawyer", false, {}, {}});
    bench.outcome(bench.settle_one(to).changes[0].attempt, OutcomeKind::accepted, {"r1"});
    bench.pay("p1", "i1", 10'000);
    BOOST_TEST(bench.counters().tasks_open == 3u);
    bench.pay("p2", "i2", 5'000);
    const auto left = must(bench.store->tasks(bench.creditor, true, 10));
    BOOST_REQUIRE(left.size() == 1u);
    BOOST_TEST(left[0].kind == "evidence");
    BOOST_TEST(bench.has_journaled("task_cancelled", "settled"));
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_meant_is_no_promise) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    InvoiceRecord dollars;
    dollars.debtor_code = "d1";
    dollars.number = "u1";
    dollars.issued = dollars.due = civil(2026, 2, 1);
    dollars.amount = {10'000, domain::Currency::parse("USD").value()};
    must(bench.store->import_invoices(bench.creditor, {&dollars, 1}, bench.now, false));
    const auto promise = [&](CivilDate date, std::optional<std::int64_t> amount, const char *invoice = "i1") {
      return bench.store->promise(bench.creditor, "", invoice, date, amount, "eva", bench.now);
    };
    BOOST_TEST(promise(kToday - Days{300}, {}).has_error());  // last year's March
    BOOST_TEST(promise(kToday + Days{3000}, {}).has_error());
    BOOST_TEST(promise(kToday + Days{5}, 10'001).has_error());
    must(bench.store->write_off(bench.creditor, "i2", "lost", "eva", bench.now));
    BOOST_TEST(promise(kToday + Days{5}, {}, "i2").has_error());
    const auto claim = bench.claim_one();
    auto to = Bench::settlement(claim);
    auto call = bench.intend(claim, 0);
    call.is_task = true;
    call.attempt.channel = "task";
    to.changes.emplace_back(call);
    to.changes.emplace_back(GiveTask{call.case_id, -1, "call", "Call them", false, "call", {}});
    const auto made = bench.settle_one(to).changes;
    bench.outcome(made[0].attempt, OutcomeKind::accepted);
    TaskEnd end{.outcome = "promise", .date = kToday + Days{5}, .amount_minor = 5'000};
    end.currency = dollars.amount.currency;  // owed too, but not what the call was about
    const auto refused = bench.store->finish_task(bench.creditor, made[1].task, end, "eva", bench.now);
    BOOST_REQUIRE(refused.has_error());
    BOOST_TEST(refused.error().text().find("owed in EUR, not in USD") != std::string::npos);
    BOOST_TEST(bench.counters().promises_open == 0u);
    end.currency = eur(1).currency;
    must(bench.store->finish_task(bench.creditor, made[1].task, end, "eva", bench.now));
    BOOST_TEST(bench.counters().promises_open == 1u);
  }
}

BOOST_AUTO_TEST_CASE(erasure_removes_the_person_and_every_chain_still_verifies) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    const auto erase = [&] { return bench.store->erase_debtor(bench.creditor, "d1", "eva", bench.now); };
    BOOST_TEST(erase().has_error());  // a message is on its way
    bench.outcome(sent.attempt, OutcomeKind::accepted, {"r1"});
    bench.receipt(receipt_of("r1", domain::ReceiptKind::delivered));
    must(bench.store->seal_day(bench.creditor, kToday));
    const std::string text{"Dear debtor, attempt 1"};
    BOOST_TEST(must(bench.store->content(bench.creditor, sha256(text))) == text);
    must(erase());
    BOOST_TEST(bench.store->content(bench.creditor, sha256(text)).has_error());
    BOOST_TEST(bench.store->facts_of_debtor(bench.creditor, "d1").has_error());
    for (const auto &row : must(bench.store->journal(bench.creditor, "i1", "", 100))) {
      BOOST_TEST(row.is_erased);
      BOOST_TEST(row.payload == "");
    }
    for (const auto &row : must(bench.store->reminders(bench.creditor, "", 10)))
      BOOST_TEST(row.address == "");
    const auto verdict = must(bench.store->verify_journal(bench.creditor));
    BOOST_TEST(verdict.faults.empty());
    BOOST_TEST(verdict.erased > 0u);
    BOOST_TEST(verdict.days_sealed == 1u);
  }
}

BOOST_AUTO_TEST_CASE(an_erased_debtor_is_never_due_again_whatever_happens_to_its_invoices) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted, {"r1"});
    const auto debtor = bench.debtor().debtor;
    must(bench.store->erase_debtor(bench.creditor, "d1", "eva", bench.now));
    bench.pay("p1", "i1", 10'000);
    bench.pay("p2", "i1", 10'000, PaymentKind::reversal);
    must(bench.store->wake(bench.creditor, {&debtor, 1}, bench.now));
    must(bench.store->sweep(bench.creditor, 0, 10, bench.now));
    BOOST_TEST((must(bench.store->next_due()) == Instant::max()));
    BOOST_TEST(must(bench.store->claim_due(bench.now + Days{400}, 10)).empty());
    BOOST_TEST(must(bench.store->facts_page(bench.creditor, 0, 10)).empty());  // nor is it simulated
    BOOST_TEST(bench.counters().receivables_open == 2u);
    bench.reopen();
    BOOST_TEST(must(bench.store->claim_due(bench.now + Days{400}, 10)).empty());
  }
}

BOOST_AUTO_TEST_CASE(erasing_one_of_two_keeps_the_stop_of_the_address_they_share) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    bench.add_debtor("d2", "accounts@d1.example");
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted, {"r1"});
    must(bench.store->suppress(bench.creditor, "email", "accounts@d1.example", "the addressee asked us to stop",
                               bench.now));
    must(bench.store->erase_debtor(bench.creditor, "d1", "eva", bench.now));
    bench.add_debtor("d3", "accounts@d1.example");
    for (const char *code : {"d2", "d3"})
      BOOST_TEST(must(bench.store->facts_of_debtor(bench.creditor, code)).contacts.at(0).is_suppressed);
    must(bench.store->lift_suppression(bench.creditor, "email", "accounts@d1.example", "eva", bench.now));
    BOOST_TEST(!must(bench.store->facts_of_debtor(bench.creditor, "d2")).contacts.at(0).is_suppressed);
  }
}

BOOST_AUTO_TEST_CASE(erasing_the_only_one_forgets_the_stop_of_its_address) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted, {"r1"});
    must(bench.store->suppress(bench.creditor, "email", "accounts@d1.example", "the addressee asked us to stop",
                               bench.now));
    must(bench.store->erase_debtor(bench.creditor, "d1", "eva", bench.now));
    BOOST_TEST(bench.counters().suppressed == 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_debtor_with_a_message_in_doubt_is_erased_once_that_is_resolved) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    bench.outcome(sent.attempt, OutcomeKind::unknown);
    const auto refused = bench.store->erase_debtor(bench.creditor, "d1", "eva", bench.now);
    BOOST_REQUIRE(refused.has_error());
    BOOST_TEST(refused.error().text().find("in doubt") != std::string::npos);
    must(bench.store->resolve_in_doubt(bench.creditor, sent.attempt, true, "seen", "eva", bench.now));
    must(bench.store->erase_debtor(bench.creditor, "d1", "eva", bench.now));
    BOOST_TEST(bench.counters().in_doubt == 0u);
  }
}

BOOST_AUTO_TEST_CASE(days_are_sealed_in_order_and_once) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto first = must(bench.store->seal_day(bench.creditor, kToday));
    BOOST_TEST((must(bench.store->seal_day(bench.creditor, kToday)) == first));
    bench.pay("p1", "i1", 100);
    const auto second = must(bench.store->seal_day(bench.creditor, kToday + Days{1}));
    BOOST_TEST((second != first));
    BOOST_TEST(bench.store->seal_day(bench.creditor, kToday).has_error());
    BOOST_TEST((must(bench.store->seal_day(bench.creditor, kToday + Days{2})) == second));  // nothing has changed
    BOOST_TEST(must(bench.store->verify_journal(bench.creditor)).days_sealed == 2u);
    const auto open = must(bench.store->unstamped_seals(10));
    BOOST_REQUIRE(open.size() == 2u);
    BOOST_TEST((open[0].root == first));
    must(bench.store->stamp_seal(bench.creditor, kToday, "token"));
    BOOST_TEST(must(bench.store->unstamped_seals(10)).size() == 1u);
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(a_day_that_is_sealed_in_pieces_has_the_root_of_one_that_is_sealed_at_once) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    for (int i{0}; i < 20; ++i) bench.pay("p" + std::to_string(i), "i1", 1);
    int pieces{0};
    std::optional<Sha256> root;
    for (; !root; ++pieces) {
      BOOST_TEST_REQUIRE(pieces < 100);
      root = must(bench.store->seal_some(bench.creditor, kToday, 4));
      if (pieces == 0) bench.pay("late", "i2", 1);  // of the next seal
    }
    BOOST_TEST(pieces > 4);
    const auto next = must(bench.store->seal_day(bench.creditor, kToday + Days{1}));
    BOOST_TEST((next != *root));
    bench.expect_journal_verifies();
    BOOST_TEST(must(bench.store->verify_journal(bench.creditor)).days_sealed == 2u);
  }
}

BOOST_AUTO_TEST_CASE(readers_see_what_is_committed_beside_the_writer) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto reader = must(bench.store->open_reader());
    BOOST_TEST(must(reader->counters(bench.now)).due_now == 1u);
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted);
    BOOST_TEST(must(reader->counters(bench.now)).sent == 1u);
    BOOST_TEST(must(reader->facts_page(bench.creditor, 0, 10)).size() == 1u);
    BOOST_TEST(must(reader->reminders(bench.creditor, "d1", 10)).at(0).state == "sent");
    BOOST_TEST(must(reader->journal(bench.creditor, "", "d1", 100)).size() == 6u);
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::store::test
