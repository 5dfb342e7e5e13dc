// The one thread on which an in-process plugin is called, and its end: what hands a token over is refused
// once the stop has begun, and a plugin that does not return from a call is left behind with its thread.
#pragma once

#include "host/base/time.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace relance::channel {

class SerialThread {
 public:
  enum class Kind : std::uint8_t {
    hand_over,  ///< gives the plugin a token: not once the stop has begun
    note,       ///< what it is told besides
  };
  /// Made on the thread itself: `stop` once the stop has begun and what was posted before is done, `end`
  /// last.
  struct Calls {
    std::function<void()> wake, stop, end;
  };

  /// `owner` is what the calls need: it lives as long as the thread does.
  void start(std::shared_ptr<void> owner, Calls calls);
  [[nodiscard]] bool is_running() const { return thread_.joinable(); }
  /// Any thread.
  void post(Kind kind, std::function<void()> call);
  void wake_after(Milliseconds delay);
  /// Drops every hand-over that waits; none is taken from now on.
  void begin_stop();
  /// Drops all that waits and ends the thread. False: it did not end within the grace and was left behind.
  bool end(Milliseconds grace);
  /// Any thread: not when the thread has been left behind, nor while it is.
  template <class F>
  void unless_left_behind(F &&run) {
    const std::lock_guard lock(mutex_);
    if (!is_left_behind_) run();
  }

 private:
  using SteadyClock = std::chrono::steady_clock;
  struct Task {
    Kind kind;
    std::function<void()> call;
  };
  void run();

  Calls calls_;
  std::mutex mutex_;
  std::condition_variable changed_, ended_;
  std::deque<Task> tasks_;
  std::optional<SteadyClock::time_point> wake_at_;
  bool is_stop_due_{false}, has_stopped_{false}, is_ending_{false}, has_ended_{false}, is_left_behind_{false};
  std::thread thread_;
};

}  // namespace relance::channel
