// What was told of a letter when it was last asked for. A host stores whatever a poll finds, so that the same
// state told again at each poll would fill its disk for as long as the letter is on its way.
#pragma once

#include <relance/signature.hpp>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace relance::postal {

class News {
 public:
  /// Whether `ref` was last asked for, with an answer, so long ago.
  bool is_due(const std::string &ref, std::int64_t now_ms, std::int64_t pause_ms) {
    const std::lock_guard lock(mutex_);
    const auto &told = of(ref);
    return told.asked_ms == 0 || now_ms - told.asked_ms >= pause_ms;
  }
  void asked(const std::string &ref, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    of(ref).asked_ms = now_ms;
  }
  /// False: this was the last thing told of `ref`.
  bool is_new(const std::string &ref, std::string_view state) {
    const auto digest = sdk::Sha256{}.add(state).digest();
    const std::lock_guard lock(mutex_);
    auto &told = of(ref);
    if (told.digest == digest) return false;
    told.digest = digest;
    return true;
  }

 private:
  /// More letters than one instance has on their way.
  static constexpr std::size_t kToldMax{50'000};
  struct Told {
    std::int64_t asked_ms{0};
    sdk::Sha256::Digest digest{};
  };
  Told &of(const std::string &ref) {
    if (told_.size() >= kToldMax && !told_.contains(ref)) told_.clear();  // each is told once more
    return told_[ref];
  }

  std::mutex mutex_;
  std::map<std::string, Told> told_;
};

}  // namespace relance::postal
