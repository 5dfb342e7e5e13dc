// One slot for work, and a condition for both directions.
#include "host/store/sqlite/writer.hpp"

#include <utility>

namespace relance::store::sqlite {

Writer::~Writer() {
  if (!thread_.joinable()) return;
  {
    const std::scoped_lock lock{mutex_};
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Writer::begin(std::function<void()> work) {
  {
    const std::scoped_lock lock{mutex_};
    work_ = std::move(work);
  }
  if (thread_.joinable())
    changed_.notify_all();
  else
    thread_ = std::thread{[this] { run(); }};
}

void Writer::wait() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return !work_; });
  if (const auto failure = std::exchange(failure_, nullptr)) std::rethrow_exception(failure);
}

void Writer::run() {
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [this] { return work_ || is_stopping_; });
    if (!work_) return;
    lock.unlock();
    std::exception_ptr failure;
    try {
      work_();  // nobody else touches it until it is empty
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    work_ = nullptr;
    failure_ = failure;
    changed_.notify_all();
  }
}

}  // namespace relance::store::sqlite
