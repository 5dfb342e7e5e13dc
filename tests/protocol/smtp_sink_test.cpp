// The client against Postfix's smtp-sink, which refuses, defers and disconnects where it is told.
#include "tests/protocol/scripted_smtp.hpp"

#include <boost/test/unit_test.hpp>

#include <arpa/inet.h>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <signal.h>
#include <spawn.h>
#include <sstream>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace relance::smtp {
using namespace test;

namespace {

bool is_installed() {
  for (const auto *folder : {"/usr/sbin", "/usr/local/sbin", "/usr/bin"}) {
    if (::access((std::string{folder} + "/smtp-sink").c_str(), X_OK) == 0) return true;
  }
  std::cout << "all of this suite skipped: smtp-sink (package postfix) is not installed" << std::endl;
  return false;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class Sink {
 public:
  explicit Sink(const std::vector<std::string> &options) {
    const int socket{::socket(AF_INET, SOCK_STREAM, 0)};
    auto address = loopback(0);
    socklen_t size{sizeof address};
    ::bind(socket, reinterpret_cast<sockaddr *>(&address), size);
    ::getsockname(socket, reinterpret_cast<sockaddr *>(&address), &size);
    ::close(socket);
    port = ntohs(address.sin_port);
    std::vector<std::string> words{"smtp-sink"};
    if (::getuid() == 0) words.insert(words.end(), {"-u", "nobody"});
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"127.0.0.1:" + std::to_string(port), "100"});
    std::vector<char *> arguments;
    for (auto &word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    BOOST_REQUIRE_EQUAL(::posix_spawnp(&child_, arguments[0], nullptr, nullptr, arguments.data(), environ),
                        0);
    await_listening();
  }
  ~Sink() {
    ::kill(child_, SIGTERM);
    ::waitpid(child_, nullptr, 0);
  }
  Sink(const Sink &) = delete;
  Sink &operator=(const Sink &) = delete;
  std::uint16_t port{0};

 private:
  /// smtp-sink tells nobody that it listens: a connection that it takes is the only fact there is, and the
  /// end of its process the other.
  void await_listening() const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (std::chrono::steady_clock::now() < deadline) {
      const int socket{::socket(AF_INET, SOCK_STREAM, 0)};
      const auto address = loopback(port);
      const bool is_open{::connect(socket, reinterpret_cast<const sockaddr *>(&address), sizeof address) ==
                         0};
      ::close(socket);
      if (is_open) return;
      siginfo_t ended{};
      BOOST_REQUIRE_EQUAL(::waitid(P_PID, static_cast<id_t>(child_), &ended, WEXITED | WNOHANG | WNOWAIT), 0);
      BOOST_REQUIRE_MESSAGE(ended.si_pid == 0, "smtp-sink has ended");
      std::this_thread::yield();
    }
    BOOST_FAIL("smtp-sink does not listen");
  }
  pid_t child_{0};
};

