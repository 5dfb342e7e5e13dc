// The hot path of the store: claim, facts, settle one intent, record its acceptance; batches of 500,
// everything durable, N debtors of whom one in ten is due. Its yard-stick, in the same run and in turns with
// it: a bare SQLite table of as many cases on which a loop claims 500 and completes 500, in two transactions.
// Only the ratio of one run means anything.
//
//   store_bench [--debtors 1000000] [--spread] [--folder .]     --spread: due moments differ and come in no
//   order of keys
#include "host/base/id.hpp"
#include "host/store/sqlite/open.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <time.h>
#include <vector>

namespace {

using namespace relance;
using Stopwatch = std::chrono::steady_clock;

constexpr std::size_t kBatch{500};
constexpr int kTurn{20};  // batches before the other loop has its turn
constexpr Instant kNow{civil(2026, 3, 2).time_since_epoch() + std::chrono::hours{9}};
constexpr Instant kLater{kNow + std::chrono::hours{24 * 30}};

struct Options {
  std::int64_t debtors{1'000'000};
  bool is_spread{false};
  std::filesystem::path folder{"."};
};

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().text().c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

double seconds_since(Stopwatch::time_point start) {
  return std::chrono::duration<double>(Stopwatch::now() - start).count();
}

/// What this process has used of the processors: steadier than the clock on a machine that others use too.
double processor_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

std::mt19937_64 &dice() {
  static std::mt19937_64 generator{42};
  return generator;
}

/// When a debtor is next due: one in ten by now, the others within a year.
Instant moment_of(std::int64_t debtor, const Options &options) {
  if (debtor % 10 != 0) return kLater + std::chrono::hours{1 + dice()() % (24 * 365)};
  return options.is_spread ? kNow - Milliseconds{static_cast<std::int64_t>(dice()() % 3'600'000)} : kNow;
}

// ---------------------------------------------------------------------------------------------------------------------

class Ours {
 public:
  explicit Ours(const Options &options)
      : store_{must(store::open_sqlite({.path = options.folder / "ours.db"}))} {
    creditor_ = must(store_->creditor("acme"));
    fill(options);
  }

  /// Up to kTurn batches; how many reminders.
  std::int64_t turn() {
    std::int64_t done{0};
    for (int i{0}; i < kTurn; ++i) {
      const auto start = Stopwatch::now();
      const auto claims = must(store_->claim_due(kNow, kBatch));
      if (claims.empty()) break;
      const auto claimed = Stopwatch::now();
      std::vector<store::Settlement> settlements;
      settlements.reserve(claims.size());
      for (const auto &claim : claims) settlements.push_back(intend(claim));
      const auto composed = Stopwatch::now();
      const auto results = must(store_->settle(settlements, kNow, kNow));
      std::vector<store::AttemptId> attempts;
      for (const auto &result : results) {
        if (result.is_stale || !result.refused.empty()) std::exit(2);
        attempts.push_back(result.changes.front().attempt);
      }
      const auto settled = Stopwatch::now();
      std::vector<store::OutcomeRecord> outcomes;
      for (const auto attempt : must(store_->may_hand_over(attempts))) {
        auto &outcome = outcomes.emplace_back();
        outcome.attempt = attempt;
        outcome.kind = domain::OutcomeKind::accepted;
        outcome.code = "250 2.0.0";
      }
      must(store_->record_outcomes(outcomes, kNow));
      const auto ended = Stopwatch::now();
      claim_s_ += std::chrono::duration<double>(claimed - start).count();
      compose_s_ += std::chrono::duration<double>(composed - claimed).count();
      settle_s_ += std::chrono::duration<double>(settled - composed).count();
      outcome_s_ += std::chrono::duration<double>(ended - settled).count();
      done += static_cast<std::int64_t>(claims.size());
    }
    return done;
  }

  void print_shares(std::int64_t reminders) const {
    const auto us = [&](double s) { return s * 1e6 / static_cast<double>(reminders); };
    std::printf(
        "  of ours, us a reminder: claim and facts %.1f, compose (not the store) %.1f, settle %.1f, outcomes "
        "%.1f\n",
        us(claim_s_), us(compose_s_), us(settle_s_), us(outcome_s_));
  }

