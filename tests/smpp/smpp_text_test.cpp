// Texts as octets of the wire, each way in which a message centre may want them, and back.
#include "plugins/sms/smpp/text.hpp"

#include <boost/test/unit_test.hpp>
#include <relance/testkit/message.hpp>

namespace relance::sms::smpp {
namespace {

using protocol::kSubmitSm;
using protocol::ShortMessage;

Settings settings_with(std::string_view more) {
  sdk::Issues issues{nullptr};
  auto settings =
      read_settings(R"({"host": "h", "system_id": "s", "password": "p", "text": {"parts_max": 255})" +
                        std::string{more} + "}",
                    issues);
  BOOST_REQUIRE(!issues.has_fatal());
  return settings;
}

/// Bodies, kept as long as what was read from them.
struct Written {
  std::vector<std::string> bodies;
  std::vector<ShortMessage> parts;
};
Written write(std::string_view text, std::string_view more, std::string sender = "Acme",
              std::int64_t valid_in_ms = 0) {
  const auto settings = settings_with(more);
  auto test_message = testkit::TestMessage::to("+33612345678", std::string{text});
  test_message.sender_address = std::move(sender);
  test_message.valid_until_in_ms = valid_in_ms;
  const testkit::MessageBox box{test_message, 1, 1'772'438'460'000, 0};
  const sdk::Message message{*box.raw()};
  const auto preparation = prepare(message, settings.sender, settings.text, settings.prices);
  BOOST_REQUIRE(preparation.fatal() == nullptr);
  Written written{to_bodies(message, preparation.prepared, settings), {}};
  for (const auto &body : written.bodies)
    written.parts.push_back(protocol::read_message(kSubmitSm, body).value());
  return written;
}

std::string read_back(const Written &written, Alphabet alphabet) {
  std::string text;
  for (const auto &part : written.parts) text += read_incoming(part, alphabet).text;
  return text;
}

const std::string kLongText = [] {
  std::string text;
  while (text.size() < 400) text += "Facture n° 17 [échue] {de} 120 €: à régler. ";
  return text;
}();

}  // namespace

BOOST_AUTO_TEST_SUITE(smpp_text_test)

BOOST_AUTO_TEST_CASE(a_short_text_goes_in_the_alphabet_that_is_set) {
  const auto gsm = write("à @ $", "");
  BOOST_TEST(gsm.parts.at(0).text == std::string_view("\x7F \x00 \x02", 5));
  BOOST_TEST(gsm.parts.at(0).data_coding == 0);
  const auto latin1 = write("à @ $", R"(, "default_alphabet": "latin1")");
  BOOST_TEST(latin1.parts.at(0).text == "\xE0 @ $");
  BOOST_TEST(latin1.parts.at(0).data_coding == 0);
  BOOST_TEST(write("à", R"(, "default_alphabet": "latin1_marked")").parts.at(0).data_coding == 3);
  const auto wide = write("日", "");
  BOOST_TEST(wide.parts.at(0).text == "\x65\xE5");
  BOOST_TEST(wide.parts.at(0).data_coding == 8);
}

BOOST_AUTO_TEST_CASE(what_latin1_lacks_goes_as_ucs2) {
  BOOST_TEST(write("12 €", "").parts.at(0).data_coding == 0);
  BOOST_TEST(write("12 €", R"(, "default_alphabet": "latin1")").parts.at(0).data_coding == 8);
}

BOOST_AUTO_TEST_CASE(parts_say_which_they_are_in_each_of_the_four_ways) {
  const auto udh = write(kLongText, "");
  BOOST_REQUIRE(udh.parts.size() > 2);
  for (std::size_t at{0}; at < udh.parts.size(); ++at) {
    const auto &part = udh.parts[at];
    BOOST_TEST((part.esm_class & protocol::kHasHeader) != 0);
    BOOST_TEST(part.text.size() <= 6u + 153u);
    const auto read = read_incoming(part, Alphabet::gsm).part;
    BOOST_TEST(read.count == udh.parts.size());
    BOOST_TEST(read.number == at + 1);
  }
  const auto udh16 = write(kLongText, R"(, "multipart": "udh16")");
  for (const auto &part : udh16.parts) {
    BOOST_TEST(part.text.substr(0, 3) == std::string_view("\x06\x08\x04", 3));
    BOOST_TEST(part.text.size() <= 7u + 152u);
  }
  const auto sar = write(kLongText, R"(, "multipart": "sar")");
  BOOST_TEST(sar.parts.size() == udh.parts.size());
  BOOST_TEST(sar.parts.at(1).option(protocol::kSarNumber).value() == "\x02");
  BOOST_TEST((sar.parts.at(1).esm_class & protocol::kHasHeader) == 0);
  BOOST_TEST(read_incoming(sar.parts.at(1), Alphabet::gsm).part.number == 2);
  const auto payload = write(kLongText, R"(, "multipart": "payload")");
  BOOST_REQUIRE(payload.parts.size() == 1u);
  BOOST_TEST(payload.parts[0].text.empty());
  BOOST_TEST(payload.parts[0].option(protocol::kMessagePayload).has_value());
}

BOOST_AUTO_TEST_CASE(the_parts_joined_are_the_text) {
  for (const auto *const multipart : {"udh", "udh16", "sar", "payload"})
    for (const auto *const alphabet : {"gsm", "latin1", "latin1_marked"})
      for (const auto &text : {kLongText, kLongText + "日本語 😀😀😀"}) {
        const auto written = write(text, R"(, "multipart": ")" + std::string{multipart} +
                                             R"(", "default_alphabet": ")" + alphabet + "\"");
        const auto read_as = std::string_view{alphabet} == "gsm" ? Alphabet::gsm : Alphabet::latin1;
        // A degree sign is replaced where that keeps the text in the alphabet.
        BOOST_TEST(gsm::replace(read_back(written, read_as), gsm::Replacement::typographic) ==
                       gsm::replace(text, gsm::Replacement::typographic),
                   multipart << " in " << alphabet);
      }
}

