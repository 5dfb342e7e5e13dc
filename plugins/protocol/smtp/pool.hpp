// The connections of one client and the messages that wait for one. Lives on the client's thread.
#pragma once

#include "plugins/protocol/smtp/client.hpp"
#include "plugins/protocol/smtp/options.hpp"
#include "plugins/protocol/wire/tls.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace relance::smtp {

class Connection;

struct Job {
  Submission submission;
  ContentCheck check;
  bool was_returned{false};  ///< a connection died under it once, before any of its content
};

class Pool {
 public:
  using Clock = std::chrono::steady_clock;

  Pool(boost::asio::io_context &io, const Options &options, std::shared_ptr<TlsContext> tls,
       Client::Sink sink, std::atomic<std::size_t> &open);
  ~Pool();

  void submit(std::vector<std::unique_ptr<Job>> jobs);
  void cancel(const std::vector<std::uint64_t> &ids);
  void stop(std::chrono::milliseconds grace);
  void abort();
  [[nodiscard]] bool is_finished() const {
    return is_stopping_ && connections_.empty() && completions_.empty();
  }

  /// For connections. The next job that may still be sent, its not_after checked now; null when there is
  /// none.
  std::unique_ptr<Job> take();
  void finish(std::unique_ptr<Job> job, Outcome outcome);
  /// Back to the front of the queue.
  void give_back(std::unique_ptr<Job> job);
  void ready();
  /// `failure`: it never became ready, and why.
  void closed(const Connection *connection, const Outcome *failure);

  [[nodiscard]] boost::asio::io_context &io() { return io_; }
  [[nodiscard]] const std::shared_ptr<TlsContext> &tls() const { return tls_; }
  [[nodiscard]] bool is_stopping() const { return is_stopping_; }

 private:
  void dispatch();
  void schedule_tick();
  void tick();
  void expire(Clock::time_point now);
  void fail_queue(const Outcome &failure);
  void deliver();

  boost::asio::io_context &io_;
  const Options &options_;
  std::shared_ptr<TlsContext> tls_;
  Client::Sink sink_;
  std::atomic<std::size_t> &open_;
  std::deque<std::unique_ptr<Job>> queue_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<Completion> completions_;
  bool is_delivery_scheduled_{false};
  struct Timer;
  std::unique_ptr<Timer> timer_;
  bool is_ticking_{false};
  bool is_stopping_{false};
  Clock::time_point stop_at_{Clock::time_point::max()};
  // After a failure to connect with no other connection left.
  Clock::time_point down_until_{};
  Outcome down_;
  std::chrono::milliseconds backoff_{0};
  // A server that refuses the n-th connection gets no more than it takes, for a while.
  std::size_t limit_;
  Clock::time_point limited_until_{};
};

}  // namespace relance::smtp
