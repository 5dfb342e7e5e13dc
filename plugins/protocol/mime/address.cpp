// What may stand in an address, on the wire and in a header. Strict: an address that needs guessing is
// refused.
#include "plugins/protocol/mime/encode.hpp"
#include "plugins/protocol/mime/mime.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <unicode/uidna.h>

namespace relance::mime {
namespace {

bool is_alnum(char character) {
  return (character >= '0' && character <= '9') || (character >= 'A' && character <= 'Z') ||
         (character >= 'a' && character <= 'z');
}

bool is_atext(char character) {
  return is_alnum(character) || static_cast<unsigned char>(character) >= 0x80 ||
         std::string_view{"!#$%&'*+-/=?^_`{|}~"}.find(character) != std::string_view::npos;
}

bool is_dot_atom(std::string_view text) {
  char previous{'.'};
  for (const char character : text) {
    if (character == '.' ? previous == '.' : !is_atext(character)) return false;
    previous = character;
  }
  return previous != '.';
}

bool is_quoted_string(std::string_view text) {
  if (text.size() < 3 || text.front() != '"' || text.back() != '"') return false;
  const auto inside = text.substr(1, text.size() - 2);
  for (std::size_t at{0}; at < inside.size(); ++at) {
    if (inside[at] == '"') return false;
    if (inside[at] != '\\') continue;
    ++at;  // whatever it is, it is quoted
    if (at == inside.size()) return false;
  }
  return true;
}

bool is_host_name(std::string_view domain) {
  std::size_t label{0};
  char previous{'.'};
  for (const char character : domain) {
    if (character == '.') {
      if (label == 0 || previous == '-') return false;
      label = 0;
    } else {
      if (!is_alnum(character) && character != '-') return false;
      if (label == 0 && character == '-') return false;
      if (++label > 63) return false;
    }
    previous = character;
  }
  return label > 0 && previous != '-' && domain.size() <= 253;
}

bool is_address_literal(std::string_view domain) {
  if (domain.size() < 4 || domain.front() != '[' || domain.back() != ']') return false;
  const auto inside = domain.substr(1, domain.size() - 2);
  return std::all_of(inside.begin(), inside.end(),
                     [](char c) { return is_alnum(c) || c == '.' || c == ':' || c == '-'; });
}

/// U-labels to A-labels (UTS 46, non-transitional); empty when the name is not allowed.
std::string to_ascii_domain(std::string_view domain) {
  UErrorCode status{U_ZERO_ERROR};
  constexpr std::uint32_t kOptions{UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII |
                                   UIDNA_USE_STD3_RULES};
  const std::unique_ptr<UIDNA, decltype(&uidna_close)> idna{uidna_openUTS46(kOptions, &status), &uidna_close};
  if (U_FAILURE(status)) return {};
  std::array<char, 256> buffer{};
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  const auto length =
      uidna_nameToASCII_UTF8(idna.get(), domain.data(), static_cast<std::int32_t>(domain.size()),
                             buffer.data(), static_cast<std::int32_t>(buffer.size()), &info, &status);
  if (U_FAILURE(status) || info.errors != 0 || length <= 0) return {};
  return {buffer.data(), static_cast<std::size_t>(length)};
}

}  // namespace

Result<WireAddress> wire_address(std::string_view email, std::string_view field) {
  const auto refuse = [&](Fault fault) { return Refusal{fault, std::string{field}}; };
  if (email.empty()) return refuse(Fault::missing);
  if (email.size() > kMaxAddressBytes) return refuse(Fault::too_long);
  for (const char character : email) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte == 0x7F) return refuse(Fault::control_character);
  }
  if (!is_utf8(email)) return refuse(Fault::invalid_utf8);
  const auto at = email.rfind('@');
  if (at == std::string_view::npos) return refuse(Fault::invalid_address);
  const auto local = email.substr(0, at);
  const auto domain = email.substr(at + 1);
  if (local.size() > kMaxLocalPartBytes) return refuse(Fault::too_long);
  if (!is_dot_atom(local) && !(is_quoted_string(local) && is_ascii(local)))
    return refuse(Fault::invalid_address);
  WireAddress wire{std::string{local} + '@', !is_ascii(local)};
  if (is_ascii(domain)) {
    if (!is_host_name(domain) && !is_address_literal(domain)) return refuse(Fault::invalid_address);
    wire.email += domain;
  } else {
    const auto ascii = to_ascii_domain(domain);
    if (!is_host_name(ascii)) return refuse(Fault::invalid_address);
    wire.email += ascii;
  }
  if (wire.email.size() > kMaxAddressBytes) return refuse(Fault::too_long);
  return wire;
}

}  // namespace relance::mime
