#include "host/engine/reply_words.hpp"

#include "host/engine/stop_word.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::engine {

BOOST_AUTO_TEST_SUITE(reply_words_test)

BOOST_AUTO_TEST_CASE(a_humans_words_stay_as_they_are) {
  channel::Reply reply;
  reply.text = "I paid yesterday";
  BOOST_TEST(words_of(reply) == "I paid yesterday");
}

BOOST_AUTO_TEST_CASE(a_promise_says_how_much_and_by_when) {
  channel::Reply reply;
  reply.kind = channel::ReplyKind::promise;
  BOOST_TEST(words_of(reply) == "Promises to pay all by a day not said");
  reply.amount_minor = 12'050;
  reply.currency = "EUR";
  reply.date = civil(2026, 12, 1);
  reply.text = "on the first";
  BOOST_TEST(words_of(reply) == "Promises to pay 120.50 EUR by 2026-12-01:\non the first");
  reply.currency = "???";
  BOOST_TEST(words_of(reply) == "Promises to pay a part by 2026-12-01:\non the first");
}

BOOST_AUTO_TEST_CASE(what_a_machine_understood_is_told_to_the_person) {
  channel::Reply reply;
  reply.kind = channel::ReplyKind::dispute;
  reply.text = "never delivered";
  BOOST_TEST(words_of(reply) == "Disputes the debt:\nnever delivered");
  reply = {};
  reply.kind = channel::ReplyKind::wrong_address;
  BOOST_TEST(words_of(reply) == "Says that this address is not the debtor's");
  reply.kind = channel::ReplyKind::call_back;
  reply.date = civil(2026, 12, 1);
  BOOST_TEST(words_of(reply) == "Asks to be called back on 2026-12-01");
}

BOOST_AUTO_TEST_CASE(who_writes_stop_in_a_word_or_two_asks_for_no_more_texts) {
  for (const auto *words :
       {"STOP", "Stop.", " stop 36180", "Arret!", "arrêt", "ARRÊT svp", "Stopp", "\"baja\"", "stop\r\n"})
    BOOST_TEST(asks_to_stop(words), words);
  for (const auto *words :
       {"stop by tomorrow", "I stopped", "", "  ", "oui", "non stop", "Stoppé", "\xff\xfe"})
    BOOST_TEST(!asks_to_stop(words), words);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace relance::engine
