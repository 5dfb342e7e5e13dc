// Drafts that nobody will release and that could not be removed at once, as the provider was away or another
// call was under way; the next call removes them at the provider, where a person could otherwise release them
// by hand, after the same letter went out under another key. What is lost with the process is found in the
// provider's list.
#pragma once

#include <relance/outcome.hpp>

#include <cstdint>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relance::postal {

/// A draft of ours that is older was forgotten with the process that made it: a host releases within seconds,
/// and one that is paused for longer makes new ones.
inline constexpr std::int64_t kForgottenAfterMs{7 * 86'400'000LL};
/// How often a provider's own list is looked through for them.
inline constexpr std::int64_t kSweepEveryMs{86'400'000};
/// What discard() says meanwhile.
inline constexpr const char *kRemovedLater{"the provider is away; it is removed with the next call"};

class Orphans {
 public:
  void note(const std::vector<std::string_view> &refs) {
    const std::lock_guard lock(mutex_);
    for (const auto ref : refs)
      if (refs_.size() < kKeptMax) refs_.emplace_back(ref);
  }
  void note(const std::string &ref) { note(std::vector<std::string_view>{ref}); }
  /// What was taken and could not be looked at: the provider was away.
  void put_back(std::span<const std::string> refs) {
    for (const auto &ref : refs) note(ref);
  }
  std::vector<std::string> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(refs_, {});
  }
  /// How a commit of this draft ended. A draft that was not released, or was refused, gets no second commit:
  /// the host makes another one. But where an earlier commit may have released it, it is left to be asked
  /// for.
  sdk::Outcome ended(std::string_view ref, sdk::Outcome outcome) {
    const std::lock_guard lock(mutex_);
    const std::string name{ref};
    const bool is_left{outcome.kind == sdk::OutcomeKind::not_sent ||
                       outcome.kind == sdk::OutcomeKind::rejected};
    if (outcome.kind == sdk::OutcomeKind::unknown && doubted_.size() < kKeptMax) doubted_.insert(name);
    if (outcome.kind == sdk::OutcomeKind::accepted) doubted_.erase(name);
    if (is_left && !doubted_.contains(name) && refs_.size() < kKeptMax) refs_.push_back(name);
    return outcome;
  }

 private:
  /// More than a host has open in a day; what is beyond stays a draft.
  static constexpr std::size_t kKeptMax{10'000};
  std::mutex mutex_;
  std::vector<std::string> refs_;
  std::set<std::string> doubted_;
};

}  // namespace relance::postal
