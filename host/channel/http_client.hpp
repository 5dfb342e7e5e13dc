// The daemon's one HTTP client: libcurl's multi interface on a thread of its own, so that all providers share
// its connections, and a proxy, its certificates and the rules stand in one place. What it guarantees is in
// relance/http.h: never a second copy of a request that may have left, unless that does no harm.
#pragma once

#include "host/channel/http_call.hpp"

#include <functional>
#include <memory>
#include <string>

namespace relance::channel {

/// The operator's, for all providers. The environment of the daemon has no say.
struct HttpSettings {
  std::string proxy;     ///< "http://proxy.example.com:3128"; empty: none
  std::string no_proxy;  ///< host names with commas between them, as libcurl takes them; "*": all
  std::string ca_file;   ///< certificates trusted beside the system's; empty: only those
  bool operator==(const HttpSettings &) const = default;
};

class HttpClient {
 public:
  using CallId = std::uint64_t;
  /// Called once, on the client's thread: must not block.
  using Done = std::function<void(HttpReply)>;

  explicit HttpClient(HttpSettings settings = {});
  HttpClient(const HttpClient &) = delete;
  HttpClient &operator=(const HttpClient &) = delete;
  /// Calls that are open end without a word. Not on the client's thread.
  ~HttpClient();

  // Any thread. Every call that is sent ends in its Done: the callers bound how many are open.
  CallId send(HttpCall call, Done done);
  /// The end still comes. An id that is not open is ignored.
  void cancel(CallId id);
  /// For calls from now on.
  void set(HttpSettings settings);

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace relance::channel
