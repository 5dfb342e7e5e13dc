// Several relays and the gates before them, held against what each server really got.
#include "plugins/protocol/smtp/outbox.hpp"
#include "tests/protocol/scripted_smtp.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <optional>

namespace relance::smtp {
using namespace test;

namespace {

using std::chrono::milliseconds;

/// An outbox whose ends can be awaited.
class Desk {
 public:
  explicit Desk(OutboxOptions options)
      : outbox_{std::make_unique<Outbox>(
            std::move(options), [this](std::span<Completion> completions) { take(completions); },
            [this](const std::vector<RelayHealth> &relays) {
              const std::scoped_lock lock{mutex_};
              std::string line;
              for (const auto &relay : relays) line += relay.trouble.verdict == Verdict::accepted ? '+' : '-';
              health_.push_back(line);
            })} {
    BOOST_REQUIRE_EQUAL(outbox_->start(), "");
  }
  void submit(
      std::uint64_t first, std::size_t count, const std::string &to = "to@example.com",
      std::chrono::steady_clock::time_point not_after = std::chrono::steady_clock::time_point::max()) {
    std::vector<Submission> batch;
    for (auto id = first; id < first + count; ++id)
      batch.push_back({id, {"from@example.com", {to}, "key", false}, message(id), not_after});
    outbox_->submit(std::move(batch));
  }
  Outcome end_of(std::uint64_t id) {
    std::unique_lock lock{mutex_};
    BOOST_REQUIRE(changed_.wait_for(lock, std::chrono::seconds{60}, [&] { return outcomes_.contains(id); }));
    BOOST_REQUIRE_EQUAL(doubled_, 0);
    return outcomes_.at(id);
  }
  std::size_t count(Verdict verdict) {
    const std::scoped_lock lock{mutex_};
    return static_cast<std::size_t>(std::count_if(
        outcomes_.begin(), outcomes_.end(), [&](const auto &one) { return one.second.verdict == verdict; }));
  }
  std::vector<std::string> health() {
    const std::scoped_lock lock{mutex_};
    return health_;
  }
  Outbox &outbox() { return *outbox_; }

