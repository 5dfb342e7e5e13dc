// The ledger as it comes in: what is refused and why, what a repeat changes, what a payment brings with it.
#include "tests/store/store_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace relance::store::test {

using domain::CaseState;
using domain::ItemState;
using domain::OutcomeKind;

namespace {

InvoiceRecord invoice(const std::string &debtor, const std::string &number, std::int64_t amount_minor) {
  InvoiceRecord made;
  made.debtor_code = debtor;
  made.number = number;
  made.issued = civil(2026, 1, 2);
  made.due = civil(2026, 2, 1);
  made.amount = eur(amount_minor);
  return made;
}

ImportResult import(Bench &bench, const InvoiceRecord &record, bool dry_run = false) {
  return must(bench.store->import_invoices(bench.creditor, {&record, 1}, bench.now, dry_run));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(intake_test)

BOOST_AUTO_TEST_CASE(a_first_import_waits_for_onboarding_and_sends_nothing) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.add_debtor("d1", "a@d1.example");
    bench.add_invoice("d1", "i1", 10'000);
    bench.add_invoice("d1", "i2", 5'000, civil(2025, 6, 1));
    BOOST_TEST((must(bench.store->next_due()) == Instant::max()));
    BOOST_TEST((bench.facts().state == CaseState::onboarding));
    const OnboardChoice choice{1, 90};
    const auto preview = must(bench.store->onboard(bench.creditor, choice, bench.now, true));
    BOOST_TEST(preview.cases == 1u);
    BOOST_TEST(preview.items == 2u);
    BOOST_TEST(preview.skipped == 1u);
    BOOST_TEST((bench.facts().state == CaseState::onboarding));
    must(bench.store->onboard(bench.creditor, choice, bench.now, false));
    BOOST_TEST((bench.facts().state == CaseState::open));
    BOOST_TEST(bench.item("i1").step == 0);
    BOOST_TEST(!bench.item("i1").held_until.has_value());
    BOOST_TEST(bench.item("i2").held_until.has_value());
    BOOST_TEST((must(bench.store->next_due()) == bench.now));
  }
}

BOOST_AUTO_TEST_CASE(a_live_creditor_s_new_customer_starts_by_itself_unless_the_debt_is_old) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    bench.add_debtor("d2", "a@d2.example");
    bench.add_invoice("d2", "j1", 100, civil(2026, 4, 1));
    bench.add_debtor("d3", "a@d3.example");
    bench.add_invoice("d3", "k1", 100, civil(2025, 4, 1));
    BOOST_TEST(
        (must(bench.store->facts_of_invoice(bench.creditor, "j1")).cases[0].facts.state == CaseState::open));
    BOOST_TEST((must(bench.store->facts_of_invoice(bench.creditor, "k1")).cases[0].facts.state ==
                CaseState::onboarding));
  }
}

