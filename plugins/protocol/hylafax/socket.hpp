// One TCP connection of a thread that may wait, with a time limit on every step, and another thread's right
// to cut it short. What has gone wrong is thrown as a Fault: a session with a fax server has a dozen steps,
// and whoever made them needs to know only what broke and whether anything was said.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace relance::hylafax {

/// The server was not reached, or went away, or is none.
struct Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Nobody listens at the port, now.
struct PortClosed : Fault {
  using Fault::Fault;
};

class Socket {
 public:
  Socket() = default;
  /// Tries each address that the name has. Throws a Fault.
  Socket(const std::string &host, std::uint16_t port, std::chrono::milliseconds patience,
         const std::atomic<bool> &is_stopping);
  Socket(Socket &&other) noexcept;
  Socket &operator=(Socket &&other) noexcept;
  Socket(const Socket &) = delete;
  Socket &operator=(const Socket &) = delete;
  ~Socket();

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  void write(std::string_view bytes);
  /// Some bytes; empty at the end of the stream.
  [[nodiscard]] std::string read();
  /// Nobody has ended it and nothing unasked lies there: what a server that says good-bye has done.
  [[nodiscard]] bool is_quiet() const;
  /// The address of the other side, for a further connection to it, and whether it is one of IPv6.
  [[nodiscard]] std::string peer() const;
  [[nodiscard]] bool is_ipv6() const;

 private:
  void await(short events) const;

  int fd_{-1};
  std::chrono::milliseconds patience_{0};
  const std::atomic<bool> *is_stopping_{nullptr};
};

}  // namespace relance::hylafax
