// @name@ on the SDK's fake host: the provider is a function here, and every answer it can give has its line.
#include <relance/json.hpp>
#include <relance/testkit.hpp>

#include <cstdio>

using namespace relance::sdk;
using namespace relance::testkit;

namespace {

int faults{0};

void expect(bool is_so, const char *what) {
  if (is_so) return;
  ++faults;
  std::fprintf(stderr, "not so: %s\n", what);
}

TestMessage message() {
  TestMessage message{.channel = "@channel@", .address = "@address@"};
  message.postal_lines = {"Camille Martin", "1 rue de l'Exemple", "75001 PARIS"};
  message.parts = {{.role = "@part@", .media_type = "@media_type@", .bytes = "@sample@"}};
  return message;
}

void what_is_posted_says_whom_and_what(Instance &plugin, FakeHost &host) {
  HttpRequest seen;
  host.on_http = [&](const HttpRequest &request) {
    seen = request;
    return replied(201, R"({"id": "m-1"})");
  };
  const auto outcome = plugin.send(message());
  const auto body = Json::parse(seen.body);
  expect(outcome.kind == OutcomeKind::accepted, "a 201 is accepted");
  expect(outcome.refs == std::vector<std::string>{"m-1"}, "the provider's id is the reference");
  expect(seen.url == "https://api.example.com/v1/messages", "the message goes to /messages");
  expect(body["to"].text().find("@expected_to@") == 0, "the addressee is named");
  expect(!body["content"].text().empty(), "the content is there");
  expect(!body["client_ref"].text().empty(), "the key goes along");
}

void each_answer_means_what_it_can_mean(Instance &plugin, FakeHost &host) {
  const auto outcome_of = [&](HttpReply reply) {
    host.on_http = [&](const HttpRequest &) { return reply; };
    return plugin.send(message()).kind;
  };
  expect(outcome_of(not_sent()) == OutcomeKind::not_sent, "no byte left: not sent");
  expect(outcome_of(unknown()) == OutcomeKind::unknown, "no answer: unknown");
  expect(outcome_of(replied(422)) == OutcomeKind::rejected, "a refusal is final");
  expect(outcome_of(replied(401)) == OutcomeKind::not_sent, "a wrong token is about the settings");
  expect(outcome_of(replied(429)) == OutcomeKind::unknown, "throttled, and nobody promised that nothing was taken");
  expect(outcome_of(replied(500)) == OutcomeKind::unknown, "a fault of the provider: unknown");
}

void what_is_too_late_does_not_leave(Instance &plugin, FakeHost &host) {
  host.on_http = [&](const HttpRequest &request) {
    expect(request.not_after_ms != 0, "the host is told until when");
    return request.not_after_ms < host.wall_ms() ? not_sent("too late") : replied(201);
  };
  auto late = message();
  late.not_after_in_ms = -1;
  expect(plugin.send(late).kind == OutcomeKind::not_sent, "too late: not sent");
}

}  // namespace

int main() {
  FakeHost host;
  Instance plugin{relance_plugin_v1(0), host, R"({"url": "https://api.example.com/v1", "token": "t"})"};
  what_is_posted_says_whom_and_what(plugin, host);
  each_answer_means_what_it_can_mean(plugin, host);
  what_is_too_late_does_not_leave(plugin, host);
  std::printf(faults == 0 ? "all is well\n" : "%d faults\n", faults);
  return faults == 0 ? 0 : 1;
}
