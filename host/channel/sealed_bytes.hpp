// Bytes too large for a frame, on their way to a child: a file in memory that nobody can change any more, so
// that the child reads what was hashed and neither side copies it through the socket. Whoever receives one
// believes nothing: the seals and the size are looked at before a byte is.
#pragma once

#include "host/base/result.hpp"
#include "host/channel/descriptor.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace relance::channel {

/// From this size on a part of a message goes this way; below, a copy costs less than a file.
inline constexpr std::size_t kSealedBytesMin{1u << 20};
/// In one frame: the kernel passes at most 253 at once, and they count among the child's descriptors.
inline constexpr std::size_t kSealedPerFrameMax{16};

Result<Descriptor> seal_bytes(std::string_view bytes);

struct SealedBytes {
  std::string_view bytes;
  std::shared_ptr<const void> owner;  ///< keeps them mapped
};
/// Nothing: not sealed against every change, not of this size, or cannot be mapped.
std::optional<SealedBytes> open_sealed(const Descriptor &file, std::uint64_t size);

}  // namespace relance::channel
