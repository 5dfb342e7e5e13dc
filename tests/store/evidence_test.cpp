// Proofs that a receipt only names: fetched later, filed under their hash, asked for until there or gone. And the end of all that
// is kept.
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

namespace {

constexpr std::size_t kEnough{100};

/// Reminded of i1 and i2, with a proof and an answer; i1 is paid in 2026, i2 in 2027.
struct Settled : Bench {
  explicit Settled(const Implementation &which) : Bench{which} {
    usual_ledger();
    outcome(send(0).attempt, OutcomeKind::accepted, {"r1"});
    auto delivered = receipt_of("r1", ReceiptKind::delivered);
    delivered.text = "250 ok";
    delivered.evidence.push_back({"application/pdf", "proof.pdf", "%PDF the proof", ""});
    receipt(delivered);
    const InboundRecord raw{"smtp-1", "mail", "From: boss\n\nnever ordered", now};
    ParsedRecord parsed;
    parsed.inbound = must(store->store_inbound({&raw, 1}, {}, now)).front();
    parsed.replies = {{false, "boss@d1.example", "us@acme.example", "Re: money", "never ordered", "r1", ""}};
    must(store->apply_parsed({&parsed, 1}, now));
    must(store->finish_task(creditor, must(store->tasks(creditor, true, 10)).at(0).id, "done", "", "eva", now));
    pay("p1", "i1", 10'000);
    now = kNow + Days{400};
    pay("p2", "i2", 5'000);
  }
  Expired expire(CivilDate day, bool dry_run = false, const domain::RetentionPeriods &periods = {}) {
    return must(store->expire(periods, Instant{day.time_since_epoch()}, kEnough, dry_run));
  }
  static std::string counts(const Expired &gone) {
    return std::to_string(gone.messages) + ' ' + std::to_string(gone.proofs) + ' ' + std::to_string(gone.raws) + ' ' +
           std::to_string(gone.unknown);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_past_its_retention_goes_and_its_hashes_stay) {
  for (const auto &which : implementations()) {
    Settled bench{which};
    BOOST_TEST(Settled::counts(bench.expire(civil(2037, 12, 31))) == "0 0 0 0");  // i2 was owed until 2027
    BOOST_TEST(Settled::counts(bench.expire(civil(2038, 1, 1), true)) == "1 1 2 0");
    BOOST_TEST(Settled::counts(bench.expire(civil(2038, 1, 1), true)) == "1 1 2 0");  // a rehearsal leaves everything
    const std::string body{"Dear debtor, attempt 1"};
    BOOST_TEST(must(bench.store->content(bench.creditor, sha256(body))) == body);
    const auto gone = bench.expire(civil(2038, 1, 1));
    BOOST_TEST(Settled::counts(gone) == "1 1 2 0");
    BOOST_TEST(gone.is_done);
    BOOST_TEST(gone.bytes > body.size());
    BOOST_TEST(Settled::counts(bench.expire(civil(2039, 1, 1))) == "0 0 0 0");
    BOOST_TEST(bench.store->content(bench.creditor, sha256(body)).has_error());
    BOOST_TEST(bench.store->content(bench.creditor, sha256("%PDF the proof")).has_error());
    const auto evidence = must(bench.store->evidence_of(bench.creditor, "i1"));
    const auto &attempt = evidence.reminders.at(0).attempts.at(0);
    BOOST_TEST(attempt.subject == "");
    BOOST_TEST(attempt.parts.at(0).is_expired);
    BOOST_TEST((attempt.parts.at(0).hash == sha256(body)));
    BOOST_TEST(attempt.proofs.at(0).is_expired);
    BOOST_TEST(attempt.receipts.at(0).text == "250 ok");
    BOOST_TEST(attempt.receipts.at(0).is_expired);
    BOOST_REQUIRE(attempt.receipts.at(0).raw.has_value());
    BOOST_REQUIRE(attempt.receipts.at(0).event.has_value());  // what was read stands for what it was read from
    BOOST_TEST(evidence.replies.at(0).is_expired);
    for (const auto &row : evidence.entries)
      BOOST_TEST(row.payload.value_or("").find("never ordered") == std::string::npos);
    for (const auto &task : must(bench.store->tasks(bench.creditor, false, 10))) BOOST_TEST(task.text == "");
    BOOST_TEST(bench.has_journaled("retention", "\"documents\":1"));
    BOOST_TEST(must(bench.store->reparse("smtp-1", 0)) == 0u);
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(nothing_goes_while_an_invoice_is_owed_or_a_period_has_no_end) {
  for (const auto &which : implementations()) {
    Settled bench{which};
    bench.pay("p3", "i2", 5'000, PaymentKind::reversal);
    BOOST_TEST(Settled::counts(bench.expire(civil(2090, 1, 1))) == "0 0 0 0");
    BOOST_TEST(must(bench.store->content(bench.creditor, sha256("%PDF the proof"))) == "%PDF the proof");
    bench.now = Instant{civil(2090, 1, 1).time_since_epoch()};
    bench.pay("p4", "i2", 5'000);
    const domain::RetentionPeriods forever{{}, {}, {}, {}}, messages_only{1, {}, {}, {}};
    BOOST_TEST(Settled::counts(bench.expire(civil(2110, 1, 1), false, forever)) == "0 0 0 0");
    BOOST_TEST(Settled::counts(bench.expire(civil(2110, 1, 1), false, messages_only)) == "1 0 0 0");
    BOOST_TEST(Settled::counts(bench.expire(civil(2110, 1, 1))) == "0 1 2 0");
  }
}

BOOST_AUTO_TEST_CASE(bytes_that_speak_of_a_message_that_is_kept_stay_with_it) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted, {"r1"});
    bench.pay("p1", "i1", 10'000);
    bench.pay("p2", "i2", 5'000);
    bench.now = kNow + Days{400};
    bench.add_invoice("d1", "i3", 7'000, civil(2027, 3, 1));
    bench.wake();
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted, {"r2"});
    const InboundRecord raw{"smtp-1", "poll", "r1 and r2 arrived", bench.now};
    ParsedRecord parsed;
    parsed.inbound = must(bench.store->store_inbound({&raw, 1}, {}, bench.now)).front();
    parsed.receipts = {receipt_of("r1", ReceiptKind::delivered), receipt_of("r2", ReceiptKind::delivered)};
    must(bench.store->apply_parsed({&parsed, 1}, bench.now));
    const Instant late{civil(2090, 1, 1).time_since_epoch()};
    const auto gone = must(bench.store->expire({}, late, kEnough, false));
    BOOST_TEST(gone.messages == 1u);
    BOOST_TEST(gone.raws == 0u);
    BOOST_TEST(must(bench.store->inbound_item(parsed.inbound)).bytes == raw.bytes);
    bench.now = kNow + Days{800};
    bench.pay("p3", "i3", 7'000);
    BOOST_TEST(must(bench.store->expire({}, late, kEnough, false)).raws == 1u);
    BOOST_TEST(must(bench.store->inbound_item(parsed.inbound)).bytes == "");
  }
}

BOOST_AUTO_TEST_CASE(what_nobody_knows_goes_after_a_year_and_what_was_read_once_does_not) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted, {"r1"});
    const auto came = [&](const std::string &bytes, auto &&fill) {
      const InboundRecord raw{"smtp-1", "mail", bytes, bench.now};
      ParsedRecord parsed;
      parsed.inbound = must(bench.store->store_inbound({&raw, 1}, {}, bench.now)).front();
      fill(parsed);
      must(bench.store->apply_parsed({&parsed, 1}, bench.now));
      return parsed.inbound;
    };
    const auto unreadable = [](ParsedRecord &parsed) { parsed.error = "what is this", parsed.is_retryable = false; };
    const auto known = came("r1 arrived", [](auto &to) { to.receipts = {receipt_of("r1", ReceiptKind::delivered)}; });
    BOOST_TEST(must(bench.store->reparse("", known)) == 1u);
    ParsedRecord worse;
    worse.inbound = known;
    unreadable(worse);
    must(bench.store->apply_parsed({&worse, 1}, bench.now));  // by a later parser
    const auto stranger = came("who are you", [](auto &to) {
      to.replies = {{false, "x@y.example", "", "hello", "who are you", "", ""}};
    });
    const auto lost = came("r9 arrived", [](auto &to) { to.receipts = {receipt_of("r9", ReceiptKind::delivered)}; });
    const auto noise = came("%&/(", unreadable);
    const auto task = must(bench.store->tasks(bench.creditor, true, 10)).at(0).id;
    must(bench.store->finish_task(bench.creditor, task, "done", "", "eva", bench.now));
    const auto expire = [&](CivilDate day) {
      return must(bench.store->expire({}, Instant{day.time_since_epoch()}, kEnough, false)).unknown;
    };
    BOOST_TEST(expire(civil(2027, 12, 31)) == 0u);
    BOOST_TEST(expire(civil(2028, 1, 1)) == 3u);
    BOOST_TEST(expire(civil(2028, 1, 1)) == 0u);
    for (const auto id : {stranger, lost, noise}) BOOST_TEST(must(bench.store->inbound_item(id)).bytes == "");
    BOOST_TEST(must(bench.store->inbound_item(known)).bytes == "r1 arrived");
    BOOST_TEST(must(bench.store->task(bench.creditor, task)).text == "");
    for (const auto &row : must(bench.store->journal(bench.creditor, "", "", 100)))
      BOOST_TEST(row.payload.find("who are you") == std::string::npos);
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::store::test
