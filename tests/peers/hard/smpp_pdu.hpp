// SMPP 3.4 on the wire: as much as a transceiver that sends text and takes receipts needs. @see SMPP v3.4
// §3.2, §4, §5
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hard::smpp {

enum Command : std::uint32_t {
  kGenericNack = 0x80000000,
  kSubmit = 0x00000004,
  kDeliver = 0x00000005,
  kUnbind = 0x00000006,
  kBindTransceiver = 0x00000009,
  kEnquireLink = 0x00000015,
};
inline constexpr std::uint32_t kResponse{0x80000000};
inline constexpr std::uint32_t kInvalidDestination{0x0000000B}, kQueueFull{0x00000014},
    kThrottled{0x00000058};
inline constexpr std::uint16_t kReceiptedMessageId{0x001E}, kMessageState{0x0427}, kMessagePayload{0x0424};
inline constexpr std::size_t kPduMax{64 * 1024}, kHeader{16};

struct Pdu {
  std::uint32_t command{0}, status{0}, sequence{0};
  std::string body{};
};

inline void put(std::string &out, std::uint32_t value, int octets) {
  for (int shift{8 * (octets - 1)}; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}
inline void put_text(std::string &out, std::string_view text) {
  out.append(text).push_back('\0');
}
inline std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t octets) {
  std::uint32_t value{0};
  for (std::size_t i{0}; i < octets; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes.at(at + i));
  return value;
}

inline std::string to_bytes(const Pdu &pdu) {
  std::string out;
  put(out, static_cast<std::uint32_t>(kHeader + pdu.body.size()), 4);
  for (const auto field : {pdu.command, pdu.status, pdu.sequence}) put(out, field, 4);
  return out + pdu.body;
}

/// The first whole PDU of what has been read, which loses it. Throws when the peer has lost step.
inline std::optional<Pdu> take_pdu(std::string &read) {
  if (read.size() < kHeader) return std::nullopt;
  const std::size_t length{number_at(read, 0, 4)};
  if (length < kHeader || length > kPduMax)
    throw std::runtime_error("a PDU of " + std::to_string(length) + " octets");
  if (read.size() < length) return std::nullopt;
  Pdu pdu{number_at(read, 4, 4), number_at(read, 8, 4), number_at(read, 12, 4),
          read.substr(kHeader, length - kHeader)};
  read.erase(0, length);
  return pdu;
}

/// submit_sm and deliver_sm have the same fields.
struct ShortMessage {
  std::string source{}, destination{}, validity{}, text{};
  std::uint8_t source_ton{1}, source_npi{1}, esm_class{0}, registered_delivery{0}, data_coding{0};
  std::map<std::uint16_t, std::string> options{};
};

inline std::string body_of(const ShortMessage &m) {
  std::string out;
  put_text(out, {});  // service_type
  put(out, m.source_ton, 1), put(out, m.source_npi, 1), put_text(out, m.source);
  put(out, 1, 1), put(out, 1, 1), put_text(out, m.destination);
  put(out, m.esm_class, 1), put(out, 0, 1), put(out, 0, 1);  // protocol_id, priority_flag
  put_text(out, {}), put_text(out, m.validity);              // schedule_delivery_time
  put(out, m.registered_delivery, 1), put(out, 0, 1), put(out, m.data_coding, 1), put(out, 0, 1);
  put(out, static_cast<std::uint32_t>(m.text.size()), 1);
  return out + m.text;
}

/// Throws std::out_of_range on a body that ends too early.
inline ShortMessage read_message(std::string_view body) {
  std::size_t at{0};
  const auto octet = [&] { return static_cast<std::uint8_t>(number_at(body, at++, 1)); };
  const auto text = [&] {
    const auto end = body.find('\0', at);
    if (end == std::string_view::npos) throw std::out_of_range("a text without end");
    const std::string found(body.substr(at, end - at));
    at = end + 1;
    return found;
  };
  ShortMessage m;
  text();
  m.source_ton = octet(), m.source_npi = octet(), m.source = text();
  octet(), octet(), m.destination = text();
  m.esm_class = octet(), octet(), octet(), text(), m.validity = text();
  m.registered_delivery = octet(), octet(), m.data_coding = octet(), octet();
  const std::size_t length{octet()};
  if (at + length > body.size()) throw std::out_of_range("a short text");
  m.text = body.substr(at, length);
  at += length;
  while (at + 4 <= body.size()) {
    const auto tag = static_cast<std::uint16_t>(number_at(body, at, 2));
    const std::size_t size{number_at(body, at + 2, 2)};
    if (at + 4 + size > body.size()) throw std::out_of_range("a short option");
    m.options[tag] = body.substr(at + 4, size);
    at += 4 + size;
  }
  return m;
}

}  // namespace hard::smpp
