#include "plugins/sms/smpp/text.hpp"

#include <algorithm>
#include <ctime>

namespace relance::sms::smpp {
namespace {

constexpr std::uint8_t kDefaultAlphabet{0}, kLatin1{3}, kUcs2{8};
/// submit_sm counts short_message in one octet; longer goes into message_payload.
constexpr std::size_t kShortMessageMax{254};

/// The same for all parts, another for the next message to the same number, most probably.
std::uint16_t reference_of(std::string_view key) {
  std::uint32_t hash{2166136261u};  // FNV-1a
  for (const char c : key) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619u;
  return static_cast<std::uint16_t>(hash ^ hash >> 16);
}

std::string to_latin1(std::string_view text) {
  std::string octets;
  for (const auto character : gsm::from_utf8(text)) octets += static_cast<char>(character & 0xFF);
  return octets;
}
std::string from_latin1(std::string_view octets) {
  std::u32string characters;
  for (const char octet : octets) characters += static_cast<char32_t>(static_cast<std::uint8_t>(octet));
  return gsm::to_utf8(characters);
}

std::string encode(std::string_view text, gsm::Encoding encoding, Alphabet alphabet) {
  if (encoding == gsm::Encoding::ucs2) return gsm::to_ucs2(text);
  if (alphabet != Alphabet::gsm) return to_latin1(text);
  return gsm::to_septets(text).value_or(std::string{});
}

std::uint8_t coding_of(gsm::Encoding encoding, Alphabet alphabet) {
  if (encoding == gsm::Encoding::ucs2) return kUcs2;
  return alphabet == Alphabet::latin1_marked ? kLatin1 : kDefaultAlphabet;
}

std::string header(Multipart multipart, std::uint16_t reference, std::uint8_t count, std::uint8_t number) {
  if (multipart == Multipart::udh)
    return gsm::concatenation_header(static_cast<std::uint8_t>(reference & 0xFF), count, number);
  std::string octets{"\x06\x08\x04", 3};
  protocol::append_u16(octets, reference);
  protocol::append_u8(octets, count);
  protocol::append_u8(octets, number);
  return octets;
}

std::string one_octet(std::uint8_t value) {
  return {static_cast<char>(value)};
}

/// The octets of the options stay in `kept` until the body is written.
std::string part_body(protocol::ShortMessage wire, std::string octets, Multipart multipart,
                      std::uint16_t reference, std::uint8_t count, std::uint8_t number) {
  std::string body, kept_reference;
  const auto kept_count = one_octet(count), kept_number = one_octet(number);
  if (multipart == Multipart::sar) {
    protocol::append_u16(kept_reference, reference);
    wire.options = {{protocol::kSarReference, kept_reference},
                    {protocol::kSarTotal, kept_count},
                    {protocol::kSarNumber, kept_number}};
  } else {
    octets.insert(0, header(multipart, reference, count, number));
    wire.esm_class |= protocol::kHasHeader;
  }
  wire.text = octets;
  append_body(body, wire);
  return body;
}

std::string whole_body(protocol::ShortMessage wire, const std::string &octets) {
  std::string body;
  if (octets.size() > kShortMessageMax)
    wire.options = {{protocol::kMessagePayload, octets}};
  else
    wire.text = octets;
  append_body(body, wire);
  return body;
}

}  // namespace

protocol::Address source_of(const SenderId &sender, const Settings &settings) {
  protocol::Address address;
  switch (sender.kind) {
    case SenderKind::name:
      address = {5, 0, sender.text};
      break;
    case SenderKind::number:
      address = {1, 1, sender.text};
      break;
    case SenderKind::short_code:
      address = {3, 0, sender.text};
      break;
  }
  address.ton = settings.source_ton.value_or(address.ton);
  address.npi = settings.source_npi.value_or(address.npi);
  return address;
}

std::string to_absolute_time(std::int64_t unix_ms) {
  const std::time_t seconds{unix_ms / 1000};
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%y%m%d%H%M%S000+", &utc)};
}

std::vector<std::string> to_bodies(const sdk::Message &message, const Prepared &prepared,
                                   const Settings &settings) {
  const auto &text = prepared.text;
  protocol::ShortMessage wire;
  wire.service_type = settings.service_type;
  wire.source = source_of(prepared.sender, settings);
  wire.destination = {settings.destination_ton, settings.destination_npi,
                      message.addressee.address.substr(1)};
  wire.protocol_id = settings.protocol_id;
  wire.priority = settings.priority;
  const auto validity = settings.validity && message.valid_until_ms > 0
                            ? to_absolute_time(message.valid_until_ms)
                            : std::string{};
  wire.validity = validity;
  wire.registered_delivery = settings.registered_delivery;
  wire.data_coding = coding_of(text.encoding, settings.alphabet);
  if (!text.has_header() || settings.multipart == Multipart::payload)
    return {whole_body(wire, encode(text.text, text.encoding, settings.alphabet))};
  std::vector<std::string> bodies;
  const auto reference = reference_of(message.idempotency_key);
  for (const auto &part : text.parts)
    bodies.push_back(part_body(wire, encode(part.text, text.encoding, settings.alphabet), settings.multipart,
                               reference, static_cast<std::uint8_t>(text.parts.size()),
                               static_cast<std::uint8_t>(bodies.size() + 1)));
  return bodies;
}

Incoming read_incoming(const protocol::ShortMessage &message, Alphabet alphabet) {
  Incoming incoming;
  auto octets = message.words();
  if ((message.esm_class & protocol::kHasHeader) != 0 && !octets.empty()) {
    const auto length =
        std::min<std::size_t>(static_cast<std::uint8_t>(octets[0]) + std::size_t{1}, octets.size());
    if (const auto part = gsm::read_concatenation(octets.substr(0, length))) incoming.part = *part;
    octets.remove_prefix(length);
  }
  const auto number = [&](std::uint16_t tag) {
    std::uint16_t value{0};
    for (const char octet : message.option(tag).value_or(std::string_view{}))
      value = static_cast<std::uint16_t>(value << 8 | static_cast<std::uint8_t>(octet));
    return value;
  };
  if (const auto count = number(protocol::kSarTotal); count > 1)
    incoming.part = {number(protocol::kSarReference), static_cast<std::uint8_t>(count),
                     static_cast<std::uint8_t>(number(protocol::kSarNumber))};
  const auto coding = message.data_coding;
  const bool is_class_coding{(coding & 0xF0) == 0xF0};  // TS 23.038 §4: bit 2 tells 8-bit data
  if (coding == kUcs2)
    incoming.text = gsm::from_ucs2(octets);
  else if (coding == 1 || coding == 2 || coding == kLatin1 || coding == 4 ||
           (is_class_coding && (coding & 0x04) != 0) || (coding == 0 && alphabet != Alphabet::gsm))
    incoming.text = from_latin1(octets);
  else
    incoming.text = gsm::from_septets(octets);
  return incoming;
}

}  // namespace relance::sms::smpp
