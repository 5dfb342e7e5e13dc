// poll(2) before each piece; chunks as RFC 9112 §7.1 writes them.
#include "host/api/stream_exchange.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>

namespace relance::api {
namespace {

Result<void> wait_for(int fd, short events, Milliseconds timeout) {
  pollfd waiting{fd, events, 0};
  int ready{0};
  do {
    ready = poll(&waiting, 1, static_cast<int>(timeout.count()));
  } while (ready < 0 && errno == EINTR);
  if (ready > 0) return {};
  return unavailable(ready == 0 ? "time-out: the other end neither reads nor writes" : std::strerror(errno));
}

}  // namespace

Result<std::size_t> read_some(int fd, std::span<char> into, Milliseconds timeout) {
  for (;;) {
    const auto got = recv(fd, into.data(), into.size(), MSG_DONTWAIT);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EAGAIN && errno != EINTR) return unavailable(std::strerror(errno));
    if (auto ready = wait_for(fd, POLLIN, timeout); !ready) return ready.error();
  }
}

Result<void> write_all(int fd, std::string_view bytes, Milliseconds timeout) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) return unavailable(std::strerror(errno));
    if (auto ready = wait_for(fd, POLLOUT, timeout); !ready) return ready.error();
  }
  return {};
}

bool StreamExchange::send(std::string_view bytes) {
  if (!is_broken_) is_broken_ = !write_all(fd_, bytes, timeout_);
  return !is_broken_;
}

bool StreamExchange::write_line(std::string_view json) {
  if (!has_written_) write_head("application/x-ndjson", {});
  return write_bytes(std::string{json} + '\n');
}

bool StreamExchange::write_head(std::string_view content_type, const NamedValues &headers) {
  has_written_ = true;
  std::string out{"HTTP/1.1 200 OK\r\nServer: relanced\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n"};
  out.append("Content-Type: ").append(content_type).append("\r\n");
  for (const auto &[name, value] : headers) {
    out.append(name).append(": ");
    for (const char c : value) out += c >= ' ' && c != '\x7f' ? c : ' ';
    out += "\r\n";
  }
  return send(out + "\r\n");
}

bool StreamExchange::write_bytes(std::string_view bytes) {
  if (bytes.empty()) return !is_broken_;  // an empty chunk would end the answer
  std::array<char, 16> size{};
  const auto end = std::to_chars(size.begin(), size.end(), bytes.size(), 16).ptr;
  std::string out(size.begin(), end);
  return send(out.append("\r\n").append(bytes).append("\r\n"));
}

bool StreamExchange::finish() {
  return send("0\r\n\r\n");
}

}  // namespace relance::api
