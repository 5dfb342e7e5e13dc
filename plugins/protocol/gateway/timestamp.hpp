// Times as providers write them: Unix seconds (also with a fraction) or milliseconds, ISO 8601, RFC 5322,
// YYMMDDHHMM[SS].
#pragma once

#include <cstdint>
#include <string_view>

namespace relance::gateway {

/// Milliseconds since 1970 in UTC, as what carries no zone counts as UTC too; 0 when it is no time that we
/// can read.
std::int64_t read_time_ms(std::string_view text);

}  // namespace relance::gateway
