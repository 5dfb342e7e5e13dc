// Turns rules into the dates of one year. Runs when a calendar is built, so it favours plainness over speed.
#include "host/domain/holiday_rule.hpp"

#include <algorithm>

namespace relance::domain {
namespace {

bool lists_year(const std::array<std::int16_t, HolidayRule::kYearsMax> &years, int year) {
  return std::ranges::find(years, static_cast<std::int16_t>(year)) != years.end();
}

bool holds_in(const HolidayRule &rule, std::string_view subdivision, int year) {
  if (!rule.regions.empty() && !lists_code(rule.regions, subdivision)) return false;
  if (year < rule.first_year || year > rule.last_year) return false;
  if (rule.only_years[0] != 0 && !lists_year(rule.only_years, year)) return false;
  if (lists_year(rule.except_years, year)) return false;
  return rule.sunday_month == 0 ||
         weekday_of(civil(year, rule.sunday_month, rule.sunday_day)) == Weekday::sunday;
}

CivilDate date_in(const HolidayRule &rule, int year) {
  if (rule.kind == HolidayRule::Kind::easter) return easter_sunday(year) + Days{rule.offset_days};
  CivilDate date{civil(year, rule.month, rule.day) +
                 Days{rule.kind == HolidayRule::Kind::fixed ? rule.offset_days : 0}};
  if (rule.kind == HolidayRule::Kind::weekday_from) {
    const int ahead{(static_cast<int>(rule.weekday) - static_cast<int>(weekday_of(date)) + 7) % 7};
    date += Days{ahead + rule.offset_days};
  }
  return date;
}

bool falls_on_weekend(CivilDate date) {
  const Weekday day{weekday_of(date)};
  return day == Weekday::saturday || day == Weekday::sunday;
}

bool contains(const std::vector<Holiday> &holidays, CivilDate date) {
  return std::ranges::find(holidays, date, &Holiday::date) != holidays.end();
}

}  // namespace

CivilDate easter_sunday(int year) {
  // The computus in Butcher's form: golden number, century corrections, epact, then the Sunday after the full
  // moon.
  const int golden{year % 19}, century{year / 100}, in_century{year % 100};
  const int moon_correction{(century - (century + 8) / 25 + 1) / 3};
  const int epact{(19 * golden + century - century / 4 - moon_correction + 15) % 30};
  const int to_sunday{(32 + 2 * (century % 4) + 2 * (in_century / 4) - epact - in_century % 4) % 7};
  const int late{(golden + 11 * epact + 22 * to_sunday) / 451};
  const int march_based{epact + to_sunday - 7 * late + 114};
  return civil(year, static_cast<unsigned>(march_based / 31), static_cast<unsigned>(march_based % 31 + 1));
}

bool lists_code(std::string_view codes, std::string_view code) {
  while (!codes.empty()) {
    const auto end = std::min(codes.find(' '), codes.size());
    if (codes.substr(0, end) == code) return true;
    codes.remove_prefix(std::min(end + 1, codes.size()));
  }
  return false;
}

std::vector<Holiday> holidays_of_year(const HolidayLaw &law, std::string_view subdivision, int year) {
  std::vector<Holiday> holidays;
  std::vector<Holiday> to_substitute;
  for (const HolidayRule &rule : law.rules) {
    if (!holds_in(rule, subdivision, year)) continue;
    Holiday holiday{date_in(rule, year), rule.name, false};
    const bool sunday{weekday_of(holiday.date) == Weekday::sunday};
    if (rule.on_weekend == OnWeekend::sunday_is_none && sunday) continue;
    if (rule.on_weekend == OnWeekend::sunday_to_monday && sunday)
      holiday = {holiday.date + Days{1}, rule.name, true};
    if (rule.on_weekend == OnWeekend::substitute_weekday && falls_on_weekend(holiday.date))
      to_substitute.push_back(holiday);
    if (!contains(holidays, holiday.date)) holidays.push_back(holiday);
  }
  // Substitutes come last and in the order of their dates: each takes the next weekday that is still free.
  std::ranges::sort(to_substitute, {}, &Holiday::date);
  for (Holiday holiday : to_substitute) {
    do holiday.date += Days{1};
    while (falls_on_weekend(holiday.date) || contains(holidays, holiday.date));
    holiday.is_substitute = true;
    holidays.push_back(holiday);
  }
  std::ranges::sort(holidays, {}, &Holiday::date);
  return holidays;
}

}  // namespace relance::domain
