// Answers as AR24's servers make them: the other half of the cipher, which no driver has.
#pragma once

#include <string>
#include <string_view>

namespace relance::test {

/// Base64 of `text` for a call of that date.
std::string encrypted(std::string_view private_key, std::string_view date, std::string_view text);

}  // namespace relance::test
