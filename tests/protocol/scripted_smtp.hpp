// An SMTP server that does what a test tells it, each connection in a thread of its own, and remembers every
// byte that it was sent: what a verdict says is held against what the server really has.
#pragma once

#include "plugins/protocol/smtp/client.hpp"

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

struct ssl_st;
struct ssl_ctx_st;

namespace relance::smtp::test {

/// A certificate of its own making, valid for one DNS name; trusted by who is given its file.
struct Certificate {
  /// From an hour ago on, for so many seconds from now.
  explicit Certificate(const std::string &dns_name, long valid_for_s = 3600);
  ~Certificate();
  Certificate(const Certificate &) = delete;
  Certificate &operator=(const Certificate &) = delete;
  std::string file;  // PEM, certificate only
  std::shared_ptr<ssl_ctx_st> context;
};

/// Thrown inside a script when the client has gone or the connection's byte budget is used up.
struct Gone {};

class Peer {
 public:
  Peer(int socket, std::size_t number) : number{number}, socket_{socket} {}
  ~Peer();
  Peer(const Peer &) = delete;
  Peer &operator=(const Peer &) = delete;

  const std::size_t number;  ///< 0 for the first connection
  void send(std::string_view text);
  std::string line();     ///< without CR LF
  std::string content();  ///< up to CR LF . CR LF, which it leaves out; dots still stuffed
  void start_tls(const Certificate &certificate);
  void reset();  ///< RST instead of FIN when it is closed
  /// Throws Gone once so many bytes of the dialogue were read.
  void limit(std::size_t bytes) { budget_ = bytes; }
  [[nodiscard]] const std::string &received() const { return received_; }
  [[nodiscard]] std::size_t rest() const { return buffer_.size(); }
  void await_end();  ///< reads until the client closes

 private:
  void fill();
  int socket_;
  ssl_st *ssl_{nullptr};
  std::string buffer_;
  std::string received_;
  std::size_t budget_{SIZE_MAX};
};

class ScriptedServer {
 public:
  using Script = std::function<void(ScriptedServer &, Peer &)>;
  explicit ScriptedServer(Script script);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer &) = delete;
  ScriptedServer &operator=(const ScriptedServer &) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Called by scripts: the whole message is here.
  void keep(std::string content);
  [[nodiscard]] std::vector<std::string> kept();
  void note(std::string line);
  [[nodiscard]] std::vector<std::string> notes();
  [[nodiscard]] std::size_t connections();
  /// Joins all threads: after this nothing more can arrive.
  void stop();

 private:
  void accept_all();
  Script script_;
  int listener_;
  std::uint16_t port_{0};
  std::mutex mutex_;
  std::vector<std::string> kept_, notes_;
  std::size_t connections_{0};
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

struct Behaviour {
  std::string extensions{"PIPELINING\n8BITMIME\nDSN\nSMTPUTF8\nSIZE 100000"};
  std::map<std::string, std::string>
      answers{};  ///< by verb, "." for the end of data; "" closes the connection
};
/// A whole dialogue after the greeting, keeping what it receives.
void converse(ScriptedServer &server, Peer &peer, const Behaviour &behaviour);

/// A client whose completions can be awaited.
class Harness {
 public:
  explicit Harness(Options options);
  void submit(std::uint64_t id, std::string content = {},
              Envelope envelope = {"from@example.com", {"to@example.com"}, "key", false},
              std::chrono::steady_clock::time_point not_after = std::chrono::steady_clock::time_point::max());
  /// Waits for so many completions; fails the test after 20 s.
  std::map<std::uint64_t, Outcome> await(std::size_t count);
  Client &client() { return *client_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, Outcome> outcomes_;
  std::size_t ends_{0};
  std::vector<std::uint64_t> doubled_;  ///< ended more than once
  std::unique_ptr<Client> client_;
};

Options options_for(const ScriptedServer &server);
std::string message(std::uint64_t id);

}  // namespace relance::smtp::test
