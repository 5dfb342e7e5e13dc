// Days that have ended are sealed, so that the past cannot be rewritten unseen; with a time-stamping
// authority, not by us either. A seal is the store's own work; its time-stamp comes when the authority gives
// it, also days later.
#include "host/base/log.hpp"
#include "host/engine/authority_settings.hpp"
#include "host/engine/loop.hpp"

namespace relance::engine {
namespace {

/// An authority that is away is asked again so often; its seals wait in the store.
constexpr Milliseconds kStampRetry{std::chrono::minutes{15}};

CivilDate day_of(Instant at) {
  return CivilDate{std::chrono::floor<Days>(at).time_since_epoch()};
}

}  // namespace

SealStamper::~SealStamper() {
  is_cancelled_ = true;
  if (thread_.joinable()) thread_.join();
}

void SealStamper::ask(evidence::Authority authority, const store::UnstampedSeal &seal) {
  thread_ = std::thread{[this, authority = std::move(authority), seal] {
    auto token = evidence::ask_authority(authority, seal.root, &is_cancelled_);
    {
      const std::scoped_lock lock{mutex_};
      answer_.emplace(Answer{seal, std::move(token)});
    }
    on_answer_();
  }};
}

std::optional<SealStamper::Answer> SealStamper::take() {
  std::optional<Answer> answer;
  {
    const std::scoped_lock lock{mutex_};
    answer.swap(answer_);
  }
  if (answer) thread_.join();
  return answer;
}

Instant Engine::Loop::next_seal() const {
  return Instant{(sealed_day_ + Days{2}).time_since_epoch()};
}

bool Engine::Loop::seal_day() {
  const auto ended = day_of(clock_.now()) - Days{1};
  if (is_draining_ || ended <= sealed_day_ || WallClock{}.now() < store_retry_at_) return false;
  if (sealing_day_ != ended) sealed_creditors_.clear();
  sealing_day_ = ended;
  for (const auto &[creditor, code] : creditors_) {
    if (sealed_creditors_.contains(creditor)) continue;
    const auto root = store_->seal_some(creditor, ended, store::Store::kSealEntriesMax);
    // A conflict: the clock stood later once, and that day is sealed.
    if (!root && root.error().kind != ErrorKind::conflict) {
      store_failed(root.error(), "seal a day");
      return false;
    }
    if (root && !*root) return true;  // a long day: messages and receipts have their turn in between
    sealed_creditors_.insert(creditor);
  }
  sealed_day_ = ended;
  stamp_at_ = Instant::min();
  return true;
}

void Engine::Loop::stamp_seals() {
  const auto wall = WallClock{}.now();
  if (auto answer = stamper_.take()) take_stamp(*answer, wall);
  const auto &configuration = settings_->configuration();
  if (is_draining_ || stamper_.is_busy() || wall < stamp_at_ || wall < store_retry_at_) return;
  stamp_at_ = Instant::max();
  if (configuration.evidence.tsa.empty()) return;
  const auto seals = store_->unstamped_seals(1);
  if (!seals) return store_failed(seals.error(), "read which days are sealed");
  if (seals->empty()) return;
  auto authority = authority_of(configuration);
  if (!authority) return stamp_failed(authority.error(), wall);
  stamper_.ask(std::move(*authority), seals->front());
}

void Engine::Loop::take_stamp(const SealStamper::Answer &answer, Instant wall) {
  if (!answer.token) return stamp_failed(answer.token.error(), wall);
  const auto kept = store_->stamp_seal(answer.seal.creditor, answer.seal.day, *answer.token);
  stamp_at_ = Instant::min();
  if (!kept && kept.error().kind != ErrorKind::conflict)
    return store_failed(kept.error(), "keep a time-stamp");
  log::event(log::Id::JOURNAL_DAY_STAMPED, {{"day", format_date(answer.seal.day)}});
}

void Engine::Loop::stamp_failed(const Error &error, Instant wall) {
  stamp_at_ = wall + kStampRetry;
  log::event(log::Id::JOURNAL_DAY_NOT_STAMPED, {{"why", error.text()}});
}

}  // namespace relance::engine
