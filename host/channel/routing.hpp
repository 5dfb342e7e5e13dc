// Routing: which channel, which contact point, which provider — the step's channels in order × the region's
// providers in order, minus those that cannot be used, each with its reason. Pure: looks at values, asks
// nobody.
#pragma once

#include "host/base/time.hpp"
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
  Instant retry_at{Instant::max()};  ///< wall time
  std::vector<RouteRefusal> refusals;
};

inline constexpr std::string_view kTaskChannel{"task"};

/// `from`: index of the first channel whose turn it is. `providers`: the region's, in order of preference.
/// `is_consumer` debtors must have consented before a registered e-mail (FR, CPCE L100).
RouteResult find_route(std::span<const std::string> channels, std::size_t from,
                       std::span<const store::Contact> contacts, bool is_consumer,
                       std::span<ProviderStatus *const> providers);

}  // namespace relance::channel
