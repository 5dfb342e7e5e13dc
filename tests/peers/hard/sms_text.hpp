// A text as short messages: the GSM alphabet where it suffices, else UCS-2; cut where neither an escape pair
// nor a surrogate pair is torn. @see 3GPP TS 23.038 §6.2.1, TS 23.040 §9.2.3.24.1
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hard {

struct SmsParts {
  std::uint8_t data_coding{0};  ///< 0: one septet an octet; 8: UCS-2, big-endian
  bool has_header{false};
  std::vector<std::string> parts{};
};

inline std::u32string from_utf8(std::string_view text) {
  std::u32string out;
  for (std::size_t i{0}; i < text.size();) {
    const auto lead = static_cast<std::uint8_t>(text[i++]);
    int more{lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3};
    char32_t point{static_cast<char32_t>(more == 0 ? lead : lead & (0x3F >> more))};
    for (; more > 0 && i < text.size(); --more)
      point = point << 6 | (static_cast<std::uint8_t>(text[i++]) & 0x3F);
    out += point;
  }
  return out;
}

/// Its septets; empty when the alphabet does not have it.
inline std::string gsm_septets(char32_t point) {
  static constexpr std::u32string_view kBasic{
      U"@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ "
      U"!\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
      U"¿abcdefghijklmnopqrstuvwxyzäöñüà"};
  static_assert(kBasic.size() == 128);
  static constexpr std::pair<char32_t, char> kExtension[]{
      {U'\f', 0x0A}, {U'^', 0x14}, {U'{', 0x28}, {U'}', 0x29}, {U'\\', 0x2F},
      {U'[', 0x3C},  {U'~', 0x3D}, {U']', 0x3E}, {U'|', 0x40}, {U'€', 0x65}};
  if (const auto at = kBasic.find(point); at != std::u32string_view::npos && point != U'\x1b')
    return std::string(1, static_cast<char>(at));
  for (const auto &[character, code] : kExtension)
    if (character == point) return {'\x1b', code};
  return {};
}

inline std::string ucs2_units(char32_t point) {
  const auto unit = [](char32_t u) {
    return std::string{static_cast<char>(u >> 8), static_cast<char>(u & 0xff)};
  };
  if (point < 0x10000) return unit(point);
  return unit(0xD800 + ((point - 0x10000) >> 10)) + unit(0xDC00 + ((point - 0x10000) & 0x3FF));
}

/// `reference` is the same in every part's header.
inline SmsParts split_sms(std::string_view utf8, std::uint8_t reference) {
  const auto points = from_utf8(utf8);
  SmsParts sms;
  const bool is_gsm{
      std::all_of(points.begin(), points.end(), [](char32_t p) { return !gsm_septets(p).empty(); })};
  sms.data_coding = is_gsm ? 0 : 8;
  std::vector<std::string> pieces;
  std::size_t total{0};
  for (const auto point : points)
    total += pieces.emplace_back(is_gsm ? gsm_septets(point) : ucs2_units(point)).size();
  const std::size_t single_max{is_gsm ? 160u : 140u}, part_max{is_gsm ? 153u : 134u};
  sms.has_header = total > single_max;
  sms.parts.emplace_back();
  for (const auto &piece : pieces) {
    if (sms.has_header && sms.parts.back().size() + piece.size() > part_max) sms.parts.emplace_back();
    sms.parts.back() += piece;
  }
  if (!sms.has_header) return sms;
  for (std::size_t i{0}; i < sms.parts.size(); ++i) {
    const std::string header{'\x05',
                             '\x00',
                             '\x03',
                             static_cast<char>(reference),
                             static_cast<char>(sms.parts.size()),
                             static_cast<char>(i + 1)};
    sms.parts[i] = header + sms.parts[i];
  }
  return sms;
}

}  // namespace hard
