// The e-mail driver "esp": each provider's request as its interface wants it, and its events, normalised by
// one code.
#include "plugins/esp/channel.hpp"
#include "tests/gateway/profile_bench.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>

using namespace relance;
using sdk::FailureClass;
using sdk::Json;
using sdk::OutcomeKind;
using sdk::ReceiptKind;

BOOST_AUTO_TEST_SUITE(gateway_esp_test)

namespace {

const std::string kKey{"01HV5T3X2Y4Z6A8B0C2D4E6F8G"};
const std::string kSendGridKey{
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/"
    "7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="};

struct Bench : gateway::test::ProfileBench<esp::EspChannel> {
  Bench(const std::string &profile, const std::string &values)
      : ProfileBench(R"({"profile": ")" + profile + R"(", "values": {)" + values + "}}") {
    message.channel = "email";
    message.address = "camille@debtor.example";
    message.sender_name = "Créancier, SA";
    message.sender_address = "billing@creditor.example";
    message.reply_to = "people@creditor.example";
    message.subject = "Facture échue";
    message.parts = {
        {.bytes = "Bonjour"},
        {.role = "html", .media_type = "text/html; charset=utf-8", .bytes = "<p>Bonjour</p>"},
        {.role = "letter", .media_type = "application/pdf", .file_name = "f.pdf", .bytes = "%PDF"}};
  }
  Json sent() const { return Json::parse(requests.back().body); }
};

Bench postmark() {
  return {"postmark",
          R"("server_token": "tok-123456", "webhook_user": "hook", "webhook_password": "pw-123456")"};
}
Bench sendgrid() {
  return {"sendgrid", R"("api_key": "SG.123456", "webhook_public_key": ")" + kSendGridKey + '"'};
}
Bench mailgun() {
  return {
      "mailgun",
      R"("domain": "mg.creditor.example", "api_key": "key-123456", "webhook_signing_key": "sign-123456")"};
}
Bench brevo() {
  return {"brevo", R"("api_key": "xkey-123456", "webhook_token": "hook-123456")"};
}
Bench ses() {
  return {
      "ses",
      R"("region": "eu-west-3", "access_key_id": "AKID123456", "secret_access_key": "SK123456", "sns_topic": "arn:aws:sns:eu-west-3:1:t")"};
}

struct Wanted {
  const char *body;
  ReceiptKind kind;
  bool is_final;
  FailureClass failure;
};
void check_receipts(Bench bench, std::initializer_list<Wanted> cases) {
  for (const auto &wanted : cases) {
    const auto parsed = bench.parse_json_post(wanted.body);
    BOOST_REQUIRE_MESSAGE(parsed.receipts.size() == 1, wanted.body << ": " << parsed.error);
    const auto &receipt = parsed.receipts[0];
    BOOST_TEST((receipt.kind == wanted.kind && receipt.is_final == wanted.is_final &&
                receipt.failure == wanted.failure),
               wanted.body);
  }
}
constexpr auto kNone{FailureClass::none};

}  // namespace

BOOST_AUTO_TEST_CASE(postmark_gets_the_mail_with_our_key_and_our_message_id) {
  auto bench = postmark();
  const auto outcome = bench.answered(
      200, R"({"To": "camille@debtor.example", "MessageID": "pm-1", "ErrorCode": 0, "Message": "OK"})");
  BOOST_TEST((outcome.kind == OutcomeKind::accepted));
  BOOST_TEST(outcome.refs.at(0) == "pm-1");
  BOOST_TEST(bench.header("X-Postmark-Server-Token") == "tok-123456");
  const auto sent = bench.sent();
  BOOST_TEST(sent["From"].text() == "\"Créancier, SA\" <billing@creditor.example>");
  BOOST_TEST(sent["Metadata"]["relance_key"].text() == kKey);
  BOOST_TEST(sent["Headers"][1]["Value"].text() == '<' + kKey + "@creditor.example>");
  BOOST_TEST(sent["Attachments"][0]["Content"].text() == "JVBERg==");
  BOOST_TEST(sent["HtmlBody"].text() == "<p>Bonjour</p>");
  BOOST_TEST((bench.answered(422, R"({"ErrorCode": 406, "Message": "inactive"})").failure ==
              FailureClass::address_dead));
  const auto credits = bench.answered(422, R"({"ErrorCode": 405, "Message": "not allowed to send"})");
  BOOST_TEST((credits.kind == OutcomeKind::not_sent && credits.whole_instance));
  BOOST_TEST((bench.answered(200, "<html>maintenance</html>").kind == OutcomeKind::unknown));
  BOOST_TEST((bench.answered(200, R"({"ErrorCode": 0})").kind == OutcomeKind::unknown));
}

