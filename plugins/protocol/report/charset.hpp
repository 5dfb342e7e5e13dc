// Bytes in whatever character set a mail server wrote, as valid UTF-8 text. Reports lie about their charset,
// so a conversion that fails falls back instead of dropping the text.
#pragma once

#include <string>
#include <string_view>

namespace relance::report {

/// UTF-8, valid, with LF line ends and no NUL. `charset` may be empty or wrong.
std::string to_utf8(std::string_view bytes, const char *charset);

/// Cut at a character's border.
std::string cut_utf8(std::string_view text, std::size_t bytes_max);

/// The words of an HTML page, one block a line.
std::string text_of_html(std::string_view html);

/// A header value with its encoded words (RFC 2047) decoded.
std::string decode_header(const std::string &value);

}  // namespace relance::report
