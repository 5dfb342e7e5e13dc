#include "plugins/protocol/pec/mail.hpp"

#include "plugins/protocol/pec/signature.hpp"
#include "plugins/protocol/report/ascii.hpp"
#include "plugins/protocol/report/charset.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace relance::pec {
namespace {

struct Entity {
  report::Fields header;
  std::string_view body;
};

/// Header and body at the first empty line.
Entity split(std::string_view bytes) {
  std::size_t at{0};
  while (at < bytes.size()) {
    const auto end = std::min(bytes.find('\n', at), bytes.size());
    if (report::trim(bytes.substr(at, end - at)).empty()) break;
    at = end + 1;
  }
  const auto header = bytes.substr(0, std::min({at, bytes.size(), kHeaderBytesMax}));
  const auto behind =
      at >= bytes.size() ? bytes.size() : std::min(bytes.find('\n', at), bytes.size() - 1) + 1;
  return {report::parse_header(report::to_utf8(header, nullptr), kFieldsMax), bytes.substr(behind)};
}

/// "multipart/signed; boundary=…": the part in front of the parameters, in lower case.
std::string type_of(std::string_view content_type) {
  return report::lower(report::trim(content_type.substr(0, content_type.find(';'))));
}

/// A parameter's value, its quotes and escapes taken away (RFC 2045 §5.1).
std::string parameter(std::string_view value, std::string_view name) {
  for (auto at = value.find(';'); at != value.npos;) {
    value.remove_prefix(at + 1);
    const auto equals = value.find('=');
    if (equals == value.npos) return {};
    const bool is_it{report::equals_ignoring_case(report::trim(value.substr(0, equals)), name)};
    value.remove_prefix(equals + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t\r\n"), value.size()));
    std::string text;
    if (value.starts_with('"')) {
      value.remove_prefix(1);
      while (!value.empty() && value.front() != '"') {
        if (value.front() == '\\' && value.size() > 1) value.remove_prefix(1);
        text += value.front();
        value.remove_prefix(1);
      }
    } else {
      text = report::trim(value.substr(0, value.find(';')));
    }
    if (is_it) return text;
    at = value.find(';');
  }
  return {};
}

/// The parts of a multipart between its delimiter lines; the line end before a delimiter is the delimiter's.
std::vector<std::string_view> parts_of(std::string_view body, const std::string &boundary) {
  std::vector<std::string_view> parts;
  if (boundary.empty()) return parts;
  const auto delimiter = "--" + boundary;
  std::optional<std::size_t> begin;
  for (std::size_t at{0}; at < body.size() && parts.size() < kPartsMax;) {
    const auto end = std::min(body.find('\n', at), body.size());
    const auto line = body.substr(at, end - at);
    if (line.starts_with(delimiter)) {
      const auto rest = report::trim(line.substr(delimiter.size()));
      const bool is_last{rest == "--"};
      if (is_last || rest.empty()) {
        if (begin) {
          auto part = body.substr(*begin, at - std::min(at, *begin));
          if (part.ends_with('\n')) part.remove_suffix(1);
          if (part.ends_with('\r')) part.remove_suffix(1);
          parts.push_back(part);
        }
        if (is_last) return parts;
        begin = std::min(end + 1, body.size());
      }
    }
    at = end + 1;
  }
  return parts;
}

std::string from_base64(std::string_view text) {
  static constexpr auto kValues = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    constexpr std::string_view kLetters{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"};
    for (std::size_t i{0}; i < kLetters.size(); ++i)
      values[static_cast<unsigned char>(kLetters[i])] = static_cast<std::int8_t>(i);
    return values;
  }();
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t group{0};
  int bits{0};
  for (const char c : text) {
    const auto value = kValues[static_cast<unsigned char>(c)];
    if (c == '=') break;
    if (value < 0) continue;  // line ends, and what does not belong there (RFC 2045 §6.8)
    group = (group << 6) | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out += static_cast<char>(group >> bits);
  }
  return out;
}

int hex_digit(char c) {
  const char low{report::to_lower(c)};
  if (report::is_digit(low)) return low - '0';
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

std::string from_quoted_printable(std::string_view text) {
  std::string out;
  for (std::size_t at{0}; at < text.size(); ++at) {
    if (text[at] != '=') {
      out += text[at];
      continue;
    }
    const int high{at + 2 < text.size() ? hex_digit(text[at + 1]) : -1};
    const int low{high < 0 ? -1 : hex_digit(text[at + 2])};
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      at += 2;
    } else {
      at = std::min(text.find('\n', at), text.size());  // a soft line break
    }
  }
  return out;
}

std::string decoded(const Entity &entity) {
  const auto encoding =
      report::lower(report::trim(report::value_of(entity.header, "content-transfer-encoding")));
  if (encoding == "base64") return from_base64(entity.body);
  if (encoding == "quoted-printable") return from_quoted_printable(entity.body);
  return std::string{entity.body};
}

std::string file_name_of(const Entity &entity) {
  auto name = parameter(report::value_of(entity.header, "content-disposition"), "filename");
  if (name.empty()) name = parameter(report::value_of(entity.header, "content-type"), "name");
  return name;
}

void collect(std::string_view bytes, std::size_t depth, Mail &mail) {
  if (depth > kNestingMax || mail.leaves.size() >= kPartsMax) {
    mail.is_cut = true;
    return;
  }
  const auto entity = split(bytes);
  const auto content_type = report::value_of(entity.header, "content-type");
  const auto type = type_of(content_type);
  if (!type.starts_with("multipart/")) {
    mail.leaves.push_back({type, file_name_of(entity), decoded(entity)});
    return;
  }
  for (const auto part : parts_of(entity.body, parameter(content_type, "boundary")))
    collect(part, depth + 1, mail);
}

/// As it is signed (RFC 8551 §3.1.1), whatever the line ends of the mailbox are.
std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 40);
  for (std::size_t at{0}; at < text.size(); ++at) {
    if (text[at] == '\n' && (at == 0 || text[at - 1] != '\r')) out += '\r';
    out += text[at];
  }
  return out;
}

