// How a law names a public holiday: a fixed date, a distance from Easter, or a weekday on or after a date,
// with its years, its regions and what happens on a weekend. Each country's law is one table of such rules
// (holidays_*.cpp).
#pragma once

#include "host/base/time.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace relance::domain {

/// The Gregorian Easter Sunday of a year.
CivilDate easter_sunday(int year);

enum class Weekday : std::uint8_t { sunday, monday, tuesday, wednesday, thursday, friday, saturday };

constexpr Weekday weekday_of(CivilDate date) {
  return static_cast<Weekday>(std::chrono::weekday{date}.c_encoding());
}

/// What the law does with a holiday that falls on a day off anyway.
enum class OnWeekend : std::uint8_t {
  stays,               ///< nothing: it is a holiday all the same
  sunday_is_none,      ///< a Sunday takes its place: no holiday of its own is published (ES)
  sunday_to_monday,    ///< moved from a Sunday to the Monday after it (ES, by community)
  substitute_weekday,  ///< stays, and the next weekday that is no holiday is one too (GB)
};

/// One sentence of a law. Built by the functions below; all text is static.
struct HolidayRule {
  enum class Kind : std::uint8_t { fixed, easter, weekday_from };
  static constexpr std::size_t kYearsMax{14};

  std::string_view name{};
  Kind kind{Kind::fixed};
  OnWeekend on_weekend{OnWeekend::stays};
  Weekday weekday{Weekday::sunday};
  std::uint8_t month{0}, day{0};
  std::int16_t offset_days{0};
  std::string_view regions{};  ///< subdivision codes between spaces; empty: everywhere
  std::int16_t first_year{0}, last_year{9999};
  std::array<std::int16_t, kYearsMax> only_years{}, except_years{};  ///< up to the first 0; empty: no limit
  std::uint8_t sunday_month{0}, sunday_day{0};  ///< only in years when this date is a Sunday

  [[nodiscard]] constexpr HolidayRule in(std::string_view codes) const {
    HolidayRule copy{*this};
    copy.regions = codes;
    return copy;
  }
  [[nodiscard]] constexpr HolidayRule since(int year) const {
    HolidayRule copy{*this};
    copy.first_year = static_cast<std::int16_t>(year);
    return copy;
  }
  [[nodiscard]] constexpr HolidayRule until(int year) const {
    HolidayRule copy{*this};
    copy.last_year = static_cast<std::int16_t>(year);
    return copy;
  }
  template <class... Years>
  [[nodiscard]] constexpr HolidayRule only(Years... years) const {
    static_assert(sizeof...(years) <= kYearsMax);
    HolidayRule copy{*this};
    copy.only_years = {static_cast<std::int16_t>(years)...};
    return copy;
  }
  template <class... Years>
  [[nodiscard]] constexpr HolidayRule except(Years... years) const {
    static_assert(sizeof...(years) <= kYearsMax);
    HolidayRule copy{*this};
    copy.except_years = {static_cast<std::int16_t>(years)...};
    return copy;
  }
  /// Chosen to make up for a holiday that is lost because its date is a Sunday that year.
  [[nodiscard]] constexpr HolidayRule when_sunday(int in_month, int on_day) const {
    HolidayRule copy{*this};
    copy.sunday_month = static_cast<std::uint8_t>(in_month);
    copy.sunday_day = static_cast<std::uint8_t>(on_day);
    return copy;
  }
  [[nodiscard]] constexpr HolidayRule plus_days(int days) const {
    HolidayRule copy{*this};
    copy.offset_days = static_cast<std::int16_t>(days);
    return copy;
  }
  [[nodiscard]] constexpr HolidayRule falling(OnWeekend what) const {
    HolidayRule copy{*this};
    copy.on_weekend = what;
    return copy;
  }
  [[nodiscard]] constexpr HolidayRule named(std::string_view other) const {
    HolidayRule copy{*this};
    copy.name = other;
    return copy;
  }
};

constexpr HolidayRule fixed(int month, int day, std::string_view name) {
  HolidayRule rule;
  rule.name = name;
  rule.month = static_cast<std::uint8_t>(month);
  rule.day = static_cast<std::uint8_t>(day);
  return rule;
}

/// `offset_days` after (before, where negative) Easter Sunday.
constexpr HolidayRule easter(int offset_days, std::string_view name) {
  HolidayRule rule;
  rule.name = name;
  rule.kind = HolidayRule::Kind::easter;
  rule.offset_days = static_cast<std::int16_t>(offset_days);
  return rule;
}

/// The first such weekday on or after a date; the last Monday of May is the Monday from 25 May.
constexpr HolidayRule weekday_from(Weekday weekday, int month, int day, std::string_view name) {
  HolidayRule rule{fixed(month, day, name)};
  rule.kind = HolidayRule::Kind::weekday_from;
  rule.weekday = weekday;
  return rule;
}

/// The holidays of one country: its rules, and every subdivision that its law tells apart (codes between
/// spaces).
struct HolidayLaw {
  std::string_view country;
  std::string_view subdivisions;
  std::span<const HolidayRule> rules;
};

const HolidayLaw &belgian_holidays();
const HolidayLaw &british_holidays();
const HolidayLaw &french_holidays();
const HolidayLaw &german_holidays();
const HolidayLaw &italian_holidays();
const HolidayLaw &spanish_holidays();
const HolidayLaw &target_holidays();

struct Holiday {
  CivilDate date{};
  std::string_view name{};
  bool is_substitute{false};  ///< a working day that stands in for the holiday of that name
};

/// The holidays of one year in a subdivision ("" = the country at large), sorted, one a day.
std::vector<Holiday> holidays_of_year(const HolidayLaw &law, std::string_view subdivision, int year);

/// Is `code` one of the codes between spaces?
bool lists_code(std::string_view codes, std::string_view code);

}  // namespace relance::domain
