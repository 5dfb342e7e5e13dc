// Result<T>: a value, or an error that a caller can act on. Broken invariants are not errors: they stop the
// process.
#pragma once

#include <boost/system/result.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace relance {

/// What kind of answer an error calls for; drives exit codes and HTTP status codes.
enum class ErrorKind : std::uint8_t {
  invalid,      ///< the input is wrong: say where and what to do
  not_found,    ///< the thing named does not exist
  conflict,     ///< the state does not allow it (already settled, locked, not confirmed)
  unavailable,  ///< cannot be done now; trying again later can help
  internal,     ///< our fault
};

/// `where` is a position that its author can open: "file:line:column", "/json/pointer", "row 12, column
/// due_date"; may be empty.
struct Error {
  ErrorKind kind{ErrorKind::internal};
  std::string message;
  std::string where{};

  /// "where: message", or the message alone.
  [[nodiscard]] std::string text() const { return where.empty() ? message : where + ": " + message; }
};

/// Thrown only by Result::value() on an error nobody looked at.
struct UncheckedError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
[[noreturn]] inline void throw_exception_from_error(const Error &error, const boost::source_location &) {
  throw UncheckedError(error.text());
}

template <class T>
using Result = boost::system::result<T, Error>;

inline Error invalid(std::string message, std::string where = {}) {
  return {ErrorKind::invalid, std::move(message), std::move(where)};
}
inline Error not_found(std::string message) {
  return {ErrorKind::not_found, std::move(message), {}};
}
inline Error conflict(std::string message) {
  return {ErrorKind::conflict, std::move(message), {}};
}
inline Error unavailable(std::string message) {
  return {ErrorKind::unavailable, std::move(message), {}};
}
inline Error internal(std::string message) {
  return {ErrorKind::internal, std::move(message), {}};
}

}  // namespace relance
