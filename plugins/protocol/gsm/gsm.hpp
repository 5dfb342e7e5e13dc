// Text as short messages: which encoding it needs, how many parts it makes, and what a replacement of
// characters beside the GSM alphabet would save. All text is UTF-8; what is malformed in it counts as U+FFFD.
// @see 3GPP TS 23.038 (alphabet, coding), TS 23.040 §9.2.3.24 (user data header)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::gsm {

/// Septets of the default alphabet (an extension character takes two), or UTF-16 code units.
enum class Encoding : std::uint8_t { gsm7, ucs2 };
[[nodiscard]] std::string_view name(Encoding encoding);  ///< "GSM-7", "UCS-2"

/// What may stand for a character that the alphabet does not have.
enum class Replacement : std::uint8_t {
  off,          ///< nothing does
  typographic,  ///< quotes, dashes, spaces, ligatures and other signs: what a reader takes for the same
  accents,      ///< letters without their accents, too: ê → e, Ł → L
};
/// How spaces of other widths and a few signs are replaced.
enum class Dialect : std::uint8_t {
  plain,   ///< as a typist would: one space for one
  twilio,  ///< as that gateway's Smart Encoding does, to foretell what it will bill: two for one, a tab as
           ///< seven
};

inline constexpr std::size_t kSeptetsMax{160}, kSeptetsPerPart{153};
inline constexpr std::size_t kUnitsMax{70}, kUnitsPerPart{67};
/// The header counts parts in one octet.
inline constexpr std::size_t kPartsMax{255};

struct Options {
  Replacement replacement{Replacement::typographic};
  Dialect dialect{Dialect::plain};
  /// A part never ends inside what a reader sees as one character (a letter with its marks, a flag, a
  /// family), unless that is longer than a part. Off: as gateways cut that split by themselves, which only
  /// keep escape and surrogate pairs whole.
  bool keeps_graphemes{true};
  /// Of the header that each of several parts has: 6 with a reference of 8 bits, 7 with one of 16.
  std::size_t header_octets{6};
  /// The message centre takes its default alphabet in ISO 8859-1: what that lacks (€, Greek) needs UCS-2.
  bool is_latin1{false};
};

struct Part {
  std::string text{};    ///< UTF-8
  std::size_t units{0};  ///< septets or UTF-16 code units, without the header
};

/// A text, cut. The parts' texts, joined, are `text`.
struct Segmented {
  Encoding encoding{Encoding::gsm7};
  std::string text{};         ///< as it will be sent: after replacement
  bool is_replaced{false};    ///< `text` is not what was given
  std::vector<Part> parts{};  ///< at least one; more than kPartsMax cannot be sent
  std::size_t units{0};       ///< of all parts
  std::u32string forcing{};   ///< each character, once, that makes it UCS-2

  [[nodiscard]] bool has_header() const { return parts.size() > 1; }
  [[nodiscard]] std::size_t message_bits() const { return units * (encoding == Encoding::gsm7 ? 7 : 16); }
  /// With the headers (6 octets a part of several).
  [[nodiscard]] std::size_t total_bits() const {
    return message_bits() + (has_header() ? 48 * parts.size() : 0);
  }
};

/// A replacement is made only where it turns the whole text into GSM-7 and takes no more parts than UCS-2
/// would: otherwise the text would lose its looks for nothing.
[[nodiscard]] Segmented segment(std::string_view text, const Options &options = {});

/// What another replacement would make of a text that needs UCS-2: the mildest one that saves parts, if any.
struct Saving {
  Replacement replacement{Replacement::off};
  std::size_t parts{0};
};
[[nodiscard]] std::optional<Saving> find_saving(std::string_view text, const Segmented &as_it_is);

/// Every character replaced that can be; what cannot stays.
[[nodiscard]] std::string replace(std::string_view text, Replacement replacement,
                                  Dialect dialect = Dialect::plain);

/// Every character is in the default alphabet or its extension.
[[nodiscard]] bool is_gsm(std::string_view text);
[[nodiscard]] bool is_gsm(char32_t character);
/// How many septets: 1, 2 (an extension character), 0 (not in the alphabet).
[[nodiscard]] unsigned septets_of(char32_t character);

/// One septet an octet, ESC before an extension character; nothing when a character is not in the alphabet.
[[nodiscard]] std::optional<std::string> to_septets(std::string_view text);
/// An unknown extension code reads as its character of the default alphabet, as the standard wants it.
[[nodiscard]] std::string from_septets(std::string_view septets);
/// UTF-16, big-endian.
[[nodiscard]] std::string to_ucs2(std::string_view text);
[[nodiscard]] std::string from_ucs2(std::string_view octets);

/// Septets as the network carries them, 8 in 7 octets; behind a header, `fill_bits` first bring them to a
/// septet's boundary. @see TS 23.038 §6.1.2.1
[[nodiscard]] std::string pack(std::string_view septets, unsigned fill_bits = 0);
[[nodiscard]] std::string unpack(std::string_view octets, std::size_t septet_count, unsigned fill_bits = 0);
/// For a header of so many octets (its length octet included).
[[nodiscard]] unsigned fill_bits(std::size_t header_octets);

/// The header of part `number` (from 1) of `count`, its length octet included: 05 00 03 reference count
/// number.
[[nodiscard]] std::string concatenation_header(std::uint8_t reference, std::uint8_t count,
                                               std::uint8_t number);

/// What a header says of concatenation (8 or 16 bit references); nothing when it has no such element.
struct Concatenation {
  std::uint16_t reference{0};
  std::uint8_t count{0}, number{0};
};
[[nodiscard]] std::optional<Concatenation> read_concatenation(std::string_view header);

/// What a reader sees as one character counts as one. @see UAX #29
[[nodiscard]] std::size_t count_graphemes(std::string_view text);

[[nodiscard]] std::u32string from_utf8(std::string_view text);
[[nodiscard]] std::string to_utf8(std::u32string_view text);

}  // namespace relance::gsm
