// Taking back what nobody needs any more: when it is asked, what each answer means, and that a word that it
// arrived wins.
#include "tests/store/store_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>

namespace relance::store::test {

using domain::OutcomeKind;
using domain::ReceiptKind;
using domain::ReminderState;

BOOST_AUTO_TEST_SUITE(recalls_test)

namespace {

/// A reminder of both invoices at a provider that can recall.
struct Sent : Bench {
  explicit Sent(const Implementation &which, OutcomeKind kind = OutcomeKind::accepted,
                const std::vector<std::string> &refs = {"r1"})
      : Bench{which} {
    store->recall_through({"smtp-1"});
    usual_ledger();
    sent = send(0);
    BOOST_TEST(may_hand_over(sent.attempt));
    if (kind == OutcomeKind::accepted) outcome(sent.attempt, kind, refs);
  }
  void settle_all() {
    pay("p1", "i1", 10'000);
    pay("p2", "i2", 5'000);
  }
  std::vector<WantedRecall> wanted() { return must(store->recalls_wanted(now, 10)); }
  void answer(RecallEnd end) {
    const RecallRecord record{sent.attempt, end, "said the provider"};
    must(store->record_recalls({&record, 1}, now));
  }
  ReminderRow row() { return must(store->reminders(creditor, "d1", 10)).at(0); }
  SettledChange sent;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_message_is_recalled_once_everything_it_asks_for_is_settled) {
  for (const auto &which : implementations()) {
    Sent bench{which, OutcomeKind::accepted, {"r1", "r2"}};
    bench.pay("p1", "i1", 10'000);
    BOOST_TEST(bench.wanted().empty());
    bench.pay("p2", "i2", 5'000);
    bench.reopen();
    bench.store->recall_through({"smtp-1"});
    const auto wanted = bench.wanted();
    BOOST_TEST_REQUIRE(wanted.size() == 1u);
    BOOST_TEST(wanted[0].attempt == bench.sent.attempt);
    BOOST_TEST(wanted[0].provider == "smtp-1");
    BOOST_TEST(wanted[0].refs.size() == 2u);
    BOOST_TEST((bench.reminder().state == ReminderState::open));  // the case waits for the answer
    bench.answer(RecallEnd::cancelled);
    BOOST_TEST(bench.wanted().empty());
    BOOST_TEST(bench.row().state == "void");
    BOOST_TEST(bench.counters().recalled == 1u);
    BOOST_TEST(bench.counters().sent == 0u);
    BOOST_TEST(bench.counters().delivered == 0u);
    BOOST_TEST(!bench.facts().owes_thanks);  // nobody is thanked for heeding what he never got
    BOOST_TEST(bench.has_journaled("recall", "cancelled"));
    bench.answer(RecallEnd::cancelled);
    BOOST_TEST(bench.counters().recalled == 1u);
    bench.receipt(receipt_of("r1", ReceiptKind::cancelled));  // what many providers send after it
    BOOST_TEST(bench.counters().bounced == 0u);
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(too_late_and_unknown_change_nothing) {
  for (const auto &which : implementations())
    for (const auto end : {RecallEnd::too_late, RecallEnd::unknown}) {
      Sent bench{which};
      bench.settle_all();
      bench.answer(end);
      BOOST_TEST(bench.wanted().empty());
      BOOST_TEST((bench.reminder().state == ReminderState::sent));
      BOOST_TEST(bench.facts().owes_thanks);
      BOOST_TEST(bench.counters().sent == 1u);
      BOOST_TEST(bench.counters().recalled == 0u);
    }
}

BOOST_AUTO_TEST_CASE(what_has_left_or_arrived_or_cannot_be_recalled_is_not_asked_for) {
  for (const auto &which : implementations()) {
    const std::vector<std::function<void(Sent &)>> reasons{
        [](Sent &bench) { bench.receipt(receipt_of("r1", ReceiptKind::dispatched)); },
        [](Sent &bench) { bench.receipt(receipt_of("r1", ReceiptKind::delivered)); },
        [](Sent &bench) { bench.receipt(receipt_of("r1", ReceiptKind::failed)); },
        [](Sent &bench) { bench.store->recall_through({"other"}); },
    };
    for (const auto &reason : reasons) {
      Sent bench{which};
      reason(bench);
      bench.settle_all();
      BOOST_TEST(bench.wanted().empty());
      BOOST_TEST(bench.counters().recalls_wanted == 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_payment_that_lands_during_the_hand_over_recalls_after_it) {
  for (const auto &which : implementations()) {
    Sent bench{which, OutcomeKind::unknown};
    bench.settle_all();
    BOOST_TEST(bench.wanted().empty());
    bench.outcome(bench.sent.attempt, OutcomeKind::accepted, {"r1"});
    BOOST_TEST(bench.wanted().size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_message_in_doubt_is_recalled_once_it_is_known_to_be_with_its_provider) {
  for (const auto &which : implementations()) {
    const std::vector<std::function<void(Sent &)>> words{
        [](Sent &bench) { bench.outcome(bench.sent.attempt, OutcomeKind::accepted, {"r1"}); },
        [](Sent &bench) { bench.receipt(receipt_of("r1", ReceiptKind::accepted, false)); },
        [](Sent &bench) {
          must(bench.store->resolve_in_doubt(bench.creditor, bench.sent.attempt, true, "it says so", "eva", bench.now));
        },
    };
    for (const auto &word : words) {
      Sent bench{which, OutcomeKind::unknown};
      bench.outcome(bench.sent.attempt, OutcomeKind::unknown, {"r1"});
      bench.settle_all();
      BOOST_TEST(bench.wanted().empty());
      word(bench);
      BOOST_TEST(bench.wanted().size() == 1u);
      BOOST_TEST(bench.counters().sent == 1u);
      bench.answer(RecallEnd::cancelled);
      BOOST_TEST(bench.counters().sent == 0u);
      bench.receipt(receipt_of("r1", ReceiptKind::delivered));  // not cancelled after all
      BOOST_TEST(bench.counters().sent == 1u);
      BOOST_TEST(bench.counters().not_sent == 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_payment_that_is_reversed_before_it_is_asked_ends_the_wish) {
  for (const auto &which : implementations()) {
    Sent bench{which};
    bench.settle_all();
    bench.pay("p3", "i1", 10'000, PaymentKind::reversal);
    BOOST_TEST(bench.wanted().empty());
    BOOST_TEST(bench.counters().recalls_wanted == 0u);
    BOOST_TEST((bench.reminder().state == ReminderState::sent));
  }
}

BOOST_AUTO_TEST_CASE(a_recall_and_the_receipts_around_it_end_alike_in_any_order) {
  for (const auto &which : implementations())
    for (const auto kind : {ReceiptKind::cancelled, ReceiptKind::relayed, ReceiptKind::accepted}) {
      std::vector<std::string> ends;
      for (const bool receipt_first : {true, false}) {
        Sent bench{which};
        bench.settle_all();
        if (receipt_first) bench.receipt(receipt_of("r1", kind));
        bench.answer(RecallEnd::cancelled);
        if (!receipt_first && kind == ReceiptKind::cancelled) bench.receipt(receipt_of("r1", kind));
        const auto counters = bench.counters();
        ends.push_back(bench.row().state + " bounced " + std::to_string(counters.bounced) + " recalled " +
                       std::to_string(counters.recalled));
      }
      BOOST_TEST(ends[0] == ends[1]);
    }
}

BOOST_AUTO_TEST_CASE(a_delivery_belies_a_cancellation) {
  for (const auto &which : implementations()) {
    Sent bench{which};
    bench.settle_all();
    bench.receipt(receipt_of("r1", ReceiptKind::delivered));
    bench.answer(RecallEnd::cancelled);
    BOOST_TEST(bench.has_journaled("recall", "too_late"));
    BOOST_TEST(bench.counters().delivered == 1u);
    BOOST_TEST(bench.counters().recalled == 0u);
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::store::test
