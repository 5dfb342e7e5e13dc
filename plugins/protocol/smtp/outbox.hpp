// Mail on its way out by several relays: which one takes a message, what happens when it cannot, and the
// gates of the recipients' domains. A message is given to another relay only where the first certainly does
// not have it and the reason was the relay, not the message.
#pragma once

#include "plugins/protocol/smtp/client.hpp"
#include "plugins/protocol/smtp/domain_gates.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace relance::smtp {

struct RelayOptions {
  std::string name{};  ///< for people: "mail1.example:587"
  Options server{};
  unsigned weight{0};  ///< 0 everywhere: always the first that is up; else shares of the mail
};

struct OutboxOptions {
  std::vector<RelayOptions> relays{};  ///< at least one, at most kRelaysMax
  std::vector<DomainRule> domains{};
  std::size_t waiting_max{32};  ///< messages that wait for a domain's gate
};
inline constexpr std::size_t kRelaysMax{16};

/// How one relay does, told when it changes.
struct RelayHealth {
  std::string name{};
  Outcome trouble{};  ///< verdict accepted: it is up; otherwise why no session can be opened
};

class Outbox {
 public:
  /// Both are called on threads of ours and must not block. `on_health` gets all relays in order.
  using HealthSink = std::function<void(const std::vector<RelayHealth> &)>;
  Outbox(OutboxOptions options, Client::Sink on_end, HealthSink on_health);
  ~Outbox();
  Outbox(const Outbox &) = delete;
  Outbox &operator=(const Outbox &) = delete;

  /// Empty, or why a relay cannot work with its options.
  std::string start();
  /// [any thread] Each ends once, at on_end.
  void submit(std::vector<Submission> submissions);
  /// [any thread] As Client::stop().
  void stop(std::chrono::milliseconds grace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace relance::smtp
