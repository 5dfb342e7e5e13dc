// United Kingdom: bank holidays of the Act and of royal proclamations. One that falls on a weekend is kept,
// and the next free weekday is given as a substitute. Without a subdivision: the days that all four nations
// share.
#include "host/domain/holiday_rule.hpp"

namespace relance::domain {
namespace {

constexpr OnWeekend kSubstitute{OnWeekend::substitute_weekday};

/// @see Banking and Financial Dealings Act 1971, section 1 and schedule 1 (Good Friday and Christmas: common
/// law in England, Wales and Northern Ireland); St Andrew's Day Bank Holiday (Scotland) Act 2007;
/// proclamations for New Year's Day (from 1974), early May (from 1978), the moved days of 1995, 2002, 2012,
/// 2020, 2022, and the days held once
constexpr std::array kBritishRules{
    fixed(1, 1, "New Year's Day").since(1974).falling(kSubstitute),
    easter(-2, "Good Friday"),
    weekday_from(Weekday::monday, 5, 1, "Early May bank holiday").since(1978).except(1995, 2020),
    fixed(5, 8, "Early May bank holiday (VE day)").only(1995, 2020),
    weekday_from(Weekday::monday, 5, 25, "Spring bank holiday").except(2002, 2012, 2022),
    fixed(6, 4, "Spring bank holiday").only(2002, 2012),
    fixed(6, 2, "Spring bank holiday").only(2022),
    fixed(12, 25, "Christmas Day").falling(kSubstitute),
    fixed(12, 26, "Boxing Day").falling(kSubstitute),

    fixed(6, 7, "Silver Jubilee of Elizabeth II").only(1977),
    fixed(7, 29, "Wedding of Charles and Diana").only(1981),
    fixed(12, 31, "Millennium celebrations").only(1999),
    fixed(6, 3, "Golden Jubilee of Elizabeth II").only(2002),
    fixed(4, 29, "Wedding of William and Catherine").only(2011),
    fixed(6, 5, "Diamond Jubilee of Elizabeth II").only(2012),
    fixed(6, 3, "Platinum Jubilee of Elizabeth II").only(2022),
    fixed(9, 19, "State Funeral of Queen Elizabeth II").only(2022),
    fixed(5, 8, "Coronation of King Charles III").only(2023),

    easter(1, "Easter Monday").in("ENG WLS NIR"),
    weekday_from(Weekday::monday, 8, 25, "Summer bank holiday").in("ENG WLS NIR"),
    fixed(3, 17, "St Patrick's Day").in("NIR").falling(kSubstitute),
    fixed(7, 12, "Battle of the Boyne").in("NIR").falling(kSubstitute),

    fixed(1, 1, "New Year's Day").in("SCT").until(1973).falling(kSubstitute),
    fixed(1, 2, "2nd January").in("SCT").falling(kSubstitute),
    weekday_from(Weekday::monday, 8, 1, "Summer bank holiday").in("SCT"),
    fixed(11, 30, "St Andrew's Day").in("SCT").since(2007).falling(kSubstitute),
    fixed(6, 15, "Scotland at the FIFA World Cup").in("SCT").only(2026),
};
constexpr HolidayLaw kBritishLaw{"GB", "ENG NIR SCT WLS", kBritishRules};

}  // namespace

const HolidayLaw &british_holidays() {
  return kBritishLaw;
}

}  // namespace relance::domain
