// Signatures of callbacks and of requests, held to vectors that their providers or others published; then
// what a forger does to each: other bytes, other times, other orders, parameters twice, ends cut off.
#include "plugins/protocol/gateway/request.hpp"
#include "plugins/protocol/gateway/signature.hpp"

#include <boost/test/unit_test.hpp>
#include <relance/signature.hpp>

using namespace relance::gateway;
using relance::sdk::WebhookRequest;

namespace {

constexpr std::int64_t kNowMs{1'700'000'000'000};
constexpr const char *kForm{"application/x-www-form-urlencoded"};

Trust check(const SignatureSettings &settings, const WebhookRequest &request, std::int64_t now_ms = kNowMs) {
  return check_signature(settings, request, now_ms);
}

// The example of Twilio's "Validating requests are coming from Twilio", also in its SDKs' tests.
const SignatureSettings kTwilio{.scheme = Scheme::twilio, .secret = "12345"};
WebhookRequest twilio() {
  return {
      "POST",
      "https://mycompany.com/myapp.php?foo=1&bar=2",
      {},
      {{"content-type", kForm}, {"x-twilio-signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8="}},
      "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212"};
}

// Of SendGrid's helper libraries (MIT), test of the event webhook.
const SignatureSettings kSendGrid{.scheme = Scheme::public_key,
                                  .header = "x-twilio-email-event-webhook-signature",
                                  .over = "{timestamp}{body}",
                                  .timestamp_header = "x-twilio-email-event-webhook-timestamp",
                                  .public_key =
                                      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/"
                                      "7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="};
constexpr std::int64_t kSendGridMs{1'600'112'502'000};
WebhookRequest sendgrid() {
  return {
      "POST",
      "https://relance.example/hooks/x",
      {},
      {{"x-twilio-email-event-webhook-signature",
        "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="},
       {"x-twilio-email-event-webhook-timestamp", "1600112502"}},
      "[{\"email\":\"hello@world.com\",\"event\":\"dropped\",\"reason\":\"Bounced Address\",\"sg_event_id\":"
      "\"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA\",\"sg_message_id\":\"LRzXl_NHStOGhQ4kofSm_A."
      "filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0\",\"smtp-id\":\"<LRzXl_NHStOGhQ4kofSm_A@"
      "ismtpd0039p1iad1.sendgrid.net>\",\"timestamp\":1600112492}]\r\n"};
}

// Of Standard Webhooks' reference libraries.
SignatureSettings standard_webhooks() {
  return {.scheme = Scheme::hmac,
          .secret = *from_base64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
          .header = "webhook-signature",
          .prefix = "v1,",
          .over = "{id}.{timestamp}.{body}",
          .timestamp_header = "webhook-timestamp",
          .id_header = "webhook-id",
          .is_base64 = true};
}
constexpr std::int64_t kStandardMs{1'614'265'330'000};
WebhookRequest standard() {
  return {"POST",
          "https://relance.example/hooks/x",
          {},
          {{"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
           {"webhook-timestamp", "1614265330"},
           {"webhook-signature",
            "v1,bm9ldHUjKzFob2VudXRob2VodWUzMjRvdWVvdW9ldQo= "
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}},
          R"({"test": 2432232314})"};
}

// Vonage's node SDK (Apache-2.0), packages/sms.
SignatureSettings vonage(Hash hash) {
  return {.scheme = Scheme::vonage, .secret = "my_secret_key_for_testing", .hash = hash};
}
constexpr std::int64_t kVonageMs{1'385'047'698'000};
const std::string kVonageFields{
    "message-timestamp=2013-11-21%2015:27:30&messageId=020000001B0FE827&msisdn=14843472194&"
    "text=Test+again&timestamp=1385047698&to=13239877404&type=text&sig="};
const std::string kVonageMd5{"DDEBD46008C2D4E93CCE578A332A52D5"};

// Made for this test with openssl, by the developer guide of SNS: no message of Amazon's is published with
// its certificate. The certificate is good from 2026 to 2126.
const std::string kSnsCertificate{
    "-----BEGIN CERTIFICATE-----\nMIIDCTCCAfGgAwIBAgIUdVvaOOvXLeWnXYVzrM99PEY06VA"
    "wDQYJKoZIhvcNAQEL\nBQAwEzERMA8GA1UEAwwIc25zLnRlc3QwIBcNMjYxMTIyMTI0NDA2WhgPM"
    "jEyNjEw\nMjkxMjQ0MDZaMBMxETAPBgNVBAMMCHNucy50ZXN0MIIBIjANBgkqhkiG9w0BAQEF\nA"
    "AOCAQ8AMIIBCgKCAQEAmsR098ii16jmw19zQ3abxO83JZ2aXjuFqDyHBj/b0vpv\nuXrxewmGfvk"
    "iqwgJGbSR2Wlszv9ivpTGr7TuM6+YtK/L5g8DpegFM7iv5cGAEyfH\nY7PufIht/lK3/azQM7YaR"
    "LB5qZK09di0c1n/oKeAJB+bvtaJZoK5c/Bt5BpX3K/X\nxykQ67ljcWWsaY8faryN+Xy98rO6eRi"
    "lIXOLMY5pL8tMjAygYzXX3ROIUgEBJJlK\nZz4/OF022cxMXYpHhpPJc5FQlWpS7L8zXLsTt0JpU"
    "aP7h/3JZLMOBQ5ByMnWgjmf\n6M5o2iPnjXLrHwSH76+UTRI747VpNC9+yc9X7QbKlwIDAQABo1M"
    "wUTAdBgNVHQ4E\nFgQU0vve028HmFUT9EDbBzC2VGftCtkwHwYDVR0jBBgwFoAU0vve028HmFUT9"
    "EDb\nBzC2VGftCtkwDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAYC+Z\n3y48o"
    "dDtLGsx51M4sjQmlBSDb/btpGJM7hLrUskXvJEb8moNK+MCXc1XcY+QDmAy\nWO7p0jbrIotVrHn"
    "CsKOxaLVDqnOr4G4Pc24qYkoPwTl8YNKNYs0BJfFSJi2+Owi0\nasxAzyMkFHrx8yeb5yc9CGrUY"
    "HjSAoMo6hNKdISMyixqJT1RYnCdLrYYQzSxEn4+\nabs0x0Y+/KlEd6xIfyBp4f+D2tJj6ONLMfn"
    "BqhUcKJABx8NSoemtK21Q6JkW89UC\n2B7Y7y9otFsa2AAkrnRQQPL3fUUE3hQL+m81fm4C68F0w"
    "XfPCGakXwYAFd9BKV85\ngqHoOeOpBJzsFs38XA==\n-----END CERTIFICATE-----\n"};
const std::string kSnsMessage{
    R"({"Type": "Notification", "MessageId": "m-1", "TopicArn": "arn:aws:sns:eu-west-3:1:t", "Subject": "An event",
  "Message": "{\"eventType\":\"Delivery\",\"mail\":{\"messageId\":\"s1\"}}", "Timestamp": "2030-01-01T00:00:00.000Z",
  "SigningCertURL": "https://sns.eu-west-3.amazonaws.com/SimpleNotificationService-1.pem", "SignatureVersion": ")"};
const std::string kSnsSignature2{
    "GhARrZ5lResuYeTAcGHwBZMBXTOnx7Wv49C5rXFFb0/D7/VY6lv/VaNKLkwUkW+D8ncJhI9BIdJx"
    "BS0vLjNundrgDfzbP3KpYZYbGioVgtvmsET5DLm59zSY6pjUAVcuQlVjM+3CuUJpMFeLVRS6JFMB"
    "KPf88vWOmDX+fOK8xQm5hd8HSia5uHxr1iduA/oNnuwuzwT+5bbElLBVAbutD2msByoObF1Ukfro"
    "EARLgtNUw+2YiacuAyd4xAuu2OtLZYcPTUqBQ+sguiq+Je7jIwqh+BYjdnpKc3/mov1fBoBO2Gd0"
    "5u8/9rewgyLqMXkv19VRFHarv/KMA2JMeRGg5Q=="};
const std::string kSnsSignature1{
    "CbfX2ffH1TwEiVAcNriaR3IqFE0n3T9KnC0RnarcapV8HnIJ6/7L5wfKnYXS4cIXhh7KEgb9uaYS"
    "g2BmnTXm/3Dw0sKmVUi52xND94Nxg7ZUFRIDJ7CPhCHW2h/be4UQ0eIeKkGA2SOl/s6wprGWYBX6"
    "mHu/YWhhKPKY9LtlqkDZvo5OVF4FIakRfeyq0WlP+Y1aBi5i1RAF0vWbcmGmpPFfV31siv+rNjpH"
    "/UaK2G+YMl+L7WR1KdEknQGxc60ryOJ9Dd0+oxKuvGn3ntN3+U8j33AJCWLNn+E5MilD8e50uIIP"
    "6PRmBJMXYR30r3Y33Ws0/lRmb7RTofkGsTKkcw=="};
constexpr std::int64_t kSnsMs{1'893'456'000'000};

struct Certificates final : CertificateSource {
  std::optional<std::string> certificate(std::string_view url) override {
    asked = url;
    return known;
  }
  std::optional<std::string> known{kSnsCertificate};
  std::string asked;
};

std::string to_query(const std::string &query) {
  return "https://relance.example/hooks/vonage/T?" + query;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_signature_test)

BOOST_AUTO_TEST_CASE(twilio_signs_address_and_sorted_parameters) {
  BOOST_TEST((check(kTwilio, twilio()) == Trust::genuine));
  auto reordered = twilio();
  reordered.body =
      "To=%2B18005551212&From=%2B14158675309&Digits=1234&Caller=%2B14158675309&CallSid=CA1234567890ABCDE";
  BOOST_TEST((check(kTwilio, reordered) == Trust::genuine));
  auto changed = twilio();
  changed.body =
      "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1235&From=%2B14158675309&To=%2B18005551212";
  BOOST_TEST((check(kTwilio, changed) == Trust::forged));
  auto added = twilio();
  const auto with_second = std::string{added.body} + "&Digits=9999";
  added.body = with_second;
  BOOST_TEST((check(kTwilio, added) == Trust::forged));
  auto elsewhere = twilio();
  elsewhere.url = "https://mycompany.com/myapp.php?foo=1&bar=3";
  BOOST_TEST((check(kTwilio, elsewhere) == Trust::forged));
  auto unsigned_one = twilio();
  unsigned_one.headers.pop_back();
  BOOST_TEST((check(kTwilio, unsigned_one) == Trust::forged));
}

BOOST_AUTO_TEST_CASE(twilio_may_or_may_not_have_signed_the_port) {
  auto request = twilio();
  request.url = "https://mycompany.com:443/myapp.php?foo=1&bar=2";
  BOOST_TEST((check(kTwilio, request) == Trust::genuine));
  request.url = "https://mycompany.com:1234/myapp.php?foo=1&bar=2";
  BOOST_TEST((check(kTwilio, request) == Trust::genuine));
  request.url = "https://mycompany.org:443/myapp.php?foo=1&bar=2";
  BOOST_TEST((check(kTwilio, request) == Trust::forged));
}

BOOST_AUTO_TEST_CASE(twilio_signs_a_json_body_by_its_hash) {
  WebhookRequest request{"POST",
                         "https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256="
                         "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
                         {},
                         {{"x-twilio-signature", "a9nBmqA0ju/hNViExpshrM61xv4="}},
                         R"({"property": "value", "boolean": true})"};
  BOOST_TEST((check(kTwilio, request) == Trust::genuine));
  request.body = R"({"property": "value", "boolean": false})";
  BOOST_TEST((check(kTwilio, request) == Trust::forged));
}

BOOST_AUTO_TEST_CASE(sendgrid_signs_time_and_bytes_with_an_elliptic_key) {
  BOOST_TEST((check(kSendGrid, sendgrid(), kSendGridMs) == Trust::genuine));
  auto cut = sendgrid();
  cut.body.remove_suffix(1);
  BOOST_TEST((check(kSendGrid, cut, kSendGridMs) == Trust::forged));
  auto later = sendgrid();
  later.headers[1].second = "1600112503";
  BOOST_TEST((check(kSendGrid, later, kSendGridMs) == Trust::forged));
}

BOOST_AUTO_TEST_CASE(a_signature_that_covers_a_time_holds_for_minutes) {
  const auto minutes = [](int count) { return count * std::int64_t{60'000}; };
  const auto vonage_url = to_query(kVonageFields + kVonageMd5);
  const auto stamped = "1700000000" + std::string{"tok"};
  const auto mail = R"({"signature": {"timestamp": "1700000000", "token": "tok", "signature": ")" +
                    to_hex(hmac(Hash::sha256, "key-1", stamped)) + R"("}})";
  const std::string claims{"eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjE3MDAwMDAwMDB9"};
  const auto token = "Bearer " + claims + '.' + relance::sdk::to_base64(hmac(Hash::sha256, "key-1", claims));
  const auto bird = std::string{"1700000000\na=1\n"} + digest(Hash::sha256, "");
  const auto bird_signature = relance::sdk::to_base64(hmac(Hash::sha256, "key-1", bird));
  const auto with_key = [](Scheme scheme) { return SignatureSettings{.scheme = scheme, .secret = "key-1"}; };
  for (const auto &[settings, request, at] :
       {std::tuple{kSendGrid, sendgrid(), kSendGridMs},
        std::tuple{standard_webhooks(), standard(), kStandardMs},
        std::tuple{vonage(Hash::md5), WebhookRequest{"GET", vonage_url, {}, {}, {}}, kVonageMs},
        std::tuple{with_key(Scheme::mailgun), WebhookRequest{"POST", "https://x.example/", {}, {}, mail},
                   kNowMs},
        std::tuple{with_key(Scheme::vonage_jwt),
                   WebhookRequest{"POST", "https://x.example/", {}, {{"authorization", token}}, {}}, kNowMs},
        std::tuple{with_key(Scheme::messagebird),
                   WebhookRequest{"GET",
                                  "https://x.example/?a=1",
                                  {},
                                  {{"messagebird-request-timestamp", "1700000000"},
                                   {"messagebird-signature", bird_signature}},
                                  {}},
                   kNowMs}}) {
    BOOST_TEST_CONTEXT(name_of(settings.scheme)) {
      BOOST_TEST((check(settings, request, at + minutes(4)) == Trust::genuine));
      BOOST_TEST((check(settings, request, at - minutes(4)) == Trust::genuine), "a clock that runs behind");
      BOOST_TEST((check(settings, request, at + minutes(6)) == Trust::forged), "a replay");
      BOOST_TEST((check(settings, request, at - minutes(6)) == Trust::forged));
    }
  }
}

