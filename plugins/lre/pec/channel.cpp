#include "plugins/lre/pec/channel.hpp"

#include "plugins/lre/pec/message.hpp"
#include "plugins/lre/pec/receipts.hpp"
#include "plugins/protocol/submission/verdicts.hpp"

#include <relance_lre_pec_schema.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace relance::lre::pec {
namespace {

/// What is under way at stop() has so long to end; the host waits longer.
constexpr std::chrono::milliseconds kStopGrace{3'000};
/// Ten years: a moment beyond it is as good as this one, and cannot overflow a clock.
constexpr std::int64_t kFarMs{std::int64_t{3650} * 86'400'000};
/// Mails given to the host in one poll; what is left comes with the next one, at once. A poll holds them all.
constexpr std::size_t kMailsPerPoll{50};
constexpr std::int64_t kPollAgainMs{50};
/// Receipts of one message: acceptance, a delay notice or two, the end; and room for what looks like one.
constexpr std::size_t kReceiptsPerQuery{30};
constexpr std::size_t kAuthoritiesBytesMax{4U << 20};

/// When a mail came, as the mailbox says: read late, it is judged by the certificates of that day. A mailbox
/// without a clock, or with one ahead of ours, has it come now.
std::int64_t arrival_of(const imap::Mail &mail, std::int64_t now_ms) {
  return mail.arrived_ms > 0 ? std::min(mail.arrived_ms, now_ms) : now_ms;
}

std::string read_authorities(const std::string &path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::runtime_error("authorities_file cannot be read");
  std::string text(kAuthoritiesBytesMax, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

}  // namespace

const sdk::Description PecChannel::kDescription{.id = "org.relance.lre",
                                                .driver = "pec",
                                                .name = "Certified e-mail (PEC)",
                                                .version = "0.1.0",
                                                .vendor = "Relance",
                                                .channel = "lre",
                                                .settings_schema = kSettingsSchema,
                                                .query_by = RELANCE_CAP_QUERY_BY_KEY};

PecChannel::PecChannel(sdk::Host host, std::string_view, std::string_view settings_json, sdk::Issues &issues)
    : host_{host}, settings_{read_settings(settings_json, issues)} {}

PecChannel::~PecChannel() {
  is_stopping_ = true;
  outbox_.reset();  // ends what is open, then joins
}

sdk::Traits PecChannel::traits() const {
  sdk::Traits traits;
  traits.max_in_flight = settings_.max_in_flight;
  traits.workers = 2;  // a poll, and a question beside it
  traits.expected_receipts = {{RELANCE_RCPT_ACCEPTED, 0, settings_.accepted_within_ms},
                              {RELANCE_RCPT_DELIVERED, 0, settings_.delivered_within_ms}};
  return traits;
}

void PecChannel::start() {
  std::string fault;
  const auto authorities =
      settings_.authorities.empty() ? read_authorities(settings_.authorities_file) : settings_.authorities;
  trust_ = relance::pec::Trust::from(authorities, settings_.signers, fault);
  if (!trust_) throw std::runtime_error("trust: authorities_file " + fault);
  smtp::OutboxOptions options;
  options.relays.push_back({settings_.server.host, settings_.server, 0});
  options.waiting_max = settings_.max_in_flight;
  outbox_ = std::make_unique<smtp::Outbox>(
      std::move(options), [this](std::span<smtp::Completion> completions) { ended(completions); },
      [this](const std::vector<smtp::RelayHealth> &relays) { say_sending(relays.front()); });
  if (const auto wrong = outbox_->start(); !wrong.empty()) {
    host_.health(sdk::HealthLevel::down, "tls", wrong);
    throw std::runtime_error(wrong);
  }
  host_.health(sdk::HealthLevel::up);
}

void PecChannel::stop() {
  is_stopping_ = true;  // ends a call to the mailbox within about a second
  if (outbox_) outbox_->stop(kStopGrace);
}

void PecChannel::submit(std::vector<sdk::Pending> batch) {
  const auto wall_now_ms = host_.wall_ms();
  const auto now = std::chrono::steady_clock::now();
  std::vector<smtp::Submission> submissions;
  for (auto &pending : batch) {
    const sdk::Message message{*pending};
    if (!outbox_) {
      pending.end(sdk::Outcome::not_sent("not_started", "the instance was not started"));
      continue;
    }
    if (const auto faults = faults_of(message, settings_); !faults.empty()) {
      const bool is_address{faults.front().path == "/addressee/address"};
      pending.end(
          sdk::Outcome::rejected(is_address ? sdk::FailureClass::address_dead : sdk::FailureClass::policy,
                                 is_address ? "invalid_address" : "too_large", faults.front().message));
      continue;
    }
    auto submission = make_submission(message, pending.token(), settings_);
    if (submission.has_error()) {
      pending.end(submission::to_outcome(submission.error()));
      continue;
    }
    const auto left_ms = std::clamp(message.not_after_ms - wall_now_ms, -kFarMs, kFarMs);
    submission->not_after = now + std::chrono::milliseconds{left_ms};
    submissions.push_back(std::move(*submission));
    const std::lock_guard lock{mutex_};
    const auto token = pending.token();
    open_.emplace(token, std::move(pending));
  }
  if (outbox_) outbox_->submit(std::move(submissions));
}

sdk::Quote PecChannel::quote(const sdk::Message &message) const {
  return {.issues = faults_of(message, settings_)};
}

sdk::Outcome PecChannel::query(const sdk::Query &query) {
  // A connection of its own: a poll of many large mails may take a while.
  imap::Mailbox mailbox{settings_.mailbox, is_stopping_};
  const auto found = mailbox.find("X-Riferimento-Message-ID", settings_.message_id(query.idempotency_key),
                                  kReceiptsPerQuery);
  if (found.has_error()) {
    const auto failure = found.error();
    return sdk::Outcome::unknown("mailbox_" + failure.code, failure.text);
  }
  std::vector<sdk::Receipt> receipts;
  const auto now_ms = host_.wall_ms();
  for (const auto &mail : found->mails) {
    auto understood = understand(mail.bytes, settings_, *trust_, arrival_of(mail, now_ms));
    for (auto &receipt : understood.parsed.receipts) receipts.push_back(std::move(receipt));
  }
  return settle(receipts, query.idempotency_key);
}

sdk::Polled PecChannel::poll(const sdk::Poll &poll) {
  if (poll.has_more) return {.cursor = std::string{poll.cursor}, .next_poll_ms = kPollAgainMs};
  const std::lock_guard lock{polling_};
  if (!mailbox_) mailbox_ = std::make_unique<imap::Mailbox>(settings_.mailbox, is_stopping_);
  auto fetched = mailbox_->fetch(imap::parse_cursor(poll.cursor), kMailsPerPoll);
  if (fetched.has_error()) {
    const auto failure = fetched.error();
    say_receiving(&failure);
    return sdk::Polled::failed(failure.code + ": " + failure.text, settings_.poll_interval_ms);
  }
  say_receiving(nullptr);
  sdk::Polled polled;
  const auto now_ms = host_.wall_ms();
  for (auto &mail : fetched->mails)
    polled.found.push_back({.kind = "mail",
                            .name = imap::Cursor{fetched->uid_validity, mail.uid}.text(),
                            .bytes = std::move(mail.bytes),
                            .received_at_ms = arrival_of(mail, now_ms)});
  polled.cursor = imap::Cursor{fetched->uid_validity, fetched->seen_to}.text();
  polled.next_poll_ms = fetched->has_more ? kPollAgainMs : settings_.poll_interval_ms;
  return polled;
}

sdk::Parsed PecChannel::parse(const sdk::Raw &raw) {
  if (raw.kind != "mail") return sdk::Parsed::unreadable("not a mail");
  const auto at_ms = raw.received_at_ms == 0 ? host_.wall_ms() : raw.received_at_ms;
  auto understood = understand(raw.bytes, settings_, *trust_, at_ms);
  if (!understood.counted_as.empty()) host_.add(understood.counted_as);
  if (!understood.why.empty())
    host_.log(sdk::LogLevel::warning, "a mail in the certified mailbox is not believed",
              {{"why", understood.why}});
  return std::move(understood.parsed);
}

/// On the client's thread.
void PecChannel::ended(std::span<smtp::Completion> completions) {
  sdk::OutcomeBatch<relance_message> ends{host_};
  {
    const std::lock_guard lock{mutex_};
    for (auto &completion : completions) {
      const auto found = open_.find(completion.id);
      if (found == open_.end()) continue;
      ends.add(std::move(found->second), submission::to_outcome(completion.outcome));
      open_.erase(found);
    }
  }
  ends.flush();
}

void PecChannel::say_sending(const smtp::RelayHealth &relay) {
  const std::lock_guard lock{mutex_};
  sending_ = {};
  if (relay.trouble.verdict != smtp::Verdict::accepted)
    sending_ = {std::string{smtp::name_of(relay.trouble.stage)}, submission::to_outcome(relay.trouble).text,
                host_.wall_ms() + relay.trouble.retry_after_ms};
  say_health();
}

void PecChannel::say_receiving(const imap::Failure *failure) {
  const std::lock_guard lock{mutex_};
  const auto code = failure == nullptr ? std::string{} : "mailbox_" + failure->code;
  if (code == receiving_.code) return;
  receiving_ = {code, failure == nullptr ? std::string{} : failure->text, 0};
  say_health();
}

/// Down: nothing can be sent. Degraded: nothing is heard.
void PecChannel::say_health() {
  if (!sending_.code.empty())
    return host_.health(sdk::HealthLevel::down, sending_.code, sending_.text, sending_.retry_at_ms);
  if (!receiving_.code.empty())
    return host_.health(sdk::HealthLevel::degraded, receiving_.code, receiving_.text);
  host_.health(sdk::HealthLevel::up);
}

}  // namespace relance::lre::pec
