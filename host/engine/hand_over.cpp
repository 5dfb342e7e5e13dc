// What is durable goes to its providers, unless it was withdrawn meanwhile; and after a start, what an earlier run had
// handed over, or was about to.
#include "host/base/log.hpp"
#include "host/engine/loop.hpp"

namespace relance::engine {
namespace {

store::OutcomeRecord ended(store::AttemptId attempt, domain::OutcomeKind kind, std::string text) {
  store::OutcomeRecord outcome;
  outcome.attempt = attempt;
  outcome.kind = kind;
  outcome.text = std::move(text);
  return outcome;
}

}  // namespace

void Engine::Loop::hand_over(std::vector<Draft> &drafts, const std::vector<store::SettleResult> &results) {
  std::vector<HandOver *> outgoing;
  std::vector<store::AttemptId> ids;
  for (std::size_t i{0}; i < drafts.size(); ++i) {
    if (results[i].is_stale || !results[i].refused.empty()) continue;
    for (auto &[change, out] : drafts[i].outgoing) {
      out.submission.token = static_cast<channel::Token>(results[i].changes[change].attempt);
      ids.push_back(results[i].changes[change].attempt);
      outgoing.push_back(&out);
    }
  }
  auto allowed = store_->may_hand_over(ids);
  if (!allowed) {
    // The intents are durable and nobody has seen them: they end as not sent, and are decided again.
    store_failed(allowed.error(), "hand over");
    allowed = std::vector<store::AttemptId>{};
  }
  const std::set<store::AttemptId> may(allowed.value().begin(), allowed.value().end());
  std::map<std::string, std::vector<channel::Submission>> batches;
  const auto submit_batch = settings_->configuration().limits.submit_batch;
  const auto submit = [this](const std::string &provider, std::vector<channel::Submission> batch) {
    auto *pooled = pool_.find(provider);
    volume_.add(batch.size());
    for (const auto &submission : batch) pool_.note_handed_over(*pooled, submission.token);
    pooled->provider->submit(std::move(batch));
  };
  for (auto *out : outgoing) {
    const auto id = static_cast<store::AttemptId>(out->submission.token);
    if (!may.contains(id)) {
      log::event(log::Id::DISPATCH_WITHDRAWN, {{"attempt", id}});
      auto &outcome = outcomes_.emplace_back(ended(id, domain::OutcomeKind::not_sent, "withdrawn before the hand-over"));
      outcome.code = "withdrawn";
      outcome.retry_at = clock_.now();
      continue;
    }
    auto &batch = batches[out->provider];
    batch.push_back(std::move(out->submission));
    if (batch.size() >= submit_batch) submit(out->provider, std::exchange(batch, {}));
  }
  for (auto &[provider, batch] : batches)
    if (!batch.empty()) submit(provider, std::move(batch));
  pool_.refresh();
}

Result<void> Engine::Loop::resume_open_attempts() {
  auto open = store_->open_attempts();
  if (!open) return open.error();
  if (!open.value().empty()) log::event(log::Id::ENGINE_OPEN_ATTEMPTS, {{"count", open.value().size()}});
  for (const auto &attempt : open.value()) {
    auto *pooled = pool_.find(attempt.provider);
    const auto token = static_cast<channel::Token>(attempt.id);
    if (attempt.is_prepared) {
      if (pooled != nullptr) pool_.note_handed_over(*pooled, token);
      prepared_.emplace(attempt.id, Prepared{true, attempt.is_released});
      continue;
    }
    if (pooled != nullptr && attempt.provider == kTaskProvider) {
      auto &outcome = outcomes_.emplace_back(ended(attempt.id, domain::OutcomeKind::accepted, "resumed"));
      outcome.refs.push_back(std::to_string(attempt.id));
      continue;
    }
    const auto kind =
        attempt.is_draft_at_most ? domain::OutcomeKind::not_sent : domain::OutcomeKind::unknown;
    auto &outcome =
        outcomes_.emplace_back(ended(attempt.id, kind, "the daemon stopped between intent and outcome"));
    outcome.code = "restart";
    outcome.retry_at = clock_.now();
  }
  return {};
}

}  // namespace relance::engine