BOOST_AUTO_TEST_CASE(one_of_several_signatures_in_a_header_is_enough) {
  BOOST_TEST((check(standard_webhooks(), standard(), kStandardMs) == Trust::genuine));
  auto other = standard();
  other.headers[0].second = "msg_another";
  BOOST_TEST((check(standard_webhooks(), other, kStandardMs) == Trust::forged));
}

BOOST_AUTO_TEST_CASE(vonage_signs_its_parameters_wherever_they_stand) {
  const auto url = to_query(kVonageFields + kVonageMd5);
  const WebhookRequest get{"GET", url, {}, {}, {}};
  BOOST_TEST((check(vonage(Hash::md5), get, kVonageMs) == Trust::genuine));
  const auto body = kVonageFields + "DDB8397C2B90AAC7F3882D306475C9A5058C92322EEF43C92B298B6E0FC0D330";
  const WebhookRequest post{
      "POST", "https://relance.example/hooks/vonage/T", {}, {{"content-type", kForm}}, body};
  BOOST_TEST((check(vonage(Hash::sha256), post, kVonageMs) == Trust::genuine));
  BOOST_TEST((check(vonage(Hash::md5), post, kVonageMs) == Trust::forged));
  const std::string json{
      R"({"messageId": "020000001B0FE827", "message-timestamp": "2013-11-21 15:27:30", "to": "13239877404",
    "msisdn": 14843472194, "text": "Test again", "type": "text", "timestamp": "1385047698",
    "sig": "DDEBD46008C2D4E93CCE578A332A52D5"})"};
  const WebhookRequest as_json{
      "POST", "https://relance.example/hooks/vonage/T", {}, {{"content-type", "application/json"}}, json};
  BOOST_TEST((check(vonage(Hash::md5), as_json, kVonageMs) == Trust::genuine));
}

