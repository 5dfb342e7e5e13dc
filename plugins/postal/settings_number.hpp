// A whole number of the settings, held to its bounds: what is outside is told with its JSON pointer, since a
// schema may have been left out of the check.
#pragma once

#include <relance/driver.hpp>
#include <relance/json.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace relance::postal {

struct Bounds {
  std::int64_t otherwise, min, max;
};
template <class T = std::int64_t>
[[nodiscard]] T number_of(const sdk::Json &settings, std::string_view name, const Bounds &bounds,
                          sdk::Issues &issues) {
  const auto value = settings[name].integer(bounds.otherwise);
  if (value < bounds.min || value > bounds.max)
    issues.fatal("/" + std::string{name},
                 "is not between " + std::to_string(bounds.min) + " and " + std::to_string(bounds.max));
  return static_cast<T>(std::clamp(value, bounds.min, bounds.max));
}

}  // namespace relance::postal
