// One HTTP call of a plugin and what became of it (relance/http.h), as values; what a call may be; and how
// much may be open at once, which is the same for a plugin in the daemon and for one in a child.
#pragma once

#include "host/base/http_host.hpp"
#include "host/channel/provider.hpp"

#include <relance/http.h>

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace relance::channel {

struct HttpCall {
  Token token{0};  ///< chosen by the plugin
  bool is_idempotent{false};
  std::string method, url;
  Fields headers;
  std::string body;
  Instant not_after;  ///< wall time; the epoch: none
  Milliseconds connect_timeout{10'000};
  Milliseconds timeout{60'000};
  std::uint64_t reply_max{1u << 20};
};

enum class HttpResult : std::uint8_t { replied, not_sent, unknown };
struct HttpReply {
  Token token{0};
  HttpResult result{HttpResult::unknown};
  std::uint32_t status{0};
  Fields headers;  ///< of the final reply, names in lower case
  std::string body;
  std::string error;
};

inline constexpr std::size_t kHttpBodyMax{32u << 20};   ///< of one call and of all open ones of an instance
inline constexpr std::size_t kHttpReplyMax{32u << 20};  ///< what a call may allow its reply
/// What all open calls of an instance may allow their replies together: the memory that an instance can fill.
inline constexpr std::size_t kHttpRepliesMax{256u << 20};
inline constexpr std::size_t kHttpCallsMax{256};
inline constexpr std::size_t kHttpHeadersMax{100};
inline constexpr std::size_t kHttpHeaderBytesMax{64u << 10};  ///< of one call, and of one reply
inline constexpr std::size_t kHttpUrlBytesMax{8u << 10};

/// Copies what the plugin passed, with the defaults filled in. The error names what is wrong with the call
/// and no part of it that could be a secret.
Result<HttpCall> read_http_call(const relance_http_call &theirs);
/// The same rules on a value, for what came out of a frame.
Result<void> check_http_call(const HttpCall &call);

/// Where a URL leads. Only the same parser as the one that sends may say so, or the two could be played
/// against each other.
struct HttpTarget {
  bool is_plain{false};
  std::string host;
  std::uint16_t port{0};
};
Result<HttpTarget> http_target(const std::string &url);

/// Nothing when one of the hosts allows it; else what the operator would have to write.
Result<void> allow_http_target(const HttpTarget &target, const std::vector<HttpHost> &hosts);

/// The hosts that one instance may call. Its calls mostly go to one address, and reading a URL takes some
/// microseconds in the child and in the daemon: the last that was allowed is not read again. Not synchronised.
class HttpHosts {
 public:
  explicit HttpHosts(std::vector<HttpHost> hosts = {}) : hosts_(std::move(hosts)) {}
  /// The host that the URL leads to; valid until the next call.
  Result<std::string_view> allow(const std::string &url);

 private:
  std::vector<HttpHost> hosts_;
  std::string allowed_, host_of_allowed_;
};

/// The open calls of one instance and the room that they take. Not synchronised.
class HttpRoom {
 public:
  enum class Answer : std::uint8_t { taken, full, repeated };
  Answer take(const HttpCall &call);
  void give_back(Token token);
  [[nodiscard]] bool is_open(Token token) const { return open_.contains(token); }
  [[nodiscard]] std::size_t size() const { return open_.size(); }

 private:
  struct Held {
    std::size_t body{0}, reply{0};
  };
  std::unordered_map<Token, Held> open_;
  Held all_{};
};

}  // namespace relance::channel
