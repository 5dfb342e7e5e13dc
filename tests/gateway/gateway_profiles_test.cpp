// Every provider that is shipped as data, against everything that an answer or a callback can be but right:
// each ends in the outcome that is stated here, whichever profile it is. A new profile is held to it unasked.
#include "plugins/esp/channel.hpp"
#include "plugins/sms/http/channel.hpp"
#include "tests/gateway/profile_bench.hpp"

#include <boost/test/unit_test.hpp>
#include <relance_esp_profiles.hpp>
#include <relance_sms_http_profiles.hpp>

#include <set>

using namespace relance;
using sdk::FailureClass;
using sdk::Json;
using sdk::OutcomeKind;

BOOST_AUTO_TEST_SUITE(gateway_profiles_test)

namespace {

const std::string kPublicKey{
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/"
    "7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="};

std::string settings_of(const gateway::Profile &profile) {
  std::string values;
  const auto description = Json::parse(profile.json);
  for (const auto &name : description["requires"].items()) {
    const auto value = name.text().ends_with("public_key") ? kPublicKey
                       : name.text() == "region"           ? "eu-west-3"
                                                           : name.text() + "-123456";
    values += (values.empty() ? "" : ", ") + sdk::json_string(name.text()) + ": " + sdk::json_string(value);
  }
  return R"({"profile": ")" + std::string{profile.name} + R"(", "values": {)" + values + "}}";
}

template <class Driver>
struct Bench : gateway::test::ProfileBench<Driver> {
  explicit Bench(const gateway::Profile &profile)
      : gateway::test::ProfileBench<Driver>{settings_of(profile)} {
    if (!std::is_same_v<Driver, esp::EspChannel>) return;
    this->message.channel = "email";
    this->message.address = "camille@debtor.example";
    this->message.sender_address = "billing@creditor.example";
    this->message.subject = "Facture";
  }
};

/// Calls it with the name and a fresh bench of each profile of either driver.
template <class F>
void for_each_profile(F &&call) {
  std::size_t count{0};
  const auto all = [&]<class Driver>(std::span<const gateway::Profile> profiles, std::type_identity<Driver>) {
    for (const auto &profile : profiles) {
      ++count;
      Bench<Driver> bench{profile};
      BOOST_TEST_CONTEXT(profile.name) {
        call(std::string{profile.name}, bench);
      }
    }
  };
  all(std::span<const gateway::Profile>{sms::http::kProfiles}, std::type_identity<sms::http::HttpChannel>{});
  all(std::span<const gateway::Profile>{esp::kProfiles}, std::type_identity<esp::EspChannel>{});
  BOOST_TEST(count >= 8u);
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_answer_that_lies_or_says_nothing_leaves_the_message_in_doubt) {
  struct Answer {
    std::uint32_t status;
    const char *body;
  };
  for_each_profile([](const std::string &, auto &bench) {
    for (const auto &[status, body] : {Answer{200, "<html><body>Welcome</body></html>"},
                                       Answer{201, "<html></html>"},
                                       Answer{202, "<html></html>"},
                                       Answer{200, ""},
                                       Answer{201, ""},
                                       Answer{202, ""},
                                       Answer{204, ""},
                                       Answer{200, R"({"id": "x1", "stat)"},
                                       Answer{200, "null"},
                                       Answer{200, "[]"},
                                       Answer{200, "{}"},
                                       Answer{200, R"("OK")"},
                                       Answer{302, ""},
                                       Answer{307, ""},
                                       Answer{408, ""},
                                       Answer{409, "{}"},
                                       Answer{500, R"({"message": "Internal error"})"},
                                       Answer{500, ""},
                                       Answer{502, "<html>Bad gateway</html>"},
                                       Answer{503, "<html>overloaded</html>"},
                                       Answer{504, ""}}) {
      const auto outcome = bench.answered(status, body);
      BOOST_TEST((outcome.kind == OutcomeKind::unknown), status << ' ' << body << ": " << outcome.text);
      BOOST_TEST(!outcome.price.has_value());
    }
    BOOST_TEST(bench.requests.size() == 21u);  // asked once each
  });
}

BOOST_AUTO_TEST_CASE(keys_that_have_expired_and_accounts_that_are_empty_hold_all_messages_and_lose_none) {
  for_each_profile([](const std::string &, auto &bench) {
    for (const auto status : {401u, 402u, 403u}) {
      const auto outcome = bench.answered(status, R"({"message": "no"})");
      BOOST_TEST((outcome.kind == OutcomeKind::not_sent && outcome.failure == FailureClass::configuration &&
                  outcome.whole_instance),
                 status << ' ' << outcome.text);
      BOOST_TEST((bench.host.health().back().level == sdk::HealthLevel::down));
      BOOST_TEST((bench.host.health().back().retry_at_ms > gateway::test::kNowMs),
                 "it is tried again by itself");
    }
  });
}

BOOST_AUTO_TEST_CASE(a_rate_that_is_used_up_is_waited_for_or_in_doubt_and_never_a_refusal) {
  // These two do not say in their manuals that such a request was not taken.
  const std::set<std::string> silent{"postal", "unisender_go"};
  for_each_profile([&](const std::string &name, auto &bench) {
    for (const auto *body : {"", "{}", "<html>Too many</html>"}) {
      const auto outcome = bench.answered(429, body, {{"retry-after", "3600"}});
      if (silent.contains(name)) {
        BOOST_TEST((outcome.kind == OutcomeKind::unknown), body);
      } else {
        BOOST_TEST((outcome.kind == OutcomeKind::not_sent && outcome.whole_instance), body);
        BOOST_TEST(outcome.retry_after_ms == 3'600'000);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(what_never_left_was_not_sent_and_what_has_no_answer_is_in_doubt) {
  for_each_profile([](const std::string &, auto &bench) {
    bench.reply = testkit::not_sent();  // no address, a certificate that has expired, a connection refused
    const auto away = bench.instance->send(bench.message);
    BOOST_TEST((away.kind == OutcomeKind::not_sent && away.failure == FailureClass::temporary));
    BOOST_TEST((bench.host.health().back().level == sdk::HealthLevel::degraded));
    bench.reply = testkit::unknown();  // a reset, a time-out, an answer that drips
    BOOST_TEST((bench.instance->send(bench.message).kind == OutcomeKind::unknown));
  });
}

BOOST_AUTO_TEST_CASE(a_callback_that_is_no_such_thing_says_nothing) {
  for_each_profile([](const std::string &, auto &bench) {
    for (const std::string_view type :
         {"application/json", "application/x-www-form-urlencoded", "text/html", ""})
      for (const auto *body :
           {"", "{", "null", "[]", "[[[[", "\"x\"", "<html>", "%", "=&=", "\xff\xfe", "{\"a\": 1}"}) {
        const auto parsed =
            bench.parse("POST https://relance.example/hooks/p/T0kEn",
                        type.empty() ? "" : "content-type: " + std::string{type} + "\r\n", body);
        BOOST_TEST(parsed.receipts.empty(), type << ' ' << body);
        BOOST_TEST(parsed.replies.empty(), type << ' ' << body);
      }
  });
}

BOOST_AUTO_TEST_CASE(a_callback_cut_anywhere_is_not_read_as_another) {
  const std::map<std::string, std::string> samples{
      {"vonage", R"({"messageId": "m1", "status": "delivered", "err-code": "0", "client-ref": "K1"})"},
      {"postmark", R"({"RecordType": "Delivery", "MessageID": "m1", "Recipient": "c@d.example"})"},
      {"sendgrid", R"([{"event": "delivered", "sg_message_id": "m1.x", "relance_key": "K1"}])"},
      {"mailgun",
       R"({"signature": {}, "event-data": {"event": "delivered", "message": {"headers": {"message-id": "m1@d"}}}})"},
      {"brevo", R"({"event": "delivered", "message-id": "<m1@d>", "email": "c@d.example"})"},
      {"ses",
       R"({"Type": "Notification", "Message": "{\"eventType\": \"Delivery\", \"mail\": {\"messageId\": \"m1\"}}"})"}};
  std::size_t seen{0};
  for_each_profile([&](const std::string &name, auto &bench) {
    const auto sample = samples.find(name);
    if (sample == samples.end()) return;
    ++seen;
    BOOST_TEST(bench.parse_json_post(sample->second).receipts.size() == 1u);
    for (std::size_t end{0}; end < sample->second.size(); ++end) {
      const auto parsed = bench.parse_json_post(sample->second.substr(0, end));
      BOOST_TEST(parsed.receipts.empty(), sample->second.substr(0, end));
    }
  });
  BOOST_TEST(seen == samples.size());
}

BOOST_AUTO_TEST_CASE(nobody_is_believed_without_a_signature_unless_the_path_is_all_there_is) {
  const std::set<std::string> by_path{"ovh", "unisender_go"};
  for_each_profile([&](const std::string &name, auto &bench) {
    for (const auto *body :
         {"{}", "a=1", "[]", "", R"({"signature": {"timestamp": "1700000000", "token": "t"}})"})
      BOOST_TEST(
          (bench.instance->authenticate({"POST", "https://relance.example/hooks/p/T0kEn", {}, {}, body}) ==
           (by_path.contains(name) ? sdk::Verdict::genuine : sdk::Verdict::forged)),
          body);
  });
}

BOOST_AUTO_TEST_SUITE_END()
