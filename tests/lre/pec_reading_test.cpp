// Certified mails as bytes: what is read out of daticert.xml, what is refused before a parser sees it, and
// whose signature holds.
#include "plugins/protocol/pec/meaning.hpp"
#include "plugins/protocol/pec/signature.hpp"
#include "tests/lre/pec_provider.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <rapidcheck.h>

namespace relance::pec {
BOOST_AUTO_TEST_SUITE(pec_reading_test)

namespace {

using test::PecProvider;
using test::PecReceipt;

constexpr const char *kId{"<01HV5T3X2Y4Z6A8B0C2D4E6F8G@creditor.example>"};

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::shared_ptr<const Trust> trust_in(const std::string &authorities, std::vector<std::string> signers) {
  std::string fault;
  auto trust = Trust::from(authorities, std::move(signers), fault);
  BOOST_REQUIRE_EQUAL(fault, "");
  return trust;
}

Trouble judged(const Trust &trust, const std::string &bytes, std::int64_t at_ms = now_ms()) {
  const auto mail = read_mail(bytes);
  return trust.judge(mail.signed_bytes, mail.signature, at_ms).trouble;
}

std::string nested(std::size_t depth) {
  std::string xml{"<postacert tipo=\"accettazione\" errore=\"nessuno\">"};
  for (std::size_t i{0}; i < depth; ++i) xml += "<dati>";
  for (std::size_t i{0}; i < depth; ++i) xml += "</dati>";
  return xml + "</postacert>";
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_document_that_could_grow_is_not_parsed) {
  const std::string good{R"(<postacert tipo="accettazione" errore="nessuno"><dati/></postacert>)"};
  BOOST_TEST(read_daticert(good).has_value());
  std::string laughs{R"(<?xml version="1.0"?><!DOCTYPE postacert [<!ENTITY a "ha">)"};
  for (char name{'b'}; name < 'k'; ++name) {
    laughs += std::string{"<!ENTITY "} + name + " \"";
    for (int i{0}; i < 10; ++i) laughs += std::string{"&"} + static_cast<char>(name - 1) + ';';
    laughs += "\">";
  }
  laughs += "]>" + test::with(good, "<dati/>", "<dati><msgid>&j;</msgid></dati>");
  BOOST_TEST(!read_daticert(laughs).has_value());
  BOOST_TEST(!read_daticert("<!DOCTYPE postacert SYSTEM \"file:///etc/passwd\">" + good).has_value());
  BOOST_TEST(!read_daticert(nested(kDaticertDepthMax)).has_value());
  BOOST_TEST(!read_daticert(nested(200'000)).has_value());
  BOOST_TEST(read_daticert(nested(kDaticertDepthMax - 1)).has_value());
  std::string wide{good};
  wide.insert(wide.find("<dati/>"), kDaticertElementsMax * 7, ' ');
  for (std::size_t i{0}; i < kDaticertElementsMax; ++i) wide.replace(wide.find("       "), 7, "<dati/>");
  BOOST_TEST(!read_daticert(wide).has_value());
  BOOST_TEST(!read_daticert(good + std::string(kDaticertBytesMax, ' ')).has_value());
  BOOST_TEST(!read_daticert("").has_value());
  BOOST_TEST(!read_daticert("<altro tipo=\"accettazione\"/>").has_value());
  BOOST_TEST(!read_daticert("<postacert errore=\"nessuno\"/>").has_value());
  BOOST_TEST(!read_daticert(good.substr(0, good.size() - 4)).has_value());
}

BOOST_AUTO_TEST_CASE(what_a_provider_forgot_to_escape_is_text) {
  const auto read = read_daticert(
      R"(<postacert tipo="errore-consegna" errore="no-dest"><intestazione><oggetto>R&S <urgente></oggetto></intestazione>)"
      R"(<dati><msgid><a.b@pec.example></msgid><data zona="-0330"><giorno>29/02/2028</giorno><ora>23:59:59</ora></data></dati></postacert>)");
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST(read->message_id == "<a.b@pec.example>");
  BOOST_TEST(read->subject == "R&S <urgente>");
  BOOST_TEST(read->time_ms.value() == 1'835'494'199'000);  // 2028-03-01T03:29:59Z
}

BOOST_AUTO_TEST_CASE(a_time_that_is_none_is_left_out) {
  for (const auto *data :
       {R"(<data zona="+0100"><giorno>31/02/2026</giorno><ora>10:00:00</ora></data>)",
        R"(<data zona="+0100"><giorno>22/11/2026</giorno><ora>25:00:00</ora></data>)",
        R"(<data><giorno>22/11/2026</giorno><ora>10:00:00</ora></data>)",
        R"(<data zona="CET"><giorno>22/11/2026</giorno><ora>10:00:00</ora></data>)",
        R"(<data zona="+0100"><giorno>257/11/2026</giorno><ora>10:00:00</ora></data>)",
        R"(<data zona="+0100"><giorno>22/267/2026</giorno><ora>10:00:00</ora></data>)",
        R"(<data zona="+0100"><giorno>22/11/67562</giorno><ora>10:00:00</ora></data>)",
        R"(<data zona="+0100"><giorno>99999999999/11/2026</giorno><ora>10:00:00</ora></data>)"}) {
    const auto read =
        read_daticert(std::string{R"(<postacert tipo="accettazione"><dati>)"} + data + "</dati></postacert>");
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(!read->time_ms.has_value());
  }
}

BOOST_AUTO_TEST_CASE(only_a_named_signer_under_a_named_authority_is_believed) {
  const PecProvider provider{"pec.gestore.example"}, other{"pec.gestore.example"};
  const PecReceipt receipt{.message_id = kId};
  const auto trust = trust_in(provider.authority(), {"posta-certificata@pec.gestore.example"});
  const auto by_domain = trust_in(provider.authority(), {"PEC.gestore.example"});
  const auto mail = provider.mail(receipt);
  BOOST_TEST((judged(*trust, mail) == Trouble::none));
  BOOST_TEST((judged(*by_domain, mail) == Trouble::none));
  // The same names, another authority.
  BOOST_TEST((judged(*trust, other.mail(receipt)) == Trouble::untrusted));
  // The same authority, whoever else it certified: names that look like the provider's.
  for (const auto *address :
       {"posta-certificata@pec-gestore.example", "posta-certificata@xpec.gestore.example",
        "posta-certificata@pec.gestore.example.evil.example", "mario.rossi@pec.gestore.example"})
    BOOST_TEST((judged(*trust, provider.mail_by(address, receipt)) == Trouble::other_signer));
  BOOST_TEST((judged(*trust, provider.unsigned_mail(receipt)) == Trouble::unsigned_mail));
}

BOOST_AUTO_TEST_CASE(each_changed_byte_of_what_is_signed_is_seen) {
  const PecProvider provider{"pec.gestore.example"};
  const auto trust = trust_in(provider.authority(), {provider.domain()});
  const auto mail = read_mail(provider.mail({.message_id = kId}));
  for (std::size_t at{0}; at < mail.signed_bytes.size(); at += 7) {
    auto bytes = mail.signed_bytes;
    bytes[at] ^= 1;
    BOOST_TEST((trust->judge(bytes, mail.signature, now_ms()).trouble == Trouble::altered));
  }
  BOOST_TEST(
      (trust->judge(mail.signed_bytes + "\r\n", mail.signature, now_ms()).trouble == Trouble::altered));
}

BOOST_AUTO_TEST_CASE(a_certificate_counts_at_the_time_when_the_mail_came) {
  const PecProvider provider{"pec.gestore.example"};
  const auto trust = trust_in(provider.authority(), {provider.domain()});
  const auto mail = provider.mail({.message_id = kId});
  constexpr std::int64_t kYearMs{365LL * 86'400'000};
  BOOST_TEST((judged(*trust, mail, now_ms() + kYearMs) == Trouble::untrusted));
  BOOST_TEST((judged(*trust, mail, now_ms() - kYearMs) == Trouble::untrusted));
  BOOST_TEST((judged(*trust, mail, now_ms()) == Trouble::none));
}

BOOST_AUTO_TEST_CASE(line_ends_of_the_mailbox_do_not_matter) {
  const PecProvider provider{"pec.gestore.example"};
  const auto trust = trust_in(provider.authority(), {provider.domain()});
  auto mail = provider.mail({.message_id = kId});
  std::erase(mail, '\r');
  BOOST_TEST((judged(*trust, mail) == Trouble::none));
  BOOST_TEST((judged(*trust, "From pec Sun Nov 22 10:15:32 2026\n" + mail) == Trouble::none));
}

BOOST_AUTO_TEST_CASE(a_receipt_that_is_forwarded_is_none) {
  const PecProvider provider{"pec.gestore.example"};
  const auto inner = provider.mail({.message_id = kId});
  const auto forwarded =
      "From: someone@debtor.example\r\nSubject: FW: CONSEGNA\r\nX-Ricevuta: avvenuta-consegna\r\n"
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822; "
      "name=\"postacert.eml\"\r\n\r\n" +
      inner + "\r\n--b--\r\n";
  BOOST_TEST((read(read_mail(forwarded)).kind == Kind::malformed));
  BOOST_TEST((read(read_mail(test::with(forwarded, "X-Ricevuta", "X-Altra"))).kind == Kind::ordinary));
}

BOOST_AUTO_TEST_CASE(a_trust_store_without_certificates_is_a_fault) {
  for (const auto *pem : {"", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    std::string fault;
    BOOST_TEST(!Trust::from(pem, {"pec.gestore.example"}, fault));
    BOOST_TEST(!fault.empty());
  }
}

BOOST_AUTO_TEST_CASE(no_bytes_break_the_reader) {
  const PecProvider provider{"pec.gestore.example"};
  const auto good = provider.mail({.message_id = kId});
  BOOST_TEST(rc::check([&](std::string noise, std::size_t at, std::size_t cut) {
    auto mail = good.substr(0, cut % (good.size() + 1));
    mail.insert(at % (mail.size() + 1), noise);
    (void)read(read_mail(mail));
    (void)read(read_mail(noise));
    (void)read_daticert(noise);
  }));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::pec
