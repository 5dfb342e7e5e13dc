#include "host/channel/deadline_keeper.hpp"

namespace relance::channel {
namespace {

constexpr Milliseconds kDeadlineTick{1000};  ///< how exactly a deadline is kept

}  // namespace

void DeadlineKeeper::note_open() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(is_idle_, false)) changed_.notify_one();
}

void DeadlineKeeper::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

void DeadlineKeeper::run() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    is_idle_ = tokens_.size() == 0;
    if (is_idle_) {
      changed_.wait(lock);
      continue;
    }
    changed_.wait_for(lock, kDeadlineTick);
    lock.unlock();
    if (const auto expired = tokens_.expire(WallClock().now(), true); !expired.empty()) expired_(expired);
    lock.lock();
  }
}

}  // namespace relance::channel
