#include "host/domain/contact_window.hpp"

#include <boost/test/unit_test.hpp>

#include <rapidcheck.h>

namespace relance::domain {
BOOST_AUTO_TEST_SUITE(contact_window_test)

namespace {

/// Any value of [low, high) from the first run on; RapidCheck's own ranges begin near `low`.
template <class T = int>
T anywhere(T low, T high) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<T>(low, high));
}

Zone zone(std::string_view name) {
  return Zone::of(name).value();
}
Calendar calendar(std::string_view code) {
  return Calendar::parse(code).value();
}
Instant instant(std::string_view text) {
  return parse_instant(text).value();
}

WeekHours working_week(std::initializer_list<MinuteRange> ranges) {
  WeekHours hours;
  for (int day{1}; day <= 5; ++day) hours[static_cast<std::size_t>(day)].assign(ranges.begin(), ranges.end());
  return hours;
}

/// Paris, Monday to Friday 08:30-12:00 and 14:00-18:00, closed on French holidays.
ContactWindow paris_office() {
  return ContactWindow::make(zone("Europe/Paris"), calendar("FR"), working_week({{510, 720}, {840, 1080}}),
                             true)
      .value();
}

std::string text(const OpenStretch &stretch) {
  return format_instant(stretch.from) + " " + format_instant(stretch.until);
}
std::string next(const ContactWindow &window, std::string_view at) {
  return text(window.next_allowed(instant(at)));
}

}  // namespace

BOOST_AUTO_TEST_CASE(inside_a_stretch_it_is_open_from_now_to_its_end) {
  BOOST_TEST(next(paris_office(), "2026-11-23T09:00:00Z") == "2026-11-23T09:00:00Z 2026-11-23T11:00:00Z");
  BOOST_TEST(next(paris_office(), "2026-11-23T07:30:00Z") == "2026-11-23T07:30:00Z 2026-11-23T11:00:00Z");
}

BOOST_AUTO_TEST_CASE(the_end_of_a_stretch_is_closed_already) {
  BOOST_TEST(next(paris_office(), "2026-11-23T10:59:59.999Z") ==
             "2026-11-23T10:59:59.999Z 2026-11-23T11:00:00Z");
  BOOST_TEST(next(paris_office(), "2026-11-23T11:00:00Z") == "2026-11-23T13:00:00Z 2026-11-23T17:00:00Z");
}

BOOST_AUTO_TEST_CASE(evenings_weekends_and_holidays_wait_for_the_next_open_day) {
  BOOST_TEST(next(paris_office(), "2026-11-20T17:00:00Z") == "2026-11-23T07:30:00Z 2026-11-23T11:00:00Z");
  // Thursday 13 May 2027 is no holiday in France, Thursday 6 May (Ascension) is.
  BOOST_TEST(next(paris_office(), "2027-05-06T08:00:00Z") == "2027-05-07T06:30:00Z 2027-05-07T10:00:00Z");
  BOOST_TEST(next(paris_office(), "2027-05-13T08:00:00Z") == "2027-05-13T08:00:00Z 2027-05-13T10:00:00Z");
}

BOOST_AUTO_TEST_CASE(holidays_close_only_where_they_are_said_to) {
  const auto open =
      ContactWindow::make(zone("Europe/Paris"), calendar("FR"), working_week({{510, 720}}), false).value();
  BOOST_TEST(next(open, "2026-05-01T07:00:00Z") == "2026-05-01T07:00:00Z 2026-05-01T10:00:00Z");
}

BOOST_AUTO_TEST_CASE(the_first_instant_of_a_date_is_on_the_recipients_clock) {
  BOOST_TEST(format_instant(paris_office().first_allowed_on_or_after(civil(2026, 7, 15))) ==
             "2026-07-15T06:30:00Z");
  BOOST_TEST(format_instant(paris_office().first_allowed_on_or_after(civil(2026, 7, 14))) ==
             "2026-07-15T06:30:00Z");
  const auto reunion =
      ContactWindow::make(zone("Indian/Reunion"), calendar("FR-974"), working_week({{510, 720}}), true);
  BOOST_TEST(format_instant(reunion->first_allowed_on_or_after(civil(2027, 12, 20))) ==
             "2027-12-21T04:30:00Z");
}

BOOST_AUTO_TEST_CASE(hours_that_a_gap_of_daylight_saving_swallows_are_skipped) {
  WeekHours hours;
  hours[0].push_back({135, 165});  // Sundays 02:15 to 02:45
  const auto window = ContactWindow::make(zone("Europe/Paris"), calendar("FR"), hours, false).value();
  BOOST_TEST(next(window, "2026-03-28T12:00:00Z") == "2026-04-05T00:15:00Z 2026-04-05T00:45:00Z");
}

