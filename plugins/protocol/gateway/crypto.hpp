// Digests, MACs and signatures by OpenSSL, with names as providers' manuals write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relance::gateway {

enum class Hash : std::uint8_t { md5, sha1, sha256, sha384, sha512 };

std::optional<Hash> hash_named(std::string_view name);

/// Raw bytes.
std::string digest(Hash hash, std::string_view bytes);
std::string hmac(Hash hash, std::string_view key, std::string_view bytes);

std::string to_hex(std::string_view bytes);
/// Both alphabets (RFC 4648 §4, §5), padded or not. Nothing for anything else.
std::optional<std::string> from_base64(std::string_view text);

/// A public key in PEM, or base64 of its DER as consoles show it. Empty: it can be used; else what is wrong.
std::string public_key_fault(std::string_view key);
bool verify(Hash hash, std::string_view public_key, std::string_view bytes, std::string_view signature);

/// The public key of a certificate in PEM; nothing when it is none, or not valid at that time.
std::optional<std::string> certificate_key(std::string_view pem, std::int64_t at_ms);

}  // namespace relance::gateway
