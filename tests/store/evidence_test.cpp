// Proofs that a receipt only names: fetched later, filed under their hash, asked for until there or gone.
#include "tests/store/store_fixture.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::store::test {

using domain::OutcomeKind;
using domain::ReceiptKind;

BOOST_AUTO_TEST_SUITE(evidence_test)

namespace {

const std::vector<std::string> kProviders{"smtp-1"};

/// A message whose receipt named a proof.
struct Proven : Bench {
  explicit Proven(const Implementation &which) : Bench{which} {
    usual_ledger();
    outcome(send(0).attempt, OutcomeKind::accepted, {"r1"});
    say();
  }
  void say() {
    auto receipt = receipt_of("r1", ReceiptKind::delivered);
    receipt.evidence.push_back({"application/pdf", "proof.pdf", "", "proofs/17"});
    this->receipt(receipt);
  }
  EvidenceTurn turn(Instant wall) { return must(store->evidence_wanted(kProviders, wall, 10)); }
  void record(const FetchRecord &record) { must(store->record_fetches({&record, 1}, now)); }
  std::size_t journaled(std::string_view text) {
    std::size_t count{0};
    for (const auto &row : must(store->journal(creditor, "i1", "", 100)))
      if (row.kind == "evidence" && row.payload.find(text) != std::string::npos) ++count;
    return count;
  }
};

constexpr Instant kWall{Milliseconds{1'000'000}};

}  // namespace

BOOST_AUTO_TEST_CASE(a_proof_that_was_named_is_wanted_until_its_document_is_here_and_then_never_again) {
  for (const auto &which : implementations()) {
    Proven bench{which};
    const auto wanted = bench.turn(kWall).wanted;
    BOOST_REQUIRE(wanted.size() == 1u);
    BOOST_TEST(wanted[0].reference == "proofs/17");
    BOOST_TEST(wanted[0].media_type == "application/pdf");
    BOOST_TEST(wanted[0].refs.at(0) == "r1");
    BOOST_TEST(!wanted[0].idempotency_key.empty());
    bench.reopen();
    BOOST_REQUIRE(bench.turn(kWall).wanted.size() == 1u);
    bench.record({wanted[0].id, FetchEnd::fetched, {"", "", "%PDF the proof", ""}, "", {}});
    BOOST_TEST(must(bench.store->content(bench.creditor, sha256("%PDF the proof"))) == "%PDF the proof");
    BOOST_TEST(bench.journaled(to_hex(sha256("%PDF the proof"))) == 1u);
    bench.say();                                                                    // a repeat of the receipt
    bench.record({wanted[0].id, FetchEnd::fetched, {"", "", "late", ""}, "", {}});  // a repeat of the answer
    BOOST_TEST(bench.turn(kWall).wanted.empty());
    BOOST_TEST((bench.turn(kWall).next == Instant::max()));
    BOOST_TEST(!bench.store->content(bench.creditor, sha256("late")));
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(one_that_cannot_be_fetched_now_has_its_next_turn_also_after_a_restart) {
  for (const auto &which : implementations()) {
    Proven bench{which};
    const auto id = bench.turn(kWall).wanted.at(0).id;
    const auto later = kWall + Milliseconds{5000};
    bench.record({id, FetchEnd::again, {}, "the provider is away", later});
    bench.reopen();
    BOOST_TEST(bench.turn(kWall).wanted.empty());
    BOOST_TEST((bench.turn(kWall).next == later));
    BOOST_TEST(bench.turn(later).wanted.at(0).tries == 1);
    const std::vector<std::string> others{"another"};
    BOOST_TEST(must(bench.store->evidence_wanted(others, later, 10)).wanted.empty());
  }
}

BOOST_AUTO_TEST_CASE(one_that_the_provider_has_no_more_is_a_persons_task) {
  for (const auto &which : implementations()) {
    Proven bench{which};
    bench.record({bench.turn(kWall).wanted.at(0).id, FetchEnd::gone, {}, "404 Not Found", {}});
    BOOST_TEST(bench.turn(kWall).wanted.empty());
    const auto tasks = must(bench.store->tasks(bench.creditor, true, 10));
    BOOST_REQUIRE(tasks.size() == 1u);
    BOOST_TEST(tasks[0].kind == "evidence");
    BOOST_TEST(tasks[0].text.find("proof.pdf") != std::string::npos);
    BOOST_TEST(tasks[0].text.find("404 Not Found") != std::string::npos);
    BOOST_TEST(bench.journaled("gone") == 1u);
    bench.say();
    BOOST_TEST(bench.turn(kWall).wanted.empty());  // the receipt's repeat does not ask again
  }
}

BOOST_AUTO_TEST_CASE(of_a_person_who_was_erased_nothing_is_fetched_and_nothing_kept) {
  for (const auto &which : implementations()) {
    Proven bench{which};
    const auto id = bench.turn(kWall).wanted.at(0).id;
    must(bench.store->erase_debtor(bench.creditor, "d1", "eva", bench.now));
    BOOST_TEST(bench.turn(kWall).wanted.empty());
    bench.record({id, FetchEnd::fetched, {"", "", "%PDF the proof", ""}, "", {}});
    BOOST_TEST(!bench.store->content(bench.creditor, sha256("%PDF the proof")));
    bench.say();
    BOOST_TEST(bench.turn(kWall).wanted.empty());
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(a_fetched_proof_is_erased_with_the_person) {
  for (const auto &which : implementations()) {
    Proven bench{which};
    bench.record(
        {bench.turn(kWall).wanted.at(0).id, FetchEnd::fetched, {"", "", "%PDF the proof", ""}, "", {}});
    must(bench.store->erase_debtor(bench.creditor, "d1", "eva", bench.now));
    BOOST_TEST(!bench.store->content(bench.creditor, sha256("%PDF the proof")));
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::store::test