BOOST_AUTO_TEST_CASE(hours_that_an_overlap_repeats_are_open_the_first_time_only) {
  WeekHours hours;
  hours[0].push_back({135, 165});
  const auto window = ContactWindow::make(zone("Europe/Paris"), calendar("FR"), hours, false).value();
  BOOST_TEST(next(window, "2026-10-24T12:00:00Z") == "2026-10-25T00:15:00Z 2026-10-25T00:45:00Z");
  BOOST_TEST(next(window, "2026-10-25T01:20:00Z") == "2026-11-01T01:15:00Z 2026-11-01T01:45:00Z");
}

BOOST_AUTO_TEST_CASE(stretches_that_touch_at_midnight_are_one) {
  WeekHours hours;
  hours[1].push_back({1320, 1440});
  hours[2].push_back({0, 120});
  hours[2].push_back({120, 180});
  const auto window = ContactWindow::make(zone("UTC"), calendar("FR"), hours, false).value();
  BOOST_TEST(next(window, "2026-11-23T00:00:00Z") == "2026-11-23T22:00:00Z 2026-11-24T03:00:00Z");
  BOOST_TEST(next(window, "2026-11-24T01:00:00Z") == "2026-11-24T01:00:00Z 2026-11-24T03:00:00Z");
}

BOOST_AUTO_TEST_CASE(a_window_that_is_always_open_says_so_for_a_week) {
  const auto window = ContactWindow::always(zone("UTC"), calendar("FR"));
  BOOST_TEST(next(window, "2026-11-23T05:00:00Z") == "2026-11-23T05:00:00Z 2026-11-30T00:00:00Z");
}

BOOST_AUTO_TEST_CASE(hours_that_make_no_sense_are_refused_in_words) {
  const auto refused = [](std::initializer_list<MinuteRange> ranges) {
    const auto window = ContactWindow::make(zone("UTC"), calendar("FR"), working_week(ranges), true);
    return window.has_error() && !window.error().message.empty();
  };
  BOOST_TEST(refused({}));
  BOOST_TEST(refused({{600, 600}}));
  BOOST_TEST(refused({{600, 500}}));
  BOOST_TEST(refused({{-1, 500}}));
  BOOST_TEST(refused({{600, 1441}}));
  BOOST_TEST(refused({{600, 700}, {650, 800}}));
  BOOST_TEST(!refused({{650, 800}, {600, 650}}));
}

BOOST_AUTO_TEST_CASE(any_answer_lies_ahead_is_not_empty_and_has_nothing_open_before_it) {
  const char *const zones[]{"Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca",
                            "Pacific/Apia"};
  BOOST_TEST(rc::check([&] {
    WeekHours hours;
    for (DayHours &day : hours)
      if (anywhere(0, 3) > 0 || &day == &hours[3]) {
        const int from{anywhere(0, 1400)};
        day.push_back({from, anywhere(from + 1, 1441)});
      }
    const bool closed_on_holidays{*rc::gen::arbitrary<bool>()};
    const Zone place{zone(zones[anywhere(0, 5)])};
    const auto made = ContactWindow::make(place, calendar("FR-57"), hours, closed_on_holidays);
    RC_ASSERT(made.has_value());
    const Instant at{from_ms(anywhere<std::int64_t>(1'000'000'000'000, 2'500'000'000'000))};
    const OpenStretch stretch{made->next_allowed(at)};
    RC_ASSERT(stretch.from >= at && stretch.until > stretch.from);
    RC_ASSERT(made->next_allowed(stretch.from) == stretch);
    RC_ASSERT(made->next_allowed(stretch.until).from >= stretch.until);
    const auto is_open = [&](Instant when) {
      const LocalTime local{place.local(when)};
      if (closed_on_holidays && made->calendar().is_holiday(local.date)) return false;
      const DayHours &day{hours[static_cast<std::size_t>(weekday_of(local.date))]};
      // The second pass through an overlap counts as closed; the first instant of that minute tells.
      const bool first_pass{
          place.first_instant_of(local.date, local.minute_of_day) + std::chrono::minutes{1} > when};
      return first_pass && !day.empty() && local.minute_of_day >= day[0].from &&
             local.minute_of_day < day[0].until;
    };
    RC_ASSERT(is_open(stretch.from) || stretch.from == at);
    const Instant earlier{at + (stretch.from - at) * anywhere(0, 1000) / 1000};
    RC_ASSERT(earlier >= stretch.from || !is_open(earlier));
  }));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::domain
