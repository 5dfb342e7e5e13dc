// One connection to the webhook listener, plain or TLS: requests one after another, each read within its
// limits and its time, handed over, answered when its end is known. On the listener's thread only.
#pragma once

#include "host/api/hook_limits.hpp"
#include "host/api/hook_listener.hpp"
#include "host/engine/webhooks.hpp"

#include <chrono>
#include <memory>

namespace boost::asio {
class io_context;
namespace ssl {
class context;
}
}  // namespace boost::asio

namespace relance::api {

class HookConnection;
using SteadyTime = std::chrono::steady_clock::time_point;

/// What a connection needs of its listener.
class HookHouse {
 public:
  virtual ~HookHouse() = default;
  [[nodiscard]] virtual const config::Hooks &settings() const = 0;
  [[nodiscard]] virtual const Networks &trusted() const = 0;
  [[nodiscard]] virtual bool is_closing() const = 0;
  virtual HookTraffic &traffic() = 0;
  [[nodiscard]] virtual bool is_right(std::string_view provider, std::string_view token) const = 0;
  /// False: this caller asks too often. An empty provider: paths that nobody has.
  virtual bool may_ask(const std::string &provider, const CallerAddress &caller) = 0;
  /// Bodies that are in memory at once; false: there is no room for this one now.
  virtual bool reserve(std::size_t bytes) = 0;
  virtual void give_back(std::size_t bytes) = 0;
  /// The end comes through HookConnection::ended().
  virtual channel::Token hand_over(HookConnection &connection, std::string provider,
                                   std::shared_ptr<const channel::WebhookRequest> request) = 0;
  virtual void forget(channel::Token token) = 0;
  virtual void left(HookConnection &connection) = 0;
};

class HookConnection : public std::enable_shared_from_this<HookConnection> {
 public:
  HookConnection(HookHouse &house, const CallerAddress &peer) : house_{house}, peer_{peer} {}
  virtual ~HookConnection() = default;

  virtual void start() = 0;
  virtual void ended(engine::HookResult result) = 0;
  /// Looks whether its time is over.
  virtual void look(SteadyTime now) = 0;
  /// Of one whose request is not here yet: when its time is over. Max: of any other.
  [[nodiscard]] virtual SteadyTime silent_until() const = 0;
  /// Of one that waits for a request.
  virtual void close_if_idle() = 0;
  virtual void close() = 0;
  [[nodiscard]] const CallerAddress &peer() const { return peer_; }

 protected:
  HookHouse &house_;
  const CallerAddress peer_;
};

/// An accepted socket, which is theirs from now on.
struct HookSocket {
  int fd{-1};
  bool is_v6{false};
};
/// `tls` null: it speaks plain HTTP.
std::shared_ptr<HookConnection> make_hook_connection(HookHouse &house, boost::asio::io_context &io,
                                                     HookSocket socket, const CallerAddress &peer,
                                                     std::shared_ptr<boost::asio::ssl::context> tls);

}  // namespace relance::api
