// Documents made of documents: a profile with an operator's settings on top of it.
#pragma once

#include <relance/json.hpp>

#include <string>

namespace relance::gateway {

std::string to_text(const sdk::Json &value);

/// `over` on top of `base`: objects are merged member by member, everything else is replaced.
std::string merged(const sdk::Json &base, const sdk::Json &over);

}  // namespace relance::gateway
