#include "plugins/smtp/bounces.hpp"

#include "plugins/protocol/wire/signal_free.hpp"

#include <utility>

namespace relance::smtp_channel {
namespace {

/// Mails given to the host in one poll; what is left comes with the next one, at once.
constexpr std::size_t kMailsPerPoll{200};
constexpr std::int64_t kPollAgainMs{50};
/// The host had no room: its queue drains in about this time.
constexpr std::int64_t kNoRoomMs{500};

}  // namespace

BounceReader::BounceReader(sdk::Host host, Health &health, BounceSettings settings)
    : host_{host},
      health_{health},
      settings_{std::move(settings)},
      mailbox_{settings_.mailbox, is_stopping_} {}

BounceReader::~BounceReader() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void BounceReader::start() {
  const wire::AllSignalsBlocked blocked;
  thread_ = std::thread{[this] { run(); }};
}

void BounceReader::poll(sdk::PendingPoll pending) {
  const std::lock_guard lock{mutex_};
  polls_.push_back(std::move(pending));
  changed_.notify_one();
}

void BounceReader::stored(std::span<const sdk::Token> tokens) {
  const std::lock_guard lock{mutex_};
  for (const auto token : tokens) {
    if (const auto found = offered_.find(token); found != offered_.end()) {
      stored_.push_back(found->second);
      offered_.erase(found);
    }
  }
  changed_.notify_one();
}

void BounceReader::stop() {
  is_stopping_ = true;
  {
    const std::lock_guard lock{mutex_};
    changed_.notify_one();
  }
}

void BounceReader::run() {
  std::unique_lock lock{mutex_};
  while (!is_stopping_) {
    changed_.wait(lock, [&] { return is_stopping_ || !polls_.empty() || !stored_.empty(); });
    if (!stored_.empty() && !is_stopping_) {
      lock.unlock();
      clean_up();
      lock.lock();
      continue;
    }
    if (polls_.empty()) continue;
    auto pending = std::move(polls_.front());
    polls_.pop_front();
    lock.unlock();
    if (is_stopping_) {
      pending.failed("stopping");
    } else {
      read(std::move(pending));
    }
    lock.lock();
  }
  for (auto &pending : std::exchange(polls_, {})) pending.failed("stopping");
}

void BounceReader::read(sdk::PendingPoll pending) {
  if ((pending->flags & RELANCE_POLL_MORE) != 0) {
    // Pages of open references: a mailbox is read whole, whatever is open.
    const std::string same{pending.cursor()};
    return pending.done(same, kPollAgainMs);
  }
  const auto behind = imap::parse_cursor(pending.cursor());
  auto fetched = mailbox_.fetch(behind, kMailsPerPoll);
  if (fetched.has_error()) {
    const auto failure = fetched.error();
    // Sending is not touched by it: degraded, not down.
    health_.set(Health::Half::receiving,
                {sdk::HealthLevel::degraded, "bounces_" + failure.code, failure.text});
    return pending.failed(failure.code + ": " + failure.text, settings_.poll_interval_ms);
  }
  health_.set(Health::Half::receiving, {});
  if (!std::exchange(has_looked_back_, true) && behind.uid_validity == fetched->uid_validity &&
      behind.last_uid > 0) {
    // Stored before the last stop, and perhaps not yet removed.
    tell_if_left(mailbox_.dispose_up_to(behind, settings_.after_store, settings_.move_to));
  }
  std::vector<sdk::Inbound> batch;
  const auto now = host_.wall_ms();
  for (auto &mail : fetched->mails) {
    const imap::Cursor place{fetched->uid_validity, mail.uid};
    batch.push_back({next_token_++, "mail", place.text(), std::move(mail.bytes), now, pending->token});
  }
  {
    // Before the host can say stored().
    const std::lock_guard lock{mutex_};
    for (std::size_t index{0}; index < batch.size(); ++index) {
      offered_[batch[index].token] = {fetched->uid_validity, fetched->mails[index].uid};
    }
  }
  const auto taken = host_.inbound(batch);
  if (taken < batch.size()) {
    // The rest is read again behind the last one taken.
    const std::lock_guard lock{mutex_};
    for (std::size_t index{taken}; index < batch.size(); ++index) offered_.erase(batch[index].token);
    const auto last = taken > 0 ? fetched->mails[taken - 1].uid : fetched->mails.front().uid - 1;
    return pending.done(imap::Cursor{fetched->uid_validity, last}.text(), kNoRoomMs);
  }
  if (!batch.empty()) host_.add("smtp_bounce_mails_read", static_cast<double>(batch.size()));
  pending.done(imap::Cursor{fetched->uid_validity, fetched->seen_to}.text(),
               fetched->has_more ? kPollAgainMs : settings_.poll_interval_ms);
}

void BounceReader::clean_up() {
  std::vector<Place> places;
  {
    const std::lock_guard lock{mutex_};
    places = std::exchange(stored_, {});
  }
  std::map<std::uint32_t, std::vector<std::uint32_t>> by_validity;
  for (const auto &place : places) by_validity[place.uid_validity].push_back(place.uid);
  for (auto &[validity, uids] : by_validity)
    tell_if_left(mailbox_.dispose(validity, std::move(uids), settings_.after_store, settings_.move_to));
}

/// A failure leaves the mails where they are: their cursor has passed, and the next start looks back.
void BounceReader::tell_if_left(const imap::Result<void> &done) {
  if (done.has_error()) {
    const auto failure = done.error();
    host_.log(sdk::LogLevel::warning, "stored mails stay in the bounce mailbox",
              {{"code", failure.code}, {"text", failure.text}});
  }
}

}  // namespace relance::smtp_channel
