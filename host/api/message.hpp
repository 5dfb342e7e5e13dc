// A control request and its answer as plain values: what handlers see. No HTTP library behind these pages, so
// that a handler can be read, and called, without one.
#pragma once

#include "host/base/result.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relance::api {

using NamedValues = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;      ///< "GET", "POST"
  std::string path;        ///< decoded, without the query
  NamedValues query;       ///< decoded
  NamedValues parameters;  ///< of the route's pattern: {id} of /v1/tasks/{id}/done
  std::string body;        ///< empty for a streamed route, whose Exchange has it
  std::string by;          ///< the operating system's name of who asks (SO_PEERCRED)

  [[nodiscard]] std::string_view parameter(std::string_view name) const;
  /// The value of the first query parameter of this name; empty when it is not there.
  [[nodiscard]] std::string_view asked(std::string_view name) const;
};

struct Response {
  unsigned status{200};
  std::string content_type{"application/json"};
  std::string body;
  NamedValues headers{};
};

/// The two directions of a request that is answered while it is being worked on. Used by one thread.
class Exchange {
 public:
  virtual ~Exchange() = default;
  /// The next bytes of the request's body; 0 is its end.
  virtual Result<std::size_t> read_body(std::span<char> into) = 0;
  /// One line of the answer (application/x-ndjson), sent at once; the first one sends the head. False: the
  /// asker has gone.
  virtual bool write_line(std::string_view json) = 0;
  /// Instead of lines: the head of an answer in bytes of another kind, then these, piece by piece.
  virtual bool write_head(std::string_view content_type, const NamedValues &headers) = 0;
  virtual bool write_bytes(std::string_view bytes) = 0;
  /// The answer ends before it is whole, so that the asker notices.
  virtual void break_off() = 0;
};

using Handler = std::function<Result<Response>(const Request &)>;
/// An error before the first line becomes an ordinary problem answer; after it, a last line {"problem": …}.
using StreamHandler = std::function<Result<void>(const Request &, Exchange &)>;

/// An error as RFC 9457 says it: application/problem+json with type, title, status, detail, and where for
/// positions.
Response problem(const Error &error);
/// The object alone, for the last line of a streamed answer.
std::string problem_json(const Error &error);
unsigned status_of(ErrorKind kind);
Response problem(unsigned status, std::string_view detail, std::string_view where = {});

}  // namespace relance::api
