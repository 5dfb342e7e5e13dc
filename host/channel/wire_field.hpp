// The fields that frames are made of, beyond plain numbers and texts: read strictly, bounded, into values.
#pragma once

#include "host/channel/border.hpp"
#include "host/channel/frame.hpp"

#include <optional>
#include <string>

namespace relance::channel {

inline constexpr std::size_t kTextBytesMin{4};  ///< of a text in a frame: its length

template <class T>
std::optional<T> if_done(const FrameReader &r, T value) {
  if (!r.is_done()) return std::nullopt;
  return std::optional<T>(std::move(value));
}

/// An enumeration whose values are 0 … last.
template <class E>
E read_enum(FrameReader &r, E last) {
  const auto value = r.u8();
  if (value > static_cast<std::uint8_t>(last)) r.fail();
  return r.is_good() ? static_cast<E>(value) : E{};
}

inline std::string read_string(FrameReader &r, std::size_t bytes_max = kTextMax) {
  const auto text = r.text();
  if (text.size() > bytes_max) r.fail();
  return std::string(text);
}

/// Borrowed from the frame.
inline relance_str read_str(FrameReader &r) {
  return to_str(r.text());
}

}  // namespace relance::channel
