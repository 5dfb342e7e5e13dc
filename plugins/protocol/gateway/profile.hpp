// A description that is shipped: what an operator need not write. Their own settings lie on top of it, member
// by member.
#pragma once

#include <relance/host.hpp>
#include <relance/json.hpp>

#include <span>
#include <string_view>

namespace relance::gateway {

struct Profile {
  std::string_view name, json;
};

/// The settings with the profile that they name beneath them; one that there is not is a fault.
sdk::Json with_profile(const sdk::Json &settings, std::span<const Profile> profiles, sdk::Issues &issues);

}  // namespace relance::gateway
