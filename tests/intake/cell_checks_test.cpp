#include "host/intake/cell_checks.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <vector>

namespace relance::intake {
namespace {

using Check = std::function<std::optional<CellIssue>(std::string_view)>;

void check_all(const Check &check, const std::vector<std::string> &good,
               const std::vector<std::string> &bad) {
  for (const std::string &text : good) BOOST_TEST(!check(text).has_value(), shown(text));
  for (const std::string &text : bad) {
    const auto issue = check(text);
    BOOST_TEST(issue.has_value(), shown(text));
    if (issue) BOOST_TEST(!issue->reason.empty() == !issue->advice.empty());
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cell_checks_test)

BOOST_AUTO_TEST_CASE(an_e_mail_cell_holds_one_plain_address) {
  check_all(check_email,
            {"ap@example.com", "jean.d'arc+factures@sub.example-firm.fr", "a@b.co", "x_1=2@example.museum",
             std::string(64, 'a') + "@example.com"},
            {"ap",
             "ap@",
             "@example.com",
             "ap@localhost",
             "a@b@example.com",
             "a@x.fr;b@y.fr",
             "a@x.fr, b@y.fr",
             "Jean <jean@x.fr>",
             "jean@x.fr>",
             "a b@x.fr",
             ".a@x.fr",
             "a.@x.fr",
             "a..b@x.fr",
             "a@x..fr",
             "a@-x.fr",
             "a@x-.fr",
             "a@x.fr.",
             "a@x_y.fr",
             "é@x.fr",
             "a@é.fr",
             "\"a\"@x.fr",
             "a@[127.0.0.1]",
             std::string(65, 'a') + "@example.com",
             "a@" + std::string(64, 'x') + ".fr",
             "a@" + std::string(250, 'x') + ".fr"});
}

BOOST_AUTO_TEST_CASE(a_line_break_never_gets_into_an_address) {
  check_all(check_email, {},
            {"a@x.fr\r\nBcc: b@y.fr", "a@x.fr\n", "a\r@x.fr", std::string("a@x.fr\0", 7), "a@x.fr\x7F"});
  check_all([](std::string_view text) { return check_text(text); }, {"Müller & Söhne", "株式会社"},
            {"a\nb", "a\r\nSubject: x", "a\tb", "a\x1B[31m", "a\xC2\x85z", "a\xE2\x80\xA8z",
             std::string(1001, 'x')});
  check_all(check_lines, {"a\nb"}, {"a\rb", "a\x01"});
}

BOOST_AUTO_TEST_CASE(a_country_is_an_iso_code) {
  check_all(check_country, {"FR", "DE", "GB", "XK", "AX"},
            {"UK", "fr", "FRA", "France", "ZZ", "EA", "", "A"});
  BOOST_TEST(check_country("UK")->advice == "write GB");
  BOOST_TEST(check_country("fr")->advice == "write FR");
}

BOOST_AUTO_TEST_CASE(a_language_and_a_zone_have_their_form) {
  check_all(check_language, {"fr", "de", "fr-BE", "en-GB"},
            {"FR", "french", "fr_BE", "fr-be", "xx", "fr-BEL", ""});
  check_all(check_time_zone, {"Europe/Paris", "UTC", "America/Argentina/Buenos_Aires"},
            {"Paris", "+01:00", "europe/paris", "Europe/", "Europe/Atlantis", "/etc/localtime",
             "Europe/Paris\n", "../../etc/passwd", "Europe/../../x"});
}

BOOST_AUTO_TEST_CASE(a_cell_is_shown_short_and_without_control_characters) {
  BOOST_TEST(shown("a\r\nb\x1B[31m\xC2\x85") == "a\\r\\nb\\x1B[31m\\x85");
  BOOST_TEST(shown("ééééé", 3) == "ééé…");
  BOOST_TEST(shown("a\xFFz") == "a\xEF\xBF\xBDz");
}

BOOST_AUTO_TEST_CASE(letters_of_utf_8_that_were_read_as_two_signs_are_known) {
  for (const char *text : {"MÃ¼ller GmbH", "SociÃ©tÃ©", "StraÃŸe 1", "CafÃ©"})
    BOOST_TEST(is_misread_utf8(text), text);
  for (const char *text : {"Müller GmbH", "MAÇÃ", "JOÃO", "São João", "Ã", "", "IMPORTAÇÃO", "Côte d’Or"})
    BOOST_TEST(!is_misread_utf8(text), text);
}

BOOST_AUTO_TEST_CASE(no_break_blanks_are_trimmed_too) {
  BOOST_TEST(trimmed(" \xC2\xA0 a b\xC2\xA0\t") == "a b");
  BOOST_TEST(trimmed("\xC2\xA0").empty());
  BOOST_TEST(trimmed("à") == "à");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::intake
