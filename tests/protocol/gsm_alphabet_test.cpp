// The alphabet, its two encodings on the wire, and part headers, held to the standard's own examples.
#include "plugins/protocol/gsm/gsm.hpp"

#include <boost/test/unit_test.hpp>

#include <rapidcheck.h>
#include <string>

using namespace relance::gsm;

namespace {

std::string hex(std::string_view octets) {
  std::string out;
  for (const char c : octets)
    out.append({"0123456789abcdef"[static_cast<unsigned char>(c) >> 4], "0123456789abcdef"[c & 15]});
  return out;
}

rc::Gen<std::u32string> any_gsm_text() {
  static const auto kAlphabet =
      from_utf8("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./09:;<=>?¡AZÄÖÑÜ§¿azäöñüà\f^{}\\[~]|€");
  return rc::gen::container<std::u32string>(rc::gen::elementOf(kAlphabet));
}
rc::Gen<std::u32string> any_text() {
  return rc::gen::container<std::u32string>(rc::gen::suchThat(
      rc::gen::inRange<char32_t>(0, 0x110000), [](char32_t c) { return c < 0xD800 || c > 0xDFFF; }));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gsm_alphabet_test)

BOOST_AUTO_TEST_CASE(each_character_of_the_alphabet_survives_its_septets) {
  unsigned one{0}, two{0};
  for (char32_t c{0}; c < 0x10000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    if (septets_of(c) == 0) continue;
    ++(septets_of(c) == 1 ? one : two);
    const auto text = to_utf8({&c, 1});
    BOOST_TEST(from_septets(to_septets(text).value()) == text);
  }
  BOOST_TEST(one == 127u);  // the escape is no character
  BOOST_TEST(two == 10u);
}

BOOST_AUTO_TEST_CASE(what_is_not_in_the_alphabet_has_no_septets) {
  for (const auto *text : {"ç", "ê", "’", "\t", "`", "\x1b", "😀", "Á"})
    BOOST_TEST(!to_septets(text).has_value());
}

BOOST_AUTO_TEST_CASE(an_unknown_extension_reads_as_its_character_of_the_default_alphabet) {
  BOOST_TEST(from_septets("\x1b\x41") == "A");
  BOOST_TEST(from_septets("x\x1b") == "x");
}

BOOST_AUTO_TEST_CASE(septets_pack_as_the_network_carries_them) {
  BOOST_TEST(hex(pack(*to_septets("hellohello"))) == "e8329bfd4697d9ec37");
  // Behind a header of six octets one bit brings the text to a septet's boundary.
  BOOST_TEST(fill_bits(6) == 1u);
  BOOST_TEST(hex(pack(*to_septets("AB"), 1)) == "8242");
  BOOST_TEST(pack("").empty());
}

BOOST_AUTO_TEST_CASE(any_text_survives_packing_and_both_encodings) {
  BOOST_TEST(rc::check("septets", [] {
    const auto text = to_utf8(*any_gsm_text());
    const auto fill = *rc::gen::inRange(0u, 7u);
    const auto septets = to_septets(text).value();
    RC_ASSERT(from_septets(septets) == text);
    RC_ASSERT(unpack(pack(septets, fill), septets.size(), fill) == septets);
  }));
  BOOST_TEST(rc::check("UCS-2", [] {
    const auto text = *any_text();
    RC_ASSERT(from_utf8(to_utf8(text)) == text);
    RC_ASSERT(from_ucs2(to_ucs2(to_utf8(text))) == to_utf8(text));
  }));
}

BOOST_AUTO_TEST_CASE(malformed_octets_become_the_replacement_character_and_nothing_is_read_beyond_them) {
  for (const auto *text :
       {"\xC3", "\x80", "\xE2\x82", "\xF0\x9F\x98", "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80"})
    for (const auto c : from_utf8(text)) BOOST_TEST((c == U'\uFFFD'));
  BOOST_TEST((from_utf8("\xC3(") == U"\uFFFD("));
  BOOST_TEST(from_ucs2(std::string_view{"\xD8\x00\x00\x41", 4}) ==
             "\xEF\xBF\xBD"
             "A");
  BOOST_TEST(rc::check("any octets", [](const std::string &octets) {
    RC_ASSERT(from_utf8(octets).size() <= octets.size());
    (void)from_ucs2(octets), (void)from_septets(octets), (void)read_concatenation(octets),
        (void)unpack(octets, 200, 3);
  }));
}

BOOST_AUTO_TEST_CASE(a_part_header_says_which_part_it_heads) {
  const auto header = concatenation_header(0xAB, 3, 2);
  BOOST_TEST(hex(header) == "050003ab0302");
  const auto said = read_concatenation(header).value();
  BOOST_TEST((said.reference == 0xAB && said.count == 3 && said.number == 2));
  // A reference of 16 bits, behind another element.
  const auto wide =
      read_concatenation(std::string_view{"\x0b\x05\x04\x0b\x84\x23\xf0\x08\x04\x01\x02\x03\x03", 13});
  BOOST_TEST(!wide.has_value());  // its length octet says one less than there is
  const auto whole =
      read_concatenation(std::string_view{"\x0c\x05\x04\x0b\x84\x23\xf0\x08\x04\x01\x02\x03\x03", 13})
          .value();
  BOOST_TEST((whole.reference == 0x0102 && whole.count == 3 && whole.number == 3));
  BOOST_TEST(
      !read_concatenation(std::string_view{"\x05\x00\x03\x01\x02\x03", 6}).has_value());  // part 3 of 2
}

BOOST_AUTO_TEST_SUITE_END()
