#include "host/domain/calendar.hpp"

#include <boost/test/unit_test.hpp>

#include <rapidcheck.h>
#include <set>

namespace relance::domain {
BOOST_AUTO_TEST_SUITE(calendar_test)

namespace {

/// Any value of [low, high) from the first run on; RapidCheck's own ranges begin near `low`.
template <class T = int>
T anywhere(T low, T high) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<T>(low, high));
}

Calendar calendar(std::string_view code) {
  return Calendar::parse(code).value();
}

std::vector<std::string> dates_of_year(std::string_view code, int year) {
  const Calendar one{calendar(code)};
  std::vector<std::string> dates;
  for (CivilDate date{civil(year, 1, 1)}; date < civil(year + 1, 1, 1); date += Days{1})
    if (one.is_holiday(date)) dates.push_back(format_date(date).substr(5));
  return dates;
}

using Dates = std::vector<std::string>;

CivilDate any_date() {
  return from_day_number(anywhere(0, to_day_number(civil(2101, 1, 1))));
}

}  // namespace

BOOST_AUTO_TEST_CASE(easter_is_the_sunday_that_the_church_publishes) {
  for (const auto &[year, month, day] : {std::tuple{1970, 3u, 29u},
                                         {1981, 4u, 19u},
                                         {2000, 4u, 23u},
                                         {2008, 3u, 23u},
                                         {2011, 4u, 24u},
                                         {2024, 3u, 31u},
                                         {2025, 4u, 20u},
                                         {2026, 4u, 5u},
                                         {2038, 4u, 25u},
                                         {2049, 4u, 18u},
                                         {2076, 4u, 19u},
                                         {2285, 3u, 22u}})
    BOOST_TEST(format_date(easter_sunday(year)) == format_date(civil(year, month, day)));
  for (int year{1583}; year < 3000; ++year) {
    const CivilDate date{easter_sunday(year)};
    BOOST_TEST_REQUIRE((weekday_of(date) == Weekday::sunday));
    BOOST_TEST_REQUIRE((civil(year, 3, 22) <= date && date <= civil(year, 4, 25)));
  }
}

BOOST_AUTO_TEST_CASE(the_french_list_has_eleven_days_and_alsace_moselle_two_more) {
  BOOST_TEST(dates_of_year("FR", 2025) == (Dates{"01-01", "04-21", "05-01", "05-08", "05-29", "06-09",
                                                 "07-14", "08-15", "11-01", "11-11", "12-25"}));
  BOOST_TEST(dates_of_year("FR-67", 2025) == dates_of_year("FR-57", 2025));
  BOOST_TEST(dates_of_year("FR-68", 2025).size() == 13);
  BOOST_TEST(dates_of_year("FR-RE", 2025) == dates_of_year("FR-974", 2025));
  BOOST_TEST(!calendar("FR").is_holiday(civil(1981, 5, 8)));
}

BOOST_AUTO_TEST_CASE(reformation_day_was_a_holiday_in_all_of_germany_once) {
  for (const char *land : {"BW", "BY", "HE", "NW", "RP", "SL", "BE", "HH"})
    BOOST_TEST(calendar("DE-" + std::string(land)).is_holiday(civil(2017, 10, 31)), land);
  BOOST_TEST(!calendar("DE-BY").is_holiday(civil(2018, 10, 31)));
  BOOST_TEST(!calendar("DE-HH").is_holiday(civil(2016, 10, 31)));
  BOOST_TEST(calendar("DE-HH").is_holiday(civil(2018, 10, 31)));
  BOOST_TEST(calendar("DE-BE").is_holiday(civil(2020, 5, 8)));
  BOOST_TEST(!calendar("DE-BE").is_holiday(civil(2021, 5, 8)));
  BOOST_TEST(calendar("DE-SN").is_holiday(civil(2029, 11, 21)));  // Wednesday before 23 November
  BOOST_TEST(calendar("DE-SN").is_holiday(civil(2023, 11, 22)));
}

BOOST_AUTO_TEST_CASE(british_bank_holidays_are_those_that_the_government_published) {
  BOOST_TEST(dates_of_year("GB-ENG", 2022) == (Dates{"01-01", "01-03", "04-15", "04-18", "05-02", "06-02",
                                                     "06-03", "08-29", "09-19", "12-25", "12-26", "12-27"}));
  BOOST_TEST(dates_of_year("GB-ENG", 2023) == (Dates{"01-01", "01-02", "04-07", "04-10", "05-01", "05-08",
                                                     "05-29", "08-28", "12-25", "12-26"}));
  BOOST_TEST(dates_of_year("GB-SCT", 2022) ==
             (Dates{"01-01", "01-02", "01-03", "01-04", "04-15", "05-02", "06-02", "06-03", "08-01", "09-19",
                    "11-30", "12-25", "12-26", "12-27"}));
  BOOST_TEST(dates_of_year("GB-NIR", 2020) == (Dates{"01-01", "03-17", "04-10", "04-13", "05-08", "05-25",
                                                     "07-12", "07-13", "08-31", "12-25", "12-26", "12-28"}));
  BOOST_TEST(dates_of_year("GB-WLS", 2012) == (Dates{"01-01", "01-02", "04-06", "04-09", "05-07", "06-04",
                                                     "06-05", "08-27", "12-25", "12-26"}));
}

