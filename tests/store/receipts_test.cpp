// Receipts: raw first, any order, repeats harmless, reactions once. Through the Store interface.
#include "tests/store/store_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <rapidcheck.h>

namespace relance::store::test {

using domain::FailureClass;
using domain::OutcomeKind;
using domain::ReceiptKind;
using domain::ReminderState;

BOOST_AUTO_TEST_SUITE(receipts_test)

namespace {

const std::vector<std::string> kProviders{"smtp-1"};

/// What must not depend on the order in which receipts came.
std::string end_state(Bench &bench) {
  const auto reminder = bench.reminder();
  const auto counters = bench.counters();
  std::string text{std::string{name_of(reminder.delivery.kind)} + "/" +
                   std::string{name_of(reminder.delivery.failure)}};
  text += " state " + std::to_string(static_cast<int>(reminder.state));
  text += " reactions " + std::to_string(reminder.pending_reactions);
  text += " bounced " + std::to_string(counters.bounced) + " delivered " + std::to_string(counters.delivered);
  text +=
      " suppressed " + std::to_string(counters.suppressed) + " doubt " + std::to_string(counters.in_doubt);
  return text;
}

std::vector<ReceiptRecord> all_kinds() {
  std::vector<ReceiptRecord> receipts{
      receipt_of("r1", ReceiptKind::accepted),
      receipt_of("r1", ReceiptKind::relayed, false),
      receipt_of("r1", ReceiptKind::failed, false, FailureClass::temporary),
      receipt_of("r1", ReceiptKind::failed, true, FailureClass::policy),
      receipt_of("r1", ReceiptKind::failed, true, FailureClass::address_dead),
      receipt_of("r1", ReceiptKind::delivered),
      receipt_of("r1", ReceiptKind::complaint),
  };
  auto part = receipt_of("r1", ReceiptKind::delivered);
  part.part_index = 1;
  part.part_count = 2;
  receipts.push_back(part);
  return receipts;
}

}  // namespace

BOOST_AUTO_TEST_CASE(many_raw_bytes_stored_at_once_are_named_in_their_order) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    std::vector<InboundRecord> records;
    for (int i{0}; i < 50; ++i)
      records.push_back({"smtp-1", i % 2 == 0 ? "mail" : "webhook", "raw " + std::to_string(i), bench.now});
    const auto ids = must(bench.store->store_inbound(records, {}, bench.now));
    BOOST_REQUIRE(ids.size() == records.size());
    const auto waiting = must(bench.store->inbound_to_parse(kProviders, bench.now, 100));
    BOOST_REQUIRE(waiting.size() == records.size());
    for (std::size_t i{0}; i < ids.size(); ++i) {
      BOOST_TEST(waiting[i].id == ids[i]);
      BOOST_TEST(*waiting[i].bytes == records[i].bytes);
      BOOST_TEST(waiting[i].kind == records[i].kind);
    }
  }
}

BOOST_AUTO_TEST_CASE(raw_bytes_wait_until_they_are_parsed_and_survive_a_restart) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    const std::string bytes{"\0raw\xff", 5};
    const InboundRecord raw{"smtp-1", "mail", bytes, bench.now - std::chrono::hours{24 * 400}};
    const auto id = must(bench.store->store_inbound({&raw, 1}, {}, bench.now)).front();
    bench.reopen();
    const auto found = must(bench.store->inbound_to_parse(kProviders, bench.now, 10));
    BOOST_TEST_REQUIRE(found.size() == 1u);
    BOOST_TEST((*found[0].bytes == bytes));
    BOOST_TEST((found[0].received_at == raw.received_at));
    BOOST_TEST(must(bench.store->inbound_to_parse(kProviders, bench.now, 10)).empty());  // with its plugin already
    ParsedRecord failed;
    failed.inbound = id;
    failed.error = "resolver is down";
    must(bench.store->apply_parsed({&failed, 1}, bench.now));
    BOOST_TEST(must(bench.store->inbound_to_parse(kProviders, bench.now, 10)).empty());
    const auto later = bench.now + std::chrono::hours{1};
    BOOST_TEST(must(bench.store->inbound_to_parse(kProviders, later, 10)).at(0).tries == 1);
    failed.is_retryable = false;
    must(bench.store->apply_parsed({&failed, 1}, later));
    BOOST_TEST(bench.counters().inbound_failed == 1u);
    BOOST_TEST(must(bench.store->reparse("smtp-1", 0)) == 1u);
    BOOST_TEST(must(bench.store->inbound_to_parse(kProviders, later, 10)).size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_cursor_is_stored_with_the_bytes_that_it_stands_for) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    BOOST_TEST(must(bench.store->cursor("smtp-1")) == "");
    const InboundRecord raw{"smtp-1", "mail", "raw", bench.now};
    const CursorRecord cursor{"smtp-1", std::string{"7:\0:12", 6}};
    BOOST_TEST(must(bench.store->store_inbound({&raw, 1}, {&cursor, 1}, bench.now)).size() == 1u);
    bench.reopen();
    BOOST_TEST(must(bench.store->cursor("smtp-1")) == cursor.cursor);
    BOOST_TEST(bench.counters().inbound_waiting == 1u);
    const CursorRecord next{"smtp-1", "7:13"};  // a poll that found nothing moves on as well
    BOOST_TEST(must(bench.store->store_inbound({}, {&next, 1}, bench.now)).empty());
    BOOST_TEST(must(bench.store->cursor("smtp-1")) == "7:13");
    BOOST_TEST(must(bench.store->cursor("smtp-2")) == "");
  }
}

