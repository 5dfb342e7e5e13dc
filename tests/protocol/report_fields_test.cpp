// Delivery reports with fields: RFC 3464, RFC 6533 for addresses in UTF-8, and the ways in which servers bend
// them.
#include "plugins/protocol/report/report.hpp"
#include "tests/protocol/report_mails.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace relance::report {
namespace {

const std::string kTwoRecipients =
    "Reporting-MTA: dns; relay.example\n"
    "Original-Envelope-Id: 01J8ZK3+2Ba\n"
    "\n"
    "Original-Recipient: rfc822;anna+2Binvoices@customer.example\n"
    "Final-Recipient: rfc822; anna@customer.example\n"
    "Action: failed\n"
    "Status: 5.0.0 (permanent failure)\n"
    "Remote-MTA: dns; mx.customer.example\n"
    "Diagnostic-Code: smtp; 550-5.1.1 nobody of this name\n"
    "    550 5.1.1 lives here, user unknown\n"
    "\n"
    "Final-Recipient: rfc822; bert@customer.example\n"
    "Action: delayed\n"
    "Status: 4.4.1\n";

Recipient only_recipient(const std::string &fields) {
  const auto report = parse_report(delivery_report("Reporting-MTA: dns; relay.example\n\n" + fields));
  BOOST_TEST_REQUIRE(name(report.kind) == "delivery");
  BOOST_TEST_REQUIRE(report.recipients.size() == 1u);
  return report.recipients[0];
}

}  // namespace

BOOST_AUTO_TEST_SUITE(report_fields_test)

BOOST_AUTO_TEST_CASE(each_recipient_of_a_delivery_report_has_its_own_verdict) {
  for (const auto &mail : {delivery_report(kTwoRecipients), with_cr(delivery_report(kTwoRecipients))}) {
    const auto report = parse_report(mail);
    BOOST_TEST_REQUIRE(name(report.kind) == "delivery");
    BOOST_TEST(report.reporting_mta == "relay.example");
    BOOST_TEST(report.envelope_id == "01J8ZK3+a");
    BOOST_TEST(report.original_message_id == "reminder-1@billing.example");
    BOOST_TEST(report.delivered_to == "bounces+01J8ZK3@billing.example");
    BOOST_TEST(report.verp_key == "01J8ZK3");
    BOOST_TEST_REQUIRE(report.recipients.size() == 2u);
    const auto &anna = report.recipients[0];
    BOOST_TEST(anna.address == "anna@customer.example");
    BOOST_TEST(anna.original_address == "anna+invoices@customer.example");
    BOOST_TEST(name(anna.action) == "failed");
    BOOST_TEST(anna.is_final);
    BOOST_TEST(anna.status == "5.1.1");
    BOOST_TEST(anna.is_status_reported);
    BOOST_TEST(anna.reply_code == 550);
    BOOST_TEST(name(anna.status_class) == "permanent");
    BOOST_TEST(name(anna.reason) == "user_unknown");
    BOOST_TEST(anna.is_address_dead());
    BOOST_TEST(anna.remote_mta == "mx.customer.example");
    BOOST_TEST(anna.diagnostic == "550-5.1.1 nobody of this name 550 5.1.1 lives here, user unknown");
    const auto &bert = report.recipients[1];
    BOOST_TEST(name(bert.action) == "delayed");
    BOOST_TEST(!bert.is_final);
    BOOST_TEST(name(bert.status_class) == "temporary");
    BOOST_TEST(!bert.is_address_dead());
  }
}

BOOST_AUTO_TEST_CASE(an_expired_deferral_is_over_although_its_class_is_temporary) {
  const auto recipient = only_recipient(
      "Final-Recipient: rfc822; anna@customer.example\nAction: failed\nStatus: 4.4.1\n"
      "Diagnostic-Code: X-Postfix; connect to mx.customer.example[192.0.2.7]:25: Connection timed out\n");
  BOOST_TEST(recipient.is_final);
  BOOST_TEST(name(recipient.status_class) == "temporary");
  BOOST_TEST(name(recipient.reason) == "network");
  BOOST_TEST(recipient.reply_code == 0);
  BOOST_TEST(!recipient.is_address_dead());
}

