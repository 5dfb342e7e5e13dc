// The tables behind Zone. A table is the list of offsets with the instant from which each holds, and an index
// by stretches of 99 days that leaves one or two entries to look at.
#include "host/domain/zone.hpp"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace relance::domain {
namespace {

struct Stretch {
  std::int64_t begin_ms;
  std::int64_t offset_ms;
};

constexpr std::int64_t kDayMs{86'400'000}, kMinuteMs{60'000};
constexpr int kLastYear{2100};
constexpr std::int64_t kEndMs{to_day_number(civil(kLastYear + 1, 1, 1)) * kDayMs};
constexpr int kBucketBits{33};  // 2^33 ms are 99 days
constexpr std::size_t kBuckets{static_cast<std::size_t>(kEndMs >> kBucketBits) + 1};

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

CivilDate date_at(std::int64_t local_ms) {
  return from_day_number(static_cast<std::int32_t>(floor_div(local_ms, kDayMs)));
}
int year_at(std::int64_t local_ms) {
  return static_cast<int>(std::chrono::year_month_day{date_at(local_ms)}.year());
}

/// Everything that the database says from 1970 on. Neighbours with one offset (a new abbreviation only) are
/// joined.
std::vector<Stretch> stretches_of(const date::time_zone &zone) {
  std::vector<Stretch> stretches;
  date::sys_seconds at{};
  while (at.time_since_epoch().count() * 1000 < kEndMs) {
    const date::sys_info info{zone.get_info(at)};
    const std::int64_t offset{info.offset.count() * 1000};
    if (stretches.empty())
      stretches.push_back({std::numeric_limits<std::int64_t>::min(), offset});
    else if (stretches.back().offset_ms != offset)
      stretches.push_back({at.time_since_epoch().count() * 1000, offset});
    if (info.end <= at) break;
    at = info.end;
  }
  return stretches;
}

/// One yearly change of the clocks: the weekday on or after a day of a month, at a time that the old offset
/// counts.
struct YearlyChange {
  unsigned month{0}, day{0}, weekday{0};
  std::int64_t time_ms{0}, offset_before_ms{0}, offset_after_ms{0};

  [[nodiscard]] Stretch in(int year) const {
    CivilDate date{civil(year, month, day)};
    date += Days{(weekday + 7 - std::chrono::weekday{date}.c_encoding()) % 7};
    return {to_day_number(date) * kDayMs + time_ms - offset_before_ms, offset_after_ms};
  }
};

// Compiled tzdata lists changes up to 2037 and gives the rule for later years in a footer that the library
// does not read. Eleven years are enough to find that rule again: in as many, a date falls on every day of
// the week.
constexpr int kLastListedYear{2037}, kYearsToLearn{11};

/// The rule that the `nth` change of each year follows, unless they follow none of this kind.
std::optional<YearlyChange> learn(const std::vector<Stretch> &stretches, std::size_t first, std::size_t nth) {
  YearlyChange rule;
  for (int i{0}; i < kYearsToLearn; ++i) {
    const std::size_t index{first + static_cast<std::size_t>(i) * 2 + nth};
    const std::int64_t before{stretches[index - 1].offset_ms}, after{stretches[index].offset_ms};
    const std::int64_t local{stretches[index].begin_ms + before};
    const CivilDate date{date_at(local)};
    const std::chrono::year_month_day ymd{date};
    const YearlyChange seen{static_cast<unsigned>(ymd.month()),
                            static_cast<unsigned>(ymd.day()),
                            std::chrono::weekday{date}.c_encoding(),
                            local - to_day_number(date) * kDayMs,
                            before,
                            after};
    if (static_cast<int>(ymd.year()) != kLastListedYear - kYearsToLearn + 1 + i) return std::nullopt;
    if (i == 0) rule = seen;
    if (seen.month != rule.month || seen.weekday != rule.weekday || seen.time_ms != rule.time_ms ||
        seen.offset_before_ms != rule.offset_before_ms || seen.offset_after_ms != rule.offset_after_ms)
      return std::nullopt;
    rule.day = std::min(rule.day, seen.day);
  }
  return rule;
}

/// Carries two changes a year on from 2038, where the list ends with them.
void extend(std::vector<Stretch> &stretches) {
  constexpr std::size_t kLearned{std::size_t{kYearsToLearn} * 2};
  if (stretches.size() <= kLearned) return;
  const std::size_t first{stretches.size() - kLearned};
  if (year_at(stretches.back().begin_ms) != kLastListedYear) return;
  const auto one = learn(stretches, first, 0), other = learn(stretches, first, 1);
  if (!one || !other) return;
  for (int year{kLastListedYear + 1}; year <= kLastYear; ++year) {
    stretches.push_back(one->in(year));
    stretches.push_back(other->in(year));
  }
}

}  // namespace

struct Zone::Table {
  std::string name;
  std::vector<Stretch> stretches;
  std::array<std::uint16_t, kBuckets>
      first_of_bucket{};  ///< the stretch that holds at the bucket's first instant

