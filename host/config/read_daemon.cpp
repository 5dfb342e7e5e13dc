// relanced.toml: where the daemon lives, how much it may do at once, and whose invoices it chases.
#include "host/config/draft.hpp"

#include <algorithm>

namespace relance::config {

namespace {

namespace fs = std::filesystem;

/// Relative paths start at the folder of the file that names them, so that a configuration can be moved as a
/// whole.
fs::path path_from(Section &section, std::string_view key, const fs::path &fallback, const fs::path &base) {
  const auto text = section.text(key);
  if (text.empty()) return fallback;
  const fs::path path{text};
  return (path.is_absolute() ? path : base / path).lexically_normal();
}

std::uint32_t count_from(Section &section, std::string_view key, std::uint32_t fallback, Range range) {
  return static_cast<std::uint32_t>(section.integer(key, fallback, range));
}

void read_limits(Section &table, Limits &limits) {
  using std::chrono::hours;
  limits.claim_batch = count_from(table, "claim_batch", limits.claim_batch, {1, 10'000});
  limits.submit_batch = count_from(table, "submit_batch", limits.submit_batch, {1, 10'000});
  limits.in_flight_max = count_from(table, "in_flight_max", limits.in_flight_max, {1, 100'000});
  limits.in_doubt_max = count_from(table, "in_doubt_max", limits.in_doubt_max, {1, 10'000});
  limits.inbound_batch = count_from(table, "inbound_batch", limits.inbound_batch, {1, 10'000});
  limits.volume_guard = count_from(table, "volume_guard", limits.volume_guard, {0, 1000});
  limits.volume_guard_least =
      count_from(table, "volume_guard_least", limits.volume_guard_least, {0, 10'000'000});
  limits.hand_over_within =
      table.duration("hand_over_within", limits.hand_over_within, Milliseconds{1000}, hours{24});
  limits.stop_grace = table.duration("stop_grace", limits.stop_grace, Milliseconds{0}, Milliseconds{600'000});
  limits.poll_every = table.duration("poll_every", limits.poll_every, Milliseconds{1000}, hours{24});
  if (table.has("max_payment_data_age"))
    limits.payment_data_age_max =
        table.duration("max_payment_data_age", hours{72}, hours{1}, hours{24 * 366});
  table.finish();
}

void read_log(Section &table, Log &log) {
  static constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warning", "error"};
  static constexpr std::array<std::string_view, 3> kTargets{"auto", "stderr", "journald"};
  log.level = static_cast<LogLevel>(table.choice("level", static_cast<std::size_t>(log.level), kLevels));
  log.target = static_cast<LogTarget>(table.choice("target", static_cast<std::size_t>(log.target), kTargets));
  table.finish();
}

/// libcurl would take more; what it does not verify or what carries a secret in the open is refused here.
bool is_proxy(std::string_view text) {
  static constexpr std::array<std::string_view, 3> kSchemes{"http://", "https://", "socks5h://"};
  const auto *const scheme = std::ranges::find_if(kSchemes, [&](auto s) { return text.starts_with(s); });
  return scheme != kSchemes.end() && text.size() > scheme->size() &&
         text.find_first_of("@ \t?#") == std::string_view::npos;
}

void read_http(Section &table, Http &http, const fs::path &base) {
  http.proxy = table.text("proxy");
  if (!http.proxy.empty() && !is_proxy(http.proxy))
    table.issues().error(
        table.at("proxy"),
        "this is no proxy; write \"http://proxy.example.com:3128\" (or https://, socks5h://), without a "
        "name and a password in it");
  for (const auto &host : table.texts("no_proxy"))
    http.no_proxy += (http.no_proxy.empty() ? "" : ",") + host.text;
  http.ca_file = path_from(table, "ca_file", {}, base);
  std::error_code error;
  if (!http.ca_file.empty() && !fs::is_regular_file(http.ca_file, error))
    table.issues().error(table.at("ca_file"),
                         "there is no file " + http.ca_file.string() + "; it holds certificates as PEM");
  table.finish();
}

void read_folders(Section &root, Folders &folders, const fs::path &base) {
  static constexpr std::array<std::pair<std::string_view, fs::path Folders::*>, 4> kFolders{
      {{"regions", &Folders::regions},
       {"providers", &Folders::providers},
       {"templates", &Folders::templates},
       {"scenarios", &Folders::scenarios}}};
  for (const auto &[name, folder] : kFolders) folders.*folder = base / name;
  auto table = root.table("folders");
  if (!table) return;
  for (const auto &[name, folder] : kFolders) {
    folders.*folder = path_from(*table, name, folders.*folder, base);
    std::error_code error;
    if (table->has(name) && !fs::is_directory(folders.*folder, error))
      root.issues().error(table->at(name), "there is no folder " + (folders.*folder).string() +
                                               "; create it or correct the path");
  }
  table->finish();
}

}  // namespace

void read_daemon(Draft &draft, const Document &document) {
  auto &configuration = draft.configuration;
  Section root{document, document.root, draft.issues};
  const auto base = configuration.file.parent_path();
  configuration.state_folder = path_from(root, "state", "/var/lib/relance", base);
  configuration.store_file = path_from(root, "store", configuration.state_folder / "relance.db", base);
  configuration.control_socket = path_from(root, "control_socket", "/run/relance/control.sock", base);
  configuration.plugin_folder = path_from(root, "plugin_folder", draft.options.plugin_folder, base);
  configuration.allows_literal_secrets = root.flag("allow_literal_secrets", false);
  constexpr std::size_t kSocketPathMax{107};  // sun_path
  if (configuration.control_socket.native().size() > kSocketPathMax)
    draft.issues.error(root.at("control_socket"),
                       "the path of the control socket has " +
                           std::to_string(configuration.control_socket.native().size()) +
                           " bytes, more than the 107 that the system takes; choose a shorter one");
  if (auto table = root.table("log")) read_log(*table, configuration.log);
  if (auto table = root.table("sandbox")) {
    configuration.requires_sandbox = table->flag("required", true);
    table->finish();
  }
  if (auto table = root.table("limits")) read_limits(*table, configuration.limits);
  if (auto table = root.table("http")) read_http(*table, configuration.http, base);
  read_evidence(draft, document, root);
  read_retention(draft, root);
  if (auto table = root.table("hooks")) read_hooks(*table, configuration.hooks, base);
  read_folders(root, configuration.folders, base);
  read_creditors(draft, root);
  root.finish();
}

}  // namespace relance::config
