// The server leaves at every byte of the dialogue. Whatever the verdict, it agrees with what the server has:
// never not_sent or rejected when it has the whole message, never accepted when it has not, and nothing
// arrives twice.
#include "tests/protocol/scripted_smtp.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::smtp {
using namespace test;
namespace {

struct Way {
  const char *name;
  bool pipelining;
  bool tls;
  bool with_reset;
  std::size_t messages;
};

const std::array<Way, 6> kWays{{{"pipelined", true, false, false, 1},
                                {"one by one", false, false, false, 1},
                                {"pipelined, reset", true, false, true, 1},
                                {"TLS", true, true, false, 1},
                                {"two messages in one breath", true, false, false, 2},
                                {"two messages in one breath, TLS", true, true, true, 2}}};

struct Result {
  std::map<std::uint64_t, Outcome> outcomes;
  std::vector<std::string> kept;
  std::size_t bytes{0};  // read by the server on its first connection
};

/// The first connection ends after `bytes`; later ones work.
Result run(const Way &way, const Certificate &certificate, std::size_t bytes) {
  Result result;
  ScriptedServer *server{nullptr};
  std::mutex mutex;
  ScriptedServer scripted{[&](ScriptedServer &, Peer &peer) {
    try {
      if (peer.number == 0 && !way.tls) peer.limit(bytes);
      if (way.tls) peer.start_tls(certificate);
      if (peer.number == 0) peer.limit(bytes);
      peer.send("220 server.example\r\n");
      Behaviour behaviour;
      if (!way.pipelining) behaviour.extensions = "8BITMIME";
      converse(*server, peer, behaviour);
    } catch (const Gone &) {
    }
    if (peer.number != 0) return;
    {
      const std::scoped_lock lock{mutex};
      result.bytes = peer.received().size();
    }
    if (way.with_reset) peer.reset();
  }};
  server = &scripted;
  auto options = options_for(scripted);
  if (way.tls) {
    options.tls = TlsMode::implicit;
    options.ca_file = certificate.file;
    options.server_name = "server.example";
  }
  {
    Harness harness{options};
    std::vector<Submission> batch;
    for (std::uint64_t id{1}; id <= way.messages; ++id) {
      batch.push_back({id, {"from@example.com", {"to@example.com"}, "key", false}, message(id)});
    }
    harness.client().submit(std::move(batch));
    result.outcomes = harness.await(way.messages);
  }
  scripted.stop();
  result.kept = scripted.kept();
  return result;
}

std::size_t copies(const Result &result, std::uint64_t id) {
  const auto mark = "text of " + std::to_string(id) + "\r\n";
  return static_cast<std::size_t>(
      std::count_if(result.kept.begin(), result.kept.end(),
                    [&](const auto &kept) { return kept.find(mark) != std::string::npos; }));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(smtp_stages_test)

BOOST_AUTO_TEST_CASE(the_verdict_agrees_with_what_the_server_has_at_every_byte) {
  const Certificate certificate{"server.example"};
  for (const auto &way : kWays) {
    const auto whole = run(way, certificate, SIZE_MAX);
    for (const auto &[id, outcome] : whole.outcomes) BOOST_REQUIRE(outcome.verdict == Verdict::accepted);
    BOOST_REQUIRE_EQUAL(whole.kept.size(), way.messages);
    std::map<Verdict, int> seen;
    for (std::size_t bytes{0}; bytes <= whole.bytes; ++bytes) {
      const auto result = run(way, certificate, bytes);
      for (const auto &[id, outcome] : result.outcomes) {
        ++seen[outcome.verdict];
        const auto count = copies(result, id);
        const auto where = std::string{way.name} + ", gone after " + std::to_string(bytes) + " of " +
                           std::to_string(whole.bytes) + " bytes, message " + std::to_string(id) + " " +
                           std::string{name_of(outcome.verdict)} + " at " +
                           std::string{name_of(outcome.stage)};
        BOOST_REQUIRE_MESSAGE(count <= 1, "doubled: " << where);
        BOOST_REQUIRE_MESSAGE(outcome.verdict != Verdict::rejected, "rejected: " << where);
        if (outcome.verdict == Verdict::accepted) BOOST_REQUIRE_MESSAGE(count == 1, "lost: " << where);
        if (outcome.verdict == Verdict::not_sent)
          BOOST_REQUIRE_MESSAGE(count == 0, "not known of: " << where);
        if (outcome.verdict == Verdict::unknown)
          BOOST_REQUIRE_MESSAGE(outcome.stage == Stage::end_of_data, where);
      }
    }
    BOOST_TEST_MESSAGE(way.name << ": not sent " << seen[Verdict::not_sent] << ", unknown "
                                << seen[Verdict::unknown] << ", accepted " << seen[Verdict::accepted]);
    // Certainty is lost only around the content: the commands before it leave no doubt.
    BOOST_TEST(seen[Verdict::not_sent] + seen[Verdict::accepted] > seen[Verdict::unknown]);
    BOOST_TEST(seen[Verdict::unknown] > 0);
  }
}

BOOST_AUTO_TEST_CASE(silence_after_the_dot_is_unknown_and_before_it_not_sent) {
  struct Case {
    const char *silent_at;
    Verdict verdict;
    Stage stage;
  };
  for (const auto &[silent_at, verdict, stage] :
       {Case{"greeting", Verdict::not_sent, Stage::greeting}, Case{"EHLO", Verdict::not_sent, Stage::ehlo},
        Case{"MAIL", Verdict::not_sent, Stage::mail}, Case{"RCPT", Verdict::not_sent, Stage::rcpt},
        Case{"DATA", Verdict::not_sent, Stage::data}, Case{".", Verdict::unknown, Stage::end_of_data}}) {
    ScriptedServer *server{nullptr};
    ScriptedServer scripted{[&, at = std::string{silent_at}](ScriptedServer &, Peer &peer) {
      if (at == "greeting") peer.await_end();
      peer.send("220 x\r\n");
      Behaviour behaviour;
      behaviour.extensions = "8BITMIME";
      for (;;) {
        const auto line = peer.line();
        if (line.starts_with(at)) peer.await_end();
        if (line.starts_with("DATA")) {
          peer.send("354 go\r\n");
          server->keep(peer.content());
          if (at == ".") peer.await_end();
        }
        peer.send("250 ok\r\n");
      }
    }};
    server = &scripted;
    auto options = options_for(scripted);
    const std::chrono::milliseconds soon{400};  // on a loaded machine still enough for a step
    options.timeouts = {soon, soon, soon, soon, soon, soon, soon, soon, soon};
    Harness harness{options};
    harness.submit(1);
    const auto outcome = harness.await(1).at(1);
    BOOST_TEST_CONTEXT(silent_at) {
      BOOST_TEST(name_of(outcome.verdict) == name_of(verdict));
      BOOST_TEST(name_of(outcome.stage) == name_of(stage));
      BOOST_TEST(outcome.detail == "timed out");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_reply_that_drips_does_not_hold_the_time_limit_open) {
  std::atomic<bool> is_over{false};
  ScriptedServer scripted{[&](ScriptedServer &, Peer &peer) {
    peer.send("220 x\r\n");
    peer.line();
    std::mutex mutex;
    std::unique_lock lock{mutex};
    std::condition_variable never;
    // A line of a continued reply every 10 ms, for ever.
    while (!is_over) {
      peer.send("250-more\r\n");
      never.wait_for(lock, std::chrono::milliseconds{10});
    }
  }};
  auto options = options_for(scripted);
  options.timeouts.command = std::chrono::milliseconds{150};
  Harness harness{options};
  harness.submit(1);
  const auto outcome = harness.await(1).at(1);
  is_over = true;
  BOOST_TEST(name_of(outcome.verdict) == "not_sent");
  BOOST_TEST(outcome.detail == "timed out");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::smtp
