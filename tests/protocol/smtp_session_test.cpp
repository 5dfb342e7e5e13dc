// From connect to ready: TLS that must be what it says, credentials that never travel in clear, servers that
// are not.
#include "tests/protocol/scripted_smtp.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::smtp {
using namespace test;

namespace {
constexpr const char *kName{"server.example"};

Outcome outcome_with(const ScriptedServer &server, Options options) {
  options.port = server.port();
  Harness harness{std::move(options)};
  harness.submit(1);
  return harness.await(1).at(1);
}

Options tls_options(const ScriptedServer &server, TlsMode mode, const Certificate &trusted) {
  auto options = options_for(server);
  options.tls = mode;
  options.ca_file = trusted.file;
  options.server_name = kName;
  return options;
}

/// Greets, offers STARTTLS, starts it, and converses.
ScriptedServer::Script starttls_server(const Certificate &certificate, const Behaviour &behaviour) {
  return [&certificate, behaviour](ScriptedServer &self, Peer &peer) {
    peer.send("220 x\r\n");
    self.note(peer.line());
    peer.send("250-x\r\n250-AUTH PLAIN LOGIN XOAUTH2\r\n250 STARTTLS\r\n");
    self.note(peer.line());
    peer.send("220 go ahead\r\n");
    peer.start_tls(certificate);
    self.note("(TLS)");
    converse(self, peer, behaviour);
  };
}
}  // namespace

BOOST_AUTO_TEST_SUITE(smtp_session_test)

BOOST_AUTO_TEST_CASE(starttls_verifies_and_asks_for_the_capabilities_again) {
  const Certificate certificate{kName};
  Behaviour behaviour;
  behaviour.extensions = "8BITMIME";
  ScriptedServer server{starttls_server(certificate, behaviour)};
  const auto outcome = outcome_with(server, tls_options(server, TlsMode::required, certificate));
  BOOST_TEST(name_of(outcome.verdict) == "accepted");
  BOOST_TEST(outcome.queue_id == "ABC123");
  const auto notes = server.notes();
  BOOST_REQUIRE_GE(notes.size(), 5u);
  BOOST_TEST(notes[1] == "STARTTLS");
  BOOST_TEST(notes[2] == "(TLS)");
  BOOST_TEST(notes[3] == "EHLO client.example");
}

