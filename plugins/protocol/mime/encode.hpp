// Content transfer encodings (RFC 2045 §6) and the choice between them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relance::mime {

enum class Transfer : std::uint8_t { seven_bit, quoted_printable, base64 };
std::string_view name_of(Transfer transfer);

bool is_ascii(std::string_view bytes);
bool is_utf8(std::string_view bytes);

/// 7bit when nothing on the way could change the text; otherwise the shorter of quoted-printable and base64.
Transfer choose_transfer(std::string_view text);

/// Text with any line ends; every line written ends in CR LF, also the last.
void append_text(std::string &out, std::string_view text, Transfer transfer);
/// Lines of 76 characters, each ending in CR LF.
void append_base64_lines(std::string &out, std::string_view bytes);
void append_base64(std::string &out, std::string_view bytes);

}  // namespace relance::mime
