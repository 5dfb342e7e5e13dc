// A plugin instance in this process. Calls of the engine become calls on the instance's serial thread; what
// the plugin says becomes values for the engine at once, on whatever thread it said it. Shared with that
// thread, so that a plugin which never returns from a call costs its thread and its memory, but neither
// stop() nor the daemon.
#pragma once

#include "host/channel/deadline_keeper.hpp"
#include "host/channel/factory.hpp"
#include "host/channel/http_calls.hpp"
#include "host/channel/instance.hpp"
#include "host/channel/line_budget.hpp"
#include "host/channel/made_up.hpp"
#include "host/channel/serial_thread.hpp"

#include <atomic>
#include <shared_mutex>

namespace relance::channel {

class InprocInstance final : public InstanceSink, public std::enable_shared_from_this<InprocInstance> {
 public:
  InprocInstance(ProviderSettings settings, const relance_plugin &driver, ProviderEvents &events);
  ~InprocInstance() override;

  // As Provider.
  Result<void> start();
  [[nodiscard]] const Traits &traits() const { return instance_.traits(); }
  [[nodiscard]] const std::string &id() const { return settings_.id; }
  void submit(std::vector<Submission> batch);
  void commit(AttemptRef attempt, Instant not_after);
  void discard(AttemptRef attempt);
  void recall(AttemptRef attempt);
  void query(AttemptRef attempt);
  void parse(Token token, const std::string &kind, std::shared_ptr<const std::string> bytes,
             Instant received_at);
  void poll(Token token, const std::string &cursor, OpenPage open_page);
  void fetch(EvidenceWish wish);
  std::vector<std::optional<Quote>> quote(std::span<const Submission> batch, Milliseconds deadline);
  void authenticate(std::vector<WebhookCall> calls);  ///< any thread
  void set_webhook_url(std::string url);
  void stored(std::vector<Token> tokens);
  void room();
  void stop(Milliseconds grace);
  /// Instead of start(): what create() would say of the settings.
  Result<void> check() { return instance_.check(settings_.settings_json); }

  // What the plugin says.
  void complete(std::span<const relance_result> results) override;
  void recalled(std::span<const relance_recalled> results) override;
  void discarded(std::span<const relance_discarded> results) override;
  void late_drafts(std::span<const relance_result> results) override;
  void parsed(std::span<const relance_parsed> results) override;
  void polled(const relance_polled &result) override;
  void fetched(std::span<const relance_evidence_fetched> results) override;
  void judged(std::vector<Judgement> judgements) override;
  void announce(Ending, std::span<const Token>) override {}  // the table of this process knows it already
  std::size_t inbound(std::span<const relance_inbound> batch) override;
  void ready(std::uint32_t credit) override;
  void health(const relance_health &health) override;
  void wake_after(Milliseconds delay) override { thread_.wake_after(delay); }
  void log(int level, std::string_view text, Fields fields) override;
  void metric(std::uint32_t kind, std::string_view name, double value, Fields labels) override;
  void state_changed(std::string_view, std::string_view) override;
  Instant business_now() override;
  std::string webhook_url() override;
  relance_status http_send(HttpCall call) override;
  void http_cancel(Token token) override;

 private:
  using Kind = SerialThread::Kind;
  [[nodiscard]] std::string state_path() const {
    return settings_.lock_directory + "/" + settings_.id + ".state";
  }
  bool open(Token token, Operation operation, std::shared_ptr<const void> keeps);
  void hand_over(std::function<void()> call);
  void give(MadeUp ends);
  void note_end();
  void end_expired(const std::vector<OpenToken> &expired);
  void abandon();
  bool wait_for_ends(std::chrono::steady_clock::time_point until);
  [[nodiscard]] Milliseconds grace_left() const;
  void close_http() {
    if (http_) http_->close();
  }

  // The serial thread
  Result<void> begin();
  void hand_replies();
  void end();

  /// Events and hooks reach the daemon only while it listens: once closed, none is under way and none will
  /// come.
  template <class F>
  void to_engine(F &&say) {
    if (is_closed_) return;  // nor may a plugin that says much keep the lock from who closes
    const std::shared_lock lock(engine_mutex_);
    if (!is_closed_) say();
  }

  const ProviderSettings settings_;
  ProviderEvents &events_;
  LineBudget budget_;
  InstanceState state_;
  TokenTable tokens_;
  PluginInstance instance_;
  std::shared_ptr<HttpCalls> http_;
  std::atomic<bool> is_taking_{true}, has_started_{false}, has_said_ready_{false}, has_said_health_{false};
  bool is_instance_started_{false};  ///< the serial thread's own

  std::shared_mutex engine_mutex_;
  std::atomic<bool> is_closed_{false};

  std::atomic<std::chrono::steady_clock::time_point> give_up_at_{};  ///< of a stop that is under way

  std::mutex ended_mutex_;
  std::condition_variable ended_;  ///< tokens have ended; only stop() waits for it

  std::mutex url_mutex_;
  std::string webhook_url_;

  SerialThread thread_;
  SerialThread judge_;  ///< webhooks, so that no other call of the plugin makes their callers wait
  std::atomic<bool> is_judge_left_{false};
  DeadlineKeeper keeper_;
};

}  // namespace relance::channel
