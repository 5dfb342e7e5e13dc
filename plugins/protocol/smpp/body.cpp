#include "plugins/protocol/smpp/body.hpp"

#include <algorithm>

namespace relance::smpp {
namespace {

/// Interface version 3.4, as a bind names it.
constexpr std::uint8_t kVersion{0x34};
/// No PDU that a message centre sends has more; what has is not read to its end.
constexpr std::size_t kOptionsMax{64};

void append_address(std::string &out, const Address &address) {
  append_u8(out, address.ton);
  append_u8(out, address.npi);
  append_text(out, address.digits);
}

Address read_address(Reader &reader) {
  Address address;
  address.ton = reader.u8();
  address.npi = reader.u8();
  address.digits = reader.text();
  return address;
}

std::vector<Tlv> read_options(std::string_view bytes) {
  std::vector<Tlv> options;
  Reader reader{bytes};
  while (reader.rest().size() >= 4 && options.size() < kOptionsMax) {
    const auto tag = reader.u16();
    const auto value = reader.bytes(reader.u16());
    if (reader.has_failed()) break;
    options.push_back({tag, value});
  }
  return options;
}

}  // namespace

std::optional<std::string_view> ShortMessage::option(std::uint16_t tag) const {
  const auto found =
      std::find_if(options.begin(), options.end(), [&](const Tlv &option) { return option.tag == tag; });
  return found == options.end() ? std::nullopt : std::optional{found->value};
}

std::string_view ShortMessage::words() const {
  return text.empty() ? option(kMessagePayload).value_or(std::string_view{}) : text;
}

void append_body(std::string &out, const ShortMessage &message) {
  append_text(out, message.service_type);
  append_address(out, message.source);
  append_address(out, message.destination);
  append_u8(out, message.esm_class);
  append_u8(out, message.protocol_id);
  append_u8(out, message.priority);
  append_text(out, {});  // schedule_delivery_time: now
  append_text(out, message.validity);
  append_u8(out, message.registered_delivery);
  append_u8(out, 0);  // replace_if_present_flag
  append_u8(out, message.data_coding);
  append_u8(out, 0);  // sm_default_msg_id
  append_u8(out, static_cast<std::uint32_t>(message.text.size()));
  out.append(message.text);
  for (const auto &[tag, value] : message.options) append_tlv(out, tag, value);
}

std::optional<ShortMessage> read_message(std::uint32_t command, std::string_view body) {
  Reader reader{body};
  ShortMessage message;
  message.service_type = reader.text();
  message.source = read_address(reader);
  message.destination = read_address(reader);
  message.esm_class = reader.u8();
  if (command == kDataSm) {
    message.registered_delivery = reader.u8();
    message.data_coding = reader.u8();
  } else {
    message.protocol_id = reader.u8();
    message.priority = reader.u8();
    reader.text();  // schedule_delivery_time
    message.validity = reader.text();
    message.registered_delivery = reader.u8();
    reader.u8();  // replace_if_present_flag
    message.data_coding = reader.u8();
    reader.u8();  // sm_default_msg_id
    message.text = reader.bytes(reader.u8());
  }
  if (reader.has_failed()) return std::nullopt;
  message.options = read_options(reader.rest());
  return message;
}

void append_body(std::string &out, const Bind &bind) {
  append_text(out, bind.system_id);
  append_text(out, bind.password);
  append_text(out, bind.system_type);
  append_u8(out, kVersion);
  append_u8(out, bind.address_ton);
  append_u8(out, bind.address_npi);
  append_text(out, bind.address_range);
}

void append_query(std::string &out, std::string_view message_id, const Address &source) {
  append_text(out, message_id);
  append_address(out, source);
}

void append_cancel(std::string &out, std::string_view message_id, const Address &source) {
  append_text(out, {});  // service_type
  append_text(out, message_id);
  append_address(out, source);
  append_address(out, {});  // any destination: the message_id names the message
}

std::optional<QueryAnswer> read_query_answer(std::string_view body) {
  Reader reader{body};
  QueryAnswer answer;
  answer.message_id = reader.text();
  answer.final_date = reader.text();
  answer.state = reader.u8();
  answer.error = reader.u8();
  if (reader.has_failed()) return std::nullopt;
  return answer;
}

}  // namespace relance::smpp
