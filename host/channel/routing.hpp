// Routing: which channel, which contact point, which provider — the step's channels in order × the region's
// providers in order, minus those that cannot be used, each with its reason. Among providers that share a
// place the message's key decides by their weights, and always alike: no chance is drawn. Pure: looks at
// values, asks nobody.
#pragma once

#include "host/base/time.hpp"
#include "host/config/configuration.hpp"
#include "host/store/records.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace relance::channel {

inline constexpr const char *kWindowFull{"its window is full"};

/// What routing needs to know of a provider at this moment.
struct ProviderStatus {
  std::string id, channel;
  bool is_paused{false};  ///< by an operator, its health, its breaker or a pause that it asked for
  std::string paused_because;
  Instant paused_until{Instant::max()};  ///< wall time; max: until something happens
  std::uint32_t credit{0};               ///< submissions it would take now
  std::string no_credit_because{kWindowFull};
  Instant credit_at{Instant::max()};  ///< wall time at which it takes some again; max: when something ends
  std::string
      closed_because;  ///< by the calendar: a maintenance, or a day's or a month's limit; empty: it is not
  Instant closed_until{Instant::max()};  ///< business time
};

/// A provider where it stands in the region's list; `entry` null: the built-in person.
struct Candidate {
  ProviderStatus *status{nullptr};
  const config::RegionProvider *entry{nullptr};
};

/// What a provider has said of this very message, or an operator's limits have.
struct ProviderRefusal {
  std::string provider, because;
  bool is_final{false};                    ///< of this message: it never takes it
  Instant until{Instant::max()};           ///< wall time; else
  Instant business_until{Instant::max()};  ///< business time
};

struct RouteRefusal {
  std::string channel, provider;  ///< provider empty: the channel itself
  std::string because;
};

struct Route {
  std::size_t channel_index{0};            ///< in the step's list
  const store::Contact *contact{nullptr};  ///< nullptr for "task": a person needs no address
  ProviderStatus *provider{nullptr};
};

struct RouteResult {
  std::optional<Route> route;
  /// Set when nothing can be used now but something may be later (a provider is down or has no credit): do
  /// not fall through to a costlier channel for a passing fault.
  bool is_temporary{false};
  Instant retry_at{Instant::max()};           ///< wall time
  /// A window is full: that ends with the next outcome. Without this, what is waited for takes its time.
  bool awaits_window{false};
  const ProviderStatus *limited{nullptr};  ///< the first whose rate is used up for the moment
  bool awaits_calendar{false};                ///< nothing but business time opens a way, at
  Instant business_retry_at{Instant::max()};  ///< business time
  std::vector<RouteRefusal> refusals;
};

inline constexpr std::string_view kTaskChannel{"task"};

struct RouteQuery {
  std::span<const std::string> channels;
  std::size_t from{0};  ///< index of the first channel whose turn it is
  std::span<const store::Contact> contacts;
  bool is_consumer{false};                ///< must have consented before a registered e-mail (FR, CPCE L100)
  std::span<const Candidate> candidates;  ///< the region's, in order of preference
  std::uint64_t key{0};                   ///< of the reminder: shares out what has one rank
  std::span<const ProviderRefusal> refused{};
  std::string_view country{};             ///< of the debtor: how an envelope must look
};
RouteResult find_route(const RouteQuery &query);

/// Whether the provider's prefixes and domains allow this address.
bool serves(const config::RegionProvider &entry, std::string_view address);
/// A key of a reminder: the same for each of its attempts, in any run of the program.
std::uint64_t route_key(std::int64_t creditor, std::int64_t debtor, std::int64_t case_id, std::int32_t step,
                        std::int32_t round);

}  // namespace relance::channel
