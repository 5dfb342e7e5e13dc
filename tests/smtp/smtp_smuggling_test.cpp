// Mails in mails: whatever stands in a body or a field, a real Postfix, strict about newlines or not, must
// see one message of ours and every byte of it. Signatures must hold behind it.
#include "plugins/protocol/smtp/client.hpp"
#include "tests/protocol/dkim_verdicts.hpp"
#include "tests/protocol/scripted_smtp.hpp"
#include "tests/smtp/mail_host.hpp"
#include "tests/smtp/plugin_host.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>

namespace relance::test {
namespace {
namespace json = boost::json;

/// Ends of data that one of two servers may see, each with what a smuggler would put behind it.
std::vector<std::string> smuggled() {
  const std::string inside{
      "MAIL FROM:<ceo@creditor.example>\r\nRCPT TO:<victim@debtor.example>\r\nDATA\r\nSubject: "
      "smuggled\r\n\r\nx\r\n.\r\n"};
  std::vector<std::string> bodies;
  for (const std::string end :
       {"\n.\n", "\r.\r", "\r\n.\r", "\r\n.\n", "\n.\r\n", "\r.\r\n", "\r\n.\r\n", "\r\n\r.\r\n",
        "\r\r\n.\r\r\n", "\n\n.\r\n", "\r\n..\r\n", "\r\n.\r\r\n", "\r\n.\x0b\r\n"})
    bodies.push_back("Bonjour" + end + inside);
  return bodies;
}

/// The text as lines that end in LF: what of it a reader sees.
std::string lines_of(const std::string &text) {
  std::string lines;
  for (std::size_t at{0}; at < text.size(); ++at) {
    if (text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n') continue;
    lines += text[at] == '\r' ? '\n' : text[at];
  }
  return lines;
}

std::string file_text(const std::filesystem::path &path) {
  std::stringstream text;
  text << std::ifstream{path, std::ios::binary}.rdbuf();
  return text.str();
}

/// All mails in the debtors' mailboxes, read whole.
std::vector<std::string> received(const MailHost &host) {
  std::vector<std::string> mails;
  for (const char *box : {"debtors", "far"})
    for (const char *state : {"new", "cur"})
      for (const auto &entry : std::filesystem::directory_iterator{host.folder() / "mail" / box / state})
        mails.push_back(file_text(entry.path()));
  return mails;
}

/// The mail that carries this; waits for it.
std::string await_mail(const MailHost &host, const std::string &mark) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  MailboxWatch debtors{host, "debtors"};
  MailboxWatch far{host, "far"};
  for (;;) {
    for (const auto &mail : received(host))
      if (mail.find(mark) != std::string::npos) return mail;
    const auto now = std::chrono::steady_clock::now();
    BOOST_REQUIRE_MESSAGE(now < deadline, "no mail with " << mark);
    if (!debtors.wait(std::min(deadline, now + std::chrono::milliseconds{50}))) far.wait(now);
  }
}

std::string decoded_quoted_printable(const std::string &text) {
  std::string out;
  for (std::size_t at{0}; at < text.size(); ++at) {
    if (text[at] != '=') {
      out += text[at];
    } else if (text.compare(at, 2, "=\n") == 0) {
      ++at;
    } else {
      out += static_cast<char>(std::stoi(text.substr(at + 1, 2), nullptr, 16));
      at += 2;
    }
  }
  return out;
}

/// The body of a mail of one text part, as its reader sees it.
std::string body_of(const std::string &mail) {
  const auto text = lines_of(mail);
  const auto begin = text.find("\n\n");
  auto body = text.substr(begin + 2);
  const bool is_quoted{text.substr(0, begin).find("quoted-printable") != std::string::npos};
  return is_quoted ? decoded_quoted_printable(body) : body;
}

json::object plain_settings(const MailHost &host, const char *section) {
  return {
      {"envelope_sender", "bounces+KEY@creditor.example"},
      {"max_in_flight", 200},
      {"server",
       {{"host", "127.0.0.1"}, {"port", host.port(section)}, {"tls", "none"}, {"ehlo_name", "c.example"}}}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(smtp_smuggling_test)

BOOST_AUTO_TEST_CASE(no_body_smuggles_a_second_mail_and_each_arrives_whole) {
  auto *host = mail_host();
  if (host == nullptr) return;
  std::cout << "peer: Postfix" << std::endl;
  const auto bodies = smuggled();
  int number{500};
  for (const char *section : {"smtp", "strict"}) {
    PluginHost plugin{json::serialize(plain_settings(*host, section))};
    std::vector<Mail> mails;
    for (const auto &body : bodies) {
      Mail mail{key_of(number++)};
      mail.to = "marie@debtor.example";
      mail.text = body;
      mails.push_back(mail);
    }
    plugin.submit(mails);
    const auto ends = plugin.await_ends(mails.size());
    for (const auto &mail : mails) {
      BOOST_TEST_CONTEXT(section << ' ' << json::serialize(json::string{mail.text.substr(0, 20)})) {
        BOOST_REQUIRE_EQUAL(ends.at(mail.key).outcome, RELANCE_OUT_ACCEPTED);
        const auto arrived = await_mail(*host, mail.key);
        BOOST_TEST(body_of(arrived) == lines_of(mail.text));
      }
    }
    std::vector<std::string> keys;
    for (const auto &mail : mails) keys.push_back(mail.key);
    for (const auto count : host->accepted(keys)) BOOST_TEST(count == 1u);
  }
  for (const auto &mail : received(*host)) {
    BOOST_TEST(mail.find("X-Original-To: victim@") == std::string::npos);
    BOOST_TEST(!mail.starts_with("Return-Path: <ceo@"));
  }
}

BOOST_AUTO_TEST_CASE(dots_at_every_place_around_a_block_arrive_as_they_were) {
  auto *host = mail_host();
  if (host == nullptr) return;
  constexpr std::size_t kBlock{65'536};  // what the client hands over at once
  for (const char *section : {"smtp", "strict"}) {
    smtp::Options options;
    options.host = "127.0.0.1";
    options.port = static_cast<std::uint16_t>(host->port(section));
    options.tls = smtp::TlsMode::none;
    options.ehlo_name = "c.example";
    smtp::test::Harness harness{options};
    std::map<std::uint64_t, std::string> bodies;
    std::uint64_t id{0};
    const auto mark = [&](std::uint64_t one) {
      return std::string{section} + "-block-" + std::to_string(one);
    };
    for (std::size_t dot_at{kBlock - 5}; dot_at <= kBlock + 5; ++dot_at) {
      ++id;
      auto content = "From: a@creditor.example\r\nSubject: " + mark(id) + "-\r\nMessage-ID: <" + mark(id) +
                     "@creditor.example>\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n\r\n";
      const auto begin = content.size();
      while (dot_at - content.size() > 160) content += std::string(76, 'x') + "\r\n";
      content += std::string(dot_at - content.size() - 2, 'y') + "\r\n";
      BOOST_REQUIRE_EQUAL(content.size(), dot_at);
      content += ".\r\n..\r\n.z\r\nend\r\n";
      bodies[id] = content.substr(begin);
      harness.submit(id, content, {"bounces@creditor.example", {"marie@debtor.example"}, "", false});
    }
    for (const auto &[one, outcome] : harness.await(bodies.size()))
      BOOST_REQUIRE_EQUAL(smtp::name_of(outcome.verdict), "accepted");
    for (const auto &[one, body] : bodies) {
      const auto arrived = await_mail(*host, "Subject: " + mark(one) + "-");
      BOOST_TEST((body_of(arrived) == lines_of(body)), mark(one));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_signature_holds_behind_postfix_and_behind_a_second_hop) {
  auto *host = mail_host();
  if (host == nullptr) return;
  if (!dkim::test::is_verifier_there()) return;
  std::cout << "peers: Postfix, dkimpy" << std::endl;
  const auto rsa = dkim::test::rsa_pem(2048);
  const auto ed = dkim::test::ed25519_pem();
  auto settings = plain_settings(*host, "smtp");
  settings["dkim"] = {{{"domain", "creditor.example"}, {"selector", "r1"}, {"private_key", rsa}},
                      {{"domain", "creditor.example"}, {"selector", "e1"}, {"private_key", ed}},
                      {{"domain", "other.example"}, {"selector", "o1"}, {"private_key", ed}}};
  PluginHost plugin{json::serialize(settings)};
  Mail direct{key_of(600), "marie@debtor.example"};
  direct.html = "<p>Bonjour,</p>\n<p>votre facture reste impayée.</p>\n";
  direct.attachment = "%PDF-1.7\n" + std::string(20'000, '\x80');
  Mail relayed{key_of(601), "relay@debtor.example"};
  relayed.text = "Bonjour,  \n\n.votre facture\n\n\n";
  Mail below{key_of(602), "paul@debtor.example"};
  below.from = "compta@paris.creditor.example";
  Mail foreign{key_of(603), "paul@debtor.example"};
  foreign.from = "compta@elsewhere.example";
  plugin.submit({direct, relayed, below, foreign});
  for (const auto &[key, end] : plugin.await_ends(4)) BOOST_REQUIRE_EQUAL(end.outcome, RELANCE_OUT_ACCEPTED);
  std::string fault;
  const dkim::test::Records records{
      {"r1._domainkey.creditor.example", dkim::Key::from_pem(rsa, fault)->dns_record()},
      {"e1._domainkey.creditor.example", dkim::Key::from_pem(ed, fault)->dns_record()}};
  const auto verdicts = dkim::test::verdicts({await_mail(*host, direct.key), await_mail(*host, relayed.key),
                                              await_mail(*host, below.key), await_mail(*host, foreign.key)},
                                             records);
  const std::vector<std::string> both{"pass rsa-sha256 r1 creditor.example",
                                      "pass ed25519-sha256 e1 creditor.example"};
  for (const std::size_t index : {0u, 1u, 2u})
    BOOST_TEST(verdicts[index] == both, boost::test_tools::per_element());
  BOOST_TEST(verdicts[3].empty());  // nobody's key is his
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::test
