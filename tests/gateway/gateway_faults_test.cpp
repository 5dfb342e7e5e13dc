// A described gateway in a child of the real host, against a server that does everything that gateways do
// wrong: each ends in the outcome that is stated here, and the server has seen exactly one request, or none
// where none could reach it.
#include "host/channel/http_client.hpp"
#include "tests/channel/child_bench.hpp"
#include "tests/channel/http_peer.hpp"

namespace relance::channel {
namespace {

using test::HttpPeer;
using Connection = HttpPeer::Connection;

/// The profile of Twilio, asked of the test's own server.
struct Gateway : test::ChildBench {
  explicit Gateway(const std::string &url, const std::string &host, HttpSettings http = {})
      : ChildBench("relance_sms",
                   R"({"profile": "twilio", "values": {"account_sid": "AC123456", "auth_token": "t0ken-abc"},
          "request": {"url": ")" +
                       url + R"(", "timeout_s": 2}})") {
    settings.plugin_directory = (relance::test::build_dir() / "plugins").string();
    settings.driver = "http";
    settings.http = std::make_shared<HttpClient>(std::move(http));
    settings.http_hosts.push_back(*parse_http_host(host));
    settings.hooks.metric = [](const std::string &, std::uint32_t, std::string_view, double, const Fields &) {
    };
  }
  Outcome ask() {
    auto message = message_to("+33612345678");
    message.addressee.channel = "sms";
    message.sender.address = "Acme";
    provider->submit({message});
    return events.wait_outcome_of(message.token);
  }
};

std::string host_of(const HttpPeer &peer) {
  return "http://127.0.0.1:" + std::to_string(peer.port());
}

struct Wanted {
  OutcomeKind kind;
  FailureClass failure{FailureClass::none};
  bool whole_instance{false};
};

void check(const Outcome &outcome, const Wanted &wanted) {
  BOOST_TEST((outcome.kind == wanted.kind), outcome.code << ' ' << outcome.text);
  BOOST_TEST((outcome.failure == wanted.failure), outcome.code << ' ' << outcome.text);
  BOOST_TEST(outcome.whole_instance == wanted.whole_instance);
}

void ends_as(const char *what, HttpPeer::Handler handler, const Wanted &wanted) {
  BOOST_TEST_CONTEXT(what) {
    HttpPeer peer(std::move(handler));
    Gateway gateway(peer.url("/Messages.json"), host_of(peer));
    gateway.start();
    check(gateway.ask(), wanted);
    gateway.provider->stop(Milliseconds{2000});
    BOOST_TEST(peer.count_of("POST") == 1u);
  }
}

HttpPeer::Handler json(int status, std::string body, std::string headers = "") {
  return test::always(status, std::move(body), "Content-Type: application/json\r\n" + headers);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_faults_test)

BOOST_AUTO_TEST_CASE(answers_that_lie_or_say_nothing_leave_the_message_in_doubt) {
  ends_as("HTML where JSON was promised",
          test::always(200, "<html><body>Welcome</body></html>", "Content-Type: text/html\r\n"),
          {OutcomeKind::unknown});
  ends_as("500 after it was accepted", json(500, R"({"code": 20500, "message": "Internal error"})"),
          {OutcomeKind::unknown});
  ends_as("502 of a proxy", test::always(502, "<html>Bad gateway</html>"), {OutcomeKind::unknown});
  ends_as("an empty body", json(201, ""), {OutcomeKind::unknown});
  ends_as("JSON that ends too early", json(201, R"({"sid": "SM1", "stat)"), {OutcomeKind::unknown});
  ends_as("a redirect", test::always(307, "", "Location: https://elsewhere.example/\r\n"),
          {OutcomeKind::unknown});
}

BOOST_AUTO_TEST_CASE(what_the_answer_says_inside_counts_not_its_status) {
  ends_as("200 with an error inside", json(200, R"({"sid": "SM1", "status": "failed", "error_code": 30003})"),
          {OutcomeKind::rejected, FailureClass::temporary});
  ends_as("a token that has expired", json(401, R"({"code": 20003, "message": "Authenticate"})"),
          {OutcomeKind::not_sent, FailureClass::configuration, true});
  ends_as("a quota that is exhausted", json(429, R"({"code": 63038})", "Retry-After: 3600\r\n"),
          {OutcomeKind::not_sent, FailureClass::temporary, true});
}

BOOST_AUTO_TEST_CASE(a_connection_that_ends_with_the_message_on_it_leaves_it_in_doubt) {
  ends_as("closed without an answer", [](Connection &c) { c.request(); }, {OutcomeKind::unknown});
  ends_as("reset",
          [](Connection &c) {
            c.request();
            c.reset();
          },
          {OutcomeKind::unknown});
  ends_as("an answer that ends within its body",
          [](Connection &c) {
            c.request();
            c.send("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"sid\": \"SM1\"");
          },
          {OutcomeKind::unknown});
}

BOOST_AUTO_TEST_CASE(a_slow_drip_ends_at_the_time_that_was_allowed) {
  const auto began = std::chrono::steady_clock::now();
  ends_as("a byte now and then",
          [](Connection &c) {
            if (!c.request() || !c.send("HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n")) return;
            // Until the client has had enough; the pace is the fault, not a wait for anything.
            while (c.send("{")) std::this_thread::sleep_for(Milliseconds{100});
          },
          {OutcomeKind::unknown});
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds{15}));
}

BOOST_AUTO_TEST_CASE(what_never_reached_the_gateway_was_not_sent_and_shows_in_its_health) {
  test::TemporaryFolder folder;
  const auto files = test::make_certificate(folder.path, test::Certificate::expired);
  HttpPeer peer([](Connection &c) { c.request(); }, files);
  const auto port = std::to_string(peer.port());
  HttpSettings http;
  http.ca_file = files.authority;
  Gateway expired("https://localhost:" + port + "/", "localhost:" + port, http);
  expired.start();
  check(expired.ask(), {OutcomeKind::not_sent, FailureClass::temporary});
  BOOST_TEST(peer.count_of("POST") == 0u);
  expired.events.wait_for("the gateway is said to be degraded", [](test::Recorder &r) {
    return std::any_of(r.health_.begin(), r.health_.end(),
                       [](const Health &h) { return h.level == HealthLevel::degraded; });
  });

  Gateway nowhere("https://no-such-host.invalid/", "no-such-host.invalid");
  nowhere.start();
  check(nowhere.ask(), {OutcomeKind::not_sent, FailureClass::temporary});
}

BOOST_AUTO_TEST_CASE(a_gateway_that_the_operator_did_not_allow_is_never_asked) {
  HttpPeer peer(json(201, R"({"sid": "SM1"})"));
  Gateway gateway(peer.url("/"), "api.twilio.com");
  gateway.start();
  check(gateway.ask(), {OutcomeKind::not_sent, FailureClass::temporary});
  BOOST_TEST(peer.connection_count() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
