// The loop: claim what is due, decide, route, render, make the intent durable, hand over; take outcomes and
// receipts in, make them durable, wake the case. One thread owns the store and every decision; providers work
// on threads of their own and speak to it through a bounded inbox. Nothing here knows how a decision is made
// or how a message travels.
#pragma once

#include "host/base/result.hpp"
#include "host/base/time.hpp"
#include "host/store/records.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::config {
struct Configuration;
}
namespace relance::store {
class Reader;
class Store;
}  // namespace relance::store

namespace relance::engine {

class Webhooks;

struct EngineOptions {
  bool has_test_clock{false};
  std::optional<Instant> test_clock_start{};  ///< of a new store; default: now
  std::filesystem::path program;              ///< the relanced binary, re-executed for channel children
};

/// What an operator allows a provider, and what is left of it; only what is limited says something.
struct LimitsReport {
  double per_second{0};
  std::uint32_t burst{0}, tokens{0};
  std::uint32_t parallel{0}, in_doubt{0}, in_doubt_max{0};
  std::uint32_t per_day{0};
  std::int64_t used_today{0};
  std::string price_max, day_budget, day_spent, month_budget, month_spent;  ///< "12.50 EUR"; empty: none
  std::uint32_t maintenance_windows{0};
};

struct ProviderReport {
  /// state: up, degraded, down, absent as it says of itself; paused (by an operator, or as it asked for), tripped or
  /// probing (its breaker), maintenance, used_up (a limit of the calendar), held (too much in doubt).
  std::string id, channel, plugin, placement, sandbox, state, because;
  std::string what_to_do;  ///< for an operator; empty: nothing
  std::string last_error;
  std::optional<Instant> last_error_at{};  ///< wall time
  std::string breaker{"closed"};           ///< closed, open, half_open
  std::optional<Instant> goes_on_at{};     ///< when it is used again, as far as that is known; wall or business time
  bool can_quote{false};
  LimitsReport limits;
  // As routing sees it.
  bool is_paused{false};
  std::string paused_because, closed_because, no_credit_because;
  std::uint64_t handed_over{0}, accepted{0}, rejected{0}, not_sent{0}, unknown{0}, receipts{0}, inbound{0};
  std::uint32_t in_flight{0}, credit{0};
};

struct EngineReport {
  Instant business_now{}, wall_now{};
  bool has_test_clock{false}, is_paused{false}, is_held_by_volume{false};
  std::string paused_because;
  Instant payment_data_until{
      Instant::max()};  ///< business time up to which payment data is fresh enough to chase anyone
  std::uint64_t claims{0}, decisions{0}, intents{0}, stale{0}, refused{0}, batches{0};
  std::uint64_t inbox_outcomes{0}, inbox_inbound{0};
  Milliseconds lag{0};  ///< how late the oldest due case is
  std::vector<ProviderReport> providers;
  std::map<std::string, std::string> letterheads;  ///< creditor → why none of its letters can be printed
};

/// What beside its own facts keeps a debtor's cases from moving at this moment.
struct Standing {
  Instant payment_data_until{Instant::max()};
  std::string paused_because;  ///< empty: sending goes on
  std::string held_because;    ///< by the volume guard; empty: it is not
  std::vector<ProviderReport> providers;
  std::vector<std::pair<store::CaseId, std::string>> faults;  ///< why a case rests after a fault
  std::vector<std::pair<store::CaseId, std::string>> unrouted;  ///< why no provider took its message the last time
};

/// Called now and then on the engine's thread while the clock is advanced: where business time is.
using ClockProgress = std::function<void(Instant)>;

class Engine {
 public:
  /// Opens the store, starts the providers, resolves what an earlier run left open. Nothing is sent before
  /// start().
  static Result<std::unique_ptr<Engine>> open(std::shared_ptr<const config::Configuration> configuration,
                                              EngineOptions options);
  ~Engine();
  Engine(const Engine &) = delete;
  Engine &operator=(const Engine &) = delete;

  /// Runs the loop on a thread of its own.
  void start();
  /// Takes nothing new, ends what is in flight within the grace time, and joins. Any thread but the engine's.
  void stop(Milliseconds grace);
  /// Set when the engine stopped by itself (the store failed): why. Any thread.
  [[nodiscard]] std::string fault() const;

  /// Takes another configuration between two batches; the old one stays in force when this fails. Any thread.
  Result<void> reload(std::shared_ptr<const config::Configuration> configuration);
  [[nodiscard]] std::shared_ptr<const config::Configuration> configuration() const;

  /// Runs `work` on the engine's thread between two batches and returns when it is done. For changes by
  /// people and imports: keep each piece under some 50 ms. Any thread but the engine's. False when the engine
  /// is stopping.
  bool with_store(const std::function<void(store::Store &store, Instant business_now)> &work);
  /// A connection for questions, beside the loop.
  Result<std::unique_ptr<store::Reader>> open_reader();

  /// True while a message in doubt is with its provider once more, under the same key: its end cannot be
  /// stated by hand now. On the engine's thread (inside with_store) only.
  [[nodiscard]] bool is_going_again(store::AttemptId attempt) const;

  [[nodiscard]] EngineReport report();
  /// One provider alone stops or goes on; survives a restart. not_found: it is not configured.
  Result<void> pause_provider(const std::string &id, std::string_view because);
  /// Also closes its breaker: an operator has mended what was wrong.
  Result<void> resume_provider(const std::string &id);
  /// Hands one message of no debtor to the provider, as durable as any. `creditor`: whose identity it has.
  Result<store::AttemptId> test_provider(const std::string &id, const std::string &creditor, const std::string &to,
                                         std::string_view by);
  [[nodiscard]] Standing standing_of(const store::Claim &claim);
  /// Stops before the next submit, until resume(). Survives a restart.
  Result<void> pause(std::string_view because);
  Result<void> resume();

  /// What a listener hands requests to; lives as long as the engine.
  [[nodiscard]] Webhooks &webhooks();
  /// A new unguessable path; the one before it stays good for `overlap`. not_found: no such provider.
  Result<void> rotate_hook(const std::string &provider, Milliseconds overlap);

  [[nodiscard]] Instant business_now() const;
  /// Test clock only: walks every next_at up to `target`. With `settle`, returns when no attempt is open and
  /// nothing inbound waits (at most `timeout` of wall time per standstill, then an error that says what is
  /// still open).
  Result<void> advance_clock(Instant target, bool settle, Milliseconds timeout,
                             const ClockProgress &progress);

 private:
  class Loop;
  explicit Engine(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace relance::engine
