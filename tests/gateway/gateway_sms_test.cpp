// The SMS driver "http": the shipped profiles and a description of one's own, on a host that answers as their
// providers do.
#include "plugins/sms/http/channel.hpp"
#include "tests/gateway/profile_bench.hpp"

#include <boost/test/unit_test.hpp>

using namespace relance;
using gateway::test::kNowMs;
using sdk::FailureClass;
using sdk::OutcomeKind;
using sdk::ReceiptKind;

BOOST_AUTO_TEST_SUITE(gateway_sms_test)

namespace {

using Bench = gateway::test::ProfileBench<sms::http::HttpChannel>;

const std::string kTwilio{
    R"({"profile": "twilio", "values": {"account_sid": "AC123456", "auth_token": "t0ken-abc"}})"};
const std::string kVonage{
    R"({"profile": "vonage", "values": {"api_key": "k123456", "api_secret": "s123456", "signature_secret": "sig-123456"}})"};
const std::string kOvh{
    R"({"profile": "ovh", "values": {"service_name": "sms-ab12-1", "application_key": "AK123456",
  "application_secret": "AS123456", "consumer_key": "CK123456"}})"};
/// With everything that differs between gateways: XML both ways, a signed request, a status in words.
const std::string kOwn{R"({
  "sender": "Acme",
  "values": {"account": "acme", "password": "p-123456"},
  "request": {
    "url": "https://sms.example/api/send", "escape": "xml", "content_type": "text/xml",
    "text": "<sms account='{account}'><to>{to|digits}</to><body>{text}</body><ref>{key}</ref></sms>",
    "authentication": {"type": "hmac", "header": "X-Sign", "secret": "{password}", "over": "{method}\n{url}\n{timestamp}\n{body}",
                       "timestamp_header": "X-Time", "prefix": "v1="}
  },
  "reply": {"format": "xml", "refs": "/result/id", "code": "/result/error/@code", "text": "/result/error/#text",
    "rules": [{"where": {"/result/status": "OK"}, "outcome": "accepted"},
              {"where": {"/result/error/@code": ["4*"]}, "outcome": "rejected", "failure": "address_dead"}]},
  "callback": {"methods": ["GET"], "format": "query", "signature": {"scheme": "token", "parameter": "token", "secret": "{password}"},
    "ref": "/id", "state": ["/state", "/cause"], "states": {"DELIVERED": "delivered", "FAILED": "failed", "FAILED:absent": "expired"}}
})"};

void check(const sdk::Outcome &outcome, OutcomeKind kind, FailureClass failure, const char *what) {
  BOOST_TEST((outcome.kind == kind), what << ": " << outcome.code << ' ' << outcome.text);
  BOOST_TEST((outcome.failure == failure), what << ": " << outcome.code << ' ' << outcome.text);
}

}  // namespace

