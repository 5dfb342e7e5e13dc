// A provider whose plugin runs in a child process. One I/O thread a provider: starts the child, reads its
// frames, and when it has ended makes up the missing ends and starts it again (child_provider_life.cpp,
// child_provider_frames.cpp). The engine's thread writes its frames itself (one send a batch) and only leaves
// to the I/O thread what the socket does not take (child_provider_calls.cpp). One mutex guards the phase, the
// tokens' opening and what is to be written, so that no message can slip between a child's end and the
// account of it.
#pragma once

#include "host/channel/chatter_budget.hpp"
#include "host/channel/child_inbound.hpp"
#include "host/channel/child_process.hpp"
#include "host/channel/factory.hpp"
#include "host/channel/http_calls.hpp"
#include "host/channel/instance_state.hpp"
#include "host/channel/line_budget.hpp"
#include "host/channel/restart_policy.hpp"
#include "host/channel/stderr_lines.hpp"
#include "host/channel/wire.hpp"
#include "host/channel/wire_http.hpp"

#include <atomic>
#include <condition_variable>
#include <future>
#include <sys/eventfd.h>
#include <thread>
#include <unordered_map>

namespace relance::channel {

class ChildProvider final : public Provider {
 public:
  ChildProvider(ProviderSettings settings, ProviderEvents &events)
      : settings_(std::move(settings)),
        events_(events),
        budget_(settings_.limits.log_lines_max),
        policy_(settings_.limits),
        signal_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        inbound_(settings_.id, events, settings_.limits.inbound_max),
        chatter_(settings_.limits.chatter_max) {}
  ~ChildProvider() override { stop(Milliseconds{0}); }

  const std::string &id() const override { return settings_.id; }
  const Traits &traits() const override { return traits_; }

  Result<void> start() override;
  void submit(std::vector<Submission> batch) override;
  void commit(AttemptRef attempt, Instant not_after) override {
    operation(Operation::commit, FrameType::commit, attempt, to_ms(not_after));
  }
  void discard(AttemptRef attempt) override { operation(Operation::discard, FrameType::discard, attempt, 0); }
  void recall(AttemptRef attempt) override { operation(Operation::recall, FrameType::recall, attempt, 0); }
  void query(AttemptRef attempt) override { operation(Operation::query, FrameType::query, attempt, 0); }
  void stored(std::vector<Token> plugin_tokens) override;
  void room() override {
    has_room_ = true;
    signal();
  }
  void parse(Token token, const std::string &kind, std::shared_ptr<const std::string> bytes,
             Instant received_at) override;
  void poll(Token token, const std::string &cursor, OpenPage open_page) override;
  void fetch(EvidenceWish wish) override;
  std::vector<std::optional<Quote>> quote(std::span<const Submission> batch, Milliseconds deadline) override;
  void authenticate(std::vector<WebhookCall> calls) override;
  void set_webhook_url(std::string url) override;
  void stop(Milliseconds grace) override;

 private:
  using SteadyClock = std::chrono::steady_clock;
  enum class Phase : std::uint8_t {
    idle,      ///< not started yet
    starting,  ///< a child is there and has not said "started"
    up,
    down,         ///< between two children
    quarantined,  ///< no further child
    ended,
  };

  // The engine's thread
  template <class F>
  void post(F &&write) {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::up) return;
    FrameWriter w(out_);
    write(w);
    flush();
  }
  bool open(Operation operation, Token token);
  void operation(Operation operation, FrameType type, const AttemptRef &attempt, std::int64_t not_after_ms);
  Outcome refusal(Token token, OutcomeKind kind, const char *code, std::string text) const;
  struct Going {
    std::vector<Outgoing> messages;
    std::vector<std::size_t> frame_bytes;  ///< of each
  };
  std::optional<Outcome> refuse_or_seal(const Submission &s, std::size_t open_count, std::size_t queued_bytes,
                                        Outgoing &outgoing) const;
  void write_slices(Going &going, FrameType type = FrameType::submit);

