// How AR24 has its calls signed and its answers encrypted, and the sender's one-time codes. The ciphers are
// OpenSSL's; what is peculiar is that keys are hexadecimal characters, not the bytes they stand for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relance::lre::ar24 {

/// The header "signature" of a call whose field "date" is this.
[[nodiscard]] std::string signature_of(std::string_view private_key, std::string_view date);

/// The answer to a call of that date; nothing when it was made for another key or date, or changed on the
/// way.
[[nodiscard]] std::optional<std::string> decrypted(std::string_view private_key, std::string_view date,
                                                   std::string_view body);

/// RFC 6238: HMAC-SHA-1, 30 s. `digits`: 6 at AR24; RFC 6238's vectors have 8.
[[nodiscard]] std::string one_time_code(std::string_view key, std::int64_t unix_s, unsigned digits = 6);

/// RFC 4648 §6, in either case, with the spaces and dashes that people put in.
[[nodiscard]] std::optional<std::string> from_base32(std::string_view text);

}  // namespace relance::lre::ar24
