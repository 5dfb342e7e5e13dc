// What an operator allows a provider: how fast, how many, for how much, and when not. Values only; what
// follows from them is decided in host/channel (limits, breaker).
#pragma once

#include "host/base/result.hpp"
#include "host/base/time.hpp"
#include "host/domain/zone.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::config {

/// An amount in millionths of a currency's unit: an SMS costs 0.0075 EUR.
struct MicroPrice {
  std::int64_t micro{0};
  std::string currency;  ///< ISO 4217
  bool operator==(const MicroPrice &) const = default;
};
/// "0.0075 EUR": up to six decimals, never negative.
Result<MicroPrice> parse_micro_price(std::string_view text);
std::string format_micro_price(std::int64_t micro, std::string_view currency);

/// Twenty in a row is an outage, not a run of bad luck with single recipients, and far fewer than the 64 in
/// doubt that stop a provider for good.
struct BreakerSettings {
  bool is_enabled{true};
  std::uint32_t in_a_row{20};      ///< messages not sent or in doubt; 0: never by this
  std::uint32_t ratio_percent{0};  ///< of the last `window` messages; 0: never by this
  std::uint32_t window{50};
  Milliseconds delay{30'000};  ///< until one message is tried; doubles with each that fails
  Milliseconds delay_max{900'000};
};

/// Nothing is handed over from `from` until `until` (minutes of the day) on these days; `until` not after
/// `from`: of the next day.
struct MaintenanceWindow {
  std::array<bool, 7> days{};  ///< Sunday first
  int from{0}, until{0};
  std::optional<domain::Zone> zone{};  ///< none: SendLimits::zone
};

struct SendLimits {
  double per_second{0};                 ///< 0: as fast as it takes them
  std::uint32_t burst{0};               ///< messages that may go at once after a rest; at least 1
  std::uint32_t per_day{0};             ///< 0: any number
  std::optional<MicroPrice> price_max;  ///< of one message
  std::optional<MicroPrice> day_budget, month_budget;
  BreakerSettings breaker;
  std::vector<MaintenanceWindow> maintenance;
  /// Whose days and months these are: its own time_zone, else that of the regions which list it.
  std::optional<domain::Zone> zone;

  /// Something of it is counted a day, and so kept in the store.
  [[nodiscard]] bool is_counted() const { return per_day != 0 || day_budget || month_budget; }
  [[nodiscard]] bool has_prices() const { return price_max || day_budget || month_budget; }
  [[nodiscard]] CivilDate day_of(Instant at) const;
};

/// When the maintenance that `at` lies in ends; nothing: it lies in none.
std::optional<Instant> maintenance_until(const SendLimits &limits, Instant at);
/// The first instant of the day, or of the month, after the one that `at` lies in.
Instant next_day(const SendLimits &limits, Instant at);
Instant next_month(const SendLimits &limits, Instant at);

}  // namespace relance::config