BOOST_AUTO_TEST_CASE(twilio_is_asked_with_our_key_in_the_address_of_its_callbacks) {
  Bench bench{kTwilio};
  bench.message.valid_until_in_ms = 4 * 3'600'000 + bench.message.not_after_in_ms;
  const auto outcome =
      bench.answered(201, R"({"sid": "SM1", "status": "queued", "price": null, "error_code": null})");
  check(outcome, OutcomeKind::accepted, FailureClass::none, "queued");
  BOOST_TEST(outcome.refs == std::vector<std::string>{"SM1"}, boost::test_tools::per_element());
  BOOST_TEST(bench.requests.back().url ==
             "https://api.twilio.com/2010-04-01/Accounts/AC123456/Messages.json");
  BOOST_TEST(bench.header("authorization") == "Basic QUMxMjM0NTY6dDBrZW4tYWJj");
  BOOST_TEST(bench.field("To") == "+33612345678");
  BOOST_TEST(bench.field("From") == "Acme");
  BOOST_TEST(bench.field("Body") == "Votre facture est échue.");
  BOOST_TEST(bench.field("StatusCallback") ==
             "https://relance.example/hooks/p/T0kEn?relance_key=01HV5T3X2Y4Z6A8B0C2D4E6F8G");
  BOOST_TEST(bench.field("ValidityPeriod") == "14400");
  BOOST_TEST(bench.field("MessagingServiceSid") == "(none)");
  BOOST_TEST(bench.requests.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_twilio_answers_becomes_an_outcome) {
  Bench bench{kTwilio};
  check(bench.answered(400, R"({"code": 21211, "message": "Invalid 'To' number", "status": 400})"),
        OutcomeKind::rejected, FailureClass::address_dead, "21211");
  check(bench.answered(400, R"({"code": 21610, "message": "unsubscribed recipient", "status": 400})"),
        OutcomeKind::rejected, FailureClass::address_dead, "STOP was said: no other gateway may write");
  check(bench.answered(400, R"({"code": 21635, "message": "'To' number cannot be a landline"})"),
        OutcomeKind::rejected, FailureClass::address_dead, "21635");
  check(bench.answered(400, R"({"code": 21612, "message": "this sender not to this country"})"),
        OutcomeKind::rejected, FailureClass::policy, "the sender's matter: the number stays good");
  const auto expired = bench.answered(401, R"({"code": 20003, "message": "Authenticate", "status": 401})");
  check(expired, OutcomeKind::not_sent, FailureClass::configuration, "token expired");
  BOOST_TEST(expired.whole_instance);
  BOOST_TEST(expired.code == "20003");
  BOOST_TEST((bench.host.health().back().level == relance::sdk::HealthLevel::down));
  BOOST_TEST(bench.host.health().back().retry_at_ms > kNowMs);  // never down for ever
  const auto busy =
      bench.answered(429, R"({"code": 20429, "message": "Too Many Requests"})", {{"retry-after", "7"}});
  check(busy, OutcomeKind::not_sent, FailureClass::temporary, "throttled");
  BOOST_TEST(busy.retry_after_ms == 7000);
  check(bench.answered(201, R"({"sid": "SM1", "status": "failed", "error_code": 30003})"),
        OutcomeKind::rejected, FailureClass::temporary, "a success with an error inside");
  check(bench.answered(200, "<html><body>Please log in</body></html>"), OutcomeKind::unknown,
        FailureClass::none, "HTML");
  check(bench.answered(200, ""), OutcomeKind::unknown, FailureClass::none, "an empty body");
  check(bench.answered(201, R"({"sid": "SM1")"), OutcomeKind::unknown, FailureClass::none, "a body cut off");
  check(bench.answered(201, R"({"status": "queued"})"), OutcomeKind::unknown, FailureClass::none,
        "no reference");
  check(bench.answered(500, R"({"code": 20500})"), OutcomeKind::unknown, FailureClass::none, "500");
  check(bench.answered(302, ""), OutcomeKind::unknown, FailureClass::none, "a redirect");
}

BOOST_AUTO_TEST_CASE(twilio_tells_each_state_as_a_receipt) {
  Bench bench{kTwilio};
  const auto receipt = [&](const std::string &body) {
    const auto parsed = bench.parse_form_post(body, "?relance_key=KEY1");
    BOOST_REQUIRE_EQUAL(parsed.receipts.size(), 1u);
    return parsed.receipts[0];
  };
  auto one = receipt("MessageSid=SM1&MessageStatus=delivered&To=%2B33612345678&RawDlrDoneDate=2311142213");
  BOOST_TEST((one.kind == ReceiptKind::delivered && one.is_final));
  BOOST_TEST(one.ref == "SM1");
  BOOST_TEST(one.idempotency_key == "KEY1");
  BOOST_TEST(one.provider_time_ms == 1'699'999'980'000);
  one = receipt("MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30005");
  BOOST_TEST((one.kind == ReceiptKind::failed && one.is_final && one.failure == FailureClass::address_dead));
  BOOST_TEST(one.code == "30005");
  one = receipt("MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30003");
  BOOST_TEST((one.failure == FailureClass::temporary));
  one = receipt("MessageSid=SM1&MessageStatus=sent");
  BOOST_TEST((one.kind == ReceiptKind::relayed && !one.is_final));
  one = receipt("MessageSid=SM1&MessageStatus=a_state_of_next_year");
  BOOST_TEST((one.kind == ReceiptKind::interim && !one.is_final));
}

BOOST_AUTO_TEST_CASE(a_debtor_who_answers_is_a_reply_and_stop_is_stop) {
  Bench bench{kTwilio};
  const auto reply = [&](const std::string &text) {
    const auto parsed = bench.parse_form_post(
        "SmsSid=SM9&SmsStatus=received&From=%2B33612345678&To=%2B33140000000&Body=" + text);
    BOOST_REQUIRE_EQUAL(parsed.replies.size(), 1u);
    BOOST_TEST(parsed.receipts.empty());
    BOOST_TEST(parsed.replies[0].from == "+33612345678");
    return parsed.replies[0];
  };
  BOOST_TEST((reply("I+pay+on+Friday").kind == sdk::ReplyKind::human));
  BOOST_TEST(reply("I+pay+on+Friday").text == "I pay on Friday");
  for (const auto *word : {"STOP", "stop.", "Arret+", "Stop+svp"})
    BOOST_TEST((reply(word).kind == sdk::ReplyKind::stop), word);
  BOOST_TEST((reply("please+stop+by+tomorrow").kind == sdk::ReplyKind::human));
}

BOOST_AUTO_TEST_CASE(a_callback_that_is_cut_or_ambiguous_says_nothing) {
  Bench bench{kTwilio};
  BOOST_TEST((bench.parse_form_post("").status == sdk::Parsed::Status::unreadable));
  BOOST_TEST((bench.parse_form_post("MessageSid=SM1&MessageStatus=deliv%2").status ==
              sdk::Parsed::Status::unreadable));
  // Two states in one form: neither is believed.
  const auto twice = bench.parse_form_post("MessageSid=SM1&MessageStatus=failed&MessageStatus=delivered");
  BOOST_REQUIRE_EQUAL(twice.receipts.size(), 1u);
  BOOST_TEST((twice.receipts[0].kind == ReceiptKind::interim));
  const auto two_messages = bench.parse_form_post("MessageSid=SM1&MessageSid=SM2&MessageStatus=delivered");
  BOOST_TEST((two_messages.status == sdk::Parsed::Status::unreadable));
}

BOOST_AUTO_TEST_CASE(vonage_says_its_errors_with_status_200) {
  Bench bench{kVonage};
  const auto with_status = [](const std::string &status, const std::string &more = "") {
    return R"({"message-count": "1", "messages": [{"to": "33612345678", "message-id": "V1", "status": ")" +
           status + R"(", "error-text": "words", "message-price": "0.07"}])" + more + "}";
  };
  const auto outcome = bench.answered(200, with_status("0"));
  check(outcome, OutcomeKind::accepted, FailureClass::none, "0");
  BOOST_TEST(outcome.refs.at(0) == "V1");
  BOOST_TEST(bench.field("to") == "33612345678");
  BOOST_TEST(bench.field("type") == "text");
  BOOST_TEST(bench.field("client-ref") == "01HV5T3X2Y4Z6A8B0C2D4E6F8G");
  const auto busy = bench.answered(200, with_status("1"));
  check(busy, OutcomeKind::not_sent, FailureClass::temporary, "throttled");
  BOOST_TEST(busy.retry_after_ms == 1000);
  const auto quota = bench.answered(200, with_status("9"));
  check(quota, OutcomeKind::not_sent, FailureClass::configuration, "quota exhausted");
  BOOST_TEST(quota.whole_instance);
  check(bench.answered(200, with_status("6")), OutcomeKind::rejected, FailureClass::address_dead,
        "unroutable");
  check(bench.answered(200, with_status("5")), OutcomeKind::unknown, FailureClass::none,
        "an error within its platform");
  const auto half =
      bench.answered(200, R"({"messages": [{"status": "0", "message-id": "V1"}, {"status": "1"}]})");
  check(half, OutcomeKind::unknown, FailureClass::none, "one part taken, one not");
  BOOST_TEST(half.refs.at(0) == "V1");
  BOOST_TEST(half.part_count == 2U, "the receipt of V1 is not that of the text");
  const auto half_named = bench.answered(
      200,
      R"({"message-count": "2", "messages": [{"status": "6", "message-id": "V1"}, {"status": "0", "message-id": "V2"}]})");
  check(half_named, OutcomeKind::unknown, FailureClass::none, "a refused part may have a name, too");
  BOOST_TEST(half_named.part_count == 2U);
  const auto both = bench.answered(200, R"({"messages": [
    {"status": "0", "message-id": "V1", "message-price": "0.07250000"},
    {"status": "0", "message-id": "V2", "message-price": "0.07250000"}]})");
  check(both, OutcomeKind::accepted, FailureClass::none, "two parts");
  BOOST_TEST(both.part_count == 2U);
  BOOST_TEST(both.price.value().micro_units == 145'000);
  BOOST_TEST(both.price.value().currency == "EUR");
}

