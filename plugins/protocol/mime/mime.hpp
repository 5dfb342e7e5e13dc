// Builds one RFC 5322 message from values, deterministically: the same input gives the same bytes, so that a
// hash stored before a sending still fits after a restart. What could break out of a header is refused, never
// repaired.
#pragma once

#include <boost/system/result.hpp>

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace relance::mime {

/// Longest value of one header before folding. Postfix cuts a header at 102,400 bytes; nobody reads 8 KiB of
/// subject.
inline constexpr std::size_t kMaxHeaderValueBytes{8192};
/// @see RFC 5321 §4.5.3.1: local part 64, path 256 with its angle brackets.
inline constexpr std::size_t kMaxLocalPartBytes{64};
inline constexpr std::size_t kMaxAddressBytes{254};

/// All views are borrowed for the call. Text is UTF-8; line ends of text and html may be LF, CR LF or CR.
struct Address {
  std::string_view name{};  ///< display name, may be empty
  std::string_view email{};
};

struct Attachment {
  std::string_view media_type{};  ///< "application/pdf"; neither multipart/* nor message/*
  std::string_view file_name{};
  std::string_view bytes{};
};

struct Header {
  std::string_view name{};
  std::string_view value{};
};

struct Message {
  Address from{};
  std::span<const Address> to{};
  Address reply_to{};  ///< left out when its email is empty
  std::string_view subject{};
  std::int64_t date_unix_s{};
  std::string_view message_id{};  ///< "left@right", without angle brackets
  std::string_view text{};
  std::string_view html{};
  std::span<const Attachment> attachments{};
  std::span<const Header> headers{};  ///< further ones; a header that the builder writes itself is refused
  std::string_view boundary_seed{};   ///< empty: the message id
};

struct Built {
  std::string bytes;           ///< CR LF everywhere, 7 bit unless needs_smtputf8
  bool needs_smtputf8{false};  ///< an address has a local part outside ASCII
};

enum class Fault : std::uint8_t {
  control_character,  ///< CR, LF, NUL or another control character in a header, address or file name
  invalid_utf8,
  invalid_address,
  invalid_message_id,
  invalid_media_type,
  invalid_header_name,
  duplicate_header,  ///< an extra header that the builder writes itself
  missing,           ///< no sender, recipient or message id
  too_long,
  unsigned_mail,  ///< a signature that has to be there could not be made
};
std::string_view name_of(Fault fault);

struct Refusal {
  Fault fault{};
  std::string field;  ///< "subject", "to", "attachment file name", …
  /// "subject: control_character"; never the value itself.
  [[nodiscard]] std::string text() const;
};

struct UncheckedRefusal : std::runtime_error {
  using std::runtime_error::runtime_error;
};
[[noreturn]] inline void throw_exception_from_error(const Refusal &refusal, const boost::source_location &) {
  throw UncheckedRefusal(refusal.text());
}

template <class T>
using Result = boost::system::result<T, Refusal>;

/// @see RFC 5322, 2045–2047, 2231, 3834 (Auto-Submitted), 6532.
Result<Built> build(const Message &message);

/// An address as it goes on the wire: the domain in A-labels, so that only a local part outside ASCII needs
/// SMTPUTF8.
struct WireAddress {
  std::string email;
  bool needs_smtputf8{false};
};
Result<WireAddress> wire_address(std::string_view email, std::string_view field);

}  // namespace relance::mime
