// What providers tell the engine, from any thread, kept in order and in bounds until the engine's thread
// takes it. Outcomes are bounded by what was handed over; raw inbound bytes are bounded here, and what does
// not fit stays at the plugin (and so at the provider) until there is room: nothing is dropped.
#pragma once

#include "host/channel/provider.hpp"
#include "host/engine/webhooks.hpp"

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace relance::engine {

/// Raw bytes waiting for their place on disk: enough for several commits, little beside the rest of the
/// process.
inline constexpr std::size_t kInboundBytesMax{64 * 1024 * 1024};
inline constexpr std::size_t kInboundCountMax{10'000};
/// The same of webhooks: as much as may be under way at the listener at once.
inline constexpr std::size_t kHookBytesMax{64 * 1024 * 1024};
inline constexpr std::size_t kHookCountMax{10'000};

/// Tokens from here on name stored bytes that are judged late, those below a listener's requests.
inline constexpr channel::Token kVerifyingTokens{std::uint64_t{1} << 63};

template <class T>
struct From {
  std::string provider;
  T what;
};

/// Everything that waited, moved out at once.
struct InboxBatch {
  std::vector<From<channel::Outcome>> outcomes;
  std::vector<From<channel::Outcome>> late_drafts;
  std::vector<From<channel::Recall>> recalls;
  std::vector<From<channel::Discard>> discards;
  std::vector<From<channel::Inbound>> inbound;
  std::vector<From<channel::Parsed>> parsed;
  std::vector<From<channel::Polled>> polled;
  std::vector<From<channel::Fetched>> fetched;
  std::vector<HookRaw> webhooks;
  std::vector<From<channel::Judgement>> verified;
  std::vector<From<std::uint32_t>> credits;
  std::vector<From<channel::Health>> health;

  [[nodiscard]] bool has_news(bool with_inbound) const {
    return !outcomes.empty() || !late_drafts.empty() || !recalls.empty() || !discards.empty() ||
           !parsed.empty() || !fetched.empty() || !webhooks.empty() || !verified.empty() ||
           !credits.empty() || !health.empty() || (with_inbound && (!inbound.empty() || !polled.empty()));
  }
};

class Inbox final : public channel::ProviderEvents {
 public:
  void outcomes(const std::string &provider, std::vector<channel::Outcome> outcomes) override;
  void recalls(const std::string &provider, std::vector<channel::Recall> recalls) override;
  void discards(const std::string &provider, std::vector<channel::Discard> discards) override;
  void late_drafts(const std::string &provider, std::vector<channel::Outcome> drafts) override;
  std::size_t inbound(const std::string &provider, std::vector<channel::Inbound> batch) override;
  void parsed(const std::string &provider, std::vector<channel::Parsed> parsed) override;
  void polled(const std::string &provider, channel::Polled polled) override;
  void fetched(const std::string &provider, std::vector<channel::Fetched> fetched) override;
  /// Of requests that the listener handed over: to it at once. Of stored ones (kVerifyingTokens): to the
  /// engine.
  void judged(const std::string &provider, std::vector<channel::Judgement> judgements) override;
  void ready(const std::string &provider, std::uint32_t credit) override;
  void health(const std::string &provider, channel::Health health) override;

  /// Before any provider starts.
  void pass_judgements_to(Webhooks &webhooks) { webhooks_ = &webhooks; }
  /// What does not fit comes back: its caller is to send it again. The listener's own bounds do not hold it,
  /// as it lets a caller go who has waited for long, and the engine may wait for its store longer than that.
  [[nodiscard]] std::vector<HookRaw> webhooks(std::vector<HookRaw> raws);

  /// Engine's thread: what waits now. Leaves a poke() for the next wait(). Without `with_inbound` raw bytes
  /// stay, and the ends of polls, which come behind theirs: the engine has not stored the last ones yet, and
  /// what it holds must not grow past the bounds of this inbox while the disk is full.
  InboxBatch take(bool with_inbound = true);
  /// Engine's thread: what waits, or what comes within `timeout`; empty when poked or too late.
  InboxBatch wait(Milliseconds timeout, bool with_inbound = true);
  /// Any thread: makes the current or next wait() return at once.
  void poke();
  /// Providers that were told "no more": to be called room() on, after a take().
  std::vector<std::string> take_starved();

 private:
  template <class T, class U>
  void append(std::vector<From<T>> &queue, const std::string &provider, std::vector<U> &&items);

  Webhooks *webhooks_{nullptr};
  std::mutex mutex_;
  std::condition_variable arrived_;
  InboxBatch batch_;
  std::size_t inbound_bytes_{0}, hook_bytes_{0};
  std::vector<std::string> starved_;
  bool poked_{false};
};

}  // namespace relance::engine