BOOST_AUTO_TEST_CASE(a_relay_that_cannot_report_further_is_not_a_delivery) {
  const auto relayed =
      only_recipient("Final-Recipient: rfc822; anna@customer.example\nAction: relayed\nStatus: 2.0.0\n");
  BOOST_TEST(name(relayed.action) == "relayed");
  BOOST_TEST(relayed.is_final);
  const auto delivered = only_recipient(
      "Final-Recipient: rfc822; anna@customer.example\nAction: delivered (to mailbox)\nStatus: 2.1.5\n"
      "Diagnostic-Code: smtp; 250 2.1.5 Ok\n");
  BOOST_TEST(name(delivered.action) == "delivered");
  BOOST_TEST(name(delivered.status_class) == "success");
  BOOST_TEST(delivered.reply_code == 250);
}

BOOST_AUTO_TEST_CASE(a_status_quoted_from_the_refusing_server_is_nearer_to_the_cause) {
  struct Case {
    const char *status, *diagnostic, *expected;
  };
  for (const auto &[status, diagnostic, expected] : {
           Case{"5.1.1", "smtp; 552 5.2.2 no room left", "5.2.2"},
           Case{"5.0.0", "smtp; 550 #5.1.0 go away", "5.1.0"},
           Case{"4.4.7", "smtp; 554 4.4.7 expired <421 4.4.2 line cut>", "4.4.2"},
           Case{"5.7.1", "smtp; 550 refused by 192.5.1.1 after 5.0.2 seconds", "5.7.1"},
           Case{"4.0.0", "smtp; 550 come back later", "4.0.0"},
           Case{"", "smtp; 550-5.7.26 unauthenticated", "5.7.26"},
       }) {
    const auto recipient = only_recipient(
        "Final-Recipient: rfc822; anna@customer.example\nAction: failed\nStatus: " + std::string(status) +
        "\nDiagnostic-Code: " + diagnostic + "\n");
    BOOST_TEST(recipient.status == expected, diagnostic << " gave " << recipient.status);
    BOOST_TEST(recipient.is_status_reported);
  }
}

BOOST_AUTO_TEST_CASE(addresses_are_read_out_of_whatever_stands_around_them) {
  struct Case {
    const char *field, *expected;
  };
  for (const auto &[field, expected] : {
           Case{"rfc822;anna@customer.example", "anna@customer.example"},
           Case{"RFC822; <anna@customer.example>", "anna@customer.example"},
           Case{"<anna@customer.example>", "anna@customer.example"},
           Case{"rfc822; anna@customer.example (her mailbox)", "anna@customer.example"},
           Case{"rfc822; @hub.example,@mx.example:anna@customer.example", "anna@customer.example"},
           Case{"rfc822; \"anna b\"@customer.example", "\"anna b\"@customer.example"},
           Case{"rfc822;|/usr/bin/filter anna@customer.example /var/tmp", "anna@customer.example"},
           Case{"utf-8; ann\xC3\xA4@customer.example", "ann\xC3\xA4@customer.example"},
           Case{"utf-8; ann\\x{e4}@customer.example", "ann\xC3\xA4@customer.example"},
       }) {
    const auto recipient =
        only_recipient("Final-Recipient: " + std::string(field) + "\nAction: failed\nStatus: 5.1.1\n");
    BOOST_TEST(recipient.address == expected, field << " gave " << recipient.address);
  }
}

BOOST_AUTO_TEST_CASE(a_report_for_utf8_addresses_is_read_like_any_other) {
  const auto report =
      parse_report(delivery_report("Reporting-MTA: dns; relay.example\n\nFinal-Recipient: utf-8; "
                                   "\xC3\xA4nna@customer.example\nAction: failed\nStatus: 5.1.1\n",
                                   "message/global-delivery-status"));
  BOOST_TEST_REQUIRE(report.recipients.size() == 1u);
  BOOST_TEST(report.recipients[0].address == "\xC3\xA4nna@customer.example");
}

