// From a description and a message to the request that hands it over: always the same bytes for the same
// message, but for what an authentication must date.
#pragma once

#include "plugins/protocol/gateway/description.hpp"

#include <relance/http.hpp>

namespace relance::gateway {

struct BuiltRequest {
  sdk::HttpRequest request;
  std::string missing;  ///< a variable that this message does not have: nothing can be sent
};

BuiltRequest build_request(const Request &description, const Variables &variables, const Lists &lists,
                           std::int64_t wall_ms);

/// Adds what proves who asks. @see authentication.cpp
void authenticate_request(const Request &description, sdk::HttpRequest &request, std::int64_t wall_ms);

}  // namespace relance::gateway
