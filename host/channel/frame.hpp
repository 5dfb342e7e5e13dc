// Frames between the daemon and a channel child: [u32 length][u8 type][payload], little-endian, flat,
// bounded. Both ends are the same binary, so there is no versioning; but a plugin may have corrupted the
// child, so reading is strict: every length is checked, nothing may be left over, and what is wrong ends the
// child.
#pragma once

#include "host/channel/descriptor.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::channel {

enum class FrameType : std::uint8_t {
  // daemon → child
  hello = 1,
  submit,
  commit,
  discard,
  recall,
  query,
  stored,
  parse,
  poll,
  clock,
  credit,
  ping,
  stop,
  http_reply,
  http_reply_piece,
  fetch,
  quote,
  authenticate,
  webhook_url,
  // child → daemon
  started = 64,
  refused,
  intent,
  outcomes,
  recalled,
  discarded,
  inbound,
  parsed,
  polled,
  ready,
  health,
  log,
  metric,
  state,
  pong,
  http_call,
  http_call_piece,
  http_cancel,
  fetched,
  quoted,
  judged,
};

inline constexpr std::size_t kFrameHeaderBytes{5};
/// Raw bytes as providers send them, and what stands around them. A message's large parts travel as files
/// (sealed_bytes.hpp).
inline constexpr std::size_t kFrameBytesMax{20u << 20};
/// What stands around the payload proper of a frame with a message, raw bytes or what became of them.
inline constexpr std::size_t kFrameSlackBytes{64u << 10};

static_assert(std::endian::native == std::endian::little);

/// Bytes on their way out. Not a std::string: a frame has dozens of small fields, and an append that is not
/// inlined costs more than the field.
class OutBytes {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] char *data() { return bytes_.get(); }
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }
  void clear() {
    size_ = 0;
    attached_.clear();
  }
  /// Only down.
  void resize(std::size_t size) { size_ = size; }
  void erase_front(std::size_t count) {
    if (count == 0) return;
    std::memmove(bytes_.get(), bytes_.get() + count, size_ - count);
    size_ -= count;
    std::erase_if(attached_, [&](const Attached &a) { return a.at < count; });
    for (auto &attached : attached_) attached.at -= count;
  }
  /// These go with the byte that is appended next.
  void attach(std::vector<Descriptor> descriptors) {
    if (!descriptors.empty()) attached_.push_back({size_, std::move(descriptors)});
  }
  /// Sends from `from` on what the socket takes without waiting, with what is attached there. As send(2).
  ssize_t send_from(std::size_t from, int socket) const;
  void append(const void *bytes, std::size_t count) {
    if (capacity_ - size_ < count) grow(count);
    if (count != 0) std::memcpy(bytes_.get() + size_, bytes, count);
    size_ += count;
  }

 private:
  struct Attached {
    std::size_t at;
    std::vector<Descriptor> descriptors;
  };
  void grow(std::size_t count);
  std::unique_ptr<char[]> bytes_;
  std::vector<Attached> attached_;  ///< by place; rarely any
  std::size_t size_{0}, capacity_{0};
};

class FrameWriter {
 public:
  explicit FrameWriter(OutBytes &out) : out_(out) {}

  void begin(FrameType type) {
    start_ = out_.size();
    u32(0);
    u8(static_cast<std::uint8_t>(type));
  }
  void end() {
    const auto length = static_cast<std::uint32_t>(payload_bytes());
    std::memcpy(out_.data() + start_, &length, sizeof length);
  }
  /// Takes back what was written since begin().
  void cancel() { out_.resize(start_); }
  [[nodiscard]] std::size_t payload_bytes() const { return out_.size() - start_ - kFrameHeaderBytes; }

  void u8(std::uint8_t v) { out_.append(&v, sizeof v); }
  void u32(std::uint32_t v) { out_.append(&v, sizeof v); }
  void u64(std::uint64_t v) { out_.append(&v, sizeof v); }
  void i64(std::int64_t v) { out_.append(&v, sizeof v); }
  void f64(double v) { out_.append(&v, sizeof v); }
  void text(std::string_view v) {
    u32(static_cast<std::uint32_t>(v.size()));
    out_.append(v.data(), v.size());
  }
  void raw(const void *bytes, std::size_t count) { out_.append(bytes, count); }
  /// Before begin(): these go along with the frame.
  void attach(std::vector<Descriptor> descriptors) { out_.attach(std::move(descriptors)); }

 private:
  OutBytes &out_;
  std::size_t start_{0};
};

/// Reads one payload. After the first thing that does not fit, everything reads as zero and is_done() stays
/// false.
class FrameReader {
 public:
  explicit FrameReader(std::string_view payload) : rest_(payload) {}

  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }
  std::int64_t i64() { return number<std::int64_t>(); }
  double f64() { return number<double>(); }
  std::string_view text() { return raw(u32()); }
  std::string_view raw(std::size_t count) {
    if (!is_good_ || count > rest_.size()) {
      is_good_ = false;
      return {};
    }
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  /// How many items follow; never more than the rest can hold at `bytes_min` each, so it may be reserved for.
  std::uint32_t count(std::size_t bytes_min) {
    const auto n = u32();
    if (n > rest_.size() / bytes_min) is_good_ = false;
    return is_good_ ? n : 0;
  }
  void fail() { is_good_ = false; }
  [[nodiscard]] bool is_good() const { return is_good_; }
  /// All of it was read and fitted.
  [[nodiscard]] bool is_done() const { return is_good_ && rest_.empty(); }

 private:
  template <class T>
  T number() {
    T value{};
    if (const auto bytes = raw(sizeof value); is_good_) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  std::string_view rest_;
  bool is_good_{true};
};

struct Frame {
  FrameType type{};
  std::string_view payload;
  std::shared_ptr<const char[]> owner;  ///< keeps the payload's bytes
};

/// A stream cut into frames without copying them: whoever keeps a frame's owner keeps its chunk, and the next
/// bytes go into another one.
class FrameBuffer {
 public:
  explicit FrameBuffer(std::size_t frame_bytes_max = kFrameBytesMax) : frame_bytes_max_(frame_bytes_max) {}

  /// Where the next bytes go, and how many fit.
  char *space(std::size_t &room);
  void add(std::size_t count) { end_ += count; }
  /// The next whole frame, in order.
  std::optional<Frame> next();
  /// A length came that no frame may have: the stream cannot be read further.
  [[nodiscard]] bool is_broken() const { return is_broken_; }

 private:
  static constexpr std::size_t kChunkBytes{256u << 10};
  static constexpr std::size_t kRoomMin{16u << 10};  ///< less room than this is not worth a system call

  const std::size_t frame_bytes_max_;
  std::shared_ptr<char[]> chunk_;
  std::size_t capacity_{0}, begin_{0}, end_{0};
  bool is_broken_{false};
};

}  // namespace relance::channel
