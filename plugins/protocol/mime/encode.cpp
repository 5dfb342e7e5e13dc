// Table-driven encoders: a mail is encoded once per reminder, on the path that has to make thousands a
// second.
#include "plugins/protocol/mime/encode.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace relance::mime {
namespace {

constexpr std::size_t kLineLimit{76};       // RFC 2045 §6.7 (5): encoded lines
constexpr std::size_t kPlainLineLimit{78};  // RFC 5322 §2.1.1
constexpr std::string_view kHex{"0123456789ABCDEF"};
constexpr std::string_view kBase64{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"};

/// Bytes that quoted-printable may write as they are, wherever they stand in a line.
constexpr std::array<bool, 256> make_literal() {
  std::array<bool, 256> literal{};
  for (std::size_t byte{33}; byte <= 126; ++byte) literal[byte] = byte != '=';
  return literal;
}
constexpr auto kLiteral{make_literal()};

/// The next line of `text` without its end, and moves `text` behind it.
std::string_view take_line(std::string_view &text) {
  // Two memchr, which find() is for one character; find_first_of() would look at every byte twice.
  const auto feed = std::min(text.find('\n'), text.size());
  const auto end = std::min(text.substr(0, feed).find('\r'), feed);
  const auto line = text.substr(0, end);
  const bool is_pair{end < feed && end + 1 == feed && feed < text.size()};
  text.remove_prefix(std::min(end + (is_pair ? 2 : 1), text.size()));
  return line;
}

/// Printable ASCII only. One flag over all bytes: the compiler makes vectors of it.
bool is_printable(std::string_view line) {
  unsigned char odd{0};
  for (const char character : line) {
    odd |= static_cast<unsigned char>(static_cast<unsigned char>(character - 0x20) >= 0x5F);
  }
  return odd == 0;
}

std::size_t count_escapes(std::string_view line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return byte >= 0x7F || (byte < 0x20 && byte != '\t');
  }));
}

void append_quoted_line(std::string &out, std::string_view line) {
  std::size_t column{0};
  const auto escape = [&](unsigned char byte) {
    if (column + 3 > kLineLimit - 1) {
      out += "=\r\n";
      column = 0;
    }
    const char triple[3]{'=', kHex[byte >> 4], kHex[byte & 15]};
    out.append(triple, 3);
    column += 3;
  };
  std::size_t at{0};
  // mbox writers on the way would put a '>' before it.
  if (line.starts_with("From ")) escape(static_cast<unsigned char>(line[at++]));
  while (at < line.size()) {
    const auto byte = static_cast<unsigned char>(line[at]);
    const bool is_blank{byte == ' ' || byte == '\t'};
    if (kLiteral[byte] || (is_blank && at + 1 < line.size())) {
      // A run of literal bytes, as far as the line has room; blanks only inside it.
      std::size_t end{at + 1};
      const auto room = kLineLimit - 1 - column;
      while (
          end < line.size() && end - at < room &&
          (kLiteral[static_cast<unsigned char>(line[end])] || (line[end] == ' ' && end + 1 < line.size()))) {
        ++end;
      }
      if (room == 0) {
        out += "=\r\n";
        column = 0;
        continue;
      }
      out.append(line, at, end - at);
      column += end - at;
      at = end;
    } else {
      escape(byte);
      ++at;
    }
  }
  out += "\r\n";
}

/// Two characters for every 12 bits: half the look-ups of a table of 64.
constexpr auto make_pairs() {
  std::array<std::array<char, 2>, 4096> pairs{};
  for (std::size_t bits{0}; bits < pairs.size(); ++bits)
    pairs[bits] = {kBase64[bits >> 6], kBase64[bits & 63]};
  return pairs;
}
constexpr auto kPairs{make_pairs()};

/// `bytes` in base64 at `to`, which has room; returns the end.
char *encode_base64(char *to, std::string_view bytes) {
  const auto *from = reinterpret_cast<const unsigned char *>(bytes.data());
  auto left = bytes.size();
  for (; left >= 3; left -= 3, from += 3, to += 4) {
    const std::uint32_t bits{(std::uint32_t{from[0]} << 16) | (std::uint32_t{from[1]} << 8) | from[2]};
    std::memcpy(to, kPairs[bits >> 12].data(), 2);
    std::memcpy(to + 2, kPairs[bits & 4095].data(), 2);
  }
  if (left == 0) return to;
  const std::uint32_t bits{(std::uint32_t{from[0]} << 16) | (left > 1 ? std::uint32_t{from[1]} << 8 : 0)};
  std::memcpy(to, kPairs[bits >> 12].data(), 2);
  to[2] = left > 1 ? kBase64[(bits >> 6) & 63] : '=';
  to[3] = '=';
  return to + 4;
}

}  // namespace

