// How much mail may go to a recipient's domain at once and in a minute, and how long a domain that says
// "slow down" is left alone. Large mailbox providers refuse a sender who does not keep to it; the other
// domains must not notice. Pure: the caller gives the time and owns the messages.
#pragma once

#include "plugins/protocol/smtp/outcome.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace relance::smtp {

/// Domains that share one mail system, and so one limit.
struct DomainRule {
  /// "gmail.com"; "*.example.org" for all below it; "*" for every domain that no other rule names, each with
  /// a limit of its own.
  std::vector<std::string> match{};
  std::size_t connections{0};  ///< mails under way at once; 0: no limit
  std::size_t per_minute{0};   ///< 0: no limit
};

/// What the domain of this address is compared by: lower case; empty when it has none.
std::string domain_of(std::string_view address);

/// A server's wish that we come more slowly: about the domain, not about one message.
bool asks_to_slow_down(const Reply &reply);
/// Greylisting (RFC 6647): about one message, which comes again later; the next one must knock too.
bool is_greylisted(const Reply &reply);
/// "try again in 5 minutes" → 300,000; 0 when it says nothing of the kind.
std::int64_t stated_wait_ms(std::string_view text);

class DomainGates {
 public:
  using Clock = std::chrono::steady_clock;
  using Milliseconds = std::chrono::milliseconds;
  /// What waits for a gate takes room that other domains need: a message that would wait longer is better
  /// with the host, which comes back with it.
  static constexpr Milliseconds kWaitMax{10'000};
  /// After "slow down": doubles from the first to the second, ends with the first mail that is taken.
  static constexpr Milliseconds kPauseFirst{60'000};
  static constexpr Milliseconds kPauseMost{900'000};
  /// Domains remembered for "*" rules; beyond it the least busy are forgotten.
  static constexpr std::size_t kGatesMax{10'000};

  /// `waiting_max`: of all gates together; one gate may hold half of it.
  DomainGates(std::vector<DomainRule> rules, std::size_t waiting_max);

  enum class Pass : std::uint8_t { free, now, wait, later };
  struct Admission {
    Pass pass{Pass::free};  ///< free: no gate concerns it, and ended() is not to be called for it
    /// later: when it is worth coming again. Each has a moment of its own, as far apart as the gate's limit
    /// makes them: ten thousand who come back together would only be sent away together.
    Milliseconds retry_after{};
  };
  /// now: it is under way from here on. wait: it comes out of release(), or is dropped by forget().
  Admission offer(std::uint64_t id, std::string_view domain, Clock::time_point now);
  /// Of what is under way. `reply` decided; it has no code where none did.
  void ended(std::string_view domain, const Outcome &outcome, Clock::time_point now);

  struct Released {
    std::uint64_t id;
    bool may_go;               ///< under way from here on; otherwise it has waited in vain
    Milliseconds retry_after;  ///< where it may not
  };
  /// In order within each domain.
  std::vector<Released> release(Clock::time_point now);
  /// When release() may have something; max() when only ended() can change anything.
  [[nodiscard]] Clock::time_point next_release() const;
  /// It waits no more.
  void forget(std::uint64_t id);

 private:
  struct Gate {
    const DomainRule *rule{nullptr};
    std::size_t under_way{0};
    Clock::time_point next_slot{};  // by the rate
    Clock::time_point paused_until{};
    Clock::time_point next_return{};  // of those that were sent away
    Milliseconds pause{0};
    std::deque<std::uint64_t> waiting;
  };
  Gate *gate_of(std::string_view domain);
  [[nodiscard]] Clock::time_point opens_at(const Gate &gate) const;
  [[nodiscard]] bool is_full(const Gate &gate) const;
  static void take_slot(Gate &gate, Clock::time_point now);
  static Milliseconds send_away(Gate &gate, Clock::time_point earliest, Clock::time_point now);
  void make_room(Clock::time_point now);

  std::vector<DomainRule> rules_;
  std::size_t waiting_max_;
  std::size_t waiting_{0};
  std::map<std::string, Gate, std::less<>>
      gates_;  // by the rule's first name, or the domain where "*" took it
};

}  // namespace relance::smtp
