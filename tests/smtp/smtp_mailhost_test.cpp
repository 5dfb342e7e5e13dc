// The e-mail channel against real Postfix and Dovecot: every fate that tests/peers/mailhost.py can give a
// mail, and the receipts that come back for it.
#include "tests/smtp/mail_host.hpp"
#include "tests/smtp/plugin_host.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <optional>
#include <thread>

namespace relance::test {
namespace {
namespace json = boost::json;

/// The strongest thing said of one key.
std::map<std::string, ToldReceipt> last_of(const std::vector<ToldReceipt> &receipts) {
  std::map<std::string, ToldReceipt> last;
  for (const auto &receipt : receipts) {
    auto &kept = last[receipt.key];
    if (kept.key.empty() || receipt.is_final || !kept.is_final) kept = receipt;
  }
  return last;
}

struct Fate {
  const char *local_part;
  std::uint32_t outcome;
  std::uint32_t outcome_failure;
  std::optional<std::uint32_t> receipt;
  std::uint32_t receipt_failure;
};
/// By the rules of tests/peers/mail_config.py.
const std::vector<Fate> kFates{
    {"jean", RELANCE_OUT_ACCEPTED, 0, RELANCE_RCPT_DELIVERED, 0},
    {"gone", RELANCE_OUT_REJECTED, RELANCE_FAIL_ADDRESS_DEAD, {}, 0},
    {"policy", RELANCE_OUT_REJECTED, RELANCE_FAIL_POLICY, {}, 0},
    {"quota", RELANCE_OUT_NOT_SENT, RELANCE_FAIL_TEMPORARY, {}, 0},
    {"grey.once", RELANCE_OUT_NOT_SENT, RELANCE_FAIL_TEMPORARY, {}, 0},
    {"bounce", RELANCE_OUT_ACCEPTED, 0, RELANCE_RCPT_FAILED, RELANCE_FAIL_ADDRESS_DEAD},
    {"full", RELANCE_OUT_ACCEPTED, 0, RELANCE_RCPT_FAILED, RELANCE_FAIL_TEMPORARY},
    {"expire", RELANCE_OUT_ACCEPTED, 0, RELANCE_RCPT_FAILED, RELANCE_FAIL_TEMPORARY},
    {"relay", RELANCE_OUT_ACCEPTED, 0, RELANCE_RCPT_RELAYED, 0},
    {"read", RELANCE_OUT_ACCEPTED, 0, RELANCE_RCPT_READ, 0},
    {"defer", RELANCE_OUT_ACCEPTED, 0, RELANCE_RCPT_DELIVERED, 0},
    {"text", RELANCE_OUT_ACCEPTED, 0, RELANCE_RCPT_FAILED, RELANCE_FAIL_ADDRESS_DEAD},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(smtp_mailhost_test)

BOOST_AUTO_TEST_CASE(every_fate_of_a_mail_comes_back_as_what_it_means) {
  auto *host = mail_host();
  if (host == nullptr) return;
  PluginHost plugin{json::serialize(settings_for(*host, "submission", "required"))};
  std::vector<Mail> mails;
  for (int index{0}; index < static_cast<int>(kFates.size()); ++index) {
    Mail mail{key_of(index)};
    mail.to = std::string{kFates[static_cast<std::size_t>(index)].local_part} + "@debtor.example";
    mail.html = "<p>Bonjour</p>\n";
    mail.attachment = "%PDF-1.7\n" + std::string(20'000, '\x80');
    mails.push_back(mail);
  }
  plugin.submit(mails);
  const auto ends = plugin.await_ends(kFates.size());
  std::size_t expected{0};
  for (int index{0}; index < static_cast<int>(kFates.size()); ++index) {
    const auto &fate = kFates[static_cast<std::size_t>(index)];
    const auto &end = ends.at(key_of(index));
    BOOST_TEST_CONTEXT(fate.local_part << ": " << end.code << " " << end.text) {
      BOOST_TEST(end.outcome == fate.outcome);
      BOOST_TEST(end.failure == fate.outcome_failure);
      BOOST_TEST(host->accepted(key_of(index)) == (fate.outcome == RELANCE_OUT_ACCEPTED ? 1u : 0u));
    }
    expected += static_cast<std::size_t>(fate.receipt.has_value());
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{90};
  const auto is_complete = [&] {
    const auto last = last_of(plugin.receipts());
    std::size_t there{0};
    for (int index{0}; index < static_cast<int>(kFates.size()); ++index) {
      const auto &fate = kFates[static_cast<std::size_t>(index)];
      const auto found = last.find(key_of(index));
      there += static_cast<std::size_t>(fate.receipt && found != last.end() &&
                                        found->second.kind == *fate.receipt);
    }
    return there == expected;
  };
  BOOST_REQUIRE_EQUAL(plugin.poll(), "");  // makes the mailbox where no bounce has yet
  MailboxWatch mailbox{*host, "bounces"};
  do {
    BOOST_REQUIRE_EQUAL(plugin.poll(), "");
  } while (!is_complete() && mailbox.wait(deadline));
  const auto last = last_of(plugin.receipts());
  for (int index{0}; index < static_cast<int>(kFates.size()); ++index) {
    const auto &fate = kFates[static_cast<std::size_t>(index)];
    const auto found = last.find(key_of(index));
    BOOST_TEST_CONTEXT(fate.local_part) {
      BOOST_TEST((found != last.end()) == fate.receipt.has_value());
      if (found == last.end() || !fate.receipt) continue;
      BOOST_TEST_CONTEXT(found->second.code << " " << found->second.text) {
        BOOST_TEST(found->second.kind == *fate.receipt);
        BOOST_TEST(found->second.failure == fate.receipt_failure);
      }
    }
  }
  for (const auto &why : plugin.unreadable()) BOOST_TEST(why == "");
  // What was stored leaves the mailbox: a fresh cursor finds nothing old.
  while (mailbox.mails() != 0) {
    BOOST_REQUIRE_MESSAGE(mailbox.wait(deadline), mailbox.mails() << " mails are left");
    BOOST_REQUIRE_EQUAL(plugin.poll(), "");  // also what came meanwhile
  }
  const auto stored = plugin.raw_names().size();
  plugin.cursor.clear();
  BOOST_REQUIRE_EQUAL(plugin.poll(), "");
  BOOST_TEST(plugin.raw_names().size() == stored);
  for (const auto &line : plugin.log_lines()) {
    BOOST_TEST(line.find(host->fact("submission", "password")) == std::string::npos);
    BOOST_TEST(line.find(host->fact("imap", "password")) == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(tls_from_the_first_byte_works_and_a_foreign_authority_does_not) {
  auto *host = mail_host();
  if (host == nullptr) return;
  auto settings = settings_for(*host, "smtps", "implicit");
  {
    PluginHost plugin{json::serialize(settings)};
    plugin.submit({Mail{key_of(100), "paul@debtor.example"}});
    BOOST_TEST(plugin.await_ends(1).begin()->second.outcome == RELANCE_OUT_ACCEPTED);
  }
  settings["server"].as_object()["ca_file"] = host->facts.at("other_ca_file");
  PluginHost plugin{json::serialize(settings)};
  plugin.submit({Mail{key_of(101), "paul@debtor.example"}});
  const auto end = plugin.await_ends(1).begin()->second;
  BOOST_TEST(end.outcome == RELANCE_OUT_NOT_SENT);
  BOOST_TEST(end.code == "tls");
  BOOST_TEST(end.whole_instance);
  BOOST_TEST(host->accepted(key_of(101)) == 0u);
  BOOST_TEST(plugin.health().back() == "down tls");
}

BOOST_AUTO_TEST_CASE(wrong_credentials_are_told_without_them) {
  auto *host = mail_host();
  if (host == nullptr) return;
  auto settings = settings_for(*host, "submission", "required");
  settings["auth"].as_object()["secret"] = "not-the-secret-4711";
  settings["bounces"].as_object()["secret"] = "not-the-secret-4711";
  PluginHost plugin{json::serialize(settings)};
  plugin.submit({Mail{key_of(102), "paul@debtor.example"}});
  const auto end = plugin.await_ends(1).begin()->second;
  BOOST_TEST(end.outcome == RELANCE_OUT_NOT_SENT);
  BOOST_TEST(end.failure == RELANCE_FAIL_CONFIGURATION);
  BOOST_TEST(end.code.substr(0, 3) == "535");
  BOOST_TEST(plugin.poll().substr(0, 6) == "login:");
  for (const auto &line : plugin.log_lines()) BOOST_TEST(line.find("4711") == std::string::npos);
  BOOST_TEST(end.text.find("4711") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::test
