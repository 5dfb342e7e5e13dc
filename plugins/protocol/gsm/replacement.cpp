// What stands for a character beside the GSM alphabet. Three sources, in this order: the families below (what
// a reader takes for the same sign), Unicode's compatibility decompositions (full-width letters, ligatures,
// fractions, superscripts), and, where asked for, letters without their marks.
#include "plugins/protocol/gsm/gsm.hpp"

#include <optional>
#include <span>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>

namespace relance::gsm {
namespace {

struct Family {
  std::string_view stand_in;
  std::u32string_view characters;
};

/// Signs. What Unicode itself decomposes into the same is not repeated here.
constexpr Family kSigns[]{
    {"\"", U"«»ʺ˝ˮ\u030b\u030e“”„‟″‶❝❞❠⹂〃〝〞〟"},
    {"'", U"`´ʹʻʼʽʾʿˈˊˋˌˎˏ\u0300\u0301\u0312\u0313\u0314\u0315‘’‚‛′‵❛❜❟Ꞌꞌ｀"},
    {"-", U"˗֊‐‑‒–—―•‣⁃⁓−─━▪●➖⸺⸻︱︲﹘"},
    {"/", U"÷\u0337\u0338⁄∕╱⟋⧸"},
    {"\\", U"\u20e5∖╲⟍⧵⧹"},
    {"|", U"¦ǀ\u20d2\u20d3∣⎜⎟⎢⎥⎪⎮⏐│┃❘❙❚ￜ￨"},
    {"||", U"‖∥"},
    {"!", U"ǃ❕❗"},
    {"?", U"‽❓❔"},
    {",", U"\u0317\u0321\u0326،٫⸲⸴、ꓹ︑﹑､"},
    {".", U"·‧∙⋅。・︒｡･"},
    {"...", U"⋯"},
    {":", U"ː˸։\u05c3⁚∶⦂ꓽ꞉"},
    {";", U"⁏"},
    {"(", U"❨❪⟮⦅⸨⹛｟"},
    {")", U"❩❫⟯⦆⸩⹜｠"},
    {"[", U"⟦⟬⦗【〔〖〘〚︗︹︻﹝"},
    {"]", U"⟧⟭⦘】〕〗〙〛︺︼﹞"},
    {"{", U"❴⦃"},
    {"}", U"❵⦄"},
    {"<", U"˂\u0354‹❬❮❰⟨〈"},
    {">", U"˃\u0355›❭❯❱⟩〉"},
    {"*", U"\u0359\u066d⁎⁕\u20f0∗⊛⋆★✢✣✤✥✱✲✳✺✻✼✽❃❉❊❋⧆꙳"},
    {"+", U"˖\u031f✙✚➕"},
    {"=", U"\u0347᐀⹀゠꞊"},
    {"#", U"\u0600௺♯"},
    {"%", U"٪⁒"},
    {"&", U"⅋"},
    {"_", U"ˍ\u0320\u0332\u0333‗"},
    {"^", U"˄ˆ\u0302\u032d‸⌃ꞈ"},
    {"~", U"˜\u0303\u0330\u0334∼∽∾〜"},
    {"A", U"ᴀ"},
    {"B", U"ʙ"},
    {"C", U"ᴄ"},
    {"D", U"ᴅ"},
    {"E", U"ᴇ"},
    {"F", U"ꜰ"},
    {"G", U"ɢ"},
    {"H", U"ʜ"},
    {"I", U"ɪ"},
    {"J", U"ᴊ"},
    {"K", U"ᴋ"},
    {"L", U"ʟ"},
    {"M", U"ᴍ"},
    {"N", U"ɴ"},
    {"O", U"ᴏ"},
    {"P", U"ᴘ"},
    {"Q", U"ꞯ"},
    {"R", U"ʀ"},
    {"S", U"ꜱ"},
    {"T", U"ᴛ"},
    {"U", U"ᴜ"},
    {"V", U"ᴠ"},
    {"W", U"ᴡ"},
    {"Y", U"ʏ"},
    {"Z", U"ᴢ"},
    {"oe", U"œ"},
    {"OE", U"Œ"},
    {"(c)", U"©"},
    {"(R)", U"®"},
    {"x", U"×✕✖✗"},
    {"<=", U"≤"},
    {">=", U"≥"},
    {"!=", U"≠"},
    {"+-", U"±"},
    {"->", U"→"},
    {"<-", U"←"},
    {"o", U"°"},
    {"c", U"¢"},
    {"0/00", U"‰"},
    {"EUR", U"₠"},
    {"GBP", U"₤"},
    {"v", U"✓✔"},
};

/// Letters with a stroke or of an older alphabet, which no decomposition takes apart.
constexpr Family kLetters[]{
    {"a", U"ⱥɑ"},  {"A", U"ȺⱭ"},  {"b", U"ƀɓ"},   {"B", U"ɃƁ"}, {"c", U"ȼƈ"}, {"C", U"ȻƇ"}, {"d", U"đɗðď"},
    {"D", U"ĐƊÐ"}, {"e", U"ɇǝə"}, {"E", U"ɆƎƏ"},  {"f", U"ƒ"},  {"F", U"Ƒ"},  {"g", U"ǥɠ"}, {"G", U"ǤƓ"},
    {"h", U"ħɦ"},  {"H", U"Ħ"},   {"i", U"ıɨ"},   {"I", U"Ɨ"},  {"j", U"ȷɉ"}, {"J", U"Ɉ"},  {"k", U"ƙĸ"},
    {"K", U"Ƙ"},   {"l", U"łƚɫ"}, {"L", U"ŁȽ"},   {"n", U"ɲƞ"}, {"N", U"ƝȠ"}, {"ng", U"ŋ"}, {"NG", U"Ŋ"},
    {"o", U"ɵ"},   {"O", U"Ɵ"},   {"p", U"ƥ"},    {"P", U"Ƥ"},  {"r", U"ɍ"},  {"R", U"Ɍ"},  {"s", U"ȿ"},
    {"SS", U"ẞ"},  {"t", U"ŧƭʈ"}, {"T", U"ŦƬƮȾ"}, {"th", U"þ"}, {"Th", U"Þ"}, {"u", U"ʉ"},  {"U", U"Ʉ"},
    {"v", U"ʋ"},   {"V", U"Ʋ"},   {"y", U"ɏƴ"},   {"Y", U"ɎƳ"}, {"z", U"ƶȥ"}, {"Z", U"ƵȤ"},
};

/// Each pass takes something away; two are enough for all that was seen.
constexpr int kPassesMax{4};

/// Seen by nobody: soft hyphen, joiners, marks of direction, variation selectors.
bool is_invisible(char32_t c) {
  return c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x2069) || c == 0xFEFF || c == 0xFE0E || c == 0xFE0F || c == 0x061C;
}
bool is_other_space(char32_t c) {
  return c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}
bool is_control(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

/// How a gateway's Smart Encoding differs from a typist.
std::optional<std::string_view> twilio_stand_in(char32_t c) {
  if (is_other_space(c) || (c >= 0x80 && c < 0xA0)) return "  ";
  if (c == U'\t') return "       ";
  if (c == 0x2028 || c == 0x2029) return " ";
  if (c == 0xFE10) return "'";
  return std::nullopt;
}

std::optional<std::string_view> find(std::span<const Family> families, char32_t c) {
  for (const auto &[stand_in, characters] : families)
    if (characters.find(c) != std::u32string_view::npos) return stand_in;
  return std::nullopt;
}

std::optional<std::string_view> sign_stand_in(char32_t c) {
  if (is_other_space(c) || c == U'\t') return " ";
  if (c == 0x2028 || c == 0x2029 || c == 0x85) return "\n";
  if (is_invisible(c) || is_control(c)) return "";
  return find(kSigns, c);
}

/// The normal form of one character, in UTF-32.
std::u32string decomposed(const UNormalizer2 *form, char32_t c) {
  UErrorCode fault{U_ZERO_ERROR};
  UChar units[64]{};
  const auto length = unorm2_getDecomposition(form, static_cast<UChar32>(c), units, 64, &fault);
  std::u32string out;
  if (U_FAILURE(fault) || length < 0) return out;
  for (std::int32_t at{0}; at < length;) {
    UChar32 character{0};
    U16_NEXT(units, at, length, character);
    out += static_cast<char32_t>(character);
  }
  return out;
}

/// Precomposed first, as "e" and a combining acute are the alphabet's é.
std::u32string composed(std::u32string_view text) {
  UErrorCode fault{U_ZERO_ERROR};
  const auto *form = unorm2_getNFCInstance(&fault);
  std::u16string units;
  for (const auto character : text) {
    UChar pair[2]{};
    std::int32_t size{0};
    U16_APPEND_UNSAFE(pair, size, character);
    units.append(pair, static_cast<std::size_t>(size));
  }
  std::u16string normal(units.size() * 3 + 1, u'\0');  // NFC never takes more than thrice the units
  const auto length = U_FAILURE(fault)
                          ? 0
                          : unorm2_normalize(form, units.data(), static_cast<std::int32_t>(units.size()),
                                             normal.data(), static_cast<std::int32_t>(normal.size()), &fault);
  if (U_FAILURE(fault)) return std::u32string{text};
  std::u32string out;
  for (std::int32_t at{0}; at < length;) {
    UChar32 character{0};
    U16_NEXT(normal.data(), at, length, character);
    out += static_cast<char32_t>(character);
  }
  return out;
}

class Replacer {
 public:
  Replacer(Replacement replacement, Dialect dialect)
      : with_accents_{replacement == Replacement::accents}, dialect_{dialect} {
    UErrorCode fault{U_ZERO_ERROR};
    canonical_ = unorm2_getNFDInstance(&fault);
    compatible_ = unorm2_getNFKDInstance(&fault);
    is_usable_ = !U_FAILURE(fault);
  }
  /// In GSM characters only; nothing when that cannot be.
  [[nodiscard]] std::optional<std::string> stand_in(char32_t c) const { return stand_in(c, 0); }

 private:
  /// Decompositions nest twice at most; a bound all the same.
  static constexpr int kDepthMax{4};

  [[nodiscard]] std::optional<std::string> stand_in(char32_t c, int depth) const {
    if (is_gsm(c)) return to_utf8({&c, 1});
    if (dialect_ == Dialect::twilio)
      if (const auto found = twilio_stand_in(c)) return std::string{*found};
    if (with_accents_ && u_getCombiningClass(static_cast<UChar32>(c)) != 0) return std::string{};
    if (const auto found = sign_stand_in(c)) return std::string{*found};
    if (with_accents_)
      if (const auto found = find(kLetters, c)) return std::string{*found};
    if (!is_usable_ || depth == kDepthMax) return std::nullopt;
    return through(decomposed(compatible_, c), decomposed(canonical_, c), depth);
  }
  /// Marks fall away only where accents may; a decomposition without marks is always the same sign.
  [[nodiscard]] std::optional<std::string> through(const std::u32string &compatible,
                                                   const std::u32string &canonical, int depth) const {
    if (compatible.empty()) return std::nullopt;
    std::string out;
    for (const auto character : compatible) {
      const bool is_mark{u_getCombiningClass(static_cast<UChar32>(character)) != 0};
      if (is_mark && !with_accents_ && canonical.size() > 1) return std::nullopt;
      if (is_mark) continue;
      const auto part = stand_in(character, depth + 1);
      if (!part) return std::nullopt;
      out += *part;
    }
    return out;
  }

  const UNormalizer2 *canonical_{nullptr}, *compatible_{nullptr};
  bool is_usable_{false}, with_accents_;
  Dialect dialect_;
};

}  // namespace

std::string replace(std::string_view text, Replacement replacement, Dialect dialect) {
  if (replacement == Replacement::off || is_gsm(text)) return std::string{text};
  const Replacer replacer{replacement, dialect};
  auto characters = composed(from_utf8(text));
  std::string out;
  // A stand-in and a mark that stays behind it may be one letter together, which has a stand-in of its own or
  // none.
  for (int pass{0}; pass < kPassesMax; ++pass) {
    out.clear();
    for (const auto character : characters) {
      if (auto found = replacer.stand_in(character))
        out += *found;
      else
        out += to_utf8({&character, 1});
    }
    if (dialect == Dialect::twilio) break;  // a gateway's work is foretold, not bettered
    characters = composed(from_utf8(out));
    if (to_utf8(characters) == out) break;
  }
  return out;
}

}  // namespace relance::gsm
