#include "host/channel/child_outbox.hpp"

#include "host/channel/child_role.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace relance::channel {

void ChildOutbox::ready(std::uint32_t credit) {
  {
    const std::lock_guard lock(mutex_);
    ready_ = credit;
  }
  flush_from_here();
}

void ChildOutbox::health(Health health) {
  {
    const std::lock_guard lock(mutex_);
    health_ = std::move(health);
  }
  flush_from_here();
}

void ChildOutbox::state_changed(std::string_view key) {
  {
    const std::lock_guard lock(mutex_);
    changed_keys_.emplace(key);
  }
  flush_from_here();
}

void ChildOutbox::write_news() {
  if (out_.size() > kChatterBytesMax) return;
  FrameWriter w(out_);
  if (health_) encode(w, *health_);
  if (ready_) encode_number(w, FrameType::ready, *ready_);
  for (const auto &key : changed_keys_) encode(w, StateFrame{key, state_.get(key).value_or("")});
  health_.reset();
  ready_.reset();
  changed_keys_.clear();
}

void ChildOutbox::flush_from_here() {
  if (!is_main_thread() && !flush()) signal();
}

bool ChildOutbox::flush() {
  const std::lock_guard lock(mutex_);
  write_news();
  std::size_t at{0};
  while (at < out_.size()) {
    const auto n = ::send(socket_, out_.data() + at, out_.size() - at, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) ::_exit(kExitOrphaned);
    if (n < 0) break;
    at += static_cast<std::size_t>(n);
  }
  out_.erase_front(at);
  return out_.empty();
}

void ChildOutbox::flush_waiting() {
  while (!flush()) {
    pollfd p{socket_, POLLOUT, 0};
    ::poll(&p, 1, -1);
  }
}

void ChildOutbox::signal() {
  const std::uint64_t one{1};
  static_cast<void>(!::write(signal_, &one, sizeof one));
}

}  // namespace relance::channel
