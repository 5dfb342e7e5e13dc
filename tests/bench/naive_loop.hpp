// The yard-stick of the store and of the engine: a bare SQLite table of cases on which a loop claims 500 and
// completes 500, each in a transaction, and does nothing else. Its due rows lie at random places of the
// table, as the ids of due cases do, so that each claim and each completion rewrites a page of its own.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace relance::bench {

struct NaiveOptions {
  std::filesystem::path file;
  std::int64_t cases{1'000'000};
  bool is_tuned{false};  ///< with the store's cache and log size instead of SQLite's own
};

class NaiveLoop {
 public:
  explicit NaiveLoop(const NaiveOptions &options)
      : database_{options.file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE} {
    database_.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    if (options.is_tuned)
      database_.exec(
          "PRAGMA cache_size = -32768; PRAGMA mmap_size = 4294967296; PRAGMA wal_autocheckpoint = 16384");
    database_.exec(
        "CREATE TABLE cases (id INTEGER PRIMARY KEY, next_at INTEGER, state INTEGER, step INTEGER, name "
        "TEXT, "
        "email TEXT, amount INTEGER); CREATE INDEX cases_next_at ON cases (next_at) WHERE state = 0");
    SQLite::Transaction transaction{database_};
    SQLite::Statement insert{database_, "INSERT INTO cases VALUES (?, ?, 0, 0, ?, ?, ?)"};
    std::uint64_t state{0x9E3779B97F4A7C15ULL};
    for (std::int64_t i{1}; i <= options.cases; ++i) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      insert.bind(1, i);
      insert.bind(2, static_cast<std::int64_t>(state >> 24));  // a moment without any order of ids
      insert.bind(3, "Establishments Number " + std::to_string(i));
      insert.bind(4, "accounts@debtor" + std::to_string(i) + ".example");
      insert.bind(5, 10'000 + i);
      insert.exec();
      insert.reset();
    }
    transaction.commit();
    claim_ = std::make_unique<SQLite::Statement>(database_,
                                                 "UPDATE cases SET state = 1 WHERE id IN (SELECT id FROM "
                                                 "cases WHERE state = 0 ORDER BY next_at LIMIT 500)"
                                                 " RETURNING id");
    complete_ = std::make_unique<SQLite::Statement>(
        database_,
        "UPDATE cases SET state = 0, step = step + 1, next_at = next_at + 1099511627776 WHERE id = ?");
  }

  /// Claims and completes `count` cases, 500 a transaction.
  void run(std::int64_t count) {
    for (std::int64_t done{0}; done < count;) {
      std::vector<std::int64_t> ids;
      {
        SQLite::Transaction transaction{database_, SQLite::TransactionBehavior::IMMEDIATE};
        while (claim_->executeStep()) ids.push_back(claim_->getColumn(0).getInt64());
        claim_->reset();
        transaction.commit();
      }
      if (ids.empty()) return;
      SQLite::Transaction transaction{database_, SQLite::TransactionBehavior::IMMEDIATE};
      for (const auto id : ids) {
        complete_->bind(1, id);
        complete_->exec();
        complete_->reset();
      }
      transaction.commit();
      done += static_cast<std::int64_t>(ids.size());
    }
  }

 private:
  SQLite::Database database_;
  std::unique_ptr<SQLite::Statement> claim_, complete_;
};

}  // namespace relance::bench
