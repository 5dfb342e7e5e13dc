// A session with a server that means no good, or is none: everything that it can say is bounded, and nobody
// else is believed.
#include "plugins/protocol/hylafax/session.hpp"

#include <boost/test/unit_test.hpp>

#include <arpa/inet.h>
#include <functional>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace relance::hylafax;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(fax_session_test)

namespace {

class Listener {
 public:
  Listener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size{sizeof address};
    if (::bind(fd_, reinterpret_cast<const sockaddr *>(&address), size) != 0 || ::listen(fd_, 4) != 0 ||
        ::getsockname(fd_, reinterpret_cast<sockaddr *>(&address), &size) != 0)
      throw std::runtime_error("no listener");
    port_ = ntohs(address.sin_port);
  }
  Listener(const Listener &) = delete;
  Listener &operator=(const Listener &) = delete;
  ~Listener() { ::close(fd_); }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int accepted() const { return ::accept(fd_, nullptr, nullptr); }

 private:
  int fd_;
  std::uint16_t port_{0};
};

/// Greets, logs in whoever comes, and then lets the test answer each command; an empty answer closes.
class FalseServer {
 public:
  explicit FalseServer(std::function<std::string(const std::string &)> answer)
      : answer_(std::move(answer)), thread_([this] { serve(); }) {}
  FalseServer(const FalseServer &) = delete;
  FalseServer &operator=(const FalseServer &) = delete;
  ~FalseServer() { thread_.join(); }

  Server server() const {
    return {.host = "127.0.0.1",
            .port = listener_.port(),
            .user = "relance",
            .password = "p-7f3a91",
            .patience = 2s};
  }
  std::vector<std::string> heard{};  ///< complete when the server has ended

 private:
  void serve() {
    const int fd{listener_.accepted()};
    say(fd, "220 ready\r\n");
    std::string bytes;
    for (char some[4096];;) {
      const auto count = ::recv(fd, some, sizeof some, 0);
      if (count <= 0) break;
      bytes.append(some, static_cast<std::size_t>(count));
      bool is_over{false};
      for (auto end = bytes.find("\r\n"); end != bytes.npos && !is_over; end = bytes.find("\r\n")) {
        heard.push_back(bytes.substr(0, end));
        bytes.erase(0, end + 2);
        const auto said = usual(heard.back());
        is_over = said.empty();
        say(fd, said);
      }
      if (is_over) break;
    }
    ::close(fd);
  }
  std::string usual(const std::string &command) const {
    if (auto said = answer_(command); said != "usual") return said;
    if (command.starts_with("USER")) return "331 Password required\r\n";
    if (command.starts_with("PASS")) return "230 logged in\r\n";
    return "200 fine\r\n";
  }
  static void say(int fd, const std::string &words) {
    for (std::size_t at{0}; at < words.size();) {
      const auto count = ::send(fd, words.data() + at, words.size() - at, MSG_NOSIGNAL);
      if (count <= 0) return;
      at += static_cast<std::size_t>(count);
    }
  }

  Listener listener_;
  std::function<std::string(const std::string &)> answer_;
  std::thread thread_;
};

const std::atomic<bool> kGoesOn{false};

