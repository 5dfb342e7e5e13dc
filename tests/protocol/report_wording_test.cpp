// Bounces in plain words, by the shapes in which servers write them.
#include "plugins/protocol/report/report.hpp"
#include "plugins/protocol/report/wording.hpp"
#include "tests/protocol/report_mails.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace relance::report {
namespace {

struct Shape {
  const char *title;
  const char *words;
  const char *status_class;
  const char *reason;
};

/// Each names anna@customer.example as the one who did not get it.
const std::vector<Shape> kShapes = {
    {"qmail",
     "I could not place this.\n\n<anna@customer.example>:\n192.0.2.9 does not like recipient.\nRemote host "
     "said: 550 no such user\n",
     "permanent", "user_unknown"},
    {"qmail status in brackets", "<anna@customer.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n",
     "permanent", "user_unknown"},
    {"postfix in words",
     "<anna@customer.example>: host mx.customer.example[192.0.2.9] said: 552\n    5.2.2 full up (in reply to "
     "RCPT TO command)\n",
     "permanent", "mailbox_full"},
    {"exim",
     "This could not be delivered. The following address(es) failed:\n\n  anna@customer.example\n    host "
     "mx.customer.example "
     "[192.0.2.9]\n    SMTP error from remote mail server after RCPT TO:<anna@customer.example>:\n    451 "
     "4.7.1 greylisted\n",
     "temporary", "rate_limited"},
    {"sendmail",
     "   ----- The following addresses had permanent fatal errors -----\n<anna@customer.example>\n    "
     "(reason: 550 5.7.1 relaying denied)\n\n"
     "   ----- Transcript of session follows -----\n... while talking to mx.customer.example.:\n>>> "
     "DATA\n<<< 550 5.7.1 relaying denied\n",
     "permanent", "relaying_denied"},
    {"old sendmail",
     "   ----- Transcript of session follows -----\n>>> RCPT To:<anna@customer.example>\n<<< 550 "
     "<anna@customer.example>... User unknown\n"
     "550 <anna@customer.example>... User unknown\n",
     "permanent", "user_unknown"},
    {"courier",
     "<anna@customer.example>:\n    mx.customer.example [192.0.2.9]:\n>>> RCPT "
     "TO:<anna@customer.example>\n<<< 554 5.7.1 looks like spam\n",
     "permanent", "spam"},
    {"exchange",
     "Your message\n\n  To:      anna\n  Subject: Invoice 12\n\ndid not reach the following recipient(s):\n\n"
     "anna@customer.example on Mon, 2 Mar 2026 10:00:00 +0100\n    The recipient name is not recognized\n",
     "permanent", "user_unknown"},
    {"exchange in German",
     "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder "
     "Verteilerlisten:\n\nanna@customer.example\n"
     "Die E-Mail-Adresse konnte nicht gefunden werden.\n",
     "permanent", "user_unknown"},
    {"exchange in French",
     "Échec de la remise pour ces destinataires ou groupes :\n\nanna@customer.example\nBoîte aux lettres "
     "pleine\n",
     "permanent", "mailbox_full"},
    {"a sentence",
     "Your letter to anna@customer.example could not be delivered because the mailbox is full.\n",
     "permanent", "mailbox_full"},
    {"a label", "Undeliverable Address: anna@customer.example\nReason: account disabled\n", "permanent",
     "mailbox_suspended"},
    {"a bullet",
     "Delivery to the following recipients failed permanently:\n\n   * anna@customer.example\n\nDomain does "
     "not exist\n",
     "permanent", "host_unknown"},
    {"notes",
     "------- Failure Reasons  --------\n\nUser not listed in public Name & Address "
     "Book\nanna@customer.example\n",
     "permanent", "user_unknown"},
    {"quoted",
     "The following address(es) failed:\n\n\"anna@customer.example\":\nSMTP error from remote server after "
     "RCPT command:\n5.1.1 nobody\n",
     "permanent", "user_unknown"},
    {"dialog of a gateway", "Sent <<< RCPT TO:<anna@customer.example>\nReceived >>> 550 5.1.1 unknown\n",
     "permanent", "user_unknown"},
    {"japanese",
     "次のあて先へのメッセージは送信できませんでした。\n<anna@customer.example>\nユーザーが見つかりません\n",
     "permanent", "user_unknown"},
    {"a gateway that lists who was affected",
     "Your message:\n   From:    billing@billing.example\n   Subject: Invoice 12\n\nCould not be delivered "
     "because of\n\n550 5.1.1 "
     "nobody here\n\nThe following recipients were affected: \n    anna@customer.example\n",
     "permanent", "user_unknown"},
    {"a server that failed with",
     "Unable to deliver message to: <anna@customer.example>\nDelivery failed for the following "
     "reason:\nServer mx.customer.example"
     "[192.0.2.9] failed with: 550 <anna@customer.example> No such user here\n",
     "permanent", "user_unknown"},
    {"trouble in full",
     "We had trouble delivering your message. Full details follow:\n\nSubject: 'Invoice 12'\n\n1 "
     "error(s):\n\nSMTP Server "
     "<mx.customer.example> rejected recipient <anna@customer.example>\n(Error following RCPT command). It "
     "responded as follows: "
     "[550 5.1.1 User unknown]\n",
     "permanent", "user_unknown"},
    {"quoted twice",
     ">>> anna@customer.example <anna@customer.example>\n\n550 sorry, no mailbox here by that name (#5.1.1 - "
     "chkuser)\n",
     "permanent", "user_unknown"},
    {"delivery problems",
     "   ----- The following addresses had delivery problems -----\n<anna@customer.example>   (User "
     "unknown)\n",
     "permanent", "user_unknown"},
    {"server message",
     "-------server message\n550 5.1.1 unknown user\n-------SMTP command\nRCPT "
     "TO:<anna@customer.example>\n-------original message\n",
     "permanent", "user_unknown"},
    {"user mailbox exceeds", "User mailbox exceeds allowed size: anna@customer.example\n", "permanent",
     "mailbox_full"},
    {"undeliverable to", "undeliverable to anna@customer.example\n", "permanent", "unknown"},
    {"failed so many attempts", "Delivery failed 20 attempts: anna@customer.example\n", "permanent",
     "unknown"},
    {"attempts with a host",
     "Your message could not be sent.\nA transcript of the attempts to send the message follows.\nThe number "
     "of attempts made: 1\n"
     "Addressed To: anna@customer.example\n\nThu 29 Apr 2010 23:34:45 +0900\nFailed to send to identified "
     "host,\n"
     "anna@customer.example: [192.0.2.9], 550 no such mailbox\n",
     "permanent", "user_unknown"},
    {"to a phone",
     "Message could not be delivered to mobile.\nError: No valid recipients for this MM\n\nMessage "
     "details:\n  Subject: Invoice 12\n  "
     "MAIL FROM: billing@billing.example\n  RCPT TO: anna@customer.example\n",
     "permanent", "user_unknown"},
    {"a label with the reason first",
     "The mail you sent was refused.\n\nReason: user is over quota\nRecipient: anna@customer.example\n",
     "permanent", "mailbox_full"},
    {"unknown user with colon", "Unknown user: anna@customer.example\n", "permanent", "user_unknown"},
    {"not a local part", "No such user: anna@customer.example\n\n", "permanent", "user_unknown"},
    {"failed addresses follow",
     "|------------------------- Failed addresses follow: ---------------------|\n <anna@customer.example> "
     "... unknown host\n"
     "|------------------------- Message text follows: ------------------------|\n",
     "permanent", "host_unknown"},
    {"intended recipient",
     "Your mail was not delivered.\nIntended recipient:  anna@customer.example\nMailbox is full\n",
     "permanent", "mailbox_full"},
    {"addressed to",
     "A message addressed to 'anna@customer.example' cannot be delivered: account has been disabled\n",
     "permanent", "mailbox_suspended"},
    {"could not be delivered to the following user",
     "The email below could not be delivered to the following user:\n\n<anna@customer.example>\n\nOld "
     "message:\n",
     "permanent", "unknown"},
    {"message to was undeliverable",
     "The following message to <anna@customer.example> was undeliverable.\nThe reason for the problem:\n"
     "5.1.0 - Unknown address error 550-'no such recipient'\n",
     "permanent", "user_unknown"},
    {"two columns",
     "The message was undeliverable to the following:\n\tanna@customer.example (unknown user)\n", "permanent",
     "user_unknown"},
    {"italian",
     "Impossibile recapitare il messaggio ai seguenti destinatari:\n\n  anna@customer.example\n\nCasella di "
     "posta piena\n",
     "permanent", "mailbox_full"},
    {"spanish",
     "No se pudo entregar el mensaje a los siguientes destinatarios:\n\n  anna@customer.example\n\nEl "
     "usuario no existe\n",
     "permanent", "user_unknown"},
    {"portuguese", "Sua mensagem não pôde ser entregue a anna@customer.example\nCaixa postal cheia\n",
     "permanent", "mailbox_full"},
    {"dutch", "Uw bericht kon niet worden afgeleverd bij anna@customer.example: onbekende gebruiker (550)\n",
     "permanent", "user_unknown"},
    {"polish", "Wiadomość nie została dostarczona do:\nanna@customer.example\nUżytkownik nie istnieje\n",
     "permanent", "user_unknown"},
    {"russian",
     "Ваше письмо не может быть доставлено:\n\n  anna@customer.example\n    пользователь не найден\n",
     "permanent", "user_unknown"},
    {"chinese", "无法投递到以下收件人：\n\nanna@customer.example\n该用户不存在\n", "permanent",
     "user_unknown"},
    {"an alias",
     "<anna@customer.example>: host mx[192.0.2.9] said: 550 5.1.1 no (expanded from: "
     "<office@customer.example>)\n",
     "permanent", "user_unknown"},
    {"numbers that are no codes",
     "Call +1 925-423-5635 or 550 6th street.\nThe letter of 4.5.2026 to anna@customer.example was not "
     "delivered: no such user\n",
     "permanent", "user_unknown"},
    {"temporary in so many words",
     "<anna@customer.example>: host mx[192.0.2.9] said: 421 too many connections, try again later\n",
     "temporary", "rate_limited"},
    {"a word beside the address",
     "This message was undeliverable due to the following reason:\n\nThe following destination addresses "
     "were unknown:\n\nSMTP "
     "<anna@customer.example>\n\nPlease reply to <help@customer.example>\n",
     "permanent", "user_unknown"},
    {"invalid receiver",
     "Your message could not be delivered.\nInvalid receiver address: anna@customer.example\n", "permanent",
     "user_unknown"},
    {"gave up", "<anna@customer.example>:\nunable to connect to 192.0.2.9\nI'm not going to try again.\n",
     "permanent", "network"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(report_wording_test)

BOOST_AUTO_TEST_CASE(every_shape_names_its_recipient_and_its_reason) {
  for (const auto &shape : kShapes)
    for (const auto &mail : {bounce(shape.words), with_cr(bounce(shape.words))}) {
      BOOST_TEST_CONTEXT(shape.title) {
        const auto report = parse_report(mail);
        BOOST_TEST(name(report.kind) == "delivery");
        BOOST_TEST_REQUIRE(report.recipients.size() == 1u);
        const auto &recipient = report.recipients[0];
        BOOST_TEST(recipient.address == "anna@customer.example");
        BOOST_TEST(name(recipient.action) == "failed");
        BOOST_TEST(name(recipient.status_class) == shape.status_class);
        BOOST_TEST(name(recipient.reason) == shape.reason);
        BOOST_TEST(report.original_message_id == "reminder-2@billing.example");
      }
    }
}

BOOST_AUTO_TEST_CASE(several_recipients_keep_their_own_reasons) {
  const auto report = parse_report(
      bounce("These did not work:\n\n<anna@customer.example>:\nRemote host said: 550 5.1.1 user unknown\n\n"
             "<bert@customer.example>:\nRemote host said: 452 4.2.2 mailbox full\n"));
  BOOST_TEST_REQUIRE(report.recipients.size() == 2u);
  BOOST_TEST(report.recipients[0].status == "5.1.1");
  BOOST_TEST(report.recipients[1].status == "4.2.2");
  BOOST_TEST(name(report.recipients[1].reason) == "mailbox_full");
}

BOOST_AUTO_TEST_CASE(a_warning_is_a_delay_and_changes_nothing) {
  const auto report =
      parse_report(letter("From: MAILER-DAEMON@relay.example\nSubject: Warning: message delayed 24 hours\n",
                          "Your message has not yet been delivered to\n  anna@customer.example\nDelivery "
                          "attempts will continue.\n"));
  BOOST_TEST_REQUIRE(report.recipients.size() == 1u);
  BOOST_TEST(name(report.recipients[0].action) == "delayed");
  BOOST_TEST(!report.recipients[0].is_final);
  BOOST_TEST(name(report.recipients[0].status_class) == "temporary");
}

BOOST_AUTO_TEST_CASE(users_named_without_their_domain_belong_to_the_server) {
  const auto report = parse_report(bounce(
      "Your mail to the following recipients could not be delivered:\n\n\tanna\n\tbert  mailbox full\n"));
  BOOST_TEST_REQUIRE(report.recipients.size() == 2u);
  BOOST_TEST(report.recipients[0].address == "anna@mx.customer.example");
  BOOST_TEST(report.recipients[1].address == "bert@mx.customer.example");
}

BOOST_AUTO_TEST_CASE(exims_header_names_the_recipient_when_the_words_do_not) {
  const auto report =
      parse_report(letter("From: Mailer-Daemon@relay.example\nX-Failed-Recipients: anna@customer.example,\n"
                          "  bert@customer.example\nSubject: Mail delivery failed\n",
                          "A message could not be delivered.\n\n  save to box\n    mailbox is full\n"));
  BOOST_TEST_REQUIRE(report.recipients.size() == 2u);
  BOOST_TEST(report.recipients[1].address == "bert@customer.example");
}

BOOST_AUTO_TEST_CASE(the_words_tell_where_an_alias_led) {
  const auto report = parse_report(
      letter("From: Mailer-Daemon@relay.example\nX-Failed-Recipients: office@customer.example\nSubject: Mail "
             "failed\n",
             "The following address(es) failed:\n\n  anna@elsewhere.example\n    550 5.1.1 no such user\n"));
  BOOST_TEST_REQUIRE(report.recipients.size() == 1u);
  BOOST_TEST(report.recipients[0].address == "anna@elsewhere.example");
  BOOST_TEST(report.recipients[0].original_address == "office@customer.example");
}

BOOST_AUTO_TEST_CASE(when_nothing_names_the_recipient_the_returned_message_does) {
  const auto report = parse_report(bounce("Sorry, the user is unknown here.\n"));
  BOOST_TEST_REQUIRE(report.recipients.size() == 1u);
  BOOST_TEST(report.recipients[0].address == "somebody.else@customer.example");
}

BOOST_AUTO_TEST_CASE(a_multipart_without_its_boundary_is_read_as_text) {
  const auto report = parse_report(
      "From: MAILER-DAEMON@relay.example\nSubject: failure notice\nMIME-Version: 1.0\n"
      "Content-Type: multipart/report; boundary=\"never\"\n\n<anna@customer.example>:\nuser unknown\n");
  BOOST_TEST_REQUIRE(report.recipients.size() == 1u);
  BOOST_TEST(report.recipients[0].address == "anna@customer.example");
}

BOOST_AUTO_TEST_CASE(a_bounce_written_only_as_html_is_read) {
  const auto report = parse_report(
      "From: postmaster@mx.example\nSubject: Undeliverable: Invoice 12\nMIME-Version: 1.0\nContent-Type: "
      "text/html; charset=utf-8\n\n"
      "<html><style>p {color: red}</style><p>Your message couldn&#39;t be delivered to:</p><p><a "
      "href=\"mailto:x@y.example\">"
      "anna@customer.example</a></p><p>The mailbox is full</p></html>\n");
  BOOST_TEST_REQUIRE(report.recipients.size() == 1u);
  BOOST_TEST(report.recipients[0].address == "anna@customer.example");
  BOOST_TEST(name(report.recipients[0].reason) == "mailbox_full");
}

BOOST_AUTO_TEST_CASE(who_speaks_is_no_part_of_what_is_said) {
  struct Case {
    const char *words;
    Reason reason;
  };
  for (const auto &[words, reason] :
       {Case{"host mx.customer.example[192.0.2.7] said: mailbox not found", Reason::user_unknown},
        Case{"SMTP error after RCPT TO: host mx.customer.example [192.0.2.7]: no such person, user not found",
             Reason::user_unknown},
        Case{"host mx.customer.example[192.0.2.7] said: Recipient not found by SMTP address lookup",
             Reason::user_unknown},
        Case{"host mx.customer.example[192.0.2.7] said: De mailbox van de ontvanger is vol",
             Reason::mailbox_full},
        Case{"host mx.customer.example[192.0.2.7] said: traffic not accepted from this IP", Reason::blocked},
        Case{"host mx.customer.example[192.0.2.7] said: the domain lacks the required authentication level",
             Reason::authentication},
        Case{"Host or domain name not found", Reason::host_unknown},
        Case{"Host or domain name not found. Name service error for name=customer.example type=MX: Host not "
             "found, try again",
             Reason::network},
        Case{"host unknown", Reason::host_unknown}}) {
    const auto meaning = meaning_of(spoken_words(words));
    BOOST_TEST_CONTEXT(words) {
      BOOST_REQUIRE(meaning.has_value());
      BOOST_TEST(name(meaning->reason) == name(reason));
    }
  }
}

BOOST_AUTO_TEST_CASE(who_wrote_to_himself_through_another_address_is_the_recipient) {
  const auto report = parse_report(
      "Return-Path: <>\nFrom: MAILER-DAEMON@relay.example\nTo: bounces+k@billing.example\nSubject: "
      "Undelivered Mail "
      "Returned to Sender\nMIME-Version: 1.0\nContent-Type: multipart/mixed; "
      "boundary=cut\n\n--cut\nContent-Type: "
      "text/plain\n\nYour message could not be delivered.\n\n<anna@customer.example> (expanded from "
      "<info@customer.example>): host\n    mx.customer.example[192.0.2.7] said: 550 5.1.1 no such "
      "user\n\n--cut\n"
      "Content-Type: message/rfc822\n\nFrom: anna@customer.example\nTo: info@customer.example\nSubject: "
      "x\n\nx\n--cut--\n");
  BOOST_TEST(name(report.kind) == "delivery");
  BOOST_TEST_REQUIRE(report.recipients.size() == 1u);
  BOOST_TEST(report.recipients[0].address == "anna@customer.example");
  BOOST_TEST(report.recipients[0].original_address == "info@customer.example");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::report