BOOST_AUTO_TEST_CASE(bytes_of_a_provider_that_is_away_wait_and_keep_nobody_waiting) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    const InboundRecord raw{"gone", "mail", "raw", bench.now}, other{"smtp-1", "mail", "raw", bench.now};
    for (int i{0}; i < 20; ++i) must(bench.store->store_inbound({&raw, 1}, {}, bench.now));
    must(bench.store->store_inbound({&other, 1}, {}, bench.now));
    BOOST_TEST(must(bench.store->inbound_to_parse(kProviders, bench.now, 10)).size() == 1u);
    BOOST_TEST(must(bench.store->inbound_to_parse(kProviders, bench.now, 10)).empty());
    const auto counters = bench.counters();
    BOOST_TEST_REQUIRE(counters.inbound_of.size() == 2u);
    BOOST_TEST(counters.inbound_of[0].first == "gone");
    BOOST_TEST(counters.inbound_of[0].second == 20u);
    const std::vector<std::string> both{"gone", "smtp-1"};
    must(bench.store->store_inbound({&other, 1}, {}, bench.now));
    const auto found = must(bench.store->inbound_to_parse(both, bench.now, 10));
    BOOST_TEST(std::count_if(found.begin(), found.end(), [](auto &one) { return one.provider == "gone"; }) == 5);
    BOOST_TEST(found.size() == 6u);
  }
}

