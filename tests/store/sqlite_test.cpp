// What only the embedded store can be asked: kill -9, a full disk, a second process, a flipped byte, another
// version.
#include "host/store/sqlite/connection.hpp"
#include "host/store/sqlite/open.hpp"
#include "host/store/sqlite/schema.hpp"
#include "tests/store/store_fixture.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace relance::store::test {

using domain::OutcomeKind;

namespace {

const Implementation &sqlite() {
  return implementations().front();
}
std::filesystem::path file_of(const Bench &bench) {
  return bench.folder.path() / "store.db";
}

/// Runs `body` in a child process; returns its wait status.
int in_child(const std::function<void()> &body) {
  const pid_t child{::fork()};
  if (child == 0) {
    try {
      body();
    } catch (...) {
      ::_exit(9);
    }
    ::_exit(0);
  }
  int status{0};
  ::waitpid(child, &status, 0);
  return status;
}

/// The life that the killed child leads, over and over: pay, claim, send, accept, receive. Writes one byte to
/// `done` after each call that returned, so that the parent knows what must be durable.
void live(const std::filesystem::path &folder, int done) {
  auto store = must(open_sqlite({.path = folder / "store.db"}));
  const auto creditor = must(store->creditor("acme"));
  const auto say = [done](char what) { (void)!::write(done, &what, 1); };
  for (std::int64_t i{0};; ++i) {
    PaymentRecord payment;
    payment.id = "p" + std::to_string(::getpid()) + "-" + std::to_string(i);
    payment.invoice_number = "i1";
    payment.date = kToday;
    payment.amount = eur(1);
    if (must(store->import_payments(creditor, {&payment, 1}, kNow, false)).added != 1) ::_exit(8);
    say('p');
    const InboundRecord raw{"smtp-1", "mail", "bytes", kNow};
    must(store->store_inbound({&raw, 1}, {}, kNow));
    say('i');
    for (const auto &claim : must(store->claim_due(kNow, 10))) {
      Settlement to{
          claim.creditor, claim.debtor, claim.facts_version, claim.epoch, Instant::max(), {}, {}, {}};
      const auto &facts = claim.cases.at(0).facts;
      for (const auto &reminder : facts.reminders)
        if (reminder.state == domain::ReminderState::open ||
            reminder.state == domain::ReminderState::in_doubt)
          ::_exit(7);
      Intend change;
      change.case_id = facts.id;
      change.step = facts.items.at(0).step + 1;
      change.step_id = "s";
      change.decided_on = kToday;
      for (const auto &item : facts.items)
        change.items.push_back({item.id, item.round, item.balance_minor, true});
      change.attempt.channel = "email";
      change.attempt.provider = "smtp-1";
      change.attempt.idempotency_key = payment.id;
      to.changes.emplace_back(change);
      const auto result = must(store->settle({&to, 1}, kNow, kNow)).at(0);
      if (result.is_stale || !result.refused.empty()) ::_exit(6);
      say('s');
      OutcomeRecord outcome;
      outcome.attempt = result.changes.at(0).attempt;
      outcome.kind = OutcomeKind::accepted;
      must(store->record_outcomes({&outcome, 1}, kNow));
      say('o');
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sqlite_test)

BOOST_AUTO_TEST_CASE(what_returned_before_a_kill_is_there_after_it_and_nothing_is_half_there) {
  Bench bench{sqlite()};
  bench.usual_ledger();
  bench.store.reset();
  std::uint64_t payments{0}, inbound{0}, settled{0}, ended{0};
  for (int round{0}; round < 25; ++round) {
    int pipe[2];
    BOOST_TEST_REQUIRE(::pipe(pipe) == 0);
    const pid_t child{::fork()};
    if (child == 0) {
      ::close(pipe[0]);
      try {
        live(bench.folder.path(), pipe[1]);
      } catch (...) {
      }
      ::_exit(9);
    }
    ::close(pipe[1]);
    // Killed after so many calls, at whatever point of the next one it then is.
    const int calls{1 + round * 3};
    char what{0};
    const auto hear = [&] {
      if (::read(pipe[0], &what, 1) != 1) return false;
      payments += what == 'p';
      inbound += what == 'i';
      settled += what == 's';
      ended += what == 'o';
      return true;
    };
    for (int i{0}; i < calls && hear(); ++i) {
    }
    ::kill(child, SIGKILL);
    while (hear()) {
    }
    ::close(pipe[0]);
    int status{0};
    ::waitpid(child, &status, 0);
    BOOST_TEST((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));

    bench.reopen();
    const auto counters = bench.counters();
    const auto paid = static_cast<std::uint64_t>(10'000 - bench.item("i1").balance_minor);
    const auto rounds = static_cast<std::uint64_t>(round) + 1;
    BOOST_TEST((paid >= payments && paid <= payments + rounds));
    BOOST_TEST((counters.inbound_waiting >= inbound && counters.inbound_waiting <= inbound + rounds));
    BOOST_TEST((counters.reminders >= settled && counters.reminders <= settled + rounds));
    BOOST_TEST((counters.sent >= ended && counters.sent <= ended + rounds));
    const auto open = must(bench.store->open_attempts());
    BOOST_TEST(open.size() == counters.attempts_open);
    BOOST_TEST(open.size() + counters.sent == counters.reminders);
    BOOST_TEST(open.size() <= 1u);
    for (const auto &attempt : open)
      bench.outcome(attempt.id, OutcomeKind::accepted);  // resolved by its provider
    bench.expect_journal_verifies();
    SQLite::Database raw{file_of(bench).string()};
    BOOST_TEST(raw.execAndGet("PRAGMA integrity_check").getString() == "ok");
    // The moving row and the schedule say the same.
    BOOST_TEST(
        raw.execAndGet(
               "SELECT count(*) FROM debtor_state s WHERE next_at <> 9223372036854775807 AND NOT EXISTS"
               " (SELECT 1 FROM schedule q WHERE q.next_at = s.next_at AND q.debtor = s.id)")
            .getInt() == 0);
    BOOST_TEST(raw.execAndGet("SELECT count(*) FROM schedule").getInt() <= 1);
    payments = paid;
    inbound = counters.inbound_waiting;
    settled = counters.reminders;
    ended = bench.counters().sent;
    bench.store.reset();
  }
  BOOST_TEST(settled > 20u);
}

BOOST_AUTO_TEST_CASE(a_second_process_is_told_who_holds_the_store) {
  Bench bench{sqlite()};
  const auto pid = std::to_string(::getpid());
  const int status{in_child([&] {
    const auto second = open_sqlite({.path = file_of(bench)});
    const bool is_told{second.has_error() && second.error().kind == ErrorKind::conflict &&
                       second.error().message.find(pid) != std::string::npos &&
                       second.error().message.find("store.db") != std::string::npos};
    ::_exit(is_told ? 0 : 1);
  })};
  BOOST_TEST(WEXITSTATUS(status) == 0);
  BOOST_TEST(bench.store->setting("x").has_value());
  bench.reopen();  // and the lock goes with its holder
}

BOOST_AUTO_TEST_CASE(a_full_store_is_an_error_that_leaves_nothing_half_written) {
  Folder folder;
  const auto path = folder.path() / "store.db";
  auto store = must(open_sqlite({.path = path, .pages_max = 120}));
  const auto creditor = must(store->creditor("acme"));
  DebtorRecord debtor;
  debtor.code = "d1";
  must(store->import_debtors(creditor, {&debtor, 1}, kNow, false));
  std::size_t done{0};
  Result<ImportResult> result{ImportResult{}};
  for (; done < 1'000 && result; ++done) {
    std::vector<InvoiceRecord> batch(20);
    for (std::size_t i{0}; i < batch.size(); ++i) {
      batch[i].debtor_code = "d1";
      batch[i].number = "i" + std::to_string(done) + "-" + std::to_string(i);
      batch[i].amount = eur(100);
    }
    result = store->import_invoices(creditor, batch, kNow, false);
  }
  BOOST_TEST_REQUIRE(result.has_error());
  BOOST_TEST((result.error().kind == ErrorKind::unavailable));
  BOOST_TEST(result.error().message.find("full") != std::string::npos);
  const auto kept = must(store->counters(kNow)).receivables_open;
  BOOST_TEST(kept == (done - 1) * 20);
  store.reset();
  store = must(open_sqlite({.path = path}));  // room was made
  BOOST_TEST(must(store->counters(kNow)).receivables_open == kept);
  must(store->set_setting("a", "b"));
  const auto verdict = must(store->verify_journal(creditor));
  BOOST_TEST(verdict.faults.empty());
}

BOOST_AUTO_TEST_CASE(a_disk_that_refuses_to_grow_is_an_error_and_the_store_goes_on_when_it_yields) {
  Folder folder;
  const int status{in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    auto store = must(open_sqlite({.path = folder.path() / "store.db"}));
    const auto creditor = must(store->creditor("acme"));
    const InboundRecord raw{"smtp-1", "mail", std::string(64 * 1024, 'x'), kNow};
    must(store->store_inbound({&raw, 1}, {}, kNow));
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 700 * 1024;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    int stored{1};
    Result<std::vector<InboundId>> result{std::vector<InboundId>{}};
    for (; stored < 100; ++stored)
      if (result = store->store_inbound({&raw, 1}, {}, kNow); !result) break;
    if (!result.has_error() || result.error().kind != ErrorKind::unavailable) ::_exit(1);
    if (must(store->counters(kNow)).inbound_waiting != static_cast<std::uint64_t>(stored)) ::_exit(2);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    if (!store->store_inbound({&raw, 1}, {}, kNow)) ::_exit(3);
    if (must(store->counters(kNow)).inbound_waiting != static_cast<std::uint64_t>(stored) + 1) ::_exit(4);
    if (!must(store->verify_journal(creditor)).faults.empty()) ::_exit(5);
  })};
  BOOST_TEST(WEXITSTATUS(status) == 0);
}

BOOST_AUTO_TEST_CASE(a_claim_that_can_neither_be_settled_nor_released_is_due_again_when_there_is_room) {
  const int status{in_child([] {
    ::signal(SIGXFSZ, SIG_IGN);
    Bench bench{sqlite()};
    bench.usual_ledger();
    const auto claim = bench.claim_one();
    auto to = Bench::settlement(claim);
    to.changes.emplace_back(bench.intend(claim, 0));
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 0;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    if (bench.store->settle({&to, 1}, bench.now, bench.now)) ::_exit(1);
    if (bench.store->release({&claim, 1}, bench.now + std::chrono::hours{1})) ::_exit(2);
    if (must(bench.store->next_due()) > bench.now) ::_exit(3);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    bench.send(0);
    if (bench.counters().attempts_open != 1) ::_exit(4);
  })};
  BOOST_TEST(WEXITSTATUS(status) == 0);
}

BOOST_AUTO_TEST_CASE(evidence_that_waited_is_filed_with_what_it_refers_to) {
  Bench bench{sqlite()};
  bench.usual_ledger();
  const auto sent = bench.send(0);
  auto proof = receipt_of("r1", domain::ReceiptKind::delivered);
  proof.evidence = {{"application/pdf", "proof.pdf", "%PDF proof", ""}, {"image/png", "scan", "", "provider://1"}};
  bench.receipt(proof);
  bench.outcome(sent.attempt, OutcomeKind::accepted, {"r1"});
  SQLite::Database raw{file_of(bench).string(), SQLite::OPEN_READONLY};
  BOOST_TEST(raw.execAndGet("SELECT group_concat(file_name || reference) FROM (SELECT * FROM evidence ORDER BY "
                            "file_name)")
                 .getString() == "proof.pdf,scanprovider://1");
  BOOST_TEST(raw.execAndGet("SELECT count(*) FROM evidence_waiting").getInt() == 0);
}

BOOST_AUTO_TEST_CASE(the_log_stays_bounded_while_it_is_written_to_without_a_pause) {
  Folder folder;
  constexpr std::int32_t kPages{64};
  constexpr std::uintmax_t kPageInLog{4'096 + 24};
  auto store = must(open_sqlite({.path = folder.path() / "store.db", .checkpoint_pages = kPages}));
  const InboundRecord raw{"smtp-1", "mail", std::string(32 * 1024, 'x'), kNow};  // 9 pages or so
  for (int i{0}; i < 1'000; ++i) must(store->store_inbound({&raw, 1}, {}, kNow));
  // Four times its size is when the writer helps; one more commit may be in it.
  BOOST_TEST(std::filesystem::file_size(folder.path() / "store.db-wal") < (4 * kPages + 64) * kPageInLog);
  BOOST_TEST(std::filesystem::file_size(folder.path() / "store.db") > 30'000'000u);
  BOOST_TEST(must(store->counters(kNow)).inbound_waiting == 1'000u);
}

BOOST_AUTO_TEST_CASE(verifying_finds_one_flipped_byte_wherever_it_is) {
  for (const char *flip :
       {"UPDATE journal SET payload = replace(payload, 'i1', 'j1') WHERE id = 2",
        "UPDATE journal SET salt = replace(salt, substr(salt, 1, 1), 'z') WHERE id = 3",
        "UPDATE journal SET at = at + 1 WHERE id = 4",
        "UPDATE journal SET kind = 'payment!' WHERE kind = 'payment'",
        "UPDATE journal SET case_id = 2 WHERE id = 3", "UPDATE journal SET previous = 1 WHERE id = 4",
        "UPDATE journal SET hash = zeroblob(32) WHERE id = 3",
        "UPDATE journal SET payload_hash = zeroblob(32) WHERE id = 5", "DELETE FROM journal WHERE id = 3",
        "DELETE FROM journal WHERE id = (SELECT max(id) FROM journal)",
        "UPDATE journal_seal SET root = zeroblob(32)", "UPDATE journal_seal SET heads = heads + 1"}) {
    Bench bench{sqlite()};
    bench.usual_ledger();
    bench.pay("p1", "i1", 100);
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted);
    must(bench.store->seal_day(bench.creditor, kToday));
    bench.expect_journal_verifies();
    bench.store.reset();
    {
      SQLite::Database raw{file_of(bench).string(), SQLite::OPEN_READWRITE};
      BOOST_TEST(raw.exec(flip) == 1, flip);
    }
    bench.reopen();
    BOOST_TEST(!must(bench.store->verify_journal(bench.creditor)).faults.empty(), flip);
  }
}

BOOST_AUTO_TEST_CASE(heads_are_the_same_whether_gathered_or_read_from_the_journal) {
  Bench bench{sqlite()};
  bench.usual_ledger();
  for (int i{0}; i < 30; ++i) {  // every start gathers what the one before had left in the journal alone
    bench.pay("p" + std::to_string(i), "i1", 1);
    if (i % 3 == 0) bench.reopen();
  }
  const auto rows = must(bench.store->journal(bench.creditor, "i1", "", 100));
  BOOST_TEST(rows.size() == 34u);
  bench.expect_journal_verifies();
}

BOOST_AUTO_TEST_CASE(a_late_receipt_brings_nothing_of_an_erased_person_back) {
  for (const bool waits : {false, true}) {
    Bench bench{sqlite()};
    bench.usual_ledger();
    bench.outcome(bench.send(0).attempt, OutcomeKind::accepted, {"r1"});
    must(bench.store->erase_debtor(bench.creditor, "d1", "eva", bench.now));
    auto late = receipt_of(waits ? "r2" : "r1", domain::ReceiptKind::failed, true, domain::FailureClass::address_dead);
    late.code = "5.1.1";
    late.text = "550 <accounts@d1.example> unknown";
    late.evidence.push_back({"message/rfc822", "dsn.eml", "To: accounts@d1.example", ""});
    bench.receipt(late);
    if (waits) bench.outcome(1, OutcomeKind::accepted, {"r2"});
    bench.receipt(receipt_of("r1", domain::ReceiptKind::complaint));
    bench.expect_journal_verifies();
    BOOST_TEST(bench.counters().bounced == 1u);
    bench.store.reset();
    SQLite::Database raw{file_of(bench).string()};
    BOOST_TEST(raw.execAndGet("SELECT count(*) FROM receipt WHERE code = '5.1.1'").getInt() == 1);
    for (const char *sql : {"SELECT count(*) FROM receipt WHERE text <> ''",
                            "SELECT count(*) FROM journal WHERE payload LIKE '%d1.example%'",
                            "SELECT count(*) FROM content WHERE CAST(bytes AS TEXT) LIKE '%d1.example%'",
                            "SELECT count(*) FROM evidence", "SELECT count(*) FROM evidence_waiting",
                            "SELECT count(*) FROM inbound WHERE kind <> 'erased' OR length(bytes) > 0",
                            "SELECT count(*) FROM suppression"}) {
      BOOST_TEST_CONTEXT(sql) BOOST_TEST(raw.execAndGet(sql).getInt() == 0);
    }
  }
}

namespace {

/// Where a text stands in the files of a store, log and free pages too.
std::string places_of(const std::string &text, const std::filesystem::path &folder) {
  std::string places;
  for (const auto &file : std::filesystem::directory_iterator{folder}) {
    std::ifstream in{file.path(), std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    for (auto at = bytes.find(text); at != std::string::npos; at = bytes.find(text, at + 1))
      places += file.path().filename().string() + ':' + std::to_string(at) + ' ' +
                bytes.substr(at < 40 ? 0 : at - 40, 80) + '\n';
  }
  return places;
}

/// Erasmus, as every table gets to know him: among many others, so that pages have split around him.
struct Erasmus : Bench {
  Erasmus() : Bench{sqlite()} {
    said("who are you? Erasmus", "r0");  // a stranger still
    for (int i{0}; i < 400; ++i) add_debtor("a" + std::to_string(i), "a" + std::to_string(i) + "@x.example");
    bare("Erasmus-2");
    must(store->suppress(creditor, "email", "old@erasmus.example", "asked", now));
    must(store->hold(creditor, HoldScope::debtor, "Erasmus-2", {}, "Erasmus is ill", "eva", now));
    said("no invoice of mine, Erasmus", "r0");
    add_debtor("d1", "erasmus@erasmus.example");
    rename("d1", "Desiderius Erasmus");
    for (int i{400}; i < 800; ++i) add_debtor("a" + std::to_string(i), "a" + std::to_string(i) + "@x.example");
    add_invoice("d1", "i1", 10'000);
    add_invoice("d1", "i2", 5'000);
    onboard();
    // A body that needs pages of its own, and a proof.
    const auto claim = claim_one();
    auto to = settlement(claim);
    auto letter = intend(claim, 0);
    body = "Dear Erasmus, " + std::string(20'000, 'x') + " yours, Erasmus";
    letter.attempt.content = {{"text/plain", "text", "", std::make_shared<const std::string>(body), sha256(body)}};
    letter.attempt.address = "erasmus@erasmus.example";
    letter.attempt.subject = "To Erasmus";
    to.changes.emplace_back(letter);
    outcome(settle_one(to).changes.at(0).attempt, OutcomeKind::accepted, {"r1"});
    auto bounce = receipt_of("r1", domain::ReceiptKind::failed, true, domain::FailureClass::address_dead);
    bounce.text = "no Erasmus here";
    bounce.evidence.push_back({"text/plain", "dsn.txt", "To: Erasmus", ""});
    receipt(bounce);
    said("Erasmus pays on Friday", "r1");
    PaymentRecord paid;
    paid.id = "p1";
    paid.invoice_number = "i1";
    paid.date = kToday;
    paid.amount = eur(10);
    paid.reference = "Erasmus, rent";
    must(store->import_payments(creditor, {&paid, 1}, now, false));
    must(store->dispute(creditor, "i2", "Erasmus says two pallets are missing", "eva", now));
  }
  void bare(const std::string &code) {
    DebtorRecord debtor;
    debtor.code = code;
    debtor.name = "Desiderius Erasmus";
    debtor.region = "FR";
    debtor.contacts = {{"email", "old@erasmus.example", "Erasmus", false}, {"sms", "+33655551234", "Erasmus", true}};
    must(store->import_debtors(creditor, {&debtor, 1}, now, false));
  }
  void rename(const std::string &code, const std::string &name) {
    DebtorRecord debtor;
    debtor.code = code;
    debtor.name = name;
    debtor.region = "FR";
    debtor.contacts = {{"email", "erasmus@erasmus.example", "Erasmus", false}};
    must(store->import_debtors(creditor, {&debtor, 1}, now, false));
  }
  void said(const std::string &words, const std::string &ref) {
    const InboundRecord raw{"smtp-1", "mail", "From: old@erasmus.example\n\n" + words, now};
    ParsedRecord parsed;
    parsed.inbound = must(store->store_inbound({&raw, 1}, {}, now)).front();
    parsed.replies = {{false, "old@erasmus.example", "us@acme.example", "Re: money", words, ref, ""}};
    must(store->apply_parsed({&parsed, 1}, now));
  }
  std::string body;
};

}  // namespace

BOOST_AUTO_TEST_CASE(who_was_erased_stands_in_no_file_of_the_store) {
  Erasmus bench;
  BOOST_TEST(!places_of("rasmus", bench.folder.path()).empty());
  for (const char *code : {"d1", "Erasmus-2"}) must(bench.store->erase_debtor(bench.creditor, code, "eva", bench.now));
  for (const char *words : {"rasmus", "655551234"}) BOOST_TEST(places_of(words, bench.folder.path()) == "");
  PaymentRecord late;
  late.id = "p2";
  late.invoice_number = "i1";
  late.date = kToday;
  late.amount = eur(10);
  late.reference = "Erasmus, the rest";
  must(bench.store->import_payments(bench.creditor, {&late, 1}, bench.now, false));
  BOOST_TEST(places_of("rasmus", bench.folder.path()) == "");
  BOOST_TEST(must(bench.store->suppressions(bench.creditor, 10)).empty());
  bench.expect_journal_verifies();
}

BOOST_AUTO_TEST_CASE(an_older_store_learns_whose_its_bytes_are_and_forgets_the_secrets_of_paths) {
  constexpr std::int32_t kBeforeParties{6};
  const Folder folder;
  const auto path = folder.path() / "store.db";
  const std::string token(32, 'T'), door{"POST https://h.example/hooks/p/"};
  const std::string tail{"?a=1\r\nx-a: b\r\n\r\nbody \0 /hooks/p/x", 33};
  {
    sqlite::Connection connection{{.path = path}, sqlite::Connection::Use::writing};
    must(sqlite::migrate(connection, kBeforeParties));
    const auto store = [&](const std::string &bytes, const char *kind, bool is_parsed) {
      sqlite::run(connection,
                  "INSERT INTO inbound (provider, kind, bytes, received_at, at, next_try, hash) VALUES ('p', "
                  "?, ?, 0, 0, 0, ?)",
                  kind, sqlite::Blob{bytes}, is_parsed ? std::optional{sha256(bytes)} : std::nullopt);
    };
    store(door + token + tail, "webhook", true);
    store(door + token + tail, "poke", false);
    store(door + token + tail, "unverified", false);
    store(door + "***" + tail, "webhook", true);
    store("mail about /hooks/p/" + token + "\r\n", "mail", true);
    connection.exec(
        "INSERT INTO creditor (id, code) VALUES (1, 'acme');"
        "INSERT INTO debtor VALUES (1, 1, 'd1', '', '', '', '', '', '', 0, 0), (1, 2, 'd2', '', '', '', '', "
        "'', '', 0, 0),"
        " (1, 3, 'd3', '', '', '', '', '', '', 0, 1);"
        "INSERT INTO reply VALUES (x'01', 4, 1, 1, 0, 0), (x'02', 4, 1, 2, 0, 0), (x'03', 4, 1, 3, 0, 0), "
        "(x'04', 5, 1, 1, 0, 0);");
  }
  must(open_sqlite({.path = path})).reset();
  SQLite::Database raw{path.string()};
  const auto row = [&](int id) {
    SQLite::Statement found{raw, "SELECT bytes, shared, hash FROM inbound WHERE id = ?"};
    found.bind(1, id);
    BOOST_TEST_REQUIRE(found.executeStep());
    return std::tuple{std::string{static_cast<const char *>(found.getColumn(0).getBlob()),
                                  static_cast<std::size_t>(found.getColumn(0).getBytes())},
                      found.getColumn(1).getInt(), found.getColumn(2).getString()};
  };
  const auto whole = sha256(door + token + tail);
  BOOST_TEST((row(1) == std::tuple{door + "***" + tail, 2,
                                   std::string{as_bytes(whole)}}));  // as the journal names them
  BOOST_TEST((row(2) == std::tuple{door + "***" + tail, 0, std::string{}}));
  BOOST_TEST((std::get<0>(row(3)) == door + token + tail));  // to be judged by it yet
  BOOST_TEST((std::get<0>(row(4)) == door + "***" + tail));
  BOOST_TEST(std::get<1>(row(4)) == 1);
  BOOST_TEST(std::get<1>(row(5)) == 0);
  BOOST_TEST(raw.execAndGet("SELECT group_concat(inbound || '/' || debtor) FROM inbound_party").getString() ==
             "4/1,4/2");
}

BOOST_AUTO_TEST_CASE(a_newer_store_is_refused_in_words_and_a_stranger_s_file_too) {
  Bench bench{sqlite()};
  bench.store.reset();
  {
    SQLite::Database raw{file_of(bench).string(), SQLite::OPEN_READWRITE};
    raw.exec("PRAGMA user_version = 9999");
  }
  const auto newer = open_sqlite({.path = file_of(bench)});
  BOOST_TEST_REQUIRE(newer.has_error());
  BOOST_TEST((newer.error().kind == ErrorKind::invalid));
  BOOST_TEST(newer.error().message.find("9999") != std::string::npos);
  std::ofstream{bench.folder.path() / "letter.txt"} << std::string(8'192, 'x');
  const auto stranger = open_sqlite({.path = bench.folder.path() / "letter.txt"});
  BOOST_TEST_REQUIRE(stranger.has_error());
  BOOST_TEST((stranger.error().kind == ErrorKind::invalid));
  const auto nowhere = open_sqlite({.path = bench.folder.path() / "no" / "store.db"});
  BOOST_TEST(nowhere.has_error());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::store::test
