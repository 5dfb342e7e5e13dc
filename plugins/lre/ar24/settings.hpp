// What an operator set for one instance of the driver "ar24", typed and checked beyond what the schema can
// say.
#pragma once

#include <relance/host.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relance::lre::ar24 {

struct Settings {
  std::string url;  ///< without a slash at its end
  std::string token, private_key, user_id;
  std::string otp_key;  ///< decoded; empty: no eIDAS letters
  std::size_t attachments_bytes_max{0};
  std::uint32_t timeout_ms{0};
  std::vector<std::string> webhook_addresses;
  std::int64_t pause_ms{0}, poll_interval_ms{0}, sent_within_ms{0}, answered_within_ms{0};
  std::uint32_t max_in_flight{8};
};

/// Reports every fault with its JSON pointer; what it returns then is not to be used.
[[nodiscard]] Settings read_settings(std::string_view json, sdk::Issues &issues);

}  // namespace relance::lre::ar24
