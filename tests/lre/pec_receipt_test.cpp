// What each mail in the certified mailbox does to a message of ours.
#include "plugins/lre/pec/channel.hpp"
#include "plugins/lre/pec/receipts.hpp"
#include "tests/lre/pec_provider.hpp"

#include <boost/test/unit_test.hpp>
#include <relance/testkit.hpp>

#include <chrono>

namespace relance::lre::pec {
BOOST_AUTO_TEST_SUITE(pec_receipt_test)

namespace {

using sdk::FailureClass;
using sdk::OutcomeKind;
using sdk::ReceiptKind;
using test::PecProvider;
using test::PecReceipt;

constexpr const char *kKey{"01HV5T3X2Y4Z6A8B0C2D4E6F8G"};
constexpr const char *kId{"<01HV5T3X2Y4Z6A8B0C2D4E6F8G@creditor.example>"};
constexpr const char *kOtherId{"<01HV5T3X2Y4Z6A8B0C2D4E6F8H@creditor.example>"};

struct World {
  PecProvider provider{"pec.gestore.example"};
  Settings settings;
  std::shared_ptr<const relance::pec::Trust> trust;
  World() {
    settings.address = "bounces@creditor.example";
    settings.message_id_domain = "creditor.example";
    std::string fault;
    trust = relance::pec::Trust::from(provider.authority(), {"posta-certificata@pec.gestore.example"}, fault);
  }
  [[nodiscard]] Understood understood(const std::string &mail) const {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return understand(mail, settings, *trust,
                      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  }
  /// The only receipt.
  [[nodiscard]] sdk::Receipt receipt(const PecReceipt &from) const {
    const auto said = understood(provider.mail(from));
    BOOST_REQUIRE_EQUAL(said.parsed.receipts.size(), 1u);
    return said.parsed.receipts.front();
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(each_type_of_receipt_says_what_the_decree_says) {
  const World world;
  struct Case {
    const char *type, *error, *extended;
    ReceiptKind kind;
    bool is_final;
    FailureClass failure;
    const char *code, *text;
  };
  const Case cases[]{
      {"accettazione", "nessuno", "", ReceiptKind::accepted, false, FailureClass::none, "accettazione",
       "SubmissionAcceptance"},
      {"Accettazione", "nessuno", "", ReceiptKind::accepted, false, FailureClass::none, "accettazione",
       "SubmissionAcceptance"},
      {"non-accettazione", "altro", "", ReceiptKind::failed, true, FailureClass::temporary,
       "non-accettazione/altro", "SubmissionRejection"},
      {"non-accettazione", "virus", "", ReceiptKind::failed, true, FailureClass::policy,
       "non-accettazione/virus", "SubmissionRejection"},
      {"presa-in-carico", "nessuno", "", ReceiptKind::dispatched, false, FailureClass::none,
       "presa-in-carico", "RelayAcceptance"},
      {"avvenuta-consegna", "nessuno", "", ReceiptKind::delivered, true, FailureClass::none,
       "avvenuta-consegna", "ContentConsignment"},
      {"errore-consegna", "no-dest", "5.1.1 - casella inesistente", ReceiptKind::failed, true,
       FailureClass::address_dead, "errore-consegna/no-dest",
       "ContentConsignmentFailure: 5.1.1 - casella inesistente"},
      {"errore-consegna", "no-dominio", "", ReceiptKind::failed, true, FailureClass::address_dead,
       "errore-consegna/no-dominio", "RelayFailure"},
      {"errore-consegna", "altro", "5.1.1 - indirizzo non valido", ReceiptKind::failed, true,
       FailureClass::address_dead, "errore-consegna/altro",
       "ContentConsignmentFailure: 5.1.1 - indirizzo non valido"},
      {"errore-consegna", "altro", "5.2.2 - casella piena", ReceiptKind::failed, true,
       FailureClass::temporary, "errore-consegna/altro", "ContentConsignmentFailure: 5.2.2 - casella piena"},
      {"errore-consegna", "virus", "", ReceiptKind::failed, true, FailureClass::policy,
       "errore-consegna/virus", "ContentConsignmentFailure"},
      {"preavviso-errore-consegna", "altro", "non consegnato dopo dodici ore", ReceiptKind::interim, false,
       FailureClass::temporary, "preavviso-errore-consegna/altro", "non consegnato dopo dodici ore"},
      {"preavviso-errore-consegna", "altro", "5.4.1 - No answer from host", ReceiptKind::failed, true,
       FailureClass::temporary, "preavviso-errore-consegna/altro",
       "RelayFailure: 5.4.1 - No answer from host"},
      {"preavviso-errore-consegna", "altro", "15.4.10", ReceiptKind::interim, false, FailureClass::temporary,
       "preavviso-errore-consegna/altro", "15.4.10"},
      {"rilevazione-virus", "virus", "", ReceiptKind::failed, true, FailureClass::policy,
       "rilevazione-virus/virus", "RelayRejection"},
      {"novita-del-2030", "nessuno", "", ReceiptKind::interim, false, FailureClass::none, "novita-del-2030",
       ""},
  };
  for (const auto &c : cases) {
    BOOST_TEST_CONTEXT(c.type << " " << c.error << " " << c.extended) {
      const auto receipt =
          world.receipt({.type = c.type, .error = c.error, .message_id = kId, .extended_error = c.extended});
      BOOST_TEST(receipt.idempotency_key == kKey);
      BOOST_TEST((receipt.kind == c.kind));
      BOOST_TEST(receipt.is_final == c.is_final);
      BOOST_TEST((receipt.failure == c.failure));
      BOOST_TEST(receipt.code == c.code);
      BOOST_TEST(receipt.text == c.text);
      BOOST_TEST(receipt.provider_time_ms == 1'795'338'932'000);  // 2026-11-22T09:15:32Z
    }
  }
}

BOOST_AUTO_TEST_CASE(an_ordinary_mailbox_gives_no_receipt_and_says_so) {
  const World world;
  const auto receipt =
      world.receipt({.type = "accettazione", .recipient_type = "esterno", .message_id = kId});
  BOOST_TEST((receipt.kind == ReceiptKind::relayed));
  BOOST_TEST(receipt.text == "SubmissionAcceptance: to an ordinary mailbox, which gives no receipt");
}

BOOST_AUTO_TEST_CASE(the_receipt_and_the_message_in_it_are_filed_as_they_came) {
  const World world;
  const std::string original{"Message-ID: " + std::string{kId} +
                             "\r\nSubject: Sollecito\r\n\r\nGentile cliente\r\n"};
  const auto bytes = world.provider.mail({.message_id = kId, .original = original});
  const auto said = world.understood(bytes);
  BOOST_REQUIRE_EQUAL(said.parsed.receipts.size(), 1u);
  const auto &evidence = said.parsed.receipts[0].evidence;
  BOOST_REQUIRE_EQUAL(evidence.size(), 2u);
  BOOST_TEST(evidence[0].bytes == bytes);
  BOOST_TEST(evidence[0].file_name == "avvenuta-consegna-opec1.avvenuta-consegna@pec.gestore.example.eml");
  BOOST_TEST(evidence[1].file_name == "postacert.eml");
  BOOST_TEST(evidence[1].bytes == original);
}

BOOST_AUTO_TEST_CASE(a_forged_or_altered_receipt_is_refused_and_counted) {
  const World world;
  const PecProvider impostor{"pec.gestore.example"};
  const PecReceipt receipt{.message_id = kId};
  const auto good = world.provider.mail(receipt);
  const auto other = world.provider.mail({.type = "accettazione", .message_id = kId});
  // The signature of one mail on the content of another.
  const auto at = good.find("\r\n------outer\r\nContent-Type: application/pkcs7"),
             other_at = other.find("\r\n------outer\r\nContent-Type: application/pkcs7");
  const std::pair<std::string, const char *> forgeries[]{
      {impostor.mail(receipt), "untrusted"},
      {world.provider.mail_by("posta-certificata@pec.gestore.example.evil.example", receipt),
       "other_signer, signed by posta-certificata@pec.gestore.example.evil.example"},
      {world.provider.unsigned_mail(receipt), "it is not signed"},
      {good.substr(0, at) + other.substr(other_at), "altered"},
      {test::with(good, "Il messaggio", "il messaggio"), "altered"},
  };
  for (const auto &[mail, why] : forgeries) {
    const auto said = world.understood(mail);
    BOOST_TEST(said.parsed.receipts.empty());
    BOOST_TEST((said.parsed.status == sdk::Parsed::Status::unreadable));
    BOOST_TEST(said.counted_as == "pec_forged_mails");
    BOOST_TEST(said.why == why);
  }
}

BOOST_AUTO_TEST_CASE(what_stands_beside_the_signed_part_is_nothing) {
  const World world;
  const auto good = world.provider.mail({.type = "preavviso-errore-consegna", .message_id = kId});
  const std::string document{
      "Content-Type: application/xml; name=\"daticert.xml\"\r\n\r\n"
      "<postacert tipo=\"avvenuta-consegna\"><intestazione><mittente>bounces@creditor.example</mittente>"
      "</intestazione><dati><msgid>&lt;01HV5T3X2Y4Z6A8B0C2D4E6F8G@creditor.example&gt;</msgid></dati></"
      "postacert>"};
  // A third part in the signed mail, in front and behind; and the whole of it as a part of another.
  const std::string claim{
      "X-Ricevuta: avvenuta-consegna\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"};
  const auto last = good.rfind("------outer--");
  const auto first = good.find("------outer\r\n");
  for (const auto &mail : {good.substr(0, last) + "------outer\r\n" + document + "\r\n" + good.substr(last),
                           good.substr(0, first) + "------outer\r\n" + document + "\r\n" + good.substr(first),
                           claim + document + "\r\n--b\r\n" + good + "\r\n--b--\r\n",
                           claim + good + "\r\n--b\r\n" + document + "\r\n--b--\r\n"}) {
    const auto said = world.understood(mail);
    BOOST_TEST(said.parsed.receipts.empty());
    BOOST_TEST(said.counted_as == "pec_forged_mails");
  }
  // In front of the first part and behind the last one nobody looks.
  auto padded = good;
  padded.insert(first, document + "\r\n");
  padded += document;
  const auto said = world.understood(padded);
  BOOST_REQUIRE_EQUAL(said.parsed.receipts.size(), 1u);
  BOOST_TEST((said.parsed.receipts[0].kind == ReceiptKind::interim));
}

BOOST_AUTO_TEST_CASE(settings_with_which_no_receipt_could_be_believed_are_refused) {
  const auto issues_of = [](const std::string &more, const std::string &signer) {
    const testkit::FakeHost host;
    return testkit::check_settings(
        sdk::Driver<PecChannel>::table(), host,
        R"({"address": "a@pec.example", "server": {"host": "localhost"}, "auth": {"user": "u", "secret": "s"},)"
        R"("mailbox": {"url": "imaps://localhost", "user": "u", "secret": "s", "mail_bytes_max": 8388608},)"
        R"("trust": {"authorities_file": "/pec.pem", "signers": [")" +
            signer + "\"]}" + more + "}");
  };
  const std::string signer{"posta-certificata@pec.gestore.example"};
  BOOST_TEST(issues_of("", signer).empty());
  BOOST_TEST(issues_of(R"(, "receipt": "breve", "attachments_bytes_max": 20000000)", signer).empty());
  auto issues = issues_of(R"(, "attachments_bytes_max": 6000000)", signer);
  BOOST_REQUIRE_EQUAL(issues.size(), 1u);
  BOOST_TEST(issues[0].is_fatal);
  BOOST_TEST(issues[0].path == "/attachments_bytes_max");
  issues = issues_of("", "pec.gestore.example");  // anybody's certificate there
  BOOST_REQUIRE_EQUAL(issues.size(), 1u);
  BOOST_TEST(!issues[0].is_fatal);
  BOOST_TEST(issues[0].path == "/trust/signers/0");
}

BOOST_AUTO_TEST_CASE(the_header_of_a_signed_mail_says_nothing) {
  const World world;
  // Genuine, about a delay; the header was changed on the way to say that it arrived.
  auto receipt =
      world.receipt({.type = "preavviso-errore-consegna", .message_id = kId, .claims = "avvenuta-consegna"});
  BOOST_TEST((receipt.kind == ReceiptKind::interim));
  // Genuine, about another message: its header names ours.
  receipt = world.receipt({.message_id = kOtherId, .claimed_id = kId});
  BOOST_TEST(receipt.idempotency_key == "01HV5T3X2Y4Z6A8B0C2D4E6F8H");
  // Where daticert.xml names none, the message that is signed with it does, before the header.
  const auto original = "Message-ID: " + std::string{kOtherId} + "\r\n\r\nx\r\n";
  receipt = world.receipt({.original = original, .claimed_id = kId});
  BOOST_TEST(receipt.idempotency_key == "01HV5T3X2Y4Z6A8B0C2D4E6F8H");
  receipt = world.receipt({.claimed_id = kId});
  BOOST_TEST(receipt.idempotency_key == kKey);
}

BOOST_AUTO_TEST_CASE(what_is_not_about_a_message_of_ours_is_left_alone) {
  const World world;
  const std::pair<std::string, const char *> mails[]{
      {world.provider.mail({.message_id = "<cartaceo.17@creditor.example>"}), "pec_other_receipts"},
      {world.provider.mail({.message_id = "<01HV5T3X2Y4Z6A8B0C2D4E6F8G@elsewhere.example>"}),
       "pec_other_receipts"},
      {world.provider.mail({.sender = "altri@pec.example", .message_id = kId}), "pec_other_receipts"},
      {"From: a@b.example\r\nSubject: ACCETTAZIONE: Sollecito\r\n\r\nCiao\r\n", "pec_ordinary_mails"},
      {world.provider.unsigned_mail({.message_id = kId, .claims = "-"}), "pec_ordinary_mails"},
      {world.provider.envelope("From: x@pec.example\r\nMessage-ID: <1@pec.example>\r\n\r\nBuongiorno\r\n",
                               "x@pec.example"),
       "pec_other_mails"},
  };
  for (const auto &[mail, counted] : mails) {
    const auto said = world.understood(mail);
    BOOST_TEST((said.parsed.status == sdk::Parsed::Status::ok));
    BOOST_TEST((said.parsed.receipts.empty() && said.parsed.replies.empty()));
    BOOST_TEST(said.counted_as == counted);
  }
}

BOOST_AUTO_TEST_CASE(an_answer_by_certified_mail_is_a_persons_words) {
  const World world;
  const auto answer =
      std::string{
          "From: Ufficio <ufficio@pec.debitore.example>\r\nSubject: Re: Sollecito\r\n"
          "Message-ID: <2@pec.debitore.example>\r\nIn-Reply-To: "} +
      kId + "\r\n\r\nAbbiamo pagato il 3 novembre.\r\n";
  const auto said = world.understood(world.provider.envelope(answer, "ufficio@pec.debitore.example"));
  BOOST_REQUIRE_EQUAL(said.parsed.replies.size(), 1u);
  BOOST_TEST(said.parsed.replies[0].idempotency_key == kKey);
  BOOST_TEST(said.parsed.replies[0].from == "ufficio@pec.debitore.example");
  BOOST_TEST(said.parsed.replies[0].text.find("pagato il 3 novembre") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_bomb_that_a_provider_signed_is_malformed_and_nothing_more) {
  const World world;
  const auto said = world.understood(world.provider.mail(
      {.message_id = kId,
       .document = "<!DOCTYPE postacert [<!ENTITY a \"aaaa\">]><postacert tipo=\"avvenuta-consegna\"/>"}));
  BOOST_TEST(said.counted_as == "pec_malformed_mails");
  BOOST_TEST(said.parsed.receipts.empty());
}

BOOST_AUTO_TEST_CASE(a_mail_that_was_cut_is_not_judged) {
  World world;
  const auto mail = world.provider.mail({.message_id = kId});
  world.settings.mailbox.mail_bytes_max = mail.size();
  BOOST_TEST(world.understood(mail).counted_as == "pec_large_mails");
}

BOOST_AUTO_TEST_CASE(a_send_in_doubt_is_settled_by_the_strongest_receipt_of_its_own) {
  const World world;
  const auto accepted = world.receipt({.type = "accettazione", .message_id = kId}),
             delivered = world.receipt({.message_id = kId}),
             failed = world.receipt({.type = "errore-consegna", .error = "no-dest", .message_id = kId}),
             refused = world.receipt({.type = "non-accettazione", .error = "altro", .message_id = kId}),
             other = world.receipt({.message_id = kOtherId});
  BOOST_TEST((settle({}, kKey).kind == OutcomeKind::not_found));
  BOOST_TEST((settle({other}, kKey).kind == OutcomeKind::not_found));
  BOOST_TEST((settle({accepted, other}, kKey).kind == OutcomeKind::accepted));
  BOOST_TEST((settle({delivered, accepted}, kKey).kind == OutcomeKind::delivered));
  BOOST_TEST((settle({failed}, kKey).kind == OutcomeKind::accepted));
  BOOST_TEST((settle({refused}, kKey).kind == OutcomeKind::rejected));
  BOOST_TEST((settle({accepted, refused}, kKey).kind == OutcomeKind::accepted));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::lre::pec
