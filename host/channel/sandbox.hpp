// What holds a channel child: set up after its first frame and before any code of a plugin runs (a library's
// constructors run when it is loaded), while the process has one thread. Nothing of it can be taken back.
//
// Four walls, each of which stands without the others: no privileges (capabilities, no-new-privileges,
// non-dumpable), limits (rlimits), files and signals (Landlock), system calls (seccomp).
#pragma once

#include "host/base/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace relance::channel {

enum class Network : std::uint8_t {
  full,  ///< sockets of IPv4 and IPv6; never one of the machine's own services (AF_UNIX)
  none,  ///< no socket at all
};

struct DataFolder {
  std::string path;  ///< a file is right too
  bool is_writable{false};
};

/// How one provider's child is held; the defaults with their reasons.
struct SandboxSettings {
  bool is_enabled{true};
  bool is_required{true};  ///< a kernel that cannot hold it is an error, not a weaker wall
  Network network{Network::full};
  std::vector<std::uint16_t> connect_ports;  ///< TCP ports of peers (and 53); empty: all
  std::vector<DataFolder> data_folders;
  std::vector<std::string> files;  ///< that its settings name: may be read
  std::uint32_t memory_mib{1024};  ///< its own data; a batch of the largest letters fits
  std::uint32_t descriptors{256};  ///< connections and files; libcurl's pools stay far below
  std::uint32_t file_mib{64};      ///< the largest file that it may write
};

/// What stands around the child, for operators: "full", "off", or "reduced: " and what is lacking.
struct Confinement {
  std::string level;
};

/// Holds this process from now on. An error: nothing can be relied upon, and the process has to end.
Result<Confinement> confine(const SandboxSettings &settings, const std::string &plugin_path);

// ---- the walls, each in its file

/// Landlock: reading what every plugin needs (libraries, authorities, the resolver's files), the plugin's own
/// file and what the settings grant. Says what the kernel lacks; empty: nothing.
Result<std::string> confine_files(const SandboxSettings &settings, const std::string &plugin_path);
/// seccomp: a list of what is allowed. As above.
Result<std::string> confine_calls(const SandboxSettings &settings);

}  // namespace relance::channel
