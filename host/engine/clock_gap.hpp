// Whether the machine stood still. A suspended laptop or a paused virtual machine runs on as if nothing had
// been, while the day has gone on: the steady clock has not counted what the wall's has.
#pragma once

#include "host/base/time.hpp"

#include <chrono>
#include <optional>

namespace relance::engine {

class ClockGap {
 public:
  /// More than clocks are set right by, less than a provider gives up in.
  static constexpr Milliseconds kLeast{std::chrono::minutes{1}};

  /// True when the wall clock has gone so much further than this process since the last call.
  bool has_come(Instant wall, std::chrono::steady_clock::time_point steady) {
    const auto before = last_;
    last_ = {wall, steady};
    return before && (wall - before->wall) - (steady - before->steady) > kLeast;
  }

 private:
  struct Moment {
    Instant wall;
    std::chrono::steady_clock::time_point steady;
  };
  std::optional<Moment> last_{};
};

}  // namespace relance::engine
