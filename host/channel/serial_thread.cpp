#include "host/channel/serial_thread.hpp"

namespace relance::channel {

void SerialThread::start(std::shared_ptr<void> owner, Calls calls) {
  calls_ = std::move(calls);
  thread_ = std::thread([this, owner = std::move(owner)] { run(); });
}

void SerialThread::post(Kind kind, std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  if (kind == Kind::hand_over && is_stop_due_) return;
  tasks_.push_back({kind, std::move(call)});
  changed_.notify_one();
}

void SerialThread::wake_after(Milliseconds delay) {
  const std::lock_guard lock(mutex_);
  wake_at_ = SteadyClock::now() + delay;
  changed_.notify_one();
}

void SerialThread::begin_stop() {
  const std::lock_guard lock(mutex_);
  std::erase_if(tasks_, [](const Task &task) { return task.kind == Kind::hand_over; });
  is_stop_due_ = true;
  changed_.notify_one();
}

bool SerialThread::end(Milliseconds grace) {
  std::deque<Task> dropped;  // let go outside the lock: letters of megabytes
  std::unique_lock lock(mutex_);
  dropped.swap(tasks_);
  is_ending_ = is_stop_due_ = true;
  changed_.notify_one();
  const bool has_ended{ended_.wait_for(lock, grace, [this] { return has_ended_; })};
  is_left_behind_ = !has_ended;
  lock.unlock();
  if (has_ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
  return has_ended;
}

void SerialThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    std::function<void()> call;
    if (!tasks_.empty()) {
      call = std::move(tasks_.front().call);
      tasks_.pop_front();
    } else if (is_stop_due_ && !has_stopped_) {
      has_stopped_ = true;
      call = calls_.stop;
    } else if (is_ending_) {
      break;
    } else if (!wake_at_) {
      changed_.wait(lock);
      continue;
    } else if (const auto until = *wake_at_; SteadyClock::now() < until) {
      changed_.wait_until(lock, until);
      continue;
    } else {
      wake_at_.reset();
      call = calls_.wake;
    }
    lock.unlock();
    call();
    call = nullptr;
    lock.lock();
  }
  lock.unlock();
  calls_.end();
  lock.lock();
  has_ended_ = true;
  ended_.notify_all();
}

}  // namespace relance::channel
