// The thread, and what the writer does after a commit.
#include "host/store/sqlite/checkpointer.hpp"

#include <sqlite3.h>

namespace relance::store::sqlite {
namespace {

/// So little left (a sixteenth of the log) that the writer hardly notices moving it.
constexpr std::int64_t kRestShare{16};
/// A log this many times its size means that the thread cannot keep up, or fails: the writer moves
/// everything, and pays.
constexpr std::int64_t kOverdue{4};
/// Readers that never pause keep the log from beginning anew. A log overdue waits for them now and then, as
/// long as the writer waits for any lock; not at every commit, since one of them may read for minutes.
constexpr std::chrono::seconds kWaitForReadersEvery{1};

}  // namespace

Checkpointer::Checkpointer(const SqliteOptions &options, Connection &writer)
    : pages_max_{options.checkpoint_pages},
      writer_{writer},
      connection_{options, Connection::Use::checkpoints} {
  sqlite3_wal_hook(writer_.database().getHandle(), &Checkpointer::on_commit,
                   this);  // replaces the automatic ones
  thread_ = std::thread{[this] { run(); }};
}

Checkpointer::~Checkpointer() {
  sqlite3_wal_hook(writer_.database().getHandle(), nullptr, nullptr);
  {
    const std::scoped_lock lock{mutex_};
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

int Checkpointer::on_commit(void *self, sqlite3 *writer, const char *, int pages) {
  static_cast<Checkpointer *>(self)->committed(writer, pages);
  return SQLITE_OK;
}

void Checkpointer::committed(sqlite3 *writer, std::int64_t pages) {
  bool is_for_writer{false};
  {
    std::unique_lock lock{mutex_};
    if (pages < pages_max_) {
      moved_ = 0;  // it has begun anew
      return;
    }
    const bool is_overdue{pages >= kOverdue * pages_max_};
    if (is_overdue) changed_.wait(lock, [this] { return !is_wanted_; });
    if (is_wanted_) return;  // the thread is at it
    is_for_writer = is_overdue || (moved_ <= pages && pages - moved_ <= pages_max_ / kRestShare);
    if (is_for_writer)
      moved_ = 0;
    else
      is_wanted_ = true;
  }
  // An error (a full disk) leaves the pages where they are, in the log, and comes again with the next
  // commit's.
  if (is_for_writer) {
    const auto now = std::chrono::steady_clock::now();
    const bool waits{pages >= kOverdue * pages_max_ && now - waited_at_ >= kWaitForReadersEvery};
    if (waits) waited_at_ = now;
    sqlite3_wal_checkpoint_v2(writer, nullptr, waits ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE,
                              nullptr, nullptr);
  } else
    changed_.notify_all();
}

bool Checkpointer::empty_log() {
  {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return !is_wanted_; });  // two cannot move pages at a time
    moved_ = 0;
  }
  return sqlite3_wal_checkpoint_v2(writer_.database().getHandle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE,
                                   nullptr, nullptr) == SQLITE_OK;
}

void Checkpointer::run() {
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [this] { return is_wanted_ || is_stopping_; });
    if (is_stopping_) return;
    lock.unlock();
    int in_log{0}, moved{0};
    const int result{sqlite3_wal_checkpoint_v2(connection_.database().getHandle(), nullptr,
                                               SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved)};
    lock.lock();
    moved_ = result == SQLITE_OK ? moved : 0;
    is_wanted_ = false;
    changed_.notify_all();
  }
}

}  // namespace relance::store::sqlite
