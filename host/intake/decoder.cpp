// ICU is the authority on the encodings: its converters fill the table of a single-byte one, its macros walk
// UTF-8 and UTF-16. Going through its UTF-16 strings for every byte would cost more than the rest of the
// reader.
#include "host/intake/decoder.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <unicode/ucnv.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

namespace relance::intake {
namespace {

constexpr std::string_view kReplacement{"\xEF\xBF\xBD"};  // U+FFFD

void append_utf8(UChar32 c, std::string &text) {
  char buffer[U8_MAX_LENGTH];
  std::int32_t length = 0;
  U8_APPEND_UNSAFE(buffer, length, c);
  text.append(buffer, static_cast<std::size_t>(length));
}

/// How many bytes from `at` on are ASCII: eight at a time, since exports are nearly all ASCII.
std::size_t ascii_run(std::string_view bytes, std::size_t at) {
  const std::size_t start = at;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, 8);
    if ((word & 0x8080808080808080ULL) != 0) break;
  }
  while (at < bytes.size() && static_cast<unsigned char>(bytes[at]) < 0x80) ++at;
  return at - start;
}

const char *icu_name(Encoding encoding) {
  switch (encoding) {
    case Encoding::windows_1252:
      return "windows-1252";
    case Encoding::iso_8859_1:
      return "ISO-8859-1";
    default:
      return "ISO-8859-15";
  }
}

}  // namespace

/// The UTF-8 of each byte from 0x80 on; empty where the byte is no printable character. The C1 controls that
/// 0x80–0x9F stand for in ISO 8859 are never meant in a ledger: they are windows-1252 under a wrong name.
struct Decoder::SingleByte {
  std::array<std::string, 128> high;

  explicit SingleByte(const char *name) {
    UErrorCode status = U_ZERO_ERROR;
    UConverter *converter = ucnv_open(name, &status);
    for (unsigned byte = 0x80; byte < 0x100 && U_SUCCESS(status); ++byte) {
      const char source = static_cast<char>(byte);
      UChar target[4];
      UErrorCode one = U_ZERO_ERROR;
      const std::int32_t length = ucnv_toUChars(converter, target, 4, &source, 1, &one);
      const bool is_text = U_SUCCESS(one) && length == 1 && target[0] >= 0xA0 && target[0] != 0xFFFD;
      if (is_text) append_utf8(target[0], high[byte - 0x80]);
    }
    ucnv_close(converter);
  }

  static const SingleByte *of(Encoding encoding) {
    static const SingleByte windows(icu_name(Encoding::windows_1252));
    static const SingleByte latin1(icu_name(Encoding::iso_8859_1));
    static const SingleByte latin9(icu_name(Encoding::iso_8859_15));
    switch (encoding) {
      case Encoding::windows_1252:
        return &windows;
      case Encoding::iso_8859_1:
        return &latin1;
      case Encoding::iso_8859_15:
        return &latin9;
      default:
        return nullptr;
    }
  }
};

std::string_view name_of(Encoding encoding) {
  switch (encoding) {
    case Encoding::utf8:
      return "utf-8";
    case Encoding::windows_1252:
      return "windows-1252";
    case Encoding::iso_8859_1:
      return "iso-8859-1";
    case Encoding::iso_8859_15:
      return "iso-8859-15";
    case Encoding::utf16le:
      return "utf-16le";
    case Encoding::utf16be:
      return "utf-16be";
  }
  return "?";
}

Result<Encoding> encoding_named(std::string_view name) {
  // ucnv_compareNames ignores case, hyphens and leading zeros.
  static constexpr std::array<std::pair<const char *, Encoding>, 14> kNames{{
      {"utf-8", Encoding::utf8},
      {"us-ascii", Encoding::utf8},
      {"ascii", Encoding::utf8},
      {"windows-1252", Encoding::windows_1252},
      {"cp1252", Encoding::windows_1252},
      {"ansi", Encoding::windows_1252},
      {"iso-8859-1", Encoding::iso_8859_1},
      {"latin1", Encoding::iso_8859_1},
      {"iso-8859-15", Encoding::iso_8859_15},
      {"latin9", Encoding::iso_8859_15},
      {"utf-16le", Encoding::utf16le},
      {"utf-16", Encoding::utf16le},
      {"ucs-2", Encoding::utf16le},
      {"utf-16be", Encoding::utf16be},
  }};
  const std::string wanted(name);
  for (const auto &[known, encoding] : kNames)
    if (!wanted.empty() && ucnv_compareNames(wanted.c_str(), known) == 0) return encoding;
  return invalid("unknown encoding '" + wanted +
                 "'; known are utf-8, windows-1252, iso-8859-1, iso-8859-15, utf-16le and utf-16be");
}

std::string BadBytes::hex() const {
  std::string text;
  for (std::uint32_t i = 0; i < std::min<std::uint32_t>(count, first.size()); ++i) {
    char one[8];
    std::snprintf(one, sizeof one, "%s0x%02X", i == 0 ? "" : " ", first[i]);
    text += one;
  }
  return count > first.size() ? text + " …" : text;
}

Decoder::Decoder(Encoding declared) : encoding_(declared), table_(SingleByte::of(declared)) {}

