// What the store can show of one invoice: everything that was said, heard and decided, each with its hash.
#include "host/domain/journal_chain.hpp"
#include "tests/store/store_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace relance::store::test {

using domain::OutcomeKind;
using domain::ReceiptKind;

namespace {

struct Chased : Bench {
  explicit Chased(const Implementation &which) : Bench{which} {
    usual_ledger();
    outcome(send(0).attempt, OutcomeKind::accepted, {"r1"});
    hear(receipt_of("r1", ReceiptKind::delivered));
  }
  /// One receipt, out of the bytes "raw r1".
  InboundId hear(const ReceiptRecord &receipt) {
    const InboundRecord raw{"smtp-1", "mail", "raw " + receipt.ref, now};
    ParsedRecord parsed;
    parsed.inbound = must(store->store_inbound({&raw, 1}, {}, now)).at(0);
    parsed.receipts.push_back(receipt);
    must(store->apply_parsed({&parsed, 1}, now));
    return parsed.inbound;
  }
  InvoiceEvidence evidence() { return must(store->evidence_of(creditor, "i1")); }
};

bool has_file(const InvoiceEvidence &evidence, const Sha256 &hash) {
  return std::ranges::any_of(evidence.files, [&](const EvidenceFile &file) { return file.hash == hash; });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(invoice_evidence_test)

BOOST_AUTO_TEST_CASE(an_invoice_has_its_messages_receipts_proofs_and_replies_with_the_bytes_of_each) {
  for (const auto &which : implementations()) {
    Chased bench{which};
    auto proven = receipt_of("r1", ReceiptKind::read);
    proven.evidence.push_back({"application/pdf", "proof.pdf", "%PDF proof", ""});
    bench.hear(proven);
    const auto evidence = bench.evidence();
    BOOST_TEST(evidence.number == "i1");
    BOOST_TEST(evidence.debtor_code == "d1");
    BOOST_TEST(domain::format_money(evidence.amount) == "100.00 EUR");
    BOOST_REQUIRE(evidence.reminders.size() == 1u);
    BOOST_REQUIRE(evidence.reminders[0].attempts.size() == 1u);
    const auto &attempt = evidence.reminders[0].attempts[0];
    BOOST_TEST(attempt.state == "accepted");
    BOOST_TEST(attempt.refs.at(0) == "r1");
    BOOST_REQUIRE(attempt.parts.size() == 1u);
    BOOST_TEST(has_file(evidence, attempt.parts[0].hash));
    BOOST_REQUIRE(attempt.receipts.size() == 2u);
    for (const auto &receipt : attempt.receipts) BOOST_TEST((receipt.raw == sha256("raw r1")));
    BOOST_REQUIRE(attempt.proofs.size() == 1u);
    BOOST_TEST((attempt.proofs[0].document == sha256("%PDF proof")));
    BOOST_TEST(evidence.files.size() == 3u);  // the message, the bytes of both receipts, the proof
    for (const auto &file : evidence.files) {
      const auto bytes = must(bench.store->evidence_bytes(bench.creditor, file));
      BOOST_TEST((sha256(bytes) == file.hash));
      BOOST_TEST(bytes.size() == file.bytes);
      const auto found = must(bench.store->evidence_file(bench.creditor, file.hash));
      BOOST_TEST(must(bench.store->evidence_bytes(bench.creditor, found)) == bytes);
    }
    BOOST_TEST(bench.store->evidence_of(bench.creditor, "i9").has_error());
    BOOST_TEST(bench.store->evidence_file(bench.creditor, sha256("never seen")).has_error());
  }
}

BOOST_AUTO_TEST_CASE(its_journal_chains_from_the_first_entry_and_a_sealed_day_vouches_for_it) {
  for (const auto &which : implementations()) {
    Chased bench{which};
    bench.add_debtor("d2", "accounts@d2.example");
    bench.add_invoice("d2", "j1", 5000);
    must(bench.store->seal_day(bench.creditor, kToday));
    bench.add_invoice("d2", "j2", 5000);
    must(bench.store->seal_day(bench.creditor, kToday + Days{1}));  // of the other debtor alone
    must(bench.store->stamp_seal(bench.creditor, kToday, "token"));
    BOOST_TEST(bench.store->stamp_seal(bench.creditor, kToday, "another").has_error());
    const auto evidence = bench.evidence();
    Sha256 hash{}, head{};
    std::int64_t previous{0};
    BOOST_REQUIRE(!evidence.entries.empty());
    for (const auto &entry : evidence.entries) {
      BOOST_TEST(entry.previous == previous);
      BOOST_TEST((domain::journal_payload_hash(*entry.salt, *entry.payload) == entry.payload_hash));
      hash = domain::journal_entry_hash(hash, entry.id, evidence.creditor, entry.case_id, to_ms(entry.at),
                                        entry.kind, entry.payload_hash);
      BOOST_TEST((hash == entry.hash));
      previous = entry.id;
      if (evidence.seal && entry.id == evidence.seal->head_entry) head = hash;
    }
    BOOST_REQUIRE(evidence.seal.has_value());
    BOOST_TEST((evidence.seal->day == kToday));
    BOOST_TEST(evidence.seal->token == "token");
    std::vector<domain::MerkleStep> path;
    for (const auto &[sibling, is_left] : evidence.seal->path) path.push_back({sibling, is_left});
    BOOST_TEST((domain::merkle_climb(evidence.case_id, head, path) == evidence.seal->root));
    path.at(0).sibling[0] ^= 1;
    BOOST_TEST((domain::merkle_climb(evidence.case_id, head, path) != evidence.seal->root));
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(the_way_to_the_root_leads_there_from_every_leaf_of_a_tree_of_any_size) {
  for (std::size_t size{1}; size <= 33; ++size) {
    domain::JournalHeads heads;
    for (std::size_t i{0}; i < size; ++i)
      heads.emplace_back(static_cast<CaseId>(i * 3), sha256("head " + std::to_string(i)));
    const auto root = domain::merkle_root(sha256("before"), heads);
    for (std::size_t i{0}; i < size; ++i)
      BOOST_TEST((domain::merkle_climb(heads[i].first, heads[i].second,
                                       domain::merkle_path(sha256("before"), heads, i)) == root));
  }
}

BOOST_AUTO_TEST_CASE(the_journal_names_the_bytes_that_went_out_and_the_bytes_that_came_back) {
  for (const auto &which : implementations()) {
    Chased bench{which};
    const auto evidence = bench.evidence();
    BOOST_TEST(
        bench.has_journaled("intent", to_hex(evidence.reminders.at(0).attempts.at(0).parts.at(0).hash)));
    BOOST_TEST(bench.has_journaled("receipt", to_hex(sha256("raw r1"))));
  }
}

BOOST_AUTO_TEST_CASE(bytes_that_a_provider_sends_once_more_are_kept_once_and_read_again_once) {
  for (const auto &which : implementations()) {
    Chased bench{which};
    const auto repeat = bench.hear(receipt_of("r1", ReceiptKind::delivered));
    const auto evidence = bench.evidence();
    BOOST_TEST(evidence.reminders.at(0).attempts.at(0).receipts.at(0).repeats == 1);
    BOOST_TEST(must(bench.store->evidence_bytes(
                   bench.creditor, {sha256("raw r1"), FileOrigin::inbound, 1, 0, "", ""})) == "raw r1");
    BOOST_TEST(
        bench.store
            ->evidence_bytes(bench.creditor, {sha256("raw r1"), FileOrigin::inbound, repeat, 0, "", ""})
            .has_error());
    BOOST_TEST(must(bench.store->reparse("smtp-1", 0)) == 1u);
    BOOST_TEST(bench.store->reparse("", repeat).has_error());
    for (int i{0}; i < 20; ++i) bench.hear(receipt_of("r1", ReceiptKind::delivered));
    BOOST_TEST(must(bench.store->inbound("smtp-1", "", 0, 100)).size() == 1u);
    BOOST_TEST(bench.evidence().reminders.at(0).attempts.at(0).receipts.at(0).repeats == 21);
  }
}

BOOST_AUTO_TEST_CASE(of_an_erased_person_remains_what_happened_and_who_erased_it_and_the_chain) {
  for (const auto &which : implementations()) {
    Chased bench{which};
    must(bench.store->seal_day(bench.creditor, kToday));
    must(bench.store->erase_debtor(bench.creditor, "d1", "eva", bench.now));
    const auto evidence = bench.evidence();
    BOOST_TEST(evidence.is_erased);
    BOOST_TEST(evidence.erased_by == "eva");
    BOOST_TEST((evidence.erased_at == bench.now));
    BOOST_TEST(evidence.files.empty());
    BOOST_TEST(evidence.debtor_name == "");
    BOOST_TEST(evidence.reminders.at(0).attempts.at(0).address == "");
    BOOST_TEST(evidence.reminders.at(0).attempts.at(0).receipts.size() == 1u);
    for (const auto &entry : evidence.entries) BOOST_TEST(!entry.payload.has_value());
    BOOST_TEST(evidence.seal.has_value());
    BOOST_TEST(bench.store->evidence_file(bench.creditor, sha256("raw r1")).has_error());
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::store::test
