// Webhooks between the listener and the engine: judged by the plugin beside the engine's thread, so that a
// flood of forged ones costs the engine nothing; what counts goes through the inbox to the disk, and its
// caller is answered when it lies there. What nobody could judge is kept as unverified, within a quota, and
// judged later.
#pragma once

#include "host/channel/provider.hpp"
#include "host/config/secret.hpp"
#include "host/engine/hook_tokens.hpp"

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace relance::engine {

class Inbox;

/// Raw bytes that nobody has judged yet; the third kind beside channel::kWebhookKind and kPokeKind.
inline constexpr const char *kUnverifiedKind{"unverified"};
/// Of one provider, while its plugin is down. Whoever knows the path can fill it, so it is small.
inline constexpr std::size_t kUnverifiedMax{1000};
inline constexpr std::size_t kUnverifiedBytesMax{16 << 20};
/// Forged requests remembered of each provider, the newest; enough to see a pattern.
inline constexpr std::size_t kForgedSamplesMax{16};

enum class HookEnd : std::uint8_t {
  stored,     ///< genuine or a poke, and on disk: the provider may forget it
  challenge,  ///< answered with what the plugin said, nothing kept
  forged,
  down,        ///< nobody could judge it; the provider is to send it again
  not_stored,  ///< the store takes nothing now; the provider is to send it again
};
struct HookResult {
  channel::Token token{0};
  HookEnd end{HookEnd::not_stored};
  std::optional<channel::WebhookAnswer> answer;
};
/// What waits for its place on disk.
struct HookRaw {
  std::string provider, kind, bytes;
  std::size_t bytes_count{0};  ///< also when the bytes have gone on
  Instant received_at{};
  HookResult when_stored;
};

/// What came and was not genuine: enough to find its sender, none of its secrets.
struct ForgedSample {
  Instant at{};
  std::string remote_address, method;
  std::vector<std::string> header_names;
  std::size_t body_bytes{0};
  std::string body_sha256;
};
struct HookReport {
  std::string provider, url, former_until;
  bool can_webhook{false};
  std::uint64_t genuine{0}, pokes{0}, challenges{0}, forged{0}, down{0}, unverified{0}, dropped{0},
      repeats{0}, not_stored{0};
  std::size_t waiting_unverified{0};
  std::vector<ForgedSample> samples;  ///< oldest first
};

/// Any thread, but for what is said to be the engine's.
class Webhooks {
 public:
  using Ended = std::function<void(std::vector<HookResult>)>;

  explicit Webhooks(Inbox &inbox) : inbox_{inbox} {}

  // --- the listener
  /// Where results go, on any thread; empty: nowhere any more, and none is under way when this returns.
  void listen(Ended ended);
  [[nodiscard]] bool is_right(std::string_view provider, std::string_view token) const {
    return tokens_.is_right(provider, token, WallClock{}.now());
  }
  struct Call {
    channel::Token token{0};  ///< the listener's; below 2^63
    std::string provider;
    std::shared_ptr<const channel::WebhookRequest> request;
  };
  /// Each ends in one result, unless forget() comes first.
  void take(std::vector<Call> calls);
  /// Its caller has gone or waits no longer; what is on its way to the disk goes on.
  void forget(channel::Token token);

  // --- providers, as their ends arrive
  void judged(const std::string &provider, std::vector<channel::Judgement> judgements);

  // --- the engine's thread
  HookTokens &tokens() { return tokens_; }
  [[nodiscard]] const HookTokens &tokens() const { return tokens_; }
  struct Door {
    std::shared_ptr<channel::Provider> provider;
    bool can_webhook{false};
    std::vector<config::Secret> secrets{};  ///< of its settings
  };
  void open_doors(std::map<std::string, Door, std::less<>> doors);
  void set_public_url(std::string url);
  /// Empty without a public URL, or where the provider takes no webhooks.
  [[nodiscard]] std::string url_of(const std::string &provider) const;
  /// What is stored of a request that was believed.
  [[nodiscard]] std::string believed(const std::string &provider,
                                     const channel::WebhookRequest &request) const;
  /// Unverified bytes that a store held at the start.
  void note_unverified(const std::string &provider, std::size_t count, std::size_t bytes);
  [[nodiscard]] bool has_unverified(const std::string &provider) const;
  void note_verified(const std::string &provider, std::size_t bytes, bool is_dropped);
  /// These are on disk, or (`is_stored` false) will not be. Any thread.
  void end(std::vector<HookRaw> raws, bool is_stored);

  [[nodiscard]] std::vector<HookReport> report() const;

 private:
  struct Pending {
    std::string provider;
    std::shared_ptr<const channel::WebhookRequest> request;
    Instant received_at{};
  };
  struct Counts : HookReport {
    std::size_t unverified_bytes{0};
    std::deque<ForgedSample> newest;
    Instant logged_at{Instant::min()};
  };
  void tell(std::vector<HookResult> results);
  void note_forged(Counts &counts, const Pending &pending, const std::string &provider);
  /// True: the same bytes came before, not long ago.
  bool is_repeat(const channel::WebhookRequest &request);

  Inbox &inbox_;
  HookTokens tokens_;
  mutable std::mutex mutex_;
  std::map<std::string, Door, std::less<>> doors_;
  std::string public_url_;
  std::unordered_map<channel::Token, Pending> pending_;
  std::map<std::string, Counts, std::less<>> counts_;
  std::vector<std::uint64_t> seen_;  ///< fingerprints, each at its place

  std::mutex listener_mutex_;  ///< held while results are told
  Ended ended_;
};

}  // namespace relance::engine