BOOST_AUTO_TEST_CASE(vonage_calls_back_by_query_form_or_json) {
  Bench bench{kVonage};
  const std::string fields{
      "msisdn=33612345678&to=Acme&messageId=V1&price=0.0725&status=delivered&scts=2311142213&err-code=0&"
      "client-ref=KEY1"};
  for (const auto &parsed : {bench.parse("GET https://relance.example/hooks/p/T0kEn?" + fields, "", ""),
                             bench.parse_form_post(fields)}) {
    BOOST_REQUIRE_EQUAL(parsed.receipts.size(), 1u);
    const auto &receipt = parsed.receipts[0];
    BOOST_TEST((receipt.kind == ReceiptKind::delivered));
    BOOST_TEST(receipt.idempotency_key == "KEY1");
    BOOST_TEST(!receipt.price.has_value(), "it is that of one part; the answer has told them all");
  }
  const auto failed = bench.parse_json_post(
      R"({"messageId": "V1", "status": "failed", "err-code": "9", "client-ref": "KEY1", "msisdn": "33612345678"})");
  BOOST_REQUIRE_EQUAL(failed.receipts.size(), 1u);
  BOOST_TEST((failed.receipts[0].failure == FailureClass::address_dead));
}

BOOST_AUTO_TEST_CASE(ovh_gets_a_signed_job_and_its_error_names_the_number) {
  Bench bench{kOvh};
  const auto outcome = bench.answered(
      200,
      R"({"totalCreditsRemoved": 1, "invalidReceivers": [], "ids": [172001], "validReceivers": ["+33612345678"]})");
  check(outcome, OutcomeKind::accepted, FailureClass::none, "a job");
  BOOST_TEST(outcome.refs.at(0) == "172001");
  BOOST_TEST(bench.requests.back().url == "https://eu.api.ovh.com/1.0/sms/sms-ab12-1/jobs");
  const auto &body = bench.requests.back().body;
  BOOST_TEST(body.find(R"("coding":"7bit")") != std::string::npos, body);
  const auto to_sign =
      "AS123456+CK123456+POST+https://eu.api.ovh.com/1.0/sms/sms-ab12-1/jobs+" + body + "+1700000000";
  BOOST_TEST(bench.header("x-ovh-signature") ==
             "$1$" + gateway::to_hex(gateway::digest(gateway::Hash::sha1, to_sign)));
  check(bench.answered(200, R"({"ids": [], "invalidReceivers": ["+33612345678"]})"), OutcomeKind::rejected,
        FailureClass::address_dead, "an invalid number in a success");
  check(bench.answered(200, R"({"ids": [], "invalidReceivers": []})"), OutcomeKind::unknown,
        FailureClass::none, "no id");
  check(bench.answered(403,
                       R"({"errorCode": "INVALID_CREDENTIAL", "message": "This credential does not exist"})"),
        OutcomeKind::not_sent, FailureClass::configuration, "credential");
  const auto receipt = bench.parse(
      "GET https://relance.example/hooks/p/T0kEn?id=172001&ptt=3&dlr=2&date=2023-11-14+22%3A13%3A20", "", "");
  BOOST_REQUIRE_EQUAL(receipt.receipts.size(), 1u);
  BOOST_TEST((receipt.receipts[0].kind == ReceiptKind::failed));
  BOOST_TEST(receipt.receipts[0].ref == "172001");
}