BOOST_AUTO_TEST_CASE(a_message_of_two_parts_has_not_arrived_with_the_one_that_was_taken) {
  for (const auto &which : implementations()) {
    for (const auto kind : {OutcomeKind::unknown, OutcomeKind::accepted}) {
      Bench bench{which};
      bench.usual_ledger();
      OutcomeRecord record;
      record.attempt = bench.send(0).attempt;
      record.kind = kind;
      record.refs = {"b-first"};  // the other part was refused, or its answer never came
      record.part_count = 2;
      must(bench.store->record_outcomes({&record, 1}, bench.now));
      bench.receipt(receipt_of("b-first", ReceiptKind::delivered));
      BOOST_TEST((bench.reminder().state == ReminderState::sent));  // something of it is out, so nothing goes again
      BOOST_TEST((bench.reminder().delivery.kind == ReceiptKind::interim));
      BOOST_TEST(bench.reminder().pending_reactions == 0u);
      BOOST_TEST(bench.counters().delivered == 0u);
      BOOST_TEST(bench.has_journaled("receipt", "\"part\":0,\"of\":2"));
      // A reference that is learned later is of the other part, wherever it stands in an order of names.
      record.refs = {"a-second"};
      must(bench.store->record_outcomes({&record, 1}, bench.now));
      bench.receipt(receipt_of("a-second", ReceiptKind::delivered));
      BOOST_TEST((bench.reminder().delivery.kind == ReceiptKind::delivered));
      BOOST_TEST(bench.counters().delivered == 1u);
      BOOST_TEST(bench.reminder().pending_reactions == 1u << static_cast<unsigned>(ReceiptKind::delivered));
    }
    Bench bench{which};  // two names of one piece are no parts
    bench.usual_ledger();
    OutcomeRecord record;
    record.attempt = bench.send(0).attempt;
    record.kind = OutcomeKind::accepted;
    record.refs = {"draft", "sending"};
    record.part_count = 1;
    must(bench.store->record_outcomes({&record, 1}, bench.now));
    bench.receipt(receipt_of("sending", ReceiptKind::delivered));
    BOOST_TEST(bench.counters().delivered == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_bounce_suppresses_the_address_and_asks_for_one_reaction) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    bench.outcome(sent.attempt, OutcomeKind::accepted, {"r1"});
    const auto bounce = receipt_of("r1", ReceiptKind::failed, true, FailureClass::address_dead);
    bench.receipt(bounce);
    BOOST_TEST((bench.reminder().state == ReminderState::negative));
    BOOST_TEST(bench.reminder().pending_reactions == 1u << static_cast<unsigned>(ReceiptKind::failed));
    BOOST_TEST(bench.reminder().channels_tried == 1);
    BOOST_TEST(bench.counters().bounced == 1u);
    const auto claim = bench.claim_one();
    BOOST_TEST(claim.contacts.at(0).is_suppressed);
    BOOST_TEST(!claim.contacts.at(1).is_suppressed);
    must(bench.store->release({&claim, 1}, bench.now));
    const auto case_id = bench.facts().id;
    BOOST_TEST(bench.settle_change(SettleReaction{case_id, sent.reminder, ReceiptKind::failed}).refused ==
               "");
    BOOST_TEST(bench.facts().reminders.empty());  // settled: it can change nothing any more
    bench.receipt(bounce);                        // the same once more
    BOOST_TEST(bench.facts().reminders.empty());
    BOOST_TEST(bench.counters().bounced == 1u);
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(each_channel_of_a_step_gets_its_turn) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    auto sent = bench.send(0);
    const auto case_id = bench.facts().id;
    for (int channel{0}; channel < 2; ++channel) {
      const auto ref = "r" + std::to_string(channel);
      bench.outcome(sent.attempt, OutcomeKind::accepted, {ref});
      bench.receipt(receipt_of(ref, ReceiptKind::failed));
      BOOST_TEST((bench.reminder().state == ReminderState::negative));
      BOOST_TEST(bench.reminder().pending_reactions != 0u);
      BOOST_TEST(bench.reminder().channels_tried == channel + 1);
      const auto again =
          bench.settle_change(IntendAgain{case_id, sent.reminder, channel + 1, bench.attempt()});
      BOOST_TEST_REQUIRE(again.changes.size() == 1u);
      BOOST_TEST(bench.reminder().pending_reactions == 0u);
      sent = again.changes[0];
    }
    bench.outcome(sent.attempt, OutcomeKind::accepted, {"r2"});
    BOOST_TEST((bench.reminder().state == ReminderState::sent));
    BOOST_TEST(bench.reminder().attempts == 3);
  }
}

BOOST_AUTO_TEST_CASE(a_rejection_is_finally_negative_and_marks_a_dead_address) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    bench.outcome(bench.send(0).attempt, OutcomeKind::rejected, {}, FailureClass::address_dead);
    BOOST_TEST((bench.reminder().state == ReminderState::negative));
    BOOST_TEST(bench.reminder().pending_reactions != 0u);
    BOOST_TEST(bench.counters().rejected == 1u);
    BOOST_TEST(must(bench.store->suppressions(bench.creditor, 10)).size() == 1u);
    BOOST_TEST((must(bench.store->next_due()) == bench.now));
  }
}

BOOST_AUTO_TEST_CASE(a_receipt_that_comes_before_its_reference_waits_for_it) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    bench.receipt(receipt_of("r1", ReceiptKind::failed, true, FailureClass::policy));
    bench.receipt(receipt_of("r1", ReceiptKind::failed, true, FailureClass::policy));
    BOOST_TEST(bench.counters().receipts_unmatched == 1u);
    bench.reopen();
    bench.outcome(sent.attempt, OutcomeKind::accepted, {"r0", "r1"});
    BOOST_TEST(bench.counters().receipts_unmatched == 0u);
    BOOST_TEST((bench.reminder().state == ReminderState::negative));
    BOOST_TEST(bench.counters().bounced == 1u);
    bench.outcome(bench.settle_change(IntendAgain{bench.facts().id, sent.reminder, 1, bench.attempt()})
                      .changes.at(0)
                      .attempt,
                  OutcomeKind::accepted, {"r2"});  // nothing waits any more: the plain way works again
    BOOST_TEST((bench.reminder().state == ReminderState::sent));
  }
}

