// What `relanced --channel-child` runs: one plugin instance behind a socket to the daemon. It ends when that
// socket closes, whatever the plugin is doing, and holds an inherited lock as long as it lives.
#pragma once

#include <optional>

namespace relance::channel {

// Exit statuses that the daemon's log shows.
inline constexpr int kExitClean{0}, kExitRefused{2}, kExitOrphaned{3}, kExitBadFrame{4},
    kExitNoDescriptors{5};

/// Called first thing in main(): nothing when the program was not started as a channel child, else its exit
/// status.
std::optional<int> run_if_channel_child(int argc, char **argv);

}  // namespace relance::channel
