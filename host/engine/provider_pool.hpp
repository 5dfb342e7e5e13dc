// The provider instances of one configuration, with what the engine knows of each: credit, pauses, what was
// handed over. Engine's thread only.
#pragma once

#include "host/channel/breaker.hpp"
#include "host/channel/provider.hpp"
#include "host/channel/routing.hpp"
#include "host/channel/token_bucket.hpp"
#include "host/config/configuration.hpp"
#include "host/engine/business_clock.hpp"
#include "host/engine/engine.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace relance::channel {
class HttpClient;
struct ProviderSettings;
}  // namespace relance::channel

namespace relance::engine {

/// Why nothing is handed to a provider, and until when (wall time).
struct Pause {
  std::string because;
  Instant until{Instant::max()};
};

/// What was used up of the limits of its days, in the currency of its budgets.
struct DayUse {
  CivilDate day{};
  std::int64_t messages{0}, day_micro{0}, month_micro{0};
};

struct PooledProvider {
  channel::ProviderStatus status;
  ProviderReport report;
  std::shared_ptr<channel::Provider> provider;  ///< shared with who hands it webhooks
  std::shared_ptr<const channel::ProviderSettings> made_from;  ///< to make it again
  config::ProviderSettings settings;  ///< its version: of the file, an unchanged one survives a reload
  bool is_absent{false};              ///< could not be started again; `provider` only stands in for it
  bool is_quarantined{false};         ///< its process ended too often; a reload makes it again
  Instant retry_at{};                 ///< wall time; of an absent one
  Milliseconds retry_delay{};
  bool can_recall{false};
  std::uint32_t window{0};  ///< the most that may be in flight: its own word, our limit
  std::optional<std::uint32_t>
      granted{};  ///< what it last said it would still take, less what went since; none: never said
  std::uint32_t in_doubt{0};  ///< unknown outcomes not resolved yet
  std::string held_because;   ///< not empty: too many of them, nothing new is handed to it
  std::set<channel::Token> in_flight;
  channel::Token poll{0};             ///< the open one, if any
  std::string cursor;                 ///< where it began
  Instant next_poll{Instant::min()};  ///< wall time
  store::AttemptId asked_up_to{0};    ///< of its open attempts; 0: the next poll begins anew
  std::uint32_t polls_failed{0};      ///< in a row
  std::string poll_failure;           ///< why the last of them did

  std::optional<Pause> down;          ///< it said so
  std::optional<Pause> asked;         ///< a pause that it asked for
  std::string operator_because;       ///< not empty: an operator has paused it
  channel::Breaker breaker;
  channel::TokenBucket bucket;
  Instant quotes_again_at{Instant::min()};  ///< wall time; it let a whole question for quotes pass unanswered
  bool names_prices{false};  ///< it has quoted one: a message without is then of a destination that it does not know
  Instant last_turn{Instant::min()};  ///< wall time; given to who waits for the rate
  DayUse use;

  /// It cannot answer now: down, absent, or it asked to be left alone.
  [[nodiscard]] bool is_away() const { return is_absent || down || asked; }
  /// For people: what it says of itself; "held" where too much is in doubt, "degraded" where its receipts stay
  /// away and it says nothing; what limits it, and what to do.
  [[nodiscard]] ProviderReport shown(std::uint32_t in_doubt_max);
};

/// The provider every configuration has: a person's task.
inline constexpr const char *kTaskProvider{"task"};

class ProviderPool {
 public:
  ProviderPool(channel::ProviderEvents &events, std::filesystem::path program, const BusinessClock &clock);

  /// `hook` is called with the id of each instance that a reload has stopped, while it is still known here:
  /// to take in its last words before another speaks in its name.
  void on_stopped(std::function<void(const std::string &)> hook) { on_stopped_ = std::move(hook); }
  /// What each instance is told of its public URL when it is made.
  void tell_webhook_urls(std::function<std::string(const std::string &)> url_of) {
    webhook_url_of_ = std::move(url_of);
  }

  /// Makes and starts what the configuration names and is not running unchanged already. Then either keep()
  /// or roll_back() follows. On an error it has rolled back by itself: new instances are gone again, old ones
  /// run on. One that had to be stopped and cannot be started again is absent: routing sees it as paused, and
  /// it is tried again.
  Result<void> apply(const config::Configuration &configuration);
  /// Stops what the configuration given to apply() no longer names.
  void keep();
  void roll_back();
  /// Tries absent instances whose time has come. True when one is back.
  bool retry_absent(Instant wall);
  /// The next time to do so; max: none is absent.
  [[nodiscard]] Instant next_retry() const;
  void stop(Milliseconds grace);

