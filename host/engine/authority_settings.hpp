// The time-stamping authority that the configuration names, with the files it points to.
#pragma once

#include "host/config/configuration.hpp"
#include "host/evidence/authority.hpp"

namespace relance::engine {

/// A file of certificates or a key; nothing for no path. Refused when it is empty, cannot be read, or has
/// more than a megabyte.
Result<std::string> read_pem(const std::filesystem::path &path);

/// Only where evidence.tsa is set.
Result<evidence::Authority> authority_of(const config::Configuration &configuration);

}  // namespace relance::engine
