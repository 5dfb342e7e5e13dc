// The open HTTP calls of one plugin instance in the daemon: held to the operator's hosts and to what an
// instance may have open, sent, and their replies kept until the instance (or its child) takes them, so that
// whoever does not take them cannot fill the daemon's memory.
#pragma once

#include "host/channel/http_client.hpp"
#include "host/channel/line_budget.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace relance::channel {

class HttpCalls : public std::enable_shared_from_this<HttpCalls> {
 public:
  /// Called on any thread, not after close(); must not block nor call back.
  struct Ear {
    std::function<void()> has_replies;  ///< take() has something
    std::function<void(int level, std::string line)> log;
  };
  enum class Sent : std::uint8_t { taken, refused, full, repeated, closed };

  HttpCalls(std::shared_ptr<HttpClient> client, std::vector<HttpHost> hosts, Ear ear)
      : client_(std::move(client)), hosts_(std::move(hosts)), ear_(std::move(ear)) {}
  HttpCalls(const HttpCalls &) = delete;
  HttpCalls &operator=(const HttpCalls &) = delete;

  // Any thread
  /// With `taken` exactly one reply follows, unless close() comes first.
  Sent send(HttpCall call);
  void cancel(Token token);
  /// Cancels all that are open; their replies still come.
  void give_up();
  /// Replies from the front, at least one when there is one, then as long as their bodies stay within
  /// `bytes_max`. Their tokens are free again.
  std::vector<HttpReply> take(std::size_t bytes_max);
  /// Gives all up; no reply and no line comes from here afterwards. Not on the client's thread.
  void close();

 private:
  static constexpr std::uint32_t kLinesMax{
      50};  ///< a second: their own, so that they displace none of the plugin's

  using SteadyClock = std::chrono::steady_clock;
  struct Open {
    std::optional<HttpClient::CallId> id;  ///< none once it was cancelled
    SteadyClock::time_point since;
    std::string what;  ///< for the log: "POST api.example.com"
  };
  void on_reply(HttpReply reply);

  std::mutex mutex_;
  std::shared_ptr<HttpClient> client_;
  HttpHosts hosts_;
  Ear ear_;
  HttpRoom room_;
  std::unordered_map<Token, Open> open_;
  std::deque<HttpReply> replies_;
  LineBudget budget_{kLinesMax};
};

/// Of a stop's grace, what its open calls are given up before, so that their replies come within it.
constexpr Milliseconds last_words(Milliseconds grace) {
  return std::min(grace / 4, Milliseconds{1000});
}

/// What send() of relance/http.h answers.
relance_status to_status(HttpCalls::Sent sent);

}  // namespace relance::channel
