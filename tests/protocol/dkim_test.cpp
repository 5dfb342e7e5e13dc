// Signatures against the examples of the RFCs and against dkimpy, which reads the mail and the key record as
// any receiver does.
#include "plugins/protocol/dkim/canonical.hpp"
#include "plugins/protocol/mime/mime.hpp"
#include "tests/protocol/dkim_verdicts.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <iostream>

namespace relance::dkim {
using namespace test;

namespace {

constexpr std::int64_t kTime{1'767'225'600};

Signature signature_of(const std::string &pem, std::string selector) {
  std::string fault;
  Signature signature{"creditor.example", std::move(selector), Key::from_pem(pem, fault)};
  BOOST_REQUIRE_EQUAL(fault, "");
  return signature;
}

struct Pair {
  Signature rsa{signature_of(rsa_pem(2048), "r1")};
  Signature ed{signature_of(ed25519_pem(), "e1")};
  [[nodiscard]] std::vector<const Signature *> both() const { return {&rsa, &ed}; }
  [[nodiscard]] Records records() const {
    return {{"r1._domainkey.creditor.example", rsa.key->dns_record()},
            {"e1._domainkey.creditor.example", ed.key->dns_record()}};
  }
};
const Pair &keys() {
  static const Pair pair;
  return pair;
}

std::string signed_mail(const std::string &mail) {
  return sign(mail, keys().both(), kTime) + mail;
}

const std::vector<std::string> kBothPass{"pass rsa-sha256 r1 creditor.example",
                                         "pass ed25519-sha256 e1 creditor.example"};

std::string reminder() {
  const std::array<mime::Address, 1> to{{{"Élodie Durand, comptabilité", "compta@debtor.example"}}};
  const std::array<mime::Header, 1> headers{{{"X-Relance-Key", "01KAMRZXEY0000000000000001"}}};
  mime::Message message;
  message.from = {"Créancier SA", "billing@creditor.example"};
  message.to = to;
  message.reply_to = {{}, "replies@creditor.example"};
  message.subject = "Facture 2026-0042 échue depuis 15 jours – merci de vérifier votre règlement à réception";
  message.date_unix_s = kTime;
  message.message_id = "01KAMRZXEY0000000000000001@creditor.example";
  message.text = "Bonjour,\n\n.votre facture reste impayée.  \n\n\n";
  message.html = "<p>Bonjour,</p>\n<p>votre facture reste impayée.</p>\n";
  message.headers = headers;
  return mime::build(message)->bytes;
}

/// The first place of `what`, replaced.
std::string with(std::string mail, const std::string &what, const std::string &by) {
  const auto at = mail.find(what);
  BOOST_REQUIRE(at != std::string::npos);
  return mail.replace(at, what.size(), by);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dkim_test)

BOOST_AUTO_TEST_CASE(the_relaxed_form_is_that_of_the_rfc) {
  // RFC 6376 §3.4.5.
  const std::string mail{"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n"};
  const auto parts = split(mail);
  BOOST_REQUIRE_EQUAL(parts.fields.size(), 2u);
  BOOST_TEST(relaxed_field(parts.fields[0].name, parts.fields[0].value) == "a:X");
  BOOST_TEST(relaxed_field(parts.fields[1].name, parts.fields[1].value) == "b:Y Z");
  BOOST_TEST(relaxed_body(parts.body) == " C\r\nD E\r\n");
  BOOST_TEST(relaxed_body("") == "");
  BOOST_TEST(relaxed_body("\r\n \t\r\n") == "");
  BOOST_TEST(relaxed_body("no end") == "no end\r\n");
}

BOOST_AUTO_TEST_CASE(the_key_of_rfc_8463_gives_the_record_of_rfc_8463) {
  const std::string seed{
      "\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4"
      "\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60",
      32};
  std::string fault;
  const auto key = Key::from_pem(ed25519_pem(seed), fault);
  BOOST_REQUIRE(key);
  // Appendix A.2.
  BOOST_TEST(key->dns_record() == "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
}

BOOST_AUTO_TEST_CASE(an_independent_verifier_accepts_both_signatures) {
  if (!is_verifier_there()) {
    std::cout << "all of this suite skipped: python3-dkim or python3-nacl is not installed" << std::endl;
    return;
  }
  std::cout << "peer: dkimpy" << std::endl;
  const auto mail = reminder();
  const auto whole = signed_mail(mail);
  BOOST_TEST(verdicts({whole}, keys().records())[0] == kBothPass, boost::test_tools::per_element());
  BOOST_TEST(whole == signed_mail(mail));  // the same bytes each time
  BOOST_TEST(whole.find(" l=") == std::string::npos);
  std::size_t begin{0};
  for (auto end = whole.find("\r\n"); end != std::string::npos; end = whole.find("\r\n", begin)) {
    BOOST_TEST(end - begin <= 78u, whole.substr(begin, end - begin));
    begin = end + 2;
  }
}

BOOST_AUTO_TEST_CASE(odd_bodies_and_headers_are_signed_as_they_are_read) {
  if (!is_verifier_there()) return;
  const std::string header{
      "Date: Thu, 1 Jan 2026 00:00:00 +0000\r\nFrom: a@creditor.example\r\nTo: b@debtor.example\r\nSubject:  "
      "folded \t words\r\n\t and  more \r\nMessage-ID: <1@creditor.example>\r\n"};
  const std::vector<std::string> bodies{"",
                                        "\r\n",
                                        "\r\n\r\n\r\n",
                                        "one",
                                        "one\r\n",
                                        "one\r\n\r\n\r\n",
                                        " lead\r\n",
                                        "trail \t \r\n",
                                        "a \t b\r\n \t\r\n",
                                        ".\r\n..\r\n",
                                        "\t\r\nwords\r\n",
                                        "From here\r\n--=_x\r\n"};
  std::vector<std::string> mails;
  for (const auto &body : bodies) mails.push_back(signed_mail(header + "\r\n" + body));
  const auto said = verdicts(mails, keys().records());
  for (std::size_t index{0}; index < bodies.size(); ++index) {
    BOOST_TEST_CONTEXT('"' << bodies[index] << '"') {
      BOOST_TEST(said[index] == kBothPass, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_changed_or_added_on_the_way_breaks_the_signature) {
  if (!is_verifier_there()) return;
  const auto whole = signed_mail(reminder());
  const std::vector<std::string> broken{
      with(whole, "\r\nSubject:", "\r\nSubject: Paid\r\nSubject:"),
      "Subject: Paid\r\n" + whole,
      "From: mallory@creditor.example\r\n" + whole,
      "To: everyone@debtor.example\r\n" + whole,
      "Date: Fri, 2 Jan 2026 00:00:00 +0000\r\n" + whole,
      "Reply-To: mallory@elsewhere.example\r\n" + whole,
      "Content-Type: text/html\r\n" + whole,
      with(whole, "Message-ID: <01K", "Message-ID: <02K"),
      with(whole, "impay", "pay"),
      whole + "Pay to another account.\r\n",
  };
  const auto said = verdicts(broken, keys().records());
  for (std::size_t index{0}; index < broken.size(); ++index) {
    BOOST_REQUIRE_EQUAL(said[index].size(), 2u);
    for (const auto &verdict : said[index])
      BOOST_TEST(verdict.starts_with("fail"), verdict << "\n" << broken[index].substr(0, 300));
  }
  // What a relay may do: a trace above, other blanks in folds and at line ends.
  const auto relayed = "Received: from x by y; Thu, 1 Jan 2026 00:00:01 +0000\r\n" +
                       with(whole, "Auto-Submitted: auto-generated", "Auto-Submitted:\r\n  auto-generated  ");
  BOOST_TEST(verdicts({relayed}, keys().records())[0] == kBothPass, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_no_key_is_refused_without_being_shown) {
  std::string fault;
  BOOST_TEST(!Key::from_pem("", fault));
  BOOST_TEST(fault == "is no private key in PEM without a passphrase");
  BOOST_TEST(!Key::from_pem("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n", fault));
  BOOST_TEST(fault.find("c2Vj") == std::string::npos);
  BOOST_TEST(!Key::from_pem(rsa_pem(512), fault));
  BOOST_TEST(fault == "is an RSA key of less than 1024 bits, which no verifier accepts");
  auto signature = keys().rsa;
  BOOST_TEST(signature_fault(signature) == "");
  signature.domain = "creditor.example\r\nBcc: x";
  BOOST_TEST(signature_fault(signature) == "the domain is no domain name");
  signature = keys().rsa;
  signature.selector = "a;b";
  BOOST_TEST(signature_fault(signature) == "the selector is no DNS label");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::dkim
