// One connection to the file: pragmas, statements prepared once and kept, values bound by type, SQLite's
// errors turned into errors that a caller can act on. Everything that speaks SQL goes through Query and
// run().
#pragma once

#include "host/base/result.hpp"
#include "host/base/sha256.hpp"
#include "host/base/time.hpp"
#include "host/store/sqlite/open.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <sqlite3.h>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

namespace relance::store::sqlite {

/// Bytes that are not text.
struct Blob {
  std::string_view bytes;
};

class Connection {
 public:
  enum class Use : std::uint8_t { writing, reading, checkpoints };
  /// Throws SQLite::Exception.
  Connection(const SqliteOptions &options, Use use);

  /// The statement of this text, prepared at its first use. `sql` is a literal: its address is the key.
  sqlite3_stmt *prepared(const char *sql);
  /// Throws what went wrong last.
  [[noreturn]] void fail(int result);
  void exec(const char *sql) { database_.exec(sql); }
  /// Page cache and mapped pages of the file; both come back with work.
  void give_back_memory();
  [[nodiscard]] std::int64_t changes() const;
  [[nodiscard]] SQLite::Database &database() { return database_; }

 private:
  bool is_configured_;
  std::int64_t mmap_bytes_;
  SQLite::Database database_;  ///< no mutex of its own: one thread at a time, as Store asks of its callers
  struct Finalize {
    void operator()(sqlite3_stmt *statement) const { sqlite3_finalize(statement); }
  };
  std::unordered_map<const char *, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

/// Holds `<path>.lock` while it lives.
class StoreLock {
 public:
  static Result<StoreLock> take(const std::filesystem::path &store);
  StoreLock(StoreLock &&other) noexcept : file_{std::exchange(other.file_, -1)} {}
  StoreLock &operator=(StoreLock &&) = delete;
  ~StoreLock();

 private:
  explicit StoreLock(int file) : file_{file} {}
  int file_{-1};
};

/// Says what happened and what to do; `doing` is the operation, for the reader of the message.
Error error_from(const SQLite::Exception &exception, std::string_view doing);

/// Runs `body`, which returns a Result or a value for one, and turns SQLite's exceptions into errors.
template <class Body>
auto guarded(std::string_view doing, Body &&body) -> decltype(body()) {
  try {
    return body();
  } catch (const SQLite::Exception &exception) {
    return error_from(exception, doing);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Binding by type. Text and bytes are not copied: what is bound lives until the statement is reset.

inline void bind_bytes(sqlite3_stmt *to, int at, std::string_view text) {
  sqlite3_bind_text(to, at, text.data() != nullptr ? text.data() : "", static_cast<int>(text.size()), SQLITE_STATIC);
}
inline void bind_value(sqlite3_stmt *to, int at, const std::string &text) {
  bind_bytes(to, at, text);
}
inline void bind_value(sqlite3_stmt *to, int at, std::string_view text) {
  bind_bytes(to, at, text);
}
inline void bind_value(sqlite3_stmt *to, int at, const char *text) {
  bind_bytes(to, at, text);
}
inline void bind_value(sqlite3_stmt *to, int at, Blob blob) {
  sqlite3_bind_blob(to, at, blob.bytes.empty() ? "" : blob.bytes.data(), static_cast<int>(blob.bytes.size()),
                    SQLITE_STATIC);
}
inline void bind_value(sqlite3_stmt *to, int at, const Sha256 &hash) {
  sqlite3_bind_blob(to, at, hash.data(), static_cast<int>(hash.size()), SQLITE_STATIC);
}
inline void bind_value(sqlite3_stmt *to, int at, Instant value) {
  sqlite3_bind_int64(to, at, to_ms(value));
}
inline void bind_value(sqlite3_stmt *to, int at, CivilDate value) {
  sqlite3_bind_int64(to, at, to_day_number(value));
}
inline void bind_value(sqlite3_stmt *to, int at, std::nullopt_t) {
  sqlite3_bind_null(to, at);
}
template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>)
void bind_value(sqlite3_stmt *to, int at, T value) {
  sqlite3_bind_int64(to, at, static_cast<std::int64_t>(value));
}
template <class T>
void bind_value(sqlite3_stmt *to, int at, const std::optional<T> &value) {
  if (value)
    bind_value(to, at, *value);
  else
    sqlite3_bind_null(to, at);
}

/// One use of a prepared statement; resets it at the end. Bound strings must live as long. On SQLite's own functions:
/// SQLiteCpp counts references for each column that is read, a tenth of the time that facts take.
class Query {
 public:
  template <class... Args>
  Query(Connection &connection, const char *sql, const Args &...args)
      : connection_{connection}, statement_{connection.prepared(sql)} {
    int at{0};
    (bind_value(statement_, ++at, args), ...);
  }
  Query(const Query &) = delete;
  Query &operator=(const Query &) = delete;
  ~Query() { sqlite3_reset(statement_); }

  /// The next row, if there is one.
  bool next() {
    const int result{sqlite3_step(statement_)};
    if (result == SQLITE_ROW) return true;
    if (result != SQLITE_DONE) connection_.fail(result);
    return false;
  }

  [[nodiscard]] std::int64_t i64(int at) const { return sqlite3_column_int64(statement_, at); }
  template <class T>
  [[nodiscard]] T as(int at) const {
    return static_cast<T>(i64(at));
  }
  [[nodiscard]] std::int32_t i32(int at) const { return as<std::int32_t>(at); }
  [[nodiscard]] bool flag(int at) const { return i64(at) != 0; }
  [[nodiscard]] bool is_null(int at) const { return sqlite3_column_type(statement_, at) == SQLITE_NULL; }
  [[nodiscard]] std::string text(int at) const { return std::string{view(at)}; }
  [[nodiscard]] std::string blob(int at) const { return std::string{view(at)}; }
  [[nodiscard]] Sha256 hash(int at) const;
  [[nodiscard]] CivilDate day(int at) const { return from_day_number(i32(at)); }
  [[nodiscard]] Instant instant(int at) const { return from_ms(i64(at)); }
  [[nodiscard]] std::optional<CivilDate> day_if(int at) const {
    return is_null(at) ? std::nullopt : std::optional{day(at)};
  }
  [[nodiscard]] std::optional<Instant> instant_if(int at) const {
    return is_null(at) ? std::nullopt : std::optional{instant(at)};
  }

 private:
  /// Until the next step. As bytes: text of this database is UTF-8 already and needs no terminator here.
  [[nodiscard]] std::string_view view(int at) const {
    const auto *bytes = static_cast<const char *>(sqlite3_column_blob(statement_, at));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, at));
    return bytes == nullptr ? std::string_view{} : std::string_view{bytes, size};
  }

  Connection &connection_;
  sqlite3_stmt *statement_;
};

/// Executes a statement that gives no rows; how many rows it changed.
template <class... Args>
std::int64_t run(Connection &connection, const char *sql, const Args &...args) {
  Query query{connection, sql, args...};
  query.next();
  return connection.changes();
}

}  // namespace relance::store::sqlite
