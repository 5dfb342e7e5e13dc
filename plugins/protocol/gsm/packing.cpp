// How septets and part headers lie in octets. @see 3GPP TS 23.038 §6.1.2.1, TS 23.040 §9.2.3.24.1 and .8
#include "plugins/protocol/gsm/gsm.hpp"

namespace relance::gsm {

std::string pack(std::string_view septets, unsigned fill) {
  std::string octets;
  octets.reserve((septets.size() * 7 + fill + 7) / 8);
  std::uint32_t bits{0};
  unsigned held{fill};  // the fill bits are zeros before the first septet
  for (const char septet : septets) {
    bits |= static_cast<std::uint32_t>(septet & 0x7F) << held;
    for (held += 7; held >= 8; held -= 8, bits >>= 8) octets += static_cast<char>(bits & 0xFF);
  }
  if (held > 0 && !septets.empty()) octets += static_cast<char>(bits & 0xFF);
  return octets;
}

std::string unpack(std::string_view octets, std::size_t septet_count, unsigned fill) {
  std::string septets;
  for (std::size_t number{0}; number < septet_count; ++number) {
    const auto bit = fill + 7 * number;
    if (bit + 7 > octets.size() * 8) break;  // cut off
    const auto octet = [&](std::size_t at) -> unsigned {
      return at < octets.size() ? static_cast<std::uint8_t>(octets[at]) : 0u;
    };
    const auto both = octet(bit / 8) | octet(bit / 8 + 1) << 8;
    septets += static_cast<char>((both >> (bit % 8)) & 0x7F);
  }
  return septets;
}

unsigned fill_bits(std::size_t header_octets) {
  return static_cast<unsigned>((7 - header_octets * 8 % 7) % 7);
}

std::string concatenation_header(std::uint8_t reference, std::uint8_t count, std::uint8_t number) {
  return {'\x05',
          '\x00',
          '\x03',
          static_cast<char>(reference),
          static_cast<char>(count),
          static_cast<char>(number)};
}

std::optional<Concatenation> read_concatenation(std::string_view header) {
  const auto octet = [&](std::size_t at) { return static_cast<std::uint8_t>(header[at]); };
  if (header.empty() || octet(0) + std::size_t{1} > header.size()) return std::nullopt;
  const std::size_t end{octet(0) + std::size_t{1}};
  for (std::size_t at{1}; at + 2 <= end; at += 2 + octet(at + 1)) {
    const auto kind = octet(at), length = octet(at + 1);
    if (at + 2 + length > end) break;
    const bool is_long{kind == 0x08 && length == 4};
    if (!is_long && !(kind == 0x00 && length == 3)) continue;
    const auto reference = is_long ? octet(at + 2) << 8 | octet(at + 3) : int{octet(at + 2)};
    const Concatenation said{static_cast<std::uint16_t>(reference), octet(at + length),
                             octet(at + length + 1)};
    // "If the value is zero or greater than the number of parts, the element shall be ignored" (TS 23.040).
    if (said.number == 0 || said.number > said.count) return std::nullopt;
    return said;
  }
  return std::nullopt;
}

}  // namespace relance::gsm
