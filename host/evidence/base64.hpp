// Base64 with padding and without line breaks (RFC 4648 §4), by OpenSSL.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace relance::evidence {

std::string base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);

}  // namespace relance::evidence
