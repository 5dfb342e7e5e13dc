// Drafts that nobody will release. discard() must not wait, so that it only notes them here; the next call
// that may wait removes them at the provider. One that is lost with the process does no harm: a draft is
// never released by itself.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relance::postal {

class Orphans {
 public:
  void note(const std::vector<std::string_view> &refs) {
    const std::lock_guard lock(mutex_);
    for (const auto ref : refs)
      if (refs_.size() < kKeptMax) refs_.emplace_back(ref);
  }
  std::vector<std::string> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(refs_, {});
  }

 private:
  /// More than a host has open in a day; what is beyond stays a draft.
  static constexpr std::size_t kKeptMax{10'000};
  std::mutex mutex_;
  std::vector<std::string> refs_;
};

}  // namespace relance::postal
