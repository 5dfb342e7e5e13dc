// The guard against a day that is far beyond the usual one.
#include "host/engine/volume_guard.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::engine {
namespace {

VolumeGuard with_history(int days, std::uint64_t each) {
  VolumeGuard guard;
  for (int i{0}; i < days; ++i) {
    guard.begin_day(civil(2026, 3, 2) + Days{i});
    guard.add(each);
  }
  guard.begin_day(civil(2026, 3, 2) + Days{days});
  return guard;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(volume_guard_test)

BOOST_AUTO_TEST_CASE(without_history_nothing_is_unusual) {
  auto guard = with_history(4, 100);
  BOOST_TEST(guard.allows(1'000'000, 5, 200));
}

BOOST_AUTO_TEST_CASE(a_day_beyond_its_multiple_is_held_until_a_person_has_looked) {
  auto guard = with_history(6, 100);
  guard.add(400);
  BOOST_TEST(guard.allows(100, 5, 200));
  BOOST_TEST(!guard.allows(101, 5, 200));
  BOOST_TEST(guard.is_held());
  guard.release();
  BOOST_TEST(!guard.is_held());
  BOOST_TEST(guard.allows(100'000, 5, 200));
  guard.begin_day(civil(2026, 4, 1));
  BOOST_TEST(!guard.allows(100'000, 5, 200));  // the next day is another question
}

BOOST_AUTO_TEST_CASE(small_days_are_never_held_and_zero_switches_the_guard_off) {
  auto guard = with_history(6, 2);
  BOOST_TEST(guard.allows(200, 5, 200));
  BOOST_TEST(!guard.allows(201, 5, 200));
  auto off = with_history(6, 2);
  BOOST_TEST(off.allows(100'000, 0, 200));
}

BOOST_AUTO_TEST_CASE(history_survives_a_restart_with_todays_count) {
  auto guard = with_history(20, 100);
  guard.add(7);
  VolumeGuard again;
  again.restore(guard.text());
  BOOST_TEST(again.text() == guard.text());
  BOOST_TEST(again.today() == 7u);
  BOOST_TEST(again.usual().value() == 100u);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::engine
