// What an operator set for one instance of the driver "kannel", typed and checked beyond what the schema can
// say.
#pragma once

#include "plugins/sms/price_table.hpp"
#include "plugins/sms/text_rules.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace relance::sms::kannel {

struct Settings {
  std::string url, user, secret;
  bool is_post{true};
  std::string smsc, account;
  std::string callback_secret;  ///< empty: no receipts
  std::string callback_url;     ///< empty: as the host says
  std::int64_t receipts_within_ms{0};
  std::uint32_t timeout_ms{0}, max_in_flight{0};
  std::string sender;
  TextRules text;
  PriceTable prices;
};

/// Reports every fault with its JSON pointer; what it returns then is not to be used.
[[nodiscard]] Settings read_settings(std::string_view json, sdk::Issues &issues);

}  // namespace relance::sms::kannel
