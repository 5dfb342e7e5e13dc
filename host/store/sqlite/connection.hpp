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
  /// Throws SQLite::Exception.
  Connection(const SqliteOptions &options, bool for_writing);

  /// The statement of this text, prepared at its first use. `sql` is a literal: its address is the key.
  SQLite::Statement &prepared(const char *sql);
  void exec(const char *sql) { database_.exec(sql); }
  [[nodiscard]] std::int64_t changes() const;
  [[nodiscard]] SQLite::Database &database() { return database_; }

 private:
  bool is_configured_;
  SQLite::Database database_;  ///< no mutex of its own: one thread at a time, as Store asks of its callers
  std::unordered_map<const char *, std::unique_ptr<SQLite::Statement>> statements_;
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
// Binding by type

inline void bind_value(SQLite::Statement &to, int at, const std::string &text) {
  to.bindNoCopy(at, text);
}
inline void bind_value(SQLite::Statement &to, int at, std::string_view text) {
  to.bind(at, std::string{text});
}
inline void bind_value(SQLite::Statement &to, int at, const char *text) {
  to.bindNoCopy(at, text);
}
inline void bind_value(SQLite::Statement &to, int at, Blob blob) {
  to.bindNoCopy(at, blob.bytes.empty() ? "" : blob.bytes.data(), static_cast<int>(blob.bytes.size()));
}
inline void bind_value(SQLite::Statement &to, int at, const Sha256 &hash) {
  to.bindNoCopy(at, hash.data(), static_cast<int>(hash.size()));
}
inline void bind_value(SQLite::Statement &to, int at, Instant value) {
  to.bind(at, std::int64_t{to_ms(value)});
}
inline void bind_value(SQLite::Statement &to, int at, CivilDate value) {
  to.bind(at, to_day_number(value));
}
inline void bind_value(SQLite::Statement &to, int at, std::nullopt_t) {
  to.bind(at);
}
template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>)
void bind_value(SQLite::Statement &to, int at, T value) {
  to.bind(at, static_cast<std::int64_t>(value));
}
template <class T>
void bind_value(SQLite::Statement &to, int at, const std::optional<T> &value) {
  if (value)
    bind_value(to, at, *value);
  else
    to.bind(at);
}

/// One use of a prepared statement; resets it at the end. Bound strings must live as long.
class Query {
 public:
  template <class... Args>
  Query(Connection &connection, const char *sql, const Args &...args) : statement_{connection.prepared(sql)} {
    int at{0};
    (bind_value(statement_, ++at, args), ...);
  }
  Query(const Query &) = delete;
  Query &operator=(const Query &) = delete;
  ~Query() { statement_.tryReset(); }

  /// The next row, if there is one.
  bool next() { return statement_.executeStep(); }

  [[nodiscard]] std::int64_t i64(int at) const { return statement_.getColumn(at).getInt64(); }
  template <class T>
  [[nodiscard]] T as(int at) const {
    return static_cast<T>(statement_.getColumn(at).getInt64());
  }
  [[nodiscard]] std::int32_t i32(int at) const { return as<std::int32_t>(at); }
  [[nodiscard]] bool flag(int at) const { return i64(at) != 0; }
  [[nodiscard]] bool is_null(int at) const { return statement_.getColumn(at).isNull(); }
  [[nodiscard]] std::string text(int at) const {
    const auto column = statement_.getColumn(at);
    const char *bytes{column.getText()};
    return {bytes, static_cast<std::size_t>(column.getBytes())};
  }
  [[nodiscard]] std::string blob(int at) const {
    const auto column = statement_.getColumn(at);
    const void *bytes{column.getBlob()};
    return bytes == nullptr
               ? std::string{}
               : std::string{static_cast<const char *>(bytes), static_cast<std::size_t>(column.getBytes())};
  }
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
  SQLite::Statement &statement_;
};

/// Executes a statement that gives no rows; how many rows it changed.
template <class... Args>
std::int64_t run(Connection &connection, const char *sql, const Args &...args) {
  Query query{connection, sql, args...};
  query.next();
  return connection.changes();
}

}  // namespace relance::store::sqlite
