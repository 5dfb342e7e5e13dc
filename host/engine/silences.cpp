// Receipts that a provider promises: what has not come by its moment of business time is silence. The moments
// stand in the store; the loop only knows the next one.
#include "host/base/log.hpp"
#include "host/engine/loop.hpp"

#include <chrono>

namespace relance::engine {
namespace {

constexpr std::size_t kSilencesMax{1000};  // looked at in one transaction
/// A provider sends again what it could not bring to a daemon that was down, or to a machine that stood still: as
/// long afterwards nothing is silence that was waited for before.
constexpr Milliseconds kSilenceGrace{std::chrono::minutes{15}};

}  // namespace

bool Engine::Loop::note_silences() {
  const auto wall = WallClock{}.now();
  if (clock_gap_.has_come(wall, std::chrono::steady_clock::now())) {
    heard_since_ = wall;
    silence_grace_until_ = clock_.now() + kSilenceGrace;
  }
  if (is_draining_ || store_->next_silence() > clock_.now() || wall < store_retry_at_)
    return false;
  std::vector<std::string> away;
  for (const auto &[id, pooled] : pool_.all())
    if (pooled.is_away()) away.push_back(id);
  const store::Hearing hearing{away, heard_since_, std::max(silence_grace_until_, opened_at_ + kSilenceGrace)};
  const auto noted = store_->note_silences(hearing, clock_.now(), kSilencesMax);
  if (!noted) {
    store_failed(noted.error(), "note silences");
    return false;
  }
  store_works();
  for (const auto &one : *noted)
    log::event(
        log::Id::RECEIPT_SILENCE,
        {{"provider", one.provider}, {"attempt", one.attempt}, {"expected", domain::name_of(one.kind)}});
  return true;
}

}  // namespace relance::engine
