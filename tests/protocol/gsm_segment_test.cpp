// How many parts a text makes, and where it may be cut.
#include "plugins/protocol/gsm/gsm.hpp"

#include <boost/test/unit_test.hpp>

#include <rapidcheck.h>
#include <string>

using namespace relance::gsm;

namespace {

constexpr Options kOff{.replacement = Replacement::off};

std::string times(std::size_t count, std::string_view text) {
  std::string out;
  while (count-- > 0) out += text;
  return out;
}

rc::Gen<std::string> any_message() {
  static const std::vector<std::string> kPieces{"a",
                                                "é",
                                                "€",
                                                "[",
                                                " ",
                                                "\n",
                                                "ê",
                                                "’",
                                                "😀",
                                                "e\u0301\u0302",
                                                "🏳️‍🌈",
                                                "👩‍👩‍👧‍👦",
                                                "🇫🇷",
                                                "Ω"};
  return rc::gen::map(rc::gen::mapcat(rc::gen::inRange<std::size_t>(0, 300),
                                      [](std::size_t n) {
                                        return rc::gen::container<std::vector<std::string>>(
                                            n, rc::gen::elementOf(kPieces));
                                      }),
                      [](const std::vector<std::string> &pieces) {
                        std::string text;
                        for (const auto &piece : pieces) text += piece;
                        return text;
                      });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gsm_segment_test)

BOOST_AUTO_TEST_CASE(a_text_has_as_many_parts_as_the_standard_says) {
  struct Case {
    std::string text;
    Encoding encoding;
    std::size_t parts, units;
  };
  const Case cases[]{
      {"", Encoding::gsm7, 1, 0},
      {times(160, "a"), Encoding::gsm7, 1, 160},
      {times(161, "a"), Encoding::gsm7, 2, 161},
      {times(306, "a"), Encoding::gsm7, 2, 306},
      {times(307, "a"), Encoding::gsm7, 3, 307},
      {times(80, "€"), Encoding::gsm7, 1, 160},
      {times(81, "€"), Encoding::gsm7, 2, 162},
      {times(70, "ê"), Encoding::ucs2, 1, 70},
      {times(71, "ê"), Encoding::ucs2, 2, 71},
      {times(134, "ê"), Encoding::ucs2, 2, 134},
      {times(135, "ê"), Encoding::ucs2, 3, 135},
      {times(35, "😀"), Encoding::ucs2, 1, 70},
      {times(67, "😀"), Encoding::ucs2, 3, 134},  // 33 a part: a pair is never torn
  };
  for (const auto &c : cases) {
    const auto message = segment(c.text, kOff);
    BOOST_TEST_CONTEXT(c.text) {
      BOOST_TEST((message.encoding == c.encoding));
      BOOST_TEST(message.parts.size() == c.parts);
      BOOST_TEST(message.units == c.units);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_escape_pair_moves_whole_to_the_next_part) {
  const auto message = segment(times(152, "a") + "€" + times(20, "b"), kOff);
  BOOST_REQUIRE_EQUAL(message.parts.size(), 2u);
  BOOST_TEST(message.parts[0].text == times(152, "a"));
  BOOST_TEST(message.parts[1].text == "€" + times(20, "b"));
}

BOOST_AUTO_TEST_CASE(what_a_reader_sees_as_one_character_is_not_torn) {
  const std::string family{"👩‍👩‍👧‍👦"};  // 11 units
  const auto text = times(60, "ê") + family + times(10, "x");
  const auto message = segment(text, kOff);
  BOOST_REQUIRE_EQUAL(message.parts.size(), 2u);
  BOOST_TEST(message.parts[0].text == times(60, "ê"));
  const auto as_gateways_do = segment(text, {.replacement = Replacement::off, .keeps_graphemes = false});
  BOOST_TEST(as_gateways_do.parts[0].units >= 66u);
}

BOOST_AUTO_TEST_CASE(a_cluster_longer_than_a_part_is_cut_between_characters) {
  const auto message = segment("e" + times(200, "\u0301"), kOff);
  BOOST_TEST(message.parts.size() == 3u);
  for (const auto &part : message.parts) BOOST_TEST(part.units <= kUnitsPerPart);
}

BOOST_AUTO_TEST_CASE(any_text_is_its_parts_joined_each_within_its_limit) {
  BOOST_TEST(rc::check([] {
    const auto text = *any_message();
    for (const auto replacement : {Replacement::off, Replacement::typographic, Replacement::accents})
      for (const bool keeps : {true, false}) {
        const auto message = segment(text, {.replacement = replacement, .keeps_graphemes = keeps});
        const bool is_gsm7{message.encoding == Encoding::gsm7};
        std::string joined;
        std::size_t units{0};
        for (const auto &part : message.parts) {
          joined += part.text, units += part.units;
          const auto real = is_gsm7 ? to_septets(part.text).value().size() : to_ucs2(part.text).size() / 2;
          RC_ASSERT(part.units == real);
          RC_ASSERT(part.units <= (message.has_header() ? (is_gsm7 ? kSeptetsPerPart : kUnitsPerPart)
                                                        : (is_gsm7 ? kSeptetsMax : kUnitsMax)));
          RC_ASSERT(part.units > 0 || text.empty() || !message.has_header());
        }
        RC_ASSERT(joined == message.text);
        RC_ASSERT(units == message.units);
        RC_ASSERT(is_gsm7 == is_gsm(message.text));
        RC_ASSERT(message.is_replaced || message.text == text);
        RC_ASSERT(message.parts.size() <=
                  segment(text, {.replacement = Replacement::off, .keeps_graphemes = keeps}).parts.size());
      }
  }));
}

BOOST_AUTO_TEST_CASE(the_characters_that_cost_ucs2_are_named_once_each) {
  BOOST_TEST((segment("Ça a été réglé, même « hier » ?", kOff).forcing == U"ê«»"));
}

BOOST_AUTO_TEST_SUITE_END()