BOOST_AUTO_TEST_CASE(sendgrid_answers_with_its_reference_in_a_header) {
  auto bench = sendgrid();
  const auto outcome = bench.answered(202, "", {{"x-message-id", "u9Gvi3mzT6iC2poAb58_qQ"}});
  BOOST_TEST((outcome.kind == OutcomeKind::accepted));
  BOOST_TEST(outcome.refs.at(0) == "u9Gvi3mzT6iC2poAb58_qQ");
  const auto sent = bench.sent();
  BOOST_TEST(sent["personalizations"][0]["custom_args"]["relance_key"].text() == kKey);
  BOOST_TEST(sent["content"][1]["type"].text() == "text/html");
  BOOST_TEST(sent["tracking_settings"]["open_tracking"]["enable"].text() == "false");
  bench.message.parts.resize(1);
  BOOST_TEST((bench.answered(202, "").kind == OutcomeKind::unknown), "no reference, so nothing is certain");
  BOOST_TEST(bench.sent()["content"].items().size() == 1u);
  BOOST_TEST(bench.sent()["attachments"].is_absent());
  const auto batch = bench.parse_json_post(
      R"([{"event": "processed", "sg_message_id": "u9.filter1", "relance_key": "K1"}, {"event": "delivered", "sg_message_id": "u9.filter1", "relance_key": "K1"},
          {"event": "bounce", "type": "blocked", "sg_message_id": "u8.filter1", "relance_key": "K2", "status": "4.7.1"}])");
  BOOST_REQUIRE_EQUAL(batch.receipts.size(), 3u);
  BOOST_TEST(batch.receipts[1].ref == "u9");
  BOOST_TEST((batch.receipts[2].kind == ReceiptKind::failed &&
              batch.receipts[2].failure == FailureClass::temporary));
}

BOOST_AUTO_TEST_CASE(mailgun_gets_a_multipart_form) {
  auto bench = mailgun();
  const auto outcome =
      bench.answered(200, R"({"id": "<mg-1@mg.creditor.example>", "message": "Queued. Thank you."})");
  BOOST_TEST((outcome.kind == OutcomeKind::accepted));
  BOOST_TEST(outcome.refs.at(0) == "mg-1@mg.creditor.example");
  const auto &body = bench.requests.back().body;
  BOOST_TEST(body.find("name=\"v:relance_key\"\r\n\r\n" + kKey) != std::string::npos, body);
  BOOST_TEST(
      body.find("name=\"attachment\"; filename=\"f.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n") !=
          std::string::npos,
      body);
  BOOST_TEST(bench.requests.back().url == "https://api.eu.mailgun.net/v3/mg.creditor.example/messages");
}

