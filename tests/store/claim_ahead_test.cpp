// Claims made while another batch is on its way to the disk: on the facts from before it, and fenced against
// all that it changes. A lock taken on the file keeps the batch from being written until the claim has been
// made.
#include "host/store/sqlite/open.hpp"
#include "tests/store/store_fixture.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace relance::store::test {

using domain::OutcomeKind;
using domain::ReminderState;

namespace {

/// Waits for the write lock as long as a slow machine may need.
const Implementation kPatient{"sqlite", [](const std::filesystem::path &folder) {
                                return open_sqlite({.path = folder / "store.db", .busy_timeout_ms = 60'000});
                              }};

/// While it lives nothing is written.
class WriteLock {
 public:
  explicit WriteLock(const Bench &bench)
      : database_{(bench.folder.path() / "store.db").string(), SQLite::OPEN_READWRITE, 60'000} {
    database_.exec("BEGIN IMMEDIATE");
  }

 private:
  SQLite::Database database_;
};

/// d1 and d2, due, with the address that Bench::attempt() writes to.
void two_with_one_address(Bench &bench) {
  for (const std::string code : {"d1", "d2"}) {
    bench.add_debtor(code, "accounts@d1.example");
    bench.add_invoice(code, "i" + code, 10'000);
  }
  bench.onboard();
}

OutcomeRecord outcome_of(AttemptId attempt, OutcomeKind kind,
                         domain::FailureClass failure = domain::FailureClass::none) {
  OutcomeRecord outcome;
  outcome.attempt = attempt;
  outcome.kind = kind;
  outcome.failure = failure;
  return outcome;
}

Claim claim_first(Bench &bench) {
  auto claims = must(bench.store->claim_due(bench.now, 1));
  BOOST_TEST_REQUIRE(claims.size() == 1u);
  return std::move(claims.front());
}

/// Settles `to` with `outcome`; what could be claimed before any of it was written.
std::vector<Claim> ahead_of(Bench &bench, const Settlement &to, const OutcomeRecord &outcome) {
  std::vector<Claim> ahead;
  {
    const WriteLock lock{bench};
    bench.store->begin_settle({&to, 1}, bench.now, bench.now, {&outcome, 1});
    ahead = must(bench.store->claim_ahead(bench.now, 10));
  }
  const auto results = must(bench.store->finish_settle());
  BOOST_TEST_REQUIRE(results.size() == 1u);
  BOOST_TEST(!results[0].is_stale);
  BOOST_TEST(results[0].refused == "");
  return ahead;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(claim_ahead_test)

BOOST_AUTO_TEST_CASE(a_batch_is_claimed_and_settled_behind_one_that_is_on_its_way) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    two_with_one_address(bench);
    const auto first = claim_first(bench);
    auto to = Bench::settlement(first);
    to.changes.emplace_back(bench.intend(first, 0));
    bench.store->begin_settle({&to, 1}, bench.now, bench.now, {});
    const auto ahead = must(bench.store->claim_ahead(bench.now, 10));
    BOOST_TEST(must(bench.store->claim_ahead(bench.now, 10)).empty());
    const auto results = must(bench.store->finish_settle());
    BOOST_TEST_REQUIRE(results.size() == 1u);
    BOOST_TEST(bench.may_hand_over(results[0].changes.at(0).attempt));
    BOOST_TEST_REQUIRE(ahead.size() == 1u);
    BOOST_TEST(ahead[0].debtor != first.debtor);
    BOOST_TEST(must(bench.store->claim_due(bench.now, 10)).empty());
    auto second = Bench::settlement(ahead[0]);
    second.changes.emplace_back(bench.intend(ahead[0], 0));
    BOOST_TEST(!bench.settle_one(second).is_stale);
    BOOST_TEST(bench.counters().reminders == 2u);
    BOOST_TEST((must(bench.store->next_due()) == Instant::max()));
    bench.expect_journal_verifies();
  }
}

BOOST_AUTO_TEST_CASE(what_a_batch_on_its_way_settles_is_not_claimed_ahead_even_if_it_stays_due) {
  for (const auto &which : implementations()) {
    Bench bench{which};
    bench.usual_ledger();
    const auto claim = bench.claim_one();
    const auto to = Bench::settlement(claim, bench.now);
    bench.store->begin_settle({&to, 1}, bench.now, bench.now, {});
    BOOST_TEST(must(bench.store->claim_ahead(bench.now, 10)).empty());
    BOOST_TEST(!must(bench.store->finish_settle()).at(0).is_stale);
    BOOST_TEST((must(bench.store->next_due()) == bench.now));
    BOOST_TEST(bench.claim_one().debtor == claim.debtor);
  }
}

BOOST_AUTO_TEST_CASE(an_address_found_dead_meanwhile_makes_the_claim_ahead_stale) {
  Bench bench{kPatient};
  two_with_one_address(bench);
  bench.add_debtor("d3", "other@example.example");
  bench.add_invoice("d3", "id3", 700);
  bench.onboard();
  const auto first = claim_first(bench);
  auto to = Bench::settlement(first);
  to.changes.emplace_back(bench.intend(first, 0));
  const auto sent = bench.settle_one(to).changes.at(0);
  // d2 and d3 are due; d3 goes first here, with the word that the address of d1 and d2 is dead.
  auto claims = must(bench.store->claim_due(bench.now, 10));
  BOOST_TEST_REQUIRE(claims.size() == 2u);
  const auto d3 = claims[0].code == "d3" ? 0u : 1u;
  must(bench.store->release({&claims[1 - d3], 1}, bench.now));
  const auto dead = outcome_of(sent.attempt, OutcomeKind::rejected, domain::FailureClass::address_dead);
  const auto ahead = ahead_of(bench, Bench::settlement(claims[d3]), dead);
  BOOST_TEST_REQUIRE(ahead.size() == 1u);
  BOOST_TEST(ahead[0].code == "d2");
  BOOST_TEST(!ahead[0].contacts.at(0).is_suppressed);
  auto late = Bench::settlement(ahead[0]);
  late.changes.emplace_back(bench.intend(ahead[0], 0));
  BOOST_TEST(bench.settle_one(late).is_stale);
  bool is_known{false};
  for (const auto &claim : must(bench.store->claim_due(bench.now, 10)))
    if (claim.code == "d2") is_known = claim.contacts.at(0).is_suppressed;
  BOOST_TEST(is_known);
  bench.expect_journal_verifies();
}

BOOST_AUTO_TEST_CASE(an_acceptance_written_meanwhile_makes_a_claim_that_read_it_as_open_stale) {
  Bench bench{kPatient};
  bench.usual_ledger();
  const auto sent = bench.send(0);
  bench.add_debtor("d2", "accounts@d2.example");
  bench.add_invoice("d2", "j1", 700);
  bench.onboard();
  const auto other = bench.claim_one();
  bench.store->wake(bench.creditor, std::vector<DebtorId>{1}, bench.now);
  // An acceptance raises no facts version by itself: nobody was known to have read the attempt as open.
  const auto ahead =
      ahead_of(bench, Bench::settlement(other), outcome_of(sent.attempt, OutcomeKind::accepted));
  BOOST_TEST_REQUIRE(ahead.size() == 1u);
  BOOST_TEST((ahead[0].cases.at(0).facts.reminders.at(0).state == ReminderState::open));
  BOOST_TEST(bench.settle_one(Bench::settlement(ahead[0]))
                 .is_stale);  // it would have slept until an end that has come
  const auto again = bench.claim_one();
  BOOST_TEST((again.cases.at(0).facts.reminders.at(0).state == ReminderState::sent));
  BOOST_TEST(!bench.settle_one(Bench::settlement(again)).is_stale);
  BOOST_TEST(bench.counters().sent == 1u);
}

BOOST_AUTO_TEST_CASE(an_attempt_read_as_open_ahead_wakes_its_debtor_when_it_ends_later) {
  Bench bench{kPatient};
  bench.usual_ledger();
  const auto sent = bench.send(0);
  bench.add_debtor("d2", "accounts@d2.example");
  bench.add_invoice("d2", "j1", 700);
  bench.onboard();
  const auto other = bench.claim_one();
  bench.wake();
  const auto ahead = ahead_of(bench, Bench::settlement(other), outcome_of(999, OutcomeKind::accepted));
  BOOST_TEST_REQUIRE(ahead.size() == 1u);
  BOOST_TEST(!bench.settle_one(Bench::settlement(ahead[0])).is_stale);
  BOOST_TEST((must(bench.store->next_due()) == Instant::max()));
  bench.outcome(sent.attempt, OutcomeKind::accepted);
  BOOST_TEST(bench.claim_one().debtor == 1);
}

BOOST_AUTO_TEST_CASE(when_a_batch_fails_both_it_and_the_one_ahead_are_given_back_and_due) {
  pid_t child{::fork()};
  if (child == 0) {
    try {
      ::signal(SIGXFSZ, SIG_IGN);
      Bench bench{kPatient};
      two_with_one_address(bench);
      const auto first = claim_first(bench);
      auto to = Bench::settlement(first);
      to.changes.emplace_back(bench.intend(first, 0));
      rlimit limit{};
      ::getrlimit(RLIMIT_FSIZE, &limit);
      limit.rlim_cur = 0;
      ::setrlimit(RLIMIT_FSIZE, &limit);
      bench.store->begin_settle({&to, 1}, bench.now, bench.now, {});
      const auto ahead = must(bench.store->claim_ahead(bench.now, 10));
      if (bench.store->finish_settle()) ::_exit(1);
      if (ahead.size() != 1) ::_exit(2);
      const auto later = bench.now + std::chrono::hours{1};
      if (bench.store->release({&first, 1}, later) || bench.store->release(ahead, later)) ::_exit(3);
      limit.rlim_cur = limit.rlim_max;
      ::setrlimit(RLIMIT_FSIZE, &limit);
      const auto again = must(bench.store->claim_due(bench.now, 10));
      if (again.size() != 2) ::_exit(4);
      std::vector<Settlement> both;
      for (const auto &claim : again) {
        both.push_back(Bench::settlement(claim));
        both.back().changes.emplace_back(bench.intend(claim, 0));
      }
      for (const auto &result : must(bench.store->settle(both, bench.now, bench.now)))
        if (result.is_stale || !result.refused.empty()) ::_exit(5);
      if (!must(bench.store->verify_journal(bench.creditor)).faults.empty()) ::_exit(6);
      ::_exit(0);
    } catch (...) {
      ::_exit(9);
    }
  }
  int status{0};
  ::waitpid(child, &status, 0);
  BOOST_TEST(WEXITSTATUS(status) == 0);
}

BOOST_AUTO_TEST_CASE(a_stale_claim_is_due_again_wherever_the_scan_stands) {
  Bench bench{kPatient};
  two_with_one_address(bench);
  auto claims = must(bench.store->claim_due(bench.now, 10));
  BOOST_TEST_REQUIRE(claims.size() == 2u);
  BOOST_TEST(must(bench.store->claim_due(bench.now, 10)).empty());  // the scan has passed both
  std::vector<Settlement> both{Bench::settlement(claims[0]), Bench::settlement(claims[1])};
  ++both[0].facts_version;
  const auto results = must(bench.store->settle(both, bench.now, bench.now));
  BOOST_TEST(results[0].is_stale);
  BOOST_TEST(!results[1].is_stale);
  BOOST_TEST((must(bench.store->next_due()) <= bench.now));
  BOOST_TEST(bench.claim_one().debtor == claims[0].debtor);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::store::test
