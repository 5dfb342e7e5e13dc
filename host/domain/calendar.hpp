// Public holidays and business days of a country or of one of its subdivisions. The laws are rules
// (holiday_rule.hpp); a calendar is their outcome for 1970 to 2100 as one bit a day, because decide() asks it
// millions of times.
#pragma once

#include "host/base/result.hpp"
#include "host/base/time.hpp"
#include "host/domain/holiday_rule.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relance::domain {

/// A pointer to a table that is built once a process and never freed: copy it freely, use it from any thread.
class Calendar {
 public:
  /// `country`: FR, DE, IT, ES, BE, GB, or TARGET2 (the euro's settlement days). `subdivision`: the second
  /// part of its ISO 3166-2 code ("57", "BY", "MD", "SCT", "971"), "" for the days of the whole country.
  /// Letter case is free. What has no table is a not_found error that lists what has.
  static Result<Calendar> of(std::string_view country, std::string_view subdivision = {});
  /// "FR", "FR-57", "GB-SCT", "TARGET2".
  static Result<Calendar> parse(std::string_view code);

  /// "FR-57".
  [[nodiscard]] const std::string &code() const;

  /// Says nothing of weekends: an ordinary Sunday is no holiday.
  [[nodiscard]] bool is_holiday(CivilDate date) const;
  /// The holiday with its name in the country's language.
  [[nodiscard]] std::optional<Holiday> holiday(CivilDate date) const;

  /// Neither Saturday, Sunday nor holiday.
  [[nodiscard]] bool is_business_day(CivilDate date) const;
  /// The n-th business day after `date` (before it, where n is negative); for 0 the date itself if it is one,
  /// else the next one.
  [[nodiscard]] CivilDate add_business_days(CivilDate date, int n) const;
  /// How many business days lie in [first, last]; negative for a reversed interval's [last, first].
  [[nodiscard]] std::int64_t business_days_between(CivilDate first, CivilDate last) const;

  /// The same table, that is the same country and subdivision.
  bool operator==(const Calendar &) const = default;

 private:
  struct Table;
  explicit Calendar(const Table &table) : table_{&table} {}

  const Table *table_;
};

}  // namespace relance::domain
