// How long what was said is kept once nothing is owed any more. Periods are whole calendar years, counted
// from the end of the year in which the last invoice that a message lists was settled: the way in which
// commercial law counts them, and the one that never ends a period early.
#pragma once

#include "host/base/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace relance::domain {

/// Nothing: for good.
struct RetentionPeriods {
  std::optional<std::int32_t> messages{10};  ///< what went out: subjects and bodies
  std::optional<std::int32_t> proofs{10};    ///< documents that receipts brought
  std::optional<std::int32_t> inbound{
      10};  ///< bytes that receipts and answers were read from, and words of answers
  std::optional<std::int32_t> unknown{1};  ///< bytes and words of nobody known, from their arrival
  bool operator==(const RetentionPeriods &) const = default;
};

constexpr std::int32_t year_of(CivilDate day) {
  return static_cast<std::int32_t>(static_cast<int>(std::chrono::year_month_day{day}.year()));
}

/// The newest year whose things are past their period; nothing: they are kept for good.
constexpr std::optional<std::int32_t> last_year_past(std::optional<std::int32_t> years, CivilDate today) {
  if (!years) return std::nullopt;
  return year_of(today) - *years - 1;
}

constexpr CivilDate last_day_of(std::int32_t year) {
  return civil(year, 12, 31);
}

}  // namespace relance::domain
