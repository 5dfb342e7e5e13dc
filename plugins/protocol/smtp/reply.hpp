// What an SMTP server answers: the reply, its enhanced status, and the parser that takes bytes as they come.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relance::smtp {

/// Servers may write more than RFC 5321 §4.5.3.1.5 allows (512); a peer that never ends a line is cut off
/// here.
inline constexpr std::size_t kMaxReplyLineBytes{4096};
/// Lines of one reply; the longest EHLO answers seen have about 30.
inline constexpr std::size_t kMaxReplyLines{128};
/// What is kept of a reply's text; an EHLO answer with every extension known fits.
inline constexpr std::size_t kMaxReplyTextBytes{4096};

/// @see RFC 3463. All zero: the server gave none.
struct EnhancedStatus {
  std::uint8_t status_class{0};
  std::uint16_t subject{0};
  std::uint16_t detail{0};
  [[nodiscard]] bool is_given() const { return status_class != 0; }
  bool operator==(const EnhancedStatus &) const = default;
};

struct Reply {
  std::uint16_t code{0};  ///< 0: there was no reply
  EnhancedStatus status{};
  std::string text{};  ///< lines joined by LF, without codes; control characters replaced

  [[nodiscard]] bool is_positive() const { return code >= 200 && code < 300; }
  [[nodiscard]] bool is_transient() const { return code >= 400 && code < 500; }
  [[nodiscard]] bool is_permanent() const { return code >= 500 && code < 600; }
  /// "550 5.1.1"; "550" without an enhanced status; empty without a reply.
  [[nodiscard]] std::string codes() const;
};

/// The name under which the server queued the message, where its wording is known; empty otherwise.
std::string queue_id(std::string_view text);

/// Fed with bytes as they arrive, gives whole replies. After a fault it gives nothing more.
class ReplyParser {
 public:
  void feed(std::string_view bytes);
  /// The next whole reply.
  std::optional<Reply> next();
  /// Why these bytes are no SMTP; empty while they are.
  [[nodiscard]] std::string_view fault() const { return fault_; }
  /// Bytes that belong to no reply given yet.
  [[nodiscard]] bool has_rest() const { return begin_ < buffer_.size() || line_count_ > 0; }

 private:
  bool take_line(std::string_view line);

  std::string buffer_;
  std::size_t begin_{0};
  std::size_t line_count_{0};  // of the reply being read
  Reply reply_;
  std::string_view fault_{};
};

}  // namespace relance::smtp
