// [limits], [price], [breaker] and [[maintenance]] of a provider: what an operator allows it.
#include "host/config/draft.hpp"

#include <cmath>

namespace relance::config {
namespace {

constexpr double kPerSecondMax{100'000};
constexpr std::size_t kWindowsMax{50};

/// A number of messages, which may be a fraction: one in two seconds is 0.5.
double read_rate(Section &table) {
  const auto *value = table.find("per_second");
  if (value == nullptr) return 0;
  const double rate{value->kind == ValueKind::integer ? static_cast<double>(value->integer)
                    : value->kind == ValueKind::real  ? value->real
                                                      : -1.0};
  if (std::isfinite(rate) && rate >= 0.001 && rate <= kPerSecondMax) return rate;
  table.issues().error(
      table.at(*value),
      "\"per_second\" must be a number from 0.001 to 100000; write per_second = 5, or 0.5 for one "
      "in two seconds");
  return 0;
}

std::optional<domain::Zone> read_zone(Section &table) {
  const auto name = table.text("time_zone");
  if (name.empty()) return std::nullopt;
  const auto zone = domain::Zone::of(name);
  if (zone) return *zone;
  table.issues().error(table.at("time_zone"), zone.error().message);
  return std::nullopt;
}

void read_rates(Section &root, SendLimits &limits, std::uint32_t &window) {
  auto table = root.table("limits");
  if (!table) return;
  limits.per_second = read_rate(*table);
  // A second's worth, so that a rate of 50 does not go out in fiftieths.
  const auto usual = static_cast<std::int64_t>(std::max(1.0, std::ceil(limits.per_second)));
  if (table->has("burst") && limits.per_second == 0)
    table->issues().error(table->at("burst"), "a burst goes with per_second; write both, or neither");
  limits.burst = static_cast<std::uint32_t>(table->integer("burst", usual, {1, 100'000}));
  limits.per_day = static_cast<std::uint32_t>(table->integer("per_day", 0, {1, 1'000'000'000}));
  if (table->has("parallel")) {
    if (root.has("credit_window"))
      table->issues().error(table->at("parallel"), "credit_window says the same; keep one of the two");
    window = static_cast<std::uint32_t>(table->integer("parallel", window, {1, 10'000}));
  }
  limits.zone = read_zone(*table);
  table->finish();
}

std::optional<MicroPrice> read_price(Section &table, std::string_view key) {
  if (!table.has(key)) return std::nullopt;
  const auto text = table.required(key, "\"0.12 EUR\"");
  if (text.text.empty()) return std::nullopt;
  auto price = parse_micro_price(text.text);
  if (price) return *price;
  table.issues().error(text.at, price.error().message);
  return std::nullopt;
}

void read_prices(Section &root, SendLimits &limits) {
  auto table = root.table("price");
  if (!table) return;
  limits.price_max = read_price(*table, "per_message");
  limits.day_budget = read_price(*table, "per_day");
  limits.month_budget = read_price(*table, "per_month");
  const std::string *currency{nullptr};
  for (const auto &[key, price] : {std::pair{"per_message", &limits.price_max},
                                   {"per_day", &limits.day_budget},
                                   {"per_month", &limits.month_budget}}) {
    if (!*price) continue;
    if (currency != nullptr && *currency != (*price)->currency)
      table->issues().error(table->at(key), "a provider has its prices in one currency; this one is not in " +
                                                *currency + " as the one before");
    currency = &(*price)->currency;
  }
  table->finish();
}

void read_breaker(Section &root, BreakerSettings &breaker) {
  auto table = root.table("breaker");
  if (!table) return;
  const auto count = [&](std::string_view key, std::uint32_t fallback, Range range) {
    return static_cast<std::uint32_t>(table->integer(key, fallback, range));
  };
  breaker.is_enabled = table->flag("enabled", true);
  breaker.in_a_row = count("in_a_row", breaker.in_a_row, {0, 10'000});
  breaker.ratio_percent = count("ratio_percent", breaker.ratio_percent, {0, 100});
  breaker.window = count("window", breaker.window, {5, 10'000});
  breaker.delay = table->duration("delay", breaker.delay, Milliseconds{100}, std::chrono::hours{24});
  breaker.delay_max = table->duration("delay_max", std::max(breaker.delay, breaker.delay_max), breaker.delay,
                                      std::chrono::hours{24});
  if (breaker.is_enabled && breaker.in_a_row == 0 && breaker.ratio_percent == 0)
    table->issues().error(table->at(),
                          "this breaker never opens; set in_a_row or ratio_percent, or enabled = false");
  table->finish();
}

void read_maintenance(Section &root, SendLimits &limits) {
  for (auto &table : root.tables("maintenance", kWindowsMax)) {
    MaintenanceWindow window;
    window.days.fill(!table.has("days"));
    for (const auto &day : table.texts("days")) {
      if (const auto index = day_index(day.text); index >= 0)
        window.days[static_cast<std::size_t>(index)] = true;
      else
        table.issues().error(day.at, '"' + day.text + "\" is no day" + suggestion(day.text, day_names()));
    }
    const auto minute = [&](std::string_view key) {
      const auto text = table.required(key, "\"02:00\"");
      const auto read = parse_minute(text.text);
      if (!text.text.empty() && read < 0)
        table.issues().error(text.at, '"' + text.text + "\" is no time of day; write \"02:00\"");
      return std::max(read, 0);
    };
    window.from = minute("from");
    window.until = minute("to");
    if (window.from == window.until && table.has("to"))
      table.issues().error(table.at("to"),
                           "this maintenance has no length; for a whole day write from = \"00:00\", "
                           "to = \"24:00\"");
    window.zone = read_zone(table);
    table.finish();
    limits.maintenance.push_back(window);
  }
}

}  // namespace

SendLimits read_send_limits(Section &root, std::uint32_t &window) {
  SendLimits limits;
  read_rates(root, limits, window);
  read_prices(root, limits);
  read_breaker(root, limits.breaker);
  read_maintenance(root, limits);
  return limits;
}

}  // namespace relance::config
