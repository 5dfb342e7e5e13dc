// The bounce mailbox against a real Dovecot: nothing is read twice, nothing is lost, nothing goes before it
// is stored.
#include "plugins/protocol/imap/mailbox.hpp"
#include "tests/smtp/mail_host.hpp"
#include "tests/smtp/plugin_host.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <fstream>
#include <set>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace relance::test {
namespace {
namespace json = boost::json;

std::string settings_with(const MailHost &host, const char *after_store) {
  auto settings = settings_for(host, "submission", "required", "replies");
  auto &bounces = settings["bounces"].as_object();
  bounces["after_store"] = after_store;
  bounces["mail_bytes_max"] = 65'536;
  if (std::string_view{after_store} == "move") bounces["move_to"] = "Done";
  return json::serialize(settings);
}

/// Puts so many mails into the mailbox `replies` by sending them there, and waits until they lie in it.
void fill(const MailHost &host, int first_key, std::size_t count) {
  auto settings = settings_for(host, "submission", "required", "replies");
  settings["bounces"].as_object()["after_store"] = "keep";
  PluginHost plugin{json::serialize(settings)};
  std::vector<Mail> mails;
  for (std::size_t index{0}; index < count; ++index) {
    Mail mail{key_of(first_key + static_cast<int>(index)), "replies@creditor.example"};
    if (index == 0) mail.attachment = std::string(200'000, '\x81');
    mails.push_back(mail);
  }
  // Where the mailbox stands now.
  BOOST_REQUIRE_EQUAL(plugin.poll(), "");
  MailboxWatch mailbox{host, "replies"};
  const auto before = plugin.raw_names().size();
  plugin.submit(mails);
  for (const auto &[key, end] : plugin.await_ends(count))
    BOOST_REQUIRE_EQUAL(end.outcome, RELANCE_OUT_ACCEPTED);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (plugin.raw_names().size() < before + count) {
    BOOST_REQUIRE(mailbox.wait(deadline));
    BOOST_REQUIRE_EQUAL(plugin.poll(), "");
  }
}

/// How many mails a reader that knows nothing finds.
std::size_t left_in_mailbox(const MailHost &host) {
  PluginHost plugin{settings_with(host, "keep")};
  BOOST_REQUIRE_EQUAL(plugin.poll(), "");
  return plugin.raw_names().size();
}

/// The mailbox is emptied behind the answer to stored(): waits for it.
void await_left(const MailHost &host, std::size_t count) {
  MailboxWatch mailbox{host, "replies"};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (mailbox.mails() != count)
    BOOST_REQUIRE_MESSAGE(mailbox.wait(deadline), mailbox.mails() << " mails are left");
  BOOST_TEST(left_in_mailbox(host) == count);
}

constexpr std::uint32_t kCrowdValidity{1'700'000'000};
constexpr std::uint32_t kCrowdFirst{4'200'000'000};  // its UIDs are as long as they get, behind a wide gap

/// A folder of `replies` that nobody emptied for years; the path of its Maildir.
std::filesystem::path crowd(const MailHost &host, const std::string &folder, std::size_t count) {
  const auto parent = host.folder() / "mail/replies";
  struct stat status{};
  BOOST_REQUIRE_EQUAL(::stat(parent.c_str(), &status), 0);
  const auto own = [&](const std::filesystem::path &path) {
    BOOST_REQUIRE_EQUAL(::chown(path.c_str(), status.st_uid, status.st_gid), 0);
  };
  const auto maildir = parent / ("." + folder);
  for (const auto *part : {"", "cur", "new", "tmp"}) {
    std::filesystem::create_directories(maildir / part);
    own(maildir / part);
  }
  const auto uids = maildir / "dovecot-uidlist";
  std::ofstream{uids} << "3 V" << kCrowdValidity << " N" << kCrowdFirst
                      << " G0123456789abcdef0123456789abcdef\n";
  own(uids);
  for (std::size_t index{0}; index < count; ++index) {
    const auto mail = maildir / "new" / (std::to_string(1'000'000'000 + index) + ".M1P1.crowd");
    std::ofstream{mail} << "From: paul@debtor.example\r\nSubject: " << index << "\r\n\r\nBonjour\r\n";
    own(mail);
  }
  return maildir;
}

std::size_t files_in(const std::filesystem::path &folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{folder}, {}));
}

imap::Options crowd_options(const MailHost &host, const std::string &folder) {
  imap::Options options;
  options.url = "imap://localhost:" + std::to_string(host.port("imap"));
  options.user = host.fact("replies", "user");
  options.secret = host.fact("replies", "password");
  options.ca_file = host.facts.at("ca_file").as_string();
  options.folder = folder;
  return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(smtp_mailbox_test)

BOOST_AUTO_TEST_CASE(mails_are_read_once_in_order_and_leave_when_they_are_stored) {
  auto *host = mail_host();
  if (host == nullptr) return;
  fill(*host, 500, 5);
  std::string cursor;
  {
    PluginHost plugin{settings_with(*host, "keep")};
    // A host that has room for two at a time.
    for (int round{0}; round < 5; ++round) BOOST_REQUIRE_EQUAL(plugin.poll(2), "");
    const auto names = plugin.raw_names();
    BOOST_TEST(names.size() == 5u);
    BOOST_TEST((std::set<std::string>{names.begin(), names.end()}.size() == names.size()));
    BOOST_TEST(plugin.cursor == names.back());
    // No room at all: nothing is passed over.
    const auto before = plugin.cursor;
    plugin.cursor.clear();
    BOOST_REQUIRE_EQUAL(plugin.poll(0), "");
    BOOST_REQUIRE_EQUAL(plugin.poll(1), "");
    BOOST_TEST(plugin.raw_names().back() == names.front());
    cursor = before;
  }
  BOOST_TEST(left_in_mailbox(*host) == 5u);
  {
    // As after a crash between storing and removing: the cursor says that they are stored.
    PluginHost plugin{settings_with(*host, "delete")};
    plugin.cursor = cursor;
    BOOST_REQUIRE_EQUAL(plugin.poll(), "");
    BOOST_TEST(plugin.raw_names().empty());
    await_left(*host, 0);
  }
}

BOOST_AUTO_TEST_CASE(a_folder_made_anew_is_read_from_its_first_mail) {
  auto *host = mail_host();
  if (host == nullptr) return;
  fill(*host, 520, 2);
  PluginHost plugin{settings_with(*host, "seen")};
  plugin.cursor = "1:4000000000";  // another UIDVALIDITY
  BOOST_REQUIRE_EQUAL(plugin.poll(), "");
  BOOST_TEST(plugin.raw_names().size() == 2u);
  BOOST_REQUIRE_EQUAL(plugin.poll(), "");
  BOOST_TEST(plugin.raw_names().size() == 2u);
  // Seen by anyone, they are still read by who has not: flags are no cursor.
  plugin.cursor.clear();
  BOOST_REQUIRE_EQUAL(plugin.poll(), "");
  BOOST_TEST(plugin.raw_names().size() == 4u);
}

BOOST_AUTO_TEST_CASE(stored_mails_move_to_another_folder) {
  auto *host = mail_host();
  if (host == nullptr) return;
  const auto maildir = host->folder() / "mail/replies";
  struct stat status{};
  BOOST_REQUIRE_EQUAL(::stat(maildir.c_str(), &status), 0);
  for (const auto *part : {"", "cur", "new", "tmp"}) {
    const auto path = maildir / ".Done" / part;
    std::filesystem::create_directories(path);
    BOOST_REQUIRE_EQUAL(::chown(path.c_str(), status.st_uid, status.st_gid), 0);
  }
  PluginHost plugin{settings_with(*host, "move")};
  BOOST_REQUIRE_EQUAL(plugin.poll(), "");
  BOOST_TEST(plugin.raw_names().size() == 2u);  // of the case before
  await_left(*host, 0);
  auto moved = settings_for(*host, "submission", "required", "replies");
  moved["bounces"].as_object()["folder"] = "Done";
  moved["bounces"].as_object()["after_store"] = "keep";
  PluginHost reader{json::serialize(moved)};
  BOOST_REQUIRE_EQUAL(reader.poll(), "");
  BOOST_TEST(reader.raw_names().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_mailbox_out_of_reach_is_told_and_sending_goes_on) {
  auto *host = mail_host();
  if (host == nullptr) return;
  auto settings = settings_for(*host, "submission", "required", "replies");
  auto &bounces = settings["bounces"].as_object();
  bounces["url"] = "imap://localhost:1";
  {
    PluginHost plugin{json::serialize(settings)};
    BOOST_TEST(plugin.poll().starts_with("connect: "));
    BOOST_TEST(plugin.health().back() == "degraded bounces_connect");
    plugin.submit({Mail{key_of(540), "paul@debtor.example"}});
    BOOST_TEST(plugin.await_ends(1).begin()->second.outcome == RELANCE_OUT_ACCEPTED);
    BOOST_TEST(plugin.health().back() == "degraded bounces_connect");
  }
  bounces["url"] = "imap://localhost:" + std::to_string(host->port("imap"));
  bounces["folder"] = "NoSuchFolder";
  PluginHost plugin{json::serialize(settings)};
  BOOST_TEST(plugin.poll().find(":") != std::string::npos);
  BOOST_TEST(plugin.raw_names().empty());
  bounces["folder"] = "INBOX";
  bounces["ca_file"] = host->facts.at("other_ca_file");
  PluginHost untrusting{json::serialize(settings)};
  BOOST_TEST(untrusting.poll().starts_with("tls: "));
}

BOOST_AUTO_TEST_CASE(a_folder_of_twenty_thousand_mails_is_read_and_emptied) {
  auto *host = mail_host();
  if (host == nullptr) return;
  constexpr std::size_t kMails{20'000};
  const auto maildir = crowd(*host, "Crowd", kMails);
  auto settings = settings_for(*host, "submission", "required", "replies");
  settings["bounces"].as_object()["folder"] = "Crowd";
  settings["bounces"].as_object()["after_store"] = "delete";
  {
    PluginHost plugin{json::serialize(settings)};  // never read before
    BOOST_REQUIRE_EQUAL(plugin.poll(), "");
    BOOST_TEST(plugin.raw_names().size() == 200u);
    BOOST_TEST(plugin.raw_names().front() == (imap::Cursor{kCrowdValidity, kCrowdFirst}.text()));
  }
  PluginHost plugin{json::serialize(settings)};
  plugin.cursor = imap::Cursor{kCrowdValidity, kCrowdFirst + kMails - 301}.text();
  BOOST_REQUIRE_EQUAL(plugin.poll(), "");  // and everything up to there goes
  BOOST_REQUIRE_EQUAL(plugin.poll(), "");
  BOOST_REQUIRE_EQUAL(plugin.poll(), "");
  const auto names = plugin.raw_names();
  BOOST_TEST((std::set<std::string>{names.begin(), names.end()}.size() == 300u));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (files_in(maildir / "cur") + files_in(maildir / "new") > 0) {
    BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
    BOOST_REQUIRE_EQUAL(plugin.poll(), "");
  }
  for (const auto &line : plugin.log_lines())
    BOOST_TEST(line.find("stay in the bounce mailbox") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_old_connection_with_thousands_of_removals_to_tell_hinders_nothing) {
  auto *host = mail_host();
  if (host == nullptr) return;
  constexpr std::uint32_t kMails{4'000};
  const auto maildir = crowd(*host, "Emptied", kMails);
  const std::atomic<bool> is_stopping{false};
  imap::Mailbox ours{crowd_options(*host, "Emptied"), is_stopping};
  auto fetched = ours.fetch({kCrowdValidity, kCrowdFirst + kMails - 6}, 10);
  BOOST_REQUIRE_MESSAGE(fetched.has_value(), fetched.error().text);
  BOOST_REQUIRE_EQUAL(fetched->mails.size(), 5u);
  {
    imap::Mailbox another{crowd_options(*host, "Emptied"), is_stopping};
    const auto emptied =
        another.dispose_up_to({kCrowdValidity, kCrowdFirst + kMails - 6}, imap::Disposal::remove, {});
    BOOST_REQUIRE_MESSAGE(emptied.has_value(), emptied.error().text);
  }
  BOOST_TEST(files_in(maildir / "cur") + files_in(maildir / "new") == 5u);
  std::vector<std::uint32_t> uids;
  for (const auto &mail : fetched->mails) uids.push_back(mail.uid);
  const auto done = ours.dispose(kCrowdValidity, uids, imap::Disposal::remove, {});
  BOOST_REQUIRE_MESSAGE(done.has_value(), done.error().text);
  BOOST_TEST(files_in(maildir / "cur") + files_in(maildir / "new") == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::test
