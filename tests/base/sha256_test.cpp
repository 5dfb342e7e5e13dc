#include "host/base/sha256.hpp"

#include <boost/test/unit_test.hpp>

namespace relance {
BOOST_AUTO_TEST_SUITE(sha256_test)

BOOST_AUTO_TEST_CASE(the_published_vectors_hold) {  // FIPS 180-2, appendix B
  BOOST_TEST(to_hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

BOOST_AUTO_TEST_CASE(parts_hash_as_their_concatenation) {
  const std::string_view parts[]{"a", "", "bc"};
  BOOST_TEST(to_hex(sha256(parts)) == to_hex(sha256("abc")));
}

BOOST_AUTO_TEST_CASE(hexadecimal_text_is_read_back_and_anything_else_is_not) {
  const auto hash = sha256("abc");
  BOOST_TEST((sha256_from_hex(to_hex(hash)) == hash));
  BOOST_TEST(!sha256_from_hex(""));
  BOOST_TEST(!sha256_from_hex(to_hex(hash).substr(1)));
  BOOST_TEST(!sha256_from_hex(std::string(63, '0') + 'g'));
  BOOST_TEST(!sha256_from_hex(std::string(62, '0') + "-1"));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance
