// What an operator set for one instance of the driver "hylafax", typed and checked beyond what the schema can
// say.
#pragma once

#include "plugins/fax/hylafax/dialling.hpp"
#include "plugins/protocol/hylafax/session.hpp"

#include <relance/host.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace relance::fax::hylafax {

struct Settings {
  relance::hylafax::Server server{};
  DialRules dial{};
  std::int64_t dials_max{0}, tries_max{0}, priority{0};
  std::int64_t give_up_after_ms{0}, poll_every_ms{0};
  std::string modem{};  ///< empty: any
};

/// Reports every fault with its JSON pointer; what it returns then is not to be used.
[[nodiscard]] Settings read_settings(std::string_view json, sdk::Issues &issues);

}  // namespace relance::fax::hylafax
