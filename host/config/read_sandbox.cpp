// [sandbox] of a provider: what its plugin's process may reach beside what every plugin may. The daemon's own
// files can never be granted, not even by mistake: a plugin that reads the store reads everybody's debts.
#include "host/config/draft.hpp"

#include <algorithm>

namespace relance::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPortsMax{64}, kFoldersMax{64};  ///< a list of more was not written by a person

/// `inner` is `outer` or lies below it; both absolute.
bool holds(const fs::path &outer, const fs::path &inner) {
  auto clean = outer.lexically_normal();
  if (!clean.has_filename()) clean = clean.parent_path();
  const auto [end, ignored] = std::mismatch(clean.begin(), clean.end(), inner.begin(), inner.end());
  return end == clean.end();
}

std::vector<std::uint16_t> read_ports(Section &table) {
  std::vector<std::uint16_t> ports;
  const auto *value = table.find("connect_ports");
  if (value == nullptr) return ports;
  const bool is_right{value->kind == ValueKind::list && value->list.size() <= kPortsMax &&
                      std::ranges::all_of(value->list, [](const Value &port) {
                        return port.kind == ValueKind::integer && port.integer > 0 && port.integer <= 65'535;
                      })};
  if (!is_right) {
    table.issues().error(table.at(*value),
                         "\"connect_ports\" must be a list of at most 64 port numbers, such as "
                         "[587, 993]");
    return ports;
  }
  for (const auto &port : value->list) ports.push_back(static_cast<std::uint16_t>(port.integer));
  return ports;
}

void read_data_folder(Draft &draft, Section &table, Sandbox &sandbox) {
  static constexpr std::array<std::string_view, 2> kAccess{"read", "write"};
  const auto named = table.required("path", "\"/var/spool/relance/fax\"");
  const bool is_writable{table.choice("access", 0, kAccess) == 1};
  table.finish();
  if (named.text.empty()) return;
  const auto &configuration = draft.configuration;
  fs::path path{named.text};
  if (path.is_relative()) path = configuration.file.parent_path() / path;
  path = path.lexically_normal();
  for (const auto *own :
       {&configuration.store_file, &configuration.control_socket, &configuration.state_folder})
    if (holds(path, *own)) {
      draft.issues.error(named.at, path.string() + " holds " + own->string() +
                                       ", which is the daemon's alone; give the plugin a folder of its own");
      return;
    }
  std::error_code failed;
  if (!fs::exists(path, failed)) {
    draft.issues.error(named.at,
                       "there is no folder " + path.string() + "; make it, or take it out of the list");
    return;
  }
  sandbox.data_folders.emplace_back(path, is_writable);
}

}  // namespace

Sandbox read_sandbox(Draft &draft, Section &table) {
  Sandbox sandbox;
  static constexpr std::array<std::string_view, 2> kNetworks{"full", "none"};
  sandbox.is_enabled = table.flag("enabled", true);
  sandbox.has_network = table.choice("network", 0, kNetworks) == 0;
  sandbox.connect_ports = read_ports(table);
  if (!sandbox.has_network && !sandbox.connect_ports.empty())
    draft.issues.error(table.at("connect_ports"),
                       "with network = \"none\" no port can be reached; drop one of them");
  for (auto &folder : table.tables("data_folders", kFoldersMax)) read_data_folder(draft, folder, sandbox);
  const auto count = [&](std::string_view key, std::uint32_t fallback, Range range) {
    return static_cast<std::uint32_t>(table.integer(key, fallback, range));
  };
  sandbox.memory_mib = count("memory_mib", sandbox.memory_mib, {64, 1'048'576});
  sandbox.descriptors = count("descriptors", sandbox.descriptors, {32, 65'536});
  sandbox.file_mib = count("file_mib", sandbox.file_mib, {1, 1'048'576});
  table.finish();
  return sandbox;
}

bool may_be_granted(const Configuration &configuration, const std::filesystem::path &file) {
  return file.is_absolute() && !holds(configuration.state_folder, file.lexically_normal()) &&
         file != configuration.store_file && file != configuration.control_socket;
}

}  // namespace relance::config
