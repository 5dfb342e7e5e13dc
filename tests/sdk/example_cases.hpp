// What an SMS plugin over HTTP does, whatever language it is written in: one table of cases for all three
// examples, each loaded as the host loads it and driven on the test kit's fake host.
#pragma once

#include "host/channel/library.hpp"
#include "tests/test_folders.hpp"

#include <boost/test/unit_test.hpp>
#include <relance/json.hpp>
#include <relance/testkit.hpp>

namespace relance::sdk::test {

inline std::string example_file(const std::string &name) {
  return (relance::test::build_dir() / "examples" / (name + ".so")).string();
}

class Example {
 public:
  explicit Example(const std::string &name) : driver_(load(name)) {}

  void run_all() {
    it_posts_what_the_message_says();
    each_answer_becomes_its_outcome();
    only_a_signed_webhook_is_believed();
    webhooks_become_receipts();
    a_mere_check_of_settings_leaves_nothing();
  }

 private:
  static constexpr const char *kSettings{
      R"({"url": "https://sms.example.com/v1", "token": "t-\u00e9", "secret": "s3cret"})"};

  static const relance_plugin *load(const std::string &name) {
    const auto driver = channel::load_driver(example_file(name), "http");
    BOOST_REQUIRE_MESSAGE(driver, driver.error().text());
    return *driver;
  }

  void it_posts_what_the_message_says() {
    testkit::FakeHost host;
    HttpRequest seen;
    host.on_http = [&](const HttpRequest &request) {
      seen = request;
      return testkit::replied(201, R"( {"cost": {"id": "no", "n": [1, "}"]}, "id": "m-1"} )");
    };
    testkit::Instance plugin{driver_, host, kSettings};
    auto message = testkit::TestMessage::to("+33612345678", "Bonjour \"é\"\n\\ end");
    message.idempotency_key = "01HF7YAT00KEY0000000000001";
    const auto outcome = plugin.send(message);
    BOOST_TEST((outcome.kind == OutcomeKind::accepted));
    BOOST_REQUIRE(outcome.refs.size() == 1);
    BOOST_TEST(outcome.refs[0] == "m-1");
    BOOST_TEST(seen.method == "POST");
    BOOST_TEST(seen.url == "https://sms.example.com/v1/messages");
    BOOST_TEST(seen.not_after_ms == host.wall_ms() + 60'000);
    BOOST_TEST(header(seen, "authorization") == "Bearer t-é");
    BOOST_TEST(header(seen, "content-type") == "application/json");
    const auto body = Json::parse(seen.body);
    BOOST_TEST(body["to"].text() == "+33612345678");
    BOOST_TEST(body["text"].text() == "Bonjour \"é\"\n\\ end");
    BOOST_TEST(body["client_ref"].text() == "01HF7YAT00KEY0000000000001");
    BOOST_TEST(host.end_count() == 1u);
  }

  void each_answer_becomes_its_outcome() {
    struct Row {
      const char *what;
      HttpReply reply;
      OutcomeKind kind;
      FailureClass failure;
      std::int64_t retry_after_ms;
      bool whole_instance;
    };
    const auto none = FailureClass::none, temporary = FailureClass::temporary;
    const std::vector<Row> rows{
        {"no connection", testkit::not_sent(), OutcomeKind::not_sent, temporary, 0, false},
        {"no reply", testkit::unknown(), OutcomeKind::unknown, none, 0, false},
        {"200 without an id", testkit::replied(200, "fine"), OutcomeKind::accepted, none, 0, false},
        {"302", testkit::replied(302), OutcomeKind::unknown, none, 0, false},
        {"400", testkit::replied(400), OutcomeKind::rejected, FailureClass::policy, 0, false},
        {"401", testkit::replied(401), OutcomeKind::not_sent, FailureClass::configuration, 0, true},
        {"404", testkit::replied(404), OutcomeKind::not_sent, FailureClass::configuration, 0, true},
        {"408", testkit::replied(408), OutcomeKind::unknown, none, 0, false},
        {"409", testkit::replied(409), OutcomeKind::unknown, none, 0, false},
        {"422", testkit::replied(422), OutcomeKind::rejected, FailureClass::policy, 0, false},
        {"429", testkit::replied(429, "", {{"retry-after", "7"}}), OutcomeKind::not_sent, temporary, 7000,
         true},
        {"500", testkit::replied(500), OutcomeKind::unknown, none, 0, false},
        {"503", testkit::replied(503), OutcomeKind::not_sent, temporary, 0, true},
    };
    testkit::FakeHost host;
    testkit::Instance plugin{driver_, host, kSettings};
    for (const auto &row : rows) {
      BOOST_TEST_CONTEXT(row.what) {
        host.on_http = [&](const HttpRequest &) { return row.reply; };
        const auto outcome = plugin.send(testkit::TestMessage::to("+33612345678", "Bonjour"));
        BOOST_TEST((outcome.kind == row.kind));
        BOOST_TEST((outcome.failure == row.failure));
        BOOST_TEST(outcome.retry_after_ms == row.retry_after_ms);
        BOOST_TEST(outcome.whole_instance == row.whole_instance);
        BOOST_TEST(outcome.refs.empty());
      }
    }
    BOOST_TEST(host.end_count() == rows.size());
  }

  void only_a_signed_webhook_is_believed() {
    testkit::FakeHost host;
    testkit::Instance plugin{driver_, host, kSettings};
    const std::string body{R"({"id": "m-1", "status": "delivered"})"};
    const auto right = to_hex(hmac_sha256("s3cret", body));
    const auto verdict = [&](std::vector<Field> headers, std::string_view said) {
      return plugin.authenticate({.method = "POST",
                                  .url = "https://relance.example/h",
                                  .headers = std::move(headers),
                                  .body = said});
    };
    BOOST_TEST((verdict({{"x-signature", right}}, body) == Verdict::genuine));
    BOOST_TEST((verdict({{"x-signature", right}}, body + " ") == Verdict::forged));
    BOOST_TEST((verdict({{"x-signature", right.substr(1)}}, body) == Verdict::forged));
    BOOST_TEST((verdict({{"x-signature", ""}}, body) == Verdict::forged));
    BOOST_TEST((verdict({{"x-other", right}}, body) == Verdict::forged));
    BOOST_TEST((verdict({}, body) == Verdict::forged));
  }

  void webhooks_become_receipts() {
    testkit::FakeHost host;
    testkit::Instance plugin{driver_, host, kSettings};
    const auto parsed = [&](const std::string &body) {
      return plugin.parse("webhook",
                          "POST https://relance.example/h\r\ncontent-type: application/json\r\n\r\n" + body);
    };
    const auto delivered = parsed(R"({"status": "delivered", "id": "m-1"})");
    BOOST_REQUIRE(delivered.receipts.size() == 1);
    BOOST_TEST(delivered.receipts[0].ref == "m-1");
    BOOST_TEST((delivered.receipts[0].kind == ReceiptKind::delivered));
    BOOST_TEST(delivered.receipts[0].is_final);
    BOOST_TEST((parsed(R"({"status": "failed", "id": "m-1"})").receipts.at(0).kind == ReceiptKind::failed));
    BOOST_TEST(!parsed(R"({"status": "sent", "id": 17})").receipts.at(0).is_final);
    BOOST_TEST(parsed(R"({"status": "sent", "id": 17})").receipts.at(0).ref == "17");
    for (const auto *body :
         {"", "{", "[]", "{\"id\": ", "{\"status\": \"delivered\"}", "{\"id\": \"\\ud800\"}"})
      BOOST_TEST_CONTEXT(body) {
        BOOST_TEST((parsed(body).status == Parsed::Status::unreadable));
      }
  }

  void a_mere_check_of_settings_leaves_nothing() {
    testkit::FakeHost host;
    BOOST_TEST(testkit::check_settings(driver_, host, kSettings).empty());
    BOOST_TEST(host.log().empty());
  }

  static std::string header(const HttpRequest &request, std::string_view name) {
    for (const auto &[key, value] : request.headers)
      if (key == name) return value;
    return {};
  }

  const relance_plugin *driver_;
};

}  // namespace relance::sdk::test
