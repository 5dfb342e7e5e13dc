// What is no bounce must not look like one: read receipts, complaints, machines that answer, people.
#include "plugins/protocol/report/report.hpp"
#include "tests/protocol/report_mails.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace relance::report {

BOOST_AUTO_TEST_SUITE(report_kind_test)

BOOST_AUTO_TEST_CASE(a_read_receipt_tells_which_message_was_read) {
  const auto report = parse_report(
      "From: anna@customer.example\nTo: billing@billing.example\nSubject: Read: Invoice 12\nMIME-Version: "
      "1.0\n"
      "Content-Type: multipart/report; report-type=disposition-notification; "
      "boundary=cut\n\n--cut\nContent-Type: text/plain\n\n"
      "Your message was read.\n\n--cut\nContent-Type: message/disposition-notification\n\n"
      "Reporting-UA: pc; Mailer 1\nOriginal-Recipient: rfc822;anna@customer.example\nFinal-Recipient: "
      "rfc822;anna@customer.example\n"
      "Original-Message-ID: <reminder-1@billing.example>\nDisposition: manual-action/MDN-sent-manually; "
      "displayed/error\n\n--cut--\n");
  BOOST_TEST(name(report.kind) == "disposition");
  BOOST_TEST(report.disposition == "displayed");
  BOOST_TEST(report.original_message_id == "reminder-1@billing.example");
  BOOST_TEST_REQUIRE(report.recipients.size() == 1u);
  BOOST_TEST(report.recipients[0].address == "anna@customer.example");
  BOOST_TEST(!report.recipients[0].is_address_dead());
}

BOOST_AUTO_TEST_CASE(a_complaint_names_who_complained) {
  const auto report = parse_report(
      "From: complaints@provider.example\nTo: abuse@billing.example\nSubject: FW: Invoice 12\nMIME-Version: "
      "1.0\n"
      "Content-Type: multipart/report; report-type=feedback-report; boundary=cut\n\n--cut\nContent-Type: "
      "text/plain\n\nhello\n\n--cut\n"
      "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: Agent/1\nVersion: 1\n"
      "Original-Rcpt-To: <anna@customer.example>\nOriginal-Rcpt-To: "
      "bert@customer.example\n\n--cut\nContent-Type: message/rfc822\n\n"
      "From: billing@billing.example\nMessage-ID: <reminder-1@billing.example>\n\ntext\n\n--cut--\n");
  BOOST_TEST(name(report.kind) == "feedback");
  BOOST_TEST(report.feedback_type == "abuse");
  BOOST_TEST(report.original_message_id == "reminder-1@billing.example");
  BOOST_TEST_REQUIRE(report.recipients.size() == 2u);
  BOOST_TEST(report.recipients[1].address == "bert@customer.example");
}