 private:
  void fill(const Options &options) {
    std::vector<store::DebtorRecord> debtors;
    std::vector<store::InvoiceRecord> invoices;
    const auto currency = must(domain::Currency::parse("EUR"));
    for (std::int64_t i{1}; i <= options.debtors; ++i) {
      const auto code = std::to_string(i);
      auto &debtor = debtors.emplace_back();
      debtor.code = "D" + code;
      debtor.name = "Establishments Number " + code;
      debtor.country = debtor.region = "FR";
      debtor.language = "fr";
      debtor.segment = "sme";
      debtor.time_zone = "Europe/Paris";
      debtor.contacts.push_back({"email", "accounts@debtor" + code + ".example", "Accounts payable", false});
      auto &invoice = invoices.emplace_back();
      invoice.debtor_code = debtor.code;
      invoice.number = "F2026-" + code;
      invoice.issued = civil(2026, 1, 2);
      invoice.due = civil(2026, 2, 1);
      invoice.amount = {10'000 + i, currency};
      if (debtors.size() < 5'000 && i < options.debtors) continue;
      must(store_->import_debtors(creditor_, debtors, kNow, false));
      must(store_->import_invoices(creditor_, invoices, kNow, false));
      debtors.clear();
      invoices.clear();
    }
    const Instant before{kNow - std::chrono::hours{48}};
    must(store_->onboard(creditor_, {}, before, false));
    for (auto claims = must(store_->claim_due(before, 5'000)); !claims.empty();
         claims = must(store_->claim_due(before, 5'000))) {
      std::vector<store::Settlement> settlements;
      for (const auto &claim : claims)
        settlements.push_back({claim.creditor,
                               claim.debtor,
                               claim.facts_version,
                               claim.epoch,
                               moment_of(claim.debtor, options),
                               {},
                               {},
                               {}});
      must(store_->settle(settlements, before, before));
    }
  }

  static store::Settlement intend(const store::Claim &claim) {
    store::Settlement to{claim.creditor, claim.debtor, claim.facts_version, claim.epoch, kLater, {}, {}, {}};
    const auto &facts = claim.cases.front().facts;
    store::Intend change;
    change.case_id = facts.id;
    change.step_id = "reminder-1";
    change.level = 1;
    change.is_dunning = true;
    change.decided_on = civil(2026, 3, 2);
    for (const auto &item : facts.items) {
      change.items.push_back({item.id, item.round, item.balance_minor, true});
      change.total_minor += item.balance_minor;
    }
    auto &attempt = change.attempt;
    attempt.channel = "email";
    attempt.provider = "smtp-1";
    attempt.contact = claim.contacts.front().id;
    attempt.address = claim.contacts.front().address;
    attempt.idempotency_key = make_ulid(kNow);
    attempt.subject = "Rappel : facture " + claim.cases.front().items.front().number;
    auto text = std::make_shared<std::string>("Dear " + claim.name + ", please pay " + attempt.subject);
    text->resize(1'200, '.');
    attempt.content = {{"text/plain; charset=utf-8", "text", "", text, sha256(*text)}};
    attempt.content_hash = attempt.content.front().hash;
    attempt.not_after = kNow + std::chrono::hours{9};
    attempt.dated = kNow;
    to.changes.emplace_back(std::move(change));
    to.why.emplace_back("reminder-1 is due on 2026-02-06, 5 days after the due date");
    return to;
  }

  std::unique_ptr<store::Store> store_;
  store::CreditorId creditor_{0};
  double claim_s_{0}, compose_s_{0}, settle_s_{0}, outcome_s_{0};
};

// ---------------------------------------------------------------------------------------------------------------------

class Naive {
 public:
  explicit Naive(const Options &options)
      : database_{(options.folder / "naive.db").string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE} {
    for (const char *pragma : {"journal_mode = WAL", "synchronous = FULL", "cache_size = -16384",
                               "mmap_size = 4294967296", "wal_autocheckpoint = 16384"})
      database_.exec(std::string{"PRAGMA "} + pragma);
    database_.exec(
        "CREATE TABLE cases (id INTEGER PRIMARY KEY, next_at INTEGER, state INTEGER, step INTEGER, name "
        "TEXT, "
        "email TEXT, amount INTEGER); CREATE INDEX cases_next_at ON cases (next_at) WHERE state = 0");
    SQLite::Transaction transaction{database_};
    SQLite::Statement insert{database_, "INSERT INTO cases VALUES (?, ?, 0, 0, ?, ?, ?)"};
    for (std::int64_t i{1}; i <= options.debtors; ++i) {
      insert.bind(1, i);
      insert.bind(2, to_ms(moment_of(i, options)));
      insert.bind(3, "Establishments Number " + std::to_string(i));
      insert.bind(4, "accounts@debtor" + std::to_string(i) + ".example");
      insert.bind(5, 10'000 + i);
      insert.exec();
      insert.reset();
    }
    transaction.commit();
    claim_ = std::make_unique<SQLite::Statement>(
        database_,
        "UPDATE cases SET state = 1 WHERE id IN (SELECT id FROM cases WHERE state = 0 AND next_at <= ?"
        " ORDER BY next_at LIMIT 500) RETURNING id");
    complete_ = std::make_unique<SQLite::Statement>(
        database_, "UPDATE cases SET state = 0, step = step + 1, next_at = ? WHERE id = ?");
  }

  std::int64_t turn() {
    std::int64_t done{0};
    for (int i{0}; i < kTurn; ++i) {
      std::vector<std::int64_t> ids;
      {
        SQLite::Transaction transaction{database_, SQLite::TransactionBehavior::IMMEDIATE};
        claim_->bind(1, to_ms(kNow));
        while (claim_->executeStep()) ids.push_back(claim_->getColumn(0).getInt64());
        claim_->reset();
        transaction.commit();
      }
      if (ids.empty()) break;
      SQLite::Transaction transaction{database_, SQLite::TransactionBehavior::IMMEDIATE};
      for (const auto id : ids) {
        complete_->bind(1, to_ms(kLater));
        complete_->bind(2, id);
        complete_->exec();
        complete_->reset();
      }
      transaction.commit();
      done += static_cast<std::int64_t>(ids.size());
    }
    return done;
  }

 private:
  SQLite::Database database_;
  std::unique_ptr<SQLite::Statement> claim_, complete_;
};

Options options_from(int count, char **arguments) {
  Options options;
  for (int i{1}; i < count; ++i) {
    const std::string argument{arguments[i]};
    if (argument == "--spread")
      options.is_spread = true;
    else if (argument == "--debtors" && i + 1 < count)
      options.debtors = std::atoll(arguments[++i]);
    else if (argument == "--folder" && i + 1 < count)
      options.folder = arguments[++i];
    else {
      std::fprintf(stderr, "usage: store_bench [--debtors N] [--spread] [--folder F]\n");
      std::exit(2);
    }
  }
  std::string name{(options.folder / "store-bench-XXXXXX").string()};
  if (::mkdtemp(name.data()) == nullptr) std::exit(1);
  options.folder = name;
  return options;
}

}  // namespace

int main(int count, char **arguments) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const Options options{options_from(count, arguments)};
  double ours_s{0}, naive_s{0}, ours_cpu_s{0}, naive_cpu_s{0};
  std::int64_t ours_done{0}, naive_done{0};
  {
    const auto filling = Stopwatch::now();
    Ours ours{options};
    Naive naive{options};
    std::printf("%lld debtors, one in ten due%s; filled in %.1f s\n", static_cast<long long>(options.debtors),
                options.is_spread ? " at moments in no order" : " at one moment", seconds_since(filling));
    for (bool is_more{true}; is_more;) {
      auto start = Stopwatch::now();
      auto used = processor_seconds();
      const auto done = ours.turn();
      ours_s += seconds_since(start);
      ours_cpu_s += processor_seconds() - used;
      start = Stopwatch::now();
      used = processor_seconds();
      const auto bare = naive.turn();
      naive_s += seconds_since(start);
      naive_cpu_s += processor_seconds() - used;
      ours_done += done;
      naive_done += bare;
      is_more = done > 0 || bare > 0;
    }
    const double naive_rate{static_cast<double>(naive_done) / naive_s},
        rate{static_cast<double>(ours_done) / ours_s};
    std::printf("store: %.0f reminders/s (%lld: claim, facts, intent with content and journal, outcome)\n",
                rate, static_cast<long long>(ours_done));
    std::printf("naive: %.0f cases/s (%lld: claim, complete)\nratio: %.2f\n", naive_rate,
                static_cast<long long>(naive_done), rate / naive_rate);
    std::printf("processor time, us each: store %.1f, naive %.1f\n",
                ours_cpu_s * 1e6 / static_cast<double>(ours_done),
                naive_cpu_s * 1e6 / static_cast<double>(naive_done));
    ours.print_shares(ours_done);
  }
  std::filesystem::remove_all(options.folder);
  return 0;
}