BOOST_AUTO_TEST_CASE(evidence_of_a_receipt_that_waits_is_filed_when_its_reference_is_known) {
  for (const auto &which : implementations())
    for (const bool is_early : {true, false}) {
      Bench bench{which};
      bench.usual_ledger();
      const auto sent = bench.send(0);
      auto proof = receipt_of("r1", ReceiptKind::delivered);
      if (!is_early) bench.outcome(sent.attempt, OutcomeKind::accepted, {"r1"});
      bench.receipt(proof);  // and once more with what a better parser has found in the same bytes
      proof.evidence = {{"application/pdf", "proof.pdf", "%PDF proof", ""}};
      bench.receipt(proof);
      bench.reopen();
      if (is_early) bench.outcome(sent.attempt, OutcomeKind::accepted, {"r1"});
      BOOST_TEST(bench.counters().receipts_unmatched == 0u);
      BOOST_TEST(must(bench.store->content(bench.creditor, sha256("%PDF proof"))) == "%PDF proof");
    }
}

BOOST_AUTO_TEST_CASE(a_message_under_several_references_has_arrived_when_each_of_them_has) {
  for (const auto &which : implementations())
    for (const bool is_early : {false, true}) {
      Bench bench{which};
      bench.usual_ledger();
      const auto sent = bench.send(0);
      if (!is_early) bench.outcome(sent.attempt, OutcomeKind::accepted, {"p3", "p1", "p2"});
      for (const char *ref : {"p1", "p1", "p3"}) bench.receipt(receipt_of(ref, ReceiptKind::delivered));
      if (is_early) bench.outcome(sent.attempt, OutcomeKind::accepted, {"p3", "p1", "p2"});
      BOOST_TEST(bench.counters().delivered == 0u);
      bench.receipt(receipt_of("p2", ReceiptKind::delivered));
      BOOST_TEST(bench.counters().delivered == 1u);
      bench.receipt(receipt_of("p2", ReceiptKind::failed, true, FailureClass::policy));
      BOOST_TEST(bench.counters().bounced == 1u);
    }
}

BOOST_AUTO_TEST_CASE(a_printer_that_has_printed_is_not_asked_again) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.store->await_through({"smtp-1"});
    bench.usual_ledger();
    const auto sent = bench.send(0);
    bench.outcome(sent.attempt, OutcomeKind::accepted, {"job-1"});
    const auto open = [&] { return must(bench.store->awaited("smtp-1", 0, bench.now)).items.size(); };
    bench.receipt(receipt_of("job-1", ReceiptKind::dispatched, false));
    BOOST_TEST(open() == 1u);
    bench.receipt(receipt_of("job-1", ReceiptKind::dispatched, true));
    BOOST_TEST(open() == 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_polled_provider_is_asked_about_what_is_open_and_no_longer) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.store->await_through({"smtp-1"});
    bench.usual_ledger();
    const auto sent = bench.send(0);
    const auto open = [&](AttemptId after = 0) { return must(bench.store->awaited("smtp-1", after, bench.now)); };
    BOOST_TEST(open().items.empty());
    bench.outcome(sent.attempt, OutcomeKind::unknown);
    BOOST_TEST(open().items.empty());
    bench.outcome(sent.attempt, OutcomeKind::accepted, {"r1", "r2"});
    bench.reopen();
    bench.store->await_through({"smtp-1"});
    const auto page = open();
    BOOST_TEST_REQUIRE(page.items.size() == 1u);
    BOOST_TEST(page.items[0].attempt == sent.attempt);
    BOOST_TEST(page.items[0].refs.size() == 2u);
    BOOST_TEST(!page.items[0].idempotency_key.empty());
    BOOST_TEST(!page.has_more);
    BOOST_TEST(open(sent.attempt).items.empty());
    BOOST_TEST(must(bench.store->awaited("other", 0, bench.now)).items.empty());
    bench.receipt(receipt_of("r1", ReceiptKind::delivered));
    bench.receipt(receipt_of("r2", ReceiptKind::dispatched, false));
    BOOST_TEST(open().items.size() == 1u);
    bench.receipt(receipt_of("r2", ReceiptKind::delivered));
    BOOST_TEST(open().items.empty());
  }
}

