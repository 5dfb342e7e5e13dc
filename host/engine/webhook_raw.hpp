// A webhook as the raw bytes that are stored of it, and back: METHOD SP URL CRLF, the header fields one a
// line, an empty line, the body, as relance/abi/inbound.h promises to parse(). Self-describing, so that bytes
// of years ago can be read again by a better parser.
#pragma once

#include "host/channel/provider.hpp"
#include "host/config/secret.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace relance::engine {

/// Passwords in headers, and the last part of the path, which is the secret of the provider's webhooks.
enum class Credentials : std::uint8_t {
  kept,    ///< who judges these bytes later needs them, the URL as it was signed
  hidden,  ///< they prove nothing any more, and are not for the disk, nor for who gets the evidence
};
/// `secrets`: of the provider's settings. Where one stands in the query or in a header, the value is hidden
/// too: a gateway that signs nothing proves itself by such a word. The host knows them by their value and
/// need not be told their names, by any plugin.
std::string raw_of(const channel::WebhookRequest &request, Credentials credentials,
                   std::span<const config::Secret> secrets = {});

/// Nothing: these are not such bytes. Who called is not among them.
std::optional<channel::WebhookRequest> webhook_of(std::string_view raw);

}  // namespace relance::engine
