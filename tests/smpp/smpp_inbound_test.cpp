// What comes in: acknowledged only once it is stored, not read while there is no room, and understood.
#include "plugins/sms/smpp/channel.hpp"
#include "tests/smpp/scripted_smsc.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <relance/testkit.hpp>

#include <ostream>

namespace relance::sms::smpp {
BOOST_AUTO_TEST_SUITE(smpp_inbound_test)

namespace {

using namespace protocol;
using protocol::test::ScriptedSmsc;
using sdk::FailureClass;
using sdk::ReceiptKind;

constexpr std::uint32_t kDeliverAnswer{kDeliverSm | kResponse};

struct World {
  explicit World(const std::string &more = {})
      : instance{sdk::driver_at<SmppChannel>(0), host,
                 R"({"host": "127.0.0.1", "port": )" + std::to_string(smsc.port()) +
                     R"(, "system_id": "relance", "password": "secret08", "sender": "Acme")" + more + "}"} {
    smsc.await(kBindTransceiver);
  }
  testkit::FakeHost host;
  ScriptedSmsc smsc;
  testkit::Instance instance;
};

ShortMessage receipt(std::string_view words) {
  ShortMessage message;
  message.source = {1, 1, "33612345678"};
  message.destination = {1, 1, "33140000000"};
  message.esm_class = kTypeReceipt;
  message.text = words;
  return message;
}
ShortMessage words_of_a_person(std::string_view text) {
  auto message = receipt(text);
  message.esm_class = 0;
  return message;
}

std::string pdu(const ShortMessage &message) {
  std::string body, octets;
  append_body(body, message);
  append_pdu(octets, kDeliverSm, 0, 0, body);
  return octets;
}

struct StateCase {
  std::string_view stat;
  ReceiptKind kind;
  bool is_final;
  FailureClass failure;
};
std::ostream &operator<<(std::ostream &out, const StateCase &one) {
  return out << one.stat;
}
const StateCase kStates[]{
    {"ENROUTE", ReceiptKind::interim, false, FailureClass::none},
    {"DELIVRD", ReceiptKind::delivered, true, FailureClass::none},
    {"EXPIRED", ReceiptKind::expired, true, FailureClass::temporary},
    {"DELETED", ReceiptKind::cancelled, true, FailureClass::none},
    {"UNDELIV", ReceiptKind::failed, true, FailureClass::none},
    {"ACCEPTD", ReceiptKind::accepted, false, FailureClass::none},
    {"UNKNOWN", ReceiptKind::interim, false, FailureClass::none},
    {"REJECTD", ReceiptKind::failed, true, FailureClass::policy},
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_receipt_is_answered_once_it_is_stored_and_not_before) {
  World world;
  world.smsc.deliver(receipt("id:m-1 stat:DELIVRD err:000"), 41);
  world.host.wait("the receipt", [&] { return world.host.inbound_unlocked() == 1; });
  // Whatever the link does meanwhile, this one has no answer.
  world.smsc.peer().send(kEnquireLink, 0, 42);
  world.smsc.await(kEnquireLink | kResponse);
  BOOST_TEST(world.smsc.seen(kDeliverAnswer).empty());
  world.instance.stored({world.host.inbound().at(0).token});
  BOOST_TEST(world.smsc.await(kDeliverAnswer).at(0).sequence == 41u);
}

BOOST_AUTO_TEST_CASE(what_finds_no_room_stops_the_reading_until_there_is_some) {
  World world;
  world.host.inbound_room = 2;
  for (std::uint32_t number{1}; number <= 5; ++number)
    world.smsc.deliver(receipt("id:m-" + std::to_string(number) + " stat:DELIVRD err:000"), number);
  world.host.wait("two of them, and no room for the third",
                  [&] { return world.host.inbound_unlocked() == 2 && world.host.refused_inbound_unlocked() > 0; });
  // The link is not read: a question behind them finds no answer.
  world.smsc.peer().send(kEnquireLink, 0, 42);
  world.host.inbound_room = 100;
  BOOST_TEST(world.host.inbound().size() == 2u);
  world.instance.room();
  world.host.wait("all of them", [&] { return world.host.inbound_unlocked() == 5; });
  world.smsc.await(kEnquireLink | kResponse);
  const auto all = world.host.inbound();
  for (std::size_t at{0}; at < all.size(); ++at)
    BOOST_TEST(all[at].bytes.find("id:m-" + std::to_string(at + 1) + " ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_repeat_has_the_same_bytes_whatever_its_sequence_number) {
  World world;
  world.smsc.deliver(receipt("id:m-1 stat:DELIVRD"), 7);
  world.smsc.deliver(receipt("id:m-1 stat:DELIVRD"), 8);
  world.host.wait("both", [&] { return world.host.inbound_unlocked() == 2; });
  const auto both = world.host.inbound();
  BOOST_TEST(both.at(0).bytes == both.at(1).bytes);
  BOOST_TEST(both.at(0).token != both.at(1).token);
}

BOOST_AUTO_TEST_CASE(an_answer_belongs_to_the_link_that_asked) {
  World world;
  world.smsc.deliver(receipt("id:m-1 stat:DELIVRD"), 7);
  world.host.wait("it", [&] { return world.host.inbound_unlocked() == 1; });
  world.smsc.peer().close();
  world.smsc.await(kBindTransceiver, 2);
  world.instance.stored({world.host.inbound().at(0).token});
  world.smsc.peer().send(kEnquireLink, 0, 42);
  world.smsc.await(kEnquireLink | kResponse);
  BOOST_TEST(world.smsc.seen(kDeliverAnswer).empty());
}

BOOST_DATA_TEST_CASE(each_state_is_a_receipt, boost::unit_test::data::make(kStates)) {
  World world;
  const auto parsed =
      world.instance.parse("link", pdu(receipt("id:m-1 stat:" + std::string{sample.stat} + " err:0b1")));
  BOOST_REQUIRE(parsed.receipts.size() == 1u);
  const auto &found = parsed.receipts[0];
  BOOST_TEST(found.ref == "m-1");
  BOOST_TEST((found.kind == sample.kind));
  BOOST_TEST(found.is_final == sample.is_final);
  BOOST_TEST((found.failure == sample.failure));
  BOOST_TEST(found.code == std::string{sample.stat} + " 0b1");
}

BOOST_AUTO_TEST_CASE(the_codes_of_a_provider_and_of_the_network_say_why) {
  World world{R"(, "error_classes": {"001": "address_dead"})"};
  const auto failure = [&](std::string_view words, std::string_view network) {
    auto message = receipt(words);
    message.options = {{kNetworkErrorCode, network}};
    return world.instance.parse("link", pdu(message)).receipts.at(0).failure;
  };
  BOOST_TEST((failure("id:1 stat:UNDELIV err:001", {}) == FailureClass::address_dead));
  BOOST_TEST((failure("id:1 stat:UNDELIV err:002", {"\x03\x00\x01", 3}) == FailureClass::address_dead));
  BOOST_TEST((failure("id:1 stat:UNDELIV err:002", {"\x03\x00\x1b", 3}) == FailureClass::temporary));
  BOOST_TEST((failure("id:1 stat:UNDELIV err:002", {"\x01\x00\x01", 3}) == FailureClass::none));
  BOOST_TEST((failure("id:1 stat:DELIVRD err:001", {}) == FailureClass::none));
}

BOOST_AUTO_TEST_CASE(an_intermediate_notification_ends_nothing) {
  World world;
  auto message = receipt("id:m-1 stat:UNDELIV err:001");
  message.esm_class = kTypeIntermediate;
  const auto parsed = world.instance.parse("link", pdu(message));
  BOOST_TEST((parsed.receipts.at(0).kind == ReceiptKind::interim));
  BOOST_TEST(!parsed.receipts.at(0).is_final);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_kept_for_a_better_version) {
  World world;
  using Status = sdk::Parsed::Status;
  for (const auto &bytes :
       {std::string{"x"}, pdu(receipt("id:m-1")), pdu(receipt("stat:DELIVRD")), std::string{}})
    BOOST_TEST((world.instance.parse("link", bytes).status == Status::unreadable));
  BOOST_TEST(
      (world.instance.parse("mail", pdu(receipt("id:m-1 stat:DELIVRD"))).status == Status::unreadable));
}

BOOST_AUTO_TEST_CASE(the_words_of_a_person_are_a_reply) {
  World world;
  const auto parsed = world.instance.parse("link", pdu(words_of_a_person("When?")));
  BOOST_REQUIRE(parsed.replies.size() == 1u);
  BOOST_TEST(parsed.replies[0].from == "+33612345678");
  BOOST_TEST(parsed.replies[0].to == "+33140000000");
  BOOST_TEST(parsed.replies[0].text == "When?");
  BOOST_TEST((parsed.replies[0].kind == sdk::ReplyKind::human));
}

BOOST_AUTO_TEST_CASE(a_sender_without_a_type_is_a_number_where_it_looks_like_one) {
  World world;
  auto message = words_of_a_person("oui");
  for (const auto &[digits, from] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{{"33612345678", "+33612345678"},
                                                                            {"0612345678", "0612345678"},
                                                                            {"38080", "38080"},
                                                                            {"Acme", "Acme"}}) {
    message.source = {0, 0, digits};
    BOOST_TEST(world.instance.parse("link", pdu(message)).replies.at(0).from == from);
  }
}

BOOST_AUTO_TEST_CASE(a_part_that_never_comes_is_shown_as_missing) {
  testkit::FakeHost host;
  Reassembly reassembly;
  relance_raw raw{};
  raw.size = sizeof raw;
  raw.token = 7;
  const auto now = Reassembly::Clock::now();
  reassembly.add(sdk::PendingParse{host.raw(), &raw}, {.from = "+336", .to = "1", .text = "second"},
                 {9, 2, 2}, now);
  reassembly.expire(now + Reassembly::kPatience - std::chrono::seconds{1});
  BOOST_TEST(!reassembly.is_empty());
  reassembly.expire(now + Reassembly::kPatience);
  BOOST_TEST(host.parsed(7).replies.at(0).text == "[…]second");
  BOOST_TEST(reassembly.is_empty());
}

BOOST_AUTO_TEST_CASE(parts_in_any_order_are_one_text_and_a_repeat_is_none) {
  testkit::FakeHost host;
  std::deque<relance_raw> raws;  // outlive what waits
  Reassembly reassembly;
  const auto add = [&](sdk::Token token, std::string text, std::uint8_t number) {
    auto &raw = raws.emplace_back();
    raw.size = sizeof raw;
    raw.token = token;
    reassembly.add(sdk::PendingParse{host.raw(), &raw}, {.from = "+336", .to = "1", .text = std::move(text)},
                   {9, 3, number}, Reassembly::Clock::now());
  };
  add(1, "c", 3);
  add(2, "a", 1);
  add(3, "a", 1);  // once more before the end
  add(4, "b", 2);
  std::size_t replies{0};
  std::string text;
  for (sdk::Token token{1}; token <= 4; ++token)
    for (const auto &reply : host.parsed(token).replies) ++replies, text = reply.text;
  BOOST_TEST(replies == 1u);
  BOOST_TEST(text == "abc");
  add(5, "b", 2);  // and after it
  BOOST_TEST(host.parsed(5).replies.empty());
  BOOST_TEST(reassembly.is_empty());
}

BOOST_AUTO_TEST_CASE(texts_that_wait_are_bounded) {
  testkit::FakeHost host;
  std::deque<relance_raw> raws;  // outlive what waits
  Reassembly reassembly;
  for (std::size_t number{0}; number <= Reassembly::kTextsMax; ++number) {
    auto &raw = raws.emplace_back();
    raw.size = sizeof raw;
    raw.token = number + 1;
    reassembly.add(sdk::PendingParse{host.raw(), &raw}, {.from = std::to_string(number), .text = "x"},
                   {1, 2, 1}, Reassembly::Clock::now() + std::chrono::milliseconds{number});
  }
  BOOST_TEST(host.parsed(1).replies.at(0).text == "x[…]");
  BOOST_TEST(host.end_count() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::sms::smpp
