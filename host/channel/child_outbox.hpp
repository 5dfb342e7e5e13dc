// What a child has to say, in order, to the daemon: written to the socket as it takes it, bounded where a
// plugin could flood it. The main thread writes once a round; a plugin's threads write what fits at once and
// leave the rest to it.
#pragma once

#include "host/channel/instance_state.hpp"
#include "host/channel/wire.hpp"

#include <mutex>
#include <set>
#include <thread>

namespace relance::channel {

/// Any thread, but for what is said to be the main thread's.
class ChildOutbox {
 public:
  /// `signal_fd`: an eventfd on which the main thread waits beside the socket. Made on the main thread.
  ChildOutbox(int socket, int signal_fd, const InstanceState &state)
      : socket_(socket), signal_(signal_fd), state_(state) {}

  /// Frames that must arrive. `write` runs under the lock.
  template <class F>
  void say(F &&write) {
    {
      const std::lock_guard lock(mutex_);
      FrameWriter w(out_);
      write(w);
    }
    flush_from_here();
  }
  /// Frames that are dropped while too much waits.
  template <class F>
  void chatter(F &&write) {
    {
      const std::lock_guard lock(mutex_);
      if (out_.size() > kChatterBytesMax) return;
      FrameWriter w(out_);
      write(w);
    }
    flush_from_here();
  }
  // Of these only the latest counts: written when there is room, so that no plugin can fill our memory.
  void ready(std::uint32_t credit);
  void health(Health health);
  void state_changed(std::string_view key);

  /// False: the socket is full and something is left. Ends the process when nobody listens any more: then
  /// nothing may be handed over either.
  bool flush();
  void flush_waiting();
  /// The main thread looks again.
  void signal();
  [[nodiscard]] bool is_main_thread() const { return std::this_thread::get_id() == main_thread_; }

 private:
  /// What may wait for the daemon to read before chatter is dropped and news coalesce.
  static constexpr std::size_t kChatterBytesMax{1u << 20};
  void flush_from_here();
  void write_news();

  const int socket_, signal_;
  const InstanceState &state_;
  const std::thread::id main_thread_{std::this_thread::get_id()};
  std::mutex mutex_;
  OutBytes out_;
  std::optional<std::uint32_t> ready_;
  std::optional<Health> health_;
  std::set<std::string> changed_keys_;
};

}  // namespace relance::channel
