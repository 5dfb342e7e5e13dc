// What an operator set for one instance of the driver "pingen".
#pragma once

#include "plugins/postal/rest/account.hpp"

#include <relance/driver.hpp>
#include <relance/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace relance::postal::pingen {

struct Settings {
  std::string api, organisation;
  rest::Credentials credentials;
  std::string signing_key;  ///< of the webhooks; empty: none are taken
  std::string address_position, print_mode, print_spectrum;
  std::string plain_product, registered_product;  ///< delivery_product; empty: no such service
  std::uint32_t pages_max{0}, timeout_ms{0}, workers{0};
  std::int64_t receipts_within_ms{0};
};

/// Reports every fault with its JSON pointer; what it returns then is not to be used.
[[nodiscard]] Settings read_settings(std::string_view json, sdk::Issues &issues);

}  // namespace relance::postal::pingen
