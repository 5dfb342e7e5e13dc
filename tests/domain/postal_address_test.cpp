// Addresses from parts, envelopes held to the rules of their posts.
#include "host/domain/postal_address.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::domain {
namespace {

using Lines = std::vector<std::string>;

std::string joined(const Lines &lines) {
  std::string out;
  for (const auto &line : lines) out.append(out.empty() ? "" : " | ").append(line);
  return out;
}
std::string faults(const Lines &lines, std::string_view country) {
  std::string out;
  for (const auto &fault : check_address(lines, country))
    out.append(out.empty() ? "" : "; ").append(std::to_string(fault.line)).append(": ").append(fault.reason);
  return out;
}
bool has(const std::string &text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(postal_address_test)

BOOST_AUTO_TEST_CASE(each_country_writes_the_parts_in_its_own_order) {
  const struct {
    const char *country, *lines;
  } kWritten[]{
      {"fr", "Hotel Beau | 12 bis Rue Haute | 75007 Paris | Home"},
      {"mc", "Hotel Beau | 12 bis Rue Haute | 98000 Paris | Home"},
      {"lu", "Hotel Beau | 12 bis Rue Haute | 1234 Paris | Home"},
      {"de", "Hotel Beau | Rue Haute 12 bis | 10115 Paris | Home"},
      {"at", "Hotel Beau | Rue Haute 12 bis | 1010 Paris | Home"},
      {"ch", "Hotel Beau | Rue Haute 12 bis | 8001 Paris | Home"},
      {"be", "Hotel Beau | Rue Haute 12 bis | 1000 Paris | Home"},
      {"nl", "Hotel Beau | Rue Haute 12 bis | 1012 LM Paris | Home"},
      {"pt", "Hotel Beau | Rue Haute 12 bis | 1100-053 Paris | Home"},
      {"es", "Hotel Beau | Rue Haute, 12 bis | 28001 Paris | Home"},
      {"it", "Hotel Beau | Rue Haute, 12 bis | 20147 Paris MI | Home"},
      {"gb", "Hotel Beau | 12 bis Rue Haute | Paris | SW1A 2AA | Home"},
      {"ie", "Hotel Beau | 12 bis Rue Haute | Old Quarter | Paris | Milano | D02 X285 | Home"},
      {"zz", "Hotel Beau | Rue Haute 12 bis | 1-2-3 Paris | Home"},
  };
  const std::map<std::string, std::string> codes{
      {"fr", "75007"}, {"mc", "98000"},   {"lu", "1234"},    {"de", "10115"},   {"at", "1010"},
      {"ch", "8001"},  {"be", "1000"},    {"nl", "1012lm"},  {"pt", "1100053"}, {"es", "28001"},
      {"it", "20147"}, {"gb", "sw1a2aa"}, {"ie", "D02X285"}, {"zz", "1-2-3"}};
  for (const auto &[country, lines] : kWritten)
    BOOST_TEST(joined(address_lines({{"hotel", "Hotel Beau"},
                                     {"house_number", "12 bis"},
                                     {"street", "Rue  Haute "},
                                     {"quarter", "Old Quarter"},
                                     {"city", "Paris"},
                                     {"county", "Milano"},
                                     {"postcode", codes.at(country)},
                                     {"country", "Home"},
                                     {"country_code", country}})) == lines,
               country);
}

BOOST_AUTO_TEST_CASE(what_registers_say_and_envelopes_do_not_is_left_out) {
  BOOST_TEST(joined(address_lines({{"country_code", "de"},
                                   {"road", "Markt"},
                                   {"postcode", "99423"},
                                   {"county", "Landkreis Weimar"}})) == "Markt | 99423 Weimar");
  BOOST_TEST(joined(address_lines({{"country_code", "FR"},
                                   {"road", "Rue A"},
                                   {"postcode", "69003"},
                                   {"city", "Lyon 3e Arrondissement"}})) == "Rue A | 69003 Lyon");
  BOOST_TEST(joined(address_lines({{"country_code", "gb"},
                                   {"suburb", "Soho"},
                                   {"city", "City of Westminster"},
                                   {"country", "United Kingdom"}})) == "Soho | London | United Kingdom");
  BOOST_TEST(joined(address_lines(
                 {{"country_code", "fr"}, {"city", "Lille"}, {"postcode", "59000;59800"}})) == "Lille");
  BOOST_TEST(joined(address_lines({})) == "");
  BOOST_TEST(joined(address_lines({{"country_code", "de"}, {"city", std::string(100'000, 'a')}})).size() ==
             100'000u);
}

BOOST_AUTO_TEST_CASE(right_envelopes_have_no_fault) {
  BOOST_TEST(faults({"Société Durand", "M. Paul Durand", "Résidence des Lilas", "12 bis rue de l'Église",
                     "BP 40", "75008 PARIS CEDEX 08"},
                    "FR") == "");
  BOOST_TEST(faults({"Durand", "97110 POINTE A PITRE"}, "FR") == "");
  BOOST_TEST(faults({"Durand", "1 rue A", "75001 PARIS", "FRANCE"}, "FR") == "");
  BOOST_TEST(faults({"Müller GmbH", "Hauptstraße 7", "10115 Berlin"}, "DE") == "");
  BOOST_TEST(faults({"Müller GmbH", "Hauptstraße 7", "D-10115 Berlin"}, "DE") == "");
  BOOST_TEST(faults({"Jansen", "Dam 1", "1012 JS Amsterdam"}, "NL") == "");
  BOOST_TEST(faults({"Jansen", "Dam 1", "1012JS Amsterdam"}, "NL") == "");
  BOOST_TEST(faults({"Smith", "10 Downing Street", "London", "SW1A 2AA"}, "GB") == "");
  BOOST_TEST(faults({"Smith", "10 Downing Street", "London SW1A 2AA"}, "GB") == "");
  BOOST_TEST(faults({"Silva", "Rua A 1", "1100-053 Lisboa"}, "PT") == "");
  BOOST_TEST(faults({"Kelly", "1 Main Street", "Ballina", "Co. Mayo"}, "IE") == "");
  BOOST_TEST(faults({"Somebody", "Somewhere"}, "ZZ") == "");
}

BOOST_AUTO_TEST_CASE(a_fault_says_which_line_and_why) {
  const std::string forty(40, 'x');
  BOOST_TEST(
      has(faults({"Durand", forty, "75001 PARIS"}, "FR"), "2: it is 2 characters too long (40 of 38)"));
  std::string accents;
  for (int i{0}; i < 38; ++i) accents += "é";
  BOOST_TEST(faults({"Durand", accents, "75001 PARIS"}, "FR") == "");  // letters, not bytes
  BOOST_TEST(has(faults({"a", "b", "c", "d", "e", "f", "g", "h", "75001 PARIS"}, "FR"),
                 "0: it has 9 lines, and an envelope of FR takes 6"));
  BOOST_TEST(has(faults({"Durand", "1 rue A", "PARIS"}, "FR"), "3: there is no postcode of FR at its start"));
  BOOST_TEST(has(faults({"Durand", "1 rue A", "1010 Wien"}, "FR"),
                 "3: \"1010\" is no postcode of FR, but could be one of AT, BE, CH, LU, LI"));
  BOOST_TEST(has(faults({"Durand", "1 rue A", "98000 Monaco"}, "FR"), "is one of MC"));
  BOOST_TEST(has(faults({"Muster", "Weg 1", "CH-8001 Zürich"}, "DE"), "could be one of CH"));
  BOOST_TEST(has(faults({"Smith", "1 High Street", "London"}, "GB"),
                 "3: there is no postcode of GB at the end of it"));
  BOOST_TEST(has(faults({"Durand", "", "75001 PARIS"}, "FR"), "2: it is empty"));
  BOOST_TEST(has(faults({"Durand", "rue\tA", "75001 PARIS"}, "FR"), "2: it holds a control character"));
  BOOST_TEST(has(faults({"Durand", "rue A", "75001"}, "FR"), "3: there is a postcode and no town"));
  BOOST_TEST(has(faults({"Durand"}, "FR"), "0: an address has a recipient and a place"));
  BOOST_TEST(has(faults({}, "FR"), "0: an address"));
}

BOOST_AUTO_TEST_CASE(an_envelope_is_written_as_its_post_wants_it) {
  BOOST_TEST(joined(envelope_lines(Lines{"M. Hervé", "3 rue de l'Été", "13540 Aix-en-Provence Cedex 1"},
                                   "FR")) == "M. Hervé | 3 rue de l'Été | 13540 AIX EN PROVENCE CEDEX 1");
  BOOST_TEST(joined(envelope_lines(Lines{"M. Hervé", "F-62200 Boulogne-sur-Mer"}, "FR")) ==
             "M. Hervé | 62200 BOULOGNE SUR MER");
  BOOST_TEST(joined(envelope_lines(Lines{"X", "59000 L'Œuf, ß"}, "FR")) == "X | 59000 L OEUF SS");
  BOOST_TEST(joined(envelope_lines(Lines{"Jansen", "Dam 1", "1012js Amsterdam"}, "NL")) ==
             "Jansen | Dam 1 | 1012 JS Amsterdam");
  BOOST_TEST(joined(envelope_lines(Lines{"Müller", "Weg 1", "10115 Berlin"}, "DE", "FR")) ==
             "Müller | Weg 1 | 10115 Berlin | GERMANY");
  BOOST_TEST(joined(envelope_lines(Lines{"Müller", "Weg 1", "10115 Berlin"}, "DE", "DE")) ==
             "Müller | Weg 1 | 10115 Berlin");
  const auto once = envelope_lines(Lines{"M. Hervé", "13540 Aix-en-Provence"}, "FR", "DE");
  BOOST_TEST(joined(once) == "M. Hervé | 13540 AIX EN PROVENCE | FRANCE");
  BOOST_TEST(joined(envelope_lines(once, "FR")) == joined(once));
  // The country stands there once, whatever it was called.
  for (const auto *name : {"France", "FRANCE", "Frankreich", "FR"})
    BOOST_TEST(joined(envelope_lines(Lines{"M. Hervé", "13540 Aix-en-Provence", name}, "FR", "DE")) == joined(once));
  BOOST_TEST(joined(envelope_lines(Lines{"Müller", "1010 Wien", "Österreich"}, "AT", "DE")) ==
             "Müller | 1010 Wien | AUSTRIA");
  BOOST_TEST(joined(envelope_lines(Lines{"Jansen", "1012 JS Amsterdam", "Pays-Bas"}, "NL", "FR")) ==
             "Jansen | 1012 JS Amsterdam | NETHERLANDS");
  BOOST_TEST(joined(envelope_lines(Lines{"Silva", "Rua Alta 1", "01310-100 São Paulo SP"}, "BR", "FR")) ==
             "Silva | Rua Alta 1 | 01310-100 São Paulo SP | BRAZIL");
  BOOST_TEST(joined(envelope_lines(Lines{"Smith", "London", "E1 6AN"}, "GB", "FR")) ==
             "Smith | London | E1 6AN | UNITED KINGDOM");
  BOOST_TEST(envelope_lines(Lines{}, "FR").empty());
}

BOOST_AUTO_TEST_CASE(any_bytes_are_an_address_with_faults_or_without) {
  unsigned seed{1};
  for (int i{0}; i < 3000; ++i) {
    Lines lines(seed % 9);
    for (auto &line : lines)
      for (unsigned n{0}; n < (seed >> 3) % 60; ++n)
        line += static_cast<char>((seed = seed * 1103515245U + 12345U) >> 16);
    seed = seed * 1103515245U + 12345U;
    for (const char *country : {"FR", "DE", "GB", "NL", "IE", "PT", "MC", ""}) {
      static_cast<void>(check_address(lines, country));
      const auto written = envelope_lines(lines, country, "BE");
      BOOST_TEST(written.size() >= lines.size());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::domain
