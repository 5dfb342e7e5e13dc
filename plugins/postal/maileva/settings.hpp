// What an operator set for one instance of the driver "maileva".
#pragma once

#include "plugins/postal/rest/account.hpp"

#include <relance/driver.hpp>
#include <relance/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace relance::postal::maileva {

struct Settings {
  std::string api;  ///< https://api.maileva.com
  rest::Credentials credentials;
  std::string hook_user, hook_password;  ///< what Maileva shows us at its calls; empty: they are only pokes
  std::string notification_email;
  bool is_colour{false}, is_duplex{false}, has_address_sheet{false}, scans_returned_mail{true};
  std::string plain_postage, registered_postage;
  std::int32_t archiving_years{3};
  std::uint32_t pages_max{0}, timeout_ms{0}, workers{0};
  std::int64_t receipts_within_ms{0};
};

/// Reports every fault with its JSON pointer; what it returns then is not to be used.
[[nodiscard]] Settings read_settings(std::string_view json, sdk::Issues &issues);

}  // namespace relance::postal::maileva
