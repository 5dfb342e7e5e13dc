// Replies as bytes: whole, in drips, over several lines, and what is no reply at all.
#include "plugins/protocol/smtp/reply.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::smtp {
namespace {
std::string fault_of(std::string_view bytes) {
  ReplyParser parser;
  parser.feed(bytes);
  while (parser.next()) {
  }
  return std::string{parser.fault()};
}
}  // namespace

BOOST_AUTO_TEST_SUITE(smtp_reply_test)

BOOST_AUTO_TEST_CASE(a_reply_is_read_however_it_is_cut) {
  const std::string bytes{
      "250-first\r\n250-2.1.5 second\r\n250 third\r\n550 5.1.1 <x@y>: no such user\r\n221\r\n"};
  for (std::size_t step{1}; step < bytes.size(); ++step) {
    ReplyParser parser;
    std::vector<Reply> replies;
    for (std::size_t at{0}; at < bytes.size(); at += step) {
      parser.feed(std::string_view{bytes}.substr(at, step));
      while (auto reply = parser.next()) replies.push_back(*reply);
    }
    BOOST_REQUIRE_EQUAL(replies.size(), 3u);
    BOOST_TEST(replies[0].code == 250);
    BOOST_TEST(replies[0].text == "first\nsecond\nthird");
    BOOST_TEST(replies[1].codes() == "550 5.1.1");
    BOOST_TEST(replies[1].text == "<x@y>: no such user");
    BOOST_TEST(replies[2].codes() == "221");
    BOOST_TEST(!parser.has_rest());
  }
}

BOOST_AUTO_TEST_CASE(an_enhanced_status_is_only_what_looks_like_one) {
  const auto status = [](std::string_view line) {
    ReplyParser parser;
    parser.feed(line);
    return parser.next()->codes();
  };
  BOOST_TEST(status("452 4.2.2 full\r\n") == "452 4.2.2");
  BOOST_TEST(status("550 5.7.512\r\n") == "550 5.7.512");
  BOOST_TEST(status("250 2.Ok\r\n") == "250");
  BOOST_TEST(status("250 127.0.0.1 hello\r\n") == "250");
  BOOST_TEST(status("550 5.1.1234 x\r\n") == "550");
  BOOST_TEST(status("550 3.1.1 x\r\n") == "550");
}

BOOST_AUTO_TEST_CASE(what_is_no_reply_is_a_fault) {
  BOOST_TEST(fault_of("hello\r\n") == "a reply without a code");
  BOOST_TEST(fault_of("25\r\n") == "a reply without a code");
  BOOST_TEST(fault_of("650 x\r\n") == "a reply without a code");
  BOOST_TEST(fault_of("250x\r\n") == "a reply without a code");
  BOOST_TEST(fault_of("\r\n") == "a reply without a code");
  BOOST_TEST(fault_of("250-a\r\n251 b\r\n") == "the lines of a reply disagree");
  BOOST_TEST(fault_of(std::string(5000, '2')) == "a reply line is too long");
  std::string endless;
  for (int line{0}; line < 200; ++line) endless += "250-more\r\n";
  BOOST_TEST(fault_of(endless) == "a reply with too many lines");
}

BOOST_AUTO_TEST_CASE(control_characters_do_not_reach_the_text) {
  ReplyParser parser;
  parser.feed("550 a\x1b[31mb\tc\r\n");
  BOOST_TEST(parser.next()->text == "a?[31mb?c");
}

BOOST_AUTO_TEST_CASE(queue_names_of_known_servers) {
  BOOST_TEST(queue_id("Ok: queued as 4Zx1y23abc") == "4Zx1y23abc");
  BOOST_TEST(queue_id("OK id=1tXyZ0-000abc-1D") == "1tXyZ0-000abc-1D");
  BOOST_TEST(queue_id("49L6nJtn012345 Message accepted for delivery") == "49L6nJtn012345");
  BOOST_TEST(queue_id("Queued mail for delivery") == "");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::smtp
