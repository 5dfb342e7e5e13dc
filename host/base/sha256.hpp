// SHA-256, the one hash of the journal, of evidence and of rendered content.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace relance {

using Sha256 = std::array<std::uint8_t, 32>;

/// Hash of the parts one after another. Any thread.
Sha256 sha256(std::span<const std::string_view> parts);
inline Sha256 sha256(std::string_view bytes) {
  return sha256(std::span<const std::string_view>(&bytes, 1));
}

/// 64 lower-case hexadecimal characters.
std::string to_hex(const Sha256 &hash);
/// The other way, of either letter case; nothing when it is not 64 hexadecimal characters.
std::optional<Sha256> sha256_from_hex(std::string_view text);

/// The 32 bytes as a view, for binding and hashing.
inline std::string_view as_bytes(const Sha256 &hash) {
  return {reinterpret_cast<const char *>(hash.data()), hash.size()};
}

}  // namespace relance
