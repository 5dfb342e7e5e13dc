// What an operator allows a provider, in a whole engine: days that survive a restart, rates, prices, budgets,
// windows.
#include "host/engine/explain.hpp"
#include "tests/engine/engine_world.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::engine {
using test::EngineWorld;
using test::kMonday;
BOOST_AUTO_TEST_SUITE(provider_limits_test)

namespace {

constexpr const char *kAccept{"answer = \"accept\"\n"};
/// "F1: 100.00 EUR" and its line end are fifteen bytes, two of the scripted plugin's segments: 0.09 EUR.
constexpr const char *kQuotes{"answer = \"accept\"\nquote = \"yes\"\nprice = \"45000\"\n"};

struct Limited : EngineWorld {
  explicit Limited(const std::string &lines, const std::string &settings = kAccept,
                   const std::string &region = "[\"one\"]") {
    write_limited_provider("one", lines, test::kTellsNothing + settings);
    write_limited_provider("two", {}, std::string{test::kTellsNothing} + kAccept);
    write_region(region);
    const auto taken = reload();
    BOOST_TEST_REQUIRE(taken.has_value(), (taken ? "" : taken.error().text()));
  }
  /// Debtors D0 … whose first reminder is due a week from now, at these addresses.
  void owe(int count, const std::string &verb = "accept") {
    for (int i{0}; i < count; ++i) {
      const auto number = std::to_string(i);
      debtor("D" + number, verb + "@d" + number + ".example");
      invoice("D" + number, "F" + number, kMonday);
    }
    onboard();
    start();
  }
  std::string why(const std::string &debtor) {
    const auto reader = engine->open_reader().value();
    const auto claim = reader->facts_of_debtor(creditor, debtor).value();
    std::string all;
    for (const auto &one : explain(*engine->configuration(), "acme", claim, engine->standing_of(claim),
                                   engine->business_now())) {
      for (const auto &kept : one.kept_by) all += kept + '\n';
      for (const auto &route : one.routes) all += route.provider + ": " + route.because + '\n';
    }
    return all;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_days_messages_are_counted_over_a_restart_and_the_rest_goes_the_next_days) {
  Limited world{"[limits]\nper_day = 2\n"};
  world.owe(5);
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received_by("one").size() == 2u);
  auto report = world.report_of("one");
  BOOST_TEST(report.state == "used_up");
  BOOST_TEST(report.limits.used_today == 2);
  BOOST_TEST(report.what_to_do.find("it goes on at 2026-02-09T23:00:00Z") != std::string::npos,
             report.what_to_do);
  BOOST_TEST(
      world.why("D4").find("the 2 messages of its day (limits.per_day) are used up") != std::string::npos,
      world.why("D4"));
  world.restart();
  world.advance_to(kMonday + Days{7}, 17);
  BOOST_TEST(world.received_by("one").size() == 2u);
  world.advance_to(kMonday + Days{8});
  BOOST_TEST(world.received_by("one").size() == 4u);
  world.advance_to(kMonday + Days{9});
  BOOST_TEST(world.received_by("one").size() == 5u);
  BOOST_TEST(world.tasks().empty());
}

BOOST_AUTO_TEST_CASE(what_was_not_sent_does_not_count_for_the_day) {
  Limited world{"[limits]\nper_day = 2\n", "answer = \"not_sent\"\n", "[\"one\", \"two\"]"};
  world.owe(5);
  world.advance_to(kMonday + Days{7}, 9);
  BOOST_TEST(world.received_by("two").size() == 5u);
  BOOST_TEST(world.report_of("one").limits.used_today == 0);
}

BOOST_AUTO_TEST_CASE(what_is_over_a_days_limit_goes_to_the_next_provider) {
  Limited world{"[limits]\nper_day = 2\n", kAccept, "[\"one\", \"two\"]"};
  world.owe(5);
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received_by("one").size() == 2u);
  BOOST_TEST(world.received_by("two").size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_rate_is_kept_in_real_time) {
  Limited world{"[limits]\nper_second = 20\nburst = 2\n"};
  world.owe(12);
  const auto begun = std::chrono::steady_clock::now();
  world.advance_to(kMonday + Days{7});
  const auto took = std::chrono::steady_clock::now() - begun;
  BOOST_TEST(world.received_by("one").size() == 12u);
  BOOST_TEST((took >= std::chrono::milliseconds{500}));  // ten beyond the burst, twenty a second
  BOOST_TEST(world.tasks().empty());
}

BOOST_AUTO_TEST_CASE(a_message_above_the_price_of_one_goes_to_the_next_provider_with_its_reason) {
  Limited world{"[price]\nper_message = \"0.08 EUR\"\n", kQuotes, "[\"one\", \"two\"]"};
  world.owe(1);
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received_by("one").empty());
  BOOST_TEST(world.received_by("two").size() == 1u);
  const auto reader = world.engine->open_reader().value();
  std::string intents;
  for (const auto &row : reader->journal(world.creditor, "F0", {}, 100).value())
    if (row.kind == "intent") intents += row.payload;
  BOOST_TEST(intents.find("email one: it costs 0.09 EUR, more than price.per_message allows (0.08 EUR)") !=
                 std::string::npos,
             intents);
}