BOOST_AUTO_TEST_CASE(wrong_rows_are_refused_in_words_and_good_ones_kept) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    auto unknown = invoice("nobody", "x1", 100), negative = invoice("d1", "x2", -100),
         early = invoice("d1", "x3", 100), other_debtor = invoice("d1", "j1", 100),
         good = invoice("d1", "x4", 100);
    early.due = early.issued - Days{1};
    bench.add_debtor("d2", "a@d2.example");
    bench.add_invoice("d2", "j1", 100);
    const std::vector<InvoiceRecord> rows{unknown, negative, early, other_debtor, good};
    const auto result = must(bench.store->import_invoices(bench.creditor, rows, bench.now, false));
    BOOST_TEST(result.added == 1u);
    BOOST_TEST_REQUIRE(result.refused.size() == 4u);
    const std::vector<std::string> words{"nobody", "not positive", "before it was issued", "another debtor"};
    for (std::size_t i{0}; i < words.size(); ++i) {
      BOOST_TEST(result.refused[i].index == i);
      BOOST_TEST(result.refused[i].reason.find(words[i]) != std::string::npos);
    }
    PaymentRecord stray;
    stray.id = "p1";
    stray.invoice_number = "nothing";
    stray.amount = eur(5);
    const auto paid = must(bench.store->import_payments(bench.creditor, {&stray, 1}, bench.now, false));
    BOOST_TEST(paid.refused.at(0).reason.find("nothing") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(the_same_file_again_changes_nothing_and_a_dry_run_never_does) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    bench.pay("p1", "i1", 4'000);
    const auto entries = bench.counters().journal_entries;
    const auto version = bench.debtor().facts_version;
    auto again = invoice("d1", "i1", 10'000);
    again.issued = civil(2026, 2, 1) - Days{30};
    const auto same = import(bench, again);
    BOOST_TEST(same.unchanged == 1u);
    BOOST_TEST(bench.pay("p1", "i1", 4'000).unchanged == 1u);
    BOOST_TEST(bench.pay("p1", "i1", 4'100).refused.size() == 1u);
    auto changed = again;
    changed.amount = eur(12'000);
    const auto dry = import(bench, changed, true);
    BOOST_TEST(dry.changed == 1u);
    BOOST_TEST(dry.differences.at(0).find("12000") == std::string::npos);
    BOOST_TEST(dry.differences.at(0).find("120.00 EUR") != std::string::npos);
    BOOST_TEST(bench.counters().journal_entries == entries);
    BOOST_TEST(bench.debtor().facts_version == version);
    BOOST_TEST(bench.item("i1").balance_minor == 6'000);
    import(bench, changed);
    BOOST_TEST(bench.item("i1").balance_minor == 8'000);  // the payment still counts
  }
}

BOOST_AUTO_TEST_CASE(a_stated_balance_counts_once_and_payments_come_after_it) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.add_debtor("d1", "a@d1.example");
    auto record = invoice("d1", "i1", 10'000);
    record.open_minor = 7'000;
    import(bench, record);
    BOOST_TEST(bench.item("i1").balance_minor == 7'000);
    bench.pay("p1", "i1", 2'000);
    BOOST_TEST(import(bench, record).unchanged == 1u);
    BOOST_TEST(bench.item("i1").balance_minor == 5'000);
    record.open_minor = 1'000;
    BOOST_TEST(import(bench, record).changed == 1u);
    BOOST_TEST(bench.item("i1").balance_minor == 1'000);
  }
}

BOOST_AUTO_TEST_CASE(an_over_payment_is_kept_and_said_and_a_reversal_starts_a_new_round) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted);
    const auto over = bench.pay("p1", "i1", 12'000);
    BOOST_TEST(over.settled == 1u);
    BOOST_TEST(over.warnings.at(0).find("20.00 EUR") != std::string::npos);
    bench.pay("p2", "i1", 12'000, PaymentKind::reversal);
    const auto item = bench.item("i1");
    BOOST_TEST((item.state == ItemState::open));
    BOOST_TEST(item.balance_minor == 10'000);
    BOOST_TEST(item.round == 2);
    BOOST_TEST(item.step == -1);
    BOOST_TEST(!item.was_reminded);
    BOOST_TEST(bench.has_journaled("round", "settled"));
    bench.wake();
    const auto again = bench.claim_one();
    auto to = Bench::settlement(again);
    auto change = bench.intend(again, 0);  // the step of the new round is free, that of the old one is not
    std::erase_if(change.items, [&](const ReminderItem &one) { return one.receivable != item.id; });
    to.changes.emplace_back(change);
    BOOST_TEST(bench.settle_one(to).refused == "");
  }
}

BOOST_AUTO_TEST_CASE(a_payment_keeps_the_promise_that_it_covers) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    must(bench.store->promise(bench.creditor, "d1", "", civil(2026, 3, 20), {}, "eva", bench.now));
    BOOST_TEST(bench.facts().promises.at(0).missing_minor == 15'000);
    bench.pay("p1", "i1", 10'000);
    BOOST_TEST(bench.facts().promises.at(0).missing_minor == 5'000);
    bench.pay("p2", "i2", 5'000);
    BOOST_TEST(bench.facts().promises.empty());
    BOOST_TEST(bench.has_journaled("promise_kept", ""));
  }
}

BOOST_AUTO_TEST_CASE(thanks_are_owed_once_all_that_was_asked_for_is_paid) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted);
    bench.pay("p1", "i1", 10'000);
    BOOST_TEST(!bench.facts().owes_thanks);
    bench.pay("p2", "i2", 5'000);
    BOOST_TEST(bench.facts().owes_thanks);
    const auto claim = bench.claim_one();
    auto to = Bench::settlement(claim);
    auto thanks = bench.intend(claim, -1);
    thanks.is_thank_you = true;
    thanks.is_dunning = false;
    to.changes.emplace_back(thanks);
    const auto sent = bench.settle_one(to);
    BOOST_TEST(sent.refused == "");
    BOOST_TEST(!bench.facts().owes_thanks);
    bench.outcome(sent.changes.at(0).attempt, OutcomeKind::accepted);
    BOOST_TEST(bench.settle_change(SetCaseState{bench.facts().id, CaseState::closed}).refused == "");
    BOOST_TEST(bench.facts().reminders.empty());
    bench.add_invoice("d1", "i3", 300);
    BOOST_TEST((bench.facts().state == CaseState::open));
  }
}

BOOST_AUTO_TEST_CASE(an_open_items_list_settles_what_is_absent_but_not_too_much_at_once) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.add_debtor("d1", "a@d1.example");
    for (int i{1}; i <= 10; ++i) bench.add_invoice("d1", "i" + std::to_string(i), 1'000);
    bench.onboard();
    const auto list = [&](int from, std::int32_t percent, bool dry_run) {
      must(bench.store->begin_snapshot(bench.creditor));
      for (int i{from}; i <= 10; ++i) bench.add_invoice("d1", "i" + std::to_string(i), 1'000);
      return bench.store->end_snapshot(bench.creditor, bench.now, percent, dry_run);
    };
    const auto refused = list(5, 20, false);
    BOOST_TEST_REQUIRE(refused.has_error());
    BOOST_TEST((refused.error().kind == ErrorKind::conflict));
    BOOST_TEST(must(list(3, 20, true)).settled == 2u);
    BOOST_TEST(bench.counters().receivables_open == 10u);
    BOOST_TEST(must(list(3, 20, false)).settled == 2u);
    BOOST_TEST(bench.counters().receivables_open == 8u);
    BOOST_TEST(must(list(5, 100, false)).settled == 2u);  // confirmed
    BOOST_TEST(must(list(4, 100, false)).settled == 0u);  // i4 is back on the list
    BOOST_TEST(bench.item("i4").round == 2);
    BOOST_TEST(bench.store->end_snapshot(bench.creditor, bench.now, 100, false).has_error());
  }
}

BOOST_AUTO_TEST_CASE(after_a_list_that_broke_off_an_import_is_a_plain_one) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto import = [&](const std::string &number, std::int64_t amount) {
      InvoiceRecord invoice;
      invoice.debtor_code = "d1";
      invoice.number = number;
      invoice.due = civil(2026, 2, 1);
      invoice.issued = invoice.due - Days{30};
      invoice.amount = eur(amount);
      return must(bench.store->import_invoices(bench.creditor, {&invoice, 1}, bench.now, false));
    };
    must(bench.store->begin_snapshot(bench.creditor));
    import("i1", 10'000);
    must(bench.store->end_snapshot(bench.creditor, bench.now, 100, false));  // i2 is settled
    BOOST_TEST(bench.counters().receivables_paid == 1u);
    import("i2", 5'000);  // the register again: changes nothing
    BOOST_TEST(bench.counters().receivables_paid == 1u);
    must(bench.store->begin_snapshot(
        bench.creditor));  // next day's list: a row is rejected, nothing is ended (handle_imports)
    import("i1", 10'000);
    bench.store->abandon_snapshot(bench.creditor);
    const auto again = import("i2", 5'000);  // a plain import of the register
    BOOST_TEST(again.changed == 0u);
    BOOST_TEST(bench.counters().receivables_paid == 1u);
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::store::test
