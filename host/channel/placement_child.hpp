// A plugin instance in a process of its own: no plugin can take the daemon down, and after its end exactly
// those messages are in doubt that it may have seen.
#pragma once

#include "host/channel/factory.hpp"

namespace relance::channel {

/// Looks at the plugin's file; no code of it runs in this process, ever.
Result<std::unique_ptr<Provider>> make_child_provider(ProviderSettings settings, ProviderEvents &events);
Result<void> check_child_provider(const ProviderSettings &settings);

}  // namespace relance::channel