std::string_view name_of(Transfer transfer) {
  switch (transfer) {
    case Transfer::seven_bit:
      return "7bit";
    case Transfer::quoted_printable:
      return "quoted-printable";
    case Transfer::base64:
      return "base64";
  }
  return "base64";
}

bool is_ascii(std::string_view bytes) {
  std::size_t at{0};
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word{};
    std::memcpy(&word, bytes.data() + at, 8);
    if ((word & 0x8080808080808080U) != 0) return false;
  }
  for (; at < bytes.size(); ++at) {
    if (static_cast<unsigned char>(bytes[at]) >= 0x80) return false;
  }
  return true;
}

bool is_utf8(std::string_view bytes) {
  // @see Unicode 15, table 3-7: well-formed byte sequences.
  std::size_t at{0};
  const auto byte = [&](std::size_t index) {
    return index < bytes.size() ? static_cast<unsigned char>(bytes[index]) : 0U;
  };
  const auto follows = [&](std::size_t index, unsigned low, unsigned high) {
    return byte(index) >= low && byte(index) <= high;
  };
  while (at < bytes.size()) {
    const auto lead = byte(at);
    if (lead < 0x80) {
      ++at;
    } else if (lead >= 0xC2 && lead <= 0xDF) {
      if (!follows(at + 1, 0x80, 0xBF)) return false;
      at += 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      const unsigned low{lead == 0xE0 ? 0xA0U : 0x80U};
      const unsigned high{lead == 0xED ? 0x9FU : 0xBFU};
      if (!follows(at + 1, low, high) || !follows(at + 2, 0x80, 0xBF)) return false;
      at += 3;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      const unsigned low{lead == 0xF0 ? 0x90U : 0x80U};
      const unsigned high{lead == 0xF4 ? 0x8FU : 0xBFU};
      if (!follows(at + 1, low, high) || !follows(at + 2, 0x80, 0xBF) || !follows(at + 3, 0x80, 0xBF))
        return false;
      at += 4;
    } else {
      return false;
    }
  }
  return true;
}

Transfer choose_transfer(std::string_view text) {
  bool is_plain{true};
  std::size_t escapes{0};
  auto rest = text;
  while (!rest.empty()) {
    const auto line = take_line(rest);
    const auto escapes_here = is_printable(line) ? 0 : count_escapes(line);
    escapes += escapes_here;
    // "=_" opens every boundary of ours and cannot occur in the other two encodings.
    is_plain = is_plain && escapes_here == 0 && line.size() <= kPlainLineLimit &&
               !line.starts_with("From ") && !line.starts_with("--=_") && !line.ends_with(' ') &&
               !line.ends_with('\t');
  }
  if (is_plain) return Transfer::seven_bit;
  return escapes * 6 > text.size() ? Transfer::base64 : Transfer::quoted_printable;
}

void append_text(std::string &out, std::string_view text, Transfer transfer) {
  if (transfer == Transfer::base64) {
    std::string canonical;
    canonical.reserve(text.size() + text.size() / 32);
    while (!text.empty()) canonical.append(take_line(text)).append("\r\n");
    append_base64_lines(out, canonical);
    return;
  }
  while (!text.empty()) {
    const auto line = take_line(text);
    if (transfer == Transfer::seven_bit) {
      out.append(line).append("\r\n");
    } else {
      append_quoted_line(out, line);
    }
  }
}

void append_base64_lines(std::string &out, std::string_view bytes) {
  constexpr std::size_t kBytesPerLine{kLineLimit / 4 * 3};
  const auto lines = (bytes.size() + kBytesPerLine - 1) / kBytesPerLine;
  const auto begin = out.size();
  out.resize(begin + (bytes.size() + 2) / 3 * 4 + lines * 2);
  auto *to = out.data() + begin;
  for (std::size_t at{0}; at < bytes.size(); at += kBytesPerLine) {
    to = encode_base64(to, bytes.substr(at, kBytesPerLine));
    *to++ = '\r';
    *to++ = '\n';
  }
}

void append_base64(std::string &out, std::string_view bytes) {
  const auto begin = out.size();
  out.resize(begin + (bytes.size() + 2) / 3 * 4);
  encode_base64(out.data() + begin, bytes);
}

}  // namespace relance::mime
