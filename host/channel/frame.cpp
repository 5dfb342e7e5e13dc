#include "host/channel/frame.hpp"

#include <algorithm>
#include <array>
#include <sys/socket.h>

namespace relance::channel {

void OutBytes::grow(std::size_t count) {
  constexpr std::size_t kBytesMin{64u << 10};
  const auto capacity = std::max({kBytesMin, capacity_ * 2, size_ + count});
  std::unique_ptr<char[]> larger(new char[capacity]);  // not zeroed
  if (size_ != 0) std::memcpy(larger.get(), bytes_.get(), size_);
  bytes_ = std::move(larger);
  capacity_ = capacity;
}

ssize_t OutBytes::send_from(std::size_t from, int socket) const {
  constexpr int kFlags{MSG_DONTWAIT | MSG_NOSIGNAL};
  const auto next = std::ranges::find_if(attached_, [&](const Attached &a) { return a.at >= from; });
  if (next == attached_.end()) return ::send(socket, bytes_.get() + from, size_ - from, kFlags);
  if (next->at > from) return ::send(socket, bytes_.get() + from, next->at - from, kFlags);
  // The kernel gives them to whoever reads the first byte, however few it takes of the rest.
  constexpr std::size_t kDescriptorsMax{64};
  std::array<int, kDescriptorsMax> numbers{};
  const auto count = std::min(next->descriptors.size(), kDescriptorsMax);
  std::transform(next->descriptors.begin(), next->descriptors.begin() + static_cast<std::ptrdiff_t>(count),
                 numbers.begin(), [](const Descriptor &d) { return d.get(); });
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kDescriptorsMax)> control{};
  const auto end = std::next(next) == attached_.end() ? size_ : std::next(next)->at;
  iovec bytes{bytes_.get() + from, end - from};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
  auto *const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int) * count);
  std::memcpy(CMSG_DATA(header), numbers.data(), sizeof(int) * count);
  return ::sendmsg(socket, &message, kFlags);
}

char *FrameBuffer::space(std::size_t &room) {
  const auto unread = end_ - begin_;
  std::size_t whole{kFrameHeaderBytes};  // what the frame in hand needs in one piece
  if (unread >= kFrameHeaderBytes) {
    std::uint32_t length{0};
    std::memcpy(&length, chunk_.get() + begin_, sizeof length);
    whole += std::min<std::size_t>(length, frame_bytes_max_);
  }
  const auto missing = whole > unread ? whole - unread : 0;
  if (capacity_ - end_ < std::max(missing, kRoomMin)) {
    const auto wanted = std::max({kChunkBytes, whole + kRoomMin, 2 * unread});
    if (chunk_.use_count() == 1 && capacity_ >= wanted) {
      std::memmove(chunk_.get(), chunk_.get() + begin_, unread);
    } else {
      // No std::make_shared: the bytes need not be zeroed first.
      std::shared_ptr<char[]> fresh(new char[wanted]);
      if (unread != 0) std::memcpy(fresh.get(), chunk_.get() + begin_, unread);
      chunk_ = std::move(fresh);
      capacity_ = wanted;
    }
    begin_ = 0;
    end_ = unread;
  }
  room = capacity_ - end_;
  return chunk_.get() + end_;
}

std::optional<Frame> FrameBuffer::next() {
  if (is_broken_ || end_ - begin_ < kFrameHeaderBytes) return std::nullopt;
  std::uint32_t length{0};
  std::memcpy(&length, chunk_.get() + begin_, sizeof length);
  if (length > frame_bytes_max_) {
    is_broken_ = true;
    return std::nullopt;
  }
  if (end_ - begin_ < kFrameHeaderBytes + length) return std::nullopt;
  Frame frame{
      static_cast<FrameType>(static_cast<std::uint8_t>(chunk_[static_cast<std::ptrdiff_t>(begin_ + 4)])),
      {chunk_.get() + begin_ + kFrameHeaderBytes, length},
      chunk_};
  begin_ += kFrameHeaderBytes + length;
  return frame;
}

}  // namespace relance::channel
