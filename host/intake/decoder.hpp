// From the encodings that ledgers are exported in to UTF-8, piece by piece. What is not a character of the
// encoding becomes U+FFFD and is remembered with its place, so that one bad cell costs one row and not the
// file.
#pragma once

#include "host/base/result.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relance::intake {

enum class Encoding : std::uint8_t { utf8, windows_1252, iso_8859_1, iso_8859_15, utf16le, utf16be };

/// The name that mapping files use: "utf-8", "windows-1252", "iso-8859-1", "iso-8859-15", "utf-16le",
/// "utf-16be".
std::string_view name_of(Encoding encoding);
/// Case does not matter; the usual other spellings (cp1252, latin1, …) are understood.
Result<Encoding> encoding_named(std::string_view name);

/// A stretch of bytes that the encoding does not know. `offset` counts decoded bytes since the start of the
/// text.
struct BadBytes {
  std::uint64_t offset{0};
  std::uint32_t length{0};               ///< decoded bytes: the replacement characters that stand for them
  std::uint32_t count{0};                ///< bytes of the input
  std::array<unsigned char, 4> first{};  ///< the first of them

  /// "0xE9 0x20".
  [[nodiscard]] std::string hex() const;
};

class Decoder {
 public:
  explicit Decoder(Encoding declared);

  /// Appends the decoded text and the places of bad bytes. A sequence cut by the end of the piece waits for
  /// the next one; `is_last` says that there is none. A byte order mark at the very start wins over the
  /// declared encoding and is dropped.
  void decode(std::string_view bytes, bool is_last, std::string &text, std::vector<BadBytes> &bad);

  /// Declared, or what the byte order mark said.
  [[nodiscard]] Encoding encoding() const { return encoding_; }
  /// The text starts as UTF-16 does although it was not declared and has no mark: every second byte is zero.
  [[nodiscard]] bool looks_like_utf16() const { return looks_like_utf16_; }

 private:
  struct SingleByte;
  std::size_t take_mark(std::string_view bytes);
  std::size_t decode_utf8(std::string_view bytes, bool is_last, std::string &text,
                          std::vector<BadBytes> &bad) const;
  std::size_t decode_utf16(std::string_view bytes, bool is_last, std::string &text,
                           std::vector<BadBytes> &bad) const;
  std::size_t decode_single(std::string_view bytes, std::string &text, std::vector<BadBytes> &bad) const;
  void add_bad(std::string_view bytes, std::string &text, std::vector<BadBytes> &bad) const;

  Encoding encoding_;
  bool started_{false};
  bool looks_like_utf16_{false};
  std::uint64_t decoded_{0};   ///< decoded bytes before the text being appended to
  std::size_t text_start_{0};  ///< where this call's text begins
  std::string carry_;          ///< at most 3 bytes of a sequence that the last piece cut
  const SingleByte *table_{nullptr};
};

}  // namespace relance::intake