BOOST_AUTO_TEST_CASE(a_parameter_twice_is_a_forgery_as_nobody_knows_which_was_signed) {
  const auto url = to_query(kVonageFields + kVonageMd5 + "&messageId=020000001B0FE827");
  BOOST_TEST((check(vonage(Hash::md5), {"GET", url, {}, {}, {}}, kVonageMs) == Trust::forged));
  const auto without_time = to_query("messageId=1&sig=" + kVonageMd5);
  BOOST_TEST((check(vonage(Hash::md5), {"GET", without_time, {}, {}, {}}, kVonageMs) == Trust::forged));
}

BOOST_AUTO_TEST_CASE(a_name_of_vonage_never_swallows_the_parameter_behind_it) {
  const auto url = to_query(kVonageFields + kVonageMd5);
  auto joined = url;
  const std::string_view behind{"&msisdn="};
  const auto at = joined.find(behind);
  BOOST_REQUIRE(at != joined.npos);
  const auto before = joined.rfind('=', at);
  joined.replace(at, behind.size(), "%26msisdn=");  // the value before it goes into the name …
  joined.replace(before, 1, "%3D");                 // … and the signed text would be the same
  BOOST_TEST((check(vonage(Hash::md5), {"GET", url, {}, {}, {}}, kVonageMs) == Trust::genuine));
  BOOST_TEST((check(vonage(Hash::md5), {"GET", joined, {}, {}, {}}, kVonageMs) == Trust::forged));
}

