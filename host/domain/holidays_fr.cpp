// France: the eleven legal holidays, the two of Alsace-Moselle and those of the overseas departments and
// territories. Good Friday in Alsace-Moselle holds by law only in communes with a Protestant church; it is
// shown for all of them.
#include "host/domain/holiday_rule.hpp"

namespace relance::domain {
namespace {

constexpr std::string_view kAbolition{"Abolition de l'esclavage"};

/// @see Code du travail, articles L3133-1 (list), L3134-13 (Alsace-Moselle), L3422-2 (abolition of slavery)
/// @see Loi 81-893 du 2 octobre 1981 (8 May); lois 2004-626 and 2008-351 (Whit Monday worked from 2005 to
/// 2007)
/// @see Ordonnance du 16 août 1892 (Alsace-Moselle); loi 83-550, décrets 83-1003 and 2012-553 (overseas)
constexpr std::array kFrenchRules{
    fixed(1, 1, "Jour de l'an"),
    easter(1, "Lundi de Pâques"),
    fixed(5, 1, "Fête du Travail"),
    fixed(5, 8, "Fête de la Victoire").since(1982),
    easter(39, "Ascension"),
    easter(50, "Lundi de Pentecôte").except(2005, 2006, 2007),
    fixed(7, 14, "Fête nationale"),
    fixed(8, 15, "Assomption"),
    fixed(11, 1, "Toussaint"),
    fixed(11, 11, "Armistice"),
    fixed(12, 25, "Noël"),

    easter(-2, "Vendredi saint").in("57 67 68 6AE 971 GP 972 MQ PF"),
    fixed(12, 26, "Saint Étienne").in("57 67 68 6AE"),

    easter(-24, "Mi-Carême").in("971 GP"),
    fixed(5, 27, kAbolition).in("971 GP").since(1984),
    fixed(5, 22, kAbolition).in("972 MQ").since(1984),
    fixed(7, 21, "Fête de Victor Schoelcher").in("971 GP 972 MQ").since(1984),
    fixed(6, 10, kAbolition).in("973 GF").since(1984),
    fixed(12, 20, kAbolition).in("974 RE").since(1983),
    fixed(4, 27, kAbolition).in("976 YT").since(1984),
    fixed(10, 9, kAbolition).in("BL").since(2012),
    fixed(5, 28, kAbolition).in("MF").since(2012),
    fixed(7, 21, "Fête de Victor Schoelcher").in("MF").since(2012),

    fixed(9, 24, "Fête de la Citoyenneté").in("NC"),
    fixed(3, 5, "Arrivée de l'Évangile").in("PF").since(1978),
    fixed(6, 29, "Fête de l'autonomie").in("PF").since(1985).until(2024),
    fixed(11, 20, "Matari'i").in("PF").since(2025),
    fixed(4, 28, "Saint Pierre Chanel").in("WF"),
    fixed(6, 29, "Saints Pierre et Paul").in("WF"),
    fixed(7, 29, "Fête du Territoire").in("WF"),
};
constexpr HolidayLaw kFrenchLaw{"FR", "57 67 68 6AE 971 972 973 974 976 BL GF GP MF MQ NC PF PM RE TF WF YT",
                                kFrenchRules};

}  // namespace

const HolidayLaw &french_holidays() {
  return kFrenchLaw;
}

}  // namespace relance::domain
