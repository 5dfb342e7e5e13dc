// One transaction and all that must come true only if it commits: journal heads, tallies, what memory knows
// of attempts.
#pragma once

#include "host/store/sqlite/connection.hpp"
#include "host/store/sqlite/journal.hpp"

#include <cstdint>
#include <functional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace relance::store::sqlite {

/// Begins at once with the write lock; rolls back unless committed. Throws SQLite::Exception.
class Unit {
 public:
  Unit(Connection &connection, Journal &journal);
  Unit(const Unit &) = delete;
  Unit &operator=(const Unit &) = delete;
  ~Unit();

  /// What follows the commit cannot fail: what is durable and not in memory would be lost for this run, or
  /// done twice.
  void commit();

  Journal &journal() { return journal_; }
  Connection &connection() { return connection_; }
  /// Adds to the counter of this name (a literal).
  void tally(const char *name, std::int64_t difference = 1);
  /// Attempts that this transaction has ended: memory counts them as open until the commit.
  void note_ended(std::int64_t attempt) { ended_.insert(attempt); }
  [[nodiscard]] bool has_ended(std::int64_t attempt) const { return ended_.contains(attempt); }
  /// Memory's share of the change: run after the commit, in order. It asks nothing of the database.
  void then(std::function<void()> effect) { effects_.push_back(std::move(effect)); }

  /// Runs `body` so that it can fail alone: false, and nothing of it remains, when it threw a Failure.
  template <class Failure, class Body>
  bool apart(Body &&body, const std::function<void(const Failure &)> &on_failure) {
    const auto tallies = tallies_;
    const auto effects = effects_.size();
    const auto mark = journal_.mark();
    run(connection_, "SAVEPOINT apart");
    try {
      body();
    } catch (const Failure &failure) {
      run(connection_, "ROLLBACK TO apart");
      run(connection_, "RELEASE apart");
      tallies_ = tallies;
      effects_.resize(effects);
      journal_.roll_back_to(mark);
      on_failure(failure);
      return false;
    }
    run(connection_, "RELEASE apart");
    return true;
  }

 private:
  void take_effect() noexcept;
  Connection &connection_;
  Journal &journal_;
  bool is_open_{true};
  std::vector<std::pair<const char *, std::int64_t>> tallies_;
  std::vector<std::function<void()>> effects_;
  std::unordered_set<std::int64_t> ended_;
};

}  // namespace relance::store::sqlite
