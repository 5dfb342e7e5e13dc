// relancectl's end of the control socket: one request at a time, answers whole or line by line.
#pragma once

#include "host/base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace relance::ctl {

struct Reply {
  unsigned status{0};
  std::string content_type, body;  ///< the body is empty when it was handed out
  std::string warning;             ///< what the daemon wants to be said beside the answer
};

/// What a request carries: a text, then (when `file` is a descriptor) everything that can be read from it.
struct Upload {
  std::string text;
  int file{-1};
  std::function<void(std::uint64_t bytes)> on_sent{};  ///< called on a thread of its own
};

class Client {
 public:
  explicit Client(std::filesystem::path socket) : socket_{std::move(socket)} {}

  [[nodiscard]] const std::filesystem::path &socket() const { return socket_; }

  /// An error means that no answer came: the daemon is not there, or went away.
  Result<Reply> send(std::string_view method, const std::string &target, std::string body) const;
  /// `on_line` gets each line of a streamed answer while it comes; any other answer is returned whole.
  Result<Reply> stream(std::string_view method, const std::string &target, const Upload &upload,
                       const std::function<void(std::string_view line)> &on_line) const;
  /// The body of an answer 200 goes to `take` piece by piece, which says whether it wants more; any other answer is
  /// returned whole.
  Result<Reply> download(const std::string &target, const std::function<bool(std::string_view)> &take) const;

 private:
  std::filesystem::path socket_;
};

}  // namespace relance::ctl
