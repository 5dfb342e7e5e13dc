// One session with hfaxd: commands with their replies on a control connection, documents and lists through
// data connections (RFC 959 §4.2, with jobs). A session forgets, when it ends, every job that it has made and
// not submitted. One thread at a time. @see hfaxd(8)
#pragma once

#include "plugins/protocol/hylafax/job.hpp"
#include "plugins/protocol/hylafax/socket.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::hylafax {

struct Reply {
  int code{0};
  std::string text{};                ///< of the last line, without its code
  std::vector<std::string> lines{};  ///< all before the last, as they came
};

/// The server answered, and not what was hoped for. The connection is whole.
struct Refused : std::runtime_error {
  Refused(std::string_view word, Reply reply);
  Reply reply;
};

struct Server {
  std::string host{};
  std::uint16_t port{4559};
  std::string user{}, password{};  ///< no password: none is asked for
  std::chrono::milliseconds patience{30'000};
};

class Session {
 public:
  Session(const Server &server, const std::atomic<bool> &is_stopping)
      : server_(server), is_stopping_(is_stopping) {}

  /// Connects and logs in. Throws Fault or Refused (to the login: of "USER" or "PASS").
  void open();
  [[nodiscard]] bool is_open() const { return control_.is_open(); }
  /// Open, and the server has not said good-bye meanwhile: what is written now is read.
  [[nodiscard]] bool is_alive() const { return control_.is_open() && read_.empty() && control_.is_quiet(); }
  void close();

  /// `line` has no line end in it: build arguments by as_argument(). Throws Fault, with nothing said, where it is
  /// longer than the server reads as one.
  Reply command(std::string_view line);
  /// Throws Refused on any other code.
  Reply expect(std::string_view line, int code);

  /// Stores a document ("TIFF", "PDF", "PS") for this session; returns the server's name of it.
  std::string upload(std::string_view form, std::string_view bytes);
  /// A new job, which is a draft; returns its number.
  std::string make_job();
  /// Its state now: the job is set anew each time, as one that was set before answers stale. Nothing when
  /// there is no such job.
  std::optional<Job> look(std::string_view id);
  /// What lies in a queue, "sendq" or "doneq"; what cannot be read is left out.
  std::vector<Job> list(std::string_view queue);

 private:
  void connect();
  Socket data_connection();
  std::string line();
  Reply reply();

  const Server server_;
  const std::atomic<bool> &is_stopping_;
  Socket control_{};
  std::string read_{};
  std::string form_{};
  bool has_list_format_{false};
};

/// An argument in quotes: no quote, no backslash, no control character and so no line end gets through.
[[nodiscard]] std::string as_argument(std::string_view text);

}  // namespace relance::hylafax
