// The server on a real Unix socket: permissions, limits, time-outs, keep-alive, many askers at once, streams,
// and its end.
#include "host/api/server.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <future>
#include <latch>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace relance::api {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    std::string pattern{(fs::temp_directory_path() / "relance-api-XXXXXX").string()};
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no folder");
    path = pattern;
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

/// A raw connection: what is sent is exactly what a test says.
class Peer {
 public:
  explicit Peer(const fs::path &socket) : fd_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
    is_connected = connect(fd_, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0;
    const timeval patience{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~Peer() { close(fd_); }
  Peer(const Peer &) = delete;
  Peer &operator=(const Peer &) = delete;

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  /// Reads until `end` was seen, or the other side closed.
  std::string read_until(std::string_view end) {
    std::string all;
    while (all.find(end) == std::string::npos) {
      char piece[4096];
      const auto got = recv(fd_, piece, sizeof piece, 0);
      if (got <= 0) break;
      all.append(piece, static_cast<std::size_t>(got));
    }
    return all;
  }
  std::string read_all() { return read_until(std::string_view{"\0never\0", 7}); }

  bool is_connected{false};

 private:
  int fd_;
};

struct World {
  explicit World(ServerLimits limits = {}) {
    router.add({"GET", "/v1/who", Handler{[](const Request &request) -> Result<Response> {
                  return Response{
                      200, "application/json", request.by + '|' + std::string{request.asked("a b")}, {}};
                }}});
    router.add({"POST", "/v1/echo", Handler{[](const Request &request) -> Result<Response> {
                  return Response{200, "application/json", request.body, {}};
                }}});
    router.add({"POST", "/v1/count", StreamHandler{[](const Request &, Exchange &exchange) -> Result<void> {
                  std::string piece(1000, '\0');
                  std::size_t all{0};
                  for (;;) {
                    const auto got = exchange.read_body(piece);
                    if (!got) return got.error();
                    if (*got == 0) break;
                    all += *got;
                    if (all % 2 == 0) exchange.write_line("{\"progress\":" + std::to_string(all) + '}');
                  }
                  exchange.write_line("{\"result\":" + std::to_string(all) + '}');
                  return {};
                }}});
    server = Server::listen(socket(), router, limits).value();
  }
  [[nodiscard]] fs::path socket() const { return folder.path / "s"; }

  /// One request on a connection of its own.
  std::string ask(std::string_view request) const {
    Peer peer{socket()};
    peer.send(request);
    return peer.read_all();
  }

  Folder folder;
  Router router;
  std::unique_ptr<Server> server;
};

std::string post(std::string_view path, std::string_view body,
                 std::string_view more = "Connection: close\r\n") {
  return "POST " + std::string{path} +
         " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string{more} + "\r\n" + std::string{body};
}

std::string chunk(std::string_view bytes) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + std::string{bytes} + "\r\n";
}

BOOST_AUTO_TEST_SUITE(server_test)

BOOST_AUTO_TEST_CASE(only_its_own_user_may_open_the_socket) {
  const World world;
  struct stat status{};
  BOOST_REQUIRE(stat(world.socket().c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0777) == 0600u);
  BOOST_TEST(S_ISSOCK(status.st_mode));
}

BOOST_AUTO_TEST_CASE(who_asks_is_the_user_of_the_peer_and_the_query_is_decoded) {
  const World world;
  const auto answer =
      world.ask("GET /v1/who?a%20b=caf%C3%A9 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  BOOST_TEST(answer.starts_with("HTTP/1.1 200 "));
  BOOST_TEST(answer.ends_with(std::string{getpwuid(getuid())->pw_name} + "|café"));
}

BOOST_AUTO_TEST_CASE(a_connection_serves_one_request_after_another) {
  const World world;
  Peer peer{world.socket()};
  for (const auto *text : {"one", "two", "three"}) {
    peer.send(post("/v1/echo", text, ""));
    const auto answer = peer.read_until(text);
    BOOST_TEST(answer.starts_with("HTTP/1.1 200 "));
    BOOST_TEST(answer.ends_with(text));
  }
}

BOOST_AUTO_TEST_CASE(requests_sent_in_a_row_are_answered_in_their_order) {
  const World world;
  Peer peer{world.socket()};
  peer.send(post("/v1/echo", "first", "") + post("/v1/echo", "second", "Connection: close\r\n"));
  const auto all = peer.read_all();
  BOOST_TEST(all.find("first") < all.find("second"));
  BOOST_TEST(all.ends_with("second"));
}

BOOST_AUTO_TEST_CASE(what_is_not_right_is_a_problem_with_its_status) {
  ServerLimits limits;
  limits.body_bytes_max = 1000;
  const World world{limits};
  struct Case {
    std::string request, status;
  };
  for (const auto &[request, status] : {
           Case{"GET /v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "404"},
           Case{"PUT /v1/who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "405"},
           Case{"GET /v1/who%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "400"},
           Case{"GET /v1/who HTTP/1.0\r\n\r\n", "505"},
           Case{"this is not HTTP\r\n\r\n", "400"},
           Case{"GET /v1/who HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n", "431"},
           Case{post("/v1/echo", std::string(1001, 'x')), "413"},
           Case{"POST /v1/echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" +
                    chunk(std::string(1001, 'x')) + "0\r\n\r\n",
                "413"},
           Case{post("/v1/nothing", "a body that nobody reads", ""), "404"},
       }) {
    const auto answer = world.ask(request);
    BOOST_TEST_CONTEXT(request.substr(0, 60)) {
      BOOST_TEST(answer.starts_with("HTTP/1.1 " + status));
      BOOST_TEST(answer.find("application/problem+json") != std::string::npos);
      BOOST_TEST(answer.find("\"status\":" + status) != std::string::npos);
    }
  }
  BOOST_TEST(world.ask(post("/v1/echo", std::string(1000, 'x'))).starts_with("HTTP/1.1 200"));
}

BOOST_AUTO_TEST_CASE(a_request_that_does_not_come_to_an_end_is_given_up) {
  ServerLimits limits;
  limits.idle_timeout = Milliseconds{150};
  limits.transfer_timeout = Milliseconds{150};
  const World world{limits};
  BOOST_TEST(world.ask("").empty());  // closed without a word
  BOOST_TEST(world.ask("GET /v1/who HTTP/1.1\r\nHo").empty());
  BOOST_TEST(world.ask("POST /v1/echo HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf").empty());
  const auto streamed = world.ask("POST /v1/count HTTP/1.1\r\nContent-Length: 10\r\n\r\n123");
  BOOST_TEST(streamed.starts_with("HTTP/1.1 503"));
  BOOST_TEST(streamed.find("broke off") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_streamed_body_is_answered_while_it_comes) {
  const World world;
  Peer peer{world.socket()};
  peer.send("POST /v1/count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("1234"));
  BOOST_TEST(peer.read_until("{\"progress\":4}").find("application/x-ndjson") != std::string::npos);
  peer.send(chunk("56"));
  BOOST_TEST(!peer.read_until("{\"progress\":6}").empty());
  peer.send("0\r\n\r\n");
  BOOST_TEST(peer.read_until("0\r\n\r\n").find("{\"result\":6}") != std::string::npos);
  peer.send(post("/v1/echo", "and on", ""));
  BOOST_TEST(peer.read_until("and on").ends_with("and on"));
}

BOOST_AUTO_TEST_CASE(a_streamed_body_larger_than_its_limit_is_cut) {
  ServerLimits limits;
  limits.stream_bytes_max = 10'000;
  const World world{limits};
  BOOST_TEST(world.ask(post("/v1/count", std::string(10'001, 'x'))).starts_with("HTTP/1.1 413"));
  const auto chunked = world.ask("POST /v1/count HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                 chunk(std::string(8001, 'x')) + chunk(std::string(8000, 'x')) + "0\r\n\r\n");
  BOOST_TEST(chunked.find("longer than the limit") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_asker_who_expects_a_hundred_is_told_to_go_on) {
  const World world;
  Peer peer{world.socket()};
  peer.send(
      "POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: "
      "close\r\n\r\n");
  BOOST_TEST(peer.read_until("\r\n\r\n").starts_with("HTTP/1.1 100 "));
  peer.send("body");
  BOOST_TEST(peer.read_all().ends_with("body"));
}

BOOST_AUTO_TEST_CASE(sixty_at_once_are_all_answered) {
  const World world;
  std::latch start{1};
  std::vector<std::future<std::string>> askers;
  for (int i{0}; i < 60; ++i)
    askers.push_back(std::async(std::launch::async, [&, i] {
      start.wait();
      return world.ask(post("/v1/echo", "number " + std::to_string(i) + '.'));
    }));
  start.count_down();
  for (int i{0}; i < 60; ++i) {
    const auto answer = askers[static_cast<std::size_t>(i)].get();
    BOOST_TEST(answer.ends_with("number " + std::to_string(i) + '.'));
  }
}

BOOST_AUTO_TEST_CASE(one_connection_too_many_is_told_to_come_back) {
  ServerLimits limits;
  limits.connections_max = 2;
  const World world{limits};
  Peer first{world.socket()}, second{world.socket()};
  // Answered, so surely counted.
  for (auto *peer : {&first, &second}) {
    peer->send(post("/v1/echo", "here", ""));
    BOOST_TEST(peer->read_until("here").ends_with("here"));
  }
  BOOST_TEST(world.ask("").starts_with("HTTP/1.1 503"));
}

BOOST_AUTO_TEST_CASE(a_socket_left_by_a_dead_daemon_is_taken_over_and_a_live_one_is_not) {
  World world;
  const auto second = Server::listen(world.socket(), world.router);
  BOOST_REQUIRE(!second);
  BOOST_TEST((second.error().kind == ErrorKind::conflict));
  // What a killed daemon leaves: a socket file that nobody listens on.
  const auto stale = world.folder.path / "stale";
  const int dead{::socket(AF_UNIX, SOCK_STREAM, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, stale.c_str(), sizeof address.sun_path - 1);
  BOOST_REQUIRE(bind(dead, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0);
  close(dead);
  BOOST_TEST(fs::exists(stale));
  BOOST_TEST(Server::listen(stale, world.router).has_value());
  // A file that is no socket is nobody's to remove.
  const auto file = world.folder.path / "file";
  std::fclose(std::fopen(file.c_str(), "w"));
  BOOST_TEST(!Server::listen(file, world.router).has_value());
  BOOST_TEST(fs::exists(file));
}

BOOST_AUTO_TEST_CASE(a_path_too_long_for_the_system_is_said_so) {
  const World world;
  const auto refused = Server::listen("/tmp/" + std::string(120, 'x'), world.router);
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().message.find("at most 107") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(stopping_removes_the_socket_and_closes_who_waits) {
  World world;
  Peer idle{world.socket()};
  idle.send(post("/v1/echo", "here", ""));
  (void)idle.read_until("here");
  Peer streaming{world.socket()};
  streaming.send("POST /v1/count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("12"));
  (void)streaming.read_until("{\"progress\":2}");
  world.server->stop();
  BOOST_TEST(!fs::exists(world.socket()));
  BOOST_TEST(idle.read_all().empty());
  BOOST_TEST(streaming.read_all().find("broke off") != std::string::npos);
  BOOST_TEST(!Peer{world.socket()}.is_connected);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace relance::api