 private:
  void take(std::span<Completion> completions) {
    const std::scoped_lock lock{mutex_};
    for (auto &completion : completions)
      doubled_ += outcomes_.emplace(completion.id, std::move(completion.outcome)).second ? 0 : 1;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, Outcome> outcomes_;
  int doubled_{0};
  std::vector<std::string> health_;
  std::unique_ptr<Outbox> outbox_;
};

ScriptedServer::Script greeting(const std::string &text) {
  return [text](ScriptedServer &, Peer &peer) { peer.send(text); };
}
ScriptedServer::Script manners(const Behaviour &behaviour = {}) {
  return [behaviour](ScriptedServer &self, Peer &peer) {
    peer.send("220 x\r\n");
    converse(self, peer, behaviour);
  };
}

OutboxOptions over(std::initializer_list<const ScriptedServer *> servers) {
  OutboxOptions options;
  for (const auto *server : servers) options.relays.push_back({"relay", options_for(*server), 0});
  return options;
}

/// A port where nobody listens.
std::uint16_t closed_port() {
  ScriptedServer server{[](ScriptedServer &, Peer &) {}};
  return server.port();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(smtp_outbox_test)

BOOST_AUTO_TEST_CASE(the_next_relay_takes_over_where_no_session_comes_about) {
  Behaviour no_login;
  no_login.extensions = "AUTH PLAIN";
  no_login.answers = {{"AUTH", "535 5.7.8 no"}};
  struct Case {
    const char *name;
    ScriptedServer::Script script;
    bool with_login;
  };
  for (auto &[name, script, with_login] :
       {Case{"4xx at the greeting", greeting("421 4.3.2 closed\r\n"), false},
        Case{"5xx at the greeting", greeting("554 no\r\n"), false},
        Case{"no SMTP", greeting("HTTP/1.1 400 Bad Request\r\n"), false},
        Case{"closes at once", [](ScriptedServer &, Peer &) {}, false},
        Case{"drips",
             [](ScriptedServer &, Peer &peer) {
               for (;;) {  // until the client has had enough
                 peer.send("2");
                 std::this_thread::sleep_for(milliseconds{10});  // the drip itself
               }
             },
             false},
        Case{"refuses the login", manners(no_login), true}}) {
    BOOST_TEST_CONTEXT(name) {
      ScriptedServer first{script};
      ScriptedServer second{manners()};
      auto options = over({&first, &second});
      if (with_login) {
        options.relays[0].server.auth = AuthMechanism::plain;
        options.relays[0].server.allow_plaintext_auth = true;
      }
      options.relays[0].server.backoff_first = options.relays[0].server.backoff_most = std::chrono::hours{1};
      options.relays[0].server.timeouts.greeting = milliseconds{300};
      Desk desk{std::move(options)};
      desk.submit(1, 3);
      for (std::uint64_t id{1}; id <= 3; ++id) BOOST_TEST(name_of(desk.end_of(id).verdict) == "accepted");
      const auto tried = first.connections();
      desk.submit(4, 3);  // while it is down, it is not asked again
      for (std::uint64_t id{4}; id <= 6; ++id) BOOST_TEST(name_of(desk.end_of(id).verdict) == "accepted");
      BOOST_TEST(first.connections() == tried);
      BOOST_TEST(second.kept().size() == 6u);
      BOOST_TEST(first.kept().empty());
      const std::vector<std::string> expected{"-+"};
      BOOST_TEST(desk.health() == expected, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_closed_port_and_a_name_that_does_not_exist_are_passed_over) {
  for (const char *host : {"127.0.0.1", "relay.invalid"}) {
    ScriptedServer second{manners()};
    auto options = over({&second, &second});
    options.relays[0].server.host = host;
    options.relays[0].server.port = closed_port();
    Desk desk{std::move(options)};
    desk.submit(1, 1);
    BOOST_TEST(name_of(desk.end_of(1).verdict) == "accepted");
    BOOST_TEST(second.kept().size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(with_all_relays_down_the_pause_ends_with_the_first_that_may_be_back) {
  ScriptedServer first{greeting("421 4.3.2 closed\r\n")};
  ScriptedServer second{greeting("421 4.3.2 closed\r\n")};
  auto options = over({&first, &second});
  options.relays[0].server.backoff_first = options.relays[0].server.backoff_most = std::chrono::hours{1};
  options.relays[1].server.backoff_first = options.relays[1].server.backoff_most = std::chrono::minutes{2};
  Desk desk{std::move(options)};
  desk.submit(1, 1);
  const auto outcome = desk.end_of(1);
  BOOST_TEST(name_of(outcome.verdict) == "not_sent");
  BOOST_TEST(outcome.whole_server);
  BOOST_TEST(outcome.retry_after_ms > 60'000);
  BOOST_TEST(outcome.retry_after_ms <= 120'000);
  BOOST_TEST(desk.health().back() == "--");
}

BOOST_AUTO_TEST_CASE(a_session_cut_at_any_byte_never_gives_a_message_to_two_relays) {
  std::size_t passed_on{0};
  std::size_t unknown{0};
  for (std::size_t bytes{0}; bytes < 260; bytes += 3) {
    ScriptedServer first{[&](ScriptedServer &self, Peer &peer) {
      peer.limit(bytes);
      try {
        peer.send("220 x\r\n");
        converse(self, peer, {});
      } catch (const Gone &) {
        self.note(peer.received());
        throw;
      }
    }};
    ScriptedServer second{manners()};
    std::optional<Desk> desk{std::in_place, over({&first, &second})};
    desk->submit(1, 1);
    const auto outcome = desk->end_of(1);
    desk.reset();
    first.stop();
    second.stop();
    const auto there = first.kept().size() + second.kept().size();
    BOOST_TEST_CONTEXT(bytes << " bytes: " << name_of(outcome.verdict) << " at " << name_of(outcome.stage)) {
      BOOST_REQUIRE_LE(there, 1u);
      if (outcome.verdict == Verdict::accepted) BOOST_TEST(there == 1u);
      if (outcome.verdict == Verdict::unknown) BOOST_TEST(second.kept().empty());
      BOOST_TEST((outcome.verdict == Verdict::accepted || outcome.verdict == Verdict::unknown));
    }
    passed_on += second.kept().size();
    unknown += static_cast<std::size_t>(outcome.verdict == Verdict::unknown);
  }
  BOOST_TEST(passed_on > 10u);
  BOOST_TEST(unknown > 0u);
}

BOOST_AUTO_TEST_CASE(what_a_relay_says_of_the_message_is_not_asked_of_another) {
  struct Case {
    const char *verb, *answer, *verdict;
    bool is_passed_on;
  };
  for (const auto &one :
       {Case{"MAIL", "452 4.3.1 no space", "accepted", true}, Case{"MAIL", "421 4.3.2 bye", "accepted", true},
        Case{"MAIL", "550 no", "rejected", false}, Case{"RCPT", "450 4.2.1 busy", "not_sent", false},
        Case{"RCPT", "452 4.5.3 too many recipients", "not_sent", false},
        Case{"RCPT", "552 5.2.2 over quota", "rejected", false},
        Case{"RCPT", "550 5.1.1 who", "rejected", false}, Case{"RCPT", "421 4.7.0 bye", "accepted", true},
        Case{"RCPT", "", "accepted", true}, Case{"DATA", "", "accepted", true},
        Case{"DATA", "451 4.3.0 later", "not_sent", false}, Case{".", "451 4.3.0 later", "not_sent", false},
        Case{".", "421 4.3.0 later", "not_sent", false}, Case{".", "", "unknown", false}}) {
    BOOST_TEST_CONTEXT(one.verb << ' ' << one.answer) {
      Behaviour behaviour;
      behaviour.answers = {{one.verb, one.answer}};
      ScriptedServer first{manners(behaviour)};
      ScriptedServer second{manners()};
      Desk desk{over({&first, &second})};
      desk.submit(1, 1);
      BOOST_TEST(name_of(desk.end_of(1).verdict) == one.verdict);
      BOOST_TEST(second.kept().size() == (one.is_passed_on ? 1u : 0u));
      BOOST_TEST((second.connections() > 0) == one.is_passed_on);
    }
  }
}

BOOST_AUTO_TEST_CASE(weights_share_the_mail_and_the_order_counts_without_them) {
  for (const bool is_weighted : {true, false}) {
    ScriptedServer first{manners()};
    ScriptedServer second{manners()};
    auto options = over({&first, &second});
    if (is_weighted) {
      options.relays[0].weight = 3;
      options.relays[1].weight = 1;
    }
    Desk desk{std::move(options)};
    desk.submit(1, 40);
    for (std::uint64_t id{1}; id <= 40; ++id) desk.end_of(id);
    BOOST_TEST(first.kept().size() == (is_weighted ? 30u : 40u));
    BOOST_TEST(second.kept().size() == (is_weighted ? 10u : 0u));
  }
}

BOOST_AUTO_TEST_CASE(a_relay_that_is_back_gets_its_mail_again) {
  std::atomic<bool> is_away{true};
  ScriptedServer first{[&](ScriptedServer &self, Peer &peer) {
    if (is_away) return peer.send("421 4.3.2 closed\r\n");
    peer.send("220 x\r\n");
    converse(self, peer, {});
  }};
  ScriptedServer second{manners()};
  Desk desk{over({&first, &second})};
  desk.submit(1, 1);
  BOOST_TEST(name_of(desk.end_of(1).verdict) == "accepted");
  is_away = false;
  for (std::uint64_t id{2}; first.kept().empty(); ++id) {
    desk.submit(id, 1);
    BOOST_REQUIRE_EQUAL(name_of(desk.end_of(id).verdict), "accepted");
    BOOST_REQUIRE(id < 100'000);
  }
  const std::vector<std::string> expected{"-+", "++"};
  BOOST_TEST(desk.health() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_domain_that_is_slow_holds_up_nobody_else) {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_open{false};
  std::atomic<int> slow_now{0};
  std::atomic<int> slow_most{0};
  ScriptedServer server{[&](ScriptedServer &self, Peer &peer) {
    peer.send("220 x\r\n");
    bool is_slow{false};
    for (;;) {
      const auto line = peer.line();
      if (line.starts_with("RCPT TO:<to@slow.example>")) {
        is_slow = true;
        slow_most = std::max(slow_most.load(), ++slow_now);
        std::unique_lock lock{mutex};
        changed.wait(lock, [&] { return is_open; });
      }
      if (line == "DATA") {
        peer.send("354 go\r\n");
        self.keep(peer.content());
        if (std::exchange(is_slow, false)) --slow_now;
      }
      peer.send(line == "QUIT" ? "221 bye\r\n" : "250 ok\r\n");
      if (line == "QUIT") return;
    }
  }};
  auto options = over({&server});
  options.relays[0].server.connections = 4;
  options.domains = {{{"slow.example"}, 1, 0}};
  options.waiting_max = 8;
  Desk desk{std::move(options)};
  desk.submit(1, 10, "to@slow.example");
  desk.submit(101, 20, "to@fast.example");
  for (std::uint64_t id{101}; id <= 120; ++id) BOOST_TEST(name_of(desk.end_of(id).verdict) == "accepted");
  // One under way, four waiting here, five back with the host.
  for (std::uint64_t id{6}; id <= 10; ++id) {
    const auto outcome = desk.end_of(id);
    BOOST_TEST(name_of(outcome.verdict) == "not_sent");
    BOOST_TEST(name_of(outcome.stage) == "queue");
    BOOST_TEST(outcome.retry_after_ms > 0);
    BOOST_TEST(!outcome.whole_server);
  }
  {
    const std::lock_guard lock{mutex};
    is_open = true;
    changed.notify_all();
  }
  for (std::uint64_t id{1}; id <= 5; ++id) BOOST_TEST(name_of(desk.end_of(id).verdict) == "accepted");
  BOOST_TEST(slow_most == 1);
}

BOOST_AUTO_TEST_CASE(slow_down_keeps_the_next_mails_of_that_domain_from_the_server) {
  ScriptedServer server{[&](ScriptedServer &self, Peer &peer) {
    peer.send("220 x\r\n");
    for (;;) {
      const auto line = peer.line();
      self.note(line);
      if (line.starts_with("RCPT TO:<to@slow.example>")) {
        peer.send("450 4.7.28 unusual rate of mail\r\n");
      } else if (line == "DATA") {
        peer.send("354 go\r\n");
        self.keep(peer.content());
        peer.send("250 ok\r\n");
      } else {
        peer.send("250 ok\r\n");
      }
    }
  }};
  auto options = over({&server});
  options.domains = {{{"*"}, 5, 0}};
  Desk desk{std::move(options)};
  desk.submit(1, 1, "to@slow.example");
  BOOST_TEST(desk.end_of(1).reply.code == 450);
  desk.submit(2, 2, "to@slow.example");
  desk.submit(4, 1, "to@fast.example");
  BOOST_TEST(name_of(desk.end_of(4).verdict) == "accepted");
  for (const std::uint64_t id : {2u, 3u}) {
    const auto outcome = desk.end_of(id);
    BOOST_TEST(name_of(outcome.verdict) == "not_sent");
    BOOST_TEST(outcome.retry_after_ms > 50'000);
  }
  const auto notes = server.notes();
  BOOST_TEST(std::count_if(notes.begin(), notes.end(), [](const auto &line) {
               return line.starts_with("RCPT TO:<to@slow.example>");
             }) == 1);
}

BOOST_AUTO_TEST_CASE(what_waits_for_a_gate_ends_with_not_after_and_with_stop) {
  ScriptedServer server{[&](ScriptedServer &, Peer &peer) {
    peer.send("220 x\r\n");
    peer.line();
    peer.send("250 x\r\n");
    peer.await_end();
  }};
  auto options = over({&server});
  options.domains = {{{"*"}, 1, 0}};
  Desk desk{std::move(options)};
  desk.submit(1, 1);
  desk.submit(2, 1, "to@example.com", std::chrono::steady_clock::now() + milliseconds{30});
  desk.submit(3, 1);
  const auto late = desk.end_of(2);
  BOOST_TEST(name_of(late.verdict) == "not_sent");
  BOOST_TEST(late.detail == "not_after has passed");
  desk.outbox().stop(milliseconds{0});
  desk.submit(4, 1);
  for (const std::uint64_t id : {3u, 4u}) {
    const auto outcome = desk.end_of(id);
    BOOST_TEST(name_of(outcome.verdict) == "not_sent");
    BOOST_TEST(outcome.detail == "stopping");
  }
  BOOST_TEST(name_of(desk.end_of(1).verdict) == "not_sent");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::smtp
