#include "host/channel/frame.hpp"

#include <algorithm>

namespace relance::channel {

void OutBytes::grow(std::size_t count) {
  constexpr std::size_t kBytesMin{64u << 10};
  const auto capacity = std::max({kBytesMin, capacity_ * 2, size_ + count});
  std::unique_ptr<char[]> larger(new char[capacity]);  // not zeroed
  if (size_ != 0) std::memcpy(larger.get(), bytes_.get(), size_);
  bytes_ = std::move(larger);
  capacity_ = capacity;
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
