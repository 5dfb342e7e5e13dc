// Italy: the national holidays, South Tyrol's Whit Monday, and the patron saint of each provincial capital (a
// subdivision is the province's code, read as its capital; provinces with several capitals list them all).
#include "host/domain/holiday_rule.hpp"

namespace relance::domain {
namespace {

/// @see Legge 27 maggio 1949 n. 260 (list); legge 5 marzo 1977 n. 54 (days abolished or moved to a Sunday);
/// DPR 28 dicembre 1985 n. 792 (Epiphany again); legge 20 novembre 2000 n. 336 (2 June again); DL 22 febbraio
/// 2011 n. 5 (17 March 2011); legge 8 ottobre 2025 n. 151 (4 October from 2026); for Bolzano LP 16 ottobre
/// 1992 n. 36. Patron saints: the statute or custom of each municipality, a day off by the collective
/// agreements.
constexpr std::array kItalianRules{
    fixed(1, 1, "Capodanno"),
    fixed(1, 6, "Epifania").until(1977),
    fixed(1, 6, "Epifania").since(1986),
    fixed(3, 19, "San Giuseppe").until(1976),
    fixed(3, 17, "Anniversario dell'Unità d'Italia").only(2011),
    easter(0, "Pasqua"),
    easter(1, "Lunedì dell'Angelo"),
    fixed(4, 25, "Anniversario della Liberazione"),
    fixed(5, 1, "Festa del Lavoro"),
    easter(39, "Ascensione").until(1976),
    easter(60, "Corpus Domini").until(1976),
    fixed(6, 2, "Festa della Repubblica").until(1976),
    weekday_from(Weekday::sunday, 6, 1, "Festa della Repubblica").since(1977).until(2000),
    fixed(6, 2, "Festa della Repubblica").since(2001),
    fixed(6, 29, "Santi Pietro e Paolo").until(1976),
    fixed(8, 15, "Assunzione della Beata Vergine Maria"),
    fixed(10, 4, "San Francesco d'Assisi, patrono d'Italia").since(2026),
    fixed(11, 1, "Ognissanti"),
    fixed(11, 4, "Giorno dell'unità nazionale").until(1976),
    weekday_from(Weekday::sunday, 11, 1, "Giorno dell'unità nazionale").since(1977),
    fixed(12, 8, "Immacolata Concezione"),
    fixed(12, 25, "Natale"),
    fixed(12, 26, "Santo Stefano"),

    easter(50, "Lunedì di Pentecoste").in("BZ").since(1993),

    fixed(2, 25, "San Gerlando").in("AG"),
    fixed(11, 10, "San Baudolino").in("AL"),
    fixed(5, 4, "San Ciriaco").in("AN"),
    fixed(9, 7, "San Grato").in("AO"),
    fixed(8, 5, "Sant'Emidio").in("AP"),
    fixed(6, 10, "San Massimo").in("AQ"),
    fixed(8, 7, "San Donato").in("AR"),
    weekday_from(Weekday::tuesday, 5, 1, "San Secondo").in("AT"),
    fixed(2, 14, "San Modestino").in("AV"),
    fixed(12, 6, "San Nicola").in("BA LC SS"),
    fixed(8, 26, "Sant'Alessandro").in("BG"),
    fixed(11, 11, "San Martino").in("BL"),
    fixed(8, 24, "San Bartolomeo").in("BN"),
    fixed(10, 4, "San Petronio").in("BO"),
    weekday_from(Weekday::sunday, 9, 1, "San Teodoro e San Lorenzo").in("BR"),
    fixed(2, 15, "Santi Faustino e Giovita").in("BS"),
    fixed(5, 3, "San Nicola Pellegrino").in("BT TRANI"),
    weekday_from(Weekday::sunday, 9, 15, "San Riccardo").in("BT ANDRIA"),
    fixed(12, 30, "San Ruggero").in("BT BARLETTA"),
    fixed(10, 30, "San Saturnino").in("CA"),
    fixed(4, 23, "San Giorgio").in("CB FE RC RG"),
    fixed(1, 20, "San Sebastiano").in("CE"),
    fixed(5, 11, "San Giustino").in("CH"),
    fixed(9, 29, "San Michele Arcangelo").in("CL CN"),
    fixed(8, 31, "Sant'Abbondio").in("CO"),
    fixed(11, 13, "Sant'Omobono").in("CR"),
    fixed(2, 12, "Madonna del Pilerio").in("CS"),
    fixed(2, 5, "Sant'Agata").in("CT"),
    fixed(7, 16, "San Vitaliano").in("CZ"),
    fixed(7, 2, "Madonna della Visitazione").in("EN"),
    fixed(2, 4, "Madonna del Fuoco").in("FC FORLI"),
    fixed(6, 24, "San Giovanni Battista").in("FC CESENA FI GE MB TO"),
    fixed(3, 22, "Madonna dei Sette Veli").in("FG"),
    fixed(8, 16, "Maria Santissima Assunta").in("FM"),
    fixed(6, 20, "San Silverio").in("FR"),
    fixed(3, 16, "Santi Ilario e Taziano").in("GO"),
    fixed(8, 10, "San Lorenzo").in("GR"),
    fixed(11, 26, "San Leonardo").in("IM"),
    fixed(5, 19, "San Pietro Celestino").in("IS"),
    fixed(10, 9, "San Dionigi").in("KR"),
    fixed(8, 26, "Sant'Oronzo").in("LE"),
    fixed(5, 22, "Santa Giulia").in("LI"),
    fixed(1, 19, "San Bassiano").in("LO"),
    fixed(7, 6, "Santa Maria Goretti").in("LT"),
    fixed(7, 12, "San Paolino").in("LU"),
    fixed(8, 31, "San Giuliano").in("MC"),
    fixed(6, 3, "Madonna della Lettera").in("ME"),
    fixed(12, 7, "Sant'Ambrogio").in("MI"),
    fixed(3, 18, "Sant'Anselmo").in("MN"),
    fixed(1, 31, "San Geminiano").in("MO"),
    fixed(10, 4, "San Francesco d'Assisi").in("MS PG"),
    fixed(7, 2, "Madonna della Bruna").in("MT"),
    fixed(9, 19, "San Gennaro").in("NA"),
    fixed(1, 22, "San Gaudenzio").in("NO"),
    fixed(8, 5, "Nostra Signora della Neve").in("NU"),
    fixed(2, 13, "Sant'Archelao").in("OR"),
    fixed(7, 15, "Santa Rosalia").in("PA"),
    fixed(7, 4, "Sant'Antonino").in("PC"),
    fixed(6, 13, "Sant'Antonio").in("PD"),
    fixed(10, 10, "San Cetteo").in("PE"),
    fixed(8, 11, "Santa Chiara").in("PG"),
    fixed(6, 17, "San Ranieri").in("PI"),
    fixed(9, 8, "Madonna delle Grazie").in("PN"),
    fixed(1, 13, "Sant'Ilario").in("PR"),
    fixed(7, 25, "San Jacopo").in("PT"),
    fixed(6, 1, "San Crescentino").in("PU URBINO"),
    fixed(9, 24, "San Terenzio").in("PU PESARO"),
    fixed(12, 9, "San Siro").in("PV"),
    fixed(5, 30, "San Gerardo").in("PZ"),
    fixed(7, 23, "Sant'Apollinare").in("RA"),
    fixed(11, 24, "San Prospero").in("RE"),
    fixed(8, 29, "San Giovanni Battista").in("RG"),
    fixed(12, 4, "Santa Barbara").in("RI"),
    fixed(6, 29, "Santi Pietro e Paolo").in("RM"),
    fixed(10, 14, "San Gaudenzio").in("RN"),
    fixed(11, 26, "San Bellino").in("RO"),
    fixed(9, 21, "San Matteo").in("SA"),
    fixed(12, 1, "Sant'Ansano").in("SI"),
    fixed(6, 19, "Santi Gervasio e Protasio").in("SO"),
    fixed(3, 19, "San Giuseppe").in("SP"),
    fixed(12, 13, "Santa Lucia").in("SR"),
    weekday_from(Weekday::sunday, 5, 8, "San Ponziano").plus_days(4).in("SU"),
    fixed(3, 18, "Nostra Signora della Misericordia").in("SV"),
    fixed(5, 10, "San Cataldo").in("TA"),
    fixed(12, 19, "San Berardo").in("TE"),
    fixed(6, 26, "San Vigilio").in("TN"),
    fixed(8, 7, "Sant'Alberto").in("TP"),
    fixed(2, 14, "San Valentino").in("TR"),
    fixed(11, 3, "San Giusto").in("TS"),
    fixed(4, 27, "San Liberale").in("TV"),
    fixed(7, 12, "Santi Ermacora e Fortunato").in("UD"),
    fixed(5, 8, "San Vittore").in("VA VB"),
    fixed(8, 1, "Sant'Eusebio").in("VC"),
    fixed(11, 21, "Madonna della Salute").in("VE"),
    fixed(9, 8, "Madonna di Monte Berico").in("VI"),
    fixed(5, 21, "San Zeno").in("VR"),
    fixed(9, 4, "Santa Rosa").in("VT"),
    fixed(3, 1, "San Leoluca").in("VV"),
};
constexpr HolidayLaw kItalianLaw{
    "IT",
    "AG AL AN ANDRIA AO AP AQ AR AT AV BA BARLETTA BG BI BL BN BO BR BS BT BZ CA CB CE "
    "CESENA CH CL CN CO CR CS CT CZ "
    "EN FC FE FG FI FM FORLI FR GE GO GR IM IS KR LC LE LI LO LT LU MB MC ME MI MN MO "
    "MS MT NA NO NU OR PA PC PD PE "
    "PESARO PG PI PN PO PR PT PU PV PZ RA RC RE RG RI RM RN RO SA SI SO SP SR SS SU SV "
    "TA TE TN TO TP TR TRANI TS TV "
    "UD URBINO VA VB VC VE VI VR VT VV",
    kItalianRules};

}  // namespace

const HolidayLaw &italian_holidays() {
  return kItalianLaw;
}

}  // namespace relance::domain
