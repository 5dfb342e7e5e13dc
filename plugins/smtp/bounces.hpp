// The thread that reads the bounce mailbox: a poll becomes raw mails for the host, and what the host has
// stored is then removed from the mailbox. The only place of the plugin that blocks on the network.
#pragma once

#include "plugins/smtp/health.hpp"
#include "plugins/smtp/settings.hpp"

#include <relance/pending.hpp>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace relance::smtp_channel {

class BounceReader {
 public:
  BounceReader(sdk::Host host, Health &health, BounceSettings settings);
  ~BounceReader();
  BounceReader(const BounceReader &) = delete;
  BounceReader &operator=(const BounceReader &) = delete;

  void start();
  void poll(sdk::PendingPoll pending);
  void stored(std::span<const sdk::Token> tokens);
  /// Returns at once; a call to the server that is under way ends within about a second.
  void stop();

 private:
  struct Place {
    std::uint32_t uid_validity, uid;
  };
  void run();
  void read(sdk::PendingPoll pending);
  void clean_up();
  void tell_if_left(const imap::Result<void> &done);

  sdk::Host host_;
  Health &health_;
  BounceSettings settings_;
  std::atomic<bool> is_stopping_{false};
  imap::Mailbox mailbox_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<sdk::PendingPoll> polls_;   // under mutex_
  std::map<sdk::Token, Place> offered_;  // under mutex_: with the host, not yet stored
  std::vector<Place> stored_;            // under mutex_: may go
  sdk::Token next_token_{1};             // only run()
  bool has_looked_back_{false};          // only run()
  std::thread thread_;
};

}  // namespace relance::smtp_channel
