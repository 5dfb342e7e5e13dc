// A plugin instance in this process, its serial calls on one thread of its own. Fastest, and only for plugins
// that are trusted like the daemon itself: a crash of the plugin is a crash of the daemon.
#pragma once

#include "host/channel/factory.hpp"

namespace relance::channel {

/// Loads the library (its static constructors run here) and holds it to the contract.
Result<std::unique_ptr<Provider>> make_inproc_provider(ProviderSettings settings, ProviderEvents &events);
Result<void> check_inproc_provider(const ProviderSettings &settings);

}  // namespace relance::channel
