// The order of headers and parts is fixed: nothing here depends on time, locale, memory addresses or chance.
#include "plugins/protocol/mime/encode.hpp"
#include "plugins/protocol/mime/header.hpp"
#include "plugins/protocol/mime/mime.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <vector>

namespace relance::mime {
namespace {

/// With the longest name of a header that we write, such a word still fits on the first line.
constexpr std::size_t kLongestSubjectWord{60};
/// In other fields a long word may be an id that must not be encoded; the hard limit of a line is 998.
constexpr std::size_t kLongestFieldWord{900};
constexpr std::size_t kMaxMediaTypeBytes{127};
constexpr std::size_t kMaxFileNameBytes{255};

constexpr std::array<std::string_view, 13> kOwnHeaders{
    "date",       "from",         "sender",         "to",          "cc",      "bcc", "reply-to", "subject",
    "message-id", "mime-version", "auto-submitted", "return-path", "received"};

char lower(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character;
}
bool equals_ignoring_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::optional<Refusal> check_text(std::string_view value, std::string_view field, std::size_t limit) {
  for (const char character : value) {
    const auto byte = static_cast<unsigned char>(character);
    if ((byte < 0x20 && byte != '\t') || byte == 0x7F)
      return Refusal{Fault::control_character, std::string{field}};
  }
  if (value.size() > limit) return Refusal{Fault::too_long, std::string{field}};
  if (!is_ascii(value) && !is_utf8(value)) return Refusal{Fault::invalid_utf8, std::string{field}};
  return std::nullopt;
}

std::optional<Refusal> check_body(std::string_view value, std::string_view field) {
  if (value.find('\0') != std::string_view::npos)
    return Refusal{Fault::control_character, std::string{field}};
  if (!is_ascii(value) && !is_utf8(value)) return Refusal{Fault::invalid_utf8, std::string{field}};
  return std::nullopt;
}

/// RFC 5322 §3.6.4, printable ASCII with one '@' and no brackets or blanks.
std::optional<Refusal> check_message_id(std::string_view id) {
  if (id.empty()) return Refusal{Fault::missing, "message-id"};
  if (id.size() > kMaxAddressBytes) return Refusal{Fault::too_long, "message-id"};
  const bool is_clean{
      std::all_of(id.begin(), id.end(), [](char c) { return c > 32 && c < 127 && c != '<' && c != '>'; })};
  if (!is_clean || std::count(id.begin(), id.end(), '@') != 1 || id.front() == '@' || id.back() == '@') {
    return Refusal{Fault::invalid_message_id, "message-id"};
  }
  return std::nullopt;
}

std::optional<Refusal> check_header(const Header &header) {
  const bool is_name{!header.name.empty() && header.name.size() <= 64 &&
                     std::all_of(header.name.begin(), header.name.end(),
                                 [](char c) { return c > 32 && c < 127 && c != ':'; })};
  if (!is_name) return Refusal{Fault::invalid_header_name, "header"};
  const bool is_content{header.name.size() >= 8 &&
                        equals_ignoring_case(header.name.substr(0, 8), "content-")};
  if (is_content || std::any_of(kOwnHeaders.begin(), kOwnHeaders.end(), [&](std::string_view own) {
        return equals_ignoring_case(own, header.name);
      })) {
    return Refusal{Fault::duplicate_header, std::string{header.name}};
  }
  return check_text(header.value, header.name, kMaxHeaderValueBytes);
}

std::optional<Refusal> check_attachment(const Attachment &attachment) {
  if (auto refusal = check_text(attachment.file_name, "attachment file name", kMaxFileNameBytes))
    return refusal;
  const auto type = attachment.media_type;
  const auto slash = type.find('/');
  const bool is_token{std::all_of(type.begin(), type.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view{"!#$&^_.+-/"}.find(c) != std::string_view::npos;
  })};
  if (type.size() > kMaxMediaTypeBytes || !is_token || slash == 0 || slash + 1 >= type.size() ||
      slash == std::string_view::npos || type.find('/', slash + 1) != std::string_view::npos) {
    return Refusal{Fault::invalid_media_type, "attachment media type"};
  }
  // RFC 2046 §5 allows neither in base64, the only encoding that leaves an attachment as it is.
  const auto major = type.substr(0, slash);
  if (equals_ignoring_case(major, "multipart") || equals_ignoring_case(major, "message")) {
    return Refusal{Fault::invalid_media_type, "attachment media type"};
  }
  return std::nullopt;
}

std::string date_text(std::int64_t unix_s) {
  // Always +0000: the reader's program shows its own zone.
  using namespace std::chrono;
  static constexpr std::array<const char *, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char *, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_seconds time{seconds{unix_s}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  std::array<char, 48> text{};
  const auto length = std::snprintf(
      text.data(), text.size(), "%s, %u %s %04d %02d:%02d:%02d +0000", kDays[weekday{day}.c_encoding()],
      static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
      static_cast<int>(date.year()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

/// "=_" cannot occur in quoted-printable nor base64, and 7bit is not chosen for text that has it after "--".
std::string boundary(std::string_view seed, char level) {
  std::uint64_t hash{0xCBF29CE484222325U};  // FNV-1a: spread, not secrecy, is what is needed
  const auto mix = [&](unsigned char byte) { hash = (hash ^ byte) * 0x100000001B3U; };
  for (const char character : seed) mix(static_cast<unsigned char>(character));
  mix(static_cast<unsigned char>(level));
  std::array<char, 32> text{};
  const auto length =
      std::snprintf(text.data(), text.size(), "=_%c%016llx", level, static_cast<unsigned long long>(hash));
  return {text.data(), static_cast<std::size_t>(length)};
}

class Builder {
 public:
  explicit Builder(const Message &message) : message_{message}, write_{built_.bytes} {}

  Result<Built> build() {
    if (auto refusal = check()) return *refusal;
    std::size_t size{2048 + message_.text.size() + message_.html.size()};
    for (const auto &attachment : message_.attachments) size += 512 + attachment.bytes.size() / 70 * 100;
    built_.bytes.reserve(size + size / 4);
    headers();
    body();
    return std::move(built_);
  }

 private:
  std::optional<Refusal> check() {
    if (message_.to.empty()) return Refusal{Fault::missing, "to"};
    if (auto refusal = check_message_id(message_.message_id)) return refusal;
    if (auto refusal = check_text(message_.subject, "subject", kMaxHeaderValueBytes)) return refusal;
    if (auto refusal = check_body(message_.text, "text")) return refusal;
    if (auto refusal = check_body(message_.html, "html")) return refusal;
    for (const auto &header : message_.headers) {
      if (auto refusal = check_header(header)) return refusal;
    }
    for (const auto &attachment : message_.attachments) {
      if (auto refusal = check_attachment(attachment)) return refusal;
    }
    if (auto refusal = check_mailbox(message_.from, "from")) return refusal;
    for (const auto &to : message_.to) {
      if (auto refusal = check_mailbox(to, "to")) return refusal;
    }
    if (!message_.reply_to.email.empty()) return check_mailbox(message_.reply_to, "reply-to");
    return std::nullopt;
  }

  std::optional<Refusal> check_mailbox(const Address &address, std::string_view field) {
    if (auto refusal = check_text(address.name, field, kMaxHeaderValueBytes)) return refusal;
    auto wire = wire_address(address.email, field);
    if (wire.has_error()) return wire.error();
    built_.needs_smtputf8 |= wire->needs_smtputf8;
    emails_.push_back(std::move(wire->email));
    return std::nullopt;
  }

  void field(std::string_view name, std::string_view value) {
    write_.begin(name);
    write_.raw(" ");
    write_.raw(value);
    write_.end();
  }

  void headers() {
    std::size_t next{0};
    field("Date", date_text(message_.date_unix_s));
    write_.begin("From");
    write_.mailbox(message_.from.name, emails_[next++]);
    write_.end();
    write_.begin("To");
    for (std::size_t index{0}; index < message_.to.size(); ++index) {
      if (index > 0) write_.raw(",");
      write_.mailbox(message_.to[index].name, emails_[next++]);
    }
    write_.end();
    if (!message_.reply_to.email.empty()) {
      write_.begin("Reply-To");
      write_.mailbox(message_.reply_to.name, emails_[next]);
      write_.end();
    }
    write_.begin("Subject");
    write_.unstructured(message_.subject, kLongestSubjectWord);
    write_.end();
    field("Message-ID", '<' + std::string{message_.message_id} + '>');
    field("Auto-Submitted", "auto-generated");
    for (const auto &header : message_.headers) {
      write_.begin(header.name);
      write_.unstructured(header.value, kLongestFieldWord);
      write_.end();
    }
    field("MIME-Version", "1.0");
  }

  void open_multipart(std::string_view subtype, std::string_view mark) {
    write_.begin("Content-Type");
    write_.raw(" multipart/");
    write_.raw(subtype);
    write_.parameter("boundary", mark);
    write_.end();
    built_.bytes += "\r\n";
  }
  void delimiter(std::string_view mark, bool is_last) {
    built_.bytes.append("--").append(mark).append(is_last ? "--\r\n" : "\r\n");
  }

  void text_part(std::string_view subtype, std::string_view text) {
    const auto transfer = choose_transfer(text);
    built_.bytes.append("Content-Type: text/")
        .append(subtype)
        .append("; charset=utf-8\r\nContent-Transfer-Encoding: ");
    built_.bytes.append(name_of(transfer)).append("\r\n\r\n");
    append_text(built_.bytes, text, transfer);
  }

  void readable_part() {
    const bool has_both{!message_.text.empty() && !message_.html.empty()};
    if (!has_both) {
      return message_.html.empty() ? text_part("plain", message_.text) : text_part("html", message_.html);
    }
    const auto mark = boundary(seed(), 'a');
    open_multipart("alternative", mark);
    delimiter(mark, false);
    text_part("plain", message_.text);
    delimiter(mark, false);
    text_part("html", message_.html);
    delimiter(mark, true);
  }

  void body() {
    if (message_.attachments.empty()) return readable_part();
    const auto mark = boundary(seed(), 'm');
    open_multipart("mixed", mark);
    delimiter(mark, false);
    readable_part();
    for (const auto &attachment : message_.attachments) {
      delimiter(mark, false);
      field("Content-Type", attachment.media_type);
      field("Content-Transfer-Encoding", "base64");
      write_.begin("Content-Disposition");
      write_.raw(" attachment");
      if (!attachment.file_name.empty()) write_.parameter("filename", attachment.file_name);
      write_.end();
      built_.bytes += "\r\n";
      append_base64_lines(built_.bytes, attachment.bytes);
    }
    delimiter(mark, true);
  }

  [[nodiscard]] std::string_view seed() const {
    return message_.boundary_seed.empty() ? message_.message_id : message_.boundary_seed;
  }

  const Message &message_;
  Built built_;
  HeaderWriter write_;
  std::vector<std::string> emails_;
};

}  // namespace

std::string_view name_of(Fault fault) {
  switch (fault) {
    case Fault::control_character:
      return "control_character";
    case Fault::invalid_utf8:
      return "invalid_utf8";
    case Fault::invalid_address:
      return "invalid_address";
    case Fault::invalid_message_id:
      return "invalid_message_id";
    case Fault::invalid_media_type:
      return "invalid_media_type";
    case Fault::invalid_header_name:
      return "invalid_header_name";
    case Fault::duplicate_header:
      return "duplicate_header";
    case Fault::missing:
      return "missing";
    case Fault::too_long:
      return "too_long";
    case Fault::unsigned_mail:
      return "unsigned_mail";
  }
  return "invalid";
}

std::string Refusal::text() const {
  return field + ": " + std::string{name_of(fault)};
}

Result<Built> build(const Message &message) {
  return Builder{message}.build();
}

}  // namespace relance::mime
