// Business time: the machine's own, or (test clock) a virtual one that moves only when it is told to.
// Wall time is never virtual: time-outs, not_after, leases and signatures use WallClock.
#pragma once

#include "host/base/time.hpp"

#include <atomic>

namespace relance::engine {

class BusinessClock final : public Clock {
 public:
  BusinessClock() = default;
  /// Virtual from the start, standing at `start`.
  explicit BusinessClock(Instant start) : virtual_ms_{to_ms(start)}, is_virtual_{true} {}

  [[nodiscard]] Instant now() const override {
    return is_virtual_ ? from_ms(virtual_ms_.load(std::memory_order_relaxed)) : WallClock{}.now();
  }
  [[nodiscard]] bool is_virtual() const { return is_virtual_; }
  /// Engine's thread; virtual only; never backwards.
  void move_to(Instant at) {
    if (is_virtual_ && to_ms(at) > virtual_ms_.load(std::memory_order_relaxed)) virtual_ms_.store(to_ms(at));
  }

 private:
  std::atomic<std::int64_t> virtual_ms_{0};
  bool is_virtual_{false};
};

}  // namespace relance::engine
