// A provider between two floors: the operator's file as the channel floor takes it, and the channel floor's
// complaints as places in the operator's file. The running engine and the check that starts nothing share it.
#pragma once

#include "host/base/result.hpp"
#include "host/config/configuration.hpp"

#include <filesystem>
#include <vector>

namespace relance::channel {
struct ProviderSettings;
}

namespace relance::engine {

/// Without hooks. `program`: relanced itself, which a child placement starts again.
channel::ProviderSettings channel_settings(const config::Configuration &configuration,
                                           const config::ProviderSettings &settings,
                                           const std::filesystem::path &program);

/// The same error with the place in the provider's file instead of a JSON pointer.
Error placed(const config::ProviderSettings &settings, Error error);

/// Holds every provider to its plugin, in its own placement: the file, its contract, its schema, its own
/// checks. Starts none. Any thread; a child is given its start time-out.
std::vector<config::Issue> check_providers(const config::Configuration &configuration,
                                           const std::filesystem::path &program);

}  // namespace relance::engine