/// What it says of a session in which a job is looked at, where the server answers that with `said`.
std::string fault_of(const std::string &said) {
  FalseServer server{
      [&](const std::string &command) { return command == "JPARM" ? said : std::string{"usual"}; }};
  Session session{server.server(), kGoesOn};
  session.open();
  try {
    const auto job = session.look("7");
    return job ? "a job" : "none";
  } catch (const std::runtime_error &fault) {
    return fault.what();
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(whatever_a_server_says_has_an_end) {
  BOOST_CHECK_EQUAL(fault_of(std::string(20'000, 'x')), "the fax server sends a line without end");
  std::string lines;
  for (int i{0}; i < 2'000; ++i) lines += "217-more\r\n";
  BOOST_CHECK_EQUAL(fault_of(lines), "the fax server sends a reply without end");
  BOOST_CHECK_EQUAL(fault_of(""), "the fax server closed the session");
  BOOST_CHECK_EQUAL(fault_of("217-Job state: jobid 9\r\n    STATE: DONE\r\n    JOBID: 9\r\n217 End\r\n"),
                    "none");  // another job
  BOOST_CHECK_EQUAL(fault_of("217-Job state: jobid 7\r\n    STATE: LOST\r\n    JOBID: 7\r\n217 End\r\n"),
                    "none");
  BOOST_CHECK_EQUAL(fault_of("217-Job state: jobid 7\r\n    STATE: DONE\r\n    JOBID: 7\r\n217 End\r\n"),
                    "a job");
  BOOST_CHECK_EQUAL(fault_of("500 no\x01way\r\n"), "JPARM: 500 no way");
}

BOOST_AUTO_TEST_CASE(a_server_that_is_silent_is_given_up_after_its_time) {
  const Listener silent;
  Session session{{.host = "127.0.0.1", .port = silent.port(), .user = "u", .patience = 300ms}, kGoesOn};
  BOOST_CHECK_EXCEPTION(session.open(), Fault, [](const Fault &fault) {
    return fault.what() == std::string{"the fax server did not answer in time"};
  });
  BOOST_CHECK(!session.is_open());
}

BOOST_AUTO_TEST_CASE(who_is_told_to_stop_waits_only_for_what_is_due) {
  const Listener silent;
  const std::atomic<bool> is_stopping{true};
  Session session{{.host = "127.0.0.1", .port = silent.port(), .user = "u", .patience = 60s}, is_stopping};
  const auto began = std::chrono::steady_clock::now();
  BOOST_CHECK_THROW(session.open(), Fault);
  BOOST_CHECK(std::chrono::steady_clock::now() - began < 20s);
}

BOOST_AUTO_TEST_CASE(a_refused_login_is_told_without_the_password) {
  FalseServer server{[](const std::string &command) {
    return std::string{command.starts_with("PASS") ? "530 Login incorrect.\r\n" : "usual"};
  }};
  Session session{server.server(), kGoesOn};
  BOOST_CHECK_EXCEPTION(session.open(), Refused, [](const Refused &refused) {
    return refused.what() == std::string{"login: 530 Login incorrect."};
  });
}

BOOST_AUTO_TEST_CASE(a_document_goes_to_the_server_itself_whatever_address_it_names) {
  const Listener data;
  const auto port = std::to_string(data.port() >> 8) + "," + std::to_string(data.port() & 0xFF);
  std::string arrived;
  {
    FalseServer server{[&](const std::string &command) -> std::string {
      if (command == "PASV") return "227 Entering passive mode (192,0,2,1," + port + ")\r\n";
      if (command == "STOT") return "150 FILE: /tmp/doc1.tif (Opening).\r\n226 Transfer complete.\r\n";
      return "usual";
    }};
    Session session{server.server(), kGoesOn};
    session.open();
    std::thread taking{[&] {
      const int fd{data.accepted()};
      for (char some[4096];;) {
        const auto count = ::recv(fd, some, sizeof some, 0);
        if (count <= 0) break;
        arrived.append(some, static_cast<std::size_t>(count));
      }
      ::close(fd);
    }};
    BOOST_CHECK_EQUAL(session.upload("TIFF", "II*\0page"), "/tmp/doc1.tif");
    taking.join();
  }
  BOOST_CHECK_EQUAL(arrived, "II*");
}

BOOST_AUTO_TEST_CASE(a_server_that_has_said_goodbye_is_not_alive) {
  FalseServer server{[](const std::string &command) {
    return std::string{command == "NOOP" ? "200 fine\r\n421 Timeout: closing control connection.\r\n"
                                         : "usual"};
  }};
  Session session{server.server(), kGoesOn};
  session.open();
  BOOST_CHECK(session.is_alive());
  session.command("NOOP");
  BOOST_CHECK(!session.is_alive());
}

BOOST_AUTO_TEST_CASE(a_command_that_the_server_would_read_as_two_is_not_said) {
  std::vector<std::string> heard;
  {
    FalseServer server{[&](const std::string &command) {
      heard.push_back(command);
      return std::string{"usual"};
    }};
    Session session{server.server(), kGoesOn};
    session.open();
    BOOST_CHECK_THROW(session.command("JPARM FROMUSER " + as_argument(std::string(1000, 'x'))), Fault);
  }
  BOOST_CHECK_EQUAL(heard.back(), "IDLE 7200");
}

BOOST_AUTO_TEST_CASE(an_argument_ends_where_it_ends) {
  BOOST_CHECK_EQUAL(as_argument("Acme \"A\\B\"\r\nJKILL 1\x7f"), "\"Acme ABJKILL 1\"");
  BOOST_CHECK_EQUAL(as_argument(""), "\"\"");
}

BOOST_AUTO_TEST_SUITE_END()
