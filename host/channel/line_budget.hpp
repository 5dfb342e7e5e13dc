// How many log lines a plugin may write in a second: a plugin that logs in a loop must not fill the disk.
#pragma once

#include "host/base/time.hpp"

#include <mutex>
#include <optional>

namespace relance::channel {

class LineBudget {
 public:
  explicit LineBudget(std::uint32_t lines_max) : lines_max_(lines_max) {}

  void set_max(std::uint32_t lines_max) {
    const std::lock_guard lock(mutex_);
    lines_max_ = lines_max;
  }
  /// Nothing: drop the line. Else how many were dropped since the last one that went through.
  std::optional<std::uint64_t> take() {
    const std::lock_guard lock(mutex_);
    const auto second = std::chrono::floor<std::chrono::seconds>(std::chrono::steady_clock::now());
    if (second != second_) {
      second_ = second;
      used_ = 0;
    }
    if (used_ == lines_max_) {
      ++dropped_;
      return std::nullopt;
    }
    ++used_;
    return std::exchange(dropped_, 0);
  }

 private:
  std::uint32_t lines_max_;
  std::mutex mutex_;
  std::chrono::time_point<std::chrono::steady_clock, std::chrono::seconds> second_{};
  std::uint32_t used_{0};
  std::uint64_t dropped_{0};
};

}  // namespace relance::channel
