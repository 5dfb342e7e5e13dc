// What may stand in a cell of each kind: pure checks that say what is wrong and what to write instead. They
// guard the border: nothing behind the import has to ask again whether an address could break a message
// header.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace relance::intake {

struct CellIssue {
  std::string reason;
  std::string advice;
};

/// The longest text of a cell that is kept: a street of several lines needs 300.
inline constexpr std::size_t kTextBytesMax = 1000;
/// The longest number or code: what providers and bank references carry is far shorter.
inline constexpr std::size_t kCodeBytesMax = 100;

/// Without blanks at both ends, no-break spaces too.
std::string_view trimmed(std::string_view text);

/// At most `characters_max` characters, control characters escaped (\n, \x07): fit for a terminal, a log and
/// a report.
std::string shown(std::string_view cell, std::size_t characters_max = 60);

/// One line of text: no control characters, at most `bytes_max` long.
std::optional<CellIssue> check_text(std::string_view text, std::size_t bytes_max = kTextBytesMax);
/// The same, where line breaks are meant.
std::optional<CellIssue> check_lines(std::string_view text);

/// "MÃ¼ller": the two bytes of a UTF-8 letter, read as two characters of windows-1252 or its kin.
bool is_misread_utf8(std::string_view text);

/// One addr-spec of dot-atoms, ASCII. @see RFC 5321 §4.1.2, §4.5.3.1 (64, 255, 254 characters)
std::optional<CellIssue> check_email(std::string_view text);
/// ISO 3166-1 alpha-2, capitals.
std::optional<CellIssue> check_country(std::string_view text);
/// "fr", "fr-BE". @see RFC 5646
std::optional<CellIssue> check_language(std::string_view text);
/// An IANA name that this machine knows: "Europe/Paris".
std::optional<CellIssue> check_time_zone(std::string_view text);

}  // namespace relance::intake
