// Mails come from anybody: cut ones, endless ones, nested ones, noise. Reading ends, bounded, without a throw
// or a crash.
#include "plugins/protocol/report/report.hpp"
#include "tests/protocol/report_mails.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <rapidcheck.h>
#include <string>

namespace relance::report {
namespace {

const std::string kFields =
    "Reporting-MTA: dns; relay.example\n\nFinal-Recipient: rfc822; anna@customer.example\nAction: "
    "failed\nStatus: 5.1.1\n"
    "Diagnostic-Code: smtp; 550 5.1.1 user unknown\n";

bool is_consistent(const Report &report) {
  if (report.recipients.size() > kRecipientsMax) return false;
  if ((report.kind == Kind::unreadable) == report.unreadable_because.empty()) return false;
  for (const auto &recipient : report.recipients) {
    if (recipient.diagnostic.size() > kDiagnosticBytesMax) return false;
    if (report.kind == Kind::delivery && recipient.status.empty()) return false;
    if (recipient.is_final && recipient.action == Action::delayed) return false;
  }
  return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(report_limits_test)

BOOST_AUTO_TEST_CASE(a_report_cut_after_any_byte_is_read_as_far_as_it_goes) {
  for (const auto &mail : {delivery_report(kFields), with_cr(delivery_report(kFields)),
                           bounce("<anna@customer.example>:\nuser unknown\n")})
    for (std::size_t size = 0; size <= mail.size(); ++size) {
      const auto report = parse_report(std::string_view(mail).substr(0, size));
      BOOST_TEST_REQUIRE(is_consistent(report), "after " << size << " bytes");
    }
}

BOOST_AUTO_TEST_CASE(a_byte_changed_anywhere_does_no_harm) {
  const auto mail = delivery_report(kFields);
  for (std::size_t at = 0; at < mail.size(); ++at)
    for (const char byte : {'\0', '\n', '\xFF', '"', '(', '<'}) {
      auto changed = mail;
      changed[at] = byte;
      BOOST_TEST_REQUIRE(is_consistent(parse_report(changed)), "at byte " << at);
    }
}

BOOST_AUTO_TEST_CASE(noise_of_any_kind_is_read) {
  BOOST_TEST(rc::check("bytes", [] {
    const auto bytes = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
    RC_ASSERT(is_consistent(parse_report(bytes)));
  }));
  BOOST_TEST(rc::check("pieces of reports", [] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "From: MAILER-DAEMON@a.example\n", "Subject: failure notice\n", "\n", "--cut\n", "--cut--\n",
        "Content-Type: multipart/report; boundary=cut\n", "Content-Type: message/delivery-status\n",
        "Final-Recipient: rfc822;a@b.example\n", "Action: delayed\n", "Status: 5.1.1\n",
        "<a@b.example>: 550 5.1.1 no such user\n", "<<< 550", "=?utf-8?b?////?=", "(((", "\"", "@",
        "Content-Transfer-Encoding: base64\n", "Content-Type: message/rfc822\n", "Received: x\n", "\xE2\x80",
        "\r"));
    std::string mail;
    for (const auto &piece : pieces) mail += piece;
    RC_ASSERT(is_consistent(parse_report(mail)));
  }));
}

BOOST_AUTO_TEST_CASE(recipients_are_limited_and_the_rest_is_said_to_be_cut) {
  std::string fields = "Reporting-MTA: dns; relay.example\n";
  for (std::size_t i = 0; i < kRecipientsMax + 50; ++i)
    fields += "\nFinal-Recipient: rfc822; a" + std::to_string(i) +
              "@customer.example\nAction: failed\nStatus: 5.1.1\n";
  const auto report = parse_report(delivery_report(fields));
  BOOST_TEST(report.recipients.size() <= kRecipientsMax);
  BOOST_TEST(report.recipients.size() > kRecipientsMax / 2);
  BOOST_TEST(report.is_cut);
}

BOOST_AUTO_TEST_CASE(parts_within_parts_end_somewhere) {
  std::string mail = "From: MAILER-DAEMON@a.example\nSubject: failure notice\nMIME-Version: 1.0\n";
  for (int depth = 0; depth < 3000; ++depth) {
    const auto boundary = "b" + std::to_string(depth);
    mail += "Content-Type: multipart/mixed; boundary=" + boundary + "\n\n--" + boundary + "\n";
  }
  mail += "\n<anna@customer.example>: user unknown\n";
  const auto report = parse_report(mail);
  BOOST_TEST(is_consistent(report));
  BOOST_TEST(report.is_cut);
  std::string messages = "From: MAILER-DAEMON@a.example\nMIME-Version: 1.0\n";
  for (int depth = 0; depth < 3000; ++depth) messages += "Content-Type: message/rfc822\n\n";
  BOOST_TEST(is_consistent(parse_report(messages)));
}

BOOST_AUTO_TEST_CASE(a_large_mail_is_read_in_bounded_time) {
  const auto began = std::chrono::steady_clock::now();
  const std::string crowd = [] {
    std::string line;
    for (int i = 0; i < 60; ++i) line += "a" + std::to_string(i) + "@b.example ";
    return line + "\n";
  }();
  for (const std::string &line :
       {std::string("a@b.example "), std::string("<a@b.example>:\n"), std::string("550 \n"),
        std::string("mailbox "), std::string("\xE2\x80\x99"), std::string("("), crowd}) {
    std::string words;
    while (words.size() < 1'000'000) words += line;
    BOOST_TEST(is_consistent(parse_report(bounce(words))));
    BOOST_TEST(is_consistent(
        parse_report(delivery_report("Final-Recipient: " + words + "\nDiagnostic-Code: " + words))));
    BOOST_TEST(is_consistent(parse_report("Subject: " + words + "\n\n" + words)));
  }
  std::string recipients, words;
  for (int i = 0; i < 2000; ++i) {
    const auto address = "a" + std::to_string(i) + "@customer.example";
    recipients += "\nFinal-Recipient: rfc822; " + address + "\nAction: failed\n";
    words += "<" + address + ">:\nno such user\n";
  }
  BOOST_TEST(parse_report(bounce(words)).recipients.size() == kRecipientsMax);
  auto mail = delivery_report("Reporting-MTA: dns; relay.example\n" + recipients);
  mail.replace(mail.find("One of your messages"), 3, words);
  BOOST_TEST(is_consistent(parse_report(mail)));
  // Some thirty mails of one or two megabytes; seconds each would mean that something is quadratic.
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds(60)));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::report
