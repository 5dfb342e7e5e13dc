// The e-mail channel under the real host, in the daemon's process and in a child's.
#include "tests/channel/recorder.hpp"
#include "tests/protocol/scripted_smtp.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <signal.h>

namespace relance::channel::test {
using relance::smtp::test::Behaviour;
using relance::smtp::test::Peer;
using relance::smtp::test::ScriptedServer;

namespace {

constexpr std::array<Placement, 2> kPlacements{Placement::in_process, Placement::child};

std::string settings_for(std::uint16_t port) {
  return boost::json::serialize(boost::json::object{{"envelope_sender", "bounces+KEY@creditor.example"},
                                                    {"server",
                                                     {{"host", "127.0.0.1"},
                                                      {"port", port},
                                                      {"tls", "none"},
                                                      {"connections", 2},
                                                      {"ehlo_name", "c.example"}}}});
}

struct EmailBench : Bench {
  EmailBench(Placement placement, std::uint16_t port) : Bench("relance_smtp", placement, settings_for(port)) {
    settings.plugin_directory = (relance::test::build_dir() / "plugins").string();
  }
  Submission mail_to(const std::string &address) {
    auto mail = message_to(address);
    mail.sender.name = "Créancier SA";
    mail.sender.address = "billing@creditor.example";
    return mail;
  }
};

/// The processes that this one has started and not yet buried.
std::vector<pid_t> children() {
  std::vector<pid_t> found;
  for (const auto &task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::ifstream file{task.path() / "children"};
    for (pid_t child{0}; file >> child;) found.push_back(child);
  }
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(smtp_provider_test)

BOOST_AUTO_TEST_CASE(mails_leave_from_either_placement_and_their_outcomes_come_back) {
  for (const auto placement : kPlacements) {
    ScriptedServer server{[&](ScriptedServer &self, Peer &peer) {
      peer.send("220 x\r\n");
      relance::smtp::test::converse(self, peer, {});
    }};
    EmailBench bench{placement, server.port()};
    bench.start();
    std::vector<Submission> batch;
    for (int index{0}; index < 50; ++index) {
      auto mail = bench.mail_to("to" + std::to_string(index) + "@debtor.example");
      mail.parts.push_back({"letter",
                            "application/pdf",
                            "facture.pdf",
                            std::make_shared<const std::string>(std::string(300'000, '\x80')),
                            {}});
      batch.push_back(std::move(mail));
    }
    batch.push_back(bench.mail_to("not an address"));
    const auto last = batch.back().token;
    bench.provider->submit(batch);
    for (const auto &outcome : bench.events.wait_outcomes(51)) {
      const bool is_last{outcome.token == last};
      // SIZE 100000 was announced: too large for this server, and never handed to it.
      BOOST_TEST((outcome.kind == OutcomeKind::rejected), outcome.text);
      BOOST_TEST((outcome.text == (is_last ? "to: invalid_address" : "larger than the server takes")),
                 outcome.text);
    }
    const auto small = bench.mail_to("to@debtor.example");
    bench.provider->submit({small});
    const auto outcome = bench.events.wait_outcome_of(small.token);
    BOOST_TEST((outcome.kind == OutcomeKind::accepted), outcome.text);
    BOOST_TEST(server.kept().size() == 1u);
    BOOST_TEST(server.kept()[0].find("Message-ID: <" + small.idempotency_key + "@creditor.example>") !=
               std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(the_schema_is_checked_before_the_plugin_sees_its_settings) {
  EmailBench bench{Placement::in_process, 25};
  bench.settings.settings_json =
      R"({"server": {"host": "h", "port": 70000}, "envelope_sender": "b+KEY@x.example"})";
  const auto checked = check_provider(bench.settings);
  BOOST_REQUIRE(checked.has_error());
  BOOST_TEST(checked.error().text().find("/server/port") != std::string::npos, checked.error().text());
}

BOOST_AUTO_TEST_CASE(a_child_that_slept_past_not_after_sends_nothing) {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_connected{false};
  bool may_greet{false};
  ScriptedServer server{[&](ScriptedServer &self, Peer &peer) {
    {
      std::unique_lock lock{mutex};
      is_connected = true;
      changed.notify_all();
      changed.wait(lock, [&] { return may_greet; });
    }
    peer.send("220 x\r\n");
    relance::smtp::test::converse(self, peer, {});
  }};
  EmailBench bench{Placement::child, server.port()};
  const auto before = children();
  bench.start();
  std::vector<pid_t> child;
  for (const auto pid : children()) {
    if (std::find(before.begin(), before.end(), pid) == before.end()) child.push_back(pid);
  }
  BOOST_REQUIRE_EQUAL(child.size(), 1u);
  auto mail = bench.mail_to("to@debtor.example");
  mail.not_after = WallClock().now() + Milliseconds{3'000};
  bench.provider->submit({mail});
  {
    std::unique_lock lock{mutex};
    BOOST_REQUIRE(changed.wait_for(lock, kPatience, [&] { return is_connected; }));
  }
  BOOST_REQUIRE_EQUAL(::kill(child[0], SIGSTOP), 0);
  // The fact awaited is the moment itself.
  std::this_thread::sleep_until(mail.not_after + Milliseconds{1});
  {
    const std::scoped_lock lock{mutex};
    may_greet = true;
    changed.notify_all();
  }
  BOOST_REQUIRE_EQUAL(::kill(child[0], SIGCONT), 0);
  const auto outcome = bench.events.wait_outcome_of(mail.token);
  BOOST_TEST((outcome.kind == OutcomeKind::not_sent), outcome.text);
  bench.provider->stop(Milliseconds{2'000});
  server.stop();
  BOOST_TEST(server.kept().empty());
  for (const auto &line : server.notes()) BOOST_TEST(!line.starts_with("MAIL"));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel::test
