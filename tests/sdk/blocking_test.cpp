// The blocking style: what a class with send() is spared, and how each of its operations ends when something
// goes wrong.
#include "tests/sdk/sample_channels.hpp"

using namespace relance::sdk;
using namespace relance::sdk::test;

namespace {

bool has_line(FakeHost &host, std::string_view text) {
  const auto lines = host.log();
  return std::any_of(lines.begin(), lines.end(), [&](const auto &line) {
    if (line.text.find(text) != line.text.npos) return true;
    return std::any_of(line.fields.begin(), line.fields.end(),
                       [&](const auto &field) { return field.second.find(text) != field.second.npos; });
  });
}
}  // namespace

BOOST_AUTO_TEST_SUITE(blocking_test)

BOOST_AUTO_TEST_CASE(capabilities_follow_from_the_methods_that_a_class_has) {
  const auto all = RELANCE_CAP_QUERY_BY_REF | RELANCE_CAP_QUERY_BY_KEY | RELANCE_CAP_RECALL |
                   RELANCE_CAP_TWO_PHASE | RELANCE_CAP_WEBHOOK | RELANCE_CAP_POLL | RELANCE_CAP_QUOTE |
                   RELANCE_CAP_EVIDENCE;
  BOOST_TEST(Driver<Waiting>::table()->descriptor->capabilities == all);
  BOOST_TEST(Driver<Waiting>::table()->stored != nullptr);  // poll needs it, and the face has it
  BOOST_TEST(Driver<Calling>::table()->descriptor->capabilities == 0u);
  BOOST_TEST(Driver<Calling>::table()->commit == nullptr);
}

BOOST_AUTO_TEST_CASE(what_send_returns_is_the_outcome_without_its_empty_references) {
  FakeHost host;
  auto plugin = made<Waiting>(host);
  const auto outcome = plugin.send(TestMessage::to("alice", "Bonjour"));
  BOOST_TEST((outcome.kind == OutcomeKind::accepted));
  BOOST_REQUIRE(outcome.refs.size() == 1);
  BOOST_TEST(outcome.refs[0] == "ref-alice");
}

BOOST_AUTO_TEST_CASE(an_exception_out_of_send_is_unknown_and_in_the_log) {
  FakeHost host;
  auto plugin = made<Waiting>(host);
  for (const auto *verb : {"throw", "throw_int"}) {
    const auto outcome = plugin.send(TestMessage::to(verb, "Bonjour"));
    BOOST_TEST((outcome.kind == OutcomeKind::unknown));
    BOOST_TEST(outcome.code == "exception");
  }
  BOOST_TEST(has_line(host, "thrown by send"));
  BOOST_TEST(has_line(host, "no std::exception"));
  BOOST_TEST((plugin.send(TestMessage::to("alice", "")).kind == OutcomeKind::accepted));
}

BOOST_AUTO_TEST_CASE(a_message_whose_time_is_over_never_reaches_send) {
  FakeHost host;
  auto plugin = made<Waiting>(host);
  auto late = TestMessage::to("throw", "Bonjour");
  late.not_after_in_ms = -1;
  const auto outcome = plugin.send(late);
  BOOST_TEST((outcome.kind == OutcomeKind::not_sent));
  BOOST_TEST(outcome.code == "expired");
  BOOST_TEST(host.log().empty());
}

BOOST_AUTO_TEST_CASE(at_stop_what_waits_is_not_sent_and_what_runs_is_told) {
  FakeHost host;
  auto plugin = made<Waiting>(host, R"({"workers": 1})");
  const auto running = plugin.submit(TestMessage::to("wait_for_stop", ""));
  host.await_log("waits");
  const auto queued = plugin.submit(TestMessage::to("alice", ""));
  plugin.stop();
  BOOST_TEST((host.outcome_of(queued).kind == OutcomeKind::not_sent));
  BOOST_TEST(host.outcome_of(queued).code == "stopping");
  BOOST_TEST(host.outcome_of(running).code == "stopped");
  BOOST_TEST((plugin.send(TestMessage::to("late", "")).kind == OutcomeKind::not_sent));
  BOOST_TEST(host.end_count() == 3u);
}

