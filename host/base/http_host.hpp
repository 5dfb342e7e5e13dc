// A place on the network that an operator allows a provider to call: "api.example.com", "*.example.org:8443",
// "http://127.0.0.1:8080". Without a scheme only https is meant, so that nothing travels in the clear by
// an oversight; without a port the scheme's own.
#pragma once

#include "host/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace relance {

struct HttpHost {
  bool is_plain{false};          ///< http, not https
  bool is_any_subdomain{false};  ///< "*.": every name below, not the name itself
  std::string name;              ///< lower case; an IPv6 address without its brackets
  std::uint16_t port{0};

  /// `host` as a parsed URL has it, in any case.
  [[nodiscard]] bool allows(bool is_plain_call, std::string_view host, std::uint16_t to_port) const;
};

/// The error says how it is written.
Result<HttpHost> parse_http_host(std::string_view text);
/// What an operator writes to allow exactly this.
std::string write_http_host(bool is_plain, std::string_view host, std::uint16_t port);

}  // namespace relance