BOOST_AUTO_TEST_CASE(brevo_and_amazon_get_what_their_interfaces_want) {
  auto one = brevo();
  BOOST_TEST((one.answered(201, R"({"messageId": "<b-1@smtp-relay.example>"})").refs.at(0) ==
              "b-1@smtp-relay.example"));
  BOOST_TEST(one.sent()["headers"]["X-Mailin-custom"].text() == kKey);
  BOOST_TEST(
      (one.answered(400, R"({"code": "not_enough_credits", "message": "no credits"})").whole_instance));
  auto other = ses();
  BOOST_TEST((other.answered(200, R"({"MessageId": "ses-1"})").refs.at(0) == "ses-1"));
  BOOST_TEST(other.requests.back().url == "https://email.eu-west-3.amazonaws.com/v2/email/outbound-emails");
  BOOST_TEST(other.header("authorization")
                 .starts_with("AWS4-HMAC-SHA256 Credential=AKID123456/20231114/eu-west-3/ses/aws4_request"));
  const auto mime = gateway::from_base64(other.sent()["Content"]["Raw"]["Data"].text()).value_or("");
  BOOST_TEST(mime.find("Message-ID: <" + kKey + "@creditor.example>") != std::string::npos, mime);
  BOOST_TEST(other.sent()["EmailTags"][0]["Value"].text() == kKey);
  const auto paused = other.answered(400, R"({"message": "paused"})",
                                     {{"x-amzn-errortype", "SendingPausedException:http://x"}});
  BOOST_TEST((paused.kind == OutcomeKind::not_sent && paused.whole_instance));
  BOOST_TEST(paused.code == "SendingPausedException");
}

BOOST_AUTO_TEST_CASE(an_address_that_is_none_never_reaches_a_provider) {
  auto bench = brevo();
  bench.message.address = "camille@debtor.example>\r\nBcc: x";
  const auto outcome = bench.answered(201, R"({"messageId": "<b>"})");
  BOOST_TEST((outcome.kind == OutcomeKind::rejected && outcome.failure == FailureClass::address_dead));
  BOOST_TEST(bench.requests.empty());
}

BOOST_AUTO_TEST_CASE(every_provider_says_the_same_things_in_other_words) {
  check_receipts(postmark(),
                 {{R"({"RecordType": "Delivery", "MessageID": "1"})", ReceiptKind::delivered, true, kNone},
                  {R"({"RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1, "MessageID": "1"})",
                   ReceiptKind::failed, true, FailureClass::address_dead},
                  {R"({"RecordType": "Bounce", "Type": "SoftBounce", "MessageID": "1"})", ReceiptKind::failed,
                   true, FailureClass::temporary},
                  {R"({"RecordType": "Bounce", "Type": "Transient", "MessageID": "1"})", ReceiptKind::interim,
                   false, kNone},
                  {R"({"RecordType": "SpamComplaint", "Type": "SpamComplaint", "MessageID": "1"})",
                   ReceiptKind::complaint, false, FailureClass::policy},
                  {R"({"RecordType": "Open", "MessageID": "1"})", ReceiptKind::interim, false, kNone},
                  {R"({"RecordType": "Bounce", "Type": "NewType", "MessageID": "1"})", ReceiptKind::failed,
                   true, FailureClass::temporary}});
  check_receipts(
      mailgun(),
      {{R"({"event-data": {"event": "delivered", "user-variables": {"relance_key": "K"}}})",
        ReceiptKind::delivered, true, kNone},
       {R"({"event-data": {"event": "failed", "severity": "permanent", "reason": "bounce", "user-variables": {"relance_key": "K"}}})",
        ReceiptKind::failed, true, FailureClass::address_dead},
       {R"({"event-data": {"event": "failed", "severity": "permanent", "reason": "suppress-unsubscribe", "user-variables": {"relance_key": "K"}}})",
        ReceiptKind::failed, true, FailureClass::policy},
       {R"({"event-data": {"event": "failed", "severity": "temporary", "reason": "greylisted", "user-variables": {"relance_key": "K"}}})",
        ReceiptKind::interim, false, kNone}});
  check_receipts(
      brevo(),
      {{R"({"event": "delivered", "message-id": "<1@x>"})", ReceiptKind::delivered, true, kNone},
       {R"({"event": "hard_bounce", "message-id": "<1@x>"})", ReceiptKind::failed, true,
        FailureClass::address_dead},
       {R"({"event": "soft_bounce", "message-id": "<1@x>"})", ReceiptKind::failed, true,
        FailureClass::temporary},
       {R"({"event": "blocked", "message-id": "<1@x>"})", ReceiptKind::failed, true, FailureClass::policy},
       {R"({"event": "spam", "message-id": "<1@x>"})", ReceiptKind::complaint, false, FailureClass::policy},
       {R"({"event": "something new", "message-id": "<1@x>"})", ReceiptKind::interim, false, kNone}});
  check_receipts(
      ses(),
      {{R"({"Type": "Notification", "Message": "{\"eventType\": \"Delivery\", \"mail\": {\"messageId\": \"s1\", \"tags\": {\"relance_key\": [\"K\"]}}}"})",
        ReceiptKind::delivered, true, kNone},
       {R"({"Type": "Notification", "Message": "{\"notificationType\": \"Bounce\", \"bounce\": {\"bounceType\": \"Permanent\", \"bounceSubType\": \"General\"}, \"mail\": {\"messageId\": \"s1\"}}"})",
        ReceiptKind::failed, true, FailureClass::address_dead},
       {R"({"Type": "Notification", "Message": "{\"notificationType\": \"Bounce\", \"bounce\": {\"bounceType\": \"Transient\", \"bounceSubType\": \"MailboxFull\"}, \"mail\": {\"messageId\": \"s1\"}}"})",
        ReceiptKind::failed, true, FailureClass::temporary}});
}

