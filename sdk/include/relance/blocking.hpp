// The blocking style: methods that wait and return how it ended, each run on a worker of the instance. What
// waits in the queue when the host stops the instance ends as not sent; what runs sees stop_requested().
#ifndef RELANCE_BLOCKING_HPP
#define RELANCE_BLOCKING_HPP

#include <relance/border.hpp>
#include <relance/capabilities.hpp>
#include <relance/workers.hpp>

namespace relance::sdk {

/// Raw bytes that a blocking poll() found, offered until the host has taken them all.
class Offering {
 public:
  void room() {
    const std::lock_guard lock(mutex_);
    ++rooms_;
    changed_.notify_all();
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    changed_.notify_all();
  }
  /// False: stopped before all were taken.
  bool offer(Host host, std::span<const Inbound> items) {
    while (!items.empty()) {
      const auto before = rooms();
      const auto front = items.first(std::min(items.size(), kOfferMax));
      const auto taken = host.inbound(front);
      items = items.subspan(taken);
      if (taken < front.size() && !wait_for_room(before)) return false;
    }
    return true;
  }
  Token next_token() { return ++last_token_; }

 private:
  static constexpr std::size_t kOfferMax{256};  ///< raw items offered in one call

  std::uint64_t rooms() {
    const std::lock_guard lock(mutex_);
    return rooms_;
  }
  bool wait_for_room(std::uint64_t before) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return rooms_ != before || is_stopping_; });
    return !is_stopping_;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t rooms_{0};
  bool is_stopping_{false};
  std::atomic<Token> last_token_{0};
};

template <class T>
class Blocking {
 public:
  static constexpr std::size_t kWorkersDefault{4};
  static constexpr std::uint32_t kInFlightPerWorker{16};  ///< enough that no worker waits for the host
  static constexpr std::size_t kAskingMax{4096};  ///< questions that wait; the host has far fewer open

  Blocking(Host host, T &channel) : host_(host), channel_(channel) {}

  void start(std::size_t workers, std::size_t in_flight_max) {
    workers_.start(workers == 0 ? kWorkersDefault : workers, in_flight_max, kAskingMax);
  }
  /// Begins nothing more; what runs goes on.
  void stop() {
    workers_.stop();
    offering_.stop();
  }
  void join() { workers_.join(); }
  void room() { offering_.room(); }