BOOST_AUTO_TEST_CASE(what_waits_is_never_begun_by_the_worker_that_a_stop_frees) {
  for (int round{0}; round < 300; ++round) {
    FakeHost host;
    auto plugin = made<Waiting>(host, R"({"workers": 1})");
    plugin.submit(TestMessage::to("wait_for_stop", ""));
    host.await_log("waits");
    const auto queued = plugin.submit(TestMessage::to("alice", ""));
    plugin.stop();
    BOOST_REQUIRE(host.outcome_of(queued).code == "stopping");
  }
}

BOOST_AUTO_TEST_CASE(no_more_wait_than_max_in_flight) {
  FakeHost host;
  auto plugin = made<Waiting>(host, R"({"workers": 1, "max_in_flight": 2})");
  BOOST_TEST(plugin.traits().max_in_flight == 2u);
  plugin.submit(TestMessage::to("wait_for_stop", ""));
  host.await_log("waits");
  plugin.submit(TestMessage::to("first", ""));
  plugin.submit(TestMessage::to("second", ""));
  BOOST_TEST((plugin.send(TestMessage::to("third", "")).kind == OutcomeKind::not_sent));
}

BOOST_AUTO_TEST_CASE(a_provider_is_asked_although_every_worker_sends) {
  FakeHost host;
  auto plugin = made<Waiting>(host, R"({"workers": 1})");
  plugin.submit(TestMessage::to("wait_for_stop", ""));
  host.await_log("waits");
  BOOST_TEST((plugin.query("key", {}).kind == OutcomeKind::not_found));
  BOOST_TEST((plugin.parse("poll", "ref-1").receipts.size() == 1));
}

BOOST_AUTO_TEST_CASE(the_other_operations_end_as_their_methods_return) {
  FakeHost host;
  auto plugin = made<Waiting>(host);
  BOOST_TEST(plugin.commit({"draft-1"}).refs.at(0) == "draft-1");
  BOOST_TEST((plugin.discard({"draft-2"}, "key").kind == DiscardKind::gone));
  relance_sender from{};
  from.address = RELANCE_LIT("office@example.org");
  BOOST_TEST(plugin.discard({"draft-2"}, "key", &from).text == "office@example.org");
  BOOST_TEST((plugin.discard({"throw"}).kind == DiscardKind::unknown));
  BOOST_TEST(has_line(host, "draft-2"));
  BOOST_TEST((plugin.query("key", {"ref-1"}).kind == OutcomeKind::delivered));
  BOOST_TEST((plugin.recall({"kept"}).kind == RecallKind::cancelled));
  BOOST_TEST((plugin.recall({"printed"}).kind == RecallKind::too_late));
  BOOST_TEST((plugin.fetch("proof-1").document.bytes == "%PDF"));
  BOOST_TEST((plugin.fetch("gone").status == Fetched::Status::gone));
}

BOOST_AUTO_TEST_CASE(a_parse_that_throws_is_asked_for_again) {
  FakeHost host;
  auto plugin = made<Waiting>(host);
  BOOST_TEST((plugin.parse("poll", "throw").status == Parsed::Status::retry));
  BOOST_TEST((plugin.parse("poll", "nonsense").status == Parsed::Status::unreadable));
  const auto parsed = plugin.parse("poll", "ref-9");
  BOOST_REQUIRE(parsed.receipts.size() == 1);
  BOOST_TEST(parsed.receipts[0].ref == "ref-9");
  BOOST_TEST(parsed.receipts[0].is_final);
  BOOST_TEST(parsed.receipts[0].evidence.at(0).reference == "proof-1");
}

