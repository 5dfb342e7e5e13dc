// Business time: the machine's own, or (test clock) a virtual one that moves only when it is told to.
// Wall time is never virtual: time-outs, not_after, leases and signatures use WallClock.
#pragma once

#include "host/base/time.hpp"

#include <atomic>
#include <optional>

namespace relance::engine {

class BusinessClock final : public Clock {
 public:
  /// Virtual, standing at `start`, when one is given; else the machine's own.
  explicit BusinessClock(std::optional<Instant> start)
      : virtual_ms_{start ? to_ms(*start) : 0}, is_virtual_{start.has_value()} {}

  [[nodiscard]] Instant now() const override {
    return is_virtual_ ? from_ms(virtual_ms_.load(std::memory_order_relaxed)) : WallClock{}.now();
  }
  [[nodiscard]] bool is_virtual() const { return is_virtual_; }
  /// Engine's thread; virtual only; never backwards.
  void move_to(Instant at) {
    if (is_virtual_ && to_ms(at) > virtual_ms_.load(std::memory_order_relaxed)) virtual_ms_.store(to_ms(at));
  }

 private:
  std::atomic<std::int64_t> virtual_ms_;
  const bool is_virtual_;
};

}  // namespace relance::engine
