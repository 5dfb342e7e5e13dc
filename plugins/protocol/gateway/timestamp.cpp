#include "plugins/protocol/gateway/timestamp.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <string>

namespace relance::gateway {
namespace {

struct Parts {
  int year{0}, month{0}, day{0}, hour{0}, minute{0}, second{0};
  [[nodiscard]] std::int64_t to_ms() const {
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    const bool is_time{hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second <= 60};
    if (!date.ok() || !is_time || year < 1990 || year > 2200) return 0;
    const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
    return ((days * 24LL + hour) * 60 + minute) * 60'000LL + second * 1000LL;
  }
};

/// "Z", "+0200", "+02:00", "-0500"; what is none of these counts as UTC.
std::int64_t offset_ms(std::string_view zone) {
  while (zone.starts_with(' ')) zone.remove_prefix(1);
  if (zone.size() < 5 || (zone[0] != '+' && zone[0] != '-')) return 0;
  int hour{0}, minute{0};
  const std::string text{zone.substr(1)};
  if (std::sscanf(text.c_str(), "%2d:%2d", &hour, &minute) != 2 &&
      std::sscanf(text.c_str(), "%2d%2d", &hour, &minute) != 2)
    return 0;
  return (zone[0] == '-' ? -60'000LL : 60'000LL) * (hour * 60LL + minute);
}

std::int64_t iso_ms(const std::string &text) {
  Parts p;
  char between{0};
  int used{0};
  if (std::sscanf(text.c_str(), "%4d-%2d-%2d%c%2d:%2d%n", &p.year, &p.month, &p.day, &between, &p.hour,
                  &p.minute, &used) != 6)
    return 0;
  std::string_view rest{std::string_view{text}.substr(static_cast<std::size_t>(used))};
  std::int64_t fraction_ms{0};
  if (rest.starts_with(':') && rest.size() >= 3) {
    std::from_chars(rest.data() + 1, rest.data() + 3, p.second);
    rest.remove_prefix(3);
    if (rest.starts_with('.') || rest.starts_with(',')) {
      rest.remove_prefix(1);
      for (std::int64_t unit{100}; !rest.empty() && rest[0] >= '0' && rest[0] <= '9'; unit /= 10) {
        fraction_ms += unit * (rest[0] - '0');
        rest.remove_prefix(1);
      }
    }
  }
  const auto ms = p.to_ms();
  return ms == 0 ? 0 : ms + fraction_ms - offset_ms(rest);
}

std::int64_t mail_date_ms(const std::string &text) {
  static constexpr std::string_view kMonths{"JanFebMarAprMayJunJulAugSepOctNovDec"};
  const auto comma = text.find(',');
  Parts p;
  char name[4]{};
  int used{0};
  const auto rest = comma == text.npos ? text : text.substr(comma + 1);
  if (std::sscanf(rest.c_str(), " %2d %3s %4d %2d:%2d:%2d%n", &p.day, name, &p.year, &p.hour, &p.minute,
                  &p.second, &used) != 6)
    return 0;
  const auto month = kMonths.find(name);
  if (month == kMonths.npos || month % 3 != 0) return 0;
  p.month = static_cast<int>(month / 3 + 1);
  const auto ms = p.to_ms();
  return ms == 0 ? 0 : ms - offset_ms(std::string_view{rest}.substr(static_cast<std::size_t>(used)));
}

std::int64_t compact_ms(const std::string &text) {
  Parts p;
  if (std::sscanf(text.c_str(), "%2d%2d%2d%2d%2d%2d", &p.year, &p.month, &p.day, &p.hour, &p.minute,
                  &p.second) < 5)
    return 0;
  p.year += 2000;
  return p.to_ms();
}

}  // namespace

std::int64_t read_time_ms(std::string_view view) {
  const std::string text{view.substr(0, 64)};
  if (text.empty()) return 0;
  const auto digits = text.find_first_not_of("0123456789");
  std::int64_t whole{0};
  const auto end = text.data() + (digits == text.npos ? text.size() : digits);
  const auto [stop, error] = std::from_chars(text.data(), end, whole);
  if (error == std::errc{} && stop == end && (digits == text.npos || text[digits] == '.')) {
    const auto length = end - text.data();
    if (length == 13) return whole;
    if (digits == text.npos && (length == 12 || (length == 10 && text[0] != '1' && text[0] != '2')))
      return compact_ms(text);
    // Unix seconds have ten digits until 2286; "2401181426" is 18 January 2024, and as seconds the year 2046.
    if (length == 10) return whole > 2'300'000'000 ? compact_ms(text) : whole * 1000;
    return 0;
  }
  if (const auto ms = iso_ms(text); ms != 0) return ms;
  return mail_date_ms(text);
}

}  // namespace relance::gateway