  // Writing, with mutex_ held
  void write_clock(FrameWriter &w) {
    if (settings_.hooks.business_now)
      encode_number(w, FrameType::clock, to_ms(settings_.hooks.business_now()));
  }
  void flush();

  // The I/O thread
  void run();
  Result<void> launch();
  void serve();
  bool wait_and_read(Milliseconds timeout);
  void read_stderr();
  bool handle(const Frame &frame);
  bool take_outcomes(const Frame &frame);
  bool take_recalls(const Frame &frame);
  bool take_discards(const Frame &frame);
  bool take_parsed(const Frame &frame);
  bool take_polled(const Frame &frame);
  bool take_fetched(const Frame &frame);
  bool take_quoted(const Frame &frame);
  bool take_judged(const Frame &frame);
  bool take_intent(const Frame &frame);
  bool take_started(const Frame &frame);
  void offer_inbound();
  std::vector<HttpHost> begin_http();
  void end_http();
  bool take_http(const Frame &frame);
  void hand_http_replies();
  void tell_news();
  void hold_back();
  void keep_time();
  void expire();
  std::string bury();
  bool wait_for_next(const std::string &reason, Milliseconds up_for);

  void fault(std::string_view what, Fields fields = {});
  void log(int level, std::string_view text, Fields fields = {});
  void count(std::string_view metric) {
    if (settings_.hooks.metric) settings_.hooks.metric(settings_.id, RELANCE_METRIC_ADD, metric, 1, {});
  }
  void signal();  ///< the I/O thread looks again
  void note_end() {
    if (!is_stopping_) return;  // only stop() waits for it
    const std::lock_guard lock(mutex_);
    ended_.notify_all();
  }
  std::string state_path() const { return settings_.lock_directory + "/" + settings_.id + ".state"; }
  std::string lock_path() const { return settings_.lock_directory + "/" + settings_.id + ".lock"; }

  const ProviderSettings settings_;
  ProviderEvents &events_;
  LineBudget budget_;
  RestartPolicy policy_;
  const Descriptor signal_;
  InstanceState state_;
  TokenTable tokens_;
  Traits traits_;  ///< set before start() returns, never again
  std::promise<Result<void>> started_;
  std::thread thread_;
  std::thread::id io_thread_;  ///< written by that thread before start() returns
  std::atomic<bool> is_stopping_{false}, has_room_{false}, gives_up_http_{false};

  std::mutex mutex_;
  std::condition_variable ended_;
  Phase phase_{Phase::idle};
  std::string down_reason_{"it has not been started"};
  SteadyClock::time_point next_start_{};
  std::string webhook_url_;
  std::optional<SteadyClock::time_point> closing_since_;
  OutBytes out_;
  std::size_t out_at_{0};
  std::unordered_map<Token, std::optional<Quote>> quotes_;  ///< asked for now, and what came
  std::size_t quotes_missing_{0};

  // The I/O thread's own
  ChildProcess process_;
  std::optional<FrameBuffer> buffer_;
  std::optional<Error> refused_;
  ChildInbound inbound_;
  std::shared_ptr<HttpCalls> http_;  ///< of this child
  HttpAssembly<HttpCall> http_assembly_;
  std::vector<Judgement> judged_;  ///< of the frames just read, to be told at once
  bool is_announced_up_{false}, is_untrusted_{false}, is_first_{true};
  std::optional<std::uint32_t> said_ready_;  ///< by the plugin of this child
  std::optional<Health> said_health_;
  bool has_news_ready_{false}, has_news_health_{false};  ///< not told to the engine yet
  ChatterBudget chatter_;
  bool is_flooding_{false};
  SteadyClock::time_point heard_at_{}, up_since_{}, deadlines_seen_at_{};
  std::optional<SteadyClock::time_point> pinged_at_;
  StderrLines stderr_;
  bool has_stderr_{false};  ///< it has not closed it
  std::string killed_because_;
};

}  // namespace relance::channel
