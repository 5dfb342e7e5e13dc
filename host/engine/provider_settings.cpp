// Checking costs one short-lived child a provider, and nothing else.
#include "host/engine/provider_settings.hpp"

#include "host/channel/factory.hpp"
#include "host/channel/library.hpp"

namespace relance::engine {

channel::ProviderSettings channel_settings(const config::Configuration &configuration,
                                           const config::ProviderSettings &settings,
                                           const std::filesystem::path &program) {
  channel::ProviderSettings wanted;
  wanted.id = settings.id;
  wanted.plugin = settings.plugin_file.empty() ? settings.plugin : settings.plugin_file.string();
  wanted.plugin_directory = configuration.plugin_folder.string();
  wanted.driver = settings.driver;
  wanted.placement = settings.placement == config::Placement::child ? channel::Placement::child
                                                                    : channel::Placement::in_process;
  wanted.settings_json = settings.settings_json.reveal();
  wanted.lock_directory = configuration.state_folder.string();
  wanted.program = program.string();
  wanted.limits.crashes_max = settings.quarantine_after;
  wanted.limits.restart_delay_max = settings.restart_delay_max;
  const auto &sandbox = settings.sandbox;
  wanted.sandbox.is_enabled = sandbox.is_enabled;
  wanted.sandbox.is_required = configuration.requires_sandbox;
  wanted.sandbox.network = sandbox.has_network ? channel::Network::full : channel::Network::none;
  wanted.sandbox.connect_ports = sandbox.connect_ports;
  for (const auto &[path, is_writable] : sandbox.data_folders)
    wanted.sandbox.data_folders.push_back({path.string(), is_writable});
  for (const auto &file : sandbox.files) wanted.sandbox.files.push_back(file.string());
  wanted.sandbox.memory_mib = sandbox.memory_mib;
  wanted.sandbox.descriptors = sandbox.descriptors;
  wanted.sandbox.file_mib = sandbox.file_mib;
  wanted.http_hosts = settings.http_hosts;
  return wanted;
}

namespace {

/// A plugin's file that is missing or unfit is a matter of the line that names it, all else of the settings.
config::Position position_of(const config::ProviderSettings &settings, const Error &error) {
  return channel::check_plugin_file(settings.plugin_file.string()) ? settings.position_of(error.where)
                                                                   : settings.plugin_at;
}

}  // namespace

Error placed(const config::ProviderSettings &settings, Error error) {
  error.where = position_of(settings, error).text();
  return error;
}

std::vector<config::Issue> check_providers(const config::Configuration &configuration,
                                           const std::filesystem::path &program) {
  std::vector<config::Issue> issues;
  for (const auto &settings : configuration.providers) {
    const auto checked = channel::check_provider(channel_settings(configuration, settings, program));
    if (!checked)
      issues.push_back(
          {config::Severity::error, position_of(settings, checked.error()), checked.error().message});
  }
  return issues;
}

}  // namespace relance::engine