BOOST_AUTO_TEST_CASE(what_a_poll_finds_is_all_taken_before_its_cursor_moves) {
  FakeHost host;
  host.inbound_room = 2;
  auto plugin = made<Waiting>(host);
  std::thread host_with_room_again([&] {
    host.wait("two items", [&] { return host.inbound_unlocked() == 2; });
    host.inbound_room = 10;
    plugin.room();
  });
  const auto polled = plugin.poll("");
  host_with_room_again.join();
  BOOST_TEST(polled.cursor == "next");
  const auto items = host.inbound();
  BOOST_REQUIRE(items.size() == 3);
  BOOST_TEST(items[0].cause != 0u);
  BOOST_TEST(items[0].token != items[1].token);
  BOOST_TEST(items[2].received_at_ms == host.wall_ms());
}

BOOST_AUTO_TEST_CASE(a_poll_that_finds_no_room_ends_at_stop_without_its_cursor) {
  FakeHost host;
  host.inbound_room = 2;
  auto plugin = made<Waiting>(host);
  std::thread stopping([&] {
    host.wait("two items", [&] { return host.inbound_unlocked() == 2; });
    plugin.stop();
  });
  const auto polled = plugin.poll("");
  stopping.join();
  BOOST_TEST(!polled.error.empty());
}

BOOST_AUTO_TEST_CASE(a_poll_that_fails_keeps_the_cursor) {
  FakeHost host;
  auto plugin = made<Waiting>(host);
  BOOST_TEST(plugin.poll("away").error == "the provider is away");
  BOOST_TEST(plugin.poll("away").next_poll_ms == 5000);
  BOOST_TEST(!plugin.poll("throw").error.empty());
}

BOOST_AUTO_TEST_CASE(a_pause_of_the_whole_provider_shows_in_its_health_until_it_is_over) {
  FakeHost host;
  auto plugin = made<Waiting>(host);
  plugin.send(TestMessage::to("throttled", ""));
  plugin.send(TestMessage::to("throttled", ""));
  plugin.send(TestMessage::to("alice", ""));
  const auto health = host.health();
  BOOST_REQUIRE(health.size() == 2);
  BOOST_TEST((health[0].level == HealthLevel::degraded));
  BOOST_TEST(health[0].code == "429");
  BOOST_TEST((health[1].level == HealthLevel::up));
}

BOOST_AUTO_TEST_CASE(a_webhook_is_believed_challenged_or_refused) {
  FakeHost host;
  auto plugin = made<Waiting>(host);
  BOOST_TEST(
      (plugin.authenticate({.method = "POST", .headers = {{"x-signature", "right"}}}) == Verdict::genuine));
  BOOST_TEST(
      (plugin.authenticate({.method = "POST", .headers = {{"x-signature", "wrong"}}}) == Verdict::forged));
  WebhookAnswer answer;
  BOOST_TEST((plugin.authenticate({.method = "GET"}, &answer) == Verdict::challenge));
  BOOST_TEST(answer.body == "token");
}

BOOST_AUTO_TEST_CASE(a_request_read_from_raw_bytes_is_the_one_that_came) {
  const auto request = WebhookRequest::from_raw(
      "POST https://relance.example/h/1\r\nx-a: 1\r\nx-a:2\r\n\r\n{\"b\":\r\n\r\n1}");
  BOOST_TEST(request.method == "POST");
  BOOST_TEST(request.url == "https://relance.example/h/1");
  BOOST_TEST(request.header("x-a") == "1");
  BOOST_TEST(request.headers.size() == 2u);
  BOOST_TEST(request.body == "{\"b\":\r\n\r\n1}");
  BOOST_TEST(WebhookRequest::from_raw("no request").body == "no request");
}

BOOST_AUTO_TEST_CASE(settings_are_refused_by_an_issue) {
  FakeHost host;
  const auto issues = relance::testkit::check_settings(Driver<Waiting>::table(), host, R"({"refuse": true})");
  BOOST_REQUIRE(issues.size() == 1);
  BOOST_TEST(issues[0].path == "/refuse");
  BOOST_CHECK_THROW(made<Waiting>(host, R"({"refuse": true})"), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
