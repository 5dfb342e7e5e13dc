// AR24's signature and encryption by the vector that its documentation gives, one-time codes by RFC 6238, and
// the time of Paris on the days when clocks change.
#include "plugins/lre/ar24/paris.hpp"
#include "plugins/lre/ar24/signing.hpp"
#include "tests/lre/ar24_answers.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::lre::ar24 {
BOOST_AUTO_TEST_SUITE(ar24_signing_test)

namespace {

constexpr const char *kKey{"7X9gx9E3Qx4EiUdB63nc"};
constexpr const char *kDate{"2021-05-26 14:00:00"};

std::int64_t utc_ms(const char *paris) {
  return from_paris_time(paris).value();
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_documented_call_has_the_documented_signature) {
  BOOST_TEST(signature_of(kKey, kDate) == "bDop0cbjKpkySlpvnNGvBMg7PuYFFgPPqTTS2RAHoY0=");
  BOOST_TEST(signature_of(kKey, "2021-05-26 14:00:01") != signature_of(kKey, kDate));
}

BOOST_AUTO_TEST_CASE(the_documented_answer_is_read) {
  const auto text = decrypted(kKey, kDate, "WwBOU6s8DaMWmYdctBJwfuoujFgVygBUjhsbdf8eWqQ=");
  BOOST_TEST(text.value_or("nothing") == "{status: \"SUCCESS\"}");
}

BOOST_AUTO_TEST_CASE(an_answer_for_another_key_date_or_with_a_changed_byte_is_none) {
  const std::string body{"WwBOU6s8DaMWmYdctBJwfuoujFgVygBUjhsbdf8eWqQ="};
  const std::string text{"{status: \"SUCCESS\"}"};
  BOOST_TEST(decrypted("7X9gx9E3Qx4EiUdB63nd", kDate, body).value_or("") != text);
  BOOST_TEST(decrypted(kKey, "2021-05-26 14:00:01", body).value_or("") != text);
  for (std::size_t at{0}; at + 2 < body.size(); ++at) {
    auto other = body;
    other[at] = other[at] == 'A' ? 'B' : 'A';
    BOOST_TEST(decrypted(kKey, kDate, other).value_or("") != text);
  }
  for (const auto *odd : {"", "=", "AAAA", "no base64!", "WwBOU6s8DaMWmYdctBJwfg=", "{\"status\":\"ERROR\"}"})
    BOOST_TEST(!decrypted(kKey, kDate, odd).has_value());
}

BOOST_AUTO_TEST_CASE(what_the_double_encrypts_is_what_the_driver_reads) {
  BOOST_TEST(test::encrypted(kKey, kDate, "{status: \"SUCCESS\"}") ==
             "WwBOU6s8DaMWmYdctBJwfuoujFgVygBUjhsbdf8eWqQ=");
}

BOOST_AUTO_TEST_CASE(one_time_codes_are_those_of_rfc_6238) {
  const std::string key{"12345678901234567890"};
  const std::pair<std::int64_t, const char *> vectors[]{{59, "94287082"},
                                                        {1'111'111'109, "07081804"},
                                                        {1'111'111'111, "14050471"},
                                                        {1'234'567'890, "89005924"},
                                                        {2'000'000'000, "69279037"},
                                                        {20'000'000'000, "65353130"}};
  for (const auto &[at, code] : vectors) {
    BOOST_TEST(one_time_code(key, at, 8) == code);
    BOOST_TEST(one_time_code(key, at) == std::string{code}.substr(2));
  }
  BOOST_TEST(from_base32("GEZD GNBV-GY3TQOJQ gezdgnbvgy3tqojq").value_or("") == key);
  BOOST_TEST(!from_base32("GEZDGNB1").has_value());
}

BOOST_AUTO_TEST_CASE(calls_are_dated_in_paris_in_summer_and_in_winter) {
  BOOST_TEST(paris_time(1'622'030'400'000) == kDate);                  // 12:00:00Z
  BOOST_TEST(paris_time(1'795'338'932'000) == "2026-11-22 10:15:32");  // 09:15:32Z
  BOOST_TEST(from_paris_time("2026-11-22 10:15:32").value_or(0) == 1'795'338'932'000);
  BOOST_TEST(from_paris_time("2026-11-22T10:15:32").value_or(0) == 1'795'338'932'000);
  for (const auto *odd : {"", "0000-00-00 00:00:00", "2026-11-22", "2026-02-30 10:00:00",
                          "2026-267-22 10:00:00", "2026-11-257 10:00:00", "2026-11-22 24:00:00",
                          "2026-11-22 10:15:32 ", "22/11/2026 10:15:32", "999999999999-01-01 00:00:00"})
    BOOST_TEST(!from_paris_time(odd).has_value());
}

BOOST_AUTO_TEST_CASE(fifteen_days_are_days_of_paris_whatever_the_clocks_do) {
  struct Case {
    const char *notified, *last_day, *end;
  };
  const Case cases[]{
      {"2026-11-22 00:00:00", "2026-12-07", "2026-12-08 00:00:00"},
      {"2026-11-22 23:59:59", "2026-12-07", "2026-12-08 00:00:00"},
      {"2026-10-15 12:00:00", "2026-10-30", "2026-10-31 00:00:00"},  // over the end of summer time
      {"2026-03-20 12:00:00", "2026-04-04", "2026-04-05 00:00:00"},  // over its beginning
      {"2027-12-20 09:00:00", "2028-01-04", "2028-01-05 00:00:00"},
      {"2028-02-20 09:00:00", "2028-03-06", "2028-03-07 00:00:00"},
  };
  for (const auto &c : cases) {
    const auto period = acceptance_period(utc_ms(c.notified));
    BOOST_TEST(period.last_day == c.last_day);
    BOOST_TEST(period.ends_at_ms == utc_ms(c.end));
  }
  // Just before midnight in London it is the next day in Paris.
  BOOST_TEST(acceptance_period(1'795'390'200'000).last_day == "2026-12-08");  // 2026-11-22T23:30:00Z
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::lre::ar24
