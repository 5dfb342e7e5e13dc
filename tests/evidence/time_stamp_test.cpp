// Whose time is believed: replies of a real authority (openssl ts), right and wrong in each way.
#include "tests/evidence/pki.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::evidence {
using test::Pki;

namespace {

const Sha256 kImprint{sha256("the signature")};

struct Asked : Pki {
  StampRequest request{make_stamp_request(kImprint).value()};
  [[nodiscard]] std::string refused(const std::string &reply, const Trust &whom) const {
    const auto token = token_of_reply(reply, request, whom, WallClock{}.now());
    BOOST_TEST_REQUIRE(!token);
    BOOST_TEST((token.error().kind == ErrorKind::unavailable));
    return token.error().message;
  }
  [[nodiscard]] std::string refused(const std::string &reply) const { return refused(reply, trust()); }
};

bool says(const std::string &text, std::string_view words) {
  BOOST_TEST(text.find(words) != std::string::npos, text);
  return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(time_stamp_test)

BOOST_AUTO_TEST_CASE(a_token_over_the_bytes_by_a_trusted_authority_is_taken_and_another_program_agrees) {
  Asked world;
  const auto before = WallClock{}.now();
  const auto token = token_of_reply(world.reply_to(world.request.der), world.request, world.trust(), before);
  BOOST_TEST_REQUIRE(token.has_value(), (token ? "" : token.error().message));
  const auto stamp = read_token(*token, kImprint);
  BOOST_TEST_REQUIRE(stamp.has_value());
  BOOST_TEST(stamp->authority == "CN=tsa");
  BOOST_TEST((std::chrono::abs(stamp->at - before) < Milliseconds{30'000}));
  world.write("token.tst", *token);
  world.write("data", "the signature");
  world.run("openssl ts -verify -token_in -in token.tst -data data -CAfile ca.pem");
}

BOOST_AUTO_TEST_CASE(a_reply_to_another_request_is_refused) {
  const Asked world;
  const auto other = make_stamp_request(kImprint).value();
  says(world.refused(world.reply_to(other.der)), "nonce");
  const auto elsewhere = make_stamp_request(sha256("other bytes")).value();
  says(world.refused(world.reply_to(elsewhere.der)), "other bytes");
  BOOST_TEST(!read_token(world.stamp(sha256("other bytes")).value(), kImprint));
}

BOOST_AUTO_TEST_CASE(an_authority_that_is_not_trusted_has_expired_or_was_revoked_is_refused) {
  Asked world;
  const Pki stranger;
  says(world.refused(stranger.reply_to(world.request.der)), "not believed");
  world.issue("old", "tsa", "20200101000000Z", "20210101000000Z");
  says(world.refused(world.reply_to(world.request.der, "old")), "expired");
  world.list_revoked();
  Trust listed{world.read("ca.pem"), world.read("crl.pem")};
  BOOST_TEST(token_of_reply(world.reply_to(world.request.der), world.request, listed, WallClock{}.now())
                 .has_value());
  world.revoke("tsa");
  world.list_revoked();
  listed.revoked = world.read("crl.pem");
  says(world.refused(world.reply_to(world.request.der), listed), "revoked");
}

BOOST_AUTO_TEST_CASE(who_may_sign_letters_may_not_tell_the_time) {
  const Pki world;
  const auto signature = world.signer().sign("manifest").value();
  const auto message = SignedMessage::read(signature, "manifest").value();
  BOOST_TEST(message.check_signer(SignerRole::creditor, world.trust(), WallClock{}.now()).has_value());
  BOOST_TEST(!message.check_signer(SignerRole::time_stamper, world.trust(), WallClock{}.now()));
  BOOST_TEST(!read_token(signature, kImprint));
}

BOOST_AUTO_TEST_CASE(an_authority_whose_clock_is_elsewhere_is_refused) {
  Asked world;
  const auto reply = world.reply_to(world.request.der);
  const auto token =
      token_of_reply(reply, world.request, world.trust(), WallClock{}.now() + std::chrono::hours{2});
  BOOST_TEST_REQUIRE(!token);
  says(token.error().message, "clock");
}

BOOST_AUTO_TEST_CASE(an_authority_that_refuses_says_why_and_nonsense_is_no_reply) {
  const Asked world;
  auto mangled = world.request.der;
  mangled[mangled.find("\x60\x86\x48\x01\x65\x03\x04\x02\x01") + 8] = '\x7f';  // a hash that nobody knows
  says(world.refused(world.reply_to(mangled)), "refused");
  for (const char *reply : {"", "<html>busy</html>", "0"}) says(world.refused(reply), "no time-stamp reply");
  const auto whole = world.reply_to(world.request.der);
  says(world.refused(whole + "x"), "no time-stamp reply");
  for (std::size_t size{1}; size < whole.size(); size += 37)
    BOOST_TEST(!token_of_reply(whole.substr(0, size), world.request, world.trust(), WallClock{}.now()));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::evidence