BOOST_AUTO_TEST_CASE(a_substitute_takes_the_next_weekday_that_is_free) {
  const Calendar scotland{calendar("GB-SCT")};
  BOOST_TEST(scotland.holiday(civil(2023, 1, 3))->name == "New Year's Day");  // Monday is 2 January itself
  BOOST_TEST(scotland.holiday(civil(2023, 1, 3))->is_substitute);
  BOOST_TEST(scotland.holiday(civil(2022, 1, 3))->name == "New Year's Day");
  BOOST_TEST(scotland.holiday(civil(2022, 1, 4))->name == "2nd January");
  const Calendar england{calendar("GB-ENG")};
  BOOST_TEST(england.holiday(civil(2022, 12, 27))->name == "Christmas Day");
  BOOST_TEST(england.holiday(civil(2021, 12, 27))->name == "Christmas Day");
  BOOST_TEST(england.holiday(civil(2021, 12, 28))->name == "Boxing Day");
  BOOST_TEST(!england.holiday(civil(2022, 12, 26))->is_substitute);
}

BOOST_AUTO_TEST_CASE(spanish_communities_move_sundays_as_each_has_decided) {
  BOOST_TEST(dates_of_year("ES", 2024) ==
             (Dates{"01-01", "01-06", "03-29", "05-01", "08-15", "10-12", "11-01", "12-06", "12-25"}));
  BOOST_TEST(calendar("ES-AN").is_holiday(civil(2024, 12, 9)));
  BOOST_TEST(!calendar("ES-MD").is_holiday(civil(2024, 12, 9)));
  BOOST_TEST(calendar("ES-AN").holiday(civil(2024, 12, 9))->is_substitute);
  BOOST_TEST(calendar("ES-MD").is_holiday(civil(2024, 7, 25)));
  BOOST_TEST(!calendar("ES-MD").is_holiday(civil(2023, 7, 25)));
  BOOST_TEST(!calendar("ES-CT").is_holiday(civil(2025, 4, 17)));  // Maundy Thursday: everywhere else but VC
  BOOST_TEST(calendar("ES-CT").is_holiday(civil(2025, 4, 21)));
  BOOST_TEST(calendar("ES-CT").is_holiday(civil(2022, 6, 6)));  // for the Sunday 1 May
  // Fourteen days a year at most, two of them local; a community may choose one of its own beyond (Navarre,
  // Catalonia).
  for (const char *code :
       {"AN", "AR", "AS", "CB", "CL", "CM", "CN", "CT", "EX", "GA", "IB", "MC", "MD", "NC", "PV", "RI", "VC"})
    for (int year{2016}; year <= 2026; ++year) {
      const auto days = dates_of_year("ES-" + std::string(code), year).size();
      BOOST_TEST((days >= 11 && days <= 13), code << " has " << days << " in " << year);
    }
}

BOOST_AUTO_TEST_CASE(italian_days_come_and_go_with_the_laws) {
  BOOST_TEST(calendar("IT").is_holiday(civil(2026, 10, 4)));
  BOOST_TEST(!calendar("IT").is_holiday(civil(2024, 10, 4)));
  BOOST_TEST(calendar("IT-BO").is_holiday(civil(2024, 10, 4)));
  BOOST_TEST(calendar("IT").is_holiday(civil(2011, 3, 17)));
  BOOST_TEST(!calendar("IT").is_holiday(civil(1980, 1, 6)));
  BOOST_TEST(!calendar("IT").is_holiday(civil(1998, 6, 2)));
  BOOST_TEST(calendar("IT").is_holiday(civil(1998, 6, 7)));
  BOOST_TEST(calendar("IT-BZ").is_holiday(civil(2025, 6, 9)));
}

BOOST_AUTO_TEST_CASE(belgium_and_target_have_one_list_each) {
  BOOST_TEST(dates_of_year("BE", 2025).size() == 10);
  BOOST_TEST(dates_of_year("TARGET2", 2026) == (Dates{"01-01", "04-03", "04-06", "05-01", "12-25", "12-26"}));
  BOOST_TEST(!calendar("TARGET2").is_business_day(civil(2001, 12, 31)));
}

