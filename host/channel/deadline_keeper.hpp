// Ends the tokens of a plugin in this process when their time is over. On a thread of its own, as the plugin
// may be what does not return; it ticks only while tokens are open.
#pragma once

#include "host/channel/token_table.hpp"

#include <condition_variable>
#include <functional>
#include <thread>

namespace relance::channel {

class DeadlineKeeper {
 public:
  /// `expired` is told on the keeper's thread.
  DeadlineKeeper(TokenTable &tokens, std::function<void(const std::vector<OpenToken> &)> expired)
      : tokens_(tokens), expired_(std::move(expired)) {}
  void start() {
    thread_ = std::thread([this] { run(); });
  }
  /// Tokens have been opened.
  void note_open();
  /// Afterwards nothing is told any more.
  void stop();

 private:
  void run();

  TokenTable &tokens_;
  const std::function<void(const std::vector<OpenToken> &)> expired_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_idle_{false}, is_stopping_{false};
  std::thread thread_;
};

}  // namespace relance::channel