BOOST_AUTO_TEST_CASE(messagebird_signs_time_query_and_body) {
  const SignatureSettings settings{.scheme = Scheme::messagebird,
                                   .secret = "PlLrKaqvZNRR5zAjm42ZT6q1SQxgbbGd"};
  constexpr std::int64_t kAtMs{1'547'198'231'000};
  WebhookRequest request{
      "GET",
      "https://relance.example/h?status=delivered&ported=1&recipient=31612345678&reference=FOO&"
      "statusDatetime=2019-01-11T09%3A17%3A11%2B00%3A00&id=eef0ab57a9e049be946f3821568c2b2e&mccmnc=20408",
      {},
      {{"messagebird-request-timestamp", "1547198231"},
       {"messagebird-signature", "KVBdcVdz2lYMwcBLZCRITgxUfA/WkwSi+T3Wxl2HL6w="}},
      {}};
  BOOST_TEST((check(settings, request, kAtMs) == Trust::genuine));
  request.body = "x";
  BOOST_TEST((check(settings, request, kAtMs) == Trust::forged));
}

BOOST_AUTO_TEST_CASE(a_token_never_chooses_its_own_algorithm) {
  // {"alg":"none"} and {"alg":"RS256"}, with the secret's own signature behind them.
  const SignatureSettings settings{.scheme = Scheme::vonage_jwt, .secret = "s3cr3t"};
  for (const std::string header : {"eyJhbGciOiJub25lIn0", "eyJhbGciOiJSUzI1NiJ9"}) {
    const auto signed_part = header + ".eyJpYXQiOjE3MDAwMDAwMDB9";
    const auto field =
        "Bearer " + signed_part + '.' + relance::sdk::to_base64(hmac(Hash::sha256, "s3cr3t", signed_part));
    BOOST_TEST((check(settings, {"POST", "https://x.example/", {}, {{"authorization", field}}, {}}) ==
                Trust::forged));
  }
  const std::string signed_part{"eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjE3MDAwMDAwMDB9"};
  const auto field =
      "Bearer " + signed_part + '.' + relance::sdk::to_base64(hmac(Hash::sha256, "s3cr3t", signed_part));
  BOOST_TEST((check(settings, {"POST", "https://x.example/", {}, {{"authorization", field}}, {}}) ==
              Trust::genuine));
  BOOST_TEST(
      (check(settings,
             {"POST", "https://x.example/", {}, {{"authorization", field}}, "a body of somebody else"}) ==
       Trust::forged));
  for (const std::string method : {"GET", "POST"})  // what it says by its query, nobody signed
    BOOST_TEST((check(settings,
                      {method, "https://x.example/?status=delivered", {}, {{"authorization", field}}, {}}) ==
                Trust::forged));
}

