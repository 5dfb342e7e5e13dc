// Idempotency keys: ULIDs (48 bits of time, 80 of chance), 26 characters of Crockford base 32.
// They sort by time, fit every provider's client-reference field and need no coordination between nodes.
#pragma once

#include "host/base/time.hpp"

#include <string>

namespace relance {

/// A fresh ULID at `now`. Any thread. Chance comes from the operating system's generator.
std::string make_ulid(Instant now);

/// `bytes` random bytes as lower-case hexadecimal, from the operating system's generator. Any thread.
std::string random_hex(std::size_t bytes);

}  // namespace relance
