// What was told of a letter when it was last asked for. A host stores whatever a poll finds, so that the same
// state told again at each poll would fill its disk for as long as the letter is on its way.
#pragma once

#include <relance/signature.hpp>

#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace relance::postal {

class News {
 public:
  /// False: this was the last thing told of `ref`.
  bool is_new(const std::string &ref, std::string_view state) {
    const auto digest = sdk::Sha256{}.add(state).digest();
    const std::lock_guard lock(mutex_);
    if (told_.size() >= kToldMax && !told_.contains(ref)) told_.clear();  // each is told once more
    auto [known, is_first] = told_.try_emplace(ref, digest);
    if (!is_first && known->second == digest) return false;
    known->second = digest;
    return true;
  }

 private:
  /// More letters than one instance has on their way.
  static constexpr std::size_t kToldMax{50'000};
  std::mutex mutex_;
  std::map<std::string, sdk::Sha256::Digest> told_;
};

}  // namespace relance::postal
