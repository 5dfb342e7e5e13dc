// MAIL to the dot: what is sent, in which order, what each refusal becomes, and what the next message meets.
#include "tests/protocol/scripted_smtp.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::smtp {
using namespace test;

namespace {
/// A server of these manners, a client with these options, and the messages 1…count.
struct Talk {
  std::unique_ptr<ScriptedServer> server;
  Options options;
  std::unique_ptr<Harness> harness;
  explicit Talk(Behaviour behaviour) {
    server = std::make_unique<ScriptedServer>(
        [behaviour = std::move(behaviour)](ScriptedServer &self, Peer &peer) {
          peer.send("220 x\r\n");
          converse(self, peer, behaviour);
        });
    options = options_for(*server);
  }
  void open() { harness = std::make_unique<Harness>(options); }
  std::map<std::uint64_t, Outcome> send(std::uint64_t count) {
    open();
    std::vector<Submission> batch;
    for (std::uint64_t id{1}; id <= count; ++id) {
      batch.push_back({id, {"from@example.com", {"to@example.com"}, "key", false}, message(id)});
    }
    harness->client().submit(std::move(batch));
    return harness->await(count);
  }
};
}  // namespace

BOOST_AUTO_TEST_SUITE(smtp_transaction_test)

BOOST_AUTO_TEST_CASE(dots_are_stuffed_wherever_a_line_begins_with_one) {
  std::string content{".\r\n..\r\n.a\r\nb.\r\n"};
  // Across the border of the blocks in which content is handed over.
  while (content.size() < 200'000) content += ".x\r\nyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n";
  content += ".";  // no line end: the client adds it
  Talk talk{{}};
  talk.options.dsn = false;
  talk.open();
  talk.harness->submit(1, content);
  BOOST_TEST(name_of(talk.harness->await(1).at(1).verdict) == "rejected");  // SIZE 100000 was announced
  Behaviour without_size;
  without_size.extensions = "PIPELINING";
  Talk other{without_size};
  other.open();
  other.harness->submit(1, content);
  BOOST_REQUIRE(other.harness->await(1).at(1).verdict == Verdict::accepted);
  auto kept = other.server->kept().at(0);
  std::string plain;
  for (std::size_t begin{0}; begin < kept.size();) {
    const auto end = kept.find("\r\n", begin) + 2;
    plain += kept.substr(kept[begin] == '.' ? begin + 1 : begin, end - begin - (kept[begin] == '.' ? 1 : 0));
    begin = end;
  }
  BOOST_TEST((plain == content + "\r\n"));
}

BOOST_AUTO_TEST_CASE(connections_are_reused_up_to_their_number_of_messages) {
  Talk talk{{}};
  talk.options.messages_per_connection = 3;
  for (const auto &[id, outcome] : talk.send(10)) BOOST_TEST(name_of(outcome.verdict) == "accepted");
  BOOST_TEST(talk.server->connections() == 4u);
  BOOST_TEST(talk.server->kept().size() == 10u);
}

BOOST_AUTO_TEST_CASE(messages_spread_over_the_connections_allowed) {
  Talk talk{{}};
  talk.options.connections = 5;
  for (const auto &[id, outcome] : talk.send(200)) BOOST_TEST(name_of(outcome.verdict) == "accepted");
  BOOST_TEST(talk.server->connections() <= 5u);
  BOOST_TEST(talk.server->kept().size() == 200u);
}

BOOST_AUTO_TEST_CASE(a_refused_recipient_does_not_touch_the_next_message) {
  for (const auto *extensions : {"PIPELINING", "8BITMIME"}) {
    for (const auto *data : {"354 well then", "554 5.5.1 no valid recipients"}) {
      ScriptedServer server{[&](ScriptedServer &self, Peer &peer) {
        peer.send("220 x\r\n");
        bool is_refusing{true};
        bool is_open{false};
        for (;;) {
          const auto line = peer.line();
          self.note(line.substr(0, 4));
          if (line.starts_with("EHLO")) {
            peer.send(std::string{"250-x\r\n250 "} + extensions + "\r\n");
          } else if (line.starts_with("MAIL")) {
            peer.send(is_open ? "503 5.5.1 nested MAIL\r\n" : "250 ok\r\n");
            is_open = true;
          } else if (line.starts_with("RCPT")) {
            peer.send(is_refusing ? "550 5.1.1 nobody\r\n" : "250 ok\r\n");
          } else if (line.starts_with("RSET")) {
            is_open = false;
            peer.send("250 ok\r\n");
          } else if (line.starts_with("DATA")) {
            const auto answer = is_refusing ? std::string{data} : std::string{"354 go"};
            peer.send(answer + "\r\n");
            if (answer.starts_with("354")) {
              const auto content = peer.content();
              if (!content.empty()) self.keep(content);
              peer.send(content.empty() ? "554 5.5.1 nothing\r\n" : "250 ok\r\n");
              is_open = false;
            }
          } else {
            peer.send("221 bye\r\n");
            return;
          }
          if (line.starts_with("DATA") ||
              (line.starts_with("RCPT") && std::string{extensions} != "PIPELINING"))
            is_refusing = false;
        }
      }};
      Harness harness{options_for(server)};
      std::vector<Submission> batch;
      for (std::uint64_t id{1}; id <= 3; ++id) {
        batch.push_back({id, {"from@example.com", {"to@example.com"}, "key", false}, message(id)});
      }
      harness.client().submit(std::move(batch));
      const auto outcomes = harness.await(3);
      BOOST_TEST_CONTEXT(extensions << ", " << data) {
        BOOST_TEST(name_of(outcomes.at(1).verdict) == "rejected");
        BOOST_TEST(name_of(outcomes.at(1).stage) == "rcpt");
        BOOST_TEST(outcomes.at(1).reply.codes() == "550 5.1.1");
        BOOST_TEST(name_of(outcomes.at(2).verdict) == "accepted");
        BOOST_TEST(name_of(outcomes.at(3).verdict) == "accepted");
        BOOST_TEST(server.kept().size() == 2u);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(each_recipient_has_its_own_reply) {
  ScriptedServer server{[&](ScriptedServer &self, Peer &peer) {
    peer.send("220 x\r\n");
    int recipient{0};
    for (;;) {
      const auto line = peer.line();
      if (line.starts_with("EHLO")) {
        peer.send("250-x\r\n250 PIPELINING\r\n");
      } else if (line.starts_with("RCPT")) {
        const auto *const answer = recipient == 0   ? "250 ok\r\n"
                                   : recipient == 1 ? "550 5.1.1 nobody\r\n"
                                                    : "452 4.2.2 full\r\n";
        ++recipient;
        peer.send(answer);
      } else if (line.starts_with("DATA")) {
        peer.send("354 go\r\n");
        self.keep(peer.content());
        peer.send("250 ok\r\n");
      } else {
        peer.send("250 ok\r\n");
      }
    }
  }};
  Harness harness{options_for(server)};
  harness.submit(1, {}, {"from@example.com", {"a@x.example", "b@x.example", "c@x.example"}, "", false});
  const auto outcome = harness.await(1).at(1);
  BOOST_TEST(name_of(outcome.verdict) == "accepted");
  BOOST_REQUIRE_EQUAL(outcome.recipients.size(), 3u);
  BOOST_TEST(outcome.recipients[0].codes() == "250");
  BOOST_TEST(outcome.recipients[1].codes() == "550 5.1.1");
  BOOST_TEST(outcome.recipients[2].codes() == "452 4.2.2");
}

BOOST_AUTO_TEST_CASE(refusals_at_each_stage_are_what_their_code_says) {
  for (const auto *verb : {"MAIL", "RCPT", "DATA", "."}) {
    for (const bool is_permanent : {false, true}) {
      for (const auto *extensions : {"PIPELINING", "8BITMIME"}) {
        Behaviour behaviour;
        behaviour.extensions = extensions;
        behaviour.answers = {
            {verb, is_permanent ? "550-5.7.1 first\r\n550 5.7.1 second" : "451 4.3.0 later"}};
        // What a server says to RCPT and DATA after a refused MAIL.
        if (std::string{verb} == "MAIL") {
          behaviour.answers["RCPT"] = "503 5.5.1 MAIL first";
          behaviour.answers["DATA"] = "503 5.5.1 MAIL first";
        }
        if (std::string{verb} == "RCPT") behaviour.answers["DATA"] = "503 5.5.1 RCPT first";
        Talk talk{behaviour};
        const auto outcome = talk.send(1).at(1);
        BOOST_TEST_CONTEXT(verb << " " << extensions) {
          BOOST_TEST(name_of(outcome.verdict) == (is_permanent ? "rejected" : "not_sent"));
          BOOST_TEST(outcome.reply.codes() == (is_permanent ? "550 5.7.1" : "451 4.3.0"));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_none_is_unknown_after_the_dot_and_not_sent_before_it) {
  for (const auto *verb : {"MAIL", "RCPT", "DATA", "."}) {
    for (const auto *answer : {"hello", "354 what", "99 x", "250-a\r\n251 b"}) {
      if (std::string{verb} == "DATA" && std::string{answer} == "354 what") continue;
      Behaviour behaviour;
      behaviour.extensions = "8BITMIME";
      behaviour.answers = {{verb, answer}};
      Talk talk{behaviour};
      const auto outcome = talk.send(1).at(1);
      const bool is_after_dot{std::string{verb} == "."};
      BOOST_TEST(name_of(outcome.verdict) == (is_after_dot ? "unknown" : "not_sent"), verb << " " << answer);
      talk.harness.reset();
      talk.server->stop();
      BOOST_TEST(talk.server->kept().size() == (is_after_dot ? 1u : 0u));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_session_closed_between_messages_costs_no_message) {
  // 421 to the second MAIL, as servers do that limit messages or restart.
  ScriptedServer server{[&](ScriptedServer &self, Peer &peer) {
    peer.send("220 x\r\n");
    Behaviour behaviour;
    behaviour.answers = {};
    int mails{0};
    for (;;) {
      const auto line = peer.line();
      if (line.starts_with("EHLO")) {
        peer.send("250-x\r\n250 PIPELINING\r\n");
      } else if (line.starts_with("DATA")) {
        peer.send("354 go\r\n");
        self.keep(peer.content());
        peer.send("250 ok\r\n");
      } else if (line.starts_with("MAIL") && ++mails == 2) {
        peer.send("421 4.3.2 enough for now\r\n");
        throw Gone{};
      } else {
        peer.send("250 ok\r\n");
      }
    }
  }};
  Harness harness{options_for(server)};
  for (std::uint64_t id{1}; id <= 5; ++id) harness.submit(id);
  for (const auto &[id, outcome] : harness.await(5)) BOOST_TEST(name_of(outcome.verdict) == "accepted", id);
  BOOST_TEST(server.kept().size() == 5u);
  BOOST_TEST(server.connections() == 5u);
}

BOOST_AUTO_TEST_CASE(large_content_cut_off_is_not_sent_and_an_early_refusal_is_heard) {
  const std::string line(70, 'x');
  std::string content;
  while (content.size() < 8'000'000) content.append(line).append("\r\n");
  for (const bool says_why : {false, true}) {
    ScriptedServer server{[&](ScriptedServer &, Peer &peer) {
      peer.send("220 x\r\n");
      peer.line();
      peer.send("250 8BITMIME\r\n");
      peer.line();
      peer.send("250 ok\r\n");
      peer.line();
      peer.send("250 ok\r\n");
      peer.line();
      peer.send("354 go\r\n");
      peer.line();
      if (says_why) peer.send("552 5.3.4 too large\r\n");
    }};
    Harness harness{options_for(server)};
    harness.submit(1, content);
    const auto outcome = harness.await(1).at(1);
    if (says_why) {
      // Heard before the reset, or lost with it: never in doubt.
      BOOST_TEST((outcome.verdict == Verdict::rejected || outcome.verdict == Verdict::not_sent));
    } else {
      BOOST_TEST(name_of(outcome.verdict) == "not_sent");
    }
    BOOST_TEST(name_of(outcome.stage) == "content");
  }
}

BOOST_AUTO_TEST_CASE(not_after_is_looked_at_again_before_the_content) {
  using namespace std::chrono;
  const auto not_after = steady_clock::now() + milliseconds{200};
  ScriptedServer server{[&](ScriptedServer &self, Peer &peer) {
    peer.send("220 x\r\n");
    peer.line();
    peer.send("250-x\r\n250 PIPELINING\r\n");
    peer.line();
    peer.line();
    peer.line();
    std::this_thread::sleep_until(not_after + milliseconds{5});  // the fact awaited is the moment itself
    peer.send("250 ok\r\n250 ok\r\n354 go\r\n");
    self.keep(peer.content());
  }};
  Harness harness{options_for(server)};
  harness.submit(1, {}, {"from@example.com", {"to@example.com"}, "", false}, not_after);
  const auto outcome = harness.await(1).at(1);
  BOOST_TEST(name_of(outcome.verdict) == "not_sent");
  BOOST_TEST(outcome.detail == "not_after has passed");
  server.stop();
  BOOST_TEST(server.kept().empty());
}

BOOST_AUTO_TEST_CASE(what_waits_can_be_cancelled_expires_and_is_bounded) {
  using namespace std::chrono;
  ScriptedServer server{[](ScriptedServer &, Peer &peer) { peer.await_end(); }};  // never greets
  auto options = options_for(server);
  options.window = 3;
  Harness harness{options};
  harness.submit(1);
  harness.submit(2, {}, {"from@example.com", {"to@example.com"}, "", false},
                 steady_clock::now() + milliseconds{30});
  harness.submit(3);
  harness.submit(4);
  auto outcomes = harness.await(2);
  BOOST_TEST(outcomes.at(4).detail == "the window is full");
  BOOST_TEST(outcomes.at(2).detail == "not_after has passed");
  harness.client().cancel({3});
  outcomes = harness.await(3);
  BOOST_TEST(outcomes.at(3).detail == "cancelled");
  harness.client().stop(milliseconds{0});
  outcomes = harness.await(4);
  BOOST_TEST(outcomes.at(1).detail == "stopping");
  for (const auto &[id, outcome] : outcomes) BOOST_TEST(name_of(outcome.verdict) == "not_sent");
}

BOOST_AUTO_TEST_CASE(stopping_lets_what_is_under_way_end) {
  std::mutex mutex;
  std::condition_variable changed;
  bool has_content{false};
  bool may_answer{false};
  ScriptedServer server{[&](ScriptedServer &self, Peer &peer) {
    peer.send("220 x\r\n");
    Behaviour behaviour;
    for (;;) {
      const auto line = peer.line();
      if (!line.starts_with("DATA")) {
        peer.send("250 ok\r\n");
        if (line.starts_with("QUIT")) return;
        continue;
      }
      peer.send("354 go\r\n");
      self.keep(peer.content());
      std::unique_lock lock{mutex};
      has_content = true;
      changed.notify_all();
      changed.wait(lock, [&] { return may_answer; });
      lock.unlock();
      peer.send("250 ok\r\n");
    }
  }};
  Harness harness{options_for(server)};
  harness.submit(1);
  harness.submit(2);
  {
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return has_content; });
  }
  harness.client().stop(std::chrono::seconds{20});
  BOOST_TEST(harness.await(1).at(2).detail == "stopping");
  {
    const std::scoped_lock lock{mutex};
    may_answer = true;
    changed.notify_all();
  }
  BOOST_TEST(name_of(harness.await(2).at(1).verdict) == "accepted");
  harness.client().join();
}

BOOST_AUTO_TEST_CASE(what_the_server_does_not_offer_is_not_used) {
  Behaviour behaviour;
  behaviour.extensions = "PIPELINING";
  Talk talk{behaviour};
  talk.open();
  talk.harness->submit(1, "Subject: \xc3\xa9\r\n\r\nx\r\n");
  talk.harness->submit(2, {}, {"from@example.com", {"\xc3\xa9@example.com"}, "", true});
  talk.harness->submit(3, "a\nb\r\n");
  talk.harness->submit(4, {}, {"from@example.com", {"a@b\r\nDATA"}, "", false});
  const auto outcomes = talk.harness->await(4);
  BOOST_TEST(outcomes.at(1).detail == "the server does not offer 8BITMIME");
  BOOST_TEST(outcomes.at(2).detail == "the server does not offer SMTPUTF8");
  BOOST_TEST(outcomes.at(3).detail == "a bare LF at byte 1");
  BOOST_TEST(outcomes.at(4).detail == "recipient: a control character in an address");
  for (const auto &[id, outcome] : outcomes) BOOST_TEST(name_of(outcome.verdict) == "rejected");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::smtp
