// What a provider's answer means for the message: the rules of its description first, and where they say
// nothing the careful reading, in which what may have arrived is UNKNOWN.
#pragma once

#include "plugins/protocol/gateway/description.hpp"

#include <relance/http.hpp>

namespace relance::gateway {

sdk::Outcome to_outcome(const Reply &description, const sdk::HttpReply &reply);

/// "-0.0075" is a price of 7,500 micro-units; nothing for what is no decimal number.
std::optional<std::int64_t> micro_units(std::string_view text);

}  // namespace relance::gateway
