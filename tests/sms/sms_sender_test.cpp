// What may stand as the sender of an SMS, and as the number it goes to.
#include "plugins/sms/sender_id.hpp"

#include <boost/test/unit_test.hpp>

using namespace relance::sms;

BOOST_AUTO_TEST_SUITE(sms_sender_test)

BOOST_AUTO_TEST_CASE(names_numbers_and_short_codes_are_told_apart) {
  const std::tuple<const char *, SenderKind, const char *> cases[]{
      {"Acme", SenderKind::name, "Acme"},
      {"ACME Compta", SenderKind::name, "ACME Compta"},
      {"3Suisses", SenderKind::name, "3Suisses"},
      {"A&B-Info.", SenderKind::name, "A&B-Info."},
      {"+33612345678", SenderKind::number, "33612345678"},
      {"36180", SenderKind::short_code, "36180"},
      {"20018000", SenderKind::short_code, "20018000"},
  };
  for (const auto &[text, kind, said] : cases) {
    const auto reading = read_sender(text);
    BOOST_TEST_CONTEXT(text) {
      BOOST_REQUIRE(reading.id.has_value());
      BOOST_TEST((reading.id->kind == kind));
      BOOST_TEST(reading.id->text == said);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_networks_would_cut_or_refuse_is_refused_with_what_to_write) {
  for (const auto *text :
       {"", "TwelveLetter", "Crédit", "0612345678", "33612345678", "12", "+0612345678", "+33",
        "+3361234567890123", "...", " Acme", "Acme ", "A[b]", "A\nb", "A`b", "+33x12345678"}) {
    const auto reading = read_sender(text);
    BOOST_TEST(!reading.id.has_value());
    BOOST_TEST(!reading.fault.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_number_to_send_to_is_in_e164) {
  for (const auto *text : {"+33612345678", "+4915112345678", "+2901234"}) BOOST_TEST(is_e164(text));
  for (const auto *text : {"33612345678", "+0612345678", "+33 612345678", "+3361234567890123", "+33612", "",
                           "+33612345678\r\nX: y"})
    BOOST_TEST(!is_e164(text));
}

BOOST_AUTO_TEST_SUITE_END()
