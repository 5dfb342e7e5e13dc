// Time zones: between an instant and the date and time of day on a wall in a place. The rules come from the
// system's tzdata through howard-hinnant's date; each zone becomes one sorted table, so that a conversion is
// a few nanoseconds.
#pragma once

#include "host/base/result.hpp"
#include "host/base/time.hpp"

#include <string>
#include <string_view>

namespace relance::domain {

struct LocalTime {
  CivilDate date{};
  int minute_of_day{0};  ///< 0 to 1439
  constexpr auto operator<=>(const LocalTime &) const = default;
};

/// A pointer to a table that is built once a process and never freed: copy it freely, use it from any thread.
/// Exact from 1970 to 2100; outside, the nearest offset holds.
class Zone {
 public:
  /// By IANA name, as "Europe/Paris". An unknown name is an `invalid` error; a database that cannot be read
  /// is `unavailable`.
  static Result<Zone> of(std::string_view name);

  [[nodiscard]] const std::string &name() const;

  [[nodiscard]] LocalTime local(Instant at) const;

  /// The first instant at which the place's clocks show that date and time or later: in a gap (clocks go
  /// forward) the instant after it, in an overlap (clocks go back) the earlier of the two. 1440 is the end of
  /// the day.
  [[nodiscard]] Instant first_instant_of(CivilDate date, int minute_of_day = 0) const;

  /// The same name: two names of one zone are not compared.
  bool operator==(const Zone &) const = default;

 private:
  struct Table;
  explicit Zone(const Table &table) : table_{&table} {}

  const Table *table_;
};

}  // namespace relance::domain
