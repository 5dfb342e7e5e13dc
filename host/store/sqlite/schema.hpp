// The tables, as numbered migrations. A store knows its number (PRAGMA user_version); each start brings it up
// to date.
#pragma once

#include "host/base/result.hpp"
#include "host/store/sqlite/connection.hpp"

namespace relance::store::sqlite {

/// How many migrations this program knows; the user_version of an up-to-date store.
std::int32_t schema_version();

/// Runs what is missing, each migration in its own transaction. invalid: the store was made by a newer
/// program. `up_to`: an older version, for who must make an older store.
Result<void> migrate(Connection &connection, std::int32_t up_to = schema_version());

}  // namespace relance::store::sqlite
