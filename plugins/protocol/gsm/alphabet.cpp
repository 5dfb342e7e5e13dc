// The GSM default alphabet with its extension, UCS-2, and UTF-8. @see 3GPP TS 23.038 §6.2.1
#include "plugins/protocol/gsm/gsm.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace relance::gsm {
namespace {

constexpr char kEscape{0x1B};
constexpr char32_t kReplacementCharacter{0xFFFD};

constexpr std::u32string_view kBasic{
    U"@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ "
    U"!\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    U"¿abcdefghijklmnopqrstuvwxyzäöñüà"};
static_assert(kBasic.size() == 128);
constexpr std::array<std::pair<char32_t, char>, 10> kExtension{{{U'\f', 0x0A},
                                                                {U'^', 0x14},
                                                                {U'{', 0x28},
                                                                {U'}', 0x29},
                                                                {U'\\', 0x2F},
                                                                {U'[', 0x3C},
                                                                {U'~', 0x3D},
                                                                {U']', 0x3E},
                                                                {U'|', 0x40},
                                                                {U'€', 0x65}}};

/// The septet of each character below U+0100, or -1; the Greek ones and the extension are looked for.
constexpr std::array<std::int16_t, 256> make_latin() {
  std::array<std::int16_t, 256> table{};
  table.fill(-1);
  for (std::size_t septet{0}; septet < kBasic.size(); ++septet)
    if (kBasic[septet] < 256 && kBasic[septet] != U'\x1b')
      table[kBasic[septet]] = static_cast<std::int16_t>(septet);
  return table;
}
constexpr auto kLatin = make_latin();

struct Septets {
  unsigned count{0};
  char code{0};  ///< the last one; the first of two is the escape
};
Septets find(char32_t character) {
  if (character < 256 && kLatin[character] >= 0) return {1, static_cast<char>(kLatin[character])};
  for (const auto &[extended, code] : kExtension)
    if (extended == character) return {2, code};
  if (character < 0x0393 || character > 0x03A9) return {};
  const auto at = kBasic.find(character);
  return at == std::u32string_view::npos ? Septets{} : Septets{1, static_cast<char>(at)};
}

void append_utf8(std::string &out, char32_t character) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80 | ((character >> shift) & 0x3F)); };
  if (character < 0x80) {
    out += static_cast<char>(character);
  } else if (character < 0x800) {
    out += static_cast<char>(0xC0 | (character >> 6));
    tail(0);
  } else if (character < 0x10000) {
    out += static_cast<char>(0xE0 | (character >> 12));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0 | (character >> 18));
    tail(12), tail(6), tail(0);
  }
}

/// Takes one character from the front of `rest`; a malformed sequence is one U+FFFD an octet.
char32_t take(std::string_view &rest) {
  const auto octet = [&](std::size_t at) { return static_cast<std::uint8_t>(rest[at]); };
  const auto lead = octet(0);
  const std::size_t length{lead < 0x80   ? 1u
                           : lead < 0xC2 ? 0u
                           : lead < 0xE0 ? 2u
                           : lead < 0xF0 ? 3u
                           : lead < 0xF5 ? 4u
                                         : 0u};
  if (length == 1) return rest.remove_prefix(1), lead;
  static constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  char32_t character{length == 0 ? 0u : lead & (0x7Fu >> length)};
  bool is_good{length != 0 && rest.size() >= length};
  for (std::size_t at{1}; is_good && at < length; ++at) {
    is_good = (octet(at) & 0xC0) == 0x80;
    character = character << 6 | (octet(at) & 0x3F);
  }
  is_good = is_good && character >= kSmallest[length] && character <= 0x10FFFF &&
            (character < 0xD800 || character > 0xDFFF);
  rest.remove_prefix(is_good ? length : 1);
  return is_good ? character : kReplacementCharacter;
}

}  // namespace

std::string_view name(Encoding encoding) {
  return encoding == Encoding::gsm7 ? "GSM-7" : "UCS-2";
}

unsigned septets_of(char32_t character) {
  return find(character).count;
}
bool is_gsm(char32_t character) {
  return find(character).count != 0;
}
bool is_gsm(std::string_view text) {
  while (!text.empty())
    if (!is_gsm(take(text))) return false;
  return true;
}

std::optional<std::string> to_septets(std::string_view text) {
  std::string septets;
  septets.reserve(text.size());
  while (!text.empty()) {
    const auto [count, code] = find(take(text));
    if (count == 0) return std::nullopt;
    if (count == 2) septets += kEscape;
    septets += code;
  }
  return septets;
}

std::string from_septets(std::string_view septets) {
  std::string text;
  for (std::size_t at{0}; at < septets.size(); ++at) {
    char code{static_cast<char>(septets[at] & 0x7F)};
    if (code != kEscape) {
      append_utf8(text, kBasic[static_cast<std::size_t>(code)]);
      continue;
    }
    if (++at == septets.size()) break;  // an escape of nothing
    code = static_cast<char>(septets[at] & 0x7F);
    const auto *found =
        std::find_if(kExtension.begin(), kExtension.end(), [&](const auto &e) { return e.second == code; });
    if (found != kExtension.end())
      append_utf8(text, found->first);
    else
      append_utf8(text, code == kEscape ? U' ' : kBasic[static_cast<std::size_t>(code)]);
  }
  return text;
}

std::string to_ucs2(std::string_view text) {
  std::string octets;
  const auto unit = [&](char32_t value) {
    octets += static_cast<char>(value >> 8), octets += static_cast<char>(value);
  };
  while (!text.empty()) {
    const auto character = take(text);
    if (character < 0x10000) {
      unit(character);
    } else {
      unit(0xD800 + ((character - 0x10000) >> 10));
      unit(0xDC00 + ((character - 0x10000) & 0x3FF));
    }
  }
  return octets;
}

std::string from_ucs2(std::string_view octets) {
  std::string text;
  const auto unit = [&](std::size_t at) {
    return static_cast<char32_t>(static_cast<std::uint8_t>(octets[at])) << 8 |
           static_cast<std::uint8_t>(octets[at + 1]);
  };
  for (std::size_t at{0}; at + 1 < octets.size(); at += 2) {
    auto character = unit(at);
    if (character >= 0xD800 && character < 0xE000) {
      const auto low = character < 0xDC00 && at + 3 < octets.size() ? unit(at + 2) : 0;
      const bool is_pair{low >= 0xDC00 && low < 0xE000};
      character = is_pair ? 0x10000 + ((character - 0xD800) << 10) + (low - 0xDC00) : kReplacementCharacter;
      if (is_pair) at += 2;
    }
    append_utf8(text, character);
  }
  return text;
}

std::u32string from_utf8(std::string_view text) {
  std::u32string characters;
  characters.reserve(text.size());
  while (!text.empty()) characters += take(text);
  return characters;
}

std::string to_utf8(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const auto character : text) append_utf8(out, character);
  return out;
}

}  // namespace relance::gsm
