// Stands where a provider should be that cannot be started for now: takes nothing, promises nothing, and ends
// at once whatever is asked of it all the same.
#pragma once

#include "host/channel/provider.hpp"

#include <memory>
#include <string>

namespace relance::engine {

/// `traits`: of the one that it stands for; what they say of abilities is left out.
std::unique_ptr<channel::Provider> make_absent_provider(std::string id, channel::Traits traits,
                                                        channel::ProviderEvents &events);

}  // namespace relance::engine
