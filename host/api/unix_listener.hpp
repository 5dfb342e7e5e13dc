// A listening Unix socket: bound with its mode already set, and taken over from a daemon that died.
#pragma once

#include "host/base/result.hpp"

#include <filesystem>
#include <string>

namespace relance::api {

/// A bound and listening descriptor, close-on-exec, mode 0600. A stale socket is replaced, a live one is a
/// conflict.
Result<int> listen_unix(const std::filesystem::path &path);
/// Removes the file when it is still the one behind `listener`.
void remove_socket(const std::filesystem::path &path, int listener);

/// The operating system's name of the process at the other end ("uid 1005" when it has none); "unknown" on an
/// error.
std::string peer_name(int connected);

}  // namespace relance::api
