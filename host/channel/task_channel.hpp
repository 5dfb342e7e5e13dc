// The channel that is built into the host: a person's task. The provider is the desk, which takes everything
// at once; the task itself is a row that the engine makes, and its outcome a person's.
#pragma once

#include "host/channel/factory.hpp"

namespace relance::channel {

std::unique_ptr<Provider> make_task_provider(std::string id, ProviderEvents &events);

}  // namespace relance::channel