BOOST_AUTO_TEST_CASE(the_same_message_has_the_same_octets) {
  BOOST_TEST(write(kLongText, "").bodies == write(kLongText, "").bodies);
}

BOOST_AUTO_TEST_CASE(a_sender_goes_with_the_type_that_it_is) {
  BOOST_TEST(write("x", "", "Acme").parts.at(0).source.ton == 5);
  const auto number = write("x", "", "+33140000000");
  BOOST_TEST(number.parts.at(0).source.ton == 1);
  BOOST_TEST(number.parts.at(0).source.digits == "33140000000");
  BOOST_TEST(write("x", "", "38080").parts.at(0).source.ton == 3);
  BOOST_TEST(write("x", R"(, "source_ton": 0)", "38080").parts.at(0).source.ton == 0);
  BOOST_TEST(number.parts.at(0).destination.digits == "33612345678");
}

BOOST_AUTO_TEST_CASE(what_is_asked_for_is_told) {
  const auto usual = write("x", "", "Acme", 3'600'000);
  BOOST_TEST(usual.parts.at(0).validity == "260302090100000+");
  BOOST_TEST(usual.parts.at(0).registered_delivery == 1);
  BOOST_TEST(write("x", R"(, "validity": false)", "Acme", 3'600'000).parts.at(0).validity == "");
  BOOST_TEST(write("x", R"(, "receipts": "failures", "intermediate_receipts": true)")
                 .parts.at(0)
                 .registered_delivery == 0x12);
}

BOOST_AUTO_TEST_CASE(any_octets_of_an_incoming_text_become_a_text) {
  for (int coding{0}; coding < 256; ++coding) {
    ShortMessage message;
    message.data_coding = static_cast<std::uint8_t>(coding);
    for (const std::string_view octets : {"\xFF\xD8\x00\x1B", "\x05\x00\x03\x01\x02", "\x00", "\xFF", ""}) {
      message.text = octets;
      message.esm_class = protocol::kHasHeader;
      read_incoming(message, Alphabet::gsm);
      message.esm_class = 0;
      const auto text = read_incoming(message, Alphabet::gsm).text;
      BOOST_TEST(gsm::to_utf8(gsm::from_utf8(text)) == text);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::sms::smpp
