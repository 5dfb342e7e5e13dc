// The SMS examples in the real host, in its process and in a child, against a small SMS gateway that accepts,
// refuses, throttles, fails and hangs up. What counts is what the gateway saw: nothing twice. And one plugin
// of the blocking style that misbehaves.
#include "host/channel/http_client.hpp"
#include "tests/channel/child_bench.hpp"
#include "tests/channel/http_peer.hpp"

#include <filesystem>

namespace relance::channel {
BOOST_AUTO_TEST_SUITE(gateway_test)

namespace {

using test::HttpPeer;
using Connection = test::HttpPeer::Connection;

/// What the gateway does follows from the number that a message goes to.
void serve(Connection &connection) {
  while (const auto request = connection.request()) {
    const auto is_to = [&](std::string_view number) { return request->find(number) != request->npos; };
    if (is_to("+3300"))
      connection.reply(201, R"({"id": "m-1", "parts": 1})");
    else if (is_to("+3301"))
      connection.reply(422, R"({"error": "no such number"})");
    else if (is_to("+3302"))
      connection.reply(429, "", "Retry-After: 7\r\n");
    else if (is_to("+3303"))
      connection.reply(500, "");
    else if (is_to("+3304"))
      connection.reply(401, "");
    else if (is_to("+3305"))
      return;  // read whole, and hung up
    else if (is_to("+3306"))
      return connection.reset();
    else {
      connection.send("HTTP/1.1 201 Created\r\nContent-");
      return;
    }  // the reply breaks off
  }
}

struct Gateway : test::ChildBench {
  Gateway(const std::string &plugin, Placement placement) : ChildBench(plugin), peer(serve) {
    const auto url = "http://127.0.0.1:" + std::to_string(peer.port());
    settings.plugin_directory = (relance::test::build_dir() / "examples").string();
    settings.placement = placement;
    settings.settings_json = R"({"url": ")" + url + R"(", "token": "t-1", "secret": "s-1"})";
    settings.http = std::make_shared<HttpClient>(HttpSettings{});
    settings.http_hosts.push_back(*parse_http_host(url));
    start();
  }
  HttpPeer peer;
};

void an_sms_plugin_in_the_host(const std::string &name, Placement placement) {
  struct Row {
    const char *number;
    OutcomeKind kind;
    FailureClass failure;
    bool whole_instance;
  };
  const std::vector<Row> rows{
      {"+3300", OutcomeKind::accepted, FailureClass::none, false},
      {"+3301", OutcomeKind::rejected, FailureClass::policy, false},
      {"+3302", OutcomeKind::not_sent, FailureClass::temporary, true},
      {"+3303", OutcomeKind::unknown, FailureClass::none, false},
      {"+3304", OutcomeKind::not_sent, FailureClass::configuration, true},
      {"+3305", OutcomeKind::unknown, FailureClass::none, false},
      {"+3306", OutcomeKind::unknown, FailureClass::none, false},
      {"+3307", OutcomeKind::unknown, FailureClass::none, false},
  };
  Gateway gateway(name, placement);
  for (const auto &row : rows) {
    BOOST_TEST_CONTEXT(name << " to " << row.number) {
      const auto outcome = gateway.send(row.number);
      BOOST_TEST((outcome.kind == row.kind),
                 "it ended as " << static_cast<int>(outcome.kind) << " " << outcome.text);
      BOOST_TEST((outcome.failure == row.failure));
      BOOST_TEST(outcome.whole_instance == row.whole_instance);
      if (row.kind == OutcomeKind::accepted) BOOST_TEST(outcome.refs.at(0) == "m-1");
      if (outcome.kind == OutcomeKind::not_sent && outcome.failure == FailureClass::temporary)
        BOOST_TEST(outcome.retry_after->count() == 7000);
    }
  }
  BOOST_TEST(gateway.peer.count_of("POST") == rows.size());
  const auto first = gateway.peer.requests().at(0);
  BOOST_TEST(first.find("Bearer t-1") != first.npos);
  BOOST_TEST(first.find(R"("client_ref":"01HF7YAT00KEY00000001000001")") != first.npos);
  gateway.provider->stop(Milliseconds{2000});
  for (const auto &line : gateway.events.lines_) BOOST_TEST(line.find("t-1") == line.npos, line);
}

void in_both_placements(const std::string &name) {
  for (const auto placement : {Placement::in_process, Placement::child})
    BOOST_TEST_CONTEXT((placement == Placement::child ? "child" : "in process"))
  an_sms_plugin_in_the_host(name, placement);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_cpp_example_sends_each_message_once_whatever_the_gateway_does) {
  in_both_placements("sms_http");
}

BOOST_AUTO_TEST_CASE(the_c_example_does_the_same) {
  in_both_placements("sms_http_c");
}

BOOST_AUTO_TEST_CASE(the_rust_example_does_the_same_where_it_was_built) {
  if (std::filesystem::exists(relance::test::build_dir() / "examples" / "sms_http_rust.so"))
    in_both_placements("sms_http_rust");
}

BOOST_AUTO_TEST_CASE(a_plugin_that_is_not_allowed_to_call_its_gateway_sends_nothing) {
  Gateway gateway("sms_http", Placement::child);
  gateway.provider->stop(Milliseconds{2000});
  gateway.settings.http_hosts.clear();
  gateway.start();
  const auto outcome = gateway.send("+3300");
  BOOST_TEST((outcome.kind == OutcomeKind::not_sent));
  BOOST_TEST(gateway.peer.connection_count() == 0u);
}

BOOST_AUTO_TEST_CASE(a_blocking_plugin_in_the_real_host_ends_each_token_once_whatever_it_does) {
  for (const auto placement : {Placement::in_process, Placement::child}) {
    BOOST_TEST_CONTEXT((placement == Placement::child ? "child" : "in process")) {
      test::ChildBench bench("waiting");
      bench.settings.placement = placement;
      bench.start();
      BOOST_TEST((bench.send("accept").kind == OutcomeKind::accepted));
      BOOST_TEST((bench.send("throw").kind == OutcomeKind::unknown));
      BOOST_TEST((bench.send("forget").kind == OutcomeKind::unknown));
      bench.provider->query({.token = ++bench.last_token, .idempotency_key = "key"});
      BOOST_TEST((bench.events.wait_outcome_of(bench.last_token).kind == OutcomeKind::unknown));
      std::vector<Submission> batch;
      for (int i{0}; i < 40; ++i) batch.push_back(bench.message_to(i % 4 == 0 ? "throw" : "accept"));
      bench.provider->submit(batch);
      for (const auto &message : batch) bench.events.wait_outcome_of(message.token);
      const auto running = bench.message_to("wait_for_stop"), queued = bench.message_to("accept");
      bench.provider->submit({running});
      bench.events.wait_for("the worker waits", [](auto &r) { return r.has_line("waits for the stop"); });
      bench.provider->submit({queued});
      bench.provider->stop(Milliseconds{5000});
      BOOST_TEST((bench.events.wait_outcome_of(running.token).code == "stopped"));
      BOOST_TEST((bench.events.wait_outcome_of(queued.token).kind == OutcomeKind::not_sent));
      for (Token token{1}; token <= bench.last_token; ++token)
        BOOST_TEST(bench.events.count_outcomes_of(token) == 1u);
      BOOST_TEST(std::none_of(bench.events.lines_.begin(), bench.events.lines_.end(),
                              [](const auto &line) { return line.find("broke its contract") != line.npos; }));
      bench.provider.reset();
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