  void submit(Pending pending) {
    post(Workers::Lane::sending, std::move(pending), not_begun, [this](Pending &p) {
      if (is_too_late(p->not_after_ms))
        return p.end(Outcome::not_sent("expired", "its time to leave was over"));
      const Message message{*p, &host_.services()->is_stopping};
      auto outcome = run("send", [&] { return Outcome{channel_.send(message)}; }).value_or(thrown());
      say_health(outcome);
      p.end(outcome);
    });
  }
  void commit(PendingCommit pending) {
    post(Workers::Lane::sending, std::move(pending), not_begun, [this](PendingCommit &p) {
      if (p->not_after_ms != 0 && is_too_late(p->not_after_ms))
        return p.end(Outcome::not_sent("expired", "its time to leave was over"));
      const Commit request{*p, &host_.services()->is_stopping};
      p.end(run("commit", [&] { return Outcome{channel_.commit(request)}; }).value_or(thrown()));
    });
  }
  void discard(PendingDiscard pending) {
    const auto withdraw = [](PendingDiscard &p) { p.end(Discarded::unknown("nobody was asked")); };
    post(Workers::Lane::asking, std::move(pending), withdraw, [this](PendingDiscard &p) {
      const Discard request{*p, &host_.services()->is_stopping};
      p.end(run("discard", [&] {
              return Discarded{channel_.discard(request)};
            }).value_or(Discarded::unknown("discard() threw; see the log")));
    });
  }
  void query(PendingQuery pending) {
    const auto withdraw = [](PendingQuery &p) { p.end(Outcome::unknown("stopping", "nobody was asked")); };
    post(Workers::Lane::asking, std::move(pending), withdraw, [this](PendingQuery &p) {
      const Query request{*p, &host_.services()->is_stopping};
      p.end(run("query", [&] { return Outcome{channel_.query(request)}; }).value_or(thrown()));
    });
  }
  void recall(PendingRecall pending) {
    const auto withdraw = [](PendingRecall &p) { p.unknown("nobody was asked"); };
    post(Workers::Lane::asking, std::move(pending), withdraw, [this](PendingRecall &p) {
      const Recall request{*p, &host_.services()->is_stopping};
      p.end(run("recall", [&] { return Recalled{channel_.recall(request)}; }).value_or(Recalled{}));
    });
  }
  void parse(PendingParse pending) {
    const auto withdraw = [](PendingParse &p) { p.retry("the provider was stopped"); };
    post(Workers::Lane::asking, std::move(pending), withdraw, [this](PendingParse &p) {
      const Raw request{*p, &host_.services()->is_stopping};
      p.end(run("parse", [&] {
              return Parsed{channel_.parse(request)};
            }).value_or(Parsed::retry("parse() threw; see the log")));
    });
  }
  void poll(PendingPoll pending) {
    const auto withdraw = [](PendingPoll &p) { p.failed("the provider was stopped"); };
    post(Workers::Lane::asking, std::move(pending), withdraw, [this](PendingPoll &p) {
      const Poll request{*p, &host_.services()->is_stopping};
      auto polled = run("poll", [&] {
                      return Polled{channel_.poll(request)};
                    }).value_or(Polled::failed("poll() threw; see the log"));
      if (!polled.error.empty()) return p.failed(polled.error, polled.next_poll_ms);
      for (auto &item : polled.found) {
        item.token = offering_.next_token();
        item.cause = p->token;
        if (item.received_at_ms == 0) item.received_at_ms = host_.wall_ms();
      }
      if (!offering_.offer(host_, polled.found)) return p.failed("the provider was stopped");
      p.done(polled.cursor, polled.next_poll_ms);
    });
  }
  void fetch(PendingFetch pending) {
    const auto withdraw = [](PendingFetch &p) { p.end(Fetched::retry("the provider was stopped")); };
    post(Workers::Lane::asking, std::move(pending), withdraw, [this](PendingFetch &p) {
      const Fetch request{*p, &host_.services()->is_stopping};
      p.end(run("fetch", [&] {
              return Fetched{channel_.fetch(request)};
            }).value_or(Fetched::retry("fetch() threw; see the log")));
    });
  }

 private:
  template <class P, class W, class F>
  struct Job final : Workers::Job {
    Job(P p, W w, F f) : pending(std::move(p)), give_back(std::move(w)), work(std::move(f)) {}
    void run() noexcept override { work(pending); }
    void withdraw() noexcept override { give_back(pending); }
    P pending;
    W give_back;
    F work;
  };
  template <class P, class W, class F>
  void post(Workers::Lane lane, P pending, W withdraw, F work) {
    workers_.post(lane,
                  std::make_unique<Job<P, W, F>>(std::move(pending), std::move(withdraw), std::move(work)));
  }

  /// What the author's method returns; nothing when it threw.
  template <class F>
  auto run(const char *where, F &&call) -> std::optional<decltype(call())> {
    std::optional<decltype(call())> result;
    guarded(host_.raw(), where, [&] { result = call(); });
    return result;
  }
  static constexpr auto not_begun = [](auto &pending) {
    pending.end(Outcome::not_sent("stopping", "it was not begun when the provider was stopped"));
  };
  static Outcome thrown() { return Outcome::unknown("exception", "the plugin threw; see the log"); }
  [[nodiscard]] bool is_too_late(std::int64_t not_after_ms) const { return host_.wall_ms() > not_after_ms; }

  /// Down while a send() ends for all messages alike; up with the next that does not.
  void say_health(const Outcome &outcome) {
    const bool is_down{outcome.kind == OutcomeKind::not_sent && outcome.whole_instance};
    if (is_down == is_down_.exchange(is_down)) return;
    if (!is_down) return host_.health(HealthLevel::up);
    const auto retry_at = outcome.retry_after_ms == 0 ? 0 : host_.wall_ms() + outcome.retry_after_ms;
    host_.health(outcome.failure == FailureClass::configuration ? HealthLevel::down : HealthLevel::degraded,
                 outcome.code, outcome.text, retry_at);
  }

  Host host_;
  T &channel_;
  std::atomic<bool> is_down_{false};
  Offering offering_;
  Workers workers_;
};

}  // namespace relance::sdk
#endif
