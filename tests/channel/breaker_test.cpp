// The breaker and the rate: pure, on times that the test makes up.
#include "host/channel/breaker.hpp"

#include "host/channel/token_bucket.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::channel {
BOOST_AUTO_TEST_SUITE(breaker_test)

namespace {

using State = Breaker::State;
constexpr std::uint64_t kMessage{1}, kOld{2};

config::BreakerSettings after_three() {
  config::BreakerSettings settings;
  settings.in_a_row = 3;
  settings.delay = Milliseconds{1000};
  settings.delay_max = Milliseconds{3000};
  return settings;
}

void fail(Breaker &breaker, int times, Instant at) {
  for (int i{0}; i < times; ++i) breaker.note_end(kMessage, false, at, "451 later");
}

}  // namespace

BOOST_AUTO_TEST_CASE(it_opens_after_failures_in_a_row_and_one_success_between_them_counts_anew) {
  Breaker breaker{after_three()};
  const auto now = from_ms(10'000);
  fail(breaker, 2, now);
  breaker.note_end(kMessage, true, now, {});
  fail(breaker, 2, now);
  BOOST_TEST((breaker.state(now) == State::closed));
  BOOST_TEST(breaker.note_end(kMessage, false, now, "421 closing"));
  BOOST_TEST((breaker.state(now) == State::open));
  BOOST_TEST(breaker.allowed(50, now) == 0u);
  BOOST_TEST((breaker.retry_at() == now + Milliseconds{1000}));
  BOOST_TEST(breaker.because() == "3 messages in a row were not sent or are in doubt, the last: 421 closing");
}

BOOST_AUTO_TEST_CASE(half_open_it_lets_one_message_through_and_a_success_closes_it) {
  Breaker breaker{after_three()};
  auto now = from_ms(10'000);
  fail(breaker, 3, now);
  now += Milliseconds{1000};
  BOOST_TEST((breaker.state(now) == State::half_open));
  BOOST_TEST(breaker.allowed(50, now) == 1u);
  breaker.note_handed_over(kMessage, now);
  BOOST_TEST(breaker.allowed(50, now) == 0u);
  BOOST_TEST(breaker.note_end(kMessage, true, now, {}));
  BOOST_TEST((breaker.state(now) == State::closed));
  BOOST_TEST(breaker.allowed(50, now) == 50u);
}

BOOST_AUTO_TEST_CASE(each_probe_that_fails_doubles_the_wait_up_to_its_bound_and_a_success_forgets_it) {
  Breaker breaker{after_three()};
  auto now = from_ms(10'000);
  fail(breaker, 3, now);
  for (const auto wait : {2000, 3000, 3000}) {
    now = breaker.retry_at();
    breaker.note_handed_over(kMessage, now);
    BOOST_TEST(breaker.note_end(kMessage, false, now, "still"));
    BOOST_TEST((breaker.retry_at() - now == Milliseconds{wait}));
  }
  BOOST_TEST(breaker.because() ==
             "3 messages in a row were not sent or are in doubt, the last: 451 later, and the message tried "
             "since: still");
  now = breaker.retry_at();
  breaker.note_handed_over(kMessage, now);
  breaker.note_end(kMessage, true, now, {});
  fail(breaker, 3, now);
  BOOST_TEST((breaker.retry_at() - now == Milliseconds{1000}));
}

BOOST_AUTO_TEST_CASE(what_was_on_its_way_when_it_opened_neither_closes_it_nor_waits_longer) {
  Breaker breaker{after_three()};
  const auto now = from_ms(10'000);
  fail(breaker, 3, now);
  BOOST_TEST(!breaker.note_end(kMessage, true, now, {}));
  fail(breaker, 5, now);
  BOOST_TEST((breaker.state(now) == State::open));
  BOOST_TEST((breaker.retry_at() == now + Milliseconds{1000}));
}

BOOST_AUTO_TEST_CASE(what_ends_late_is_not_taken_for_the_message_that_is_tried) {
  for (const bool is_good : {false, true}) {
    Breaker breaker{after_three()};
    auto now = from_ms(10'000);
    fail(breaker, 3, now);
    now += Milliseconds{1000};
    breaker.note_handed_over(kMessage, now);
    BOOST_TEST(!breaker.note_end(kOld, is_good, now, "timed out"));
    breaker.note_nothing(kOld);
    BOOST_TEST((breaker.state(now) == State::half_open));
    BOOST_TEST(breaker.allowed(50, now) == 0u, "one is out, and one only");
    BOOST_TEST(breaker.note_end(kMessage, true, now, {}));
    BOOST_TEST((breaker.state(now) == State::closed));
  }
}

BOOST_AUTO_TEST_CASE(a_probe_that_says_nothing_of_the_provider_leaves_room_for_another) {
  Breaker breaker{after_three()};
  auto now = from_ms(10'000);
  fail(breaker, 3, now);
  now += Milliseconds{1000};
  breaker.note_handed_over(kMessage, now);
  breaker.note_nothing(kMessage);
  BOOST_TEST(breaker.allowed(50, now) == 1u);
}

BOOST_AUTO_TEST_CASE(a_ratio_over_a_window_opens_it_where_successes_stand_between) {
  config::BreakerSettings settings;
  settings.in_a_row = 0;
  settings.ratio_percent = 50;
  settings.window = 10;
  Breaker breaker{settings};
  const auto now = from_ms(10'000);
  for (int i{0}; i < 9; ++i)
    breaker.note_end(kMessage, i % 2 != 0, now, "451");  // 5 of 9 failed: too few to tell
  BOOST_TEST((breaker.state(now) == State::closed));
  breaker.note_end(kMessage, true, now, {});
  BOOST_TEST((breaker.state(now) == State::closed));  // a success never opens it
  breaker.note_end(kMessage, false, now, "451");
  BOOST_TEST((breaker.state(now) == State::open));
  BOOST_TEST(breaker.because() == "5 of the last 10 messages were not sent or are in doubt, the last: 451");
}

BOOST_AUTO_TEST_CASE(one_that_is_switched_off_never_opens_and_an_operator_closes_any) {
  auto settings = after_three();
  settings.is_enabled = false;
  Breaker off{settings};
  fail(off, 100, from_ms(1));
  BOOST_TEST((off.state(from_ms(1)) == State::closed));
  Breaker breaker{after_three()};
  fail(breaker, 3, from_ms(1));
  breaker.close();
  BOOST_TEST((breaker.state(from_ms(1)) == State::closed));
}

BOOST_AUTO_TEST_CASE(a_bucket_gives_its_burst_then_its_rate_and_never_more) {
  const TokenBucket::Moment begin{std::chrono::seconds{100}};
  TokenBucket bucket{10, 5, begin};
  BOOST_TEST(bucket.available(begin) == 5u);
  bucket.take(begin, 5);
  BOOST_TEST(bucket.available(begin) == 0u);
  BOOST_TEST((bucket.wait(begin) == Milliseconds{100}));
  BOOST_TEST((bucket.wait(begin, 3) == Milliseconds{300}));
  BOOST_TEST((bucket.wait(begin, 100) == Milliseconds{500}));  // more than fits is never waited for
  std::uint32_t taken{5};
  for (int ms{0}; ms <= 10'000; ms += 7) {
    const auto now = begin + std::chrono::milliseconds{ms};
    const auto count = bucket.available(now);
    bucket.take(now, count);
    taken += count;
    BOOST_TEST_REQUIRE(taken <= 5u + static_cast<std::uint32_t>(ms / 100) + 1u);
  }
  BOOST_TEST(taken >= 104u);
  BOOST_TEST(bucket.available(begin + std::chrono::hours{1}) == 5u);
  BOOST_TEST(bucket.available(begin) == 5u);  // a clock that goes back takes nothing away
}

BOOST_AUTO_TEST_CASE(half_a_message_a_second_is_one_in_two) {
  const TokenBucket::Moment begin{};
  TokenBucket bucket{0.5, 1, begin};
  bucket.take(begin);
  BOOST_TEST(bucket.available(begin + std::chrono::milliseconds{1999}) == 0u);
  BOOST_TEST(bucket.available(begin + std::chrono::milliseconds{2000}) == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
