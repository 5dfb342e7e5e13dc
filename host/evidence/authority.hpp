// Asking a time-stamping authority over HTTP.
// @see RFC 3161 §3.4
#pragma once

#include "host/base/result.hpp"
#include "host/base/time.hpp"
#include "host/evidence/time_stamp.hpp"

#include <atomic>
#include <string>

namespace relance::evidence {

struct Authority {
  std::string url;
  std::string proxy, no_proxy, ca_file;  ///< as for every call of the daemon
  Milliseconds timeout{10'000};
  Trust trust;  ///< whose word is taken
};

/// A token over these bytes' hash, checked. Waits for the network, at most until `is_cancelled` becomes true.
Result<std::string> ask_authority(const Authority &authority, const Sha256 &imprint,
                                  const std::atomic<bool> *is_cancelled = nullptr);

}  // namespace relance::evidence