BOOST_AUTO_TEST_CASE(who_unsubscribes_at_the_provider_is_not_written_to_again) {
  auto bench = brevo();
  const auto parsed = bench.parse_json_post(
      R"({"event": "unsubscribe", "email": "camille@debtor.example", "message-id": "<1@x>"})");
  BOOST_TEST(parsed.receipts.empty());
  BOOST_REQUIRE_EQUAL(parsed.replies.size(), 1u);
  BOOST_TEST((parsed.replies[0].kind == sdk::ReplyKind::stop));
  BOOST_TEST(parsed.replies[0].from == "camille@debtor.example");
}

BOOST_AUTO_TEST_CASE(who_changes_a_subscription_at_amazon_is_asked_what_for) {
  const auto kind = [](const std::string &preferences) {
    auto bench = ses();
    const auto parsed = bench.parse_json_post(
        R"({"Type": "Notification", "Message": "{\"eventType\": \"Subscription\", \"mail\": {\"messageId\": \"s1\", \"destination\": [\"camille@debtor.example\"]}, \"subscription\": {\"newTopicPreferences\": )" +
        preferences + R"(}}"})");
    if (parsed.replies.size() == 1 && parsed.receipts.empty()) {
      BOOST_TEST(parsed.replies[0].from == "camille@debtor.example");
      return parsed.replies[0].kind == sdk::ReplyKind::stop ? "stop" : "reply";
    }
    return parsed.receipts.size() == 1 && parsed.receipts[0].kind == ReceiptKind::interim ? "interim"
                                                                                          : "other";
  };
  BOOST_TEST(
      kind(
          R"({\"unsubscribeAll\": true, \"topicSubscriptionStatus\": [{\"subscriptionStatus\": \"OptIn\"}]})") ==
      "stop");
  BOOST_TEST(
      kind(
          R"({\"unsubscribeAll\": false, \"topicSubscriptionStatus\": [{\"subscriptionStatus\": \"OptOut\"}]})") ==
      "stop");
  BOOST_TEST(
      kind(
          R"({\"unsubscribeAll\": false, \"topicSubscriptionStatus\": [{\"subscriptionStatus\": \"OptIn\"}]})") ==
      "interim");
  BOOST_TEST(kind("{}") == "stop");
}

