#include "plugins/lre/ar24/paris.hpp"

#include <date/tz.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace relance::lre::ar24 {
namespace {

constexpr int kDaysToAccept{15};

const date::time_zone *paris() {
  static const date::time_zone *const zone{date::locate_zone("Europe/Paris")};
  return zone;
}

date::local_seconds local(std::int64_t unix_ms) {
  return paris()->to_local(date::sys_seconds{std::chrono::seconds{unix_ms / 1000}});
}

std::int64_t unix_ms(date::local_seconds at) {
  return std::chrono::milliseconds{paris()->to_sys(at, date::choose::earliest).time_since_epoch()}.count();
}

std::string text_of(date::year_month_day day) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return text.data();
}

}  // namespace

std::string paris_time(std::int64_t at_ms) {
  const auto at = local(at_ms);
  const auto day = date::floor<date::days>(at);
  const date::hh_mm_ss time{at - day};
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), " %02d:%02d:%02d", static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return text_of(date::year_month_day{day}) + text.data();
}

std::optional<std::int64_t> from_paris_time(std::string_view text) {
  std::array<int, 6> numbers{};
  constexpr std::string_view kBetween{"-- :::"};
  for (std::size_t i{0}; i < numbers.size(); ++i) {
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), numbers[i]);
    if (fault != std::errc{} || numbers[i] < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (i + 1 == numbers.size()) break;
    const bool is_separated{!text.empty() && (text[0] == kBetween[i] || (i == 2 && text[0] == 'T'))};
    if (!is_separated) return std::nullopt;
    text.remove_prefix(1);
  }
  const auto [y, mo, d, h, mi, s] = numbers;
  const date::year_month_day day{date::year{y}, date::month{static_cast<unsigned>(mo)},
                                 date::day{static_cast<unsigned>(d)}};
  const bool is_time{text.empty() && y >= 2000 && y < 3000 && mo <= 12 && d <= 31 && day.ok() && h < 24 &&
                     mi < 60 && s < 60};
  if (!is_time) return std::nullopt;
  return unix_ms(date::local_days{day} + std::chrono::hours{h} + std::chrono::minutes{mi} +
                 std::chrono::seconds{s});
}

AcceptancePeriod acceptance_period(std::int64_t notified_at_ms) {
  const auto last = date::floor<date::days>(local(notified_at_ms)) + date::days{kDaysToAccept};
  return {text_of(date::year_month_day{last}), unix_ms(last + date::days{1})};
}

}  // namespace relance::lre::ar24
