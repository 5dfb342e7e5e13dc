// Kannel's delivery callbacks. Kannel signs nothing, so each message is given an address of its own that
// carries the message's key and a MAC over it: who calls it has got it from us.
#pragma once

#include <relance/parsed.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace relance::sms::kannel {

/// The bits of Kannel's receipt types. They come combined (34: failed, as its time was over), so bits are
/// tested.
enum Type : unsigned {
  kDelivered = 1,
  kFailed = 2,
  kBuffered = 4,
  kTaken = 8,     ///< by the message centre
  kRefused = 16,  ///< by the message centre
  kExpired = 32,
};
inline constexpr unsigned kAskedFor{kDelivered | kFailed | kBuffered | kTaken | kRefused};

/// `hook`: where the host's webhooks of this provider arrive. `parts`: Kannel reports on the first one only.
[[nodiscard]] std::string callback_address(std::string_view hook, std::string_view secret,
                                           std::string_view key, std::size_t parts);
/// The MAC in the address is ours.
[[nodiscard]] bool is_genuine(std::string_view url, std::string_view secret);

/// What a genuine callback says. Unreadable: it is no callback of ours.
[[nodiscard]] sdk::Parsed read_callback(std::string_view url);

}  // namespace relance::sms::kannel
