// Belgium: the ten statutory days, the same in the whole country. Easter Sunday and Whit Sunday are not among
// them.
#include "host/domain/holiday_rule.hpp"

namespace relance::domain {
namespace {

/// @see Loi du 4 janvier 1974 relative aux jours fériés; arrêté royal du 18 avril 1974, article 1
constexpr std::array kBelgianRules{
    fixed(1, 1, "Nieuwjaar"),          easter(1, "Paasmaandag"),      fixed(5, 1, "Dag van de Arbeid"),
    easter(39, "O.L.H. Hemelvaart"),   easter(50, "Pinkstermaandag"), fixed(7, 21, "Nationale feestdag"),
    fixed(8, 15, "O.L.V. Hemelvaart"), fixed(11, 1, "Allerheiligen"), fixed(11, 11, "Wapenstilstand"),
    fixed(12, 25, "Kerstmis"),
};
constexpr HolidayLaw kBelgianLaw{"BE", "", kBelgianRules};

}  // namespace

const HolidayLaw &belgian_holidays() {
  return kBelgianLaw;
}

}  // namespace relance::domain
