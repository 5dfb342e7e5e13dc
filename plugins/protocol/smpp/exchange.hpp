// Everything of the client that runs on its thread: the links and when to open them again, the messages that
// wait, the pause after a throttle, and what is told to the one who holds the client.
#pragma once

#include "plugins/protocol/smpp/link.hpp"

#include <mutex>

namespace relance::smpp {

struct Question {
  std::uint32_t command{0};
  std::string body{};
  std::function<void(const Answer &)> then{};
};

/// What other threads want of this one.
struct Orders {
  std::vector<Submission> submissions{};
  std::vector<std::uint64_t> stored{};
  std::vector<Question> questions{};
  bool has_room{false};
  std::optional<std::chrono::milliseconds> stop_within{};
};

class Hub final : public Exchange {
 public:
  Hub(Options options, Events events);
  ~Hub() override;

  std::string prepare();
  void run();
  /// [any thread]
  template <class F>
  void hand_over(F &&fill) {
    const std::lock_guard lock{mutex_};
    fill(orders_);
    if (!std::exchange(is_woken_, true)) wake();
  }
  /// [any thread] Ends everything at once; run() returns.
  void end_all();

  // Exchange
  JobPtr next_job() override;
  void settled(JobPtr job) override;
  void throttled() override;
  void flowing() override;
  void bound(Link &link) override;
  void arrived(Link &link, const Pdu &pdu) override;
  void closed(Link &link, std::string why, std::uint32_t bind_status) override;
  [[nodiscard]] bool reads() const override { return has_room_; }
  void deliver() override;
  void look_at(Clock::time_point when) override;

 private:
  struct Slot {
    Role role{Role::transceiver};
    std::shared_ptr<Link> link{};
    Clock::time_point open_at{};
    std::chrono::milliseconds backoff{0};
    std::string why{"not bound yet"};
    std::uint32_t bind_status{0};
    bool has_failed{false};
  };
  struct Unacknowledged {
    std::uint64_t link;
    std::uint32_t command, sequence;
  };

  void wake();
  void take_orders();
  void take_submission(Submission submission);
  void acknowledge(const std::vector<std::uint64_t> &tokens);
  void ask(Question question);
  void begin_stop(std::chrono::milliseconds grace);
  void abort();
  void tick();
  void open(Slot &slot);
  void pump_all();
  void offer();
  void end(Job &job, Outcome outcome);
  void end_waiting(const std::string &code, const std::string &text, std::chrono::milliseconds retry_after);
  void expire_half_sent(Clock::time_point now);
  void say_open();
  void say_health();
  [[nodiscard]] bool can_send() const;
  [[nodiscard]] Slot *slot_of(const Link &link);
  [[nodiscard]] std::vector<std::shared_ptr<Link>> links() const;
  [[nodiscard]] std::chrono::milliseconds until_reopened() const;

  const Options options_;
  const Events events_;
  std::shared_ptr<wire::TlsContext> tls_;
  std::mutex mutex_;
  Orders orders_;         // under mutex_
  bool is_woken_{false};  // under mutex_

  // The client's thread only.
  struct Loop;  ///< Asio's part
  std::unique_ptr<Loop> loop_;
  Clock::time_point armed_for_{Clock::time_point::max()};
  std::vector<Slot> slots_;
  std::uint64_t last_link_{0}, last_token_{0};
  std::deque<JobPtr> waiting_;    ///< nothing of them is out
  std::deque<JobPtr> half_sent_;  ///< a part is out, the others can still follow
  std::vector<Completion> ended_;
  std::deque<Arrival> offered_;
  std::unordered_map<std::uint64_t, Unacknowledged> unacknowledged_;
  bool has_room_{true}, is_stopping_{false}, is_open_{false}, is_telling_{false};
  Clock::time_point paused_until_{};
  std::chrono::milliseconds pause_;
  std::optional<Health> told_;
};

}  // namespace relance::smpp
