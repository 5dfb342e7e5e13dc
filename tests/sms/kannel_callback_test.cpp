// Kannel's delivery callbacks: whose they are, and what each says.
#include "plugins/sms/kannel/callback.hpp"

#include <boost/test/unit_test.hpp>

#include <rapidcheck.h>

using namespace relance;
using namespace relance::sms::kannel;
using sdk::FailureClass;
using sdk::ReceiptKind;

namespace {

constexpr const char *kHook{"https://relance.example/hooks/kannel/T0kEn"};
constexpr const char *kSecret{"a secret of 16 or more"};
constexpr const char *kKey{"01HV5T3X2Y4Z6A8B0C2D4E6F8G"};

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  return text.replace(text.find(from), from.size(), to);
}
/// The address as Kannel calls it, its escapes filled in.
std::string called(const std::string &type, const std::string &said, std::size_t parts = 1) {
  auto url = callback_address(kHook, kSecret, kKey, parts);
  return replaced(replaced(replaced(url, "%d", type), "%A", said), "%T", "1700000000");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kannel_callback_test)

BOOST_AUTO_TEST_CASE(only_an_address_that_we_made_is_believed) {
  const auto url = called("1", "id:7%20stat:DELIVRD");
  BOOST_TEST(is_genuine(url, kSecret));
  BOOST_TEST(!is_genuine(url, "another secret of 16"));
  BOOST_TEST(!is_genuine(url, ""));
  BOOST_TEST(!is_genuine(replaced(url, "01HV", "01HW"), kSecret));
  BOOST_TEST(!is_genuine(replaced(url, "parts=1", "parts=2"), kSecret));
  BOOST_TEST(!is_genuine(std::string{kHook} + "?type=1", kSecret));
  // A second field of the same name does not take the first one's place.
  BOOST_TEST(read_callback(url + "&key=X&type=2").receipts.at(0).idempotency_key == kKey);
  BOOST_TEST((read_callback(url + "&type=2").receipts.at(0).kind == ReceiptKind::delivered));
}

BOOST_AUTO_TEST_CASE(one_flipped_character_of_what_is_signed_is_a_forgery) {
  const auto url = called("1", "x");
  const auto from = url.find("key="), to = url.find("&type=");
  for (auto at = from + 4; at < to; ++at) {
    auto other = url;
    other[at] = other[at] == 'q' ? 'r' : 'q';
    BOOST_TEST(!is_genuine(other, kSecret));
  }
}

BOOST_AUTO_TEST_CASE(each_type_says_what_its_bits_say) {
  struct Case {
    const char *type, *said;
    ReceiptKind kind;
    FailureClass failure;
    bool is_final;
    const char *code;
  };
  const Case cases[]{
      {"1", "id:7%20sub:001%20dlvrd:001%20stat:DELIVRD%20err:000%20text:Bonjour", ReceiptKind::delivered,
       FailureClass::none, true, "1 err:000"},
      {"2", "id:7%20stat:UNDELIV%20err:011%20text:", ReceiptKind::failed, FailureClass::temporary, true,
       "2 err:011"},
      {"2", "id:7%20stat:REJECTD%20err:001", ReceiptKind::failed, FailureClass::policy, true, "2 err:001"},
      {"2", "id:7%20stat:EXPIRED%20err:000", ReceiptKind::expired, FailureClass::temporary, true,
       "2 err:000"},
      {"34", "id:7+stat:EXPIRED+err:000", ReceiptKind::expired, FailureClass::temporary, true, "34 err:000"},
      {"4", "id:7%20stat:ENROUTE", ReceiptKind::interim, FailureClass::none, false, "4"},
      {"8", "ACK/", ReceiptKind::relayed, FailureClass::none, false, "8"},
      {"16", "NACK/11/Invalid%20Destination%20Address", ReceiptKind::failed, FailureClass::address_dead, true,
       "16"},
      {"16", "NACK/0x0000000b/Invalid%20Destination%20Address", ReceiptKind::failed,
       FailureClass::address_dead, true, "16"},
      {"16", "NACK/10/Invalid%20Source%20Address", ReceiptKind::failed, FailureClass::configuration, true,
       "16"},
      {"16", "NACK/88/Throttled", ReceiptKind::failed, FailureClass::temporary, true, "16"},
      {"16", "NACK/255/Unknown%20Error", ReceiptKind::failed, FailureClass::policy, true, "16"},
  };
  for (const auto &c : cases) {
    const auto parsed = read_callback(called(c.type, c.said));
    BOOST_TEST_CONTEXT(c.type << " " << c.said) {
      BOOST_REQUIRE_EQUAL(parsed.receipts.size(), 1u);
      const auto &receipt = parsed.receipts[0];
      BOOST_TEST(receipt.idempotency_key == kKey);
      BOOST_TEST((receipt.kind == c.kind));
      BOOST_TEST((receipt.failure == c.failure));
      BOOST_TEST(receipt.is_final == c.is_final);
      BOOST_TEST(receipt.code == c.code);
      BOOST_TEST(receipt.provider_time_ms == 1'700'000'000'000);
      BOOST_TEST(receipt.text.find("Bonjour") == std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_receipt_of_several_parts_says_that_it_speaks_of_the_first) {
  const auto receipt = read_callback(called("1", "ok", 3)).receipts.at(0);
  BOOST_TEST(receipt.text == "ok; first of 3 parts");
  BOOST_TEST((receipt.part_index == 0 && receipt.part_count == 1));
}

BOOST_AUTO_TEST_CASE(a_time_that_is_none_overflows_nothing) {
  const std::string called{"https://x/?key=" + std::string{kKey} + "&parts=1&type=1&at="};
  BOOST_TEST(read_callback(called + "9223372036854775807").receipts.at(0).provider_time_ms ==
             9'999'999'999'000);
  BOOST_TEST(read_callback(called + "-5").receipts.at(0).provider_time_ms == 0);
}

BOOST_AUTO_TEST_CASE(what_is_no_callback_of_ours_is_unreadable) {
  for (const auto *url : {"", "https://x/", "https://x/?key=K&parts=1", "https://x/?key=K&parts=1&type=%25d",
                          "https://x/?key=K&parts=x&type=1"})
    BOOST_TEST((read_callback(url).status == sdk::Parsed::Status::unreadable));
}

BOOST_AUTO_TEST_CASE(an_address_with_escapes_of_its_own_survives_kannels) {
  const auto url = callback_address("https://x/a%20b", kSecret, kKey, 1);
  BOOST_TEST(url.starts_with("https://x/a%%20b?key="));
  BOOST_TEST(callback_address("", kSecret, kKey, 1).empty());
  BOOST_TEST(callback_address(kHook, "", kKey, 1).empty());
}

BOOST_AUTO_TEST_CASE(no_request_line_breaks_the_reader) {
  BOOST_TEST(rc::check([](const std::string &tail) {
    const auto url = called("1", "ok") + tail;
    (void)is_genuine(url, kSecret), (void)read_callback(tail), (void)read_callback("?" + tail);
    RC_ASSERT(read_callback(url).receipts.size() <= 1u);
  }));
}

BOOST_AUTO_TEST_SUITE_END()