BOOST_AUTO_TEST_CASE(an_answer_of_a_machine_is_no_bounce) {
  const std::string away = "I am away. Ask bert@customer.example, he no longer works here though.\n";
  for (const char *header :
       {"From: anna@customer.example\nAuto-Submitted: auto-replied\nSubject: Re: Invoice 12\n",
        "From: anna@customer.example\nReturn-Path: <>\nPrecedence: auto_reply\nSubject: Re: Invoice 12\n",
        "From: anna@customer.example\nSubject: Out of office: Invoice 12\n",
        "From: anna@customer.example\nReturn-Path: <>\nSubject: Automatische Antwort: Rechnung 12\n"}) {
    const auto report = parse_report(letter(header, away));
    BOOST_TEST(name(report.kind) == "auto_reply", header);
    BOOST_TEST(report.recipients.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_challenge_of_a_spam_filter_is_no_bounce) {
  const auto report = parse_report(delivery_report(
      "Reporting-MTA: dns; filter.example\n\nFinal-Recipient: rfc822; anna@customer.example\nAction: failed\n"
      "Status: 4.7.0\nDiagnostic-Code: X-Filter; Sender not pre-approved, follow the link\n"));
  BOOST_TEST(name(report.kind) == "auto_reply");
  BOOST_TEST(report.recipients.empty());
}

BOOST_AUTO_TEST_CASE(a_person_who_writes_about_mail_is_no_bounce) {
  for (const auto &mail : {
           letter("From: anna@customer.example\nSubject: Re: Invoice 12\nIn-Reply-To: "
                  "<reminder-1@billing.example>\n",
                  "Hello, your first mail could not be delivered, my mailbox was full. Write to "
                  "bert@customer.example.\n"),
           letter("From: anna@customer.example\nSubject: Invoice 12\n",
                  "I will pay on Friday. Anna, anna@customer.example\n"),
           letter("From: anna@customer.example\nSubject: Question\n",
                  "The address on your invoice is wrong, we moved to anna2@customer.example. It was returned "
                  "to sender.\n"),
           letter("From: anna@customer.example\nSubject: Fwd: Invoice 12\n",
                  "See below.\n> From: billing@billing.example\n"),
       }) {
    const auto report = parse_report(mail);
    BOOST_TEST(name(report.kind) == "other");
    BOOST_TEST(report.recipients.empty());
  }
}

BOOST_AUTO_TEST_CASE(success_in_plain_words_is_success) {
  const auto delivered = parse_report(
      bounce("Your message was successfully delivered to\n\n<anna@customer.example>: 250 2.0.0 Ok\n"));
  BOOST_TEST_REQUIRE(delivered.recipients.size() == 1u);
  BOOST_TEST(name(delivered.recipients[0].action) == "delivered");
  BOOST_TEST(name(delivered.recipients[0].status_class) == "success");
  const auto relayed =
      parse_report(bounce("   ----- The following addresses had successful delivery notifications -----\n"
                          "<anna@customer.example>  (relayed to non-DSN-aware mailer)\n"));
  BOOST_TEST_REQUIRE(relayed.recipients.size() == 1u);
  BOOST_TEST(name(relayed.recipients[0].action) == "relayed");
  const auto failed = parse_report(bounce("<anna@customer.example> could not be successfully delivered\n"));
  BOOST_TEST_REQUIRE(failed.recipients.size() == 1u);
  BOOST_TEST(name(failed.recipients[0].action) == "failed");
}

BOOST_AUTO_TEST_CASE(what_is_no_mail_is_kept_as_unreadable_with_the_reason) {
  for (const char *bytes : {"", "\r\n\r\n  \n", "\n\n"}) {
    const auto report = parse_report(bytes);
    BOOST_TEST(name(report.kind) == "unreadable");
    BOOST_TEST(!report.unreadable_because.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_complaint_with_everything_blacked_out_still_carries_our_key) {
  const auto report = parse_report(
      "From: feedback@provider.example\nTo: fbl@billing.example\nSubject: complaint\nMIME-Version: 1.0\n"
      "Content-Type: multipart/report; report-type=feedback-report; boundary=cut\n\n--cut\nContent-Type: "
      "text/plain\n\nhello\n\n--cut\n"
      "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: Agent/1\nVersion: 1\n"
      "Original-Mail-From: <bounces+key1@billing.example>\nOriginal-Rcpt-To: "
      "<redacted>\n\n--cut\nContent-Type: "
      "text/rfc822-headers\n\nReturn-Path: <other@billing.example>\nFrom: redacted\nTo: "
      "redacted\nMessage-ID: "
      "<redacted>\nX-Relance-Key: 01KAMRZXEY0000000000000001\n\n--cut--\n");
  BOOST_TEST(name(report.kind) == "feedback");
  BOOST_TEST(report.original_key == "01KAMRZXEY0000000000000001");
  BOOST_TEST(report.original_sender == "bounces+key1@billing.example");
}

BOOST_AUTO_TEST_CASE(a_note_that_something_came_in_is_nobodys_answer) {
  for (const char *header :
       {"From: support@customer.example\nAuto-Submitted: auto-generated\nSubject: [#4711] Invoice 12\n",
        "From: no-reply@customer.example\nSubject: Re: Invoice 12\n",
        "From: info@customer.example\nPrecedence: bulk\nSubject: Re: Invoice 12\n",
        "From: info@customer.example\nReturn-Path: <>\nSubject: Re: Invoice 12\n",
        "From: info@customer.example\nSubject: Eingangsbestätigung: Rechnung 12\n",
        "From: info@customer.example\nSubject: Accusé de réception de votre message\n"}) {
    BOOST_TEST(name(parse_report(letter(header, "Thank you for your message.\n")).kind) == "auto_reply",
               header);
  }
  for (const char *header : {"From: anna@customer.example\nAuto-Submitted: no\nSubject: Re: Invoice 12\n",
                             // A shared mailbox that is a list: a person wrote it.
                             "From: anna@customer.example\nPrecedence: list\nList-ID: "
                             "<accounts.customer.example>\nSubject: Re: Invoice 12\n"}) {
    BOOST_TEST(name(parse_report(letter(header, "We paid yesterday.\n")).kind) == "other", header);
  }
}

BOOST_AUTO_TEST_CASE(an_answer_names_the_messages_that_it_answers) {
  const auto report = parse_report(letter(
      "From: anna@customer.example\nTo: Billing <billing@billing.example>, replies+k@billing.example\n"
      "In-Reply-To: <b@x>\nReferences: <a@x> <reminder-1@billing.example>\n <b@x>\nSubject: Re: Invoice 12\n",
      "We paid.\n"));
  const std::vector<std::string> ids{"b@x", "a@x", "reminder-1@billing.example", "b@x"};
  BOOST_TEST(report.answered_ids == ids, boost::test_tools::per_element());
  const std::vector<std::string> addresses{"billing@billing.example", "replies+k@billing.example"};
  BOOST_TEST(report.arrival_addresses == addresses, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::report
