// The e-mail channel through its exported symbol, against servers that do as they are told.
#include "tests/protocol/scripted_smtp.hpp"
#include "tests/smtp/plugin_host.hpp"
#include "tests/test_folders.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>

namespace relance::test {
using smtp::test::Behaviour;
using smtp::test::Gone;
using smtp::test::Peer;
using smtp::test::ScriptedServer;
namespace json = boost::json;

namespace {

json::object settings_for(const ScriptedServer &server) {
  return {{"envelope_sender", "bounces+KEY@creditor.example"},
          {"server",
           {{"host", "127.0.0.1"},
            {"port", server.port()},
            {"tls", "none"},
            {"connections", 1},
            {"ehlo_name", "c.example"}}}};
}

/// A server of normal manners but for what `behaviour` says.
std::unique_ptr<ScriptedServer> server_with(Behaviour behaviour) {
  return std::make_unique<ScriptedServer>(
      [behaviour = std::move(behaviour)](ScriptedServer &self, Peer &peer) {
        peer.send("220 server.example\r\n");
        smtp::test::converse(self, peer, behaviour);
      });
}

std::string refusal(const std::string &settings) {
  try {
    PluginHost plugin{settings};
    return "";
  } catch (const std::runtime_error &error) {
    return error.what();
  }
}

Told end_of(const Behaviour &behaviour, const Mail &mail) {
  const auto server = server_with(behaviour);
  PluginHost plugin{json::serialize(settings_for(*server))};
  plugin.submit({mail});
  return plugin.await_ends(1).at(mail.key);
}

std::string bounce(const std::string &to, const std::string &action, const std::string &status,
                   const std::string &extra = {}) {
  return "From: MAILER-DAEMON@mx.example\r\nTo: " + to +
         "\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-replied\r\n"
         "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
         "--b\r\nContent-Type: text/plain\r\n\r\nIt did not work.\r\n"
         "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n" +
         extra + "\r\nFinal-Recipient: rfc822; x@debtor.example\r\nAction: " + action +
         "\r\nStatus: " + status + "\r\nDiagnostic-Code: smtp; 550 " + status + " said so\r\n\r\n--b--\r\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(smtp_plugin_test)

BOOST_AUTO_TEST_CASE(a_mail_carries_its_key_in_three_places_and_its_bytes_are_its_own) {
  const auto server = server_with({});
  const auto settings = json::serialize(settings_for(*server));
  Mail mail{key_of(1)};
  mail.html = "<p>é</p>";
  mail.attachment = "%PDF";
  for (int attempt{0}; attempt < 2; ++attempt) {
    PluginHost plugin{settings};
    BOOST_TEST(plugin.max_in_flight == 64u);
    plugin.submit({mail});
    const auto end = plugin.await_ends(1).at(mail.key);
    BOOST_TEST(end.outcome == RELANCE_OUT_ACCEPTED);
    BOOST_TEST(end.code == "250 2.0.0");
  }
  const auto kept = server->kept();
  BOOST_REQUIRE_EQUAL(kept.size(), 2u);
  BOOST_TEST(kept[0] == kept[1]);
  BOOST_TEST(kept[0].find("Message-ID: <" + mail.key + "@creditor.example>") != std::string::npos);
  BOOST_TEST(kept[0].find("Date: Thu, 1 Jan 2026 00:00:00 +0000") != std::string::npos);
  const auto notes = server->notes();
  BOOST_REQUIRE_GE(notes.size(), 3u);
  BOOST_TEST(notes[1].starts_with("MAIL FROM:<bounces+" + mail.key + "@creditor.example>"));
  BOOST_TEST(notes[1].ends_with(" RET=HDRS ENVID=" + mail.key));
  BOOST_TEST(notes[2] ==
             "RCPT TO:<to@debtor.example> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;to@debtor.example");
}

BOOST_AUTO_TEST_CASE(refusals_are_told_by_class) {
  struct Case {
    const char *verb, *answer;
    std::uint32_t outcome, failure;
    bool whole_instance;
  };
  for (const auto &one :
       {Case{"RCPT", "550 5.1.1 unknown", RELANCE_OUT_REJECTED, RELANCE_FAIL_ADDRESS_DEAD, false},
        Case{"RCPT", "550 no such user here", RELANCE_OUT_REJECTED, RELANCE_FAIL_ADDRESS_DEAD, false},
        Case{"RCPT", "550 rejected by our Spam filter", RELANCE_OUT_REJECTED, RELANCE_FAIL_POLICY, false},
        Case{"RCPT", "554 5.7.1 no", RELANCE_OUT_REJECTED, RELANCE_FAIL_POLICY, false},
        Case{"RCPT", "552 5.2.2 full", RELANCE_OUT_REJECTED, RELANCE_FAIL_TEMPORARY, false},
        Case{"RCPT", "450 4.7.1 grey", RELANCE_OUT_NOT_SENT, RELANCE_FAIL_TEMPORARY, false},
        Case{"MAIL", "550 sender unknown", RELANCE_OUT_REJECTED, RELANCE_FAIL_CONFIGURATION, false},
        Case{"MAIL", "530 5.7.0 log in first", RELANCE_OUT_NOT_SENT, RELANCE_FAIL_CONFIGURATION, true},
        Case{"DATA", "451 4.3.0 later", RELANCE_OUT_NOT_SENT, RELANCE_FAIL_TEMPORARY, false},
        Case{".", "554 5.6.0 odd content", RELANCE_OUT_REJECTED, RELANCE_FAIL_POLICY, false},
        Case{".", "", RELANCE_OUT_UNKNOWN, RELANCE_FAIL_NONE, false}}) {
    Behaviour behaviour;
    behaviour.answers = {{one.verb, one.answer}};
    const auto end = end_of(behaviour, Mail{key_of(1)});
    BOOST_TEST_CONTEXT(one.verb << " " << one.answer) {
      BOOST_TEST(end.outcome == one.outcome);
      BOOST_TEST(end.failure == one.failure);
      BOOST_TEST(end.whole_instance == one.whole_instance);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_could_break_out_of_a_header_never_meets_the_server) {
  const auto server = server_with({});
  PluginHost plugin{json::serialize(settings_for(*server))};
  Mail subject{key_of(1)};
  subject.subject = "Facture\r\nBcc: everyone@example.com";
  Mail address{key_of(2)};
  address.to = "a@b.example>\r\nRCPT TO:<c@d.example";
  Mail sender{key_of(3)};
  sender.from = "billing";
  plugin.submit({subject, address, sender});
  const auto ends = plugin.await_ends(3);
  BOOST_TEST(ends.at(subject.key).outcome == RELANCE_OUT_REJECTED);
  BOOST_TEST(ends.at(subject.key).failure == RELANCE_FAIL_CONFIGURATION);
  BOOST_TEST(ends.at(subject.key).text == "subject: control_character");
  BOOST_TEST(ends.at(address.key).failure == RELANCE_FAIL_ADDRESS_DEAD);
  BOOST_TEST(ends.at(sender.key).text == "from: invalid_address");
  BOOST_TEST(server->connections() == 0u);
}

BOOST_AUTO_TEST_CASE(nothing_leaves_after_not_after) {
  const auto server = server_with({});
  PluginHost plugin{json::serialize(settings_for(*server))};
  Mail late{key_of(1)};
  late.not_after_in_ms = -1;
  plugin.submit({late, Mail{key_of(2)}});
  const auto ends = plugin.await_ends(2);
  BOOST_TEST(ends.at(late.key).outcome == RELANCE_OUT_NOT_SENT);
  BOOST_TEST(ends.at(key_of(2)).outcome == RELANCE_OUT_ACCEPTED);
  BOOST_TEST(server->kept().size() == 1u);
}

BOOST_AUTO_TEST_CASE(stopping_ends_every_token) {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_reached{false};
  ScriptedServer server{[&](ScriptedServer &, Peer &peer) {
    peer.send("220 x\r\n");
    peer.line();
    peer.send("250 8BITMIME\r\n");
    peer.line();
    {
      const std::lock_guard lock{mutex};
      is_reached = true;
      changed.notify_all();
    }
    peer.await_end();
  }};
  PluginHost plugin{json::serialize(settings_for(server))};
  plugin.submit({Mail{key_of(1)}, Mail{key_of(2)}, Mail{key_of(3)}});
  {
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return is_reached; });
  }
  plugin.stop();
  plugin.submit({Mail{key_of(4)}});
  for (const auto &[key, end] : plugin.await_ends(4)) BOOST_TEST(end.outcome == RELANCE_OUT_NOT_SENT, key);
}

BOOST_AUTO_TEST_CASE(a_server_that_is_away_is_told_once_and_again_when_it_is_back) {
  std::atomic<bool> is_away{true};
  ScriptedServer server{[&](ScriptedServer &self, Peer &peer) {
    if (is_away) return peer.send("421 4.3.2 closed for the night\r\n");
    peer.send("220 x\r\n");
    smtp::test::converse(self, peer, {});
  }};
  PluginHost plugin{json::serialize(settings_for(server))};
  plugin.submit({Mail{key_of(1)}, Mail{key_of(2)}});
  for (const auto &[key, end] : plugin.await_ends(2)) {
    BOOST_TEST(end.outcome == RELANCE_OUT_NOT_SENT);
    BOOST_TEST(end.whole_instance);
    BOOST_TEST(end.retry_after_ms > 0);
  }
  is_away = false;
  // The client's own pause after a failure is one second: until then messages come back with the rest of it.
  for (int number{3};; ++number) {
    plugin.submit({Mail{key_of(number)}});
    const auto end = plugin.await_ends(static_cast<std::size_t>(number)).at(key_of(number));
    if (end.outcome == RELANCE_OUT_ACCEPTED) break;
    BOOST_REQUIRE(end.retry_after_ms > 0);
    // The fact awaited is the moment that the client named.
    std::this_thread::sleep_for(std::chrono::milliseconds{end.retry_after_ms});
    BOOST_REQUIRE(number < 100);
  }
  const std::vector<std::string> expected{"up", "down greeting", "up"};
  BOOST_TEST(plugin.health() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(settings_are_refused_at_their_place) {
  BOOST_TEST(refusal(R"({"server": {"host": "h"}, "envelope_sender": "bounces@x.example"})") ==
             "/envelope_sender: has no KEY: bounces could not be told apart");
  BOOST_TEST(
      refusal(
          R"({"server": {"host": "h"}, "envelope_sender": "a very long local part indeed KEY@x.example"})")
          .starts_with("/envelope_sender: is no address"));
  BOOST_TEST(refusal(R"({"server": {"host": "h", "tls": "none"}, "envelope_sender": "b+KEY@x.example",
                         "auth": {"user": "u", "secret": "s3cret"}})")
                 .starts_with("/auth: would need TLS"));
  BOOST_TEST(refusal(R"({"server": {"host": "h"}, "envelope_sender": "b+KEY@x.example",
                         "bounces": {"url": "imaps://h/INBOX", "user": "u", "secret": "s3cret"}})")
                 .starts_with("/bounces: "));
  BOOST_TEST(refusal(R"({"server": {"host": "h"}, "envelope_sender": "b+KEY@x.example",
                         "bounces": {"url": "imaps://h", "user": "u", "secret": "s", "after_store": "move"}})") ==
             "/bounces/move_to: names no folder to move to");
  BOOST_TEST(refusal("[]") == ": the settings are no JSON object");
  BOOST_TEST(
      refusal(
          R"({"server": {"host": "h", "ca_file": "/does/not/exist"}, "envelope_sender": "b+KEY@x.example"})") ==
      "start failed");
}

BOOST_AUTO_TEST_CASE(the_schema_is_json_and_without_a_mailbox_there_is_nothing_to_poll) {
  std::ifstream file{source_dir() / "plugins/smtp/schema.json"};
  std::stringstream text;
  text << file.rdbuf();
  BOOST_TEST(json::parse(text.str()).as_object().at("type") == "object");
  PluginHost plugin{
      R"({"server": {"host": "127.0.0.1", "tls": "none"}, "envelope_sender": "b+KEY@x.example"})"};
  BOOST_TEST((plugin.capabilities & RELANCE_CAP_POLL) == 0u);
}

BOOST_AUTO_TEST_CASE(reports_become_receipts_by_any_of_the_three_places) {
  PluginHost plugin{
      R"({"server": {"host": "127.0.0.1", "tls": "none"}, "envelope_sender": "bounces+KEY@creditor.example"})"};
  const auto key = key_of(7);
  plugin.parse(bounce("bounces+" + key + "@creditor.example", "failed", "5.1.1"));
  plugin.parse(
      bounce("postmaster@creditor.example", "failed", "5.2.2", "Original-Envelope-Id: " + key + "\r\n"));
  // A host that folds the case of local parts; the spelling comes back from ENVID.
  plugin.parse(bounce("bounces+01kamrzxey0000000000000007@creditor.example", "delayed", "4.4.1",
                      "Original-Envelope-Id: " + key + "\r\n"));
  plugin.parse(bounce("bounces+" + key + "@creditor.example", "delivered", "2.0.0"));
  plugin.parse(bounce("bounces+" + key + "@creditor.example", "relayed", "2.0.0"));
  plugin.parse(bounce("bounces+" + key + "@creditor.example", "failed", "5.7.1"));
  const auto receipts = plugin.receipts();
  BOOST_REQUIRE_EQUAL(receipts.size(), 6u);
  for (const auto &receipt : receipts) BOOST_TEST(receipt.key == key);
  const auto is = [&](std::size_t index, std::uint32_t kind, bool is_final, std::uint32_t failure) {
    BOOST_TEST_CONTEXT(index) {
      BOOST_TEST(receipts[index].kind == kind);
      BOOST_TEST(receipts[index].is_final == is_final);
      BOOST_TEST(receipts[index].failure == failure);
    }
  };
  is(0, RELANCE_RCPT_FAILED, true, RELANCE_FAIL_ADDRESS_DEAD);
  is(1, RELANCE_RCPT_FAILED, true, RELANCE_FAIL_TEMPORARY);
  is(2, RELANCE_RCPT_INTERIM, false, RELANCE_FAIL_TEMPORARY);
  is(3, RELANCE_RCPT_DELIVERED, true, RELANCE_FAIL_NONE);
  is(4, RELANCE_RCPT_RELAYED, false, RELANCE_FAIL_NONE);
  is(5, RELANCE_RCPT_FAILED, true, RELANCE_FAIL_POLICY);
  BOOST_TEST(receipts[0].code == "550 5.1.1");
}

BOOST_AUTO_TEST_CASE(people_reply_programs_answer_and_neither_is_a_receipt) {
  PluginHost plugin{
      R"({"server": {"host": "127.0.0.1", "tls": "none"}, "envelope_sender": "bounces+KEY@creditor.example"})"};
  const auto key = key_of(8);
  const auto to = "To: bounces+" + key + "@creditor.example\r\n";
  plugin.parse("From: =?UTF-8?Q?=C3=89lodie?= <e@debtor.example>\r\n" + to +
               "Subject: Re: Facture\r\n\r\nNous avons payé hier.\r\n");
  plugin.parse("From: e@debtor.example\r\n" + to +
               "Subject: Absence\r\nAuto-Submitted: auto-replied\r\n\r\nDe retour lundi.\r\n");
  plugin.parse("From: e@debtor.example\r\n" + to + "Subject: Re: Facture\r\n\r\n stop \r\n\r\n> Bonjour\r\n");
  plugin.parse(bounce("someone@creditor.example", "failed", "5.1.1"));
  BOOST_TEST(plugin.receipts().empty());
  const auto replies = plugin.replies();
  BOOST_REQUIRE_EQUAL(replies.size(), 3u);
  BOOST_TEST(replies[0].kind == RELANCE_REPLY_HUMAN);
  BOOST_TEST(replies[0].key == key);
  BOOST_TEST(replies[0].subject == "Re: Facture");
  BOOST_TEST(replies[0].text.find("payé") != std::string::npos);
  BOOST_TEST(replies[1].kind == RELANCE_REPLY_AUTOMATIC);
  BOOST_TEST(replies[2].kind == RELANCE_REPLY_STOP);
  BOOST_REQUIRE_EQUAL(plugin.unreadable().size(), 1u);
  BOOST_TEST(plugin.unreadable()[0] == "a report that names no message of ours");
}

BOOST_AUTO_TEST_CASE(an_answer_is_read_without_what_it_quotes_and_with_what_it_carries) {
  PluginHost plugin{
      R"({"server": {"host": "127.0.0.1", "tls": "none"}, "envelope_sender": "bounces-KEY@creditor.example",
          "reply_to": "answers.KEY@creditor.example"})"};
  const auto key = key_of(9);
  const std::string body{
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "
      "text/plain; "
      "charset=utf-8\r\n\r\nBonjour,\r\nréglé hier, voir pièce.\r\n\r\nLe 4 mai 2026 à 09:12, Compta a écrit "
      ":\r\n"
      "> Facture 2026-0042\r\n--b\r\nContent-Type: application/pdf; name=preuve.pdf\r\nContent-Disposition: "
      "attachment; filename=preuve.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--b--\r\n"};
  const auto head = "From: =?UTF-8?Q?=C3=89lodie?= <e@debtor.example>\r\nSubject: Re: Facture\r\n";
  // By the address it went to, by what it answers, by either alone.
  plugin.parse(std::string{head} + "To: answers." + key + "@creditor.example\r\n" + body);
  plugin.parse(std::string{head} + "To: compta@creditor.example\r\nIn-Reply-To: <" + key +
               "@creditor.example>\r\n" + body);
  plugin.parse(std::string{head} + "To: compta@creditor.example\r\nReferences: <x@y> <" + key +
               "@creditor.example>\r\n" + body);
  // A host that folds the case.
  plugin.parse(std::string{head} +
               "To: Answers.01kamrzxey0000000000000009@creditor.example\r\nReferences: <" + key +
               "@creditor.example>\r\n" + body);
  const auto replies = plugin.replies();
  BOOST_REQUIRE_EQUAL(replies.size(), 4u);
  for (const auto &reply : replies) {
    BOOST_TEST(reply.kind == RELANCE_REPLY_HUMAN);
    BOOST_TEST(reply.key == key);
    BOOST_TEST(reply.from == "e@debtor.example");
    BOOST_TEST(reply.text == "Bonjour,\nréglé hier, voir pièce.\n\n[preuve.pdf]");
  }
  plugin.parse(
      "From: e@debtor.example\r\nTo: compta@creditor.example\r\nSubject: Re: Facture\r\nContent-Type: "
      "text/html\r\n\r\n<p>D&eacute;sabonner</p>\r\n");
  BOOST_REQUIRE_EQUAL(plugin.replies().size(), 5u);
  BOOST_TEST(plugin.replies()[4].kind == RELANCE_REPLY_STOP);
  BOOST_TEST(plugin.replies()[4].key == "");
}

std::string feedback(const std::string &type, const std::string &fields, const std::string &original) {
  return "From: fbl@provider.example\r\nTo: abuse@creditor.example\r\nSubject: FW: Facture\r\nMIME-Version: "
         "1.0\r\n"
         "Content-Type: multipart/report; report-type=feedback-report; "
         "boundary=b\r\n\r\n--b\r\nContent-Type: "
         "text/plain\r\n\r\nThis is an email abuse report.\r\n--b\r\nContent-Type: "
         "message/feedback-report\r\n\r\n"
         "Feedback-Type: " +
         type + "\r\nUser-Agent: A/1\r\nVersion: 1\r\n" + fields +
         "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: billing@creditor.example\r\n" + original +
         "Subject: Facture\r\n\r\nBonjour\r\n--b--\r\n";
}

BOOST_AUTO_TEST_CASE(a_complaint_finds_its_message_by_whatever_the_provider_left_of_it) {
  PluginHost plugin{
      R"({"server": {"host": "127.0.0.1", "tls": "none"}, "envelope_sender": "bounces+KEY@creditor.example"})"};
  const auto key = key_of(10);
  plugin.parse(feedback("abuse", "", "Message-ID: <" + key + "@creditor.example>\r\n"));
  plugin.parse(feedback("abuse", "Original-Mail-From: <bounces+" + key + "@creditor.example>\r\n", ""));
  plugin.parse(feedback("fraud", "", "Return-Path: <bounces+" + key + "@creditor.example>\r\n"));
  plugin.parse(feedback("opt-out", "Original-Rcpt-To: <redacted>\r\n",
                        "To: redacted\r\nX-Relance-Key: " + key + "\r\n"));
  plugin.parse(feedback("abuse", "Original-Envelope-Id: " + key + "\r\n", ""));
  const auto receipts = plugin.receipts();
  BOOST_REQUIRE_EQUAL(receipts.size(), 5u);
  for (const auto &receipt : receipts) {
    BOOST_TEST(receipt.key == key);
    BOOST_TEST(receipt.kind == RELANCE_RCPT_COMPLAINT);
  }
  // Nothing but the address is left: it is asked for no more.
  plugin.parse(feedback("abuse", "Original-Rcpt-To: <e@debtor.example>\r\n", ""));
  BOOST_REQUIRE_EQUAL(plugin.replies().size(), 1u);
  BOOST_TEST(plugin.replies()[0].kind == RELANCE_REPLY_STOP);
  BOOST_TEST(plugin.replies()[0].from == "e@debtor.example");
  // Nothing at all, or the addresses of many, as anybody can write them: a person looks at it.
  plugin.parse(feedback("abuse", "", ""));
  plugin.parse(feedback(
      "abuse", "Original-Rcpt-To: <f@debtor.example>\r\nOriginal-Rcpt-To: <g@other.example>\r\n", ""));
  BOOST_REQUIRE_EQUAL(plugin.unreadable().size(), 2u);
  // No complaints, whatever they name.
  plugin.parse(feedback("not-spam", "", "X-Relance-Key: " + key + "\r\n"));
  plugin.parse(feedback("auth-failure", "", "X-Relance-Key: " + key + "\r\n"));
  BOOST_TEST(plugin.receipts().size() == 5u);
  BOOST_TEST(plugin.replies().size() == 1u);
  BOOST_TEST(plugin.unreadable().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_read_receipt_is_asked_for_only_where_set_and_is_never_bad_news) {
  for (const auto &[is_set, is_wished] : {std::pair{false, false}, std::pair{true, false}, std::pair{false, true}}) {
    const auto server = server_with({});
    auto settings = settings_for(*server);
    settings["request_read_receipt"] = is_set;
    PluginHost plugin{json::serialize(settings)};
    Mail mail{key_of(1)};
    mail.wants_read_receipt = is_wished;
    plugin.submit({mail});
    plugin.await_ends(1);
    BOOST_TEST((server->kept().at(0).find("Disposition-Notification-To: ") != std::string::npos) == (is_set || is_wished));
  }
  PluginHost plugin{
      R"({"server": {"host": "127.0.0.1", "tls": "none"}, "envelope_sender": "bounces+KEY@creditor.example"})"};
  const std::vector<std::pair<const char *, bool>> dispositions{
      {"manual-action/MDN-sent-manually; displayed", true},
      {"automatic-action/MDN-sent-automatically; displayed/error", true},
      {"manual-action/MDN-sent-manually; deleted", false},
      {"automatic-action/MDN-sent-automatically; dispatched", false},
      {"automatic-action/MDN-sent-automatically; processed", false},
      {"manual-action/MDN-sent-manually; denied", false},
      {"automatic-action/MDN-sent-automatically; failed", false}};
  for (const auto &[disposition, is_read] : dispositions) {
    plugin.parse(
        "From: e@debtor.example\r\nTo: bounces+" + key_of(2) +
        "@creditor.example\r\nSubject: Read\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=disposition-notification; "
        "boundary=b\r\n"
        "\r\n--b\r\nContent-Type: text/plain\r\n\r\nread\r\n--b\r\nContent-Type: "
        "message/disposition-notification\r\n\r\nFinal-Recipient: rfc822; e@debtor.example\r\nDisposition: " +
        std::string{disposition} + "\r\n\r\n--b--\r\n");
    const auto receipt = plugin.receipts().back();
    BOOST_TEST_CONTEXT(disposition) {
      BOOST_TEST(receipt.key == key_of(2));
      BOOST_TEST(receipt.kind == (is_read ? RELANCE_RCPT_READ : RELANCE_RCPT_INTERIM));
      BOOST_TEST(receipt.is_final == is_read);
      BOOST_TEST(receipt.failure == RELANCE_FAIL_NONE);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_second_relay_carries_the_mail_of_the_first_and_the_operator_is_told) {
  const auto second = server_with({});
  ScriptedServer first{[](ScriptedServer &, Peer &peer) { peer.send("421 4.3.2 closed\r\n"); }};
  auto settings = settings_for(*second);
  auto other = settings["server"].as_object();
  other["port"] = first.port();
  settings["servers"] = json::array{other, settings["server"]};
  settings.erase("server");
  PluginHost plugin{json::serialize(settings)};
  plugin.submit({Mail{key_of(1)}});
  BOOST_TEST(plugin.await_ends(1).at(key_of(1)).outcome == RELANCE_OUT_ACCEPTED);
  BOOST_TEST(second->kept().size() == 1u);
  const auto name = "127.0.0.1:" + std::to_string(first.port());
  BOOST_TEST(plugin.health().back() == "degraded relay_" + name + "_greeting");
}

BOOST_AUTO_TEST_CASE(faults_of_the_network_and_the_server_end_in_a_stated_outcome) {
  struct Case {
    const char *verb, *answer;
    std::uint32_t outcome, failure;
    const char *code;
    std::int64_t retry_after_ms;
  };
  for (const auto &one :
       {Case{"RCPT", "452 4.2.2 over quota", RELANCE_OUT_NOT_SENT, RELANCE_FAIL_TEMPORARY, "452 4.2.2", 0},
        Case{"RCPT", "552 5.2.2 over quota", RELANCE_OUT_REJECTED, RELANCE_FAIL_TEMPORARY, "552 5.2.2", 0},
        Case{"RCPT", "452 4.5.3 too many recipients", RELANCE_OUT_NOT_SENT, RELANCE_FAIL_TEMPORARY,
             "452 4.5.3", 0},
        Case{"RCPT", "550 5.5.3 too many recipients", RELANCE_OUT_REJECTED, RELANCE_FAIL_CONFIGURATION,
             "550 5.5.3", 0},
        Case{"RCPT", "451 4.7.1 Greylisted, try again in 240 seconds", RELANCE_OUT_NOT_SENT,
             RELANCE_FAIL_TEMPORARY, "451 4.7.1", 240'000},
        Case{"DATA", "552 5.3.4 message too big", RELANCE_OUT_REJECTED, RELANCE_FAIL_POLICY, "552 5.3.4", 0},
        Case{".", "452 4.3.1 no space left", RELANCE_OUT_NOT_SENT, RELANCE_FAIL_TEMPORARY, "452 4.3.1", 0},
        Case{"MAIL", "<html>250 welcome</html>", RELANCE_OUT_NOT_SENT, RELANCE_FAIL_TEMPORARY, "mail", 0},
        Case{".", "<html>250 welcome</html>", RELANCE_OUT_UNKNOWN, RELANCE_FAIL_NONE, "end_of_data", 0}}) {
    Behaviour behaviour;
    behaviour.answers = {{one.verb, one.answer}};
    const auto end = end_of(behaviour, Mail{key_of(1)});
    BOOST_TEST_CONTEXT(one.verb << " " << one.answer) {
      BOOST_TEST(end.outcome == one.outcome);
      BOOST_TEST(end.failure == one.failure);
      BOOST_TEST(end.code == one.code);
      BOOST_TEST(end.retry_after_ms == one.retry_after_ms);
      BOOST_TEST(!end.whole_instance);
    }
  }
  PluginHost nowhere{
      R"({"server": {"host": "mail.invalid", "tls": "none"}, "envelope_sender": "bounces+KEY@creditor.example"})"};
  nowhere.submit({Mail{key_of(1)}});
  const auto end = nowhere.await_ends(1).at(key_of(1));
  BOOST_TEST(end.outcome == RELANCE_OUT_NOT_SENT);
  BOOST_TEST(end.code == "connect");
  BOOST_TEST(end.text.starts_with("resolve: "), end.text);
  BOOST_TEST(end.whole_instance);
}

BOOST_AUTO_TEST_CASE(settings_of_relays_domains_and_signatures_are_refused_at_their_place) {
  const auto with = [](const std::string &more) {
    return refusal(R"({"envelope_sender": "b+KEY@x.example", )" + more + "}");
  };
  BOOST_TEST(with(R"("servers": [{"host": "a", "weight": 1}, {"host": "b"}])") ==
             "/servers: some have a weight and some have none: shares need all of them");
  BOOST_TEST(with(R"("servers": [{"host": "a"}, {"host": ""}])") == "/servers/1/host: is missing");
  BOOST_TEST(with(R"("server": {"host": "a"}, "reply_to": "x y@z")").starts_with("/reply_to: is no address"));
  const auto refused = with(
      R"("server": {"host": "a"}, "dkim": [{"domain": "x.example", "selector": "s", "private_key": "c2VjcmV0"}])");
  BOOST_TEST(refused == "/dkim/0/private_key: is no private key in PEM without a passphrase");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::test
