#include "host/domain/zone.hpp"

#include "host/domain/holiday_rule.hpp"

#include <boost/test/unit_test.hpp>
#include <date/tz.h>

#include <rapidcheck.h>

namespace relance::domain {
namespace {

/// Any value of [low, high) from the first run on; RapidCheck's own ranges begin near `low`.
template <class T = int>
T anywhere(T low, T high) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<T>(low, high));
}

Zone zone(std::string_view name) {
  return Zone::of(name).value();
}
Instant instant(std::string_view text) {
  return parse_instant(text).value();
}

std::string local_text(std::string_view name, std::string_view at) {
  const LocalTime local{zone(name).local(instant(at))};
  return format_date(local.date) + " " + std::to_string(local.minute_of_day / 60) + ":" +
         std::to_string(local.minute_of_day % 60);
}
std::string first_text(std::string_view name, CivilDate date, int minute) {
  return format_instant(zone(name).first_instant_of(date, minute));
}

constexpr int at_clock(int hour, int minute) {
  return hour * 60 + minute;
}

/// Zones with every kind of oddity: half hours, no changes, winter "saving", a skipped day, Ramadan.
constexpr const char *kZones[]{
    "Europe/Paris",      "Europe/London",   "Europe/Dublin",       "America/New_York",
    "America/St_Johns",  "Asia/Kolkata",    "Australia/Lord_Howe", "Pacific/Apia",
    "Africa/Casablanca", "Asia/Gaza",       "America/Sao_Paulo",   "Pacific/Kiritimati",
    "Antarctica/Troll",  "Africa/Monrovia", "Atlantic/Azores",     "UTC"};

