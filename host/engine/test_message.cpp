// An operator's test of one provider: a message of no debtor, on the same way as every other from its intent
// on. Pauses, the breaker and the calendar do not hold it back: to see whether a provider works again is what
// it is for.
#include "host/base/crash_point.hpp"
#include "host/base/id.hpp"
#include "host/base/log.hpp"
#include "host/engine/loop.hpp"

namespace relance::engine {
namespace {

/// The words of a test: in one language, since nobody but its sender reads it.
std::string words_of_test(const std::string &provider, const config::Creditor &creditor) {
  return "This is a test of the provider " + provider + " by " + creditor.name +
         ". It asks for nothing, and no answer is needed.\n";
}

}  // namespace

Result<store::AttemptId> Engine::Loop::test_provider(const std::string &id, const std::string &creditor,
                                                     const std::string &to, std::string_view by) {
  Result<store::AttemptId> result{unavailable("the daemon is stopping")};
  run([&] { result = hand_over_test(id, creditor, to, by); });
  return result;
}

Result<store::AttemptId> Engine::Loop::hand_over_test(const std::string &id, const std::string &creditor_code,
                                                      const std::string &to, std::string_view by) {
  auto *pooled = pool_.find(id);
  if (pooled == nullptr || id == kTaskProvider) return not_found("there is no provider " + id);
  if (is_draining_) return unavailable("the daemon is stopping");
  if (is_paused_) return conflict("sending is paused (" + paused_because_ + "): `relancectl resume` first");
  const auto &configuration = settings_->configuration();
  CaseSetting setting;
  setting.creditor = configuration.creditor(creditor_code);
  if (setting.creditor == nullptr) return not_found("there is no creditor " + creditor_code);
  const auto number = store_->creditor(creditor_code);
  if (!number) return number.error();
  const auto now = clock_.now(), wall = WallClock{}.now();
  store::NewAttempt attempt;
  attempt.channel = pooled->settings.channel;
  attempt.provider = id;
  attempt.address = to;
  attempt.idempotency_key = make_ulid(wall);
  attempt.subject = "Test of " + id;
  auto text = words_of_test(id, *setting.creditor);
  auto &part = attempt.content.emplace_back();
  part.role = "text";
  part.media_type = "text/plain; charset=utf-8";
  part.hash = sha256(text);
  part.bytes = std::make_shared<const std::string>(std::move(text));
  if (is_paper(attempt.channel)) {
    auto letter = composer_->test_letter(attempt, *setting.creditor, words_of_test(id, *setting.creditor), now);
    if (!letter) return letter.error();
    attempt.content.push_back(std::move(*letter));
  }
  attempt.dated = now;
  attempt.not_after = wall + configuration.limits.hand_over_within;
  attempt.is_draft_at_most = pooled->provider->traits().submit_never_releases;
  const auto &limits = pooled->settings.send_limits;
  if (limits.is_counted()) attempt.counted_on = limits.day_of(now);
  attempt.content_hash = content_hash(attempt, setting);
  store::Claim nobody;
  nobody.name = "Test";
  nobody.country = setting.creditor->country;
  nobody.language = setting.creditor->language;
  auto submission = submission_of(attempt, 0, 1, nobody, setting, nullptr);
  if (pooled->report.can_quote)
    if (auto refused = quote_test(*pooled, submission, attempt)) return *refused;
  const auto intended = store_->intend_test(*number, attempt, by, now, wall);
  if (!intended) return intended.error();
  crash_point(CrashPoint::intended);
  const store::AttemptId ids[]{*intended};
  const auto may = store_->may_hand_over(ids);
  if (!may) return may.error();
  log::event(log::Id::PROVIDER_TESTED, {{"provider", id}, {"attempt", *intended}});
  submission.token = static_cast<channel::Token>(*intended);
  pool_.note_handed_over(*pooled, submission.token);
  std::vector<channel::Submission> batch;
  batch.push_back(std::move(submission));
  pooled->provider->submit(std::move(batch));
  return *intended;
}

/// What the plugin says of it is kept; an error when it does not fit.
std::optional<Error> Engine::Loop::quote_test(PooledProvider &pooled, channel::Submission &submission,
                                              store::NewAttempt &attempt) {
  constexpr Milliseconds kDeadline{1000};
  submission.token = ++last_quote_;
  const auto quote = std::move(pooled.provider->quote({&submission, 1}, kDeadline).front());
  if (!quote) return std::nullopt;
  for (const auto &issue : quote->issues)
    if (issue.is_fatal) return invalid("the message does not fit this provider: " + issue.message);
  attempt.segments = quote->segments;
  if (quote->pages != 0) attempt.pages = quote->pages;
  if (!quote->price) return std::nullopt;
  attempt.price_micro = quote->price->micro_units;
  attempt.price_currency = quote->price->currency;
  return std::nullopt;
}

}  // namespace relance::engine