BOOST_AUTO_TEST_CASE(what_no_provider_tells_of_any_more_is_not_asked_for_ever) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.store->await_through({"smtp-1"});
    bench.usual_ledger();
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted, {"r1"});
    BOOST_TEST(must(bench.store->awaited("smtp-1", 0, bench.now + kAwaitMax)).items.size() == 1u);
    BOOST_TEST(must(bench.store->awaited("smtp-1", 0, bench.now + kAwaitMax + Days{1})).items.empty());
    BOOST_TEST(must(bench.store->awaited("smtp-1", 0, bench.now)).items.empty());
  }
}

BOOST_AUTO_TEST_CASE(references_that_come_after_a_receipt_has_ended_the_doubt_are_kept) {
  for (const auto &which : implementations())
    for (const bool has_bounced_already : {false, true}) {
      Bench bench{which};
      bench.usual_ledger();
      const auto claim = bench.claim_one();
      auto to = Bench::settlement(claim);
      const auto change = bench.intend(claim, 0);
      to.changes.emplace_back(change);
      const auto sent = bench.settle_one(to).changes.front();
      bench.outcome(sent.attempt, OutcomeKind::unknown);
      auto early = receipt_of("", ReceiptKind::accepted);
      early.idempotency_key = change.attempt.idempotency_key;
      bench.receipt(early);
      const auto bounce = receipt_of("r9", ReceiptKind::failed, true, FailureClass::address_dead);
      if (has_bounced_already) bench.receipt(bounce);
      bench.outcome(sent.attempt, OutcomeKind::accepted, {"r9"});  // the provider's answer to a question
      if (!has_bounced_already) bench.receipt(bounce);
      BOOST_TEST(bench.counters().bounced == 1u);
      BOOST_TEST(bench.counters().receipts_unmatched == 0u);
      BOOST_TEST((bench.reminder().state == ReminderState::negative));
    }
}

BOOST_AUTO_TEST_CASE(evidence_in_the_same_bytes_outlives_the_erasure_of_one_of_two) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted, {"r1"});
    bench.add_debtor("d2", "b@d2.example");
    bench.add_invoice("d2", "j1", 100);
    bench.onboard();
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted, {"r2"});
    for (const char *ref : {"r1", "r2"}) {
      auto receipt = receipt_of(ref, ReceiptKind::delivered);
      receipt.evidence.push_back({"application/pdf", "batch.pdf", "one proof for both", ""});
      bench.receipt(receipt);
    }
    must(bench.store->erase_debtor(bench.creditor, "d1", "eva", bench.now));
    BOOST_TEST(must(bench.store->content(bench.creditor, sha256("one proof for both"))) == "one proof for both");
  }
}

BOOST_AUTO_TEST_CASE(receipts_before_the_outcome_and_after_it_end_alike) {
  for (const auto &which : implementations())
    for (const auto kind : {OutcomeKind::accepted, OutcomeKind::unknown, OutcomeKind::not_sent}) {
      std::vector<std::string> ends;
      for (const bool receipt_first : {true, false}) {
        Bench bench{which};
        bench.usual_ledger();
        const auto sent = bench.send(0);
        auto bounce = receipt_of("", ReceiptKind::failed, true, FailureClass::policy);
        bounce.idempotency_key = must(bench.store->open_attempts()).at(0).idempotency_key;
        if (receipt_first) bench.receipt(bounce);
        bench.outcome(sent.attempt, kind);
        if (!receipt_first) bench.receipt(bounce);
        ends.push_back(end_state(bench));
      }
      BOOST_TEST(ends[0] == ends[1]);
    }
}

BOOST_AUTO_TEST_CASE(any_order_of_receipts_with_repeats_ends_in_one_state) {
  for (const auto &which : implementations()) {
    const auto run_in = [&](const std::vector<std::size_t> &order) {
      Bench bench{which};
      bench.usual_ledger();
      bench.outcome(bench.send(0).attempt, OutcomeKind::accepted, {"r1"});
      const auto receipts = all_kinds();
      for (const auto index : order) bench.receipt(receipts[index]);
      bench.expect_journal_verifies();
      return end_state(bench);
    };
    BOOST_TEST(rc::check("permutations with repeats", [&] {
      const auto size = all_kinds().size();
      const auto chosen = *rc::gen::container<std::vector<std::size_t>>(
          rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(0, size)));
      auto once = chosen;
      std::sort(once.begin(), once.end());
      once.erase(std::unique(once.begin(), once.end()), once.end());
      RC_ASSERT(run_in(chosen) == run_in(once));
    }));
  }
}

