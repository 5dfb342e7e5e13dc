// What is checked before the first byte, and what the commands look like.
#include "plugins/protocol/smtp/envelope.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::smtp {
BOOST_AUTO_TEST_SUITE(smtp_envelope_test)

BOOST_AUTO_TEST_CASE(no_address_carries_a_command) {
  using namespace std::string_literals;
  for (const auto &bad : {"a@b\r\nRCPT TO:<x@y>"s, "a@b\n"s, "a\0@b"s, "a b@c"s, "<a@b>"s, "a@b>"s, "a,b@c"s,
                          "a"s, "@b"s, "a@"s, "\"a@b"s, "é@b"s,
                          // An escaped quote ends nothing, one behind an escaped backslash does.
                          R"("a\"b"> NOTIFY=NEVER <c"@d)"s, R"("a\\"> NOTIFY=NEVER <b"@c)"s, R"(a\@b)"s,
                          std::string(300, 'a') + "@b"}) {
    BOOST_TEST(!envelope_fault({"", {bad}, "", false}).empty(), bad);
    if (!bad.empty()) BOOST_TEST(!envelope_fault({bad, {"ok@example.com"}, "", false}).empty(), bad);
  }
  BOOST_TEST(envelope_fault({"", {"\"a b\"@example.com"}, "", false}) == "");
  BOOST_TEST(envelope_fault({"", {R"("a\"> b\\"@example.com)"}, "", false}) == "");
  BOOST_TEST(envelope_fault({"", {"é@example.com"}, "", true}) == "");
  BOOST_TEST(envelope_fault({"", {}, "", false}) == "no recipient");
  BOOST_TEST(!envelope_fault({"", {"a@b"}, "key\r\n", false}).empty());
  BOOST_TEST(!envelope_fault({"", {"a@b"}, std::string(101, 'k'), false}).empty());
}

BOOST_AUTO_TEST_CASE(content_that_two_servers_could_read_differently_is_refused) {
  using namespace std::string_view_literals;
  BOOST_TEST(check_content("a\r\n.\nb\r\n").fault == "a bare LF at byte 4");
  BOOST_TEST(check_content("a\n.\r\nb\r\n").fault == "a bare LF at byte 1");
  BOOST_TEST(check_content("a\r.\r\nb").fault == "a bare CR at byte 1");
  BOOST_TEST(check_content("a\r\r\n").fault == "a bare CR at byte 1");
  BOOST_TEST(check_content("abc\r").fault == "a bare CR at byte 3");
  BOOST_TEST(check_content("a\0b"sv).fault == "NUL at byte 1");
  BOOST_TEST(check_content(std::string(999, 'x')).fault == "a line of more than 998 bytes at byte 0");
  BOOST_TEST(check_content(std::string(998, 'x') + "\r\n").fault == "");
  BOOST_TEST(check_content("").fault == "no content at byte 0");
  BOOST_TEST(check_content("a\r\n.b\r\n").has_leading_dot);
  BOOST_TEST(!check_content("a.\r\nb\r\n").has_leading_dot);
  BOOST_TEST(check_content("\xc3\xa9\r\n").has_eight_bit);
}

BOOST_AUTO_TEST_CASE(parameters_follow_what_the_server_offers) {
  const auto server =
      read_capabilities("mail.example\nsize 1000\nPIPELINING\n8bitmime\nDSN\nAUTH=LOGIN\nAUTH PLAIN XOAUTH2");
  BOOST_TEST(server.pipelining);
  BOOST_TEST(server.max_size == 1000u);
  BOOST_TEST(server.auth_plain);
  BOOST_TEST(server.auth_login);
  BOOST_TEST(server.auth_xoauth2);
  BOOST_TEST(!server.smtputf8);
  const Submission submission{1, {"from@x", {"to+1@y"}, "key=1", false}, "12345"};
  std::string out;
  append_mail(out, submission, server, true, true);
  append_recipient(out, submission.envelope, 0, server, true);
  BOOST_TEST(out ==
             "MAIL FROM:<from@x> SIZE=5 BODY=8BITMIME RET=HDRS ENVID=key+3D1\r\n"
             "RCPT TO:<to+1@y> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;to+2B1@y\r\n");
  out.clear();
  append_mail(out, submission, {}, false, true);
  append_recipient(out, submission.envelope, 0, server, false);
  BOOST_TEST(out == "MAIL FROM:<from@x>\r\nRCPT TO:<to+1@y>\r\n");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::smtp
