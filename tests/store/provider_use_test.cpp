// What operators' limits count, by provider and day: written with the attempt, corrected by what comes back,
// and known to the next start. And by which providers a reminder could not go.
#include "tests/store/store_fixture.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::store::test {

using domain::FailureClass;
using domain::OutcomeKind;
using domain::ReceiptKind;

namespace {

constexpr CivilDate kDay{civil(2026, 3, 2)};

struct Counted : Bench {
  explicit Counted(const Implementation &which) : Bench{which} { usual_ledger(); }

  /// The first reminder, which counts for the day and is reckoned to cost 0.09 EUR.
  AttemptId send_counted() {
    const auto claim = claim_one();
    auto change = intend(claim, 0);
    auto &attempt = change.attempt;
    attempt.counted_on = kDay;
    attempt.segments = 2;
    attempt.price_micro = 90'000;
    attempt.price_currency = "EUR";
    auto to = settlement(claim);
    to.changes.emplace_back(std::move(change));
    to.why.emplace_back("test");
    return settle_one(to).changes.at(0).attempt;
  }
  std::vector<ProviderUse> use(CivilDate from = kDay) { return must(store->provider_use("smtp-1", from)); }
  void end(AttemptId id, OutcomeKind kind, std::int64_t price_micro = 0, const std::string &currency = {}) {
    OutcomeRecord record;
    record.attempt = id;
    record.kind = kind;
    record.price_micro = price_micro;
    record.price_currency = currency;
    record.retry_at = now;
    must(store->record_outcomes({&record, 1}, now));
  }
  void expect(std::int64_t messages, std::int64_t micro, const std::string &currency = "EUR") {
    std::int64_t all{0}, money{0};
    for (const auto &row : use()) {
      all += row.messages;
      if (row.currency == currency) money += row.price_micro;
    }
    BOOST_TEST(all == messages);
    BOOST_TEST(money == micro);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(provider_use_test)

BOOST_AUTO_TEST_CASE(an_intent_counts_for_its_day_and_the_next_start_knows_it) {
  for (const auto &which : implementations()) {
    Counted bench{which};
    const auto id = bench.send_counted();
    bench.expect(1, 90'000);
    bench.reopen();
    bench.expect(1, 90'000);
    BOOST_TEST(bench.use(kDay + Days{1}).empty());
    BOOST_TEST(must(bench.store->provider_use("another", kDay)).empty());
    const auto view = must(bench.store->attempt_view(id));
    BOOST_TEST(view.segments == 2u);
    BOOST_TEST(view.price_micro == 90'000);
    BOOST_TEST(bench.has_journaled("intent", "\"price_micro\":90000"));
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(what_was_certainly_not_sent_is_given_back_once) {
  for (const auto &which : implementations()) {
    Counted bench{which};
    const auto id = bench.send_counted();
    bench.end(id, OutcomeKind::not_sent);
    bench.expect(0, 0);
    bench.end(id, OutcomeKind::not_sent);  // a repeat
    bench.expect(0, 0);
  }
}

BOOST_AUTO_TEST_CASE(what_is_in_doubt_or_rejected_stays_counted) {
  for (const auto &which : implementations())
    for (const auto kind : {OutcomeKind::unknown, OutcomeKind::rejected, OutcomeKind::accepted}) {
      Counted bench{which};
      bench.end(bench.send_counted(), kind);
      bench.expect(1, 90'000);
    }
}

BOOST_AUTO_TEST_CASE(the_last_price_that_was_named_is_the_one_that_counts) {
  for (const auto &which : implementations()) {
    Counted bench{which};
    const auto id = bench.send_counted();
    bench.end(id, OutcomeKind::accepted, 70'000, "EUR");
    bench.expect(1, 70'000);
    ReceiptRecord receipt;
    receipt.idempotency_key = must(bench.store->attempt_view(id)).idempotency_key;
    receipt.kind = ReceiptKind::delivered;
    receipt.is_final = true;
    receipt.price_micro = 50'000;
    receipt.price_currency = "CHF";
    bench.receipt(receipt);
    bench.receipt(receipt);  // a repeat
    bench.expect(1, 0);
    bench.expect(1, 50'000, "CHF");
    BOOST_TEST(must(bench.store->attempt_view(id)).is_final);
  }
}

BOOST_AUTO_TEST_CASE(facts_say_by_which_providers_a_reminder_could_not_go_and_what_they_said) {
  for (const auto &which : implementations()) {
    Counted bench{which};
    const auto id = bench.send_counted();
    OutcomeRecord refused;
    refused.attempt = id;
    refused.kind = OutcomeKind::rejected;
    refused.failure = FailureClass::policy;
    refused.code = "554 5.7.1";
    refused.text = "not from you";
    must(bench.store->record_outcomes({&refused, 1}, bench.now));
    const auto reminder = bench.reminder();
    BOOST_TEST_REQUIRE(reminder.tried.size() == 1u);
    BOOST_TEST(reminder.tried[0].provider == "smtp-1");
    BOOST_TEST(reminder.tried[0].is_final);
    BOOST_TEST((reminder.tried[0].failure == FailureClass::policy));
    BOOST_TEST(reminder.tried[0].because == "554 5.7.1 not from you");
    BOOST_TEST(reminder.tried[0].times == 1);
  }
}

BOOST_AUTO_TEST_CASE(a_test_is_an_attempt_of_nobody) {
  for (const auto &which : implementations()) {
    Counted bench{which};
    auto attempt = bench.attempt();
    attempt.counted_on = kDay;
    const auto id = must(bench.store->intend_test(bench.creditor, attempt, "root", bench.now, bench.now));
    bench.expect(1, 0);
    BOOST_TEST(bench.may_hand_over(id));
    OutcomeRecord dead;
    dead.attempt = id;
    dead.kind = OutcomeKind::rejected;
    dead.failure = FailureClass::address_dead;
    must(bench.store->record_outcomes({&dead, 1}, bench.now));
    BOOST_TEST(must(bench.store->attempt_view(id)).state == "rejected");
    BOOST_TEST(bench.counters().suppressed == 0u);
    BOOST_TEST(bench.counters().reminders == 0u);
    const auto lost =
        must(bench.store->intend_test(bench.creditor, bench.attempt(), "root", bench.now, bench.now));
    bench.end(lost, OutcomeKind::unknown);
    BOOST_TEST(must(bench.store->doubts(10)).empty());
    BOOST_TEST(bench.counters().in_doubt == 0u);
    bench.expect_journal_verifies();
    BOOST_TEST((bench.store->attempt_view(4711).error().kind == ErrorKind::not_found));
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::store::test
