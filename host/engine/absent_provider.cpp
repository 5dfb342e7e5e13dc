#include "host/engine/absent_provider.hpp"

namespace relance::engine {
namespace {

constexpr const char *kWhy{"the provider could not be started"};

class AbsentProvider final : public channel::Provider {
 public:
  AbsentProvider(std::string id, channel::Traits traits, channel::ProviderEvents &events)
      : id_{std::move(id)}, traits_{std::move(traits)}, events_{events} {
    traits_.can_query_by_ref = traits_.can_query_by_key = traits_.can_recall = traits_.can_receive =
        traits_.can_poll = false;
  }
  [[nodiscard]] const std::string &id() const override { return id_; }
  [[nodiscard]] const channel::Traits &traits() const override { return traits_; }
  Result<void> start() override { return {}; }

  void submit(std::vector<channel::Submission> batch) override {
    for (const auto &submission : batch) end(submission.token, domain::OutcomeKind::not_sent);
  }
  /// What was prepared may have been committed by an earlier try.
  void commit(channel::AttemptRef attempt, Instant) override {
    end(attempt.token, domain::OutcomeKind::unknown);
  }
  void query(channel::AttemptRef attempt) override { end(attempt.token, domain::OutcomeKind::unknown); }
  void recall(channel::AttemptRef attempt) override {
    events_.recalls(id_, {{attempt.token, channel::RecallKind::unknown, kWhy}});
  }
  void discard(channel::AttemptRef attempt) override {
    events_.discards(id_, {{attempt.token, channel::DiscardKind::unknown, kWhy}});
  }
  void parse(channel::Token token, const std::string &, std::shared_ptr<const std::string>,
             Instant) override {
    channel::Parsed parsed;
    parsed.token = token;
    parsed.error = kWhy;
    events_.parsed(id_, {std::move(parsed)});
  }
  void poll(channel::Token token, const std::string &, channel::OpenPage) override {
    events_.polled(id_, {token, {}, kWhy, {}});
  }
  void authenticate(std::vector<channel::WebhookCall> calls) override {
    std::vector<channel::Judgement> judgements;
    for (const auto &call : calls) judgements.push_back({call.token, channel::Verdict::down, {}, kWhy});
    events_.judged(id_, std::move(judgements));
  }
  void stored(std::vector<channel::Token>) override {}
  void room() override {}
  void stop(Milliseconds) override {}

 private:
  void end(channel::Token token, domain::OutcomeKind kind) {
    channel::Outcome outcome;
    outcome.token = token;
    outcome.kind = kind;
    outcome.failure = domain::FailureClass::temporary;
    outcome.code = "absent";
    outcome.text = kWhy;
    events_.outcomes(id_, {std::move(outcome)});
  }

  const std::string id_;
  channel::Traits traits_;
  channel::ProviderEvents &events_;
};

}  // namespace

std::unique_ptr<channel::Provider> make_absent_provider(std::string id, channel::Traits traits,
                                                        channel::ProviderEvents &events) {
  return std::make_unique<AbsentProvider>(std::move(id), std::move(traits), events);
}

}  // namespace relance::engine
