// The synchronous side of a connection: a streamed request is read and answered by the thread that works on
// it, with a time limit for each piece, so that back-pressure needs no queue.
#pragma once

#include "host/api/message.hpp"
#include "host/base/time.hpp"

#include <cstdint>
#include <functional>

namespace relance::api {

/// Waits until `fd` can be read (or written), then moves bytes. An error says "time-out" or why; 0 read: the
/// other end closed.
Result<std::size_t> read_some(int fd, std::span<char> into, Milliseconds timeout);
Result<void> write_all(int fd, std::string_view bytes, Milliseconds timeout);

class StreamExchange final : public Exchange {
 public:
  /// `read` yields the request's decoded body.
  using BodyReader = std::function<Result<std::size_t>(std::span<char>)>;
  StreamExchange(int fd, Milliseconds timeout, BodyReader read)
      : fd_{fd}, timeout_{timeout}, read_{std::move(read)} {}

  Result<std::size_t> read_body(std::span<char> into) override { return read_(into); }
  bool write_line(std::string_view json) override;
  bool write_head(std::string_view content_type, const NamedValues &headers) override;
  bool write_bytes(std::string_view bytes) override;
  void break_off() override { is_broken_ = true; }

  /// Ends the answer. True: all of it reached the socket.
  bool finish();
  [[nodiscard]] bool has_written() const { return has_written_; }

 private:
  bool send(std::string_view bytes);

  int fd_;
  Milliseconds timeout_;
  BodyReader read_;
  bool has_written_{false}, is_broken_{false};
};

}  // namespace relance::api