BOOST_AUTO_TEST_CASE(a_certificate_for_another_name_or_expired_or_from_nobody_known_ends_the_session) {
  const Certificate right{kName};
  const Certificate other_name{"elsewhere.example"};
  const Certificate expired{kName, -60};
  struct Case {
    const Certificate &shown, &trusted;
    const char *why;
  };
  for (const auto mode : {TlsMode::starttls, TlsMode::required, TlsMode::implicit}) {
    for (const auto &[shown, trusted, why] : {Case{other_name, other_name, "hostname mismatch"},
                                              Case{right, other_name, "self-signed certificate"},
                                              Case{expired, expired, "certificate has expired"}}) {
      const auto over_starttls = starttls_server(shown, {});
      ScriptedServer server{[&, mode](ScriptedServer &self, Peer &peer) {
        if (mode != TlsMode::implicit) return over_starttls(self, peer);
        peer.start_tls(shown);
        peer.send("220 x\r\n");
        converse(self, peer, {});
      }};
      const auto outcome = outcome_with(server, tls_options(server, mode, trusted));
      BOOST_TEST(name_of(outcome.verdict) == "not_sent");
      BOOST_TEST(name_of(outcome.stage) == "tls");
      BOOST_TEST(outcome.detail.find(why) != std::string::npos, outcome.detail);
      BOOST_TEST(outcome.whole_server);
      server.stop();
      BOOST_TEST(server.kept().empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_stripped_starttls_is_no_reason_to_go_on_in_clear) {
  const Certificate certificate{kName};
  for (const bool is_offered : {false, true}) {
    ScriptedServer server{[&](ScriptedServer &self, Peer &peer) {
      peer.send("220 x\r\n");
      Behaviour behaviour;
      if (is_offered) behaviour.extensions = "STARTTLS";
      behaviour.answers = {{"STAR", "454 4.7.0 not now"}};
      converse(self, peer, behaviour);
    }};
    const auto outcome = outcome_with(server, tls_options(server, TlsMode::required, certificate));
    BOOST_TEST(name_of(outcome.verdict) == "not_sent");
    BOOST_TEST(name_of(outcome.stage) == "tls");
    BOOST_TEST(server.kept().empty());
    // "starttls" goes on in clear: that is what it says.
    BOOST_TEST(name_of(outcome_with(server, tls_options(server, TlsMode::starttls, certificate)).verdict) ==
               "accepted");
  }
}

BOOST_AUTO_TEST_CASE(words_put_behind_the_answer_to_starttls_end_the_session) {
  const Certificate certificate{kName};
  ScriptedServer server{[&](ScriptedServer &self, Peer &peer) {
    peer.send("220 x\r\n");
    peer.line();
    peer.send("250-x\r\n250 STARTTLS\r\n");
    peer.line();
    peer.send("220 go ahead\r\n250-injected\r\n250 AUTH PLAIN\r\n");
    peer.start_tls(certificate);
    self.note("(TLS)");
  }};
  auto options = tls_options(server, TlsMode::required, certificate);
  options.auth = AuthMechanism::plain;
  options.user = "u";
  options.secret = "s";
  const auto outcome = outcome_with(server, options);
  BOOST_TEST(name_of(outcome.verdict) == "not_sent");
  BOOST_TEST(outcome.detail == "clear text behind the answer to STARTTLS");
  server.stop();
  BOOST_TEST(server.notes().empty());
}

BOOST_AUTO_TEST_CASE(each_mechanism_says_what_its_specification_says) {
  const Certificate certificate{kName};
  struct Case {
    AuthMechanism mechanism;
    std::vector<std::string> lines;
  };
  for (const auto &one :
       {Case{AuthMechanism::plain, {"AUTH PLAIN AHVzZXIAcDRzcw=="}},
        Case{AuthMechanism::automatic, {"AUTH PLAIN AHVzZXIAcDRzcw=="}},
        Case{AuthMechanism::login, {"AUTH LOGIN", "dXNlcg==", "cDRzcw=="}},
        Case{AuthMechanism::xoauth2, {"AUTH XOAUTH2 dXNlcj11c2VyAWF1dGg9QmVhcmVyIHA0c3MBAQ=="}}}) {
    ScriptedServer server{[&](ScriptedServer &self, Peer &peer) {
      peer.start_tls(certificate);
      peer.send("220 x\r\n");
      peer.line();
      peer.send("250-x\r\n250 AUTH LOGIN PLAIN XOAUTH2\r\n");
      for (std::size_t index{0}; index < one.lines.size(); ++index) {
        self.note(peer.line());
        peer.send(index + 1 < one.lines.size() ? "334 VXNlcm5hbWU6\r\n" : "235 2.7.0 welcome\r\n");
      }
      converse(self, peer, {});
    }};
    auto options = tls_options(server, TlsMode::implicit, certificate);
    options.auth = one.mechanism;
    options.user = "user";
    options.secret = "p4ss";
    BOOST_TEST(name_of(outcome_with(server, options).verdict) == "accepted");
    auto notes = server.notes();
    notes.resize(one.lines.size());
    BOOST_TEST(notes == one.lines, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(credentials_do_not_travel_in_clear_nor_come_back_in_words) {
  ScriptedServer server{[&](ScriptedServer &self, Peer &peer) {
    peer.send("220 x\r\n");
    self.note(peer.line());
    peer.send("250-x\r\n250 AUTH PLAIN XOAUTH2\r\n");
    const auto line = peer.line();
    self.note(line);
    if (line.find("XOAUTH2") != std::string::npos) {
      peer.send("334 eyJzdGF0dXMiOiI0MDEifQ==\r\n");
      self.note(peer.line());
    }
    // Some servers repeat what they were told.
    peer.send("535 5.7.8 refused: " + line + "\r\n");
    peer.await_end();
  }};
  auto options = options_for(server);
  options.auth = AuthMechanism::plain;
  options.user = "user";
  options.secret = "p4ss";
  auto outcome = outcome_with(server, options);
  BOOST_TEST(name_of(outcome.stage) == "auth");
  BOOST_TEST(outcome.detail == "no credentials over a connection without TLS");
  BOOST_TEST(server.notes().size() == 1u);

  options.allow_plaintext_auth = true;
  for (const auto mechanism : {AuthMechanism::plain, AuthMechanism::xoauth2}) {
    options.auth = mechanism;
    outcome = outcome_with(server, options);
    BOOST_TEST(name_of(outcome.verdict) == "not_sent");
    BOOST_TEST(outcome.reply.codes() == "535 5.7.8");
    BOOST_TEST(outcome.reply.text == "");
  }
  BOOST_TEST(server.notes().back() == "");
  options.auth = AuthMechanism::login;
  BOOST_TEST(outcome_with(server, options).detail == "the server does not offer the AUTH mechanism");
}

BOOST_AUTO_TEST_CASE(a_server_without_extensions_is_greeted_with_helo) {
  ScriptedServer server{[&](ScriptedServer &self, Peer &peer) {
    peer.send("220-old\r\n220 server\r\n");
    Behaviour behaviour;
    behaviour.answers = {{"EHLO", "500 what?"}};
    converse(self, peer, behaviour);
  }};
  BOOST_TEST(name_of(outcome_with(server, options_for(server)).verdict) == "accepted");
  const std::vector<std::string> expected{"EHLO client.example", "HELO client.example",
                                          "MAIL FROM:<from@example.com>", "RCPT TO:<to@example.com>"};
  auto notes = server.notes();
  notes.resize(expected.size());
  BOOST_TEST(notes == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(who_is_not_there_or_speaks_no_smtp_leaves_no_doubt) {
  struct Case {
    const char *says, *stage;
  };
  for (const auto &[says, stage] :
       {Case{"554 5.3.2 go away\r\n", "greeting"}, Case{"421 busy\r\n", "greeting"},
        Case{"SSH-2.0-x\r\n", "greeting"}, Case{"\x16\x03\x01\r\n", "greeting"},
        Case{"220 x\r\n220 y\r\n", "ehlo"}}) {
    ScriptedServer server{[words = std::string{says}](ScriptedServer &, Peer &peer) {
      peer.send(words);
      peer.await_end();
    }};
    const auto outcome = outcome_with(server, options_for(server));
    BOOST_TEST(name_of(outcome.verdict) == "not_sent", says);
    if (std::string{stage} == "greeting") BOOST_TEST(name_of(outcome.stage) == stage, says);
    BOOST_TEST(outcome.whole_server);
    BOOST_TEST(outcome.retry_after_ms > 0);
  }
  std::uint16_t closed_port{0};
  {
    ScriptedServer gone{[](ScriptedServer &, Peer &) {}};
    closed_port = gone.port();
  }
  ScriptedServer unused{[](ScriptedServer &, Peer &) {}};
  auto options = options_for(unused);
  options.port = closed_port;
  Harness harness{options};
  harness.submit(1);
  const auto outcome = harness.await(1).at(1);
  BOOST_TEST(name_of(outcome.stage) == "connect");
  BOOST_TEST(name_of(outcome.verdict) == "not_sent");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::smtp
