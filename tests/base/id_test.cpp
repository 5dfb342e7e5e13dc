#include "host/base/id.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

namespace relance {
BOOST_AUTO_TEST_SUITE(id_test)

BOOST_AUTO_TEST_CASE(ulids_are_26_characters_that_every_provider_takes) {
  const auto key = make_ulid(from_ms(1'700'000'000'000));
  BOOST_TEST(key.size() == 26u);
  BOOST_TEST(key.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ") == std::string::npos);
  BOOST_TEST(key.substr(0, 10) == "01HF7YAT00");  // 1,700,000,000,000 in Crockford base 32
}

BOOST_AUTO_TEST_CASE(ulids_sort_by_time_and_never_repeat) {
  BOOST_TEST(make_ulid(from_ms(1)) < make_ulid(from_ms(2)));
  std::set<std::string> keys;
  for (int i{0}; i < 10'000; ++i) keys.insert(make_ulid(from_ms(5)));
  BOOST_TEST(keys.size() == 10'000u);
}

BOOST_AUTO_TEST_CASE(random_hex_has_the_length_asked_for) {
  BOOST_TEST(random_hex(16).size() == 32u);
  BOOST_TEST(random_hex(16) != random_hex(16));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance
