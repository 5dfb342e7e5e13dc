// Asks the time-stamping authority about one sealed day at a time, on a thread of its own: the engine's never
// waits for the network.
#pragma once

#include "host/evidence/authority.hpp"
#include "host/store/evidence_records.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace relance::engine {

class SealStamper {
 public:
  struct Answer {
    store::UnstampedSeal seal;
    Result<std::string> token;
  };

  /// `on_answer`: called on the asking thread when take() has something.
  explicit SealStamper(std::function<void()> on_answer) : on_answer_{std::move(on_answer)} {}
  SealStamper(const SealStamper &) = delete;
  SealStamper &operator=(const SealStamper &) = delete;
  /// Gives up what is being asked.
  ~SealStamper();

  [[nodiscard]] bool is_busy() const { return thread_.joinable(); }
  /// Not while it is busy.
  void ask(evidence::Authority authority, const store::UnstampedSeal &seal);
  /// The answer, once; then it is not busy any more.
  std::optional<Answer> take();

 private:
  const std::function<void()> on_answer_;
  std::atomic<bool> is_cancelled_{false};
  std::mutex mutex_;
  std::optional<Answer> answer_;
  std::thread thread_;
};

}  // namespace relance::engine