BOOST_AUTO_TEST_CASE(a_gateway_of_ones_own_is_described_without_a_program) {
  Bench bench{kOwn};
  bench.message.parts[0].bytes = "5 < 7 & Cie";
  const auto outcome = bench.answered(200, "<result><status>OK</status><id>77</id></result>");
  check(outcome, OutcomeKind::accepted, FailureClass::none, "OK");
  BOOST_TEST(outcome.refs.at(0) == "77");
  const auto &request = bench.requests.back();
  BOOST_TEST(request.body ==
             "<sms account='acme'><to>33612345678</to><body>5 &lt; 7 &amp; "
             "Cie</body><ref>01HV5T3X2Y4Z6A8B0C2D4E6F8G</ref></sms>");
  const auto to_sign = "POST\nhttps://sms.example/api/send\n1700000000\n" + request.body;
  BOOST_TEST(bench.header("X-Sign") ==
             "v1=" + gateway::to_hex(gateway::hmac(gateway::Hash::sha256, "p-123456", to_sign)));
  const auto refused = bench.answered(200, "<result><error code='404'>no such p-123456</error></result>");
  check(refused, OutcomeKind::rejected, FailureClass::address_dead, "404");
  BOOST_TEST(refused.text == "no such …");
  check(bench.answered(200, "<result><status>BUSY</status></result>"), OutcomeKind::unknown,
        FailureClass::none, "a state that is not described");
  const auto url = "https://relance.example/hooks/p/T0kEn?id=77&state=FAILED&cause=absent&token=";
  BOOST_TEST((bench.instance->authenticate({"GET", std::string{url} + "p-123456", {}, {}, {}}) ==
              sdk::Verdict::genuine));
  BOOST_TEST((bench.instance->authenticate({"GET", std::string{url} + "p-12345", {}, {}, {}}) ==
              sdk::Verdict::forged));
  BOOST_TEST((bench.instance->authenticate({"POST", std::string{url} + "p-123456", {}, {}, {}}) ==
              sdk::Verdict::forged));
  const auto parsed = bench.parse(std::string{"GET "} + url + "p-123456", "", "");
  BOOST_REQUIRE_EQUAL(parsed.receipts.size(), 1u);
  BOOST_TEST((parsed.receipts[0].kind == ReceiptKind::expired));
}

