#include "plugins/protocol/smtp/envelope.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace relance::smtp {
namespace {

constexpr std::size_t kMaxLineBytes{998};        // RFC 5322 §2.1.1
constexpr std::size_t kMaxPathBytes{254};        // RFC 5321 §4.5.3.1.3, brackets taken off
constexpr std::size_t kMaxEnvelopeIdBytes{100};  // RFC 3461 §4.4
constexpr std::size_t kMaxRecipients{100};       // RFC 5321 §4.5.3.1.8: what every server must take
constexpr std::string_view kHex{"0123456789ABCDEF"};

char upper(char character) {
  return character >= 'a' && character <= 'z' ? static_cast<char>(character - 'a' + 'A') : character;
}

bool has_eight_bit(std::string_view bytes) {
  std::uint64_t seen{0};
  std::size_t at{0};
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word{};
    std::memcpy(&word, bytes.data() + at, 8);
    seen |= word;
  }
  for (; at < bytes.size(); ++at) seen |= static_cast<unsigned char>(bytes[at]) & 0x80U;
  return (seen & 0x8080808080808080U) != 0;
}

std::string path_fault(std::string_view path, bool smtputf8) {
  if (path.size() > kMaxPathBytes) return "an address is too long";
  bool is_quoted{false}, is_escaped{false};
  for (const char character : path) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte == 0x7F) return "a control character in an address";
    if (byte >= 0x80 && !smtputf8) return "an address outside ASCII without SMTPUTF8";
    if (is_escaped) {
      is_escaped = false;
      continue;
    }
    is_escaped = character == '\\';
    if (is_escaped && !is_quoted) return "a backslash outside quotes in an address";
    if (character == '"') is_quoted = !is_quoted;
    if (!is_quoted && (character == ' ' || character == '<' || character == '>' || character == ',')) {
      return "a blank, comma or angle bracket in an address";
    }
  }
  const auto at = path.rfind('@');
  if (is_quoted || at == std::string_view::npos || at == 0 || at + 1 == path.size()) return "not an address";
  return {};
}

void read_auth(std::string_view mechanisms, Capabilities &capabilities) {
  while (!mechanisms.empty()) {
    const auto end = std::min(mechanisms.find(' '), mechanisms.size());
    const auto mechanism = mechanisms.substr(0, end);
    capabilities.auth_plain |= mechanism == "PLAIN";
    capabilities.auth_login |= mechanism == "LOGIN";
    capabilities.auth_xoauth2 |= mechanism == "XOAUTH2";
    mechanisms.remove_prefix(std::min(end + 1, mechanisms.size()));
  }
}

}  // namespace

Capabilities read_capabilities(std::string_view ehlo_text) {
  Capabilities capabilities;
  bool is_first{true};  // the server's own name
  while (!ehlo_text.empty()) {
    const auto end = std::min(ehlo_text.find('\n'), ehlo_text.size());
    std::string line{ehlo_text.substr(0, end)};
    ehlo_text.remove_prefix(std::min(end + 1, ehlo_text.size()));
    if (std::exchange(is_first, false)) continue;
    std::transform(line.begin(), line.end(), line.begin(), upper);
    const std::string_view view{line};
    capabilities.pipelining |= view == "PIPELINING";
    capabilities.eight_bit_mime |= view == "8BITMIME";
    capabilities.smtputf8 |= view == "SMTPUTF8";
    capabilities.dsn |= view == "DSN";
    capabilities.starttls |= view == "STARTTLS";
    if (view == "SIZE" || view.starts_with("SIZE ")) {
      capabilities.size = true;
      if (view.size() > 5) std::from_chars(view.data() + 5, view.data() + view.size(), capabilities.max_size);
    }
    // "AUTH=" is what servers wrote before RFC 2554.
    if (view.starts_with("AUTH ") || view.starts_with("AUTH=")) read_auth(view.substr(5), capabilities);
  }
  return capabilities;
}

ContentCheck check_content(std::string_view content) {
  ContentCheck check;
  const auto fail = [&](std::string_view what, std::size_t at) {
    check.fault = std::string{what} + " at byte " + std::to_string(at);
    return check;
  };
  if (content.empty()) return fail("no content", 0);
  if (const auto at = content.find('\0'); at != std::string_view::npos) return fail("NUL", at);
  check.has_eight_bit = has_eight_bit(content);
  std::size_t begin{0};
  while (begin < content.size()) {
    const auto end = std::min(content.find('\n', begin), content.size());
    auto line = content.substr(begin, end - begin);
    if (end < content.size()) {
      if (!line.ends_with('\r')) return fail("a bare LF", end);
      line.remove_suffix(1);
    }
    if (const auto at = line.find('\r'); at != std::string_view::npos) return fail("a bare CR", begin + at);
    if (line.size() > kMaxLineBytes) return fail("a line of more than 998 bytes", begin);
    check.has_leading_dot |= line.starts_with('.');
    begin = end + 1;
  }
  return check;
}

std::string envelope_fault(const Envelope &envelope) {
  if (!envelope.sender.empty()) {
    if (auto fault = path_fault(envelope.sender, envelope.needs_smtputf8); !fault.empty())
      return "sender: " + fault;
  }
  if (envelope.recipients.empty()) return "no recipient";
  if (envelope.recipients.size() > kMaxRecipients) return "too many recipients";
  for (const auto &recipient : envelope.recipients) {
    if (auto fault = path_fault(recipient, envelope.needs_smtputf8); !fault.empty())
      return "recipient: " + fault;
  }
  if (envelope.envelope_id.size() > kMaxEnvelopeIdBytes || has_eight_bit(envelope.envelope_id) ||
      std::any_of(envelope.envelope_id.begin(), envelope.envelope_id.end(),
                  [](char character) { return character < 0x20 || character == 0x7F; })) {
    return "the envelope id is not at most 100 printable ASCII characters";
  }
  return {};
}

std::string xtext(std::string_view text) {
  std::string encoded;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 33 || byte > 126 || character == '+' || character == '=') {
      encoded += '+';
      encoded += kHex[byte >> 4];
      encoded += kHex[byte & 15];
    } else {
      encoded += character;
    }
  }
  return encoded;
}

void append_mail(std::string &out, const Submission &submission, const Capabilities &server,
                 bool has_eight_bit_content, bool with_dsn) {
  const auto &envelope = submission.envelope;
  out.append("MAIL FROM:<").append(envelope.sender).append(">");
  if (server.size) out.append(" SIZE=").append(std::to_string(submission.content.size()));
  if (has_eight_bit_content && server.eight_bit_mime) out += " BODY=8BITMIME";
  if (envelope.needs_smtputf8) out += " SMTPUTF8";
  if (with_dsn && server.dsn) {
    out += " RET=HDRS";
    if (!envelope.envelope_id.empty()) out.append(" ENVID=").append(xtext(envelope.envelope_id));
  }
  out += "\r\n";
}

void append_recipient(std::string &out, const Envelope &envelope, std::size_t index,
                      const Capabilities &server, bool with_dsn) {
  const auto &recipient = envelope.recipients[index];
  out.append("RCPT TO:<").append(recipient).append(">");
  if (with_dsn && server.dsn) {
    out += " NOTIFY=SUCCESS,FAILURE,DELAY";
    // RFC 6533 §3 has a form of its own for other addresses; the server derives it from the address itself.
    if (!has_eight_bit(recipient)) out.append(" ORCPT=rfc822;").append(xtext(recipient));
  }
  out += "\r\n";
}

}  // namespace relance::smtp
