// Cutting a text into parts. Escape and surrogate pairs stay whole always, grapheme clusters where a part
// holds them.
#include "plugins/protocol/gsm/gsm.hpp"

#include <algorithm>
#include <memory>
#include <unicode/ubrk.h>
#include <unicode/utext.h>

namespace relance::gsm {
namespace {

std::size_t units_of(char32_t character, Encoding encoding) {
  if (encoding == Encoding::gsm7) return septets_of(character);
  return character < 0x10000 ? 1 : 2;
}

/// Of one short message, its header included.
constexpr std::size_t kOctetsMax{140};

/// What must stay together: `size` characters of so many units.
struct Piece {
  std::size_t size{0}, units{0};
};

/// One piece a character.
std::vector<Piece> single_pieces(std::u32string_view text, Encoding encoding) {
  std::vector<Piece> pieces;
  pieces.reserve(text.size());
  for (const auto character : text) pieces.push_back({1, units_of(character, encoding)});
  return pieces;
}

std::u16string to_utf16(std::u32string_view text) {
  std::u16string units;
  for (const auto character : text) {
    if (character < 0x10000) {
      units += static_cast<char16_t>(character);
    } else {
      units += static_cast<char16_t>(0xD800 + ((character - 0x10000) >> 10));
      units += static_cast<char16_t>(0xDC00 + ((character - 0x10000) & 0x3FF));
    }
  }
  return units;
}

/// The length of each grapheme cluster (UAX #29) in code units; nothing when ICU cannot tell.
std::vector<std::size_t> cluster_units(std::u32string_view text) {
  const auto units = to_utf16(text);
  UErrorCode fault{U_ZERO_ERROR};
  const std::unique_ptr<UBreakIterator, decltype(&ubrk_close)> breaks{
      ubrk_open(UBRK_CHARACTER, "", units.data(), static_cast<std::int32_t>(units.size()), &fault),
      &ubrk_close};
  std::vector<std::size_t> lengths;
  if (U_FAILURE(fault)) return lengths;
  for (auto start = ubrk_first(breaks.get()), end = ubrk_next(breaks.get()); end != UBRK_DONE;
       start = end, end = ubrk_next(breaks.get()))
    lengths.push_back(static_cast<std::size_t>(end - start));
  return lengths;
}

/// One piece a grapheme cluster; one that no part could hold falls into its characters.
std::vector<Piece> grapheme_pieces(std::u32string_view text, std::size_t units_max) {
  std::vector<Piece> pieces;
  std::size_t at{0};
  for (const auto length : cluster_units(text)) {
    const auto first = at;
    Piece cluster{};
    while (cluster.units < length && at < text.size()) {
      ++cluster.size;
      cluster.units += units_of(text[at++], Encoding::ucs2);
    }
    if (length <= units_max) {
      pieces.push_back(cluster);
    } else {
      for (const auto piece : single_pieces(text.substr(first, cluster.size), Encoding::ucs2))
        pieces.push_back(piece);
    }
  }
  return at == text.size() ? pieces : single_pieces(text, Encoding::ucs2);
}

void cut(Segmented &message, std::u32string_view text, const Options &options) {
  for (const auto character : text) message.units += units_of(character, message.encoding);
  const bool is_gsm7{message.encoding == Encoding::gsm7};
  if (message.units <= (is_gsm7 ? kSeptetsMax : kUnitsMax)) {
    message.parts.push_back({message.text, message.units});
    return;
  }
  const auto octets = kOctetsMax - options.header_octets;
  const auto units_max = is_gsm7 ? octets * 8 / 7 : octets / 2;
  // In GSM-7 only CR LF is a cluster of two, and no reader sees it torn.
  const auto pieces = is_gsm7 || !options.keeps_graphemes ? single_pieces(text, message.encoding)
                                                          : grapheme_pieces(text, units_max);
  std::size_t begin{0}, end{0}, units{0};
  const auto close = [&] {
    message.parts.push_back({to_utf8(text.substr(begin, end - begin)), units});
    begin = end, units = 0;
  };
  for (const auto &piece : pieces) {
    if (units + piece.units > units_max) close();
    end += piece.size, units += piece.units;
  }
  close();
}

Segmented segment_as_it_is(std::string_view text, const Options &options) {
  Segmented message;
  const auto characters = from_utf8(text);
  message.text = to_utf8(characters);
  for (const auto character : characters)
    if ((!is_gsm(character) || (options.is_latin1 && character > 0xFF)) &&
        message.forcing.find(character) == std::u32string::npos)
      message.forcing += character;
  message.encoding = message.forcing.empty() ? Encoding::gsm7 : Encoding::ucs2;
  cut(message, characters, options);
  return message;
}

}  // namespace

std::size_t count_graphemes(std::string_view text) {
  return cluster_units(from_utf8(text)).size();
}

Segmented segment(std::string_view text, const Options &options) {
  auto message = segment_as_it_is(text, options);
  if (message.encoding == Encoding::gsm7 || options.replacement == Replacement::off) return message;
  const auto replaced = replace(text, options.replacement, options.dialect);
  if (!is_gsm(replaced)) return message;
  auto other = segment_as_it_is(replaced, options);
  if (other.encoding != Encoding::gsm7) return message;
  if (other.parts.size() > message.parts.size()) return message;
  other.is_replaced = true;
  return other;
}

std::optional<Saving> find_saving(std::string_view text, const Segmented &as_it_is) {
  if (as_it_is.encoding == Encoding::gsm7) return std::nullopt;
  for (const auto replacement : {Replacement::typographic, Replacement::accents}) {
    const auto other = segment(text, {.replacement = replacement});
    if (other.parts.size() < as_it_is.parts.size()) return Saving{replacement, other.parts.size()};
  }
  return std::nullopt;
}

}  // namespace relance::gsm
