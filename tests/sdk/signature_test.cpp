// The published vectors: FIPS 180-4's examples, RFC 4231 for HMAC, RFC 4648 for base64.
#include <boost/test/unit_test.hpp>
#include <relance/signature.hpp>

using namespace relance::sdk;

BOOST_AUTO_TEST_SUITE(signature_test)

BOOST_AUTO_TEST_CASE(sha256_agrees_with_the_standard) {
  const auto hex = [](std::string_view text) { return to_hex(Sha256{}.add(text).digest()); };
  BOOST_TEST(hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  BOOST_TEST(hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
             "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  BOOST_TEST(hex(std::string(1'000'000, 'a')) ==
             "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

BOOST_AUTO_TEST_CASE(hmac_agrees_with_rfc_4231) {
  BOOST_TEST(to_hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")) ==
             "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  BOOST_TEST(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
             "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  BOOST_TEST(to_hex(hmac_sha256(std::string(131, '\xaa'),
                                "Test Using Larger Than Block-Size Key - Hash Key First")) ==
             "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

BOOST_AUTO_TEST_CASE(base64_agrees_with_rfc_4648) {
  BOOST_TEST(to_base64("") == "");
  BOOST_TEST(to_base64("f") == "Zg==");
  BOOST_TEST(to_base64("fo") == "Zm8=");
  BOOST_TEST(to_base64("foobar") == "Zm9vYmFy");
}

BOOST_AUTO_TEST_CASE(secrets_are_compared_whole) {
  BOOST_TEST(is_same_secret("abc", "abc"));
  BOOST_TEST(!is_same_secret("abc", "abd"));
  BOOST_TEST(!is_same_secret("abc", "ab"));
  BOOST_TEST(!is_same_secret("", "a"));
  BOOST_TEST(is_same_secret("", ""));
}

BOOST_AUTO_TEST_SUITE_END()
