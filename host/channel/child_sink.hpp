// What a plugin in a child says becomes frames to the daemon; raw bytes only within the daemon's credit.
#pragma once

#include "host/channel/child_http.hpp"
#include "host/channel/child_outbox.hpp"
#include "host/channel/instance.hpp"
#include "host/channel/line_budget.hpp"

#include <atomic>
#include <chrono>

namespace relance::channel {

class ChildSink final : public InstanceSink {
 public:
  explicit ChildSink(ChildOutbox &outbox) : outbox_(outbox), http_(outbox), budget_(0) {}

  // The main thread
  void begin(std::uint32_t inbound_items, std::uint32_t log_lines_max);
  /// The daemon has room for so much more. True: the plugin had been refused and shall try again.
  bool add_credit(const CreditFrame &credit);
  void set_business_ms(std::int64_t ms) { business_ms_ = ms; }
  /// True once for each wake() that is due.
  bool take_due_wake();
  /// For poll(2): until the next wake(); -1: none is wanted.
  [[nodiscard]] int time_to_wake_ms();

  void set_webhook_url(std::string url);
  ChildHttp &http() { return http_; }

  // Any thread of the plugin
  void complete(std::span<const relance_result> results) override;
  void recalled(std::span<const relance_recalled> results) override;
  void discarded(std::span<const relance_discarded> results) override;
  void late_drafts(std::span<const relance_result>) override {}  // the daemon sees what is late
  void parsed(std::span<const relance_parsed> results) override;
  void polled(const relance_polled &result) override;
  void fetched(std::span<const relance_evidence_fetched> results) override;
  void judged(std::vector<Judgement> judgements) override;
  std::size_t inbound(std::span<const relance_inbound> batch) override;
  void ready(std::uint32_t credit) override { outbox_.ready(credit); }
  void health(const relance_health &health) override { outbox_.health(to_health(health)); }
  void wake_after(Milliseconds delay) override;
  relance_status http_send(HttpCall call) override;
  void http_cancel(Token token) override { http_.cancel(token); }
  void log(int level, std::string_view text, Fields fields) override;
  void metric(std::uint32_t kind, std::string_view name, double value, Fields labels) override;
  void state_changed(std::string_view key, std::string_view) override { outbox_.state_changed(key); }
  Instant business_now() override;
  std::string webhook_url() override;
  /// The main thread: the intent frame is in the socket when this returns.
  void announce(Ending ending, std::span<const Token> tokens) override;

 private:
  using SteadyClock = std::chrono::steady_clock;

  ChildOutbox &outbox_;
  ChildHttp http_;
  LineBudget budget_;
  std::atomic<std::int64_t> business_ms_{0};
  std::mutex mutex_;
  std::uint32_t inbound_items_{0};
  std::int64_t inbound_bytes_{0};
  bool has_refused_inbound_{false};
  std::string webhook_url_;
  std::optional<SteadyClock::time_point> wake_at_;
};

}  // namespace relance::channel
