// A thread that writes for the thread that owns the store, one piece of work at a time: there is one writer
// to SQLite anyway, and the owner can read and decide meanwhile. It begins with the first work.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace relance::store::sqlite {

class Writer {
 public:
  Writer() = default;
  Writer(const Writer &) = delete;
  Writer &operator=(const Writer &) = delete;
  /// Waits for the work that was begun.
  ~Writer();

  /// The one before has been waited for.
  void begin(std::function<void()> work);
  /// Until the work is done. Throws what it threw.
  void wait();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> work_;
  std::exception_ptr failure_;
  bool is_stopping_{false};
  std::thread thread_;
};

}  // namespace relance::store::sqlite
