// What an operator set for one instance of the driver "lob".
#pragma once

#include <relance/driver.hpp>
#include <relance/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace relance::postal::lob {

struct Settings {
  std::string api, key, webhook_secret;
  std::string from;  ///< "adr_…": an address kept at Lob; empty: the creditor's own lines
  bool is_colour{false}, is_duplex{true};
  std::uint32_t pages_max{0}, timeout_ms{0}, workers{0};
  std::int64_t receipts_within_ms{0};
};

/// Reports every fault with its JSON pointer; what it returns then is not to be used.
[[nodiscard]] Settings read_settings(std::string_view json, sdk::Issues &issues);

}  // namespace relance::postal::lob