BOOST_AUTO_TEST_CASE(an_operators_words_lie_on_top_of_a_profile) {
  Bench bench{R"({"profile": "twilio", "sender": "+33700000000",
    "values": {"account_sid": "AC123456", "auth_token": "t0ken-abc", "region": "ie1"},
    "request": {"url": "https://api.{region}.twilio.example/{account_sid}", "form": {"Tags": "{invoice}"}},
    "reply": {"first_rules": [{"status": 400, "where": {"/code": "21211"}, "outcome": "rejected", "failure": "policy"}]}})"};
  bench.message.sender_address.clear();
  check(bench.answered(400, R"({"code": 21211})"), OutcomeKind::rejected, FailureClass::policy,
        "the operator's rule first");
  BOOST_TEST(bench.requests.back().url == "https://api.ie1.twilio.example/AC123456");
  BOOST_TEST(bench.field("Tags") == "F-2026-017");
  BOOST_TEST(bench.field("From") == "+33700000000");
}

BOOST_AUTO_TEST_CASE(a_message_that_lacks_what_the_request_needs_never_leaves) {
  Bench bench{
      R"({"sender": "Acme", "request": {"url": "https://sms.example/", "json": {"to": "{to}", "until": "{valid_until}"}}})"};
  const auto outcome = bench.answered(200, "{}");
  check(outcome, OutcomeKind::rejected, FailureClass::configuration, "no validity");
  BOOST_TEST(outcome.text.find("{valid_until}") != std::string::npos);
  BOOST_TEST(bench.requests.empty());
}

BOOST_AUTO_TEST_CASE(an_unknown_profile_is_told_with_those_that_there_are) {
  testkit::FakeHost host;
  const auto issues =
      testkit::check_settings(sdk::Driver<sms::http::HttpChannel>::table(), host, R"({"profile": "acme"})");
  BOOST_REQUIRE(!issues.empty());
  BOOST_TEST(issues[0].path == "/profile");
  BOOST_TEST(issues[0].message == "there is no profile \"acme\"; known: ovh, twilio, vonage");
}

BOOST_AUTO_TEST_SUITE_END()
