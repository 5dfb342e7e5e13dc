// Spain: a State list, and what each autonomous community makes of it for the year: which Sundays move to
// Monday, which days it swaps. The communities decide yearly, so years are named where their choice followed
// no rule; a choice made every time since some year is taken to go on.
#include "host/domain/holiday_rule.hpp"

namespace relance::domain {
namespace {

constexpr OnWeekend kNone{OnWeekend::sunday_is_none};
constexpr OnWeekend kMonday{OnWeekend::sunday_to_monday};

constexpr HolidayRule kNewYear{fixed(1, 1, "Año Nuevo").falling(kNone)};
constexpr HolidayRule kEpiphany{fixed(1, 6, "Epifanía del Señor").falling(kNone)};
constexpr HolidayRule kLabour{fixed(5, 1, "Fiesta del Trabajo").falling(kNone)};
constexpr HolidayRule kAssumption{fixed(8, 15, "Asunción de la Virgen").falling(kNone)};
constexpr HolidayRule kNational{fixed(10, 12, "Fiesta Nacional de España").falling(kNone)};
constexpr HolidayRule kAllSaints{fixed(11, 1, "Todos los Santos").falling(kNone)};
constexpr HolidayRule kConstitution{fixed(12, 6, "Día de la Constitución Española").falling(kNone)};
constexpr HolidayRule kImmaculate{fixed(12, 8, "Inmaculada Concepción").falling(kNone)};
constexpr HolidayRule kChristmas{fixed(12, 25, "Natividad del Señor").falling(kNone)};
constexpr HolidayRule kMaundyThursday{easter(-3, "Jueves Santo")};
constexpr HolidayRule kEasterMonday{easter(1, "Lunes de Pascua")};
constexpr HolidayRule kCorpusChristi{easter(60, "Corpus Christi")};
constexpr HolidayRule kSaintJoseph{fixed(3, 19, "San José")};
constexpr HolidayRule kSaintJohn{fixed(6, 24, "San Juan")};
constexpr HolidayRule kSaintJames{fixed(7, 25, "Santiago Apóstol")};
constexpr HolidayRule kSaintStephen{fixed(12, 26, "San Esteban").falling(kNone)};

/// The Muslim feasts of the two autonomous cities follow the moon as it is observed: listed are the days that
/// the cities published (from 2021), and none is guessed for a year to come.
constexpr std::string_view kSacrifice{"Fiesta del Sacrificio"};
constexpr std::string_view kEndOfFast{"Fiesta del Eid Fitr"};

/// @see Real Decreto Legislativo 2/2015 (Estatuto de los Trabajadores), artículo 37.2: at most 14 days, two
/// of them local (not listed here); Real Decreto 2001/1983, artículo 45, as worded by Real Decreto 1346/1989:
/// the State list, Monday for Sunday, and what the communities may replace
/// @see the yearly resolution "relación de fiestas laborales" in the BOE, 2008 to 2026 (BOE-A-2007-18306 …
/// BOE-A-2023-22014, BOE-A-2024-21316, BOE-A-2025-21667); the calendars of Ceuta and Melilla
constexpr std::array kSpanishRules{
    kNewYear,
    kEpiphany,
    easter(-2, "Viernes Santo"),
    kLabour,
    kAssumption,
    kNational,
    kAllSaints,
    kConstitution,
    kImmaculate,
    kChristmas,

    // Sundays of the State list that a community moves to Monday.
    kNewYear.falling(kMonday).in("AN AR AS"),
    kNewYear.falling(kMonday).in("CE EX").only(2012),
    kNewYear.falling(kMonday).in("CL MC").since(2017),
    kNewYear.falling(kMonday).in("ML").only(2017),
    kEpiphany.falling(kMonday).in("AN AR AS CE CL CN EX MD ML"),
    kEpiphany.falling(kMonday).in("CB").only(2013),
    kEpiphany.falling(kMonday).in("CM").until(2013),
    kEpiphany.falling(kMonday).in("MC NC").since(2013),
    kLabour.falling(kMonday).in("AN AR AS EX"),
    kLabour.falling(kMonday).in("CB CE MC VC").only(2011),
    kLabour.falling(kMonday).in("CL").since(2016),
    kLabour.falling(kMonday).in("CN").only(2016),
    kLabour.falling(kMonday).in("MC").since(2022),
    kAssumption.falling(kMonday).in("AN AR AS"),
    kAssumption.falling(kMonday).in("CL CN").since(2021),
    kNational.falling(kMonday).in("AN AR AS CL EX"),
    kNational.falling(kMonday).in("CB IB MC ML").only(2008),
    kNational.falling(kMonday).in("CE").until(2014),
    kAllSaints.falling(kMonday).in("AN AR AS CL EX"),
    kAllSaints.falling(kMonday).in("CB CN GA IB").only(2015),
    kAllSaints.falling(kMonday).in("CE").until(2015),
    kAllSaints.falling(kMonday).in("CM CN NC").since(2026),
    kAllSaints.falling(kMonday).in("MD").since(2020),
    kAllSaints.falling(kMonday).in("ML").only(2009),
    kConstitution.falling(kMonday).in("AN AR AS EX MC ML RI"),
    kConstitution.falling(kMonday).in("CB CN GA").only(2009),
    kConstitution.falling(kMonday).in("CB").since(2026),
    kConstitution.falling(kMonday).in("CE IB").until(2020),
    kConstitution.falling(kMonday).in("CL").since(2015),
    kConstitution.falling(kMonday).in("CM").until(2015),
    kConstitution.falling(kMonday).in("CN NC").only(2020),
    kConstitution.falling(kMonday).in("MD").since(2020),
    kConstitution.falling(kMonday).in("VC").only(2015),
    kImmaculate.falling(kMonday).in("AN AR AS CL EX"),
    kImmaculate.falling(kMonday).in("CB MD").only(2019),
    kImmaculate.falling(kMonday).in("CE MC").only(2013),
    kImmaculate.falling(kMonday).in("MC").since(2024),
    kImmaculate.falling(kMonday).in("ML").since(2019),
    kImmaculate.falling(kMonday).in("RI").until(2019),
    kChristmas.falling(kMonday).in("AN AR AS CL EX IB ML NC"),
    kChristmas.falling(kMonday).in("CB CM MC MD").since(2016),
    kChristmas.falling(kMonday).in("CE").until(2016),
    kChristmas.falling(kMonday).in("CN").only(2011),
    kChristmas.falling(kMonday).in("CN RI").since(2022),
    kChristmas.falling(kMonday).in("VC").only(2016),

    // Days that many communities choose.
    kMaundyThursday.in("AN AR AS CE CL CM CN EX GA IB MC MD ML NC PV RI"),
    kMaundyThursday.in("CB").except(2018),
    kMaundyThursday.in("VC").until(2017).when_sunday(3, 19),
    kMaundyThursday.in("VC").when_sunday(10, 9),
    kMaundyThursday.in("VC").only(2008, 2009),
    kEasterMonday.in("CT NC PV VC"),
    kEasterMonday.in("CB").when_sunday(7, 28),
    kEasterMonday.in("CB").only(2015, 2020),
    kEasterMonday.in("CM").only(2014, 2015, 2019, 2020, 2026),
    kEasterMonday.in("IB").except(2014, 2025),
    kEasterMonday.in("RI").except(2009, 2010, 2012, 2018),
    kCorpusChristi.in("CM").except(2009, 2010, 2018),
    kCorpusChristi.in("MD").only(2009, 2010, 2011, 2014),
    easter(50, "Día de la Pascua Granada").in("CT").when_sunday(5, 1),
    easter(-47, "Martes de Carnaval").in("EX").only(2023, 2024),

    kSaintJoseph.in("CL RI").only(2009, 2010, 2012),
    kSaintJoseph.in("CM").only(2008, 2009, 2010, 2011, 2020),
    kSaintJoseph.falling(kMonday).in("EX").only(2010, 2017, 2021),
    kSaintJoseph.falling(kMonday).in("GA").only(2008, 2009, 2010, 2011, 2019, 2020, 2021, 2026),
    kSaintJoseph.falling(kNone).in("MC").except(2022),
    kSaintJoseph.falling(kMonday).in("MD").when_sunday(1, 1),
    kSaintJoseph.falling(kMonday).in("MD").when_sunday(8, 15),
    kSaintJoseph.falling(kMonday).in("MD").until(2015).when_sunday(11, 1),
    kSaintJoseph.in("ML").until(2016),
    kSaintJoseph.in("NC").only(2008, 2009, 2010, 2012, 2014, 2015, 2019, 2020, 2021, 2026),
    kSaintJoseph.in("PV").until(2010).when_sunday(1, 6),
    kSaintJoseph.in("PV").since(2015).when_sunday(1, 6),
    kSaintJoseph.in("PV").when_sunday(8, 15),
    kSaintJoseph.in("PV").when_sunday(11, 1),
    kSaintJoseph.falling(kNone).in("VC"),

    kSaintJohn.falling(kNone).in("CT"),
    kSaintJohn.in("GA").only(2013, 2016, 2020, 2022, 2026),
    kSaintJohn.in("VC").since(2019),

    kSaintJames.in("CB").when_sunday(9, 15),
    kSaintJames.in("CB").only(2012, 2014),
    kSaintJames.in("CL").only(2011, 2023),
    kSaintJames.in("MD").when_sunday(5, 1),
    kSaintJames.in("MD").only(2008, 2024, 2025),
    kSaintJames.in("NC").only(2008, 2009, 2011, 2013, 2015, 2016, 2017, 2022, 2023, 2024, 2025),
    kSaintJames.falling(kNone).in("PV").except(2012, 2014, 2018),
    kSaintJames.in("RI").until(2016).when_sunday(12, 25),
    kSaintJames.in("RI").only(2008),

    kSaintStephen.in("CT"),
    kSaintStephen.falling(OnWeekend::stays).in("IB").only(2008, 2009, 2013, 2014, 2019, 2020, 2025, 2026),

    // The day of each community, and what it keeps alone.
    fixed(2, 28, "Día de Andalucía").in("AN").falling(kMonday),
    fixed(4, 23, "Día de San Jorge").in("AR").falling(kMonday),
    fixed(9, 8, "Día de Asturias").in("AS").falling(kMonday),
    fixed(7, 28, "Día de las Instituciones de Cantabria").in("CB").except(2012, 2015).falling(kNone),
    fixed(9, 15, "La Bien Aparecida").in("CB").falling(kNone),
    fixed(6, 13, "San Antonio").in("CE").falling(kMonday),
    fixed(8, 5, "Nuestra Señora de África").in("CE").since(2022),
    fixed(9, 2, "Día de Ceuta").in("CE").except(2011, 2015, 2025).falling(kNone),
    fixed(4, 23, "Fiesta de Castilla y León").in("CL").except(2023).falling(kMonday),
    fixed(5, 31, "Día de Castilla-La Mancha").in("CM").until(2009).falling(kMonday),
    fixed(5, 31, "Día de Castilla-La Mancha").in("CM").since(2010).falling(kNone),
    fixed(5, 30, "Día de Canarias").in("CN").except(2021).falling(kMonday),
    fixed(9, 11, "Fiesta Nacional de Cataluña").in("CT").falling(kNone),
    fixed(9, 8, "Día de Extremadura").in("EX").except(2024).falling(kMonday),
    fixed(5, 17, "Día de las Letras Gallegas").in("GA").falling(kNone),
    fixed(7, 25, "Día Nacional de Galicia").in("GA").falling(kNone),
    fixed(3, 20, "Día siguiente a San José").in("GA").only(2015),
    fixed(3, 1, "Día de las Islas Baleares").in("IB").until(2025).falling(kNone),
    fixed(3, 1, "Día de las Islas Baleares").in("IB").since(2026).falling(kMonday),
    fixed(6, 9, "Día de la Región de Murcia").in("MC").except(2013, 2024).falling(kMonday),
    fixed(5, 2, "Fiesta de la Comunidad de Madrid").in("MD").except(2010).falling(kMonday),
    fixed(3, 18, "Traslado de San José").in("MD").only(2013),
    fixed(3, 13, "Estatuto de Autonomía de Melilla").in("ML").only(2020, 2021, 2023),
    fixed(9, 8, "Virgen de la Victoria").in("ML").except(2024).falling(kMonday),
    fixed(9, 17, "Día de Melilla").in("ML").except(2023).falling(kMonday),
    fixed(12, 3, "San Francisco Javier").in("NC").falling(kMonday),
    fixed(10, 25, "Día del País Vasco").in("PV").since(2011).until(2014),
    fixed(10, 7, "80 aniversario del primer Gobierno Vasco").in("PV").only(2016),
    fixed(9, 6, "V centenario de la vuelta al mundo").in("PV").only(2022),
    fixed(6, 9, "Día de La Rioja").in("RI").falling(kMonday),
    fixed(10, 9, "Día de la Comunidad Valenciana").in("VC").falling(kNone),
    fixed(3, 18, "Lunes de Fallas").in("VC").only(2013),

    fixed(7, 20, kSacrifice).in("CE").only(2021),
    fixed(7, 21, kSacrifice).in("ML").only(2021),
    fixed(7, 9, kSacrifice).in("CE").only(2022),
    fixed(7, 11, kSacrifice).in("ML").only(2022),
    fixed(6, 29, kSacrifice).in("CE ML").only(2023),
    fixed(6, 17, kSacrifice).in("CE ML").only(2024),
    fixed(6, 6, kSacrifice).in("CE ML").only(2025),
    fixed(5, 27, kSacrifice).in("CE ML").only(2026),
    fixed(5, 3, kEndOfFast).in("ML").only(2022),
    fixed(4, 21, kEndOfFast).in("ML").only(2023),
    fixed(4, 10, kEndOfFast).in("ML").only(2024),
    fixed(3, 31, kEndOfFast).in("ML").only(2025),
    fixed(3, 20, kEndOfFast).in("ML").only(2026),
};
constexpr HolidayLaw kSpanishLaw{"ES", "AN AR AS CB CE CL CM CN CT EX GA IB MC MD ML NC PV RI VC",
                                 kSpanishRules};

}  // namespace

const HolidayLaw &spanish_holidays() {
  return kSpanishLaw;
}

}  // namespace relance::domain
