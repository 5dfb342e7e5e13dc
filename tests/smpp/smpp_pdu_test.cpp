// Frames, fields and options: what a message centre may send, and what nobody may make this client believe.
#include "plugins/protocol/smpp/body.hpp"
#include "plugins/protocol/smpp/status.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

namespace relance::smpp {
namespace {

constexpr unsigned kSeed{20'261'122};
constexpr int kRounds{20'000};

std::string random_octets(std::mt19937 &chance, std::size_t most) {
  std::string octets(std::uniform_int_distribution<std::size_t>{0, most}(chance), '\0');
  for (auto &octet : octets) octet = static_cast<char>(chance() & 0xFF);
  return octets;
}

std::string some_body() {
  ShortMessage message;
  message.source = {5, 0, "Acme"};
  message.destination = {1, 1, "33612345678"};
  message.text = "Bonjour";
  message.options = {{kReceiptedMessageId, std::string_view{"6aad5\0", 6}}, {kMessageState, "\x02"}};
  std::string body;
  append_body(body, message);
  return body;
}

/// Views must point into what was given: whoever reads outside is caught by the sanitizers, and here.
bool is_within(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(smpp_pdu_test)

BOOST_AUTO_TEST_CASE(a_pdu_comes_back_as_it_was_written) {
  std::string wire;
  append_pdu(wire, kSubmitSm, 0, 7, some_body());
  append_pdu(wire, kEnquireLink, 0, 8);
  const auto first = read_frame(wire);
  BOOST_REQUIRE(first.state == Frame::State::whole);
  BOOST_TEST(first.pdu.command == kSubmitSm);
  BOOST_TEST(first.pdu.sequence == 7u);
  const auto message = read_message(kSubmitSm, first.pdu.body);
  BOOST_REQUIRE(message.has_value());
  BOOST_TEST(message->source.digits == "Acme");
  BOOST_TEST(message->source.ton == 5);
  BOOST_TEST(message->words() == "Bonjour");
  BOOST_TEST(message->option(kMessageState).value() == "\x02");
  const auto second = read_frame(std::string_view{wire}.substr(first.pdu.whole.size()));
  BOOST_TEST(second.pdu.command == kEnquireLink);
  BOOST_TEST(second.pdu.body.empty());
}

BOOST_AUTO_TEST_CASE(a_pdu_that_is_not_all_there_waits_and_one_that_cannot_be_is_refused) {
  std::string wire;
  append_pdu(wire, kDeliverSm, 0, 1, some_body());
  for (std::size_t size{0}; size < wire.size(); ++size)
    BOOST_TEST((read_frame(std::string_view{wire}.substr(0, size)).state == Frame::State::incomplete));
  for (const std::uint32_t length :
       {0u, 15u, 0x80000000u, 0xFFFFFFFFu, static_cast<std::uint32_t>(kPduBytesMax + 1)}) {
    std::string odd;
    append_u32(odd, length);
    const auto frame = read_frame(odd + std::string(12, '\0'));
    BOOST_TEST((frame.state == Frame::State::broken), "a length of " << length);
    BOOST_TEST(!frame.fault.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_body_cut_anywhere_is_read_as_far_as_it_goes_or_not_at_all) {
  const auto body = some_body();
  const auto mandatory = body.size() - 10 - 5;  // the two options
  for (std::size_t size{0}; size <= body.size(); ++size) {
    const auto cut = body.substr(0, size);
    const auto message = read_message(kDeliverSm, cut);
    BOOST_TEST(message.has_value() == (size >= mandatory), "cut to " << size);
    if (message)
      BOOST_TEST(message->options.size() == (size == body.size() ? 2u : size >= mandatory + 10 ? 1u : 0u));
  }
}

BOOST_AUTO_TEST_CASE(whatever_octets_come_nothing_is_read_outside_of_them) {
  std::mt19937 chance{kSeed};
  std::string wire;
  append_pdu(wire, kDeliverSm, 0, 1, some_body());
  for (int round{0}; round < kRounds; ++round) {
    // Half of them are a good PDU with a few octets changed, so that they get far.
    auto octets = round % 2 == 0 ? random_octets(chance, 400) : wire;
    for (int change{0}; round % 2 == 1 && change < 3; ++change)
      octets[chance() % octets.size()] = static_cast<char>(chance() & 0xFF);
    octets.shrink_to_fit();
    std::string_view rest{octets};
    while (true) {
      const auto frame = read_frame(rest);
      if (frame.state != Frame::State::whole) break;
      BOOST_REQUIRE(frame.pdu.whole.size() >= kHeaderBytes);  // it goes on
      BOOST_REQUIRE(is_within(frame.pdu.whole, rest));
      rest.remove_prefix(frame.pdu.whole.size());
    }
    for (const auto command : {kSubmitSm, kDeliverSm, kDataSm}) {
      const auto message = read_message(command, octets);
      if (!message) continue;
      for (const auto part :
           {message->source.digits, message->destination.digits, message->text, message->validity})
        BOOST_REQUIRE(is_within(part, octets));
      for (const auto &option : message->options) BOOST_REQUIRE(is_within(option.value, octets));
    }
    read_query_answer(octets);
  }
}

BOOST_AUTO_TEST_CASE(a_text_with_a_nul_ends_there) {
  std::string out;
  append_text(out, std::string_view{"a\0b", 3});
  BOOST_TEST(out == std::string("a\0", 2));
}

BOOST_AUTO_TEST_CASE(a_status_has_a_name_and_a_sentence) {
  BOOST_TEST(name_of_status(0x58) == "ESME_RTHROTTLED");
  BOOST_TEST(name_of_status(0x401) == "0x00000401");
  BOOST_TEST(name_of_status(0xDEADBEEF) == "0xDEADBEEF");
  BOOST_TEST(meaning_of(0x0E).words == "the password is wrong");
  BOOST_TEST((meaning_of(0x0B).verdict == Verdict::address_dead));
  BOOST_TEST((meaning_of(0x401).verdict == Verdict::policy));
  BOOST_TEST((meaning_of(0xFF).verdict == Verdict::unknown));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::smpp