BOOST_AUTO_TEST_CASE(lost_and_spurious_empty_lines_do_not_mix_recipients) {
  const std::string anna = "Final-Recipient: rfc822; anna@customer.example\nAction: failed\nStatus: 5.1.1\n";
  const std::string bert = "Final-Recipient: rfc822; bert@customer.example\nAction: failed\nStatus: 5.2.2\n";
  const std::string torn =
      "Final-Recipient: rfc822; carl@customer.example\n\nAction: failed\nStatus: 5.7.1\n";
  const auto report = parse_report(
      delivery_report("Reporting-MTA: dns; relay.example\n" + anna + bert + "\n\n" + torn + "\n" + anna));
  BOOST_TEST_REQUIRE(report.recipients.size() == 3u);
  BOOST_TEST(report.recipients[0].status == "5.1.1");
  BOOST_TEST(report.recipients[1].status == "5.2.2");
  BOOST_TEST(report.recipients[2].status == "5.7.1");
}

BOOST_AUTO_TEST_CASE(empty_lines_between_all_fields_tear_nothing_apart) {
  const auto report =
      parse_report(delivery_report("Reporting-MTA: dns; relay.example\n\nAction: failed\n\nFinal-Recipient: "
                                   "rfc822; anna@customer.example\n\n"
                                   "Status: 5.2.2\n\nDiagnostic-Code: smtp; 552 full\n\nFinal-Recipient: "
                                   "rfc822; bert@customer.example\n\nAction: failed\n\n"
                                   "Status: 5.1.1\n"));
  BOOST_TEST_REQUIRE(report.recipients.size() == 2u);
  BOOST_TEST(report.recipients[0].address == "anna@customer.example");
  BOOST_TEST(report.recipients[0].status == "5.2.2");
  BOOST_TEST(report.recipients[1].address == "bert@customer.example");
  BOOST_TEST(report.recipients[1].status == "5.1.1");
}

BOOST_AUTO_TEST_CASE(fields_within_plain_words_count_as_fields) {
  const auto report =
      parse_report(letter("From: postmaster@mx.example\nSubject: Delivery Status Notification (Failure)\n",
                          "Something went wrong.\n\nTechnical report:\n\nReporting-MTA: dsn; mx.example\n\n"
                          "Action: failed\nFinal-Recipient: rfc822; anna@customer.example\n"
                          "Diagnostic-Code: smtp; 550 5.2.1 closed\nStatus: 5.2.1\n"));
  BOOST_TEST_REQUIRE(report.recipients.size() == 1u);
  BOOST_TEST(report.recipients[0].address == "anna@customer.example");
  BOOST_TEST(report.recipients[0].status == "5.2.1");
}

BOOST_AUTO_TEST_CASE(a_report_wrapped_into_a_gateways_mail_is_the_report) {
  const auto report = parse_report(
      "From: gateway@mx.example\nTo: bounces@billing.example\nSubject: Notice\nMIME-Version: 1.0\n"
      "Content-Type: multipart/mixed; boundary=\"outer\"\n\n--outer\nContent-Type: text/plain\n\nsee "
      "below\n\n--outer\n"
      "Content-Type: message/rfc822\n\n" +
      delivery_report(kTwoRecipients) + "\n--outer--\n");
  BOOST_TEST(report.recipients.size() == 2u);
  BOOST_TEST(report.original_message_id == "reminder-1@billing.example");
}

BOOST_AUTO_TEST_CASE(a_report_without_an_action_says_by_its_status_what_happened) {
  BOOST_TEST(name(only_recipient("Final-Recipient: rfc822; a@customer.example\nStatus: 5.1.1\n").action) ==
             "failed");
  BOOST_TEST(name(only_recipient("Final-Recipient: rfc822; a@customer.example\nStatus: 2.0.0\n").action) ==
             "delivered");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::report
