#include "host/channel/task_channel.hpp"

namespace relance::channel {
namespace {

constexpr std::uint32_t kTasksInFlightMax{4096};  ///< nothing stays in flight; the bound is that of one batch

class TaskProvider final : public Provider {
 public:
  TaskProvider(std::string id, ProviderEvents &events) : id_(std::move(id)), events_(events) {
    traits_.plugin_id = "org.relance.task";
    traits_.plugin_version = "1.0";
    traits_.driver = traits_.channel = "task";
    traits_.max_in_flight = kTasksInFlightMax;
    traits_.can_recall = true;
  }
  const std::string &id() const override { return id_; }
  const Traits &traits() const override { return traits_; }

  Result<void> start() override {
    events_.ready(id_, kTasksInFlightMax);
    events_.health(id_, {});
    return {};
  }

  void submit(std::vector<Submission> batch) override {
    std::vector<Outcome> outcomes;
    outcomes.reserve(batch.size());
    const auto now = WallClock().now();
    for (const auto &submission : batch) {
      Outcome outcome;
      outcome.token = submission.token;
      if (is_stopped_ || (to_ms(submission.not_after) != 0 && now >= submission.not_after)) {
        outcome.kind = OutcomeKind::not_sent;
        outcome.failure = FailureClass::temporary;
        outcome.code = is_stopped_ ? "stopping" : "not_after";
      } else {
        outcome.kind = OutcomeKind::accepted;
        outcome.refs = {std::to_string(submission.token)};
      }
      outcomes.push_back(std::move(outcome));
    }
    events_.outcomes(id_, std::move(outcomes));
  }

  /// Whether a person has begun is the engine's to know: from the desk, a task that is not done can be taken
  /// back.
  void recall(AttemptRef attempt) override {
    events_.recalls(id_, {{attempt.token, RecallKind::cancelled, {}}});
  }

  // What follows cannot be asked of it (see its traits); asked all the same, it ends at once and carefully.
  void commit(AttemptRef attempt, Instant) override { end(attempt.token, OutcomeKind::not_sent); }
  void query(AttemptRef attempt) override { end(attempt.token, OutcomeKind::unknown); }
  void discard(AttemptRef attempt) override {
    events_.discards(id_, {{attempt.token, DiscardKind::unknown, "a task has no drafts"}});
  }
  void poll(Token token, const std::string &, OpenPage) override {
    events_.polled(id_, {token, {}, "a task is not polled", {}});
  }
  void parse(Token token, const std::string &, std::shared_ptr<const std::string>, Instant) override {
    Parsed parsed;
    parsed.token = token;
    parsed.error = "a task has no receipts to parse";
    parsed.is_retryable = false;
    events_.parsed(id_, {std::move(parsed)});
  }
  void stored(std::vector<Token>) override {}
  void room() override {}
  void stop(Milliseconds) override { is_stopped_ = true; }

 private:
  void end(Token token, OutcomeKind kind) {
    Outcome outcome;
    outcome.token = token;
    outcome.kind = kind;
    outcome.code = "unsupported";
    events_.outcomes(id_, {std::move(outcome)});
  }

  const std::string id_;
  ProviderEvents &events_;
  Traits traits_;
  bool is_stopped_{false};
};

}  // namespace

std::unique_ptr<Provider> make_task_provider(std::string id, ProviderEvents &events) {
  return std::make_unique<TaskProvider>(std::move(id), events);
}

}  // namespace relance::channel
