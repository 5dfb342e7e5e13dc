// What an operator set for one instance of the driver "ipp", typed and checked beyond what the schema says.
#pragma once

#include <relance/driver.hpp>
#include <relance/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace relance::postal::ipp {

struct Settings {
  std::string url;          ///< http or https, where requests go
  std::string printer_uri;  ///< ipp or ipps, as the printer is called in them
  std::string user, password, media, sides;
  std::uint16_t version{0x0200};
  bool has_two_phases{true};
  std::uint32_t pages_max{0}, timeout_ms{0}, max_in_flight{0};
  std::size_t bytes_max{0};
  std::int64_t receipts_within_ms{0}, busy_pause_ms{0};
};

/// Reports every fault with its JSON pointer; what it returns then is not to be used.
[[nodiscard]] Settings read_settings(std::string_view json, sdk::Issues &issues);

}  // namespace relance::postal::ipp
