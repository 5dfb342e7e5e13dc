// A provider that fails again and again is left alone for a while, then tried with one message: what that one
// comes to opens the way again, or doubles the wait. Pure: wall time is an argument.
#pragma once

#include "host/base/time.hpp"
#include "host/config/send_limits.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace relance::channel {

class Breaker {
 public:
  enum class State : std::uint8_t { closed, open, half_open };

  explicit Breaker(config::BreakerSettings settings = {}) : settings_{settings}, delay_{settings.delay} {}

  [[nodiscard]] State state(Instant wall) const {
    return !is_open_ ? State::closed : wall < retry_at_ ? State::open : State::half_open;
  }
  /// How many messages may go now; `credit` is what may go with it closed.
  [[nodiscard]] std::uint32_t allowed(std::uint32_t credit, Instant wall) const;
  /// Of an open one: when one message is tried. It has been tried when this is past.
  [[nodiscard]] Instant retry_at() const { return retry_at_; }
  [[nodiscard]] std::uint32_t failures_in_a_row() const { return in_a_row_; }
  /// Why it opened.
  [[nodiscard]] const std::string &because() const { return because_; }

  /// A message was handed over.
  void note_handed_over(std::uint64_t message, Instant wall) {
    if (!probe_ && state(wall) == State::half_open) probe_ = message;
  }
  /// One ended. True: the state has changed. `what`: what it came to, for people.
  bool note_end(std::uint64_t message, bool is_good, Instant wall, const std::string &what);
  /// One ended in a way that says nothing of the provider.
  void note_nothing(std::uint64_t message) {
    if (probe_ == message) probe_.reset();
  }
  /// An operator has mended what was wrong.
  void close();

 private:
  void open(Instant wall, std::string because);

  config::BreakerSettings settings_;
  std::uint32_t in_a_row_{0}, failed_in_window_{0};
  std::deque<bool> window_;  ///< of the last ones, whether it failed; only where a ratio is set
  bool is_open_{false};
  std::optional<std::uint64_t> probe_;  ///< the message that is tried
  Instant retry_at_{};
  Milliseconds delay_;  ///< of the next opening
  std::string because_;
};

}  // namespace relance::channel
