// Delivery reports with fields (RFC 3464, RFC 6533), read receipts (RFC 8098), complaints (RFC 5965).
#include "plugins/protocol/report/report.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace relance::report {
namespace {

std::string with_cr(std::string text) {
  for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 2))
    text.insert(at, 1, '\r');
  return text;
}

std::string delivery_report(const std::string &fields) {
  return "Return-Path: <>\n"
         "Delivered-To: bounces+01J8ZK3@billing.example\n"
         "From: Mail Delivery System <MAILER-DAEMON@relay.example>\n"
         "To: bounces+01J8ZK3@billing.example\n"
         "Subject: Undelivered Mail Returned to Sender\n"
         "MIME-Version: 1.0\n"
         "Content-Type: multipart/report; report-type=delivery-status; boundary=\"cut\"\n"
         "\n"
         "--cut\n"
         "Content-Type: text/plain\n"
         "\n"
         "One of your messages did not arrive.\n"
         "\n"
         "--cut\n"
         "Content-Type: message/delivery-status\n"
         "\n" +
         fields +
         "\n"
         "--cut\n"
         "Content-Type: text/rfc822-headers\n"
         "\n"
         "From: Dunning <billing@billing.example>\n"
         "To: Anna <anna@customer.example>\n"
         "Message-ID: <reminder-1@billing.example>\n"
         "\n"
         "--cut--\n";
}

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
    "    550 5.1.1 lives here\n"
    "\n"
    "Final-Recipient: rfc822; bert@customer.example\n"
    "Action: delayed\n"
    "Status: 4.4.1\n";

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
    const auto &bert = report.recipients[1];
    BOOST_TEST(name(bert.action) == "delayed");
    BOOST_TEST(!bert.is_final);
    BOOST_TEST(name(bert.status_class) == "temporary");
    BOOST_TEST(!bert.is_address_dead());
  }
}

BOOST_AUTO_TEST_CASE(an_expired_deferral_is_over_although_its_class_is_temporary) {
  const auto report = parse_report(delivery_report(
      "Reporting-MTA: dns; relay.example\n\nFinal-Recipient: rfc822; anna@customer.example\nAction: failed\n"
      "Status: 4.4.1\nDiagnostic-Code: X-Postfix; connect to mx.customer.example[192.0.2.7]:25: Connection "
      "timed out\n"));
  BOOST_TEST_REQUIRE(report.recipients.size() == 1u);
  BOOST_TEST(report.recipients[0].is_final);
  BOOST_TEST(name(report.recipients[0].status_class) == "temporary");
  BOOST_TEST(name(report.recipients[0].reason) == "network");
  BOOST_TEST(!report.recipients[0].is_address_dead());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::report
