// A TCP connection from a host's name to its end, for the clients that keep long dialogues. Asio stays
// inside.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace boost::asio {
class io_context;
}

namespace relance::wire {

/// All on the context's thread. What is asked with a `then` is answered once, also after close(): let it keep
/// alive whoever has the line. A fault is a text for a log line, empty when there is none.
class Line {
 public:
  explicit Line(boost::asio::io_context &io);
  ~Line();
  Line(const Line &) = delete;
  Line &operator=(const Line &) = delete;

  /// `host`: a name or an address. Fault: "resolve: …" or "connect: …".
  void dial(const std::string &host, std::uint16_t port, std::function<void(std::string fault)> then);
  /// One at a time. `buffer` lives until the answer.
  void read(std::span<char> buffer, std::function<void(std::string fault, std::size_t count)> then);
  void await_writable(std::function<void(std::string fault)> then);
  /// What is there already; 0: nothing, or the end.
  std::size_t read_now(std::span<char> buffer);
  /// For who writes by himself: connected, without delay, never blocking.
  [[nodiscard]] int socket();
  /// As an address literal of RFC 5321: "[127.0.0.1]".
  [[nodiscard]] std::string local_address_literal() const;
  /// Gives up, also in the midst of dialling: what was looked up is then not connected to.
  void close();

 private:
  struct Network;
  std::unique_ptr<Network> network_;
};

}  // namespace relance::wire