std::int64_t offset_minutes(const Zone &one, Instant at) {
  const LocalTime local{one.local(at)};
  return std::int64_t{to_day_number(local.date)} * 1440 + local.minute_of_day -
         std::chrono::floor<std::chrono::minutes>(at).time_since_epoch().count();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(zone_test)

BOOST_AUTO_TEST_CASE(an_instant_is_a_date_and_a_time_on_the_wall) {
  BOOST_TEST(local_text("Europe/Paris", "2026-01-15T23:30:00Z") == "2026-01-16 0:30");
  BOOST_TEST(local_text("Europe/Paris", "2026-07-15T22:30:59.999Z") == "2026-07-16 0:30");
  BOOST_TEST(local_text("Asia/Kolkata", "2026-07-15T00:00:00Z") == "2026-07-15 5:30");
  BOOST_TEST(local_text("America/New_York", "2026-01-01T04:59:00Z") == "2025-12-31 23:59");
  BOOST_TEST(local_text("UTC", "1970-01-01T00:00:00Z") == "1970-01-01 0:0");
  BOOST_TEST(local_text("Europe/London", "1969-12-31T23:59:00Z") == "1970-01-01 0:59");
}

BOOST_AUTO_TEST_CASE(in_a_gap_it_is_the_first_instant_after_it) {
  const CivilDate spring{civil(2026, 3, 29)};
  BOOST_TEST(first_text("Europe/Paris", spring, at_clock(1, 59)) == "2026-03-29T00:59:00Z");
  BOOST_TEST(first_text("Europe/Paris", spring, at_clock(2, 0)) == "2026-03-29T01:00:00Z");
  BOOST_TEST(first_text("Europe/Paris", spring, at_clock(2, 30)) == "2026-03-29T01:00:00Z");
  BOOST_TEST(first_text("Europe/Paris", spring, at_clock(3, 1)) == "2026-03-29T01:01:00Z");
  // Midnight itself was in the gap, and a whole day was skipped.
  BOOST_TEST(first_text("America/Sao_Paulo", civil(2018, 11, 4), 0) == "2018-11-04T03:00:00Z");
  BOOST_TEST(first_text("Pacific/Apia", civil(2011, 12, 30), at_clock(12, 0)) == "2011-12-30T10:00:00Z");
}

BOOST_AUTO_TEST_CASE(in_an_overlap_it_is_the_earlier_instant) {
  const CivilDate autumn{civil(2026, 10, 25)};
  BOOST_TEST(first_text("Europe/Paris", autumn, at_clock(2, 30)) == "2026-10-25T00:30:00Z");
  BOOST_TEST(first_text("Europe/Paris", autumn, at_clock(3, 0)) == "2026-10-25T02:00:00Z");
  BOOST_TEST(first_text("America/New_York", civil(2026, 11, 1), at_clock(1, 0)) == "2026-11-01T05:00:00Z");
}

BOOST_AUTO_TEST_CASE(minute_1440_is_the_next_midnight) {
  BOOST_TEST(first_text("Europe/Paris", civil(2026, 3, 29), 1440) == "2026-03-29T22:00:00Z");
  BOOST_TEST(first_text("Europe/Paris", civil(2026, 3, 28), 1440) ==
             first_text("Europe/Paris", civil(2026, 3, 29), 0));
}

BOOST_AUTO_TEST_CASE(an_unknown_zone_is_refused_by_name) {
  for (const char *name :
       {"", "Europe/Pariss", "CEST", "localtime", "../../etc/passwd", "Europe", "europe/paris"}) {
    const auto one = Zone::of(name);
    BOOST_TEST_REQUIRE(one.has_error(), name);
    BOOST_TEST((one.error().kind == ErrorKind::invalid));
    BOOST_TEST(one.error().message.find(name) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_zone_is_one_pointer_and_equal_to_itself) {
  static_assert(sizeof(Zone) == sizeof(void *) && std::is_trivially_copyable_v<Zone>);
  BOOST_TEST((zone("Europe/Paris") == zone("Europe/Paris")));
  BOOST_TEST((zone("Europe/Paris") != zone("Europe/Rome")));
  BOOST_TEST(zone("Europe/Paris").name() == "Europe/Paris");
}

BOOST_AUTO_TEST_CASE(offsets_are_those_of_the_database) {
  // Up to 2037, where the compiled database ends.
  BOOST_TEST(rc::check([] {
    const char *name{kZones[anywhere<std::size_t>(0, std::size(kZones))]};
    const std::int64_t seconds{anywhere<std::int64_t>(0, 2145916800)};
    const auto info = date::locate_zone(name)->get_info(date::sys_seconds{std::chrono::seconds{seconds}});
    const auto expected =
        std::chrono::floor<std::chrono::minutes>(std::chrono::seconds{seconds} + info.offset) -
        std::chrono::floor<std::chrono::minutes>(std::chrono::seconds{seconds});
    RC_ASSERT(offset_minutes(zone(name), from_ms(seconds * 1000)) == expected.count());
  }));
}

BOOST_AUTO_TEST_CASE(yearly_changes_go_on_after_the_database_ends) {
  for (int year{2030}; year <= 2100; ++year) {
    const auto last_sunday = [&](unsigned month) {
      CivilDate date{civil(year, month, 31)};
      while (weekday_of(date) != Weekday::sunday) date -= Days{1};
      return date;
    };
    const Zone paris{zone("Europe/Paris")}, new_york{zone("America/New_York")},
        sydney{zone("Australia/Sydney")};
    const auto utc = [](CivilDate date, int hour) {
      return Instant{date.time_since_epoch()} + std::chrono::hours{hour};
    };
    const Milliseconds just{1};
    BOOST_TEST(offset_minutes(paris, utc(last_sunday(3), 1) - just) == 60);
    BOOST_TEST(offset_minutes(paris, utc(last_sunday(3), 1)) == 120);
    BOOST_TEST(offset_minutes(paris, utc(last_sunday(10), 1) - just) == 120);
    BOOST_TEST(offset_minutes(paris, utc(last_sunday(10), 1)) == 60);
    const auto first_sunday_from = [&](unsigned month, unsigned day) {
      CivilDate date{civil(year, month, day)};
      while (weekday_of(date) != Weekday::sunday) date += Days{1};
      return date;
    };
    BOOST_TEST(offset_minutes(new_york, utc(first_sunday_from(3, 8), 7) - just) == -300);
    BOOST_TEST(offset_minutes(new_york, utc(first_sunday_from(3, 8), 7)) == -240);
    BOOST_TEST(offset_minutes(new_york, utc(first_sunday_from(11, 1), 6)) == -300);
    BOOST_TEST(offset_minutes(sydney, utc(first_sunday_from(4, 1), -8) - just) == 660);
    BOOST_TEST(offset_minutes(sydney, utc(first_sunday_from(4, 1), -8)) == 600);
    BOOST_TEST(offset_minutes(sydney, utc(first_sunday_from(10, 1), -8)) == 660);
  }
}

BOOST_AUTO_TEST_CASE(the_first_instant_is_the_earliest_that_shows_the_time_or_later) {
  BOOST_TEST(rc::check([] {
    const Zone one{zone(kZones[anywhere<std::size_t>(0, std::size(kZones))])};
    const CivilDate date{from_day_number(anywhere(1, to_day_number(civil(2100, 12, 31))))};
    const int minute{anywhere(0, 1440)};
    const LocalTime wanted{date, minute};
    const Instant first{one.first_instant_of(date, minute)};
    RC_ASSERT(one.local(first) >= wanted);
    // Nothing in the day before it shows that time: look back in steps that no change of the clocks is
    // shorter than.
    for (int back{1}; back <= 1560; ++back) RC_ASSERT(one.local(first - std::chrono::minutes{back}) < wanted);
  }));
}

BOOST_AUTO_TEST_CASE(every_instant_is_found_again_from_its_local_time_or_its_twin) {
  BOOST_TEST(rc::check([] {
    const Zone one{zone(kZones[anywhere<std::size_t>(0, std::size(kZones))])};
    const Instant at{from_ms(anywhere<std::int64_t>(100'000'000, 4'133'894'400'000))};
    const LocalTime local{one.local(at)};
    const Instant again{one.first_instant_of(local.date, local.minute_of_day)};
    RC_ASSERT(again <= at);
    RC_ASSERT(one.local(again) == local);
  }));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::domain