  Table(std::string its_name, std::vector<Stretch> its_stretches)
      : name{std::move(its_name)}, stretches{std::move(its_stretches)} {
    std::size_t index{0};
    for (std::size_t bucket{0}; bucket < kBuckets; ++bucket) {
      const auto begin = static_cast<std::int64_t>(bucket) << kBucketBits;
      while (index + 1 < stretches.size() && stretches[index + 1].begin_ms <= begin) ++index;
      first_of_bucket[bucket] = static_cast<std::uint16_t>(index);
    }
  }

  [[nodiscard]] std::size_t index_at(std::int64_t ms) const {
    if (ms < 0) return 0;
    const auto bucket = static_cast<std::size_t>(ms >> kBucketBits);
    if (bucket >= kBuckets) return stretches.size() - 1;
    std::size_t index{first_of_bucket[bucket]};
    while (index + 1 < stretches.size() && stretches[index + 1].begin_ms <= ms) ++index;
    return index;
  }
};

Result<Zone> Zone::of(std::string_view name) {
  // At most as many tables as the database has zones, about 600 of 5 kB: so never freed.
  static std::mutex mutex;
  static auto *const tables = new std::map<std::string, std::unique_ptr<const Table>, std::less<>>;
  const std::scoped_lock lock{mutex};
  if (const auto known = tables->find(name); known != tables->end()) return Zone{*known->second};
  const auto unknown = [&] {
    return invalid("'" + std::string(name) + "' is not a time zone; write an IANA name, as Europe/Paris");
  };
  // What the machine happens to be set to is no zone that an operator can mean.
  if (name.empty() || name == "localtime" || name == "Factory") return unknown();
  const date::time_zone *zone{nullptr};
  try {
    date::get_tzdb();
  } catch (const std::exception &error) {
    return unavailable("the system's time zone database (tzdata) cannot be read: " +
                       std::string(error.what()));
  }
  try {
    zone = date::locate_zone(name);
  } catch (const std::exception &) {
    return unknown();
  }
  try {
    auto stretches = stretches_of(*zone);
    extend(stretches);
    auto table = std::make_unique<const Table>(std::string(name), std::move(stretches));
    return Zone{*tables->emplace(std::string(name), std::move(table)).first->second};
  } catch (const std::exception &error) {
    return unavailable("the rules of time zone '" + std::string(name) + "' cannot be read: " + error.what());
  }
}

const std::string &Zone::name() const {
  return table_->name;
}

LocalTime Zone::local(Instant at) const {
  const std::int64_t ms{to_ms(at)};
  const std::int64_t local{ms + table_->stretches[table_->index_at(ms)].offset_ms};
  const std::int64_t day{floor_div(local, kDayMs)};
  return {from_day_number(static_cast<std::int32_t>(day)),
          static_cast<int>((local - day * kDayMs) / kMinuteMs)};
}

Instant Zone::first_instant_of(CivilDate date, int minute_of_day) const {
  const std::int64_t local{to_day_number(date) * kDayMs + minute_of_day * kMinuteMs};
  // No place is further than this ahead of UTC: no earlier stretch can show the wanted time first.
  constexpr std::int64_t kAheadMs{std::int64_t{15} * 60 * kMinuteMs};
  const auto &stretches = table_->stretches;
  std::size_t index{table_->index_at(local - kAheadMs)};
  while (index + 1 < stretches.size() && local >= stretches[index + 1].begin_ms + stretches[index].offset_ms)
    ++index;
  return from_ms(std::max(stretches[index].begin_ms, local - stretches[index].offset_ms));
}

}  // namespace relance::domain
