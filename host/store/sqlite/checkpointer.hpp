// Moves committed pages from the log into the file, on a thread and a connection of its own: 64 MiB of pages
// and the disk's answer would otherwise hold up whichever batch happens to fill the log.
//
// A log that is written to without a pause is never quite empty: once little is left, the writer moves the
// rest itself between two transactions, and the log begins anew.
#pragma once

#include "host/store/sqlite/connection.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace relance::store::sqlite {

class Checkpointer {
 public:
  /// Takes over from SQLite's automatic checkpoints of `writer`, which must outlive it. Throws
  /// SQLite::Exception.
  Checkpointer(const SqliteOptions &options, Connection &writer);
  Checkpointer(const Checkpointer &) = delete;
  Checkpointer &operator=(const Checkpointer &) = delete;
  ~Checkpointer();

  /// Moves everything into the file and cuts the log to nothing: what was erased does not stand in an older copy of its
  /// page. False while a reader keeps the log; the next commits write over it in any case.
  bool empty_log();

 private:
  static int on_commit(void *self, sqlite3 *writer, const char *schema, int pages);
  void committed(sqlite3 *writer, std::int64_t pages);
  void run();

  const std::int64_t pages_max_;
  Connection &writer_;
  Connection connection_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_wanted_{false}, is_stopping_{false};
  std::int64_t moved_{0};  ///< pages of this log that are in the file, as the last pass found
  std::chrono::steady_clock::time_point waited_at_{};  ///< the writer, for readers
  std::thread thread_;
};

}  // namespace relance::store::sqlite
