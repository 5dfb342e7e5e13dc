// Money: a whole number of minor units in one currency. Nothing here ever passes through floating point.
// Overflow is an error to act on; two currencies in one sum is a broken invariant and stops the process.
#pragma once

#include "host/base/result.hpp"
#include "host/domain/currency.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace relance::domain {

struct Money {
  std::int64_t minor{0};
  Currency currency{};

  [[nodiscard]] constexpr bool is_zero() const { return minor == 0; }
  [[nodiscard]] constexpr bool is_negative() const { return minor < 0; }
  constexpr bool operator==(const Money &) const = default;
};
static_assert(std::is_trivially_copyable_v<Money> && sizeof(Money) <= 16);

/// Sum, difference and opposite; an overflow is an `invalid` error. Mixed currencies stop the process.
Result<Money> add(Money a, Money b);
Result<Money> subtract(Money a, Money b);
Result<Money> negate(Money amount);

/// Order of two amounts of one currency; mixed currencies stop the process (equality alone may compare them).
std::strong_ordering operator<=>(const Money &a, const Money &b);

/// How a file writes amounts. Separators are UTF-8 and may be longer than a byte.
struct AmountStyle {
  std::string_view decimal{"."};
  /// Between groups of three digits, where the text has any; "" allows none. " " stands for every kind of
  /// space that exports use (plain, U+00A0, U+202F), "'" also for U+2019.
  std::string_view thousands{};
  bool leading_minus{true};    ///< -12.00, and +12.00
  bool trailing_minus{false};  ///< 12.00-, and 12.00+
  bool parentheses{false};     ///< (12.00) is minus twelve
  /// Zeros past the currency's decimals are dropped (12.5000 EUR); other digits there are refused in any
  /// case.
  bool drop_extra_zeros{false};
};

/// The exact amount that `text` writes, in minor units. Refused: surrounding spaces, no digits, groups that
/// are not three digits, more decimals than the currency has, and what does not fit 64 bits.
Result<Money> parse_amount(std::string_view text, Currency currency, const AmountStyle &style = {});

/// "1234.50 EUR", "-3 JPY": an amount with a point and the currency after one space; what format_money()
/// writes.
Result<Money> parse_money(std::string_view text);
std::string format_money(Money amount);
/// "1234.50": the amount alone, with a point.
std::string format_amount(Money amount);

}  // namespace relance::domain

template <>
struct std::hash<relance::domain::Money> {
  std::size_t operator()(const relance::domain::Money &money) const noexcept {
    return std::hash<relance::domain::Currency>{}(money.currency) * 1099511628211ULL ^
           std::hash<std::int64_t>{}(money.minor);
  }
};
