// The cursor's text, sets of UIDs, and the lines that servers answer with.
#include "plugins/protocol/imap/cursor.hpp"
#include "plugins/protocol/imap/mailbox.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::imap {
BOOST_AUTO_TEST_SUITE(imap_cursor_test)

BOOST_AUTO_TEST_CASE(a_cursor_survives_its_text_and_nothing_else_is_one) {
  const Cursor cursor{1'700'000'000, 4'294'967'295};
  BOOST_TEST((parse_cursor(cursor.text()) == cursor));
  for (const auto *bad : {"", ":", "1", "1:", ":1", "1:2x", "1:4294967296", "-1:2", "1:2:3", " 1:2"}) {
    BOOST_TEST((parse_cursor(bad) == Cursor{}), bad);
  }
}

BOOST_AUTO_TEST_CASE(uid_sets_are_short) {
  BOOST_TEST(uid_set({}) == "");
  BOOST_TEST(uid_set({7}) == "7");
  BOOST_TEST(uid_set({5, 3, 4, 1, 9, 9}) == "1,3:5,9");
}

BOOST_AUTO_TEST_CASE(listings_are_read_whatever_their_order_and_case) {
  const auto listed = read_listing(
      "* 2 FETCH (UID 9 RFC822.SIZE 300)\r\n* 1 FETCH (RFC822.SIZE 20 UID 4)\r\n* 3 EXISTS\r\n* 4 FETCH "
      "(FLAGS (\\Seen) UID 5)\r\n"
      "* OK nothing\r\n* 5 FETCH (uid 12 rfc822.size 18446744073709551615)\r\n");
  BOOST_REQUIRE_EQUAL(listed.size(), 3u);
  BOOST_TEST(listed[0].uid == 4u);
  BOOST_TEST(listed[0].size == 20u);
  BOOST_TEST(listed[1].uid == 9u);
  BOOST_TEST(listed[2].uid == 12u);
  BOOST_TEST(listed[0].arrived_ms == 0);
  const std::vector<std::uint32_t> found{4, 7, 4'294'967'295};
  BOOST_TEST(read_search("* 3 EXISTS\r\n* SEARCH 7 4294967295\r\n* search 4 7\r\n* SEARCH\r\n") == found);
  for (const auto *none :
       {"", "* SEARCH", "* SEARCHED 7", "SEARCH 7", "* SEARCH x", "* SEARCH 4294967296", "* SEARCH 0"})
    BOOST_TEST(read_search(none).empty(), none);
  const std::string status{"* STATUS \"INBOX\" (UIDVALIDITY 12 UIDNEXT 5)\r\n"};
  BOOST_TEST(read_number(status, "UIDVALIDITY") == 12u);
  BOOST_TEST(read_number(status, "UIDNEXT") == 5u);
  BOOST_TEST(read_number(status, "UID") == 0u);
  BOOST_TEST(read_number("x STATUS (UIDNEXT 5)", "UIDNEXT") == 0u);
  BOOST_TEST(read_number("* 2 EXISTS\r\n* OK [UIDVALIDITY 77] UIDs valid\r\n", "UIDVALIDITY") == 77u);
}

BOOST_AUTO_TEST_CASE(the_server_says_when_a_mail_came) {
  const auto arrived = [](const std::string &date) {
    const auto listed = read_listing("* 1 FETCH (UID 7 INTERNALDATE \"" + date + "\" RFC822.SIZE 300)\r\n");
    BOOST_REQUIRE_EQUAL(listed.size(), 1u);
    return listed[0].arrived_ms;
  };
  BOOST_TEST(arrived("22-Nov-2026 10:15:32 +0100") == 1'795'338'932'000);
  BOOST_TEST(arrived("22-nov-2026 05:45:32 -0330") == 1'795'338'932'000);
  BOOST_TEST(arrived(" 1-Mar-2028 03:29:59 +0000") == 1'835'494'199'000);
  for (const auto *bad :
       {"", "22-Nov-2026", "31-Feb-2026 10:15:32 +0100", "22-Xxx-2026 10:15:32 +0100",
        "22-ANO-2026 10:15:32 +0100", "22-Nov-2026 25:15:32 +0100", "22-Nov-2026 10:15:32 *0100",
        "-2-Nov-2026 10:15:32 +0100", "22-Nov-2026 10:15:32 +010x", "22 Nov 2026 10:15:32 +0100"})
    BOOST_TEST(arrived(bad) == 0, bad);
}

BOOST_AUTO_TEST_CASE(options_that_could_carry_a_command_are_refused) {
  Options options;
  options.url = "imaps://mail.example:993";
  BOOST_TEST(options_fault(options) == "");
  for (const auto *bad : {"https://mail.example", "imaps://", "imaps://a/INBOX", "imaps://u:p@a",
                          "imaps://a;AUTH=*", "imaps://a\r\nx"}) {
    auto other = options;
    other.url = bad;
    BOOST_TEST(options_fault(other) != "", bad);
  }
  for (const auto *bad : {"", "a\r\nb", "a\"b", "a\\b", "*", "%", "b\xc3\xa9"}) {
    auto other = options;
    other.folder = bad;
    BOOST_TEST(options_fault(other) != "", bad);
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::imap