BOOST_AUTO_TEST_CASE(the_address_of_a_topic_is_confirmed_once_and_at_amazon_only) {
  auto bench = ses();
  const auto confirmation = [](const std::string &url) {
    return R"({"Type": "SubscriptionConfirmation", "SubscribeURL": ")" + url + R"("})";
  };
  bench.reply = testkit::replied(200, "<ConfirmSubscriptionResponse/>");
  BOOST_TEST((bench
                  .parse_json_post(
                      confirmation("https://sns.eu-west-3.amazonaws.com/?Action=ConfirmSubscription&Token=1"))
                  .status == sdk::Parsed::Status::ok));
  BOOST_REQUIRE_EQUAL(bench.requests.size(), 1u);
  BOOST_TEST(bench.requests[0].url ==
             "https://sns.eu-west-3.amazonaws.com/?Action=ConfirmSubscription&Token=1");
  BOOST_TEST(
      (bench.parse_json_post(confirmation("https://evil.example/?Action=ConfirmSubscription")).status ==
       sdk::Parsed::Status::ok));
  BOOST_TEST(bench.requests.size() == 1u);
  bench.reply = testkit::unknown();
  BOOST_TEST((bench.parse_json_post(confirmation("https://sns.eu-west-3.amazonaws.com/?Token=2")).status ==
              sdk::Parsed::Status::retry));
}

BOOST_AUTO_TEST_CASE(an_unknown_certificate_is_fetched_while_amazon_is_told_to_come_again) {
  auto bench = ses();
  const std::string body{
      R"({"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-3:1:t", "Timestamp": "2023-11-14T22:13:20.000Z",
    "SignatureVersion": "2", "SigningCertURL": "https://sns.eu-west-3.amazonaws.com/SimpleNotificationService-c.pem", "Signature": "AAAA"})"};
  sdk::WebhookAnswer answer;
  BOOST_TEST((bench.instance->authenticate({"POST", "https://relance.example/h", {}, {}, body}, &answer) ==
              sdk::Verdict::challenge));
  BOOST_TEST(answer.status == 503u);
  BOOST_TEST(bench.requests.empty(), "nothing is asked while the provider waits");
  bench.instance->wake();
  BOOST_REQUIRE_EQUAL(bench.requests.size(), 1u);
  BOOST_TEST(bench.requests[0].method == "GET");
  BOOST_TEST(bench.requests[0].url == "https://sns.eu-west-3.amazonaws.com/SimpleNotificationService-c.pem");
}

BOOST_AUTO_TEST_CASE(what_mailgun_signed_once_carries_no_second_event) {
  auto bench = mailgun();
  const auto event = [](const std::string &token, const std::string &said) {
    return R"({"signature": {"timestamp": "1700000000", "token": ")" + token + R"(", "signature": ")" +
           gateway::to_hex(gateway::hmac(gateway::Hash::sha256, "sign-123456", "1700000000" + token)) +
           R"("}, "event-data": {"event": ")" + said + R"("}})";
  };
  const auto judged = [&bench](const std::string &body) {
    return bench.instance->authenticate({"POST", "https://relance.example/h", {}, {}, body});
  };
  BOOST_TEST((judged(event("a", "failed")) == sdk::Verdict::genuine));
  BOOST_TEST((judged(event("a", "delivered")) == sdk::Verdict::forged));
  BOOST_TEST((judged(event("a", "failed")) == sdk::Verdict::genuine), "it tries again");
  BOOST_TEST((judged(event("b", "delivered")) == sdk::Verdict::genuine));
}

BOOST_AUTO_TEST_CASE(callbacks_are_believed_with_their_password_only) {
  auto bench = postmark();
  const auto ask = [&](std::string_view authorization) {
    return bench.instance->authenticate(
        {"POST", "https://relance.example/hooks/p/T", {}, {{"authorization", authorization}}, "{}"});
  };
  BOOST_TEST((ask("Basic aG9vazpwdy0xMjM0NTY=") == sdk::Verdict::genuine));
  BOOST_TEST((ask("Basic aG9vazpwdy0xMjM0NTc=") == sdk::Verdict::forged));
  BOOST_TEST((ask("Bearer aG9vazpwdy0xMjM0NTY=") == sdk::Verdict::forged));
  BOOST_TEST((ask("") == sdk::Verdict::forged));
  auto other = brevo();
  BOOST_TEST((other.instance->authenticate(
                  {"POST", "https://x.example/", {}, {{"authorization", "Bearer hook-123456"}}, "{}"}) ==
              sdk::Verdict::genuine));
}

BOOST_AUTO_TEST_SUITE_END()
