// ISO 4217 currencies: three letters and how many decimals the currency has. Four bytes, compared by value.
// Only money is listed: precious metals and test codes have no minor unit and are refused.
#pragma once

#include "host/base/result.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

namespace relance::domain {

class Currency {
 public:
  /// "XXX", ISO 4217's own code for "no currency": what a default-made value holds. parse() refuses it.
  constexpr Currency() = default;

  /// Three capital letters of an active currency (BGN, withdrawn in 2026, is still read: old invoices carry
  /// it).
  /// @see ISO 4217 list one
  static Result<Currency> parse(std::string_view code);

  [[nodiscard]] constexpr std::string_view code() const { return {letters_.data(), letters_.size()}; }
  /// Decimals of the minor unit: 0, 2, 3 or 4.
  [[nodiscard]] constexpr int exponent() const { return exponent_; }
  /// How many minor units make one: 1, 100, 1000 or 10000.
  [[nodiscard]] constexpr std::int64_t minor_per_unit() const {
    std::int64_t units{1};
    for (int i{0}; i < exponent_; ++i) units *= 10;
    return units;
  }

  /// By code, alphabetically.
  constexpr auto operator<=>(const Currency &) const = default;

 private:
  constexpr Currency(char a, char b, char c, std::uint8_t exponent)
      : letters_{a, b, c}, exponent_{exponent} {}

  std::array<char, 3> letters_{'X', 'X', 'X'};
  std::uint8_t exponent_{0};
};

/// Every code that parse() takes, sorted; for lists in forms and for tests.
std::span<const std::string_view> currency_codes();

}  // namespace relance::domain

template <>
struct std::hash<relance::domain::Currency> {
  std::size_t operator()(const relance::domain::Currency &currency) const noexcept {
    return std::hash<std::string_view>{}(currency.code());
  }
};
