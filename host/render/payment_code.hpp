// The QR code that a banking app reads a credit transfer from.
#pragma once

#include "host/base/result.hpp"
#include "host/config/configuration.hpp"
#include "host/domain/money.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::render {

/// The lines of the code; nothing where the standard has none for it: another currency than the euro, nothing
/// to pay, more than 999,999,999.99, words of too many bytes.
/// @see EPC069-12 version 2.1, code version 002
std::optional<std::string> payment_lines(const config::BankAccount &account, domain::Money amount,
                                         std::string_view reference);

/// Modules row by row, true is dark; without the quiet zone.
struct QrCode {
  std::uint32_t size{0};  ///< modules a side
  std::vector<bool> modules;
};
Result<QrCode> qr_code(std::string_view text);

}  // namespace relance::render
