// Pragmas, the lock file, and what SQLite's error codes mean to a person.
#include "host/store/sqlite/connection.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace relance::store::sqlite {
namespace {

/// Debian's SQLite counts every allocation under one lock and has no lookaside memory: a tenth of a batch's
/// time. Has an effect only before SQLite is first used, so it stands in front of the first connection.
bool configure_once() {
  static const bool kDone{sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK};
  return kDone;
}

}  // namespace

Connection::Connection(const SqliteOptions &options, Use use)
    : is_configured_{configure_once()},
      mmap_bytes_{options.mmap_bytes},
      database_{options.path.string(),
                SQLite::OPEN_NOMUTEX | (use == Use::writing       ? SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE
                                        : use == Use::checkpoints ? SQLite::OPEN_READWRITE
                                                                  : SQLite::OPEN_READONLY),
                options.busy_timeout_ms} {
  sqlite3_extended_result_codes(database_.getHandle(), 1);
  const auto pragma = [&](const std::string &text) { database_.exec("PRAGMA " + text); };
  if (use == Use::checkpoints) {
    pragma("synchronous = FULL");
    pragma("user_version");  // a connection that never read does not know that there is a log
    return;
  }
  pragma("mmap_size = " + std::to_string(options.mmap_bytes));
  pragma("cache_size = -" + std::to_string(use == Use::writing ? options.cache_kib : options.cache_kib / 8));
  pragma("temp_store = MEMORY");
  if (use == Use::reading) return;
  if (options.pages_max > 0) pragma("max_page_count = " + std::to_string(options.pages_max));
  pragma("journal_mode = WAL");
  pragma("synchronous = FULL");  // a commit is on the disk when it returns: the meaning of "durable" in the
                                 // interface
  // What is deleted is overwritten, whole pages too. Erasing a person promises that; and on an ordinary day only pages
  // of the schedule empty, one in some hundred reminders.
  pragma("secure_delete = ON");
}

sqlite3_stmt *Connection::prepared(const char *sql) {
  auto &kept = statements_[sql];
  if (!kept) {
    sqlite3_stmt *made{nullptr};
    const int result{
        sqlite3_prepare_v3(database_.getHandle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr)};
    if (result != SQLITE_OK) fail(result);
    kept.reset(made);
  }
  return kept.get();
}

void Connection::fail(int result) {
  throw SQLite::Exception{database_.getHandle(), result};
}

void Connection::give_back_memory() {
  sqlite3_db_release_memory(database_.getHandle());
  // Pages of the file that were looked at stay mapped, and are counted as this process's memory, until it is unmapped.
  database_.tryExec("PRAGMA mmap_size = 0");
  database_.tryExec("PRAGMA mmap_size = " + std::to_string(mmap_bytes_));
}

std::int64_t Connection::changes() const {
  return sqlite3_changes64(database_.getHandle());
}

Sha256 Query::hash(int at) const {
  Sha256 out{};
  const auto bytes = view(at);
  if (bytes.size() == out.size()) std::memcpy(out.data(), bytes.data(), out.size());
  return out;
}

Result<StoreLock> StoreLock::take(const std::filesystem::path &store) {
  const std::string name{store.string() + ".lock"};
  const int file{::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640)};
  if (file < 0) return unavailable("cannot open the lock file " + name + ": " + std::strerror(errno));
  StoreLock lock{file};
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    char pid[24]{};
    const auto read = ::pread(file, pid, sizeof pid - 1, 0);
    std::string holder{pid, static_cast<std::size_t>(read > 0 ? read : 0)};
    while (!holder.empty() && (holder.back() < '0' || holder.back() > '9')) holder.pop_back();
    return conflict("the store " + store.string() + " is in use by process " +
                    (holder.empty() ? "(unknown)" : holder) + " (lock file " + name +
                    "); stop that one first");
  }
  const std::string pid{std::to_string(::getpid()) + "\n"};
  if (::ftruncate(file, 0) != 0 ||
      ::pwrite(file, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    return unavailable("cannot write the lock file " + name + ": " + std::strerror(errno));
  return lock;
}

StoreLock::~StoreLock() {
  if (file_ >= 0) ::close(file_);
}

Error error_from(const SQLite::Exception &exception, std::string_view doing) {
  const int extended{exception.getExtendedErrorCode()};
  const std::string what{std::string{doing} + ": " + exception.what()};
  switch (exception.getErrorCode() & 0xff) {
    case SQLITE_FULL:
      return unavailable(what +
                         "; the disk or the store's size limit is full: make room, nothing was written");
    case SQLITE_IOERR:
      return unavailable(what + " (SQLite code " + std::to_string(extended) +
                         "); reading or writing the store failed, nothing was written");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return unavailable(what + "; another process holds the store for a moment");
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return unavailable(what + "; check the folder and its permissions");
    case SQLITE_NOTADB:
      return invalid(what + "; this file is not a store");
    case SQLITE_CORRUPT:
      return internal(what + "; the store is damaged: restore the last backup");
    default:
      return internal(what + " (SQLite code " + std::to_string(extended) + ")");
  }
}

}  // namespace relance::store::sqlite
