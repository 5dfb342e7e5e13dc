// The frame of SMPP 3.4: a header of sixteen octets and a body. What comes from the network is looked at
// where it lies, never copied and never trusted: a length that cannot be ends the link.
// @see SMPP v3.4 §3.2
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace relance::smpp {

enum Command : std::uint32_t {
  kGenericNack = 0x80000000,
  kBindReceiver = 0x00000001,
  kBindTransmitter = 0x00000002,
  kQuerySm = 0x00000003,
  kSubmitSm = 0x00000004,
  kDeliverSm = 0x00000005,
  kUnbind = 0x00000006,
  kCancelSm = 0x00000008,
  kBindTransceiver = 0x00000009,
  kEnquireLink = 0x00000015,
  kAlertNotification = 0x00000102,
  kDataSm = 0x00000103,
};
inline constexpr std::uint32_t kResponse{0x80000000};
/// Of the header.
inline constexpr std::size_t kHeaderBytes{16};
/// A message_payload has at most 65,535 octets; with every other field a PDU stays below this. What claims
/// more has lost step.
inline constexpr std::size_t kPduBytesMax{72 * 1024};
/// Sequence numbers run from 1 to here, then again. @see SMPP v3.4 §3.2
inline constexpr std::uint32_t kSequenceMax{0x7FFFFFFF};

/// Of a link's read buffer: good until that changes.
struct Pdu {
  std::uint32_t command{0}, status{0}, sequence{0};
  std::string_view body{};
  std::string_view whole{};  ///< with its header
};

struct Frame {
  enum class State : std::uint8_t { incomplete, whole, broken };
  State state{State::incomplete};
  Pdu pdu{};
  std::string_view fault{};
};
/// What stands at the front of these bytes.
Frame read_frame(std::string_view bytes);

void append_u8(std::string &out, std::uint32_t value);
void append_u16(std::string &out, std::uint32_t value);
void append_u32(std::string &out, std::uint32_t value);
/// A C-octet string: the text and a NUL. A NUL within the text would end it early: it is cut there.
void append_text(std::string &out, std::string_view text);
void append_tlv(std::string &out, std::uint16_t tag, std::string_view value);
void append_pdu(std::string &out, std::uint32_t command, std::uint32_t status, std::uint32_t sequence,
                std::string_view body = {});

/// Reads fields in their order; a body that ends too early makes it fail once and for all.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_{bytes} {}
  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::string_view text();  ///< up to its NUL, which is taken too
  std::string_view bytes(std::size_t count);
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] bool has_failed() const { return has_failed_; }

 private:
  std::uint32_t number(std::size_t octets);
  std::string_view rest_;
  bool has_failed_{false};
};

}  // namespace relance::smpp
