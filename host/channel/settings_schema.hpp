// A provider's settings, held to the JSON Schema that its plugin states. The issues carry JSON pointers,
// which the configuration turns into lines; they never carry a value, as values may be secrets.
#pragma once

#include "host/base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace relance::channel {

struct SettingsIssue {
  std::string path;  ///< JSON Pointer, "" for the whole
  std::string message;
  bool is_fatal{true};
};

/// An error: the schema itself is broken (the plugin's fault) or the settings are no JSON object (ours).
Result<std::vector<SettingsIssue>> check_settings(std::string_view schema_json,
                                                  std::string_view settings_json);

/// A check by hand does not see the secrets that systemd gives to its service alone: each stands as "***",
/// and what is wrong with that is no fault of the settings.
void forget_unread_secrets(std::vector<SettingsIssue> &issues, std::string_view settings_json);

/// "/port: must be at most 65535; /tls: unknown key"; for one line of a message.
std::string join(const std::vector<SettingsIssue> &issues);

}  // namespace relance::channel
