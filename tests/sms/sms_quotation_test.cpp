// What a message would be and cost, and what keeps it from being sent.
#include "plugins/sms/quotation.hpp"

#include <boost/test/unit_test.hpp>
#include <relance/testkit/message.hpp>

#include <rapidcheck.h>

using namespace relance;
using namespace relance::sms;
using testkit::MessageBox;
using testkit::TestMessage;

namespace {

PriceTable prices(std::string_view json) {
  sdk::Issues issues{nullptr};
  PriceTable table{sdk::Json::parse(json), issues};
  BOOST_TEST(!issues.has_fatal());
  return table;
}

Preparation prepared(TestMessage message, const TextRules &rules = {}, const PriceTable &table = {}) {
  const MessageBox box{std::move(message), 1, 0, 0};
  return prepare(sdk::Message{*box.raw()}, "Acme", rules, table);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sms_quotation_test)

BOOST_AUTO_TEST_CASE(the_longest_prefix_that_fits_gives_the_price_of_each_part) {
  const auto table = prices(
      R"({"currency": "EUR", "per_part": {"+3": 9, "+33": 45000, "+3376": 51000}, "otherwise": 90000})");
  const auto price = [&](std::string_view number, std::size_t parts) {
    return table.price_of(number, parts)->micro_units;
  };
  BOOST_TEST(price("+33612345678", 1) == 45'000);
  BOOST_TEST(price("+33612345678", 3) == 135'000);
  BOOST_TEST(price("+33761234567", 1) == 51'000);
  BOOST_TEST(price("+32470123456", 1) == 9);
  BOOST_TEST(price("+4915112345678", 2) == 180'000);
  BOOST_TEST(table.price_of("+1", 1)->currency == "EUR");
}

BOOST_AUTO_TEST_CASE(without_a_prefix_that_fits_no_price_is_known) {
  BOOST_TEST(
      !prices(R"({"currency": "EUR", "per_part": {"+33": 1}})").price_of("+32470123456", 1).has_value());
  BOOST_TEST(PriceTable{}.is_empty());
}

BOOST_AUTO_TEST_CASE(a_broken_price_table_is_refused_where_it_is_broken) {
  for (const auto *json :
       {R"({"currency": "euro"})", R"({"currency": "EUR", "per_part": {"33": 1}})",
        R"({"currency": "EUR", "per_part": {"+33": -1}})", R"({"currency": "EUR", "otherwise": "1"})",
        R"({"currency": "EUR", "otherwise": 1000000000001})", R"({"per_part": {}})"}) {
    sdk::Issues issues{nullptr};
    const PriceTable table{sdk::Json::parse(json), issues};
    BOOST_TEST(issues.has_fatal());
  }
}

BOOST_AUTO_TEST_CASE(a_quote_says_parts_price_and_what_costs_ucs2) {
  const auto table = prices(R"({"currency": "EUR", "per_part": {"+33": 45000}})");
  const auto quote = to_quote(
      prepared(TestMessage::to("+33612345678", "Rappel : être à jour, " + std::string(90, 'x')), {}, table));
  BOOST_TEST(quote.segments == 2u);
  BOOST_TEST(quote.price->micro_units == 90'000);
  BOOST_REQUIRE_EQUAL(quote.issues.size(), 1u);
  BOOST_TEST(!quote.issues[0].is_fatal);
  BOOST_TEST(quote.issues[0].message ==
             "UCS-2 because of ê; 2 parts; text.replacement = \"accents\" would make it 1");
}

BOOST_AUTO_TEST_CASE(a_text_is_quoted_as_it_is_sent) {
  const auto preparation = prepared(TestMessage::to("+33612345678", "L’échéance…"));
  BOOST_TEST(preparation.issues.empty());
  BOOST_TEST(preparation.prepared.text.text == "L'échéance...");
  BOOST_TEST((preparation.prepared.text.encoding == gsm::Encoding::gsm7));
}

BOOST_AUTO_TEST_CASE(what_keeps_a_message_from_being_sent_says_where_and_refuses_in_its_class) {
  struct Case {
    TestMessage message;
    const char *path;
    sdk::FailureClass failure;
  };
  auto bad_sender = TestMessage::to("+33612345678", "x");
  bad_sender.sender_address = "0612345678";
  const Case cases[]{
      {bad_sender, "/sender/address", sdk::FailureClass::configuration},
      {TestMessage::to("0612345678", "x"), "/addressee/address", sdk::FailureClass::address_dead},
      {TestMessage::to("+33612345678", ""), "/parts/text", sdk::FailureClass::policy},
      {TestMessage::to("+33612345678", std::string(700, 'x')), "/parts/text", sdk::FailureClass::policy},
  };
  for (const auto &c : cases) {
    const auto preparation = prepared(c.message);
    BOOST_REQUIRE(preparation.fatal() != nullptr);
    BOOST_TEST(preparation.fatal()->path == c.path);
    const auto outcome = to_refusal(*preparation.fatal());
    BOOST_TEST((outcome.kind == sdk::OutcomeKind::rejected));
    BOOST_TEST((outcome.failure == c.failure));
  }
}

BOOST_AUTO_TEST_CASE(the_creditors_own_sender_goes_before_the_providers) {
  auto message = TestMessage::to("+33612345678", "x");
  BOOST_TEST(prepared(message).prepared.sender.text == "Acme");
  message.sender_address = "+33140000000";
  BOOST_TEST(prepared(message).prepared.sender.text == "33140000000");
}

BOOST_AUTO_TEST_SUITE_END()
