// A webhook as the raw bytes that are stored of it, and back: METHOD SP URL CRLF, the header fields one a
// line, an empty line, the body, as relance/abi/inbound.h promises to parse(). Self-describing, so that bytes
// of years ago can be read again by a better parser.
#pragma once

#include "host/channel/provider.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace relance::engine {

/// Passwords in headers, and the last part of the path, which is the secret of the provider's webhooks.
enum class Credentials : std::uint8_t {
  kept,    ///< who judges these bytes later needs them, the URL as it was signed
  hidden,  ///< they prove nothing any more, and are not for the disk, nor for who gets the evidence
};
std::string raw_of(const channel::WebhookRequest &request, Credentials credentials);

/// Nothing: these are not such bytes. Who called is not among them.
std::optional<channel::WebhookRequest> webhook_of(std::string_view raw);

}  // namespace relance::engine
