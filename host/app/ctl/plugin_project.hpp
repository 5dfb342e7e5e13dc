// A new plugin's project, written from the template that was installed with the SDK: files whose text and
// names hold a few
// @keys@. Nothing that exists is ever overwritten.
#pragma once

#include "host/base/result.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace relance::ctl {

struct PluginWish {
  std::string name;     ///< "acme-sms": lower-case letters, digits and '-'
  std::string channel;  ///< "email", "sms", "fax", "lre", "postal"
  bool is_c{false};
  bool is_blocking{true};
  std::filesystem::path directory{"."};  ///< where the project's folder is made
};

/// What the template's keys stand for. Refuses a name or a channel that cannot be.
Result<std::map<std::string, std::string>> template_values(const PluginWish &wish,
                                                           std::string_view sdk_version);

/// The folder of the template: beside this program's prefix. Refused with where it was looked for.
Result<std::filesystem::path> find_template();

/// Makes directory/name and all files in it; returns them, relative to it. When it fails nothing is left
/// behind.
Result<std::vector<std::string>> write_project(const PluginWish &wish, const std::filesystem::path &from,
                                               const std::map<std::string, std::string> &values);

}  // namespace relance::ctl
