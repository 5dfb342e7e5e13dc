// What stands in the header of a request to the webhook listener, judged before a byte of its body is read:
// its form, its framing (nothing that two parsers could read in two ways), its path.
#pragma once

#include "host/channel/provider.hpp"
#include "host/config/configuration.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace relance::api {

struct HookPath {
  std::string provider, token;
};
/// "/hooks/{provider}/{token}", with or without a query; nothing for any other path.
std::optional<HookPath> hook_path(std::string_view target);

struct HookRefusal {
  unsigned status{400};
  const char *why{""};
};
/// Of a header as it came: names in lower case, repeats kept, no body yet. Nothing: it may be read on. Says
/// nothing of its path. `version`: 10 or 11.
std::optional<HookRefusal> check_header(const channel::WebhookRequest &request, unsigned version,
                                        std::string_view target, const config::Hooks &limits);

}  // namespace relance::api
