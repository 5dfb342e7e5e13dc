// Who calls and how often: addresses, networks, proxies, rates.
#include "host/api/hook_limits.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::api {
namespace {

std::string behind(const char *peer, const std::vector<std::string_view> &forwarded,
                   const std::vector<std::string> &trusted) {
  return to_text(caller_behind(parse_caller(peer).value(), forwarded, Networks{trusted}));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hook_limits_test)

BOOST_AUTO_TEST_CASE(an_address_reads_back_as_it_was_written) {
  for (const auto *text : {"192.0.2.1", "255.255.255.255", "2001:db8::1", "::1"})
    BOOST_TEST(to_text(parse_caller(text).value()) == text);
  BOOST_TEST(to_text(parse_caller("::ffff:192.0.2.1").value()) == "192.0.2.1");
  for (const auto *text : {"", "192.0.2", "192.0.2.1:80", "localhost", "192.0.2.256", ":::"})
    BOOST_TEST(!parse_caller(text));
}

BOOST_AUTO_TEST_CASE(a_network_holds_what_its_bits_say) {
  const Networks networks{{"10.0.0.0/8", "192.0.2.16/28", "2001:db8::/33", "203.0.113.5"}};
  for (const auto *text : {"10.255.0.1", "192.0.2.31", "2001:db8:7fff::1", "203.0.113.5"})
    BOOST_TEST(networks.hold(parse_caller(text).value()), text);
  for (const auto *text : {"11.0.0.1", "192.0.2.32", "192.0.2.15", "2001:db8:8000::1", "203.0.113.4"})
    BOOST_TEST(!networks.hold(parse_caller(text).value()), text);
  BOOST_TEST(!Networks{}.hold(parse_caller("127.0.0.1").value()));
  BOOST_TEST(Networks{{"0.0.0.0/0"}}.hold(parse_caller("8.8.8.8").value()));
  BOOST_TEST(!Networks{{"0.0.0.0/0"}}.hold(parse_caller("2001:db8::1").value()));
}

BOOST_AUTO_TEST_CASE(only_what_a_trusted_proxy_added_is_believed) {
  const std::vector<std::string> trusted{"127.0.0.1", "10.0.0.0/8"};
  BOOST_TEST(behind("198.51.100.1", {"203.0.113.7"}, trusted) == "198.51.100.1");
  BOOST_TEST(behind("127.0.0.1", {"203.0.113.7"}, trusted) == "203.0.113.7");
  BOOST_TEST(behind("127.0.0.1", {"9.9.9.9,203.0.113.7, 10.1.1.1"}, trusted) == "203.0.113.7");
  BOOST_TEST(behind("127.0.0.1", {"9.9.9.9", "203.0.113.7", "10.1.1.1"}, trusted) == "203.0.113.7");
  BOOST_TEST(behind("127.0.0.1", {"203.0.113.7, unknown"}, trusted) == "127.0.0.1");
  BOOST_TEST(behind("127.0.0.1", {"10.1.1.1"}, trusted) == "10.1.1.1");
  BOOST_TEST(behind("127.0.0.1", {}, trusted) == "127.0.0.1");
}

BOOST_AUTO_TEST_CASE(a_caller_of_many_addresses_has_the_seats_of_one) {
  const auto at = [](const char *text) { return parse_caller(text).value(); };
  Seats seats;
  seats.take(at("2001:db8::1"));
  seats.take(at("2001:db8::2:3:4:5"));
  seats.take(at("192.0.2.1"));
  BOOST_TEST(seats.of(at("2001:db8::ffff")) == 2u);
  BOOST_TEST(seats.of(at("2001:db8:0:1::1")) == 0u);
  BOOST_TEST(seats.of(at("192.0.2.1")) == 1u);
  BOOST_TEST(seats.of(at("192.0.2.2")) == 0u);
  seats.leave(at("2001:db8::1"));
  seats.leave(at("2001:db8::1"));
  seats.leave(at("2001:db8::1"));  // one more than there were
  BOOST_TEST(seats.of(at("2001:db8::1")) == 0u);
}

BOOST_AUTO_TEST_CASE(a_caller_has_a_seconds_worth_at_once_and_then_its_rate) {
  Rates rates{10};
  Rates::SteadyTime now{};
  int taken{0};
  for (int i{0}; i < 100; ++i) taken += rates.take("a", now) ? 1 : 0;
  BOOST_TEST(taken == 10);
  BOOST_TEST(rates.take("b", now));
  now += std::chrono::milliseconds{150};
  BOOST_TEST(rates.take("a", now));
  BOOST_TEST(!rates.take("a", now));
  now += std::chrono::hours{1};
  for (int i{0}; i < 10; ++i) BOOST_TEST(rates.take("a", now));
  BOOST_TEST(!rates.take("a", now));
  Rates any{0};
  for (int i{0}; i < 10'000; ++i) BOOST_REQUIRE(any.take("a", now));
}

BOOST_AUTO_TEST_CASE(ever_new_callers_are_forgotten_and_not_collected) {
  Rates rates{1};
  Rates::SteadyTime now{};
  for (int i{0}; i < 100'000; ++i) BOOST_REQUIRE(rates.take(std::to_string(i), now));
  // Of a /64 all addresses are one caller.
  BOOST_TEST(rate_key(parse_caller("2001:db8::1").value()) ==
             rate_key(parse_caller("2001:db8::ffff").value()));
  BOOST_TEST(rate_key(parse_caller("192.0.2.1").value()) != rate_key(parse_caller("192.0.2.2").value()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace relance::api
