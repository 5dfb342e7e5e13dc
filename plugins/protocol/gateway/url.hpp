// URLs and forms as they travel: percent encoding, parameters in their order and with their repeats.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relance::gateway {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// Everything but the unreserved characters of RFC 3986.
std::string percent_encoded(std::string_view text);
/// `+` is a space, as forms have it. Nothing where a % is not followed by two hexadecimal digits.
std::optional<std::string> form_decoded(std::string_view text);
/// application/x-www-form-urlencoded, also what stands behind the `?` of a URL.
std::optional<Parameters> parse_form(std::string_view text);
std::string to_form(const Parameters &parameters);

struct Url {
  std::string scheme, user_info, host, port, path, query;  ///< the port is empty where it is not written
  [[nodiscard]] std::string text() const;
  /// With the scheme's own port written out, or left out.
  [[nodiscard]] std::string text_with_port() const;
  [[nodiscard]] std::string text_without_port() const;
};
std::optional<Url> parse_url(std::string_view text);

}  // namespace relance::gateway
