// tests/peers/mailhost.py for the tests of one executable: started by the first that asks, ended with the
// process.
#pragma once

#include <boost/json.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace relance::test {

class MailHost {
 public:
  MailHost();
  ~MailHost();
  MailHost(const MailHost &) = delete;
  MailHost &operator=(const MailHost &) = delete;

  [[nodiscard]] std::string fact(const char *section, const char *name) const;
  [[nodiscard]] std::int64_t port(const char *section) const;
  /// How often the server took the message with this key.
  [[nodiscard]] std::size_t accepted(const std::string &key) const;
  /// The same for many keys at once, in their order.
  [[nodiscard]] std::vector<std::size_t> accepted(const std::vector<std::string> &keys) const;
  [[nodiscard]] const std::filesystem::path &folder() const { return folder_; }

  boost::json::object facts;
  std::string why_not;

 private:
  [[nodiscard]] std::string command(const std::string &verb) const;
  std::filesystem::path folder_;
};

/// What lies in a mailbox of the host, seen where its server keeps it: a wait ends with the mail, not with a
/// pause.
class MailboxWatch {
 public:
  /// `mailbox`: "bounces" or "replies", which somebody has opened before.
  MailboxWatch(const MailHost &host, const std::string &mailbox);
  ~MailboxWatch();
  MailboxWatch(const MailboxWatch &) = delete;
  MailboxWatch &operator=(const MailboxWatch &) = delete;

  /// A mail came or went since the last wait, or does within this time. False: none did.
  bool wait(std::chrono::steady_clock::time_point until);
  [[nodiscard]] std::size_t mails() const;

 private:
  std::filesystem::path maildir_;
  int events_{-1};
};

/// nullptr, with the reason printed, on a machine where it cannot run.
MailHost *mail_host();

/// Settings of the plugin for the submission service in `section`, with the mailbox `bounces` or `replies`.
boost::json::object settings_for(const MailHost &host, const char *section, const char *tls,
                                 const char *mailbox = "imap");

}  // namespace relance::test
