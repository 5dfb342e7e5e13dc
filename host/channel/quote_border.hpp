// Quotes over both borders: a plugin's C struct as a value, and values in frames between daemon and child.
#pragma once

#include "host/channel/border.hpp"
#include "host/channel/frame.hpp"

#include <optional>
#include <span>
#include <vector>

namespace relance::channel {

/// Of one message: what does not fit is known after a few, and an operator reads the first.
inline constexpr std::size_t kQuoteIssuesMax{16};
inline constexpr std::size_t kQuoteTextMax{512};

Quote to_quote(const relance_quote &quote);

struct Quoted {
  Token token{0};
  std::optional<Quote> quote;
};
void encode(FrameWriter &w, std::span<const Quoted> quotes);
std::optional<std::vector<Quoted>> decode_quotes(std::string_view payload);

}  // namespace relance::channel
