// The two notions of time that the tree has: an instant (UTC milliseconds) and a civil date (no zone, no
// clock). Zones join them and live in host/domain/zone.hpp. Clocks: business time decides, wall time guards
// (DESIGN "Two clocks").
#pragma once

#include "host/base/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace relance {

using Milliseconds = std::chrono::milliseconds;
using Days = std::chrono::days;

/// A moment, UTC, in milliseconds since 1970-01-01T00:00:00Z.
using Instant = std::chrono::sys_time<Milliseconds>;

/// A day of a calendar, in no particular zone.
using CivilDate = std::chrono::local_days;

constexpr std::int64_t to_ms(Instant at) {
  return at.time_since_epoch().count();
}
constexpr Instant from_ms(std::int64_t ms) {
  return Instant{Milliseconds{ms}};
}
constexpr std::int32_t to_day_number(CivilDate date) {
  return static_cast<std::int32_t>(date.time_since_epoch().count());
}
constexpr CivilDate from_day_number(std::int32_t days) {
  return CivilDate{Days{days}};
}
constexpr CivilDate civil(int year, unsigned month, unsigned day) {
  return CivilDate{std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day}};
}

/// "2026-11-22". Years 0001 to 9999.
std::string format_date(CivilDate date);
/// ISO 8601 calendar date, exactly YYYY-MM-DD; a day that does not exist is an error.
Result<CivilDate> parse_date(std::string_view text);
/// "2026-11-22T08:30:00Z"; milliseconds are printed only where they are not zero.
std::string format_instant(Instant at);
/// RFC 3339 with Z or a numeric offset; seconds may carry a fraction (cut to milliseconds).
Result<Instant> parse_instant(std::string_view text);

/// Where the engine reads time. Business time may be virtual (test clock, simulation); wall time never is.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;
};

/// The machine's own time.
class WallClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override {
    return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
  }
};

}  // namespace relance
