// What a person reads of a debtor's answer: their own words, whatever program they wrote them with.
#include "plugins/protocol/report/own_words.hpp"

#include <boost/test/unit_test.hpp>

#include <rapidcheck.h>
#include <string>

namespace relance::report {

BOOST_AUTO_TEST_SUITE(report_own_words_test)

BOOST_AUTO_TEST_CASE(what_was_quoted_is_taken_away) {
  const std::string quoted = "> Sehr geehrte Damen und Herren,\n> \n>> die Rechnung 12 ist offen.\n";
  for (const std::string introduction :
       {"On Mon, 4 May 2026 at 09:12, Billing <billing@creditor.example> wrote:\n",
        "On Mon, 4 May 2026 at 09:12, Billing\n<billing@creditor.example> wrote:\n",
        "Le lun. 4 mai 2026 à 09:12, Comptabilité <compta@creditor.example> a\nécrit :\n",
        "Le 04/05/2026 à 09:12, Comptabilité a écrit\xC2\xA0:\n",
        "Am 04.05.2026 um 09:12 schrieb Buchhaltung <buchhaltung@creditor.example>:\n",
        "Am Montag, 4. Mai 2026, 09:12 hat Buchhaltung geschrieben:\n",
        "El lun, 4 may 2026 a las 9:12, Cobros (<cobros@creditor.example>) escribió:\n",
        "Il giorno lun 4 mag 2026 alle ore 09:12 Crediti <crediti@creditor.example> ha scritto:\n",
        "Op ma 4 mei 2026 om 09:12 schreef Debiteuren <debiteuren@creditor.example>:\n",
        "Den mån 4 maj 2026 kl 09:12 skrev Ekonomi <ekonomi@creditor.example>:\n",
        "pon., 4 maj 2026 o 09:12 Windykacja <w@creditor.example> napisał(a):\n"}) {
    BOOST_TEST_CONTEXT(introduction) {
      BOOST_TEST(own_words("We paid yesterday.\n\nAnna\n\n" + introduction + quoted) ==
                 "We paid yesterday.\n\nAnna");
      // Programs that put no marks: all below it is the original.
      BOOST_TEST(own_words("We paid yesterday.\n\n" + introduction + "\nDear customer,\nplease pay.\n") ==
                 "We paid yesterday.");
      // Answers below, and between.
      BOOST_TEST(own_words(introduction + quoted + "\nWe paid yesterday.\n") == "We paid yesterday.");
    }
  }
  BOOST_TEST(own_words("> is it open?\nNo.\n> who paid?\nI did.\n") == "No.\nI did.");
}

BOOST_AUTO_TEST_CASE(an_original_below_a_rule_or_its_header_is_taken_away) {
  for (const std::string original :
       {"-----Original Message-----\nFrom: Billing\nSent: Monday\nSubject: Invoice 12\n\nplease pay\n",
        "-----Ursprüngliche Nachricht-----\nVon: Buchhaltung\n\nbitte zahlen\n",
        "-------- Message d'origine --------\nDe : Compta\nplease pay\n",
        "---- Messaggio originale ----\nplease pay\n",
        "________________________________\nFrom: Billing\nplease pay\n",
        "From: Billing <b@creditor.example>\nSent: Monday, May 4, 2026 9:12 AM\nTo: Anna\nSubject: Invoice "
        "12\n\nplease pay\n",
        "De : Compta <c@creditor.example>\nEnvoyé : lundi 4 mai 2026 09:12\nÀ : Anna\nObjet : Facture "
        "12\n\nx\n",
        "Von: Buchhaltung\nGesendet: Montag, 4. Mai 2026 09:12\nAn: Anna\nBetreff: Rechnung 12\n\nx\n",
        "*From:* Billing\n*Date:* Monday\n*To:* Anna\n*Subject:* Invoice 12\n\nx\n",
        "Da: Crediti\nInviato: lunedì 4 maggio 2026\nA: Anna\nOggetto: Fattura 12\n\nx\n"}) {
    BOOST_TEST(own_words("We paid.\r\n\r\n" + original) == "We paid.", original);
  }
}

BOOST_AUTO_TEST_CASE(words_of_their_own_stay_however_they_look) {
  for (const std::string text :
       {"From: our side this is settled.\nPlease stop.", "On 4 May I wrote: we shall pay on Friday.",
        "Please see below:\n- invoice 12\n- invoice 13", "-- \nAnna Weber\nCustomer GmbH",
        "------\nthree invoices\n------", "a > b", "Betreff: Rechnung 12\nbezahlt"}) {
    BOOST_TEST(own_words(text) == text);
  }
  // Nothing but quoted text: a person decides what it means.
  BOOST_TEST(own_words("> please pay\n") == "> please pay");
  BOOST_TEST(own_words("\n\n") == "");
}

BOOST_AUTO_TEST_CASE(no_text_loses_a_line_that_is_not_quoted) {
  BOOST_TEST(rc::check("plain lines stay", [] {
    const auto lines = *rc::gen::container<std::vector<std::string>>(
        rc::gen::container<std::string>(rc::gen::inRange('a', 'z')));
    std::string text, expected;
    for (const auto &line : lines) {
      text += line + "\n> quoted\n";
      if (!line.empty()) expected += line;
    }
    std::string got;
    for (const char c : own_words(text))
      if (c != '\n') got += c;
    RC_ASSERT(expected.empty() || got == expected);
  }));
  BOOST_TEST(rc::check("any bytes are read", [](const std::string &text) { own_words(text); }));
}

BOOST_AUTO_TEST_CASE(stop_is_a_word_alone_on_the_first_line) {
  for (const char *text : {"STOP", " stop. ", "Stop!\n\nAnna", "Unsubscribe", "Désabonner", "désinscription",
                           "Abmelden", "BAJA", "arrêt"})
    BOOST_TEST(says_stop(text), text);
  for (const char *text :
       {"Stop calling me, I have paid.", "We paid.\nstop", "", "please stop", "nonstop", "Stop Anna"})
    BOOST_TEST(!says_stop(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::report
