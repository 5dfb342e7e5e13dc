// The bodies of the PDUs that carry messages, as values: submit_sm and deliver_sm (which have the same
// fields), data_sm, query_sm, cancel_sm and the binds. @see SMPP v3.4 §4.1, §4.4, §4.6, §4.7, §4.8, §4.9
#pragma once

#include "plugins/protocol/smpp/pdu.hpp"

#include <optional>
#include <vector>

namespace relance::smpp {

enum Tag : std::uint16_t {
  kReceiptedMessageId = 0x001E,
  kSarReference = 0x020C,
  kSarTotal = 0x020E,
  kSarNumber = 0x020F,
  kUserMessageReference = 0x0204,
  kNetworkErrorCode = 0x0423,
  kMessagePayload = 0x0424,
  kMessageState = 0x0427,
};

/// esm_class: message type and features. @see SMPP v3.4 §5.2.12
inline constexpr std::uint8_t kTypeMask{0x3C}, kTypeReceipt{0x04}, kTypeDeliveryAck{0x08}, kTypeUserAck{0x10},
    kTypeIntermediate{0x20}, kHasHeader{0x40};

struct Address {
  std::uint8_t ton{0}, npi{0};
  std::string_view digits{};
};

struct Tlv {
  std::uint16_t tag{0};
  std::string_view value{};
};

/// The views are the caller's when it is written, the PDU's when it was read.
struct ShortMessage {
  std::string_view service_type{};
  Address source{}, destination{};
  std::uint8_t esm_class{0}, protocol_id{0}, priority{0};
  std::string_view validity{};
  std::uint8_t registered_delivery{0}, data_coding{0};
  std::string_view text{};  ///< of 254 octets at most in submit_sm; more goes into message_payload
  std::vector<Tlv> options{};

  [[nodiscard]] std::optional<std::string_view> option(std::uint16_t tag) const;
  /// The text, wherever it stands.
  [[nodiscard]] std::string_view words() const;
};

void append_body(std::string &out, const ShortMessage &message);
/// `command`: kSubmitSm, kDeliverSm or kDataSm. Nothing when a mandatory field is cut off. Options that are
/// cut off are left out: what stands before them counts.
std::optional<ShortMessage> read_message(std::uint32_t command, std::string_view body);

struct Bind {
  std::string_view system_id{}, password{}, system_type{}, address_range{};
  std::uint8_t address_ton{0}, address_npi{0};
};
void append_body(std::string &out, const Bind &bind);
/// Of query_sm and cancel_sm.
void append_query(std::string &out, std::string_view message_id, const Address &source);
void append_cancel(std::string &out, std::string_view message_id, const Address &source);

struct QueryAnswer {
  std::string_view message_id{}, final_date{};
  std::uint8_t state{0}, error{0};
};
std::optional<QueryAnswer> read_query_answer(std::string_view body);

}  // namespace relance::smpp
