// How an operator wants texts to be encoded: replacement of characters, parts at most.
#pragma once

#include "plugins/protocol/gsm/gsm.hpp"

#include <relance/host.hpp>
#include <relance/json.hpp>

namespace relance::sms {

struct TextRules {
  gsm::Options encoding{};
  std::size_t parts_max{4};
};
/// The settings' "text"; absent: the defaults.
[[nodiscard]] TextRules read_text_rules(const sdk::Json &text, sdk::Issues &issues);

}  // namespace relance::sms
