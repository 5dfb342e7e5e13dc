// The driver "kannel" on a host that answers as Kannel does: what leaves, and how each answer ends a message.
#include "plugins/sms/kannel/channel.hpp"

#include <boost/test/unit_test.hpp>
#include <relance/channel.hpp>
#include <relance/testkit.hpp>

using namespace relance;
using relance::sms::kannel::KannelChannel;
using sdk::FailureClass;
using sdk::OutcomeKind;
using testkit::TestMessage;

namespace {

constexpr const char *kSettings{
    R"({"url": "http://127.0.0.1:13013/cgi-bin/sendsms", "user": "relance", "secret": "p&ss word",
  "sender": "Acme", "callback_secret": "a secret of 16 or more", "smsc": "fr-1",
  "prices": {"currency": "EUR", "per_part": {"+33": 45000}}})"};

std::string with(std::string settings, const std::string &member) {
  return settings.insert(1, member + ", ");
}

struct Bench {
  testkit::FakeHost host;
  std::vector<sdk::HttpRequest> requests;
  sdk::HttpReply reply{testkit::replied(202, "0: Accepted for delivery")};
  std::optional<testkit::Instance> instance;

  explicit Bench(const std::string &settings = kSettings) {
    host.webhook_url = "https://relance.example/hooks/kannel/T0kEn";
    host.set_wall_ms(1'700'000'000'000);
    host.on_http = [this](const sdk::HttpRequest &request) {
      requests.push_back(request);
      return reply;
    };
    instance.emplace(sdk::Driver<KannelChannel>::table(), host, settings);
  }
  sdk::Outcome send(TestMessage message) { return instance->send(std::move(message)); }
  sdk::Outcome answered(std::uint32_t status, const std::string &body) {
    reply = testkit::replied(status, body);
    return send(TestMessage::to("+33612345678", "Bonjour"));
  }
  std::string header(std::string_view name) const {
    for (const auto &[key, value] : requests.back().headers)
      if (key == name) return value;
    return "(none)";
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(kannel_send_test)

BOOST_AUTO_TEST_CASE(a_message_leaves_with_its_encoding_and_an_address_for_its_receipts) {
  Bench bench;
  auto message = TestMessage::to("+33612345678", "Échéance dépassée — 45 €");
  message.idempotency_key = "01HV5T3X2Y4Z6A8B0C2D4E6F8G";
  message.valid_until_in_ms = 2 * 3'600'000;
  const auto outcome = bench.send(message);
  BOOST_TEST((outcome.kind == OutcomeKind::accepted));
  BOOST_TEST(outcome.refs.empty());
  BOOST_TEST(outcome.price->micro_units == 45'000);
  const auto &request = bench.requests.at(0);
  BOOST_TEST(request.method == "POST");
  BOOST_TEST(request.url == "http://127.0.0.1:13013/cgi-bin/sendsms");
  BOOST_TEST(request.body == "Échéance dépassée - 45 €");  // É is of the alphabet; the dash is not
  BOOST_TEST(bench.header("Content-Type") == "text/plain; charset=UTF-8");
  BOOST_TEST(bench.header("X-Kannel-Coding") == "0");
  BOOST_TEST(bench.header("X-Kannel-From") == "Acme");
  BOOST_TEST(bench.header("X-Kannel-To") == "+33612345678");
  BOOST_TEST(bench.header("X-Kannel-SMSC") == "fr-1");
  BOOST_TEST(bench.header("X-Kannel-Validity") == "120");
  BOOST_TEST(bench.header("X-Kannel-DLR-Mask") == "31");
  BOOST_TEST(
      bench.header("X-Kannel-DLR-Url")
          .starts_with(
              "https://relance.example/hooks/kannel/T0kEn?key=01HV5T3X2Y4Z6A8B0C2D4E6F8G&parts=1&mac="));
  BOOST_TEST(bench.header("X-Kannel-DLR-Url").ends_with("&type=%d&said=%A&at=%T"));
}

BOOST_AUTO_TEST_CASE(a_text_beside_the_alphabet_says_so) {
  Bench bench;
  bench.send(TestMessage::to("+33612345678", "Привет 😀"));
  BOOST_TEST(bench.header("X-Kannel-Coding") == "2");
  BOOST_TEST(bench.requests.at(0).body == "Привет 😀");
}

BOOST_AUTO_TEST_CASE(get_puts_all_of_it_into_the_address_escaped) {
  Bench bench{with(kSettings, R"("method": "get")")};
  bench.send(TestMessage::to("+33612345678", "a&b=c"));
  const auto &url = bench.requests.at(0).url;
  BOOST_TEST(bench.requests.at(0).method == "GET");
  for (const auto *field : {"?username=relance&password=p%26ss%20word&from=Acme&to=%2B33612345678&coding=0",
                            "&charset=UTF-8&text=a%26b%3Dc", "%26type%3D%25d"})
    BOOST_TEST(url.find(field) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_a_listener_no_receipts_are_asked_for_or_expected) {
  testkit::FakeHost host;
  std::string mask{"unset"};
  host.on_http = [&](const sdk::HttpRequest &request) {
    for (const auto &[name, value] : request.headers)
      if (name == "X-Kannel-DLR-Mask") mask = value;
    return testkit::replied(202, "0: Accepted for delivery");
  };
  testkit::Instance instance{sdk::Driver<KannelChannel>::table(), host, kSettings};
  BOOST_TEST((instance.send(TestMessage::to("+33612345678", "x")).kind == OutcomeKind::accepted));
  BOOST_TEST(mask == "unset");
  BOOST_TEST(instance.traits().expected_receipt_count == 0u);
  BOOST_TEST((instance.traits().capabilities & RELANCE_CAP_WEBHOOK) == 0u);
  host.await_log("no listener");
}

BOOST_AUTO_TEST_CASE(a_receipt_is_expected_within_the_hours_of_the_settings) {
  Bench bench{with(kSettings, R"("receipts_within_h": 6)")};
  BOOST_REQUIRE_EQUAL(bench.instance->traits().expected_receipt_count, 1u);
  BOOST_TEST(bench.instance->traits().expected_receipts[0].within_ms == 6 * 3'600'000);
}

BOOST_AUTO_TEST_CASE(each_answer_ends_the_message_as_kannel_means_it) {
  struct Case {
    std::uint32_t status;
    const char *body;
    OutcomeKind kind;
    FailureClass failure;
    bool whole_instance;
  };
  const Case cases[]{
      {202, "0: Accepted for delivery", OutcomeKind::accepted, FailureClass::none, false},
      {202, "3: Queued for later delivery", OutcomeKind::accepted, FailureClass::none, false},
      {202, "Sent.", OutcomeKind::accepted, FailureClass::none, false},
      {403, "Authorization failed for sendsms", OutcomeKind::not_sent, FailureClass::configuration, true},
      {403, "Not routable. Do not try again.", OutcomeKind::rejected, FailureClass::policy, false},
      {503, "Temporal failure, try again later.", OutcomeKind::not_sent, FailureClass::temporary, false},
      {400, "Number(s) has/have been denied by white- and/or black-lists.", OutcomeKind::rejected,
       FailureClass::policy, false},
      {400, "Empty text not allowed, rejected", OutcomeKind::rejected, FailureClass::policy, false},
      {400, "Sender missing and no global set, rejected", OutcomeKind::not_sent, FailureClass::configuration,
       true},
      {404, "Unknown request.", OutcomeKind::not_sent, FailureClass::configuration, true},
      // What is not Kannel's own words is not believed.
      {202, "<html><body>Welcome</body></html>", OutcomeKind::unknown, FailureClass::none, false},
      {202, "", OutcomeKind::unknown, FailureClass::none, false},
      {200, "0: Accepted for delivery", OutcomeKind::unknown, FailureClass::none, false},
      {500, "Sending failed.", OutcomeKind::unknown, FailureClass::none, false},
      {502, "Bad gateway", OutcomeKind::unknown, FailureClass::none, false},
      {503, "<html>overloaded</html>", OutcomeKind::unknown, FailureClass::none, false},
      {302, "", OutcomeKind::unknown, FailureClass::none, false},
      {408, "", OutcomeKind::unknown, FailureClass::none, false},
  };
  for (const auto &c : cases) {
    Bench bench;
    const auto outcome = bench.answered(c.status, c.body);
    BOOST_TEST_CONTEXT(c.status << " " << c.body) {
      BOOST_TEST((outcome.kind == c.kind));
      BOOST_TEST((outcome.failure == c.failure));
      BOOST_TEST(outcome.whole_instance == c.whole_instance);
      if (c.kind != OutcomeKind::accepted) BOOST_TEST(!outcome.price.has_value());
    }
  }
}

BOOST_AUTO_TEST_CASE(no_connection_is_not_sent_and_a_lost_answer_is_unknown) {
  Bench bench;
  bench.reply = testkit::not_sent();
  BOOST_TEST((bench.send(TestMessage::to("+33612345678", "x")).kind == OutcomeKind::not_sent));
  BOOST_TEST((bench.host.health().back().level == sdk::HealthLevel::down));
  bench.reply = testkit::unknown();
  BOOST_TEST((bench.send(TestMessage::to("+33612345678", "x")).kind == OutcomeKind::unknown));
  bench.reply = testkit::replied(202, "0: Accepted for delivery");
  bench.send(TestMessage::to("+33612345678", "x"));
  BOOST_TEST((bench.host.health().back().level == sdk::HealthLevel::up));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_sent_never_leaves) {
  Bench bench;
  BOOST_TEST((bench.send(TestMessage::to("0612345678", "x")).kind == OutcomeKind::rejected));
  BOOST_TEST((bench.send(TestMessage::to("+33612345678\r\nX-Kannel-To: +33600000000", "x")).kind ==
              OutcomeKind::rejected));
  BOOST_TEST(
      (bench.send(TestMessage::to("+33612345678", std::string(1'000, 'x'))).kind == OutcomeKind::rejected));
  BOOST_TEST(bench.requests.empty());
}

BOOST_AUTO_TEST_CASE(settings_that_cannot_work_are_refused_with_their_place) {
  const std::pair<const char *, const char *> cases[]{
      {R"({"url": "ftp://x/", "user": "u", "secret": "s"})", "/url"},
      {R"({"url": "http://127.0.0.1/s", "secret": "s"})", "/user"},
      {R"({"url": "http://127.0.0.1/s", "user": "u"})", "/secret"},
      {R"({"url": "http://127.0.0.1/s", "user": "u\nX: y", "secret": "s"})", "/user"},
      {R"({"url": "http://127.0.0.1/s", "user": "u", "secret": "s", "callback_secret": "short"})",
       "/callback_secret"},
      {R"({"url": "http://127.0.0.1/s", "user": "u", "secret": "s", "sender": "0612345678"})", "/sender"},
      {R"({"url": "http://127.0.0.1/s", "user": "u", "secret": "s", "text": {"parts_max": 0}})",
       "/text/parts_max"},
      {R"({"url": "http://127.0.0.1/s", "user": "u", "secret": "s", "receipts_within_h": 0})",
       "/receipts_within_h"},
  };
  testkit::FakeHost host;
  for (const auto &[json, path] : cases) {
    const auto issues = testkit::check_settings(sdk::Driver<KannelChannel>::table(), host, json);
    BOOST_TEST_CONTEXT(json) {
      BOOST_TEST(std::any_of(issues.begin(), issues.end(),
                             [&](const auto &issue) { return issue.path == path && issue.is_fatal; }));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
