// What the values that decide() asks for cost: nanoseconds a call, best and median of several rounds over
// inputs spread over years, so that neither the branch predictor nor one cache line does all the work.
#include "host/domain/contact_window.hpp"
#include "host/domain/money.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <vector>

namespace relance::domain {
namespace {

constexpr std::size_t kInputs{1U << 16};
constexpr int kRounds{21};

/// Keeps the compiler from dropping the work whose sum this is.
volatile std::int64_t sink{0};

template <class Input, class Call>
void measure(const char *what, const std::vector<Input> &inputs, Call call) {
  std::vector<double> rounds;
  for (int round{0}; round < kRounds; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    std::int64_t sum{0};
    for (const Input &input : inputs) sum += call(input);
    const std::chrono::duration<double, std::nano> spent{std::chrono::steady_clock::now() - begin};
    sink = sink + sum;
    rounds.push_back(spent.count() / static_cast<double>(inputs.size()));
  }
  std::ranges::sort(rounds);
  std::printf("%-40s best %8.2f ns  median %8.2f ns\n", what, rounds.front(), rounds[kRounds / 2]);
}

void run() {
  std::mt19937_64 chance{20261122};
  std::uniform_int_distribution<std::int64_t> when{to_ms(Instant{civil(2024, 1, 1).time_since_epoch()}),
                                                   to_ms(Instant{civil(2029, 1, 1).time_since_epoch()})};
  std::vector<Instant> instants(kInputs);
  for (Instant &at : instants) at = from_ms(when(chance));
  std::vector<CivilDate> dates(kInputs);
  for (std::size_t i{0}; i < kInputs; ++i)
    dates[i] = CivilDate{std::chrono::floor<Days>(instants[i]).time_since_epoch()};

  const Calendar france{Calendar::parse("FR-57").value()};
  const Zone paris{Zone::of("Europe/Paris").value()};
  WeekHours hours;
  for (std::size_t day{1}; day <= 5; ++day) hours[day] = {{510, 720}, {840, 1080}};
  const auto office = ContactWindow::make(paris, france, hours, true).value();
  const auto always = ContactWindow::always(paris, france);
  const Currency euro{Currency::parse("EUR").value()};

  measure("is_business_day", dates, [&](CivilDate date) { return france.is_business_day(date) ? 1 : 0; });
  measure("add_business_days 3", dates,
          [&](CivilDate date) { return to_day_number(france.add_business_days(date, 3)); });
  measure("add_business_days 30", dates,
          [&](CivilDate date) { return to_day_number(france.add_business_days(date, 30)); });
  measure("business_days_between, 90 days", dates,
          [&](CivilDate date) { return france.business_days_between(date, date + Days{90}); });
  measure("local", instants, [&](Instant at) { return to_day_number(paris.local(at).date); });
  measure("first_instant_of", dates,
          [&](CivilDate date) { return to_ms(paris.first_instant_of(date, 510)); });
  measure("next_allowed, office hours", instants,
          [&](Instant at) { return to_ms(office.next_allowed(at).from); });
  measure("next_allowed, always open", instants,
          [&](Instant at) { return to_ms(always.next_allowed(at).until); });
  measure("first_allowed_on_or_after", dates,
          [&](CivilDate date) { return to_ms(office.first_allowed_on_or_after(date)); });
  const std::vector<std::string_view> amounts{"1234.50", "-0.05", "99999999.99", "7"};
  measure("parse_amount", amounts, [&](std::string_view text) { return parse_amount(text, euro)->minor; });
}

}  // namespace
}  // namespace relance::domain

int main() {
  relance::domain::run();
}
