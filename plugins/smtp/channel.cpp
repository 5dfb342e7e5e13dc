// The e-mail channel: mails out through an SMTP client of our own, receipts in from the bounce mailbox.
#include "plugins/protocol/smtp/outbox.hpp"
#include "plugins/protocol/submission/verdicts.hpp"
#include "plugins/smtp/bounces.hpp"
#include "plugins/smtp/message.hpp"
#include "plugins/smtp/receipts.hpp"
#include "plugins/smtp/settings.hpp"

#include <relance/channel.hpp>
#include <relance_smtp_schema.hpp>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace relance::smtp_channel {
namespace {

using submission::to_outcome;

/// What is under way at stop() has so long to end; the host waits longer.
constexpr std::chrono::milliseconds kStopGrace{5'000};

/// Ten years: a moment beyond it is as good as this one, and cannot overflow a clock.
constexpr std::int64_t kFarMs{std::int64_t{3650} * 86'400'000};

class EmailChannel {
 public:
  static constexpr sdk::Description kDescription{.id = "org.relance.smtp",
                                                 .driver = "smtp",
                                                 .name = "E-mail over SMTP",
                                                 .version = "0.1.0",
                                                 .vendor = "Relance",
                                                 .channel = "email",
                                                 .settings_schema = kSettingsSchema};

  EmailChannel(sdk::Host host, std::string_view, std::string_view settings_json, sdk::Issues &issues)
      : host_{host}, settings_{read_settings(settings_json, issues)} {}

  ~EmailChannel() {
    bounces_.reset();
    outbox_.reset();  // ends what is open, then joins
  }

  [[nodiscard]] sdk::Traits traits() const {
    sdk::Traits traits;
    traits.max_in_flight = settings_.max_in_flight;
    if (!settings_.bounces) traits.without = RELANCE_CAP_POLL | RELANCE_CAP_RECEIVE;
    return traits;
  }

  void start() {
    outbox_.emplace(
        smtp::OutboxOptions{settings_.relays, settings_.domains, settings_.max_in_flight / 2},
        [this](std::span<smtp::Completion> completions) { ended(completions); },
        [this](const std::vector<smtp::RelayHealth> &relays) { say_health(relays); });
    if (const auto fault = outbox_->start(); !fault.empty()) {
      host_.health(sdk::HealthLevel::down, "tls", fault);
      throw std::runtime_error(fault);
    }
    // What the DNS must say, for whoever has to put it there; it holds nothing secret.
    for (const auto &signature : settings_.dkim)
      host_.log(sdk::LogLevel::info, "mails are signed; the DNS has to say so",
                {{"name", signature.selector + "._domainkey." + signature.domain},
                 {"TXT", signature.key->dns_record()}});
    if (settings_.bounces) {
      bounces_.emplace(host_, health_, *settings_.bounces);
      bounces_->start();
    }
    host_.health(sdk::HealthLevel::up);
  }

  void submit(std::vector<sdk::Pending> batch) {
    if (!outbox_) {
      for (auto &pending : batch)
        pending.end(sdk::Outcome::not_sent("not_started", "the instance was not started"));
      return;
    }
    const auto wall_now_ms = host_.wall_ms();
    const auto now = std::chrono::steady_clock::now();
    std::vector<smtp::Submission> submissions;
    submissions.reserve(batch.size());
    sdk::OutcomeBatch<relance_message> refused{host_};
    {
      const std::lock_guard lock{mutex_};
      for (auto &pending : batch) {
        auto submission = make_submission(*pending, settings_);
        if (submission.has_error()) {
          refused.add(std::move(pending), to_outcome(submission.error()));
          continue;
        }
        if (!settings_.dkim.empty() && !submission->content.starts_with("DKIM-Signature:"))
          host_.add("smtp_mails_unsigned");
        const auto left_ms = std::clamp(pending->not_after_ms - wall_now_ms, -kFarMs, kFarMs);
        submission->not_after = now + std::chrono::milliseconds{left_ms};
        submissions.push_back(std::move(*submission));
        const auto token = pending.token();
        open_.emplace(token, std::move(pending));
      }
    }
    refused.flush();
    outbox_->submit(std::move(submissions));
  }

  void poll(sdk::PendingPoll pending) {
    if (!bounces_) return pending.done(pending.cursor());
    bounces_->poll(std::move(pending));
  }
  void stored(std::span<const sdk::Token> tokens) {
    if (bounces_) bounces_->stored(tokens);
  }
  void room() {}  // a poll takes up behind the last mail that the host took

  void parse(sdk::PendingParse pending) {
    if (pending.kind() != "mail") return pending.unreadable("not a mail");
    const auto meaning = read_mail(pending.bytes(), settings_);
    if (!meaning.unreadable_because.empty()) return pending.unreadable(meaning.unreadable_because);
    pending.done(meaning.receipts, meaning.replies);
  }

  void stop() {
    if (outbox_) outbox_->stop(kStopGrace);
    if (bounces_) bounces_->stop();
  }

 private:
  /// On the client's thread.
  void ended(std::span<smtp::Completion> completions) {
    sdk::OutcomeBatch<relance_message> ends{host_};
    {
      const std::lock_guard lock{mutex_};
      for (auto &completion : completions) {
        const auto found = open_.find(completion.id);
        if (found == open_.end()) continue;
        ends.add(std::move(found->second), to_outcome(completion.outcome));
        open_.erase(found);
      }
    }
    ends.flush();
  }

  /// Down: no relay opens a session. Degraded: one does not, and the others carry its mail.
  void say_health(const std::vector<smtp::RelayHealth> &relays) {
    const smtp::RelayHealth *worst{nullptr};
    std::size_t up{0};
    for (const auto &relay : relays) {
      if (relay.trouble.verdict == smtp::Verdict::accepted) {
        ++up;
      } else if (worst == nullptr) {
        worst = &relay;
      }
    }
    if (worst == nullptr) return health_.set(Health::Half::sending, {});
    const auto &trouble = worst->trouble;
    auto text = to_outcome(trouble).text;
    if (relays.size() > 1) text = worst->name + ": " + text;
    const auto stage = std::string{smtp::name_of(trouble.stage)};
    if (up > 0)
      return health_.set(Health::Half::sending,
                         {sdk::HealthLevel::degraded, "relay_" + worst->name + '_' + stage,
                          text + "; its mails go by the " + std::to_string(up) + " relays that are up"});
    health_.set(Health::Half::sending,
                {sdk::HealthLevel::down, stage, text, host_.wall_ms() + trouble.retry_after_ms});
  }

  sdk::Host host_;
  Settings settings_;
  Health health_{host_};
  std::mutex mutex_;
  std::unordered_map<sdk::Token, sdk::Pending> open_;  // under mutex_
  std::optional<smtp::Outbox> outbox_;
  std::optional<BounceReader> bounces_;
};

}  // namespace
}  // namespace relance::smtp_channel

RELANCE_EXPORT_DRIVERS(relance::smtp_channel::EmailChannel)
