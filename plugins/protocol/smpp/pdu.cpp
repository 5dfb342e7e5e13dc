#include "plugins/protocol/smpp/pdu.hpp"

namespace relance::smpp {

Frame read_frame(std::string_view bytes) {
  Frame frame;
  if (bytes.size() < 4) return frame;
  Reader reader{bytes};
  const std::size_t length{reader.u32()};
  if (length < kHeaderBytes || length > kPduBytesMax) {
    frame.state = Frame::State::broken;
    frame.fault = length < kHeaderBytes ? "a PDU shorter than its header" : "a PDU longer than any can be";
    return frame;
  }
  if (bytes.size() < length) return frame;
  frame.state = Frame::State::whole;
  frame.pdu.command = reader.u32();
  frame.pdu.status = reader.u32();
  frame.pdu.sequence = reader.u32();
  frame.pdu.whole = bytes.substr(0, length);
  frame.pdu.body = frame.pdu.whole.substr(kHeaderBytes);
  return frame;
}

void append_u8(std::string &out, std::uint32_t value) {
  out += static_cast<char>(value & 0xFF);
}

void append_u16(std::string &out, std::uint32_t value) {
  append_u8(out, value >> 8);
  append_u8(out, value);
}

void append_u32(std::string &out, std::uint32_t value) {
  append_u16(out, value >> 16);
  append_u16(out, value);
}

void append_text(std::string &out, std::string_view text) {
  out.append(text.substr(0, text.find('\0')));
  out += '\0';
}

void append_tlv(std::string &out, std::uint16_t tag, std::string_view value) {
  append_u16(out, tag);
  append_u16(out, static_cast<std::uint32_t>(value.size()));
  out.append(value);
}

void append_pdu(std::string &out, std::uint32_t command, std::uint32_t status, std::uint32_t sequence,
                std::string_view body) {
  append_u32(out, static_cast<std::uint32_t>(kHeaderBytes + body.size()));
  append_u32(out, command);
  append_u32(out, status);
  append_u32(out, sequence);
  out.append(body);
}

std::uint32_t Reader::number(std::size_t octets) {
  std::uint32_t value{0};
  for (const char octet : bytes(octets)) value = value << 8 | static_cast<std::uint8_t>(octet);
  return value;
}

std::uint8_t Reader::u8() {
  return static_cast<std::uint8_t>(number(1));
}

std::uint16_t Reader::u16() {
  return static_cast<std::uint16_t>(number(2));
}

std::uint32_t Reader::u32() {
  return number(4);
}

std::string_view Reader::text() {
  const auto end = rest_.find('\0');
  if (end == std::string_view::npos) {
    has_failed_ = true;
    rest_ = {};
    return {};
  }
  const auto found = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  return found;
}

std::string_view Reader::bytes(std::size_t count) {
  if (rest_.size() < count) {
    has_failed_ = true;
    rest_ = {};
    return {};
  }
  const auto found = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return found;
}

}  // namespace relance::smpp
