// A read transaction around the queries of one answer.
#pragma once

#include "host/store/sqlite/connection.hpp"

#include <sqlite3.h>

namespace relance::store::sqlite {

/// One consistent moment, unless the caller is in a transaction already.
class Moment {
 public:
  explicit Moment(Connection &connection)
      : connection_{connection}, is_ours_{sqlite3_get_autocommit(connection.database().getHandle()) != 0} {
    if (is_ours_) run(connection_, "BEGIN");
  }
  ~Moment() {
    if (is_ours_) connection_.database().tryExec("COMMIT");
  }
  Moment(const Moment &) = delete;
  Moment &operator=(const Moment &) = delete;

 private:
  Connection &connection_;
  bool is_ours_;
};

}  // namespace relance::store::sqlite
