// The asynchronous style: a Pending that nobody ends, exceptions at the border, and HTTP by callback.
#include "tests/sdk/sample_channels.hpp"

using namespace relance::sdk;
using namespace relance::sdk::test;

BOOST_AUTO_TEST_SUITE(asynchronous_test)

BOOST_AUTO_TEST_CASE(a_forgotten_pending_ends_as_unknown) {
  FakeHost host;
  auto plugin = made<Calling>(host);
  const auto outcome = plugin.send(TestMessage::to("forget", ""));
  BOOST_TEST((outcome.kind == OutcomeKind::unknown));
  BOOST_TEST(outcome.code == "forgotten");
  BOOST_TEST(host.end_count() == 1u);
}

BOOST_AUTO_TEST_CASE(an_exception_stops_at_the_border_and_leaves_the_message_unknown) {
  FakeHost host;
  auto plugin = made<Calling>(host);
  BOOST_TEST((plugin.send(TestMessage::to("throw", "")).kind == OutcomeKind::unknown));
  plugin.stop();  // its thread is back from submit()
  BOOST_REQUIRE(host.log().size() == 1);
  BOOST_TEST(host.log()[0].fields["where"] == "submit");
  BOOST_TEST(host.log()[0].fields["what"] == "thrown by submit");
}

BOOST_AUTO_TEST_CASE(a_reply_by_callback_ends_the_pending_that_it_holds) {
  FakeHost host;
  auto plugin = made<Calling>(host);
  host.on_http = [](const HttpRequest &request) { return relance::testkit::replied(200, request.method); };
  BOOST_TEST(plugin.send(TestMessage::to("post", "")).refs.at(0) == "POST");
  host.on_http = [](const HttpRequest &) { return relance::testkit::unknown(); };
  BOOST_TEST((plugin.send(TestMessage::to("post", "")).kind == OutcomeKind::unknown));
  host.on_http = {};
  BOOST_TEST((plugin.send(TestMessage::to("post", "")).kind == OutcomeKind::not_sent));
}

BOOST_AUTO_TEST_CASE(a_call_that_waits_is_refused_on_a_thread_of_the_host) {
  FakeHost host;
  host.on_http = [](const HttpRequest &) -> HttpReply { throw std::logic_error("nothing may be sent"); };
  auto plugin = made<Calling>(host);
  const auto outcome = plugin.send(TestMessage::to("wait_here", ""));
  BOOST_TEST((outcome.kind == OutcomeKind::not_sent));
  BOOST_TEST(outcome.text.find("thread of the host") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_class_without_a_waiting_method_has_no_threads) {
  BOOST_TEST(!Waits<Calling>);
  BOOST_TEST(Waits<Waiting>);
}

BOOST_AUTO_TEST_SUITE_END()
