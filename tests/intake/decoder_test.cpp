#include "host/intake/decoder.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::intake {
namespace {

struct Decoded {
  std::string text;
  std::vector<BadBytes> bad;
};

Decoded decode(Encoding encoding, std::string_view bytes, std::size_t piece = 1) {
  Decoder decoder(encoding);
  Decoded result;
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    decoder.decode(bytes.substr(at, piece), false, result.text, result.bad);
  decoder.decode({}, true, result.text, result.bad);
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(decoder_test)

BOOST_AUTO_TEST_CASE(each_encoding_reads_the_euro_and_the_accent_of_its_own_bytes) {
  struct Case {
    Encoding encoding;
    std::string bytes, text;
  };
  const std::vector<Case> cases{
      {Encoding::utf8, "\xC3\xA9t\xC3\xA9 5 \xE2\x82\xAC \xF0\x9F\x99\x82", "été 5 € 🙂"},
      {Encoding::windows_1252, "\xE9t\xE9 5 \x80 \x8C", "été 5 € Œ"},
      {Encoding::iso_8859_1, "\xE9t\xE9 5 \xA4", "été 5 ¤"},
      {Encoding::iso_8859_15, "\xE9t\xE9 5 \xA4 \xBC", "été 5 € Œ"},
      {Encoding::utf16le, std::string("\xE9\0t\0\xAC\x20\x3D\xD8\x42\xDE", 10), "ét€🙂"},
      {Encoding::utf16be, std::string("\0\xE9\0t\x20\xAC\xD8\x3D\xDE\x42", 10), "ét€🙂"},
  };
  for (const Case &one : cases)
    for (const std::size_t piece : {1, 2, 3, 64}) {
      const Decoded decoded = decode(one.encoding, one.bytes, piece);
      BOOST_TEST_CONTEXT(name_of(one.encoding) << " in pieces of " << piece) {
        BOOST_TEST(decoded.text == one.text);
        BOOST_TEST(decoded.bad.empty());
      }
    }
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_wins_over_what_the_mapping_says) {
  BOOST_TEST(decode(Encoding::windows_1252, "\xEF\xBB\xBF\xC3\xA9").text == "é");
  BOOST_TEST(decode(Encoding::utf8, std::string("\xFF\xFE\xE9\0", 4)).text == "é");
  BOOST_TEST(decode(Encoding::utf16le, std::string("\xFE\xFF\0\xE9", 4)).text == "é");
  BOOST_TEST(decode(Encoding::utf8, "\xEF\xBB\xBF").text.empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_character_is_replaced_and_remembered_with_its_place) {
  struct Case {
    Encoding encoding;
    std::string bytes, text;
    std::uint64_t offset;
    std::uint32_t count;
    std::string hex;
  };
  const std::string r = "\xEF\xBF\xBD";
  const std::vector<Case> cases{
      {Encoding::utf8, "ab\xE9 c", "ab" + r + " c", 2, 1, "0xE9"},
      {Encoding::utf8, "ab\xE2\x82 c", "ab" + r + " c", 2, 2, "0xE2 0x82"},
      {Encoding::utf8, "abc\xE2\x82", "abc" + r, 3, 2, "0xE2 0x82"},
      {Encoding::utf8, "a\xC0\xAF", "a" + r + r, 1, 2, "0xC0 0xAF"},               // overlong
      {Encoding::utf8, "a\xED\xA0\x80", "a" + r + r + r, 1, 3, "0xED 0xA0 0x80"},  // a surrogate
      {Encoding::utf8, "\xE9\xE9\xE9\xE9\xE9\xE9", r + r + r + r + r + r, 0, 6, "0xE9 0xE9 0xE9 0xE9 …"},
      {Encoding::windows_1252, "ab\x81", "ab" + r, 2, 1, "0x81"},
      {Encoding::iso_8859_1, "a\x80", "a" + r, 1, 1, "0x80"},
      {Encoding::utf16le,
       std::string("a\0\x00\xDC"
                   "b\0",
                   6),
       "a" + r + "b", 1, 2, "0x00 0xDC"},
      {Encoding::utf16le, std::string("a\0b\0c", 5), "ab" + r, 2, 1, "0x63"},
  };
  for (const Case &one : cases)
    for (const std::size_t piece : {1, 3, 64}) {
      const Decoded decoded = decode(one.encoding, one.bytes, piece);
      BOOST_TEST_CONTEXT(one.hex << " in pieces of " << piece) {
        BOOST_TEST(decoded.text == one.text);
        BOOST_TEST_REQUIRE(!decoded.bad.empty());
        BOOST_TEST(decoded.bad.size() == 1U);
        BOOST_TEST(decoded.bad[0].offset == one.offset);
        BOOST_TEST(decoded.bad[0].count == one.count);
        BOOST_TEST(decoded.bad[0].hex() == one.hex);
      }
    }
}

BOOST_AUTO_TEST_CASE(utf_16_without_a_mark_read_as_bytes_is_noticed) {
  Decoder decoder(Encoding::utf8);
  std::string text;
  std::vector<BadBytes> bad;
  decoder.decode(std::string_view("i\0n\0v\0", 6), false, text, bad);
  BOOST_TEST(decoder.looks_like_utf16());
}

BOOST_AUTO_TEST_CASE(encodings_have_the_names_that_people_write) {
  for (const char *name :
       {"UTF-8", "utf8", "Windows-1252", "CP1252", "ISO-8859-1", "latin1", "iso8859-15", "UTF-16LE"})
    BOOST_TEST(encoding_named(name).has_value(), name);
  BOOST_TEST(encoding_named("ebcdic").error().message.find("windows-1252") != std::string::npos);
  BOOST_TEST(encoding_named("").has_error());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::intake
