#include "host/domain/money.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <limits>
#include <rapidcheck.h>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

namespace relance::domain {
BOOST_AUTO_TEST_SUITE(money_test)

namespace {

/// Any value of [low, high) from the first run on; RapidCheck's own ranges begin near `low`.
template <class T = int>
T anywhere(T low, T high) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<T>(low, high));
}

Currency currency(std::string_view code) {
  return Currency::parse(code).value();
}
Money euros(std::int64_t cents) {
  return {cents, currency("EUR")};
}

constexpr std::int64_t kMax{std::numeric_limits<std::int64_t>::max()};
constexpr std::int64_t kMin{std::numeric_limits<std::int64_t>::min()};

/// Whether `work` ends its process by abort(). Runs in a child, whose complaint is thrown away.
template <class Work>
bool aborts(Work work) {
  const pid_t child{fork()};
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);
    if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(3);
    work();
    _exit(0);
  }
  int status{0};
  BOOST_TEST_REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_currency_knows_its_decimals) {
  const std::pair<const char *, int> table[]{{"EUR", 2}, {"JPY", 0}, {"KWD", 3}, {"CLF", 4},
                                             {"ISK", 0}, {"TND", 3}, {"GBP", 2}, {"UYW", 4},
                                             {"XPF", 0}, {"MGA", 2}, {"CHF", 2}, {"UGX", 0}};
  for (const auto &[code, exponent] : table) BOOST_TEST(currency(code).exponent() == exponent, code);
  BOOST_TEST(currency_codes().size() == 166);
}

BOOST_AUTO_TEST_CASE(what_is_no_currency_is_refused) {
  for (const char *code : {"", "EU", "EURO", "eur", "XXX", "XAU", "XTS", "DEM", "E R", "ZZZ"})
    BOOST_TEST(Currency::parse(code).has_error(), code);
}

BOOST_AUTO_TEST_CASE(currencies_sort_by_their_code) {
  std::set<Currency> sorted;
  for (const auto code : currency_codes()) sorted.insert(currency(code));
  BOOST_TEST(sorted.size() == currency_codes().size());
  BOOST_TEST(sorted.begin()->code() == "AED");
  BOOST_TEST(std::hash<Currency>{}(currency("EUR")) == std::hash<Currency>{}(currency("EUR")));
}

BOOST_AUTO_TEST_CASE(a_sum_that_does_not_fit_is_an_error) {
  BOOST_TEST(add(euros(kMax - 1), euros(1)).value().minor == kMax);
  BOOST_TEST(add(euros(kMax), euros(1)).has_error());
  BOOST_TEST(add(euros(kMin), euros(-1)).has_error());
  BOOST_TEST(subtract(euros(kMin), euros(1)).has_error());
  BOOST_TEST(subtract(euros(-2), euros(kMax)).has_error());
  BOOST_TEST(negate(euros(kMin)).has_error());
  BOOST_TEST(negate(euros(kMax)).value().minor == -kMax);
}

BOOST_AUTO_TEST_CASE(two_currencies_in_one_sum_stop_the_process) {
  const Money francs{100, currency("CHF")};
  BOOST_TEST(aborts([&] { (void)add(euros(1), francs); }));
  BOOST_TEST(aborts([&] { (void)subtract(euros(1), francs); }));
  BOOST_TEST(aborts([&] { (void)(euros(1) < francs); }));
  BOOST_TEST(!aborts([&] { (void)add(euros(1), euros(2)); }));
  BOOST_TEST(!(euros(100) == francs));
}

BOOST_AUTO_TEST_CASE(amounts_of_one_currency_are_ordered) {
  BOOST_TEST((euros(-1) < euros(0)));
  BOOST_TEST((euros(5) >= euros(5)));
  BOOST_TEST(euros(0).is_zero());
  BOOST_TEST(euros(-1).is_negative());
}

