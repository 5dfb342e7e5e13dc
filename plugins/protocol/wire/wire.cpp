#include "plugins/protocol/wire/wire.hpp"

#include <cerrno>
#include <sys/socket.h>

namespace relance::wire {
namespace {

/// Bytes the kernel took, 0 when it has no room, -1 when the connection is gone.
std::ptrdiff_t send_some(int socket, const char *data, std::size_t size) {
  for (;;) {
    const auto sent = ::send(socket, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return sent;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
    if (errno != EINTR) return -1;
  }
}

}  // namespace

void Wire::encrypt() {
  if (plain_.empty()) return;
  const auto out_end = out_base_ + out_.size() - out_begin_;
  tls_->write(plain_, out_);
  plain_base_ += plain_.size();
  plain_.clear();
  sealed_.push_back({plain_base_, out_end});
}

Wire::Flush Wire::flush() {
  if (!tls_) {
    std::size_t begin{0};
    while (begin < plain_.size()) {
      const auto sent = send_some(socket_, plain_.data() + begin, plain_.size() - begin);
      if (sent <= 0) {
        plain_.erase(0, begin);
        return sent == 0 ? Flush::blocked : Flush::failed;
      }
      begin += static_cast<std::size_t>(sent);
      plain_base_ += static_cast<std::uint64_t>(sent);
      at_risk_ = plain_base_;
    }
    plain_.clear();
    return Flush::done;
  }
  encrypt();
  while (out_begin_ < out_.size()) {
    const auto sent = send_some(socket_, out_.data() + out_begin_, out_.size() - out_begin_);
    if (sent <= 0) return sent == 0 ? Flush::blocked : Flush::failed;
    out_begin_ += static_cast<std::size_t>(sent);
    out_base_ += static_cast<std::uint64_t>(sent);
    // The first byte of a record is enough to be careful about all that it holds.
    while (!sealed_.empty() && sealed_.front().out_begin < out_base_) {
      at_risk_ = sealed_.front().plain_end;
      sealed_.pop_front();
    }
  }
  out_.clear();
  out_begin_ = 0;
  return Flush::done;
}

}  // namespace relance::wire
