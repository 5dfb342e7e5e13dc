// Receipts in words and options, and what the ids in their words mean.
#include "plugins/protocol/smpp/message_id.hpp"
#include "plugins/protocol/smpp/receipt.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

namespace relance::smpp {
namespace {

ShortMessage receipt_of(std::string_view words) {
  ShortMessage message;
  message.esm_class = kTypeReceipt;
  message.text = words;
  return message;
}

constexpr std::string_view kUsual{
    "id:4D19C83C sub:001 dlvrd:001 submit date:2603020800 done date:2603020801 stat:DELIVRD err:000 "
    "text:id:9 stat:EXPIRED"};

struct DateCase {
  std::string_view digits;
  std::int64_t ms;
};
std::ostream &operator<<(std::ostream &out, const DateCase &one) {
  return out << one.digits;
}
const DateCase kDates[]{
    {"2603020801", 1'772'438'460'000},
    {"260302080105", 1'772'438'465'000},
    {"202603020801", 1'772'438'460'000},
    {"20260302080105", 1'772'438'465'000},
    {"201506201641", 1'434'818'460'000},
    {"2613020801", 0},
    {"2602300801", 0},
    {"260302", 0},
    {"26030208x1", 0},
    {"", 0},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(smpp_receipt_test)

BOOST_AUTO_TEST_CASE(the_words_of_a_receipt_are_read_field_by_field) {
  const auto report = read_report(receipt_of(kUsual)).value();
  BOOST_TEST(report.words_id == "4D19C83C");
  BOOST_TEST(report.stat == "DELIVRD");
  BOOST_TEST(report.err == "000");
  BOOST_TEST((report.state == MessageState::delivered));
  BOOST_TEST(report.done_at_ms == 1'772'438'460'000);
  const auto fields = read_words(kUsual);
  BOOST_TEST(fields.sub == "001");
  BOOST_TEST(fields.text == "id:9 stat:EXPIRED");
}

BOOST_AUTO_TEST_CASE(fields_in_another_order_case_or_number_are_read_all_the_same) {
  const auto fields = read_words("stat:UNDELIV ERR:0b2 Id: 17 Done Date:2603020801");
  BOOST_TEST(fields.id == "17");
  BOOST_TEST(fields.stat == "UNDELIV");
  BOOST_TEST(fields.err == "0b2");
  BOOST_TEST(fields.done_date == "2603020801");
  const auto empty = read_words("id:5 err: stat:EXPIRED");
  BOOST_TEST(empty.err == "");
  BOOST_TEST(empty.stat == "EXPIRED");
  BOOST_TEST(read_words("paid:5 valid:7").id == "");
}

BOOST_AUTO_TEST_CASE(options_win_over_words) {
  auto message = receipt_of("id:0000436949 stat:DELIVRD err:000");
  message.options = {{kReceiptedMessageId, std::string_view{"6aad5\0", 6}},
                     {kMessageState, "\x05"},
                     {kNetworkErrorCode, std::string_view{"\x03\x00\x1b", 3}}};
  const auto report = read_report(message).value();
  BOOST_TEST(report.option_id == "6aad5");
  BOOST_TEST((report.state == MessageState::undeliverable));
  BOOST_TEST(report.network_error.value().code == 27);
  message.text = {};
  BOOST_TEST((read_report(message).value().state == MessageState::undeliverable));
}

BOOST_AUTO_TEST_CASE(who_writes_the_words_of_a_receipt_has_written_a_text) {
  ShortMessage message;
  message.text = kUsual;
  BOOST_TEST(!read_report(message).has_value());
  message.options = {{kReceiptedMessageId, "6aad5"}};
  BOOST_TEST(!read_report(message).has_value());
  message.options.push_back({kMessageState, "\x02"});  // both: some message centres mark theirs so only
  BOOST_TEST(read_report(message).has_value());
}

BOOST_AUTO_TEST_CASE(a_receipt_in_ucs2_is_read) {
  std::string wide;
  for (const char c : kUsual) wide += '\0', wide += c;
  auto message = receipt_of(wide);
  message.data_coding = 8;
  BOOST_TEST(read_report(message).value().words_id == "4D19C83C");
}

BOOST_AUTO_TEST_CASE(every_state_has_its_name_and_longer_spellings_are_known) {
  for (std::uint8_t number{0}; number <= 9; ++number) {
    const auto state = static_cast<MessageState>(number);
    BOOST_TEST((state_of(name_of(state)) == state));
  }
  BOOST_TEST((state_of("Delivered") == MessageState::delivered));
  BOOST_TEST((state_of("UNDELIVERABLE") == MessageState::undeliverable));
  BOOST_TEST(!state_of("SOMETHING").has_value());
  BOOST_TEST(!state_of("").has_value());
}

BOOST_DATA_TEST_CASE(a_date_is_read_in_each_of_its_widths, boost::unit_test::data::make(kDates)) {
  BOOST_TEST(read_date_ms(sample.digits) == sample.ms);
}

// --- ids ---

BOOST_AUTO_TEST_CASE(a_set_base_is_converted_in_the_way_in_which_responses_write) {
  MessageIds decimal{ReceiptIds::decimal, ""};
  decimal.given("0006AAD4");
  BOOST_TEST(decimal.meant("0000436949").value() == "0006AAD5");
  MessageIds lower{ReceiptIds::decimal, ""};
  lower.given("6aad4");
  BOOST_TEST(lower.meant("0000436949").value() == "6aad5");
  MessageIds hexadecimal{ReceiptIds::hexadecimal, ""};
  hexadecimal.given("436948");
  BOOST_TEST(hexadecimal.meant("6AAD5").value() == "436949");
  MessageIds same{ReceiptIds::same, ""};
  BOOST_TEST(same.meant("0000436949").value() == "0000436949");
  BOOST_TEST(decimal.meant("not-a-number").value() == "not-a-number");
}

BOOST_AUTO_TEST_CASE(ids_that_are_the_same_are_the_same_whatever_is_in_them) {
  MessageIds ids{ReceiptIds::automatic, ""};
  for (const auto *const id : {"74e02ee1-4e2f-4a6e", "m-17", "0099", "ABCDEF"}) {
    ids.given(id);
    BOOST_TEST(ids.meant(id).value() == id);
  }
}

BOOST_AUTO_TEST_CASE(the_base_shows_itself_and_is_kept) {
  MessageIds ids{ReceiptIds::automatic, ""};
  for (int number{0}; number < 5; ++number) {
    char given[16], words[16];
    std::snprintf(given, sizeof given, "%08X", 0x6AAD5 + number);
    std::snprintf(words, sizeof words, "%010d", 0x6AAD5 + number);
    ids.given(given);
    BOOST_TEST(ids.meant(words).value() == given);
  }
  BOOST_TEST(ids.learned().starts_with('d'));
  MessageIds later{ReceiptIds::automatic, ids.learned()};
  BOOST_TEST(later.meant("0000436960").value() == "0006AAE0");
}

BOOST_AUTO_TEST_CASE(an_id_that_fits_two_messages_is_put_on_neither) {
  MessageIds ids{ReceiptIds::automatic, ""};
  ids.given("64");   // 100 in decimal
  ids.given("100");  // itself
  BOOST_TEST(!ids.meant("100").has_value());
}

BOOST_AUTO_TEST_CASE(an_id_that_nobody_was_given_stays_as_it_stands) {
  MessageIds ids{ReceiptIds::automatic, ""};
  BOOST_TEST(ids.meant("0000436949").value() == "0000436949");
}

BOOST_AUTO_TEST_CASE(contradicting_receipts_teach_nothing) {
  MessageIds ids{ReceiptIds::automatic, ""};
  ids.given("555555");
  ids.given("7a121");  // 500001
  ids.given("7a122");
  ids.given("7a123");
  BOOST_TEST(ids.meant("555555").value() == "555555");
  BOOST_TEST(ids.meant("500001").value() == "7a121");
  BOOST_TEST(ids.meant("500002").value() == "7a122");
  BOOST_TEST(ids.meant("500003").value() == "7a123");
  BOOST_TEST(ids.learned().starts_with('-'));
}

BOOST_AUTO_TEST_CASE(what_is_remembered_is_bounded) {
  MessageIds ids{ReceiptIds::automatic, ""};
  ids.given("7a121");
  for (std::size_t number{0}; number < MessageIds::kRememberedMax; ++number)
    ids.given("x" + std::to_string(number));
  BOOST_TEST(ids.meant("500001").value() == "500001");
}

BOOST_AUTO_TEST_CASE(any_kept_text_makes_a_start) {
  for (const auto *const kept : {"", " ", "d", "d  ", "d U 99999999999999999999", "zzz zzz zzz"})
    BOOST_TEST(MessageIds(ReceiptIds::automatic, kept).meant("1").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::smpp
