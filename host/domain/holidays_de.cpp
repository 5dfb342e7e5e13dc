// Germany: nine days everywhere (3 October by the Unification Treaty, the rest by sixteen laws that agree),
// and what each Land adds. Days that depend on a municipality's majority confession are left out, save
// Augsburg's.
#include "host/domain/holiday_rule.hpp"

namespace relance::domain {
namespace {

/// @see Einigungsvertrag Art. 2 Abs. 2; the Feiertagsgesetze of the Länder: FTG BW, BayFTG, BE
/// Feiertagsgesetz, FTG BB, HB, HH, HE HFeiertagsG, FTG M-V, NFeiertagsG, FeiertagsG NW, LFtG RP, SFG SL,
/// SächsSFG, FeiertG LSA, FTG SH, ThürFGtG. Once only: 31 October 2017 (all Länder); 8 May 2020, 8 May 2025,
/// 17 June 2028 (Berlin).
constexpr std::array kGermanRules{
    fixed(1, 1, "Neujahr"),
    easter(-2, "Karfreitag"),
    easter(1, "Ostermontag"),
    fixed(5, 1, "Erster Mai"),
    easter(39, "Christi Himmelfahrt"),
    easter(50, "Pfingstmontag"),
    fixed(6, 17, "Tag der deutschen Einheit").until(1990),
    fixed(10, 3, "Tag der Deutschen Einheit").since(1990),
    weekday_from(Weekday::wednesday, 11, 16, "Buß- und Bettag").until(1994),
    fixed(12, 25, "Erster Weihnachtstag"),
    fixed(12, 26, "Zweiter Weihnachtstag"),
    fixed(10, 31, "Reformationstag").only(2017),

    fixed(1, 6, "Heilige Drei Könige").in("BW BY AUGSBURG ST"),
    fixed(3, 8, "Frauentag").in("BE").since(2019),
    fixed(3, 8, "Frauentag").in("MV").since(2023),
    easter(0, "Ostersonntag").in("BB"),
    easter(49, "Pfingstsonntag").in("BB"),
    easter(60, "Fronleichnam").in("BW BY AUGSBURG HE NW RP SL"),
    fixed(8, 8, "Augsburger Hohes Friedensfest").in("AUGSBURG"),
    fixed(8, 15, "Mariä Himmelfahrt").in("SL AUGSBURG"),
    fixed(9, 20, "Weltkindertag").in("TH").since(2019),
    fixed(10, 31, "Reformationstag").in("BB MV SN ST TH").since(1991),
    fixed(10, 31, "Reformationstag").in("HB HH NI SH").since(2018),
    fixed(11, 1, "Allerheiligen").in("BW BY AUGSBURG NW RP SL"),
    weekday_from(Weekday::wednesday, 11, 16, "Buß- und Bettag").in("SN").since(1995),
    fixed(5, 8, "75. Jahrestag der Befreiung vom Nationalsozialismus").in("BE").only(2020),
    fixed(5, 8, "80. Jahrestag der Befreiung vom Nationalsozialismus").in("BE").only(2025),
    fixed(6, 17, "75. Jahrestag des Aufstandes vom 17. Juni 1953").in("BE").only(2028),
};
constexpr HolidayLaw kGermanLaw{"DE", "AUGSBURG BB BE BW BY HB HE HH MV NI NW RP SH SL SN ST TH",
                                kGermanRules};

}  // namespace

const HolidayLaw &german_holidays() {
  return kGermanLaw;
}

}  // namespace relance::domain
