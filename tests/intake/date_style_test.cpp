#include "host/intake/date_style.hpp"

#include <boost/test/unit_test.hpp>

#include <rapidcheck.h>

namespace relance::intake {
namespace {

using Fit = DateStyle::Fit;

DateStyle style(std::string_view pattern) {
  return DateStyle::parse(pattern).value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(date_style_test)

BOOST_AUTO_TEST_CASE(each_style_reads_its_own_writing) {
  struct Case {
    const char *pattern, *text;
    Fit fit;
    CivilDate date;
  };
  const CivilDate day = civil(2026, 3, 7);
  const CivilDate none{};
  const std::vector<Case> cases{
      {"yyyy-mm-dd", "2026-03-07", Fit::fits, day},
      {"dd/mm/yyyy", "07/03/2026", Fit::fits, day},
      {"dd/mm/yyyy", "7/3/2026", Fit::fits, day},
      {"mm/dd/yyyy", "03/07/2026", Fit::fits, day},
      {"dd.mm.yy", "07.03.26", Fit::fits, day},
      {"dd.mm.yy", "07.03.98", Fit::fits, civil(1998, 3, 7)},
      {"yyyymmdd", "20260307", Fit::fits, day},
      {"ddmmyy", "070326", Fit::fits, day},
      {"yyyy-mm-dd", "2026-03-07 00:00:00", Fit::fits, day},
      {"yyyy-mm-dd", "2026-03-07T00:00:00.000Z", Fit::fits, day},
      {"yyyy-mm-dd", "2026-03-07 14:30", Fit::has_time, none},
      {"dd/mm/yyyy", "31/02/2026", Fit::no_such_day, none},
      {"dd/mm/yyyy", "29/02/2024", Fit::fits, civil(2024, 2, 29)},
      {"dd/mm/yyyy", "29/02/2023", Fit::no_such_day, none},
      {"dd/mm/yyyy", "00/01/2026", Fit::no_such_day, none},
      {"dd/mm/yyyy", "01/13/2026", Fit::no_such_day, none},
      {"dd/mm/yyyy", "01/01/0206", Fit::year_off_range, none},
      {"dd/mm/yyyy", "01/01/20226", Fit::other_shape, none},
      {"dd/mm/yyyy", "01/01/26", Fit::other_shape, none},
      {"dd/mm/yyyy", "01-01-2026", Fit::other_shape, none},
      {"yyyymmdd", "2026307", Fit::other_shape, none},
      {"dd.mm.yy", "07.03.2026", Fit::other_shape, none},
      {"yyyy-mm-dd", "", Fit::other_shape, none},
      {"yyyy-mm-dd", "46098", Fit::other_shape, none},  // a spreadsheet's serial number
  };
  for (const Case &one : cases) {
    const DateStyle::Reading reading = style(one.pattern).read(one.text, 70);
    BOOST_TEST_CONTEXT(one.text << " as " << one.pattern) {
      BOOST_TEST(static_cast<int>(reading.fit) == static_cast<int>(one.fit));
      BOOST_TEST(to_day_number(reading.date) == to_day_number(one.date));
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_style_is_refused) {
  for (const char *pattern :
       {"", "dd/mm", "dd/mm/yyy", "dd/mm/yyyy/dd", "jj/mm/yyyy", "ddd/mm/yyyy", "d1/mm/yyyy", "yyyy"})
    BOOST_TEST(DateStyle::parse(pattern).has_error(), pattern);
}

BOOST_AUTO_TEST_CASE(two_styles_that_read_one_text_as_two_days_are_noticed) {
  BOOST_TEST(style("dd/mm/yyyy").is_confusable_with(style("mm/dd/yyyy")));
  BOOST_TEST(style("dd.mm.yy").is_confusable_with(style("yy.mm.dd")));
  BOOST_TEST(!style("dd/mm/yyyy").is_confusable_with(style("dd/mm/yy")));
  BOOST_TEST(!style("dd/mm/yyyy").is_confusable_with(style("mm-dd-yyyy")));
  BOOST_TEST(!style("dd/mm/yyyy").is_confusable_with(style("yyyy/mm/dd")));
}

BOOST_AUTO_TEST_CASE(of_several_styles_the_one_whose_shape_fits_decides) {
  const DateStyles styles{{style("dd/mm/yyyy"), style("dd/mm/yy")}, 70};
  BOOST_TEST(to_day_number(styles.read("05/06/26").date) == to_day_number(civil(2026, 6, 5)));
  BOOST_TEST(to_day_number(styles.read("05/06/2026").date) == to_day_number(civil(2026, 6, 5)));
  BOOST_TEST((styles.read("31/06/2026").fit == Fit::no_such_day));
  BOOST_TEST(styles.described() == "dd/mm/yyyy or dd/mm/yy");
}

BOOST_AUTO_TEST_CASE(every_day_of_250_years_reads_back_in_every_style) {
  const std::vector<DateStyle> styles{style("dd/mm/yyyy"), style("yyyy-mm-dd"), style("yyyymmdd"),
                                      style("m.d.yyyy")};
  const bool holds = rc::check("a day reads back", [&] {
    const auto day =
        *rc::gen::inRange(to_day_number(civil(kYearMin, 1, 1)), to_day_number(civil(kYearMax, 12, 31)) + 1);
    const DateStyle &one = *rc::gen::elementOf(styles);
    const std::string iso = format_date(from_day_number(day));
    std::string text = one.pattern() == "m.d.yyyy" ? "mm.dd.yyyy" : one.pattern();
    text.replace(text.find("yyyy"), 4, iso.substr(0, 4));
    text.replace(text.find("mm"), 2, iso.substr(5, 2));
    text.replace(text.find("dd"), 2, iso.substr(8, 2));
    RC_ASSERT(to_day_number(one.read(text, 70).date) == day);
  });
  BOOST_TEST(holds);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::intake
