// A message as Kannel's smsbox takes it.
#pragma once

#include "plugins/sms/kannel/settings.hpp"
#include "plugins/sms/quotation.hpp"

#include <relance/http.hpp>

namespace relance::sms::kannel {

/// `callback`: the address for receipts with Kannel's escapes in it; empty: none are asked for.
[[nodiscard]] sdk::HttpRequest to_request(const sdk::Message &message, const Prepared &prepared,
                                          const Settings &settings, const std::string &callback,
                                          std::int64_t wall_now_ms);

}  // namespace relance::sms::kannel