BOOST_AUTO_TEST_CASE(a_message_whose_price_is_not_known_passes_no_limit_of_a_price) {
  for (const auto *limit : {"[price]\nper_message = \"5 EUR\"\n", "[price]\nper_day = \"50 EUR\"\n"}) {
    Limited world{limit, kQuotes, "[\"one\", \"two\"]"};
    world.debtor("P0", "accept@p0.example");  // by it a plugin is known to name prices
    world.invoice("P0", "G0", kMonday - Days{1});
    world.owe(1, "unpriced");
    world.advance_to(kMonday + Days{7});
    BOOST_TEST(world.received_by("two").size() == 1u, limit);
    BOOST_TEST(world.received_by("one").size() == 1u, limit);
  }
}

BOOST_AUTO_TEST_CASE(price_and_segments_are_kept_with_the_attempt) {
  Limited world{"[price]\nper_message = \"0.10 EUR\"\n", kQuotes};
  world.owe(1);
  world.advance_to(kMonday + Days{7});
  const auto row = world.reminders("D0").at(0);
  BOOST_TEST(row.segments == 2u);
  BOOST_TEST(row.price_micro == 90'000);
  BOOST_TEST(row.price_currency == "EUR");
}

BOOST_AUTO_TEST_CASE(a_budget_holds_what_it_cannot_pay_until_its_next_day_also_over_a_restart) {
  Limited world{"[price]\nper_day = \"0.20 EUR\"\n", kQuotes};
  world.owe(5);
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received_by("one").size() == 2u);
  BOOST_TEST(world.report_of("one").limits.day_spent == "0.18 EUR");
  const auto why = world.why("D4");
  BOOST_TEST(why.find("it costs 0.09 EUR, and of its budget of the day (0.20 EUR) only 0.02 EUR is left") !=
                 std::string::npos,
             why);
  world.restart();
  world.advance_to(kMonday + Days{7}, 17);
  BOOST_TEST(world.received_by("one").size() == 2u);
  world.advance_to(kMonday + Days{8});
  BOOST_TEST(world.received_by("one").size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_budget_of_the_month_lets_others_take_what_it_cannot_pay) {
  Limited world{"[price]\nper_month = \"0.10 EUR\"\n", kQuotes, "[\"one\", \"two\"]"};
  world.owe(3);
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received_by("one").size() == 1u);
  BOOST_TEST(world.received_by("two").size() == 2u);
  BOOST_TEST(world.report_of("one").limits.month_spent == "0.09 EUR");
}

BOOST_AUTO_TEST_CASE(a_receipt_that_names_another_price_corrects_what_was_spent) {
  Limited world{"[price]\nper_month = \"1 EUR\"\n", kQuotes};
  world.owe(1);
  world.advance_to(kMonday + Days{7});
  const auto key = world.received_by("one").at(0);
  world.with_store([&](store::Store &store, Instant now) {
    const store::InboundRecord raw{"one", "webhook", "bytes", now};
    store::ParsedRecord parsed;
    parsed.inbound = store.store_inbound({&raw, 1}, {}, now).value().front();
    auto &receipt = parsed.receipts.emplace_back();
    receipt.idempotency_key = key;
    receipt.kind = domain::ReceiptKind::delivered;
    receipt.is_final = true;
    receipt.price_micro = 130'000;
    receipt.price_currency = "EUR";
    BOOST_TEST(store.apply_parsed({&parsed, 1}, now).has_value());
  });
  BOOST_TEST(world.report_of("one").limits.month_spent == "0.13 EUR");
  BOOST_TEST(world.reminders("D0").at(0).price_micro == 130'000);
}

BOOST_AUTO_TEST_CASE(a_price_in_another_currency_than_the_limits_is_never_paid) {
  Limited world{"[price]\nper_message = \"5 CHF\"\n", kQuotes, "[\"one\", \"two\"]"};
  world.owe(1);
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received_by("one").empty());
  BOOST_TEST(world.received_by("two").size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_goes_to_the_next_provider_and_without_one_to_a_person) {
  Limited world{{}, "quote = \"yes\"\n", "[\"one\", \"two\"]"};
  world.owe(1, "unfit");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received_by("two").size() == 1u);
  Limited alone{{}, "quote = \"yes\"\n"};
  alone.owe(1, "unfit");
  alone.advance_to(kMonday + Days{7});
  BOOST_TEST(alone.tasks().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_message_without_a_quote_goes_unless_prices_are_limited) {
  Limited free{{}, kQuotes, "[\"one\", \"two\"]"};
  free.owe(1, "unquoted");
  free.advance_to(kMonday + Days{7});
  BOOST_TEST(free.received_by("one").size() == 1u);
  Limited bound{"[price]\nper_message = \"1 EUR\"\n", kQuotes, "[\"one\", \"two\"]"};
  bound.owe(1, "unquoted");
  bound.advance_to(kMonday + Days{7});
  BOOST_TEST(bound.received_by("one").empty());
  BOOST_TEST(bound.received_by("two").size() == 1u);
}

BOOST_AUTO_TEST_CASE(nothing_is_handed_over_during_a_maintenance) {
  Limited world{"[[maintenance]]\ndays = [\"monday\"]\nfrom = \"06:00\"\nto = \"11:00\"\n"};
  world.owe(2);
  world.advance_to(kMonday + Days{7}, 10);
  BOOST_TEST(world.received_by("one").empty());
  const auto report = world.report_of("one");
  BOOST_TEST(report.state == "maintenance");
  BOOST_TEST(report.because == "it is under maintenance until 2026-02-09T10:00:00Z");
  BOOST_TEST(world.tasks().empty());
  world.advance_to(kMonday + Days{7}, 12);
  BOOST_TEST(world.received_by("one").size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::engine
