// What a fake host answers HTTP with when a real server is there: one request, one connection, nothing twice.
#pragma once

#include <relance/http.hpp>

namespace relance::test {

[[nodiscard]] sdk::HttpReply over_the_wire(const sdk::HttpRequest &request);

}  // namespace relance::test
