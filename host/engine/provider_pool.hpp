// The provider instances of one configuration, with what the engine knows of each: credit, pauses, what was
// handed over. Engine's thread only.
#pragma once

#include "host/channel/provider.hpp"
#include "host/channel/routing.hpp"
#include "host/config/configuration.hpp"
#include "host/engine/business_clock.hpp"
#include "host/engine/engine.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace relance::channel {
struct ProviderSettings;
}

namespace relance::engine {

struct PooledProvider {
  channel::ProviderStatus status;
  ProviderReport report;
  std::unique_ptr<channel::Provider> provider;
  std::string version;      ///< of the file it was made from: an unchanged one survives a reload
  std::uint32_t window{0};  ///< the most that may be in flight: its own word, our limit
  std::optional<std::uint32_t>
      granted{};  ///< what it last said it would still take, less what went since; none: never said
  std::uint32_t in_doubt{0};  ///< unknown outcomes not resolved yet
  std::set<channel::Token> in_flight;
  bool is_polling{false};
  Instant next_poll{Instant::min()};  ///< wall time
};

/// The provider every configuration has: a person's task.
inline constexpr const char *kTaskProvider{"task"};

class ProviderPool {
 public:
  ProviderPool(channel::ProviderEvents &events, std::filesystem::path program, const BusinessClock &clock)
      : events_{events}, program_{std::move(program)}, clock_{clock} {}

  /// Makes and starts what the configuration names and is not running unchanged already; stops what it no
  /// longer names. On an error nothing has changed: new instances are gone again, old ones run on.
  Result<void> apply(const config::Configuration &configuration);
  void stop(Milliseconds grace);

  /// Null when the configuration no longer has it.
  PooledProvider *find(const std::string &id);
  [[nodiscard]] std::map<std::string, PooledProvider> &all() { return providers_; }

  /// The region's providers of these channels, in order of preference, then the built-in person. `wall`:
  /// pauses that are over end here.
  std::vector<channel::ProviderStatus *> for_region(const config::Region &region,
                                                    const std::vector<std::string> &channels, Instant wall);

  void grant(const std::string &id, std::uint32_t credit);
  /// It last said "degraded" or "down", or is paused.
  [[nodiscard]] bool is_troubled(const std::string &id) const;
  void set_health(const std::string &id, const channel::Health &health);
  void pause_until(const std::string &id, Instant until, std::string because);
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
  [[nodiscard]] channel::ProviderSettings settings_of(const config::Configuration &configuration,
                                                      const config::ProviderSettings &settings) const;
  Result<PooledProvider> make(const config::Configuration &configuration,
                              const config::ProviderSettings &settings);

  channel::ProviderEvents &events_;
  std::filesystem::path program_;
  const BusinessClock &clock_;
  std::uint32_t in_doubt_max_{64};
  std::map<std::string, PooledProvider> providers_;
};

}  // namespace relance::engine
