// The tables behind Calendar: one bit a day, counts at each word's start, and the names of the holidays.
#include "host/domain/calendar.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <map>
#include <memory>
#include <mutex>

namespace relance::domain {
namespace {

constexpr int kFirstYear{1970}, kLastYear{2100};
constexpr std::int32_t kFirstDay{to_day_number(civil(kFirstYear, 1, 1))};
static_assert(kFirstDay == 0, "a day's number is its bit");
constexpr std::int32_t kDays{to_day_number(civil(kLastYear + 1, 1, 1))};
constexpr std::size_t kWords{(static_cast<std::size_t>(kDays) + 63) / 64};

using DayBits = std::array<std::uint64_t, kWords>;

constexpr bool in_table(std::int32_t day) {
  return day >= 0 && day < kDays;
}
bool bit(const DayBits &bits, std::int32_t day) {
  return (bits[static_cast<std::size_t>(day) / 64] >> (static_cast<unsigned>(day) % 64) & 1U) != 0;
}
void set_bit(DayBits &bits, std::int32_t day) {
  bits[static_cast<std::size_t>(day) / 64] |= std::uint64_t{1} << (static_cast<unsigned>(day) % 64);
}

bool is_weekend(CivilDate date) {
  const Weekday day{weekday_of(date)};
  return day == Weekday::saturday || day == Weekday::sunday;
}

std::string upper(std::string_view text) {
  std::string out{text};
  for (char &c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

const std::array<const HolidayLaw *, 7> &laws() {
  static const std::array<const HolidayLaw *, 7> all{
      &belgian_holidays(), &german_holidays(),  &spanish_holidays(), &french_holidays(),
      &british_holidays(), &italian_holidays(), &target_holidays()};
  return all;
}

Error no_such_country(std::string_view country) {
  std::string known;
  for (const HolidayLaw *law : laws()) known += (known.empty() ? "" : ", ") + std::string(law->country);
  return not_found("no public holidays are known for '" + std::string(country) + "'; known are " + known);
}

Error no_such_subdivision(const HolidayLaw &law, std::string_view subdivision) {
  const std::string country{law.country};
  return not_found(
      "no holidays of its own are known for '" + country + "-" + std::string(subdivision) + "'; " +
      (law.subdivisions.empty() ? "the days of " + country + " are the same everywhere"
                                : "write " + country + ", or one of its " + std::string(law.subdivisions)));
}

}  // namespace

struct Calendar::Table {
  std::string code;
  const HolidayLaw *law{nullptr};
  std::string subdivision;
  DayBits holidays{};
  DayBits business_days{};
  std::array<std::uint32_t, kWords> business_days_before{};  ///< before the first day of each word
  std::vector<Holiday> named;                                ///< sorted by date

  Table(std::string its_code, const HolidayLaw &its_law, std::string its_subdivision)
      : code{std::move(its_code)}, law{&its_law}, subdivision{std::move(its_subdivision)} {
    for (int year{kFirstYear}; year <= kLastYear; ++year) {
      for (const Holiday &holiday : holidays_of_year(*law, subdivision, year)) {
        // A Monday after a Sunday 31 December would lie in the next year; no law has one, and the table would
        // bear it.
        if (in_table(to_day_number(holiday.date))) set_bit(holidays, to_day_number(holiday.date));
        named.push_back(holiday);
      }
    }
    for (std::int32_t day{0}; day < kDays; ++day)
      if (!is_weekend(from_day_number(day)) && !bit(holidays, day)) set_bit(business_days, day);
    std::uint32_t count{0};
    for (std::size_t word{0}; word < kWords; ++word) {
      business_days_before[word] = count;
      count += static_cast<std::uint32_t>(std::popcount(business_days[word]));
    }
  }

  /// Business days in [1970-01-01, day), for a day of the table or the one after its last.
  [[nodiscard]] std::int64_t rank(std::int32_t day) const {
    const auto word = static_cast<std::size_t>(day) / 64;
    if (word == kWords)
      return std::int64_t{business_days_before.back()} + std::popcount(business_days.back());
    const std::uint64_t below{business_days[word] &
                              ((std::uint64_t{1} << (static_cast<unsigned>(day) % 64)) - 1)};
    return std::int64_t{business_days_before[word]} + std::popcount(below);
  }

  /// Days outside the table: the rules are asked again, slowly and rightly.
  [[nodiscard]] std::optional<Holiday> look_up(CivilDate date) const {
    const int year{static_cast<int>(std::chrono::year_month_day{date}.year())};
    const auto of_year = holidays_of_year(*law, subdivision, year);
    const auto found = std::ranges::find(of_year, date, &Holiday::date);
    return found == of_year.end() ? std::nullopt : std::optional{*found};
  }
};

Result<Calendar> Calendar::of(std::string_view country, std::string_view subdivision) {
  const std::string wanted{upper(country)}, region{upper(subdivision)};
  const auto law = std::ranges::find(laws(), std::string_view{wanted}, &HolidayLaw::country);
  if (law == laws().end()) return no_such_country(country);
  if (!region.empty() && !lists_code((*law)->subdivisions, region))
    return no_such_subdivision(**law, subdivision);
  const std::string code{region.empty() ? wanted : wanted + "-" + region};
  // As many tables as there are subdivisions, about 190 of 70 kB: bounded by the laws, so never freed.
  static std::mutex mutex;
  static auto *const tables = new std::map<std::string, std::unique_ptr<const Table>>;
  const std::scoped_lock lock{mutex};
  auto &table = (*tables)[code];
  if (!table) table = std::make_unique<const Table>(code, **law, region);
  return Calendar{*table};
}

Result<Calendar> Calendar::parse(std::string_view code) {
  const auto dash = code.find('-');
  if (dash == std::string_view::npos) return of(code);
  if (dash + 1 == code.size())
    return invalid("'" + std::string(code) + "' names no subdivision after its dash");
  return of(code.substr(0, dash), code.substr(dash + 1));
}

const std::string &Calendar::code() const {
  return table_->code;
}

bool Calendar::is_holiday(CivilDate date) const {
  const std::int32_t day{to_day_number(date)};
  return in_table(day) ? bit(table_->holidays, day) : table_->look_up(date).has_value();
}

std::optional<Holiday> Calendar::holiday(CivilDate date) const {
  if (!in_table(to_day_number(date))) return table_->look_up(date);
  const auto found = std::ranges::lower_bound(table_->named, date, {}, &Holiday::date);
  return found == table_->named.end() || found->date != date ? std::nullopt : std::optional{*found};
}

bool Calendar::is_business_day(CivilDate date) const {
  const std::int32_t day{to_day_number(date)};
  return in_table(day) ? bit(table_->business_days, day) : !is_weekend(date) && !is_holiday(date);
}

CivilDate Calendar::add_business_days(CivilDate date, int n) const {
  if (n == 0) {
    while (!is_business_day(date)) date += Days{1};
    return date;
  }
  const Days step{n > 0 ? 1 : -1};
  for (std::int64_t left{n > 0 ? std::int64_t{n} : -std::int64_t{n}}; left > 0;) {
    date += step;
    if (is_business_day(date)) --left;
  }
  return date;
}

std::int64_t Calendar::business_days_between(CivilDate first, CivilDate last) const {
  if (last < first) return -business_days_between(last, first);
  const std::int32_t from{to_day_number(first)}, to{to_day_number(last)};
  if (in_table(from) && in_table(to)) return table_->rank(to + 1) - table_->rank(from);
  std::int64_t count{0};
  for (CivilDate date{first}; date <= last; date += Days{1}) count += is_business_day(date) ? 1 : 0;
  return count;
}

}  // namespace relance::domain
