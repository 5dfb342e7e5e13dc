// How much a child may say in a second beside the ends of what it was given: log lines, metrics, health,
// credit, ends of tokens that nobody opened. Beyond it the child is not read for the rest of the second, so
// that neither its words nor their handling cost the others anything. Pure: takes the time.
#pragma once

#include <chrono>
#include <cstdint>

namespace relance::channel {

class ChatterBudget {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit ChatterBudget(std::uint32_t frames_max) : frames_max_(frames_max) {}

  void note(std::size_t frames) { used_ += frames; }
  /// When it may be read again; a time that has passed: now.
  [[nodiscard]] Time quiet_until(Time now) {
    if (now - second_ >= std::chrono::seconds(1)) {
      second_ = now;
      used_ = 0;
    }
    return used_ > frames_max_ ? second_ + std::chrono::seconds(1) : Time{};
  }

 private:
  std::uint32_t frames_max_;
  std::size_t used_{0};
  Time second_{};
};

}  // namespace relance::channel
