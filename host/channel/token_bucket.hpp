// A rate as a bucket: so many tokens a second flow in, `burst` fit, each message takes one. Pure: time is an
// argument, monotonic, so that a clock which is set back lets nobody wait.
#pragma once

#include "host/base/time.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

namespace relance::channel {

class TokenBucket {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  TokenBucket() = default;
  /// Full at first. `per_second` 0: no rate, and nothing of this is asked.
  TokenBucket(double per_second, std::uint32_t burst, Moment now)
      : per_second_{per_second},
        burst_{std::max(1.0, static_cast<double>(burst))},
        tokens_{burst_},
        at_{now} {}

  [[nodiscard]] bool is_limited() const { return per_second_ > 0; }
  [[nodiscard]] std::uint32_t available(Moment now) {
    flow(now);
    return static_cast<std::uint32_t>(tokens_ + kTiny);
  }
  void take(Moment now, std::uint32_t count = 1) {
    flow(now);
    tokens_ -= count;  // may be below nothing: what was over is waited for
  }
  /// Until so many are there.
  [[nodiscard]] Milliseconds wait(Moment now, std::uint32_t count = 1) {
    flow(now);
    const auto missing = std::min(static_cast<double>(count), burst_) - tokens_;
    return missing <= 0 ? Milliseconds{0}
                        : Milliseconds{static_cast<std::int64_t>(std::ceil(missing / per_second_ * 1000))};
  }

 private:
  static constexpr double kTiny{1e-9};  ///< what adding fractions loses
  void flow(Moment now) {
    if (now <= at_) return;
    tokens_ = std::min(burst_, tokens_ + per_second_ * std::chrono::duration<double>(now - at_).count());
    at_ = now;
  }

  double per_second_{0}, burst_{1}, tokens_{0};
  Moment at_{};
};

}  // namespace relance::channel
