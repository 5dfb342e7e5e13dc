#include "host/config/send_limits.hpp"

#include "host/domain/currency.hpp"

#include <algorithm>
#include <charconv>

namespace relance::config {
namespace {

constexpr std::int64_t kMicro{1'000'000};
constexpr std::int64_t kUnitsMax{1'000'000'000};  ///< of a currency: no budget of messages is larger
constexpr std::size_t kDecimals{6};

const domain::Zone &zone_or_utc(const std::optional<domain::Zone> &zone) {
  static const auto utc = domain::Zone::of("UTC").value();
  return zone ? *zone : utc;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<MicroPrice> parse_micro_price(std::string_view text) {
  const auto wrong = [&] {
    return invalid('"' + std::string{text} +
                   "\" is no price; write \"0.075 EUR\", with at most six decimals");
  };
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return wrong();
  const auto number = text.substr(0, space);
  const auto currency = domain::Currency::parse(text.substr(space + 1));
  if (!currency) return wrong();
  const auto point = std::min(number.find('.'), number.size());
  const auto whole = number.substr(0, point);
  const auto part = point < number.size() ? number.substr(point + 1) : std::string_view{"0"};
  if (!all_digits(whole) || !all_digits(part) || part.size() > kDecimals) return wrong();
  std::int64_t units{0}, fraction{0};
  const auto read = std::from_chars(whole.data(), whole.data() + whole.size(), units);
  if (read.ec != std::errc{} || units > kUnitsMax) return wrong();
  std::from_chars(part.data(), part.data() + part.size(), fraction);
  for (auto digits = part.size(); digits < kDecimals; ++digits) fraction *= 10;
  return MicroPrice{units * kMicro + fraction, std::string{text.substr(space + 1)}};
}

std::string format_micro_price(std::int64_t micro, std::string_view currency) {
  const bool is_negative{micro < 0};
  const auto size = is_negative ? -micro : micro;
  auto part = std::to_string(size % kMicro);
  part.insert(0, kDecimals - part.size(), '0');
  while (part.size() > 2 && part.back() == '0') part.pop_back();
  return (is_negative ? "-" : "") + std::to_string(size / kMicro) + '.' + part + ' ' + std::string{currency};
}

CivilDate SendLimits::day_of(Instant at) const {
  return zone_or_utc(zone).local(at).date;
}

std::optional<Instant> maintenance_until(const SendLimits &limits, Instant at) {
  std::optional<Instant> until;
  for (const auto &window : limits.maintenance) {
    const auto &zone = zone_or_utc(window.zone ? window.zone : limits.zone);
    const auto local = zone.local(at);
    // The window of today, and the one of yesterday, which may reach into today.
    for (const auto day : {local.date, local.date - Days{1}}) {
      if (!window.days[std::chrono::weekday{day}.c_encoding()]) continue;
      const bool is_over_midnight{window.until <= window.from};
      const auto begins = zone.first_instant_of(day, window.from);
      const auto ends = zone.first_instant_of(is_over_midnight ? day + Days{1} : day, window.until);
      if (at >= begins && at < ends) until = std::max(until.value_or(ends), ends);
    }
  }
  return until;
}

Instant next_day(const SendLimits &limits, Instant at) {
  return zone_or_utc(limits.zone).first_instant_of(limits.day_of(at) + Days{1});
}

Instant next_month(const SendLimits &limits, Instant at) {
  const std::chrono::year_month_day today{limits.day_of(at)};
  return zone_or_utc(limits.zone)
      .first_instant_of(CivilDate{(today.year() / today.month() + std::chrono::months{1}) / 1});
}

}  // namespace relance::config