std::map<std::uint64_t, Outcome> send(const Sink &sink, std::uint64_t count, std::size_t connections) {
  Options options;
  options.host = "127.0.0.1";
  options.port = sink.port;
  options.connections = connections;
  options.tls = TlsMode::none;
  options.backoff_first = options.backoff_most = std::chrono::milliseconds{10};
  Harness harness{options};
  std::vector<Submission> batch;
  for (std::uint64_t id{1}; id <= count; ++id) {
    batch.push_back({id, {"from@example.com", {"to@example.com"}, "key", false}, message(id)});
  }
  harness.client().submit(std::move(batch));
  return harness.await(count);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(smtp_sink_test)

BOOST_AUTO_TEST_CASE(each_fault_is_what_it_means) {
  if (!is_installed()) return;
  struct Case {
    const char *option, *commands;
    Verdict verdict;
  };
  for (const auto &one : {Case{"-q", "CONNECT", Verdict::not_sent}, Case{"-q", "EHLO", Verdict::not_sent},
                          Case{"-q", "MAIL", Verdict::not_sent},    Case{"-q", "RCPT", Verdict::not_sent},
                          Case{"-q", "DATA", Verdict::not_sent},    Case{"-q", ".", Verdict::unknown},
                          Case{"-Q", "MAIL", Verdict::not_sent},    Case{"-Q", "RCPT", Verdict::not_sent},
                          Case{"-Q", "DATA", Verdict::not_sent},    Case{"-Q", ".", Verdict::not_sent},
                          Case{"-f", "CONNECT", Verdict::not_sent}, Case{"-f", "MAIL", Verdict::rejected},
                          Case{"-f", "RCPT", Verdict::rejected},    Case{"-f", "DATA", Verdict::rejected},
                          Case{"-f", ".", Verdict::rejected},       Case{"-r", "MAIL", Verdict::not_sent},
                          Case{"-r", "RCPT", Verdict::not_sent},    Case{"-r", "DATA", Verdict::not_sent},
                          Case{"-r", ".", Verdict::not_sent},       Case{"-A", "0", Verdict::rejected}}) {
    BOOST_TEST_MESSAGE(one.option << " " << one.commands);
    const Sink sink{{one.option, one.commands}};
    std::size_t as_expected{0};
    for (const auto &[id, outcome] : send(sink, 20, 3)) {
      const bool is_expected{outcome.verdict == one.verdict};
      as_expected += static_cast<std::size_t>(is_expected);
      // A message whose commands followed the dot of another goes down with that connection, and says so.
      const bool is_bystander{outcome.verdict == Verdict::not_sent && outcome.stage == Stage::mail};
      BOOST_TEST((is_expected || is_bystander), one.option << " " << one.commands << ": "
                                                           << name_of(outcome.verdict) << " at "
                                                           << name_of(outcome.stage) << " "
                                                           << outcome.reply.codes() << " " << outcome.detail);
    }
    BOOST_TEST(as_expected >= 10u, one.option << " " << one.commands);
  }
}

BOOST_AUTO_TEST_CASE(servers_of_few_abilities_take_all_the_same) {
  if (!is_installed()) return;
  for (const auto *option : {"-e", "-p", "-8", "-N", "-E", "-P"}) {
    const Sink sink{{option}};
    for (const auto &[id, outcome] : send(sink, 50, 2))
      BOOST_TEST(name_of(outcome.verdict) == "accepted", option);
  }
  const Sink narrow{{"-m", "2"}};  // further connections wait in the listener's queue
  for (const auto &[id, outcome] : send(narrow, 200, 8)) BOOST_TEST(name_of(outcome.verdict) == "accepted");
}

BOOST_AUTO_TEST_CASE(each_of_many_messages_arrives_once_and_whole) {
  if (!is_installed()) return;
  const auto folder =
      std::filesystem::temp_directory_path() / ("smtp_sink_test." + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  std::filesystem::permissions(folder, std::filesystem::perms{0777});
  constexpr std::uint64_t kCount{2'000};
  {
    const Sink sink{{"-D", (folder / "mails").string()}};
    for (const auto &[id, outcome] : send(sink, kCount, 20))
      BOOST_REQUIRE(outcome.verdict == Verdict::accepted);
  }
  std::stringstream all;
  all << std::ifstream{folder / "mails"}.rdbuf();
  std::filesystem::remove_all(folder);
  std::map<std::string, int> seen;
  for (std::string line; std::getline(all, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.starts_with("text of ") || line == ".dot") ++seen[line];
  }
  BOOST_TEST(seen[".dot"] == static_cast<int>(kCount));
  BOOST_TEST(seen.size() == kCount + 1);
  for (const auto &[line, times] : seen) {
    if (line != ".dot") BOOST_TEST(times == 1, line);
  }
}

BOOST_AUTO_TEST_CASE(what_looks_like_an_end_of_data_is_refused_or_arrives_as_text) {
  if (!is_installed()) return;
  const std::string inside{
      "MAIL FROM:<ceo@example.com>\r\nRCPT TO:<victim@example.com>\r\nDATA\r\nSubject: "
      "smuggled\r\n\r\nx\r\n.\r\n"};
  const std::vector<std::string> ends{"\n.\n",     "\r.\r",      "\r\n.\r",       "\r\n.\n",
                                      "\n.\r\n",   "\r.\r\n",    "\r\r\n.\r\r\n", "\r\n\r.\r\n",
                                      "\n\n.\r\n", "\r\n..\r\n", "\r\n.\r\n"};
  const auto folder =
      std::filesystem::temp_directory_path() / ("smtp_sink_smuggled." + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  std::filesystem::permissions(folder, std::filesystem::perms{0777});
  std::size_t refused{0};
  {
    const Sink sink{{"-D", (folder / "mails").string()}};
    Options options;
    options.host = "127.0.0.1";
    options.port = sink.port;
    options.tls = TlsMode::none;
    Harness harness{options};
    for (std::size_t index{0}; index < ends.size(); ++index)
      harness.submit(index + 1,
                     "Subject: whole " + std::to_string(index) + "\r\n\r\nbegin" + ends[index] + inside);
    for (const auto &[id, outcome] : harness.await(ends.size())) {
      const bool is_refused{outcome.verdict == Verdict::rejected && outcome.stage == Stage::local};
      BOOST_TEST((is_refused || outcome.verdict == Verdict::accepted));
      refused += static_cast<std::size_t>(is_refused);
    }
  }
  std::stringstream all;
  all << std::ifstream{folder / "mails"}.rdbuf();
  std::filesystem::remove_all(folder);
  std::map<std::string, std::size_t> seen;
  for (std::string line; std::getline(all, line);) {
    if (line.ends_with('\r')) line.pop_back();
    ++seen[line.substr(0, line.find(' '))];
  }
  // Two of them are lines of text like any other once their dots are stuffed; the rest never leaves.
  BOOST_TEST(refused == ends.size() - 2);
  BOOST_TEST(seen["X-Mail-Args:"] == ends.size() - refused);
  BOOST_TEST(seen["MAIL"] == ends.size() - refused);
  BOOST_TEST(seen["."] + seen[".."] == 2 * (ends.size() - refused));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::smtp