  /// Null when the configuration no longer has it.
  PooledProvider *find(const std::string &id);
  [[nodiscard]] std::map<std::string, PooledProvider> &all() { return providers_; }
  /// Of those that can be called.
  [[nodiscard]] std::vector<std::string> ids() const;
  /// Of those that can recall, absent ones too.
  [[nodiscard]] std::vector<std::string> recallers() const;
  /// Of those whose polls are told of open attempts, absent ones too.
  [[nodiscard]] std::vector<std::string> open_pollers() const;
  /// Which receipts each of them says will come, and by when.
  [[nodiscard]] std::map<std::string, std::vector<store::ExpectedReceipt>> promises() const;

  /// The region's providers of these channels, in order of preference, then the built-in person.
  std::vector<channel::Candidate> for_region(const config::Region &region, const std::vector<std::string> &channels);
  /// As shown(), of each.
  [[nodiscard]] std::vector<ProviderReport> reports();

  void grant(const std::string &id, std::uint32_t credit);
  /// It last said "degraded" or "down", or is paused.
  [[nodiscard]] bool is_troubled(const std::string &id) const;
  void set_health(const std::string &id, const channel::Health &health);
  void pause_until(const std::string &id, Instant until, std::string because);
  /// By an operator; empty: no more. False: there is no such provider.
  bool set_operator_pause(const std::string &id, std::string because);
  /// What the store knows to be used up, from the first of this month on.
  void set_use(PooledProvider &provider, std::span<const store::ProviderUse> use, CivilDate today);
  /// Of a rate that is used up: when it is the turn of one more message (wall time), behind all that asked before.
  Instant next_turn(const std::string &id);
  /// For the breaker, and the last error: how a message ended that was handed over.
  void note_outcome(const std::string &id, const channel::Outcome &outcome);
  void note_handed_over(PooledProvider &provider, channel::Token token);
  /// A question on a message that was handed over before.
  void note_asked(PooledProvider &provider, channel::Token token);
  /// False: this token was not in flight (a late or repeated outcome).
  bool note_ended(const std::string &id, channel::Token token, domain::OutcomeKind kind);

  /// Counts every provider's credit anew, after a batch was routed.
  void refresh();
  [[nodiscard]] std::uint32_t credit() const;  ///< submissions that could be handed over now, over all
  [[nodiscard]] std::size_t in_flight() const;

 private:
  void refresh_credit(PooledProvider &provider) const;
  void refresh_pauses(PooledProvider &provider, Instant wall) const;
  void refresh_calendar(PooledProvider &provider) const;
  void note_held(PooledProvider &provider, bool is_held) const;
  [[nodiscard]] channel::ProviderSettings settings_of(const config::Configuration &configuration,
                                                      const config::ProviderSettings &settings) const;
  Result<PooledProvider> make(std::shared_ptr<const channel::ProviderSettings> from,
                              const config::ProviderSettings &settings);
  [[nodiscard]] std::vector<config::ProviderSettings> named_by(
      const config::Configuration &configuration) const;
  Result<void> add(const config::Configuration &configuration, const config::ProviderSettings &settings);
  Result<void> replace(const config::Configuration &configuration, const config::ProviderSettings &settings);
  /// Stops it and takes it out.
  PooledProvider retire(const std::string &id);
  void revive(PooledProvider old);
  void note_absent(PooledProvider &pooled, const Error &because);

  channel::ProviderEvents &events_;
  std::filesystem::path program_;
  const BusinessClock &clock_;
  std::function<void(const std::string &)> on_stopped_{[](const std::string &) {}};
  std::function<std::string(const std::string &)> webhook_url_of_{[](const std::string &) { return std::string{}; }};
  std::uint32_t in_doubt_max_{64};
  std::shared_ptr<channel::HttpClient> http_;  ///< of all instances
  config::Http http_kept_, http_wanted_;
  std::map<std::string, PooledProvider> providers_;
  std::map<std::string, std::string> operator_pauses_;  ///< also of those that are being made again

  // Between apply() and keep() or roll_back().
  std::set<std::string> named_;
  std::vector<std::string> added_;
  std::vector<PooledProvider> replaced_;  ///< stopped
  std::uint32_t in_doubt_max_wanted_{64};
};

}  // namespace relance::engine
