// The e-mail channel driven through its exported symbol, in this process: what a daemon would get out of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace relance {

struct PluginRun {
  std::size_t accepted{0};
  double seconds{0};
};

/// Hands `messages` mails with a text of so many bytes to the plugin in batches, at most `in_flight` open at
/// a time.
PluginRun run_plugin(const std::string &library, std::uint16_t port, std::size_t messages,
                     std::size_t text_bytes, std::size_t connections, std::size_t in_flight);

}  // namespace relance
