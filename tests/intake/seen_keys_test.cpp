#include "host/intake/seen_keys.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace relance::intake {
BOOST_AUTO_TEST_SUITE(seen_keys_test)

BOOST_AUTO_TEST_CASE(each_key_is_found_again_with_its_line_and_no_other_is) {
  SeenKeys keys;
  constexpr std::uint64_t kCount = 200000;
  for (std::uint64_t i = 0; i < kCount; ++i)
    BOOST_REQUIRE(!keys.note("F-2026-" + std::to_string(i), i).has_value());
  for (std::uint64_t i = 0; i < kCount; ++i) BOOST_REQUIRE(keys.note("F-2026-" + std::to_string(i), 0) == i);
  BOOST_TEST(!keys.note("", 5).has_value());
  BOOST_TEST(keys.note("", 6).value() == 5U);
  BOOST_TEST(!keys.is_full());
}

BOOST_AUTO_TEST_CASE(at_its_bound_it_still_knows_what_it_has_seen_and_says_that_it_is_full) {
  SeenKeys keys(std::size_t{1} << 20);
  std::uint64_t i = 0;
  for (; !keys.is_full(); ++i) keys.note("number " + std::to_string(i), i + 1);
  BOOST_TEST(i > 30000U);
  BOOST_TEST(keys.note("number 0", 9).value() == 1U);
  BOOST_TEST(!keys.note("never seen", 9).has_value());
  BOOST_TEST(!keys.note("never seen", 10).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::intake
