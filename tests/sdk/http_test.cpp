// HTTP for plugins: what a reply means for a message, and what becomes of a call whose instance is destroyed.
#include "tests/sdk/sample_channels.hpp"

using namespace relance::sdk;
using namespace relance::sdk::test;
using relance::testkit::replied;

BOOST_AUTO_TEST_SUITE(http_test)

BOOST_AUTO_TEST_CASE(a_reply_becomes_the_outcome_that_its_status_allows) {
  struct Row {
    std::uint32_t status;
    HttpRules rules;
    OutcomeKind kind;
    FailureClass failure;
    bool whole_instance;
  };
  const HttpRules none, strict{.refused_as = FailureClass::policy, .throttled_took_nothing = true};
  const auto temporary = FailureClass::temporary;
  const std::vector<Row> rows{
      {202, none, OutcomeKind::accepted, FailureClass::none, false},
      {303, strict, OutcomeKind::unknown, FailureClass::none, false},
      {400, none, OutcomeKind::not_sent, temporary, false},
      {400, strict, OutcomeKind::rejected, FailureClass::policy, false},
      {401, strict, OutcomeKind::not_sent, FailureClass::configuration, true},
      {404, strict, OutcomeKind::not_sent, FailureClass::configuration, true},
      {408, strict, OutcomeKind::unknown, FailureClass::none, false},
      {409, strict, OutcomeKind::unknown, FailureClass::none, false},
      {422, strict, OutcomeKind::rejected, FailureClass::policy, false},
      {429, none, OutcomeKind::unknown, FailureClass::none, false},
      {429, strict, OutcomeKind::not_sent, temporary, true},
      {500, strict, OutcomeKind::unknown, FailureClass::none, false},
      {503, none, OutcomeKind::unknown, FailureClass::none, false},
      {503, strict, OutcomeKind::not_sent, temporary, true},
  };
  for (const auto &row : rows) {
    BOOST_TEST_CONTEXT("status " << row.status) {
      const auto outcome = replied(row.status).outcome(row.rules);
      BOOST_TEST((outcome.kind == row.kind));
      BOOST_TEST((outcome.failure == row.failure));
      BOOST_TEST(outcome.whole_instance == row.whole_instance);
    }
  }
  BOOST_TEST((relance::testkit::not_sent().outcome(strict).kind == OutcomeKind::not_sent));
  BOOST_TEST((relance::testkit::unknown().outcome(strict).kind == OutcomeKind::unknown));
}

BOOST_AUTO_TEST_CASE(retry_after_is_read_as_seconds_or_as_a_date) {
  const auto after = [](std::string text) {
    auto reply = replied(429, {}, {{"retry-after", std::move(text)}});
    reply.received_at_ms = 784'111'777'000 - 5000;  // RFC 9110's own example is 784111777
    return reply.retry_after_ms();
  };
  BOOST_TEST(after("120") == 120'000);
  BOOST_TEST(after("Sun, 06 Nov 1994 08:49:37 GMT") == 5000);
  BOOST_TEST(after("Sun, 06 Nov 1984 08:49:37 GMT") == 0);
  BOOST_TEST(after("Sun, 31 Feb 1994 08:49:37 GMT") == 0);
  BOOST_TEST(after("soon") == 0);
  BOOST_TEST(after("99999999999999999999") == 0);
  BOOST_TEST(replied(429).retry_after_ms() == 0);
}

BOOST_AUTO_TEST_CASE(a_worker_waits_for_its_reply) {
  FakeHost host;
  HttpRequest seen;
  host.on_http = [&](const HttpRequest &request) {
    seen = request;
    return replied(201, "m-1");
  };
  auto plugin = made<Waiting>(host);
  BOOST_TEST(plugin.send(TestMessage::to("post", "Bonjour")).refs.at(0) == "m-1");
  BOOST_TEST(seen.method == "POST");
  BOOST_TEST(seen.body == "Bonjour");
  BOOST_TEST(seen.not_after_ms == host.wall_ms() + 60'000);
  BOOST_REQUIRE(seen.headers.size() == 1);
  BOOST_TEST(seen.headers[0].first == "x-key");
}

BOOST_AUTO_TEST_CASE(an_instance_that_is_destroyed_lets_no_worker_wait_for_ever) {
  FakeHost host;
  std::latch called{1};
  relance::sdk::Token token{0};
  {
    auto plugin = made<Waiting>(host);
    host.deliver_reply = {};  // the reply never comes
    host.on_http = [&](const HttpRequest &) {
      called.count_down();
      return HttpReply{};
    };
    token = plugin.submit(TestMessage::to("post", ""));
    called.wait();
  }
  BOOST_TEST((host.outcome_of(token).kind == OutcomeKind::unknown));
}

BOOST_AUTO_TEST_CASE(a_stop_waits_for_a_reply_that_comes) {
  FakeHost host;
  std::latch called{1}, answering{1};
  host.on_http = [&](const HttpRequest &) {
    called.count_down();
    answering.wait();
    return replied(201, "m-1");
  };
  auto plugin = made<Waiting>(host);
  const auto token = plugin.submit(TestMessage::to("post", ""));
  called.wait();
  plugin.stop();
  answering.count_down();
  BOOST_TEST((host.outcome_of(token).kind == OutcomeKind::accepted));
}

BOOST_AUTO_TEST_CASE(a_reply_that_never_comes_is_given_up_after_a_stop) {
  FakeHost host;
  host.loses_replies = true;
  std::latch called{2};
  host.on_http = [&](const HttpRequest &) {
    called.count_down();
    return HttpReply{};
  };
  auto blocking = made<Waiting>(host);
  const auto token = blocking.submit(TestMessage::to("post", ""));
  blocking.submit(TestMessage::to("post", ""));
  called.wait();
  blocking.stop();
  BOOST_TEST((host.outcome_of(token).kind == OutcomeKind::unknown));
  BOOST_TEST(host.outcome_of(token).text == "cancelled");
}

BOOST_AUTO_TEST_CASE(a_form_is_encoded_byte_by_byte) {
  BOOST_TEST(form({{"to", "+33 6"}, {"text", "é&=~"}}) == "to=%2B33%206&text=%C3%A9%26%3D~");
}

BOOST_AUTO_TEST_SUITE_END()