BOOST_AUTO_TEST_CASE(a_late_delivery_of_an_assumed_loss_is_still_a_delivery) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto sent = bench.send(0);
    bench.outcome(sent.attempt, OutcomeKind::unknown);
    must(bench.store->resolve_in_doubt(bench.creditor, sent.attempt, false, "the provider says so", "eva",
                                       bench.now));
    BOOST_TEST((bench.reminder().state == ReminderState::not_sent));
    auto receipt = receipt_of("", ReceiptKind::delivered);
    const auto rows = must(bench.store->journal(bench.creditor, "i1", "", 100));
    for (const auto &row : rows)
      if (row.kind == "intent") {
        const auto at = row.payload.find("\"key\":\"") + 7;
        receipt.idempotency_key = row.payload.substr(at, row.payload.find('"', at) - at);
      }
    bench.receipt(receipt);
    BOOST_TEST((bench.reminder().state == ReminderState::sent));
  }
}

BOOST_AUTO_TEST_CASE(what_a_receipt_proves_or_a_policy_assumes_counts_as_sent_once) {
  for (const auto &which : implementations())
    for (const char *way : {"receipt", "receipt first", "late receipt", "policy"})
      BOOST_TEST_CONTEXT(way) {
        const std::string_view by{way};
        Bench bench{which};
        bench.usual_ledger();
        const auto claim = bench.claim_one();
        auto to = Bench::settlement(claim);
        const auto change = bench.intend(claim, 0);
        to.changes.emplace_back(change);
        const auto sent = bench.settle_one(to).changes.front();
        auto word = receipt_of("", ReceiptKind::delivered);
        word.idempotency_key = change.attempt.idempotency_key;
        if (by == "receipt first") bench.receipt(word);
        bench.outcome(sent.attempt, by == "late receipt" ? OutcomeKind::not_sent : OutcomeKind::unknown);
        BOOST_TEST(bench.counters().sent == (by == "receipt first" ? 1u : 0u));
        BOOST_TEST(bench.counters().not_sent == (by == "late receipt" ? 1u : 0u));
        if (by == "policy")
          BOOST_TEST(bench.settle_change(MarkInDoubt{bench.facts().id, sent.reminder, true}).refused == "");
        bench.receipt(word);
        bench.receipt(word);
        bench.outcome(sent.attempt, OutcomeKind::accepted);
        BOOST_TEST(bench.counters().sent == 1u);
        BOOST_TEST(bench.counters().not_sent == 0u);
        BOOST_TEST(bench.counters().delivered == 1u);
        BOOST_TEST(bench.counters().in_doubt == 0u);
      }
}

BOOST_AUTO_TEST_CASE(any_word_of_the_provider_ends_a_doubt_whether_it_comes_before_or_after) {
  for (const auto &which : implementations())
    for (const auto &[kind, is_final] : {std::pair{ReceiptKind::interim, false}, std::pair{ReceiptKind::failed, false}})
      for (const bool is_receipt_first : {true, false}) {
        Bench bench{which};
        bench.usual_ledger();
        const auto claim = bench.claim_one();
        auto to = Bench::settlement(claim);
        auto intend = bench.intend(claim, 0);
        intend.attempt.idempotency_key = "key-1";
        to.changes.emplace_back(intend);
        const auto id = bench.settle_one(to).changes.front().attempt;
        auto word = receipt_of("", kind, is_final);
        word.idempotency_key = "key-1";
        if (is_receipt_first) bench.receipt(word);
        bench.outcome(id, OutcomeKind::unknown);
        if (!is_receipt_first) bench.receipt(word);
        bench.receipt(word);
        BOOST_TEST((bench.reminder().state == ReminderState::sent));
        BOOST_TEST(must(bench.store->in_doubt(bench.creditor, 10)).empty());
      }
}

BOOST_AUTO_TEST_CASE(what_nobody_could_judge_is_given_up_after_its_last_try_and_named) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    const InboundRecord raw{"smtp-1", "unverified", "bytes", bench.now};
    const auto row = must(bench.store->store_inbound({&raw, 1}, {}, bench.now)).front();
    const VerifiedRecord record{row, {}, "the plugin is down", {}};
    int tries{0};
    std::vector<InboundId> given_up;
    while (given_up.empty() && tries < 100) {
      ++tries;
      given_up = must(bench.store->settle_unverified({&record, 1}, bench.now));
    }
    BOOST_TEST(tries == 13);
    BOOST_TEST(given_up == std::vector<InboundId>{row}, boost::test_tools::per_element());
    BOOST_TEST(must(bench.store->unverified()).empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::store::test