std::size_t Decoder::take_mark(std::string_view bytes) {
  struct Mark {
    std::string_view bytes;
    Encoding encoding;
  };
  static constexpr std::array<Mark, 3> kMarks{
      {{"\xEF\xBB\xBF", Encoding::utf8}, {"\xFF\xFE", Encoding::utf16le}, {"\xFE\xFF", Encoding::utf16be}}};
  for (const Mark &mark : kMarks)
    if (bytes.starts_with(mark.bytes)) {
      encoding_ = mark.encoding;
      table_ = nullptr;
      return mark.bytes.size();
    }
  const bool is_wide = encoding_ == Encoding::utf16le || encoding_ == Encoding::utf16be;
  if (!is_wide && bytes.size() >= 4)
    looks_like_utf16_ = (bytes[0] == 0 && bytes[2] == 0) || (bytes[1] == 0 && bytes[3] == 0);
  return 0;
}

void Decoder::decode(std::string_view bytes, bool is_last, std::string &text, std::vector<BadBytes> &bad) {
  std::string joined;
  if (!carry_.empty()) {
    joined = carry_;
    joined += bytes;
    carry_.clear();
    bytes = joined;
  }
  text_start_ = text.size();
  if (!started_) {
    constexpr std::size_t kLongestHint = 4;
    if (bytes.size() < kLongestHint && !is_last) {
      carry_ = bytes;
      return;
    }
    started_ = true;
    bytes.remove_prefix(take_mark(bytes));
  }
  std::size_t used;
  if (table_ != nullptr)
    used = decode_single(bytes, text, bad);
  else if (encoding_ == Encoding::utf8)
    used = decode_utf8(bytes, is_last, text, bad);
  else
    used = decode_utf16(bytes, is_last, text, bad);
  carry_ = bytes.substr(used);
  decoded_ += text.size() - text_start_;
}

std::size_t Decoder::decode_utf8(std::string_view bytes, bool is_last, std::string &text,
                                 std::vector<BadBytes> &bad) const {
  auto length = static_cast<std::int32_t>(bytes.size());
  if (!is_last) U8_TRUNCATE_IF_INCOMPLETE(bytes.data(), 0, length);
  const auto end = static_cast<std::size_t>(length);
  const std::string_view whole = bytes.substr(0, end);
  std::size_t good = 0;  // start of the stretch that can be copied as it is
  std::size_t at = 0;
  while (at < end) {
    at += ascii_run(whole, at);
    if (at >= end) break;
    const std::size_t start = at;
    UChar32 c;
    U8_NEXT(whole.data(), at, end, c);
    if (c >= 0) continue;
    text.append(whole.substr(good, start - good));
    add_bad(whole.substr(start, at - start), text, bad);
    good = at;
  }
  text.append(whole.substr(good));
  return end;
}

std::size_t Decoder::decode_utf16(std::string_view bytes, bool is_last, std::string &text,
                                  std::vector<BadBytes> &bad) const {
  const auto unit = [&](std::size_t at) {
    const auto low = static_cast<unsigned char>(bytes[at]);
    const auto high = static_cast<unsigned char>(bytes[at + 1]);
    return static_cast<UChar>(encoding_ == Encoding::utf16le ? low | high << 8 : low << 8 | high);
  };
  std::size_t at = 0;
  while (at + 2 <= bytes.size()) {
    const UChar first = unit(at);
    if (!U16_IS_SURROGATE(first)) {
      append_utf8(first, text);
      at += 2;
    } else if (U16_IS_SURROGATE_LEAD(first) && at + 4 > bytes.size() && !is_last) {
      return at;
    } else if (U16_IS_SURROGATE_LEAD(first) && at + 4 <= bytes.size() && U16_IS_TRAIL(unit(at + 2))) {
      append_utf8(U16_GET_SUPPLEMENTARY(first, unit(at + 2)), text);
      at += 4;
    } else {
      add_bad(bytes.substr(at, 2), text, bad);
      at += 2;
    }
  }
  if (is_last && at < bytes.size()) {
    add_bad(bytes.substr(at), text, bad);
    at = bytes.size();
  }
  return at;
}

std::size_t Decoder::decode_single(std::string_view bytes, std::string &text,
                                   std::vector<BadBytes> &bad) const {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t run = ascii_run(bytes, at);
    text.append(bytes.substr(at, run));
    at += run;
    for (; at < bytes.size() && static_cast<unsigned char>(bytes[at]) >= 0x80; ++at) {
      const std::string &known = table_->high[static_cast<unsigned char>(bytes[at]) - 0x80U];
      if (known.empty())
        add_bad(bytes.substr(at, 1), text, bad);
      else
        text += known;
    }
  }
  return at;
}

void Decoder::add_bad(std::string_view bytes, std::string &text, std::vector<BadBytes> &bad) const {
  const std::uint64_t offset = decoded_ + (text.size() - text_start_);
  text += kReplacement;
  // Neighbours are one stretch: a file in a wrong encoding must not need a record for each byte.
  const bool continues = !bad.empty() && bad.back().offset + bad.back().length == offset;
  if (!continues) bad.push_back({.offset = offset});
  BadBytes &stretch = bad.back();
  stretch.length += static_cast<std::uint32_t>(kReplacement.size());
  for (const char byte : bytes) {
    if (stretch.count < stretch.first.size()) stretch.first[stretch.count] = static_cast<unsigned char>(byte);
    ++stretch.count;
  }
}

}  // namespace relance::intake
