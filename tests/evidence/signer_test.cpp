// The creditor's signature: made by us, checked by us and by another program.
#include "tests/evidence/pki.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::evidence {
using test::Pki;

namespace {

std::string refusal(const SigningKey &key, Instant now = WallClock{}.now()) {
  const auto opened = Signer::open(key, now);
  BOOST_TEST_REQUIRE(!opened);
  return opened.error().message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(signer_test)

BOOST_AUTO_TEST_CASE(another_program_agrees_with_the_signature) {
  const Pki world;
  world.write("manifest", "the manifest\r\nwith any bytes \n");
  const auto der = world.signer().sign(world.read("manifest")).value();
  world.write("signature.p7s", der);
  world.run(
      "openssl cms -verify -cades -binary -inform DER -in signature.p7s -content manifest -CAfile ca.pem "
      "-purpose any"
      " -out /dev/null");
  BOOST_TEST(is_distinguished(der));
  world.write("manifest", "the manifest\nwith any bytes \n");
  BOOST_TEST(
      world.fails("openssl cms -verify -cades -binary -inform DER -in signature.p7s -content manifest"
                  " -CAfile ca.pem -purpose any -out /dev/null"));
  BOOST_TEST(!SignedMessage::read(der, world.read("manifest")));
}

BOOST_AUTO_TEST_CASE(keys_come_as_pem_with_a_chain_or_as_pkcs12) {
  const Pki world;
  world.run("cat creditor.pem ca.pem > chain.pem");
  world.run(
      "openssl pkcs12 -export -in creditor.pem -inkey creditor.key -certfile ca.pem -out c.p12 -passout "
      "pass:secret");
  const auto now = WallClock{}.now();
  const auto pem = Signer::open({world.read("chain.pem"), world.read("creditor.key"), {}, {}}, now);
  const auto bag = Signer::open({{}, {}, world.read("c.p12"), "secret"}, now);
  BOOST_TEST_REQUIRE(pem.has_value());
  BOOST_TEST_REQUIRE(bag.has_value());
  BOOST_TEST(pem->name() == "CN=creditor");
  BOOST_TEST((pem->certificates() == bag->certificates()));
  BOOST_TEST(pem->certificates().size() == 2u);
  const auto message = SignedMessage::read(bag->sign("x").value(), "x").value();
  BOOST_TEST(message.certificates().size() == 2u);
  BOOST_TEST(message.token() == "");
}

BOOST_AUTO_TEST_CASE(a_key_that_cannot_sign_is_refused_with_what_is_wrong_with_it) {
  Pki world;
  world.issue("old", "signer", "20200101000000Z", "20210101000000Z");
  world.issue("future", "signer", "20980101000000Z", "20990101000000Z");
  world.issue("cipher", "other");
  const auto of = [&](const std::string &name) {
    return SigningKey{world.read(name + ".pem"), world.read(name + ".key"), {}, {}};
  };
  BOOST_TEST(refusal(of("old")).find("expired") != std::string::npos);
  BOOST_TEST(refusal(of("future")).find("not valid yet") != std::string::npos);
  BOOST_TEST(refusal(of("cipher")).find("not for signing") != std::string::npos);
  BOOST_TEST(
      refusal({world.read("creditor.pem"), world.read("tsa.key"), {}, {}}).find("not the certificate's") !=
      std::string::npos);
  BOOST_TEST(refusal({"", world.read("tsa.key"), {}, {}}).find("no certificate") != std::string::npos);
  BOOST_TEST(refusal({world.read("creditor.pem"), "", {}, {}}).find("no key") != std::string::npos);
  world.run("openssl pkcs12 -export -in creditor.pem -inkey creditor.key -out c.p12 -passout pass:secret");
  BOOST_TEST(refusal({{}, {}, world.read("c.p12"), "wrong"}).find("password") != std::string::npos);
  world.run("openssl pkey -in creditor.key -aes256 -passout pass:x -out locked.key");
  BOOST_TEST(refusal({world.read("creditor.pem"), world.read("locked.key"), {}, {}}).find("no key") !=
             std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::evidence
