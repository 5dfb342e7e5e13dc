// The search for the next open stretch: day by day on the recipient's calendar, compared as instants.
#include "host/domain/contact_window.hpp"

#include <algorithm>
#include <string>

namespace relance::domain {
namespace {

constexpr int kDayEnd{1440};
constexpr std::array<const char *, 7> kDayNames{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                "Thursday", "Friday", "Saturday"};

std::string clock(int minute) {
  const auto two = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return two(minute / 60) + ":" + two(minute % 60);
}

}  // namespace

Result<ContactWindow> ContactWindow::make(Zone zone, Calendar calendar, WeekHours hours,
                                          bool closed_on_holidays) {
  bool any{false};
  for (std::size_t day{0}; day < hours.size(); ++day) {
    DayHours &ranges = hours[day];
    std::ranges::sort(ranges, {}, &MinuteRange::from);
    DayHours joined;
    for (const MinuteRange &range : ranges) {
      if (range.from < 0 || range.until > kDayEnd || range.from >= range.until)
        return invalid(std::string("the contact hours of ") + kDayNames[day] +
                       " must begin before they end, within 00:00 to 24:00");
      if (!joined.empty() && range.from < joined.back().until)
        return invalid(std::string("two contact hours of ") + kDayNames[day] + " overlap at " +
                       clock(range.from));
      if (!joined.empty() && range.from == joined.back().until)
        joined.back().until = range.until;
      else
        joined.push_back(range);
      any = true;
    }
    ranges = joined;
  }
  if (!any)
    return invalid(
        "the contact hours are empty on every day, so nobody could ever be contacted; open at least one");
  return ContactWindow{zone, calendar, hours, closed_on_holidays};
}

ContactWindow ContactWindow::always(Zone zone, Calendar calendar) {
  WeekHours hours;
  for (DayHours &day : hours) day.push_back({0, kDayEnd});
  return {zone, calendar, hours, false};
}

const DayHours &ContactWindow::hours_of(CivilDate date) const {
  static const DayHours closed{};
  if (closed_on_holidays_ && calendar_.is_holiday(date)) return closed;
  return hours_[static_cast<std::size_t>(weekday_of(date))];
}

/// Where the stretch that begins with this range ends: later days are part of it while they touch at
/// midnight.
Instant ContactWindow::end_of(CivilDate date, const MinuteRange &range) const {
  int until{range.until};
  for (int joined{1}; until == kDayEnd && joined < kJoinedDaysMax; ++joined) {
    const DayHours &next = hours_of(date + Days{1});
    if (next.empty() || next.front().from != 0) break;
    date += Days{1};
    until = next.front().until;
  }
  return zone_.first_instant_of(date, until);
}

OpenStretch ContactWindow::search(Instant at, CivilDate first_day) const {
  for (int ahead{0}; ahead < kSearchDaysMax; ++ahead) {
    const CivilDate date{first_day + Days{ahead}};
    for (const MinuteRange &range : hours_of(date)) {
      // A range that lies in a gap of daylight saving is empty that day: both its ends are the instant after
      // the gap.
      const Instant closes{zone_.first_instant_of(date, range.until)};
      if (closes <= at) continue;
      const Instant opens{zone_.first_instant_of(date, range.from)};
      if (opens == closes) continue;
      return {std::max(opens, at), range.until == kDayEnd ? end_of(date, range) : closes};
    }
  }
  return {kNever, kNever};
}

OpenStretch ContactWindow::next_allowed(Instant at) const {
  return search(at, zone_.local(at).date);
}

Instant ContactWindow::first_allowed_on_or_after(CivilDate date) const {
  return search(zone_.first_instant_of(date), date).from;
}

}  // namespace relance::domain
