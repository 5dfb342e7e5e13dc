#include "tests/smtp/mail_host.hpp"

#include "tests/test_folders.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdio>
#include <iostream>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace relance::test {
namespace json = boost::json;
namespace {

struct Output {
  int status;
  std::string text;
};
Output run(const std::string &command) {
  auto *pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::string text;
  std::array<char, 4096> buffer{};
  for (auto count = std::fread(buffer.data(), 1, buffer.size(), pipe); count > 0;
       count = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    text.append(buffer.data(), count);
  }
  return {::pclose(pipe), text};
}

}  // namespace

MailHost::MailHost()
    : folder_{std::filesystem::temp_directory_path() / ("smtp_mailhost." + std::to_string(::getpid()))} {
  std::filesystem::create_directories(folder_);
  std::filesystem::permissions(folder_, std::filesystem::perms{0755});
  const auto started = run(command("start") + " --json --queue-lifetime 8 --delay-warning 3 --die-with " +
                           std::to_string(::getpid()));
  if (started.status == 0) {
    facts = json::parse(started.text).as_object();
  } else {
    why_not = started.text;
  }
}

MailHost::~MailHost() {
  run(command("stop"));
  std::filesystem::remove_all(folder_);
}

std::string MailHost::command(const std::string &verb) const {
  return "python3 '" + (source_dir() / "tests/peers/mailhost.py").string() + "' " + verb + " --dir '" +
         folder_.string() + "'";
}

std::string MailHost::fact(const char *section, const char *name) const {
  return std::string{facts.at(section).as_object().at(name).as_string()};
}

std::int64_t MailHost::port(const char *section) const {
  return facts.at(section).as_object().at("port").as_int64();
}

std::size_t MailHost::accepted(const std::string &key) const {
  return accepted(std::vector{key}).front();
}

std::vector<std::size_t> MailHost::accepted(const std::vector<std::string> &keys) const {
  const auto list = run(command("accepted")).text;
  std::vector<std::size_t> counts;
  for (const auto &key : keys) {
    auto &count = counts.emplace_back(0);
    for (auto at = list.find("bounces+" + key); at != std::string::npos;
         at = list.find("bounces+" + key, at + 1))
      ++count;
  }
  return counts;
}

MailboxWatch::MailboxWatch(const MailHost &host, const std::string &mailbox)
    : maildir_{host.folder() / "mail" / mailbox}, events_{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)} {
  for (const auto *part : {"new", "cur"})
    BOOST_REQUIRE(::inotify_add_watch(events_, (maildir_ / part).c_str(),
                                      IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM) >= 0);
}

MailboxWatch::~MailboxWatch() {
  ::close(events_);
}

bool MailboxWatch::wait(std::chrono::steady_clock::time_point until) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
  pollfd readable{events_, POLLIN, 0};
  if (left <= 0 || ::poll(&readable, 1, static_cast<int>(left)) <= 0) return false;
  std::array<char, 64 * 1024> ignored{};
  while (::read(events_, ignored.data(), ignored.size()) > 0) {
  }
  return true;
}

std::size_t MailboxWatch::mails() const {
  std::size_t count{0};
  for (const auto *part : {"new", "cur"})
    count +=
        static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{maildir_ / part}, {}));
  return count;
}

MailHost *mail_host() {
  static MailHost host;
  if (host.why_not.empty()) return &host;
  std::cout << "all of this suite skipped: " << host.why_not << std::endl;
  return nullptr;
}

json::object settings_for(const MailHost &host, const char *section, const char *tls, const char *mailbox) {
  return {
      {"envelope_sender", "bounces+KEY@creditor.example"},
      {"max_in_flight", 200},
      {"request_read_receipt", true},
      {"server",
       {{"host", "127.0.0.1"},
        {"port", host.port(section)},
        {"tls", tls},
        {"server_name", host.facts.at("server_name")},
        {"ca_file", host.facts.at("ca_file")},
        {"connections", 3},
        {"ehlo_name", "client.creditor.example"}}},
      {"auth", {{"user", host.fact("submission", "user")}, {"secret", host.fact("submission", "password")}}},
      {"bounces",
       {{"url", "imap://localhost:" + std::to_string(host.port("imap"))},
        {"user", host.fact(mailbox, "user")},
        {"secret", host.fact(mailbox, "password")},
        {"ca_file", host.facts.at("ca_file")},
        {"poll_interval_s", 1}}}};
}

}  // namespace relance::test