BOOST_AUTO_TEST_CASE(an_amount_is_read_in_the_style_of_its_file) {
  const AmountStyle plain{}, french{",", " "}, german{",", "."}, swiss{".", "'"};
  const AmountStyle sap{.decimal = ",", .thousands = ".", .leading_minus = false, .trailing_minus = true};
  const AmountStyle ledger{.decimal = ".", .thousands = ",", .parentheses = true};
  struct Case {
    const char *text;
    AmountStyle style;
    std::int64_t cents;
  };
  const Case cases[]{{"1234.5", plain, 123450},
                     {"0", plain, 0},
                     {"-0.01", plain, -1},
                     {"+7", plain, 700},
                     {".5", plain, 50},
                     {"1 234,56", french, 123456},
                     {"1\u202f234\u00a0567,8", french, 123456780},
                     {"1234,56", french, 123456},
                     {"12.345.678,90", german, 1234567890},
                     {"-1.234", german, -123400},
                     {"1'234.05", swiss, 123405},
                     {"1\u2019234.05", swiss, 123405},
                     {"1.234,56-", sap, -123456},
                     {"(1,234.56)", ledger, -123456},
                     {"-1,234.56", ledger, -123456},
                     {"0000012.30", plain, 1230},
                     {"-92233720368547758.08", plain, kMin},
                     {"92233720368547758.07", plain, kMax}};
  for (const Case &one : cases) {
    const auto money = parse_amount(one.text, currency("EUR"), one.style);
    BOOST_TEST_REQUIRE(money.has_value(), one.text);
    BOOST_TEST(money->minor == one.cents, one.text);
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_an_exact_amount_is_refused) {
  const AmountStyle plain{}, french{",", " "}, ledger{.decimal = ".", .thousands = ",", .parentheses = true};
  const std::pair<const char *, AmountStyle> cases[]{{"", plain},
                                                     {"-", plain},
                                                     {".", plain},
                                                     {"12.", plain},
                                                     {"1.234", plain},
                                                     {"1.500", plain},
                                                     {"12,30", plain},
                                                     {" 12", plain},
                                                     {"12 ", plain},
                                                     {"1e3", plain},
                                                     {"--1", plain},
                                                     {"1-", plain},
                                                     {"(1)", plain},
                                                     {"0x10", plain},
                                                     {"1.2.3", plain},
                                                     {"NaN", plain},
                                                     {"1 23,4", french},
                                                     {"1 2345", french},
                                                     {"12 34 567", french},
                                                     {" 123", french},
                                                     {"123 ", french},
                                                     {"1  234", french},
                                                     {"1,23 4", french},
                                                     {"(-1)", ledger},
                                                     {"()", ledger},
                                                     {"1,,234", ledger},
                                                     {"92233720368547758.08", plain},
                                                     {"-92233720368547758.09", plain},
                                                     {"100000000000000000000000000000000000000", plain},
                                                     {"\uff11", plain}};
  for (const auto &[text, style] : cases) {
    const auto money = parse_amount(text, currency("EUR"), style);
    BOOST_TEST_REQUIRE(money.has_error(), text);
    BOOST_TEST(!money.error().message.empty());
  }
  BOOST_TEST(parse_amount("1.0", currency("JPY")).has_error());
  BOOST_TEST(parse_amount("1.0000", currency("KWD")).has_error());
}

BOOST_AUTO_TEST_CASE(extra_zeros_are_dropped_only_on_request) {
  const AmountStyle four{.drop_extra_zeros = true};
  BOOST_TEST(parse_amount("12.5000", currency("EUR"), four)->minor == 1250);
  BOOST_TEST(parse_amount("12.5010", currency("EUR"), four).has_error());
  BOOST_TEST(parse_amount("12.00", currency("JPY"), four)->minor == 12);
}

BOOST_AUTO_TEST_CASE(money_is_written_with_all_its_decimals) {
  BOOST_TEST(format_money(euros(123450)) == "1234.50 EUR");
  BOOST_TEST(format_money(euros(-5)) == "-0.05 EUR");
  BOOST_TEST(format_money({-3, currency("JPY")}) == "-3 JPY");
  BOOST_TEST(format_money({1, currency("CLF")}) == "0.0001 CLF");
  BOOST_TEST(format_amount(euros(kMin)) == "-92233720368547758.08");
  BOOST_TEST(parse_money("50 EUR").value().minor == 5000);
  for (const char *text : {"50", "50EUR", "50  EUR", "EUR 50", "50 EUR ", " 50 EUR", "50 eur"})
    BOOST_TEST(parse_money(text).has_error(), text);
}

BOOST_AUTO_TEST_CASE(any_amount_reads_back_as_it_was_written) {
  BOOST_TEST(rc::check([](std::int64_t minor) {
    const auto codes = currency_codes();
    const Money money{minor, currency(codes[anywhere<std::size_t>(0, codes.size())])};
    RC_ASSERT(parse_money(format_money(money)).value() == money);
  }));
}

BOOST_AUTO_TEST_CASE(any_bytes_are_read_or_refused_in_words) {
  BOOST_TEST(rc::check([](const std::string &text) {
    const AmountStyle style{.decimal = ",", .thousands = " ", .trailing_minus = true, .parentheses = true};
    const auto money = parse_amount(text, currency("EUR"), style);
    if (money.has_error()) RC_ASSERT(!money.error().message.empty());
  }));
}

BOOST_AUTO_TEST_CASE(a_difference_undoes_a_sum) {
  BOOST_TEST(rc::check([](std::int64_t a, std::int64_t b) {
    const auto sum = add(euros(a), euros(b));
    if (sum.has_error()) return;  // an overflow has its own test
    RC_ASSERT(subtract(*sum, euros(b)).value() == euros(a));
  }));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::domain
