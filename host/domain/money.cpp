// Checked arithmetic on minor units, and the two plain text forms of an amount.
#include "host/domain/money.hpp"

#include <stdexcept>

namespace relance::domain {
namespace {

[[noreturn]] void throw_mixed(Money a, Money b, const char *operation) {
  throw std::logic_error(std::string("broken invariant: ") + operation + " of " + format_money(a) + " and " +
                         format_money(b));
}

/// noexcept makes the throw stop the process here, with its message on the standard error.
void require_same_currency(Money a, Money b, const char *operation) noexcept {
  if (a.currency != b.currency) throw_mixed(a, b, operation);
}

Error too_large(std::string_view what) {
  return invalid("the amount does not fit 64 bits of minor units: " + std::string(what));
}

/// Cuts `token` off the front; an empty token never matches.
bool skip(std::string_view &text, std::string_view token) {
  if (token.empty() || !text.starts_with(token)) return false;
  text.remove_prefix(token.size());
  return true;
}

bool skip_thousands(std::string_view &text, std::string_view separator) {
  if (separator == " ") return skip(text, " ") || skip(text, "\u00a0") || skip(text, "\u202f");
  if (separator == "'") return skip(text, "'") || skip(text, "\u2019");
  return skip(text, separator);
}

/// Takes the sign off both ends, as far as the style knows it. Parentheses count as a minus.
bool take_sign(std::string_view &text, const AmountStyle &style) {
  if (style.parentheses && text.size() > 2 && text.front() == '(' && text.back() == ')') {
    text = text.substr(1, text.size() - 2);
    return true;
  }
  if (style.leading_minus && !text.empty() && (text.front() == '-' || text.front() == '+')) {
    const bool negative{text.front() == '-'};
    text.remove_prefix(1);
    return negative;
  }
  if (style.trailing_minus && !text.empty() && (text.back() == '-' || text.back() == '+')) {
    const bool negative{text.back() == '-'};
    text.remove_suffix(1);
    return negative;
  }
  return false;
}

/// Gathers digits into a magnitude of at most 2^64 - 1.
class Magnitude {
 public:
  void append(char digit) {
    overflow_ = __builtin_mul_overflow(value_, std::uint64_t{10}, &value_) || overflow_;
    overflow_ = __builtin_add_overflow(value_, static_cast<std::uint64_t>(digit - '0'), &value_) || overflow_;
  }
  /// The signed value, unless it does not fit.
  [[nodiscard]] bool to_signed(bool negative, std::int64_t &out) const {
    constexpr std::uint64_t kSmallest{std::uint64_t{1} << 63};
    if (overflow_ || value_ > (negative ? kSmallest : kSmallest - 1)) return false;
    out = static_cast<std::int64_t>(negative ? std::uint64_t{0} - value_ : value_);
    return true;
  }

 private:
  std::uint64_t value_{0};
  bool overflow_{false};
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The part before the decimal separator: plain digits, or groups of three after a first of one to three.
/// Returns the number of digits, or -1 where a group is not what it should be.
int take_whole(std::string_view &text, std::string_view thousands, Magnitude &magnitude) {
  int digits{0}, in_group{0};
  bool grouped{false};
  while (!text.empty()) {
    if (is_digit(text.front())) {
      magnitude.append(text.front());
      text.remove_prefix(1);
      ++digits, ++in_group;
      continue;
    }
    if (!skip_thousands(text, thousands)) break;
    if (in_group == 0 || in_group > 3 || (grouped && in_group != 3)) return -1;
    grouped = true;
    in_group = 0;
  }
  return grouped && in_group != 3 ? -1 : digits;
}

}  // namespace

Result<Money> add(Money a, Money b) {
  require_same_currency(a, b, "sum");
  Money sum{0, a.currency};
  if (__builtin_add_overflow(a.minor, b.minor, &sum.minor))
    return too_large(format_money(a) + " plus " + format_money(b));
  return sum;
}

Result<Money> subtract(Money a, Money b) {
  require_same_currency(a, b, "difference");
  Money difference{0, a.currency};
  if (__builtin_sub_overflow(a.minor, b.minor, &difference.minor))
    return too_large(format_money(a) + " minus " + format_money(b));
  return difference;
}

Result<Money> negate(Money amount) {
  return subtract(Money{0, amount.currency}, amount);
}

std::strong_ordering operator<=>(const Money &a, const Money &b) {
  require_same_currency(a, b, "comparison");
  return a.minor <=> b.minor;
}

Result<Money> parse_amount(std::string_view text, Currency currency, const AmountStyle &style) {
  const auto refused = [&](const std::string &why) { return invalid("'" + std::string(text) + "' " + why); };
  std::string_view rest{text};
  const bool negative{take_sign(rest, style)};
  Magnitude magnitude;
  const int whole{take_whole(rest, style.thousands, magnitude)};
  if (whole < 0) return refused("groups its digits otherwise than by three");
  int decimals{0};
  if (skip(rest, style.decimal)) {
    if (rest.empty() || !is_digit(rest.front())) return refused("has no digit after the decimal separator");
    for (; !rest.empty() && is_digit(rest.front()); rest.remove_prefix(1)) {
      if (decimals < currency.exponent()) {
        magnitude.append(rest.front());
        ++decimals;
      } else if (!style.drop_extra_zeros || rest.front() != '0') {
        return refused("has more decimals than " + std::string(currency.code()) + ", which has " +
                       std::to_string(currency.exponent()));
      }
    }
  }
  if (!rest.empty() || (whole == 0 && decimals == 0)) {
    return refused("is not an amount written with '" + std::string(style.decimal) + "' before the decimals" +
                   (style.thousands.empty()
                        ? std::string(" and nothing between thousands")
                        : " and '" + std::string(style.thousands) + "' between thousands"));
  }
  for (; decimals < currency.exponent(); ++decimals) magnitude.append('0');
  Money amount{0, currency};
  if (!magnitude.to_signed(negative, amount.minor)) return too_large(text);
  return amount;
}

Result<Money> parse_money(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos)
    return invalid("'" + std::string(text) + "' is not an amount with its currency; write it as 50 EUR");
  const auto currency = Currency::parse(text.substr(space + 1));
  if (currency.has_error()) return currency.error();
  return parse_amount(text.substr(0, space), *currency);
}

std::string format_amount(Money amount) {
  // The magnitude of the smallest value does not fit an int64, so go through its unsigned two's complement.
  const auto bits = static_cast<std::uint64_t>(amount.minor);
  std::string digits{std::to_string(amount.is_negative() ? std::uint64_t{0} - bits : bits)};
  const auto exponent = static_cast<std::size_t>(amount.currency.exponent());
  if (digits.size() <= exponent) digits.insert(0, exponent + 1 - digits.size(), '0');
  if (exponent > 0) digits.insert(digits.size() - exponent, ".");
  return amount.is_negative() ? "-" + digits : digits;
}

std::string format_money(Money amount) {
  return format_amount(amount) + " " + std::string(amount.currency.code());
}

}  // namespace relance::domain
