// Begin, commit, roll back.
#include "host/store/sqlite/unit.hpp"

#include <sqlite3.h>

namespace relance::store::sqlite {

Unit::Unit(Connection &connection, Journal &journal) : connection_{connection}, journal_{journal} {
  run(connection_, "BEGIN IMMEDIATE");
}

Unit::~Unit() {
  if (!is_open_) return;
  // After a full disk SQLite may have rolled back by itself; a second rollback is then an error that means
  // nothing.
  if (sqlite3_get_autocommit(connection_.database().getHandle()) == 0)
    connection_.database().tryExec("ROLLBACK");
  journal_.rolled_back();
}

void Unit::tally(const char *name, std::int64_t difference) {
  for (auto &[known, sum] : tallies_)
    if (known == name) {
      sum += difference;
      return;
    }
  tallies_.emplace_back(name, difference);
}

void Unit::commit() {
  for (const auto &[name, sum] : tallies_)
    run(connection_, "INSERT INTO tally VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value + ?2",
        name, sum);
  journal_.before_commit();
  run(connection_, "COMMIT");
  is_open_ = false;
  journal_.committed();
  take_effect();
}

void Unit::take_effect() noexcept {
  for (const auto &effect : effects_) effect();
}

}  // namespace relance::store::sqlite
