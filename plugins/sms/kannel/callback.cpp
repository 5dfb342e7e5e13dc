// @see Kannel User's Guide, "Delivery Reports"; SMPP 3.4 appendix B for the words of %A
#include "plugins/sms/kannel/callback.hpp"

#include <relance/http.hpp>
#include <relance/signature.hpp>

#include <algorithm>
#include <charconv>
#include <map>

namespace relance::sms::kannel {
namespace {

/// Our own key is 26 to 36 characters, a type has three digits, a MAC 64; %A is a line of the message centre.
constexpr std::size_t kFieldMax{1000}, kWordsMax{200}, kKeyMax{64};
/// Unix seconds of ten digits; what has more is no time of this or the next century.
constexpr std::int64_t kSecondsMax{9'999'999'999};

std::string mac_of(std::string_view secret, std::string_view key, std::string_view parts) {
  std::string signed_text{"relance kannel callback 1\n"};
  signed_text.append(key).append("\n").append(parts);
  return sdk::to_hex(sdk::hmac_sha256(secret, signed_text));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t at{0}; at < text.size(); ++at) {
    const int high{text[at] == '%' && at + 2 < text.size() ? hex_digit(text[at + 1]) : -1};
    const int low{high < 0 ? -1 : hex_digit(text[at + 2])};
    if (low >= 0)
      out += static_cast<char>(high * 16 + low), at += 2;
    else
      out += text[at] == '+' ? ' ' : text[at];
  }
  return out;
}

using Fields = std::map<std::string, std::string, std::less<>>;
/// The query's fields; the first of a name counts, as ours stand in front.
Fields fields_of(std::string_view url) {
  Fields fields;
  const auto question = url.find('?');
  if (question == url.npos) return fields;
  auto rest = url.substr(question + 1);
  if (const auto hash = rest.find('#'); hash != rest.npos) rest = rest.substr(0, hash);
  while (!rest.empty()) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    if (pair.size() - equals > kFieldMax) continue;
    fields.try_emplace(std::string{pair.substr(0, equals)},
                       decoded(pair.substr(std::min(equals + 1, pair.size()))));
  }
  return fields;
}
std::string_view at(const Fields &fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string_view{} : std::string_view{found->second};
}
template <class T>
std::optional<T> number(std::string_view text) {
  T value{0};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

/// The word behind `name` in a message centre's line: "stat:DELIVRD err:000".
std::string_view word_after(std::string_view line, std::string_view name) {
  const auto from = line.find(name);
  if (from == line.npos) return {};
  line.remove_prefix(from + name.size());
  return line.substr(0, line.find_first_of(" /"));
}

/// Without the message's own beginning, which message centres repeat at the end.
std::string line_words(std::string_view line) {
  for (const std::string_view repeats : {" text:", " Text:"})
    if (const auto from = line.find(repeats); from != line.npos) line = line.substr(0, from);
  std::string words;
  for (const char c : line.substr(0, kWordsMax)) words += c >= 0x20 && c < 0x7F ? c : '?';
  return words;
}

/// A refusal's number as Kannel writes it behind NACK: decimal, or hexadecimal with 0x.
std::optional<std::uint32_t> refusal_code(std::string_view line) {
  if (!line.starts_with("NACK/")) return std::nullopt;
  auto digits = line.substr(5, line.find('/', 5) == line.npos ? line.npos : line.find('/', 5) - 5);
  const bool is_hex{digits.starts_with("0x")};
  if (is_hex) digits.remove_prefix(2);
  std::uint32_t code{0};
  const auto [end, fault] =
      std::from_chars(digits.data(), digits.data() + digits.size(), code, is_hex ? 16 : 10);
  if (fault != std::errc{} || end == digits.data()) return std::nullopt;
  return code;
}

/// SMPP 3.4 §5.1.3: only what speaks of the number itself kills the address.
sdk::FailureClass class_of_refusal(std::optional<std::uint32_t> code) {
  switch (code.value_or(0)) {
    case 0x0B:  // invalid destination address
    case 0x50:  // invalid destination type of number
    case 0x51:  // invalid destination numbering plan
      return sdk::FailureClass::address_dead;
    case 0x0A:  // invalid source address
    case 0x48:  // invalid source type of number
    case 0x49:  // invalid source numbering plan
      return sdk::FailureClass::configuration;
    case 0x45:  // submit failed
    case 0x14:  // queue full
    case 0x58:  // throttled
    case 0x08:  // system error
      return sdk::FailureClass::temporary;
    default:
      return sdk::FailureClass::policy;
  }
}

void read_failure(unsigned type, std::string_view line, sdk::Receipt &receipt) {
  receipt.is_final = true;
  receipt.kind = sdk::ReceiptKind::failed;
  const auto stat = word_after(line, "stat:");
  if ((type & kExpired) != 0 || stat == "EXPIRED") {
    receipt.kind = sdk::ReceiptKind::expired;
    receipt.failure = sdk::FailureClass::temporary;
  } else if (stat == "REJECTD") {
    receipt.failure = sdk::FailureClass::policy;
  } else if ((type & kRefused) != 0) {
    receipt.failure = class_of_refusal(refusal_code(line));
  } else {
    receipt.failure = sdk::FailureClass::temporary;  // err: means something else at every network
  }
}

}  // namespace

std::string callback_address(std::string_view hook, std::string_view secret, std::string_view key,
                             std::size_t parts) {
  if (hook.empty() || secret.empty()) return {};
  std::string address;
  for (const char c : hook) address.append(c == '%' ? 2 : 1, c);  // Kannel's own escapes begin with %
  const auto count = std::to_string(parts);
  address += hook.find('?') == hook.npos ? '?' : '&';
  address.append("key=").append(key).append("&parts=").append(count).append("&mac=").append(
      mac_of(secret, key, count));
  return address += "&type=%d&said=%A&at=%T";
}

bool is_genuine(std::string_view url, std::string_view secret) {
  if (secret.empty()) return false;
  const auto fields = fields_of(url);
  const auto key = at(fields, "key");
  return !key.empty() && sdk::is_same_secret(at(fields, "mac"), mac_of(secret, key, at(fields, "parts")));
}

sdk::Parsed read_callback(std::string_view url) {
  const auto fields = fields_of(url);
  const auto type = number<unsigned>(at(fields, "type"));
  const auto parts = number<std::uint32_t>(at(fields, "parts"));
  const auto key = at(fields, "key");
  if (!is_word(key) || key.size() > kKeyMax || !type || !parts)
    return sdk::Parsed::unreadable("no delivery callback of ours");
  const auto line = at(fields, "said");
  sdk::Receipt receipt{
      .idempotency_key = std::string{at(fields, "key")},
      .code = std::to_string(*type),
      .text = line_words(line),
      .provider_time_ms =
          std::clamp<std::int64_t>(number<std::int64_t>(at(fields, "at")).value_or(0), 0, kSecondsMax) *
          1000};
  if (*parts > 1)
    receipt.text += (receipt.text.empty() ? "first of " : "; first of ") + std::to_string(*parts) + " parts";
  if (const auto err = word_after(line, "err:"); is_word(err))
    receipt.code.append(" err:").append(err.substr(0, 8));
  if ((*type & kDelivered) != 0) {
    receipt.kind = sdk::ReceiptKind::delivered;
    receipt.is_final = true;
  } else if ((*type & (kFailed | kRefused | kExpired)) != 0) {
    read_failure(*type, line, receipt);
  } else if ((*type & kTaken) != 0) {
    receipt.kind = sdk::ReceiptKind::relayed;
  }
  return sdk::Parsed::receipt(std::move(receipt));
}

}  // namespace relance::sms::kannel
