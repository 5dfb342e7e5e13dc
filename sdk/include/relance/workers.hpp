// The blocking style's own threads: a bounded pool that runs what an author's methods wait in, so that no
// thread of the host ever waits. Sending and asking (parse, poll, query, recall, fetch) have a queue each,
// and one thread is kept for asking, so that a provider that hangs while it takes messages can still be asked
// what became of them.
#ifndef RELANCE_WORKERS_HPP
#define RELANCE_WORKERS_HPP

#include <array>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace relance::sdk {

class Workers {
 public:
  enum class Lane : std::uint8_t { sending, asking };
  /// run() may wait. withdraw() ends in the careful way what will not run; it must not wait. One of them is
  /// called.
  struct Job {
    virtual ~Job() = default;
    virtual void run() noexcept = 0;
    virtual void withdraw() noexcept = 0;
  };

  Workers() = default;
  Workers(const Workers &) = delete;
  Workers &operator=(const Workers &) = delete;
  ~Workers() {
    stop();
    join();
  }

  void start(std::size_t threads, std::size_t sending_max, std::size_t asking_max) {
    limits_ = {sending_max, asking_max};
    for (std::size_t i{0}; i < threads; ++i) threads_.emplace_back([this] { work(true); });
    threads_.emplace_back([this] { work(false); });
  }
  /// What finds no room, or comes after stop(), is withdrawn at once.
  void post(Lane lane, std::unique_ptr<Job> job) {
    {
      const std::lock_guard lock(mutex_);
      auto &queue = queues_[static_cast<std::size_t>(lane)];
      if (!is_stopping_ && queue.size() < limits_[static_cast<std::size_t>(lane)]) {
        queue.push_back(std::move(job));
        changed_.notify_all();
        return;
      }
    }
    job->withdraw();
  }
  /// Withdraws what waits; returns at once, while what runs goes on.
  void stop() {
    std::array<std::deque<std::unique_ptr<Job>>, 2> left;
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
      left.swap(queues_);
      changed_.notify_all();
    }
    for (auto &queue : left)
      for (auto &job : queue) job->withdraw();
  }
  void join() {
    for (auto &thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  void work(bool takes_sending) {
    std::unique_lock lock(mutex_);
    for (;;) {
      auto &queue = takes_sending && !queues_[0].empty() ? queues_[0] : queues_[1];
      if (!queue.empty()) {
        auto job = std::move(queue.front());
        queue.pop_front();
        lock.unlock();
        job->run();
        job.reset();
        lock.lock();
      } else if (is_stopping_) {
        return;
      } else {
        changed_.wait(lock);
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<std::deque<std::unique_ptr<Job>>, 2> queues_;
  std::array<std::size_t, 2> limits_{};
  bool is_stopping_{false};
  std::vector<std::thread> threads_;
};

}  // namespace relance::sdk
#endif
