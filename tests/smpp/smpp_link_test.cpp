// The driver on the SDK's test kit against a message centre that does as it is told: what becomes of
// messages, and what the links do.
#include "plugins/sms/smpp/channel.hpp"
#include "tests/smpp/scripted_smsc.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <relance/testkit.hpp>

#include <ostream>

namespace relance::sms::smpp {
BOOST_AUTO_TEST_SUITE(smpp_link_test)

namespace {

using namespace protocol;
using protocol::test::ScriptedSmsc;
using protocol::test::Seen;
using sdk::FailureClass;
using sdk::OutcomeKind;
using Peer = ScriptedSmsc::Peer;

const relance_plugin *driver() {
  return sdk::driver_at<SmppChannel>(0);
}

std::string settings_for(const ScriptedSmsc &smsc, const std::string &more = {}) {
  return R"({"host": "127.0.0.1", "port": )" + std::to_string(smsc.port()) +
         R"(, "system_id": "relance", "password": "secret08", "sender": "Acme", "reconnect_s_max": 1)" +
         more + "}";
}

testkit::TestMessage text_to(int number, std::string text = "Bonjour") {
  return testkit::TestMessage::to("+336" + std::to_string(10'000'000 + number), std::move(text));
}

struct World {
  explicit World(std::map<std::uint32_t, ScriptedSmsc::Handler> handlers = {}, const std::string &more = {})
      : smsc{std::move(handlers)}, instance{driver(), host, settings_for(smsc, more)} {}
  /// Until the host may hand over.
  void await_open() {
    for (int look{0}; look < 2'000; ++look) {
      const auto credits = host.credits();
      if (!credits.empty() && credits.back() != 0) return;
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    throw std::runtime_error("no credit was granted");
  }
  testkit::FakeHost host;
  ScriptedSmsc smsc;
  testkit::Instance instance;
};

struct StatusCase {
  std::uint32_t status;
  OutcomeKind kind;
  FailureClass failure;
};
std::ostream &operator<<(std::ostream &out, const StatusCase &one) {
  return out << name_of_status(one.status);
}
const StatusCase kStatuses[]{
    {0x00, OutcomeKind::accepted, FailureClass::none},
    {0x0B, OutcomeKind::rejected, FailureClass::address_dead},
    {0x0A, OutcomeKind::rejected, FailureClass::configuration},
    {0x45, OutcomeKind::rejected, FailureClass::policy},
    {0x08, OutcomeKind::not_sent, FailureClass::temporary},
    {0x58, OutcomeKind::not_sent, FailureClass::temporary},
    {0x14, OutcomeKind::not_sent, FailureClass::temporary},
    {0xFF, OutcomeKind::unknown, FailureClass::none},
    {0x400, OutcomeKind::rejected, FailureClass::policy},
    {0x401, OutcomeKind::not_sent, FailureClass::temporary},
    {0x402, OutcomeKind::rejected, FailureClass::address_dead},
};

}  // namespace

BOOST_DATA_TEST_CASE(a_status_ends_a_message_as_it_means, boost::unit_test::data::make(kStatuses)) {
  World world{{{kSubmitSm,
                [&](Peer &peer, const Seen &seen) {
                  peer.answer(seen, sample.status,
                              sample.status == 0 ? std::string_view{"id-1\0", 5} : std::string_view{});
                }}},
              R"(, "statuses": {"0x401": "temporary", "0x0402": "address_dead"})"};
  world.await_open();
  const auto outcome = world.instance.send(text_to(1));
  BOOST_TEST((outcome.kind == sample.kind));
  BOOST_TEST((outcome.failure == sample.failure));
  if (sample.status == 0)
    BOOST_TEST(outcome.refs == std::vector<std::string>{"id-1"}, boost::test_tools::per_element());
  if (sample.status != 0) BOOST_TEST(outcome.code == name_of_status(sample.status));
}

BOOST_AUTO_TEST_CASE(a_nack_refuses_the_message_that_it_names) {
  World world{
      {{kSubmitSm, [](Peer &peer, const Seen &seen) { peer.send(kGenericNack, 0x03, seen.sequence); }}}};
  world.await_open();
  BOOST_TEST((world.instance.send(text_to(1)).kind == OutcomeKind::rejected));
}

BOOST_AUTO_TEST_CASE(answers_in_another_order_find_their_messages) {
  World world{{{kSubmitSm, [](Peer &, const Seen &) {}}}};
  world.await_open();
  std::vector<sdk::Token> tokens;
  for (int number{0}; number < 3; ++number) tokens.push_back(world.instance.submit(text_to(number)));
  const auto submits = world.smsc.await(kSubmitSm, 3);
  for (std::size_t at{3}; at-- > 0;)
    world.smsc.peer().answer(
        submits[at], 0, std::string{read_message(kSubmitSm, submits[at].body)->destination.digits} + '\0');
  for (std::size_t at{0}; at < 3; ++at)
    BOOST_TEST(world.host.outcome_of(tokens[at]).refs.at(0) == "336" + std::to_string(10'000'000 + at));
}

BOOST_AUTO_TEST_CASE(no_more_than_the_window_is_out) {
  World world{{{kSubmitSm, [](Peer &, const Seen &) {}}}, R"(, "window": 2)"};
  world.await_open();
  std::vector<sdk::Token> tokens;
  for (int number{0}; number < 5; ++number) tokens.push_back(world.instance.submit(text_to(number)));
  auto submits = world.smsc.await(kSubmitSm, 2);
  // A round trip later there is still no third.
  world.smsc.peer().send(kEnquireLink, 0, 99);
  world.smsc.await(kEnquireLink | kResponse);
  BOOST_TEST(world.smsc.seen(kSubmitSm).size() == 2u);
  for (std::size_t at{0}; at < 5; ++at) {
    submits = world.smsc.await(kSubmitSm, at + 1);
    world.smsc.peer().answer(submits[at], 0, std::string_view{"x\0", 2});
  }
  for (const auto token : tokens) BOOST_TEST((world.host.outcome_of(token).kind == OutcomeKind::accepted));
}

BOOST_AUTO_TEST_CASE(what_was_written_is_in_doubt_and_what_was_not_is_not) {
  World world{{{kSubmitSm, [](Peer &peer, const Seen &) { peer.close(); }}}, R"(, "window": 1)"};
  world.await_open();
  const auto written = world.instance.submit(text_to(1)), waiting = world.instance.submit(text_to(2));
  BOOST_TEST((world.host.outcome_of(written).kind == OutcomeKind::unknown));
  BOOST_TEST((world.host.outcome_of(waiting).kind == OutcomeKind::not_sent));
  BOOST_TEST(world.smsc.seen(kSubmitSm).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_throttle_pauses_the_instance_and_lets_it_go_on) {
  std::atomic<int> count{0};
  World world{{{kSubmitSm, [&](Peer &peer, const Seen &seen) {
                  if (++count == 1)
                    peer.answer(seen, 0x58);
                  else
                    peer.answer(seen, 0, std::string_view{"x\0", 2});
                }}}};
  world.await_open();
  const auto outcome = world.instance.send(text_to(1));
  BOOST_TEST((outcome.kind == OutcomeKind::not_sent));
  BOOST_TEST(outcome.whole_instance);
  BOOST_TEST(outcome.retry_after_ms > 0);
  BOOST_TEST(world.host.credits().back() == 0u);
  world.await_open();
  BOOST_TEST((world.instance.send(text_to(1)).kind == OutcomeKind::accepted));
}

BOOST_AUTO_TEST_CASE(a_message_without_an_answer_is_in_doubt_while_its_link_lives_on) {
  std::atomic<int> count{0};
  World world{{{kSubmitSm,
                [&](Peer &peer, const Seen &seen) {
                  if (++count > 1) peer.answer(seen, 0, std::string_view{"x\0", 2});
                }}},
              R"(, "response_timeout_s": 1)"};
  world.await_open();
  const auto outcome = world.instance.send(text_to(1));
  BOOST_TEST((outcome.kind == OutcomeKind::unknown));
  BOOST_TEST(outcome.code == "no_answer");
  BOOST_TEST((world.instance.send(text_to(2)).kind == OutcomeKind::accepted));
  BOOST_TEST(world.smsc.seen(kBindTransceiver).size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_too_late_does_not_leave) {
  World world;
  world.await_open();
  auto late = text_to(1);
  late.not_after_in_ms = -1;
  const auto outcome = world.instance.send(std::move(late));
  BOOST_TEST((outcome.kind == OutcomeKind::not_sent));
  BOOST_TEST(world.smsc.seen(kSubmitSm).empty());
}

BOOST_AUTO_TEST_CASE(both_ends_ask_whether_the_other_lives) {
  World world{{}, R"(, "enquire_link_s": 1)"};
  world.await_open();
  world.smsc.peer().send(kEnquireLink, 0, 4711);
  BOOST_TEST(world.smsc.await(kEnquireLink | kResponse).at(0).sequence == 4711u);
  world.smsc.await(kEnquireLink);
}

BOOST_AUTO_TEST_CASE(an_unknown_request_gets_a_nack_and_the_link_goes_on) {
  World world;
  world.await_open();
  world.smsc.peer().send(0x00000111, 0, 5);
  const auto nack = world.smsc.await(kGenericNack).at(0);
  BOOST_TEST(nack.sequence == 5u);
  BOOST_TEST(nack.status == 0x03u);
  world.smsc.peer().send(kAlertNotification, 0, 6);
  BOOST_TEST((world.instance.send(text_to(1)).kind == OutcomeKind::accepted));
}

BOOST_AUTO_TEST_CASE(a_link_that_lost_step_is_closed_and_opened_again) {
  std::string too_long, too_short;
  append_u32(too_long, 0x7FFFFFFF);
  append_u32(too_short, 15);
  const std::string padding(12, '\0');
  std::string nack;
  append_pdu(nack, kGenericNack, 0x02, 0);
  World world;
  std::size_t binds{1};
  for (const auto &octets : {too_long + padding, too_short + padding, nack}) {
    world.smsc.await(kBindTransceiver, binds);
    world.await_open();
    world.smsc.peer().send_raw(octets);
    world.smsc.await(kBindTransceiver, ++binds);
  }
  world.await_open();
  BOOST_TEST((world.instance.send(text_to(1)).kind == OutcomeKind::accepted));
}

BOOST_AUTO_TEST_CASE(octets_that_come_one_by_one_are_a_pdu_in_the_end) {
  World world{{{kSubmitSm, [](Peer &peer, const Seen &seen) {
                  std::string octets;
                  append_pdu(octets, kSubmitSm | kResponse, 0, seen.sequence, std::string_view{"slow\0", 5});
                  for (const char octet : octets) peer.send_raw({&octet, 1});
                }}}};
  world.await_open();
  BOOST_TEST(world.instance.send(text_to(1)).refs.at(0) == "slow");
}

BOOST_AUTO_TEST_CASE(a_refused_login_is_told_in_words_and_tried_again) {
  std::atomic<int> count{0};
  World world{{{kBindTransceiver, [&](Peer &peer, const Seen &seen) {
                  if (++count == 1) {
                    peer.answer(seen, 0x0E);
                    peer.close();
                  } else {
                    peer.answer(seen, 0, std::string_view{"peer\0", 5});
                  }
                }}}};
  world.await_open();
  const auto health = world.host.health();
  BOOST_REQUIRE(!health.empty());
  BOOST_TEST((health.front().level == sdk::HealthLevel::down));
  BOOST_TEST(health.front().code == "configuration");
  BOOST_TEST(health.front().text.find("the password is wrong") != std::string::npos);
  BOOST_TEST(health.front().text.find("secret08") == std::string::npos);
  BOOST_TEST((health.back().level == sdk::HealthLevel::up));
}

BOOST_AUTO_TEST_CASE(nothing_waits_for_a_link_that_is_not_there) {
  World world{{{kBindTransceiver, [](Peer &, const Seen &) {}}}};
  world.smsc.await(kBindTransceiver);
  const auto outcome = world.instance.send(text_to(1));
  BOOST_TEST((outcome.kind == OutcomeKind::not_sent));
  BOOST_TEST(world.smsc.seen(kSubmitSm).empty());
}

BOOST_AUTO_TEST_CASE(a_centre_whose_name_nobody_knows_gets_nothing_and_shows_in_the_health) {
  testkit::FakeHost host;
  testkit::Instance instance{
      driver(), host,
      R"({"host": "no-such-host.invalid", "port": 2775, "system_id": "relance", "password": "secret08", "sender": "Acme"})"};
  const auto outcome = instance.send(text_to(1));
  BOOST_TEST((outcome.kind == OutcomeKind::not_sent && outcome.failure == FailureClass::temporary));
  for (int look{0}; look < 2'000 && host.health().empty(); ++look)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  BOOST_REQUIRE(!host.health().empty());
  BOOST_TEST((host.health().front().level == sdk::HealthLevel::down));
  BOOST_TEST(host.health().front().text.starts_with("resolve: "), host.health().front().text);
}

BOOST_AUTO_TEST_CASE(a_pair_sends_on_one_link_and_receives_on_the_other) {
  World world{{}, R"(, "mode": "pair")"};
  world.smsc.await(kBindTransmitter);
  world.smsc.await(kBindReceiver);
  world.await_open();
  BOOST_TEST((world.instance.send(text_to(1)).kind == OutcomeKind::accepted));
  BOOST_TEST(world.smsc.seen(kSubmitSm).at(0).link == world.smsc.seen(kBindTransmitter).at(0).link);
}

BOOST_AUTO_TEST_CASE(several_links_share_what_one_cannot_carry) {
  World world{{{kSubmitSm, [](Peer &, const Seen &) {}}}, R"(, "links": 3, "window": 2)"};
  world.smsc.await(kBindTransceiver, 3);
  world.await_open();
  BOOST_TEST(world.instance.traits().max_in_flight == 6u);
  for (int number{0}; number < 6; ++number) world.instance.submit(text_to(number));
  std::map<std::size_t, int> by_link;
  for (const auto &submit : world.smsc.await(kSubmitSm, 6)) ++by_link[submit.link];
  BOOST_TEST(by_link.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_stop_waits_for_what_was_written_then_unbinds) {
  World world{{{kSubmitSm, [](Peer &, const Seen &) {}}}};
  world.await_open();
  const auto token = world.instance.submit(text_to(1));
  const auto submit = world.smsc.await(kSubmitSm).at(0);
  world.instance.stop();
  world.smsc.peer().answer(submit, 0, std::string_view{"late\0", 5});
  BOOST_TEST(world.host.outcome_of(token).refs.at(0) == "late");
  world.smsc.await(kUnbind);
}

BOOST_AUTO_TEST_CASE(what_has_no_answer_at_a_stop_is_in_doubt) {
  World world{{{kSubmitSm, [](Peer &, const Seen &) {}}}};
  world.await_open();
  const auto token = world.instance.submit(text_to(1));
  world.smsc.await(kSubmitSm);
  world.instance.stop();
  BOOST_TEST((world.host.outcome_of(token).kind == OutcomeKind::unknown));
}

BOOST_AUTO_TEST_CASE(the_parts_of_a_text_are_one_message_with_a_reference_each) {
  World world;
  world.await_open();
  const auto outcome = world.instance.send(text_to(1, std::string(200, 'x')));
  BOOST_TEST(outcome.refs == (std::vector<std::string>{"m-1", "m-2"}), boost::test_tools::per_element());
  BOOST_TEST(outcome.part_count == 2u);
  BOOST_TEST(world.instance.send(text_to(2, "short")).part_count == 1u);
}

BOOST_AUTO_TEST_CASE(a_text_of_which_one_part_is_refused_is_in_doubt_with_the_reference_of_the_other) {
  std::atomic<int> count{0};
  World world{{{kSubmitSm, [&](Peer &peer, const Seen &seen) {
                  peer.answer(seen, ++count == 1 ? 0 : 0x45, std::string_view{"out\0", 4});
                }}}};
  world.await_open();
  const auto outcome = world.instance.send(text_to(1, std::string(200, 'x')));
  BOOST_TEST((outcome.kind == OutcomeKind::unknown));
  BOOST_TEST(outcome.refs == std::vector<std::string>{"out"}, boost::test_tools::per_element());
  BOOST_TEST(outcome.part_count == 2u);  // so that a receipt of the one does not speak for both
  BOOST_TEST(outcome.code == "ESME_RSUBMITFAIL");
}

BOOST_AUTO_TEST_CASE(a_message_in_doubt_is_asked_for_and_a_paid_one_taken_back) {
  std::atomic<int> state{1}, cancelled{0};
  World world{
      {{kQuerySm,
        [&](Peer &peer, const Seen &seen) {
          const std::string body{seen.body.substr(0, seen.body.find('\0')) + '\0' + '\0' +
                                 static_cast<char>(state.load()) + '\0'};
          peer.answer(seen, 0, body);
        }},
       {kCancelSm, [&](Peer &peer, const Seen &seen) { peer.answer(seen, ++cancelled == 1 ? 0 : 0x11); }}},
      R"(, "query": true, "recall": true)"};
  world.await_open();
  BOOST_TEST((world.instance.query("key", {"m-1"}).kind == OutcomeKind::accepted));
  state = 5;
  BOOST_TEST((world.instance.query("key", {"m-1"}).kind == OutcomeKind::unknown));
  BOOST_TEST((world.instance.query("key", {}).kind == OutcomeKind::unknown));
  BOOST_TEST((world.instance.recall({"m-1"}).kind == sdk::RecallKind::cancelled));
  BOOST_TEST((world.instance.recall({"m-1"}).kind == sdk::RecallKind::too_late));
  BOOST_TEST(world.smsc.seen(kQuerySm).at(0).body == std::string("m-1\0\x05\0Acme\0", 11));
}

BOOST_AUTO_TEST_CASE(settings_that_cannot_work_are_refused_where_they_stand) {
  testkit::FakeHost host;
  const auto fault = [&](const std::string &settings) {
    const auto issues = testkit::check_settings(driver(), host, settings);
    for (const auto &issue : issues)
      if (issue.is_fatal) return issue.path;
    return std::string{};
  };
  BOOST_TEST(fault(R"({"host": "", "system_id": "a", "password": "b"})") == "/host");
  BOOST_TEST(fault(R"({"host": "h", "system_id": "a", "password": "b", "sender": "ein zu langer Name"})") ==
             "/sender");
  BOOST_TEST(fault(R"({"host": "h", "system_id": "a", "password": "b", "window": 0})") == "/window");
  BOOST_TEST(fault(R"({"host": "h", "system_id": "a", "password": "b"})") == "");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::sms::smpp
