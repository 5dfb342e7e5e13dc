#include "host/base/time.hpp"

#include <boost/test/unit_test.hpp>

namespace relance {
BOOST_AUTO_TEST_SUITE(time_test)

BOOST_AUTO_TEST_CASE(a_date_reads_back_as_it_was_written) {
  for (const int day : {-719162, -1, 0, 59, 11016, 20779, 2932896})
    BOOST_TEST(to_day_number(parse_date(format_date(from_day_number(day))).value()) == day);
  BOOST_TEST(format_date(civil(2024, 2, 29)) == "2024-02-29");
}

BOOST_AUTO_TEST_CASE(a_day_that_does_not_exist_is_refused_in_words) {
  for (const char *text : {"2023-02-29", "2024-13-01", "2024-00-10", "24-01-01", "2024-1-01", "2024/01/01", "2024-01-01 ", ""}) {
    const auto date = parse_date(text);
    BOOST_TEST_REQUIRE(date.has_error());
    BOOST_TEST(!date.error().message.empty());
  }
}

BOOST_AUTO_TEST_CASE(an_instant_is_utc_whatever_offset_it_was_written_in) {
  const auto z = parse_instant("2026-03-29T00:30:00Z").value();
  BOOST_TEST(to_ms(parse_instant("2026-03-29T02:30:00+02:00").value()) == to_ms(z));
  BOOST_TEST(to_ms(parse_instant("2026-03-28T19:30:00.000-05:00").value()) == to_ms(z));
  BOOST_TEST(format_instant(z + Milliseconds{7}) == "2026-03-29T00:30:00.007Z");
  BOOST_TEST(to_ms(parse_instant("1969-12-31T23:59:59.999Z").value()) == -1);
  BOOST_TEST(format_instant(from_ms(-1)) == "1969-12-31T23:59:59.999Z");
}

BOOST_AUTO_TEST_CASE(what_is_no_instant_is_refused) {
  for (const char *text : {"2026-03-29", "2026-03-29T25:00:00Z", "2026-03-29T00:00:00", "2026-03-29T00:00:00.Z",
                           "2026-03-29T00:00:00+2:00", "2026-03-29 00:00:00Z"})
    BOOST_TEST(parse_instant(text).has_error());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance
