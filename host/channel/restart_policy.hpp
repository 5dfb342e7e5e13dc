// When a child that ended is started again, and when not any more. Pure: takes the time, keeps what it needs.
#pragma once

#include "host/channel/factory.hpp"

#include <chrono>
#include <deque>
#include <optional>

namespace relance::channel {

class RestartPolicy {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit RestartPolicy(const ProviderLimits &limits) : limits_(limits), delay_(limits.restart_delay_min) {}

  /// A child ended that had been up for `up_for`. Nothing: quarantine.
  std::optional<Milliseconds> after_end(Time now, Milliseconds up_for) {
    ends_.push_back(now);
    while (ends_.front() + limits_.crash_window < now) ends_.pop_front();
    if (ends_.size() >= limits_.crashes_max) return std::nullopt;
    if (up_for >= limits_.restart_delay_reset) delay_ = limits_.restart_delay_min;
    const auto delay = delay_;
    delay_ = std::min(delay_ * 2, limits_.restart_delay_max);
    return delay;
  }
  [[nodiscard]] std::size_t ends_in_window() const { return ends_.size(); }

 private:
  const ProviderLimits limits_;
  Milliseconds delay_;
  std::deque<Time> ends_;
};

}  // namespace relance::channel
