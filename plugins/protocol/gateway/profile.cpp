#include "plugins/protocol/gateway/profile.hpp"

#include "plugins/protocol/gateway/json_edit.hpp"

#include <algorithm>
#include <string>

namespace relance::gateway {

sdk::Json with_profile(const sdk::Json &settings, std::span<const Profile> profiles, sdk::Issues &issues) {
  const auto name = settings["profile"].text();
  if (name.empty()) return settings;
  const auto found = std::ranges::find(profiles, std::string_view{name}, &Profile::name);
  if (found == profiles.end()) {
    std::string names;
    for (const auto &profile : profiles) names += (names.empty() ? "" : ", ") + std::string{profile.name};
    issues.fatal("/profile", "there is no profile \"" + name + "\"; known: " + names);
    return settings;
  }
  return sdk::Json::parse(merged(sdk::Json::parse(found->json), settings));
}

}  // namespace relance::gateway