BOOST_AUTO_TEST_CASE(mailgun_signs_a_time_and_a_token_of_its_own) {
  const SignatureSettings settings{.scheme = Scheme::mailgun, .secret = "key-1"};
  const auto signature = to_hex(hmac(Hash::sha256, "key-1",
                                     "1700000000"
                                     "tok"));
  const auto body = R"({"signature": {"timestamp": "1700000000", "token": "tok", "signature": ")" +
                    signature + R"("}, "event-data": {}})";
  BOOST_TEST((check(settings, {"POST", "https://x.example/", {}, {}, body}) == Trust::genuine));
  BOOST_TEST(
      (check(settings, {"POST", "https://x.example/", {}, {}, body}, kNowMs + 301'000) == Trust::forged));
  BOOST_TEST((check(settings, {"POST", "https://x.example/", {}, {}, body.substr(0, body.size() - 1)}) ==
              Trust::forged));
}

BOOST_AUTO_TEST_CASE(amazon_signs_with_a_certificate_that_its_message_names) {
  const SignatureSettings settings{
      .scheme = Scheme::sns, .tolerance_ms = 3'600'000, .topics = {"arn:aws:sns:eu-west-3:1:t"}};
  const auto judged = [&](const std::string &body, Certificates &certificates, const SignatureSettings &with,
                          std::int64_t at_ms) {
    return check_signature(with, {"POST", "https://relance.example/h", {}, {}, body}, at_ms, &certificates);
  };
  const auto message = [](const std::string &version, const std::string &signature) {
    return kSnsMessage + version + R"(", "Signature": ")" + signature + "\"}";
  };
  Certificates amazon;
  BOOST_TEST((judged(message("2", kSnsSignature2), amazon, settings, kSnsMs) == Trust::genuine));
  BOOST_TEST(amazon.asked == "https://sns.eu-west-3.amazonaws.com/SimpleNotificationService-1.pem");
  BOOST_TEST((judged(message("1", kSnsSignature1), amazon, settings, kSnsMs) == Trust::genuine));
  BOOST_TEST((judged(message("1", kSnsSignature2), amazon, settings, kSnsMs) == Trust::forged));
  BOOST_TEST((judged(message("3", kSnsSignature2), amazon, settings, kSnsMs) == Trust::forged));
  auto changed = message("2", kSnsSignature2);
  changed.replace(changed.find("Delivery"), 8, "Complain");
  BOOST_TEST((judged(changed, amazon, settings, kSnsMs) == Trust::forged));
  BOOST_TEST((judged(message("2", kSnsSignature2), amazon, settings, kSnsMs + 3'700'000) == Trust::forged),
             "a replay");
  auto other_topic = settings;
  other_topic.topics = {"arn:aws:sns:eu-west-3:1:other"};
  BOOST_TEST((judged(message("2", kSnsSignature2), amazon, other_topic, kSnsMs) == Trust::forged));
  Certificates none;
  none.known.reset();
  BOOST_TEST((judged(message("2", kSnsSignature2), none, settings, kSnsMs) == Trust::later));
  auto elsewhere = message("2", kSnsSignature2);
  elsewhere.replace(elsewhere.find("amazonaws.com"), 13, "evil.example!");
  Certificates unasked;
  BOOST_TEST((judged(elsewhere, unasked, settings, kSnsMs) == Trust::forged));
  BOOST_TEST(unasked.asked.empty());
}

BOOST_AUTO_TEST_CASE(amazon_certificates_come_from_amazon_only) {
  const std::string file{"/SimpleNotificationService-0123.pem"}, host{"https://sns.eu-west-3.amazonaws.com"};
  BOOST_TEST(is_sns_certificate_url(host + file));
  // What answers with words that the caller chose, or is a bucket of anybody.
  for (const auto &url :
       {host + file + "?Action=GetEndpointAttributes",
        host + "/?Action=GetEndpointAttributes&x=/SimpleNotificationService-0.pem", host + "/x" + file,
        host + "/x.pem", "https://sns.s3-us-west-2.amazonaws.com" + file,
        "https://sns.s3-accelerate.amazonaws.com" + file})
    BOOST_TEST(!is_sns_certificate_url(url), url);
  for (const auto *url :
       {"http://sns.eu-west-3.amazonaws.com/a.pem", "https://sns.eu-west-3.amazonaws.com.evil.example/a.pem",
        "https://evil.example/sns.eu-west-3.amazonaws.com/a.pem",
        "https://sns.eu-west-3.amazonaws.com:8443/a.pem",
        "https://sns.eu-west-3.amazonaws.com@evil.example/a.pem", "https://sns.evil.example/a.pem",
        "https://sns.eu-west-3.s3.amazonaws.com/a.pem", "https://sns.eu-west-3.amazonaws.com/a.txt",
        "https://sns.eu-west-3.amazonaws.com/a/../b.pem"})
    BOOST_TEST(!is_sns_certificate_url(url), url);
  BOOST_TEST(is_sns_url("https://sns.eu-west-3.amazonaws.com/?Action=ConfirmSubscription&Token=2336"));
  BOOST_TEST(!is_sns_url("https://sns.s3-us-west-2.amazonaws.com/?Action=ConfirmSubscription"));
}

BOOST_AUTO_TEST_CASE(a_body_of_any_size_is_judged_at_once) {
  const std::string huge(8 << 20, 'a');
  const std::string nested(1 << 20, '[');
  for (const auto scheme :
       {Scheme::token, Scheme::basic, Scheme::hmac, Scheme::public_key, Scheme::twilio, Scheme::vonage,
        Scheme::vonage_jwt, Scheme::messagebird, Scheme::messagebird_jwt, Scheme::mailgun, Scheme::sns}) {
    const SignatureSettings settings{.scheme = scheme, .secret = "s", .header = "x"};
    for (const auto &body : {huge, nested, std::string{}})
      BOOST_TEST((check(settings, {"POST", "https://x.example/", {}, {}, body}) == Trust::forged),
                 name_of(scheme));
  }
}

BOOST_AUTO_TEST_CASE(a_request_to_ovh_is_signed_as_its_manual_shows) {
  Request request;
  request.method = "GET";
  request.url = "https://eu.api.ovh.com/1.0/domains/";
  request.authentication = Authentication::ovh;
  request.credentials = relance::sdk::Json::parse(
      R"({"application_key": "7kbG7Bk7S9Nt7ZSV", "application_secret": "EXEgWIz07P0HYwtQDs7cNIqCiQaWSuHF",
          "consumer_key": "MtSwSrPpNjqfVSmJhLbPyr2i45lSwPU1"})");
  const auto built = build_request(request, {}, {}, 1'366'560'945'000);
  const auto &headers = built.request.headers;
  BOOST_REQUIRE_EQUAL(headers.size(), 4u);
  BOOST_TEST(headers[3].first == "x-ovh-signature");
  BOOST_TEST(headers[3].second == "$1$d3705e8afb27a0d2970a322b96550abfc67bb798");
}

BOOST_AUTO_TEST_CASE(a_request_to_amazon_is_signed_as_its_test_suite_shows) {
  // aws-sig-v4-test-suite: post-vanilla, post-x-www-form-urlencoded.
  Request request;
  request.url = "https://example.amazonaws.com/";
  request.authentication = Authentication::sigv4;
  request.credentials = relance::sdk::Json::parse(
      R"({"access_key": "AKIDEXAMPLE", "secret_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "region": "us-east-1",
          "service": "service"})");
  const std::int64_t at_ms{1'440'938'160'000};
  const auto signature = [&] {
    const auto built = build_request(request, {}, {}, at_ms);
    const auto value = built.request.headers.back().second;
    return value.substr(value.find("Signature=") + 10);
  };
  BOOST_TEST(signature() == "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  request.body = Request::Body::form;
  request.form = {{"Param1", "value1"}};
  BOOST_TEST(signature() == "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

BOOST_AUTO_TEST_SUITE_END()
