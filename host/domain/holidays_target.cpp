// The closing days of TARGET, the euro's payment system: no euro transfer between banks is settled on them.
#include "host/domain/holiday_rule.hpp"

namespace relance::domain {
namespace {

/// @see ECB, long-term calendar for TARGET closing days (announced on 14 December 2000, in force from 2002),
/// and the yearly calendars of 1999 to 2001
constexpr std::array kTargetRules{
    fixed(1, 1, "New Year's Day").since(1999),
    easter(-2, "Good Friday").since(2000),
    easter(1, "Easter Monday").since(2000),
    fixed(5, 1, "Labour Day").since(2000),
    fixed(12, 25, "Christmas Day").since(1999),
    fixed(12, 26, "Christmas Holiday").since(2000),
    fixed(12, 31, "Changeover closing").only(1999, 2001),
};
constexpr HolidayLaw kTargetLaw{"TARGET2", "", kTargetRules};

}  // namespace

const HolidayLaw &target_holidays() {
  return kTargetLaw;
}

}  // namespace relance::domain
