// What stands for characters beside the alphabet, when, and what it saves.
#include "plugins/protocol/gsm/gsm.hpp"

#include <boost/test/unit_test.hpp>

#include <rapidcheck.h>
#include <string>

using namespace relance::gsm;

BOOST_AUTO_TEST_SUITE(gsm_replacement_test)

BOOST_AUTO_TEST_CASE(signs_are_replaced_by_what_a_reader_takes_for_the_same) {
  const std::pair<const char *, const char *> cases[]{
      {"L’échéance — n° 12…", "L'échéance - no 12..."},
      {"« 45\u202f000\u00a0€ »", "\" 45 000 € \""},
      {"œuvre, ŒUVRE, ﬁn", "oeuvre, OEUVRE, fin"},
      {"½ · ² ＡＢ", "1/2 . 2 AB"},
      {"a\u200bb\u00adc\ufeffd", "abcd"},
      {"un\tdeux\x07", "un deux"},
      {"e\u0301", "é"},  // composed first: the alphabet has it
  };
  for (const auto &[from, to] : cases) BOOST_TEST(replace(from, Replacement::typographic) == to);
}

BOOST_AUTO_TEST_CASE(accents_fall_only_where_that_is_asked_for) {
  BOOST_TEST(replace("Ça être Łódź Ÿ ő", Replacement::typographic) == "Ça être Łódź Ÿ ő");
  BOOST_TEST(replace("Ça être ç Łódź Ÿ ő straße þ x\u0303", Replacement::accents) ==
             "Ça etre c Lodz Y o straße th x");
  BOOST_TEST(replace("’ê", Replacement::off) == "’ê");
}

BOOST_AUTO_TEST_CASE(what_has_no_stand_in_stays) {
  BOOST_TEST(replace("Привет 😀 你好 λ", Replacement::accents) == "Привет 😀 你好 λ");
}

BOOST_AUTO_TEST_CASE(a_text_keeps_its_looks_when_replacing_would_not_make_it_gsm) {
  const auto message = segment("L’été 😀");
  BOOST_TEST((message.encoding == Encoding::ucs2));
  BOOST_TEST(message.text == "L’été 😀");
  BOOST_TEST(!message.is_replaced);
}

BOOST_AUTO_TEST_CASE(a_replacement_never_makes_more_parts) {
  std::string dots;
  for (int i{0}; i < 60; ++i) dots += "…";  // 60 units in UCS-2, 180 septets
  BOOST_TEST(segment(dots).parts.size() == 1u);
  BOOST_TEST(!segment(dots).is_replaced);
}

BOOST_AUTO_TEST_CASE(what_a_stronger_replacement_would_save_is_offered) {
  std::string text{"être "};
  text += std::string(90, 'a');
  const auto message = segment(text);
  BOOST_TEST(message.parts.size() == 2u);
  const auto saving = find_saving(text, message).value();
  BOOST_TEST((saving.replacement == Replacement::accents));
  BOOST_TEST(saving.parts == 1u);
  BOOST_TEST(!find_saving("être", segment("être")).has_value());
}

BOOST_AUTO_TEST_CASE(a_gateways_own_dialect_is_foretold) {
  BOOST_TEST(replace("\u00a0", Replacement::typographic, Dialect::twilio) == "  ");
  BOOST_TEST(replace("\t", Replacement::typographic, Dialect::twilio) == "       ");
}

BOOST_AUTO_TEST_CASE(a_stand_in_takes_the_mark_that_stands_behind_it) {
  BOOST_TEST(replace("\u02b3\u0307", Replacement::typographic) == "\u1e59");
  BOOST_TEST(replace("\u02b3\u0307", Replacement::accents) == "r");
}

BOOST_AUTO_TEST_CASE(replacing_twice_changes_nothing_more) {
  BOOST_TEST(rc::check([](const std::vector<std::uint16_t> &codes) {
    std::u32string text;
    for (const auto code : codes)
      if (code < 0xD800 || code > 0xDFFF) text += code;
    for (const auto replacement : {Replacement::typographic, Replacement::accents}) {
      const auto once = replace(to_utf8(text), replacement);
      RC_ASSERT(replace(once, replacement) == once);
    }
  }));
}

BOOST_AUTO_TEST_SUITE_END()
