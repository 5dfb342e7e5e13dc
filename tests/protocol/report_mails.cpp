#include "tests/protocol/report_mails.hpp"

namespace relance::report {

std::string with_cr(std::string text) {
  for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 2))
    text.insert(at, 1, '\r');
  return text;
}

std::string delivery_report(const std::string &fields, const std::string &type) {
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
         "Content-Type: " +
         type +
         "\n"
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

std::string letter(const std::string &header, const std::string &text) {
  return header + "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n" + text;
}

std::string bounce(const std::string &words) {
  return letter(
      "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.customer.example>\nTo: bounces+7@billing.example\n"
      "Subject: Mail delivery failed\nMessage-ID: <b1@mx.customer.example>\n",
      words +
          "\n--- Below this line is a copy of the message.\n\n"
          "Return-Path: <bounces+7@billing.example>\n"
          "Received: from billing.example by mx.customer.example; Mon, 2 Mar 2026 10:00:00 +0100\n"
          "From: billing@billing.example\nTo: somebody.else@customer.example\nSubject: Invoice 12\n"
          "Message-ID: <reminder-2@billing.example>\n\nPlease pay, or write to friend@customer.example.\n");
}

}  // namespace relance::report