BOOST_AUTO_TEST_CASE(an_unknown_country_or_region_is_refused_with_those_that_are_known) {
  const auto country = Calendar::parse("US");
  BOOST_TEST_REQUIRE(country.has_error());
  BOOST_TEST((country.error().kind == ErrorKind::not_found));
  BOOST_TEST(country.error().message.find("FR") != std::string::npos);
  const auto region = Calendar::of("FR", "75");
  BOOST_TEST_REQUIRE(region.has_error());
  BOOST_TEST(region.error().message.find("57") != std::string::npos);
  for (const char *code : {"", "-", "FR-", "BE-VLG", "GB-SC", "GB-SCT-X", "DE-B", "ES- "})
    BOOST_TEST(Calendar::parse(code).has_error(), code);
  BOOST_TEST(calendar("gb-sct").code() == "GB-SCT");
  BOOST_TEST((calendar("gb-sct") == calendar("GB-SCT")));
}

BOOST_AUTO_TEST_CASE(zero_business_days_is_today_or_the_next_working_day) {
  const Calendar france{calendar("FR")};
  BOOST_TEST(format_date(france.add_business_days(civil(2026, 11, 20), 0)) == "2026-11-20");
  BOOST_TEST(format_date(france.add_business_days(civil(2026, 11, 21), 0)) == "2026-11-23");
  BOOST_TEST(format_date(france.add_business_days(civil(2026, 11, 10), 1)) == "2026-11-12");
  BOOST_TEST(format_date(france.add_business_days(civil(2026, 11, 12), -1)) == "2026-11-10");
  BOOST_TEST(format_date(france.add_business_days(civil(2026, 11, 15), -1)) == "2026-11-13");
  BOOST_TEST(france.business_days_between(civil(2026, 11, 9), civil(2026, 11, 15)) == 4);
  BOOST_TEST(france.business_days_between(civil(2026, 11, 15), civil(2026, 11, 9)) == -4);
  BOOST_TEST(france.business_days_between(civil(2026, 11, 14), civil(2026, 11, 15)) == 0);
}

BOOST_AUTO_TEST_CASE(years_outside_the_table_follow_the_same_rules) {
  const Calendar france{calendar("FR")};
  BOOST_TEST(france.is_holiday(civil(2101, 7, 14)));
  BOOST_TEST(france.holiday(civil(2150, 12, 25))->name == "Noël");
  BOOST_TEST(!france.is_business_day(civil(1969, 12, 25)));
  BOOST_TEST(format_date(france.add_business_days(civil(2100, 12, 31), 1)) == "2101-01-03");
  BOOST_TEST(france.business_days_between(civil(2100, 12, 25), civil(2101, 1, 7)) == 10);
  BOOST_TEST(france.business_days_between(civil(2100, 1, 1), civil(2100, 12, 31)) ==
             france.business_days_between(civil(2100, 1, 1), civil(2100, 12, 30)) + 1);
}

BOOST_AUTO_TEST_CASE(going_back_undoes_going_forward_from_a_business_day) {
  const Calendar calendars[]{calendar("FR-57"), calendar("GB-SCT"), calendar("ES-MD"), calendar("TARGET2")};
  BOOST_TEST(rc::check([&] {
    const Calendar one{calendars[anywhere(0, 4)]};
    const CivilDate start{one.add_business_days(any_date(), 0)};
    const int n{anywhere(-300, 301)};
    const CivilDate end{one.add_business_days(start, n)};
    RC_ASSERT(one.is_business_day(end));
    RC_ASSERT((n > 0) == (end > start) && (n < 0) == (end < start));
    RC_ASSERT(one.add_business_days(end, -n) == start);
    const auto between = one.business_days_between(start, end);
    RC_ASSERT(between == (n >= 0 ? n + 1 : n - 1));
  }));
}

BOOST_AUTO_TEST_CASE(the_count_of_an_interval_is_the_sum_of_its_days) {
  const Calendar germany{calendar("DE-BY")};
  BOOST_TEST(rc::check([&] {
    const CivilDate first{any_date()}, last{first + Days{anywhere(0, 500)}};
    std::int64_t count{0};
    for (CivilDate date{first}; date <= last; date += Days{1}) count += germany.is_business_day(date) ? 1 : 0;
    RC_ASSERT(germany.business_days_between(first, last) == count);
  }));
}

BOOST_AUTO_TEST_CASE(every_subdivision_named_by_a_rule_can_be_asked_for) {
  for (const HolidayLaw *law :
       {&belgian_holidays(), &british_holidays(), &french_holidays(), &german_holidays(), &italian_holidays(),
        &spanish_holidays(), &target_holidays()})
    for (const HolidayRule &rule : law->rules)
      for (std::string_view rest{rule.regions}; !rest.empty();) {
        const auto end = std::min(rest.find(' '), rest.size());
        BOOST_TEST(Calendar::of(law->country, rest.substr(0, end)).has_value(), rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::domain
