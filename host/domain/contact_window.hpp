// When a recipient may be contacted: hours of each weekday on the recipient's own clock, and whether public
// holidays close the day. Answers are stretches of instants, so that daylight saving needs no thought from
// the caller.
#pragma once

#include "host/base/result.hpp"
#include "host/base/time.hpp"
#include "host/domain/calendar.hpp"
#include "host/domain/zone.hpp"

#include <boost/container/static_vector.hpp>

#include <array>

namespace relance::domain {

/// Minutes of the day, [from, until): 0 ≤ from < until ≤ 1440.
struct MinuteRange {
  int from{0};
  int until{0};
  constexpr bool operator==(const MinuteRange &) const = default;
};

/// A morning, an afternoon, an evening: more than this is a mistake in a configuration.
inline constexpr std::size_t kRangesPerDayMax{8};
using DayHours = boost::container::static_vector<MinuteRange, kRangesPerDayMax>;
/// By Weekday, Sunday first; an empty day is closed.
using WeekHours = std::array<DayHours, 7>;

/// An allowed stretch, [from, until).
struct OpenStretch {
  Instant from{};
  Instant until{};
  constexpr bool operator==(const OpenStretch &) const = default;
};

/// How far ahead an open day is looked for.
inline constexpr int kSearchDaysMax{400};
/// Stretches that touch at midnight are one; after this many days the end is given anyway, so that an answer
/// is cheap where it is never closed.
inline constexpr int kJoinedDaysMax{7};
/// The end of 9999: both ends of the answer where no day within kSearchDaysMax is open.
inline constexpr Instant kNever{Milliseconds{253402300799999}};

class ContactWindow {
 public:
  /// Refused: no open hours at all, a range out of order or out of the day, ranges of one day that overlap.
  static Result<ContactWindow> make(Zone zone, Calendar calendar, WeekHours hours, bool closed_on_holidays);
  /// Open at any time of any day.
  static ContactWindow always(Zone zone, Calendar calendar);

  /// The same hours on the clocks of another place.
  [[nodiscard]] ContactWindow in_zone(Zone zone) const { return {zone, calendar_, hours_, closed_on_holidays_}; }

  [[nodiscard]] const Zone &zone() const { return zone_; }
  [[nodiscard]] const Calendar &calendar() const { return calendar_; }
  [[nodiscard]] bool closed_on_holidays() const { return closed_on_holidays_; }

  /// The stretch that is open at `at` (then `from` is `at`), or the next one; {kNever, kNever} where none
  /// comes.
  [[nodiscard]] OpenStretch next_allowed(Instant at) const;
  /// The first allowed instant of that date on the recipient's clock, or of the next open day; or kNever.
  [[nodiscard]] Instant first_allowed_on_or_after(CivilDate date) const;

 private:
  ContactWindow(Zone zone, Calendar calendar, const WeekHours &hours, bool closed_on_holidays)
      : zone_{zone}, calendar_{calendar}, hours_{hours}, closed_on_holidays_{closed_on_holidays} {}

  [[nodiscard]] const DayHours &hours_of(CivilDate date) const;
  [[nodiscard]] OpenStretch search(Instant at, CivilDate first_day) const;
  [[nodiscard]] Instant end_of(CivilDate date, const MinuteRange &range) const;

  Zone zone_;
  Calendar calendar_;
  WeekHours hours_;
  bool closed_on_holidays_;
};

}  // namespace relance::domain
