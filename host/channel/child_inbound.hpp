// Raw bytes that a child offered, until the engine has taken them, and the names by which they are
// acknowledged: every child counts its own tokens, so what one offered must never acknowledge what the next
// one did.
#pragma once

#include "host/channel/wire.hpp"

#include <deque>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace relance::channel {

/// The I/O thread's, but for take_stored().
class ChildInbound {
 public:
  /// `items_max`: what the child has credit for.
  ChildInbound(const std::string &provider, ProviderEvents &events, std::uint32_t items_max)
      : provider_(provider), events_(events), items_max_(items_max) {}

  /// False: more than its credit; it does not keep to the rules that bound our memory.
  bool add(Inbound inbound);
  /// The poll has ended; the engine is told when it has all that the poll found, as its cursor must not pass
  /// what is still here.
  void end_poll(Polled polled) { polled_ = std::move(polled); }
  /// The engine takes again.
  void unblock() { is_blocked_ = false; }
  /// Hands over what the engine takes. The credit to give back to the child.
  CreditFrame offer();
  /// Any thread: the child's own tokens of those that are on disk now, as far as this child offered them.
  std::vector<Token> take_stored(const std::vector<Token> &tokens);
  /// The child has gone, and with it what it offered. A poll that had ended behind it must not move its
  /// cursor: it is given back, to be ended as failed.
  std::optional<Polled> clear();

 private:
  const std::string &provider_;
  ProviderEvents &events_;
  const std::size_t items_max_;
  std::deque<Inbound> held_;  ///< not taken by the engine yet
  std::size_t held_bytes_{0};
  std::optional<Polled> polled_;
  Token next_{1};
  bool is_blocked_{false};
  std::mutex mutex_;
  std::unordered_map<Token, Token> theirs_;  ///< of this child: our name for it → its own
};

}  // namespace relance::channel