/// mbox files keep a "From " line above the header.
std::string_view without_envelope_line(std::string_view bytes) {
  if (bytes.starts_with("From ")) bytes.remove_prefix(std::min(bytes.find('\n'), bytes.size() - 1) + 1);
  return bytes;
}

}  // namespace

const Leaf *Mail::find(std::string_view file_name) const {
  const auto found = std::find_if(leaves.begin(), leaves.end(), [&](const Leaf &leaf) {
    return report::equals_ignoring_case(report::trim(leaf.file_name), file_name);
  });
  return found == leaves.end() ? nullptr : &*found;
}

Mail read_mail(std::string_view bytes) {
  Mail mail;
  if (bytes.size() > kMailBytesMax) {
    bytes = bytes.substr(0, kMailBytesMax);
    mail.is_cut = true;
  }
  bytes = without_envelope_line(bytes);
  auto whole = split(bytes);
  mail.header = std::move(whole.header);
  const auto content_type = report::value_of(mail.header, "content-type");
  const auto type = type_of(content_type);
  if (type == "multipart/signed") {
    const auto parts = parts_of(whole.body, parameter(content_type, "boundary"));
    if (parts.size() == 2) {
      mail.is_signed = true;
      mail.signed_bytes = with_crlf(parts[0]);
      mail.signature = decoded(split(parts[1]));
      collect(mail.signed_bytes, 0, mail);
      return mail;
    }
  }
  if (type == "application/pkcs7-mime" || type == "application/x-pkcs7-mime") {
    mail.signature = decoded({mail.header, whole.body});
    if (auto content = content_of(mail.signature)) {
      mail.is_signed = mail.is_opaque = true;
      mail.signed_bytes = std::move(*content);
      collect(mail.signed_bytes, 0, mail);
      return mail;
    }
  }
  collect(bytes, 0, mail);
  return mail;
}

}  // namespace relance::pec
