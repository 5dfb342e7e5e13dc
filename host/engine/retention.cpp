// What is past its retention goes, a slice at a time, when there is nothing else to do. Once a day has been
// walked through nothing is looked at until the next, or until the periods change.
#include "host/base/log.hpp"
#include "host/engine/loop.hpp"

namespace relance::engine {
namespace {

/// Some milliseconds: a receipt that comes meanwhile hardly waits.
constexpr std::size_t kDebtorsMax{20};

}  // namespace

bool Engine::Loop::expire_some() {
  const auto now = clock_.now();
  const CivilDate today{std::chrono::floor<Days>(now).time_since_epoch()};
  const auto &periods = settings_->configuration().retention;
  if (is_draining_ || (today == expired_on_ && periods == expired_by_) || WallClock{}.now() < store_retry_at_)
    return false;
  const auto gone = store_->expire(periods, now, kDebtorsMax, false);
  if (!gone) {
    store_failed(gone.error(), "end retention");
    return false;
  }
  store_works();
  expired_ += *gone;
  if (!gone->is_done) return true;
  expired_on_ = today;
  expired_by_ = periods;
  if (expired_.messages + expired_.proofs + expired_.raws + expired_.unknown > 0)
    log::event(log::Id::RETENTION_ENDED, {{"documents", expired_.messages},
                                          {"proofs", expired_.proofs},
                                          {"raws", expired_.raws},
                                          {"unknown", expired_.unknown},
                                          {"bytes", expired_.bytes}});
  expired_ = {};
  return true;
}

}  // namespace relance::engine
