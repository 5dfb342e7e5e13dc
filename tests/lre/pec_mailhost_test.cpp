// The driver "pec" with real servers: Postfix takes its mails, a provider signs receipts of what Postfix
// delivered, and Dovecot has them in the mailbox, between forgeries.
#include "plugins/lre/pec/channel.hpp"
#include "plugins/protocol/pec/mail.hpp"
#include "plugins/protocol/smtp/client.hpp"
#include "tests/lre/pec_provider.hpp"
#include "tests/smtp/mail_host.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <relance/testkit.hpp>

#include <fstream>
#include <iterator>

namespace relance::lre::pec {
BOOST_AUTO_TEST_SUITE(pec_mailhost_test)

namespace {

namespace json = boost::json;
using sdk::OutcomeKind;
using sdk::ReceiptKind;
using test::PecReceipt;

constexpr const char *kAddress{"bounces@creditor.example"};  // the mailbox that the mail host has

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}
std::string key_of(int number) {
  return "01PEC000000000000000" + std::to_string(100'000 + number);
}
std::string id_of(int number) {
  return '<' + key_of(number) + "@creditor.example>";
}

struct World {
  test::MailHost &mails;
  test::PecProvider provider{"pec.gestore.example"};
  testkit::FakeHost host;
  std::unique_ptr<testkit::Instance> driver;
  std::string cursor{};

  explicit World(test::MailHost &given) : mails{given} {
    host.set_wall_ms(now_ms());
    driver = std::make_unique<testkit::Instance>(sdk::Driver<PecChannel>::table(), host,
                                                 json::serialize(settings()));
    BOOST_REQUIRE_EQUAL(driver->poll("").error, "");  // makes the mailbox where it is not yet
  }
  [[nodiscard]] json::object settings() const {
    return {
        {"address", kAddress},
        {"server",
         {{"host", "127.0.0.1"},
          {"port", mails.port("smtps")},
          {"server_name", mails.facts.at("server_name")},
          {"ca_file", mails.facts.at("ca_file")}}},
        {"auth", {{"user", mails.fact("smtps", "user")}, {"secret", mails.fact("smtps", "password")}}},
        {"mailbox",
         {{"url", "imaps://localhost:" + std::to_string(mails.port("imaps"))},
          {"user", mails.fact("imaps", "user")},
          {"secret", mails.fact("imaps", "password")},
          {"ca_file", mails.facts.at("ca_file")},
          {"poll_interval_s", 1}}},
        {"trust",
         {{"authorities", provider.authority()}, {"signers", {"posta-certificata@pec.gestore.example"}}}}};
  }

  sdk::Outcome send(int number) {
    return driver->send(
        {.channel = "lre",
         .address = "amministrazione@pec.debitore.example",
         .idempotency_key = key_of(number),
         .subject = "Sollecito di pagamento",
         .parts = {{.bytes = "Gentile cliente,\n"},
                   {"letter", "application/pdf", "sollecito.pdf", "%PDF-1.7\n" + std::string(2000, 'x')}},
         .not_after_in_ms = 60'000});
  }

  /// The mail with this key, as the addressee's server has it; waits for it.
  std::string arrived(int number) {
    test::MailboxWatch watch{mails, "debtors"};
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    do {
      for (const auto &entry : std::filesystem::directory_iterator{mails.folder() / "mail/debtors/new"}) {
        std::ifstream file{entry.path(), std::ios::binary};
        std::string text{std::istreambuf_iterator<char>{file}, {}};
        if (text.find("X-Relance-Key: " + key_of(number)) != text.npos) return text;
      }
    } while (watch.wait(deadline));
    BOOST_FAIL("the mail " << number << " did not arrive");
    return {};
  }

  /// Lets the provider deliver these mails into our mailbox, and waits until they lie there.
  void deliver(const std::vector<std::string> &letters) {
    test::MailboxWatch watch{mails, "bounces"};
    const auto before = watch.mails();
    smtp::Options options;
    options.host = "127.0.0.1";
    options.port = static_cast<std::uint16_t>(mails.port("smtp"));
    options.tls = smtp::TlsMode::none;
    std::promise<void> done;
    std::atomic<std::size_t> left{letters.size()};
    smtp::Client client{options, [&](std::span<smtp::Completion> completions) {
                          for (const auto &completion : completions)
                            if (completion.outcome.verdict == smtp::Verdict::accepted && --left == 0)
                              done.set_value();
                        }};
    BOOST_REQUIRE_EQUAL(client.start(), "");
    std::vector<smtp::Submission> submissions;
    for (const auto &letter : letters) {
      auto &one = submissions.emplace_back();
      one.id = submissions.size();
      one.envelope = {"posta-certificata@pec.gestore.example", {kAddress}, {}, false};
      one.content = letter;
    }
    client.submit(std::move(submissions));
    BOOST_REQUIRE((done.get_future().wait_for(std::chrono::seconds{60}) == std::future_status::ready));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (watch.mails() < before + letters.size()) BOOST_REQUIRE(watch.wait(deadline));
  }

  /// What the mails say that came since the last call, by key; strongest word of each kind.
  std::vector<sdk::Parsed> read() {
    const auto before = host.inbound().size();
    const auto polled = driver->poll(cursor);
    BOOST_REQUIRE_EQUAL(polled.error, "");
    cursor = polled.cursor;
    std::vector<sdk::Parsed> said;
    const auto found = host.inbound();
    for (auto at = before; at < found.size(); ++at) said.push_back(driver->parse("mail", found[at].bytes));
    return said;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_certified_mail_leaves_and_its_receipts_come_back_between_forgeries) {
  auto *mails = test::mail_host();
  if (mails == nullptr) return;
  World world{*mails};
  for (int number{1}; number <= 3; ++number) BOOST_TEST((world.send(number).kind == OutcomeKind::accepted));
  const auto sent = world.arrived(1);
  BOOST_TEST(sent.find("X-TipoRicevuta: completa") != std::string::npos);
  BOOST_TEST(sent.find("From: Exemple SARL <" + std::string{kAddress}) != std::string::npos);
  BOOST_TEST(sent.find("Message-ID: " + id_of(1)) != std::string::npos);
  BOOST_TEST(sent.find("sollecito.pdf") != std::string::npos);
  world.arrived(2), world.arrived(3);
  std::string original;
  for (const char c : sent) original += c == '\n' ? std::string{"\r\n"} : std::string{c};

  const test::PecProvider impostor{"pec.gestore.example"};
  world.deliver(
      {world.provider.mail({.type = "accettazione", .message_id = id_of(1)}),
       world.provider.mail({.message_id = id_of(1), .original = original}),
       world.provider.mail({.type = "accettazione", .message_id = id_of(2)}),
       world.provider.mail({.type = "preavviso-errore-consegna", .error = "altro", .message_id = id_of(2)}),
       impostor.mail({.message_id = id_of(2)}),
       world.provider.mail_by("posta-certificata@pec-gestore.example", {.message_id = id_of(2)}),
       world.provider.unsigned_mail({.message_id = id_of(2)}),
       "From: a@debtor.example\r\nSubject: CONSEGNA: Sollecito\r\n\r\nciao\r\n",
       world.provider.mail({.type = "non-accettazione", .error = "no-dest", .message_id = id_of(3)})});
  std::map<std::string, std::vector<ReceiptKind>> kinds;
  std::size_t refused{0};
  for (const auto &said : world.read()) {
    refused += said.status == sdk::Parsed::Status::unreadable ? 1u : 0u;
    for (const auto &receipt : said.receipts) {
      kinds[receipt.idempotency_key].push_back(receipt.kind);
      BOOST_TEST(!receipt.evidence.empty());
      if (receipt.kind == ReceiptKind::delivered) {
        BOOST_REQUIRE_EQUAL(receipt.evidence.size(), 2u);
        BOOST_TEST(receipt.evidence[1].bytes.find("Gentile cliente") != std::string::npos);
        BOOST_TEST(relance::pec::read_mail(receipt.evidence[0].bytes).is_signed);
      }
    }
  }
  const auto sorted = [&](int number) {
    std::sort(kinds[key_of(number)].begin(), kinds[key_of(number)].end());
    return kinds[key_of(number)];
  };
  BOOST_TEST((sorted(1) == std::vector{ReceiptKind::accepted, ReceiptKind::delivered}));
  BOOST_TEST((sorted(2) == std::vector{ReceiptKind::interim, ReceiptKind::accepted}));
  BOOST_TEST((sorted(3) == std::vector{ReceiptKind::failed}));
  BOOST_TEST(refused == 3u);
  auto metrics = world.host.metrics();
  BOOST_TEST(metrics["pec_forged_mails"] == 3.0);
  BOOST_TEST(metrics["pec_ordinary_mails"] == 1.0);
  // Nothing leaves the mailbox, and nothing is read twice.
  BOOST_TEST(world.read().empty());
  BOOST_TEST(test::MailboxWatch(*mails, "bounces").mails() >= 9u);
  // Whoever else reads this mailbox finds them as new as they were.
  for (const auto &entry : std::filesystem::directory_iterator{mails->folder() / "mail/bounces/cur"}) {
    const auto name = entry.path().filename().string();
    BOOST_TEST(name.find('S', name.rfind(',')) == std::string::npos, name);
  }

  // In doubt: the mailbox is asked, and forgeries about the message are no answer.
  BOOST_TEST((world.driver->query(key_of(1), {}).kind == OutcomeKind::delivered));
  BOOST_TEST((world.driver->query(key_of(2), {}).kind == OutcomeKind::accepted));
  BOOST_TEST((world.driver->query(key_of(3), {}).kind == OutcomeKind::rejected));
  BOOST_TEST((world.driver->query(key_of(4), {}).kind == OutcomeKind::not_found));
  world.deliver({impostor.mail({.message_id = id_of(4)})});
  BOOST_TEST((world.driver->query(key_of(4), {}).kind == OutcomeKind::not_found));
  // Read long after the certificates ended: what came in time is believed, as the mailbox says when it came.
  world.host.set_wall_ms(now_ms() + 2 * 365 * 86'400'000LL);
  BOOST_TEST((world.driver->query(key_of(1), {}).kind == OutcomeKind::delivered));
  const auto before = world.host.inbound().size();
  BOOST_REQUIRE_EQUAL(world.driver->poll("").error, "");
  const auto late = world.host.inbound();
  BOOST_REQUIRE(late.size() > before);
  for (auto at = before; at < late.size(); ++at)
    BOOST_TEST(std::abs(late[at].received_at_ms - now_ms()) < 300'000);
  world.host.set_wall_ms(now_ms());
  // A doubt stays one, however long nothing is found.
  BOOST_TEST(world.driver->traits().not_found_certain_after_ms == 0);
  for (const auto &line : world.host.log())
    for (const auto &[name, value] : line.fields) {
      BOOST_TEST(value.find(mails->fact("smtps", "password")) == std::string::npos);
      BOOST_TEST(value.find(mails->fact("imaps", "password")) == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_mailbox_that_lets_nobody_in_leaves_the_doubt_and_says_so) {
  auto *mails = test::mail_host();
  if (mails == nullptr) return;
  World world{*mails};
  auto settings = world.settings();
  settings["mailbox"].as_object()["secret"] = "wrong-4711";
  testkit::FakeHost host;
  host.set_wall_ms(now_ms());
  testkit::Instance driver{sdk::Driver<PecChannel>::table(), host, json::serialize(settings)};
  BOOST_TEST(driver.poll("").error == "login: the server refuses user or secret");
  const auto outcome = driver.query(key_of(9), {});
  BOOST_TEST((outcome.kind == OutcomeKind::unknown));
  BOOST_TEST(outcome.code == "mailbox_login");
  BOOST_TEST((host.health().back().level == sdk::HealthLevel::degraded));
  BOOST_TEST(host.health().back().code == "mailbox_login");
}

BOOST_AUTO_TEST_CASE(what_is_too_large_is_refused_before_anything_leaves) {
  auto *mails = test::mail_host();
  if (mails == nullptr) return;
  World world{*mails};
  const auto outcome =
      world.driver->send({.channel = "lre",
                          .address = "a@pec.debitore.example",
                          .parts = {{"letter", "application/pdf", "a.pdf", std::string(5'000'001, 'x')}}});
  BOOST_TEST((outcome.kind == OutcomeKind::rejected));
  BOOST_TEST(outcome.code == "too_large");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::lre::pec
