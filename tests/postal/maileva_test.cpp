// The driver "maileva" beside a double that keeps the provider's state: a draft until it is submitted, once;
// what its answers, losses, events and proofs become.
#include "plugins/postal/maileva/channel.hpp"
#include "tests/postal/letters.hpp"
#include "tests/postal/services_peer.hpp"

#include <relance/channel.hpp>

using namespace relance;
using relance::postal::maileva::MailevaChannel;
using relance::test::as_raw;
using relance::test::key_of;
using relance::test::letter_of;
using sdk::FailureClass;
using sdk::OutcomeKind;
using sdk::ReceiptKind;

BOOST_AUTO_TEST_SUITE(maileva_test)

namespace {

struct Bench : test::ServicesBench<MailevaChannel> {
  testkit::Instance &go(
      const std::string &more = R"(, "hook_user": "maileva", "hook_password": "a secret of 16 or more")") {
    return started(R"({"api": ")" + services.url() + R"(", "identity": ")" + services.url() +
                   R"(", "client_id": "us", "client_secret": "right secret")" + more + '}');
  }
  sdk::Json sending(const std::string &ref) { return services.seen()["sendings"][ref]; }
  void record(const std::string &ref, const std::string &set) {
    services.tell(R"({"recipient": {"sending": ")" + ref + R"(", "set": )" + set + "}}");
  }
  static std::string event(const std::string &type, const std::string &ref, const std::string &key) {
    const auto slash = ref.rfind('/');
    return R"({"source": "api.maileva.com", "event_type": ")" + type + R"(", "resource_type": ")" +
           ref.substr(0, slash) + R"(", "resource_id": ")" + ref.substr(slash + 1) +
           R"(", "event_date": "2026-11-22T10:00:00.000Z", "resource_custom_id": ")" + key + R"("})";
  }
};

const sdk::Receipt *of_kind(const sdk::Parsed &parsed, ReceiptKind kind) {
  for (const auto &receipt : parsed.receipts)
    if (receipt.kind == kind) return &receipt;
  return nullptr;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_registered_letter_is_a_draft_until_it_is_submitted_once) {
  Bench bench;
  auto &plugin = bench.go();
  const auto prepared = plugin.send(letter_of(key_of(1), "registered_ar"));
  BOOST_TEST_REQUIRE((prepared.kind == OutcomeKind::prepared), prepared.text);
  BOOST_TEST_REQUIRE(prepared.refs.size() == 1u);
  const auto ref = prepared.refs[0];
  BOOST_TEST(ref.starts_with("registered_mail/v4/sendings/"));
  auto sending = bench.sending(ref);
  BOOST_TEST(sending["status"].text() == "DRAFT");
  BOOST_TEST(sending["custom_id"].text() == key_of(1));
  BOOST_TEST(sending["acknowledgement_of_receipt"].flag());
  BOOST_TEST(sending["recipients"][0]["address_line_6"].text() == "75002 Paris");
  BOOST_TEST(sending["recipients"][0]["address_line_2"].text() == "Camille Martin");
  BOOST_TEST((plugin.query({}, {ref}).kind == OutcomeKind::prepared));
  BOOST_TEST((plugin.query(key_of(1), {}).kind == OutcomeKind::prepared), "found by our key");
  BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::accepted));
  BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::accepted), "not a draft: it was submitted");
  sending = bench.sending(ref);
  BOOST_TEST(sending["submits"].integer() == 1);
  BOOST_TEST((plugin.query({}, {ref}).kind == OutcomeKind::accepted));
  BOOST_TEST((plugin.query(key_of(9), {}).kind == OutcomeKind::not_found));
  BOOST_TEST(bench.services.seen()["token_calls"].integer() == 1);
}

BOOST_AUTO_TEST_CASE(a_plain_letter_goes_by_the_other_product_and_an_unknown_service_nowhere) {
  Bench bench;
  auto &plugin = bench.go();
  const auto plain = plugin.send(letter_of(key_of(1)));
  BOOST_TEST_REQUIRE((plain.kind == OutcomeKind::prepared), plain.text);
  BOOST_TEST(plain.refs[0].starts_with("mail/v2/sendings/"));
  BOOST_TEST((plugin.send(letter_of(key_of(2), "lre")).kind == OutcomeKind::rejected));
  auto wide = letter_of(key_of(3));
  wide.postal_lines[1] = "un nom de rue qui ne tient pas dans une ligne de trente-huit";
  const auto refused = plugin.send(wide);
  BOOST_TEST((refused.kind == OutcomeKind::rejected));
  BOOST_TEST(refused.text.find("/addressee/postal_lines/1") != std::string::npos, refused.text);
  BOOST_TEST(bench.services.seen()["sendings"].items().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_lost_submit_is_in_doubt_and_the_next_one_settles_it) {
  Bench bench;
  auto &plugin = bench.go();
  const auto ref = plugin.send(letter_of(key_of(1), "registered")).refs.at(0);
  bench.services.fault("POST /submit", "\"lose\"");
  BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::unknown));
  BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::accepted));
  BOOST_TEST(bench.sending(ref)["submits"].integer() == 1);
  const auto other = plugin.send(letter_of(key_of(2), "registered")).refs.at(0);
  bench.services.fault("POST /submit", "503");
  BOOST_TEST((plugin.commit({other}).kind == OutcomeKind::unknown),
             "maintenance does not say that nothing was taken");
  BOOST_TEST((plugin.commit({other}).kind == OutcomeKind::accepted));
  BOOST_TEST(bench.sending(other)["submits"].integer() == 1);
}

BOOST_AUTO_TEST_CASE(an_expired_token_in_mid_flow_is_renewed_once) {
  Bench bench;
  auto &plugin = bench.go();
  const auto ref = plugin.send(letter_of(key_of(1))).refs.at(0);
  bench.services.tell(R"({"expire_tokens": true})");
  BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::accepted));
  BOOST_TEST(bench.sending(ref)["submits"].integer() == 1);
  BOOST_TEST(bench.services.seen()["token_calls"].integer() == 2);
  bench.services.tell(R"({"expire_tokens": true})");
  bench.services.fault("POST /openid-connect/token", "401");
  const auto refused = plugin.send(letter_of(key_of(2)));
  BOOST_TEST((refused.kind == OutcomeKind::not_sent && refused.failure == FailureClass::configuration &&
              refused.whole_instance),
             refused.text);
  bench.services.fault("POST /openid-connect/token", "503");
  const auto away = plugin.send(letter_of(key_of(3)));
  BOOST_TEST((away.kind == OutcomeKind::not_sent && away.failure == FailureClass::temporary), away.text);
}

BOOST_AUTO_TEST_CASE(a_half_made_draft_is_removed_or_named_for_it) {
  Bench bench;
  auto &plugin = bench.go();
  bench.services.fault("POST /documents", "\"refuse\"");
  BOOST_TEST((plugin.send(letter_of(key_of(1))).kind == OutcomeKind::rejected));
  BOOST_TEST(bench.services.seen()["sendings"].items().empty());
  bench.services.fault("POST /recipients", "\"lose\"");
  const auto unknown = plugin.send(letter_of(key_of(2)));
  BOOST_TEST((unknown.kind == OutcomeKind::unknown));
  BOOST_TEST_REQUIRE(unknown.refs.size() == 1u);
  BOOST_TEST((plugin.discard(unknown.refs).kind == sdk::DiscardKind::gone));
  BOOST_TEST((plugin.discard(unknown.refs).kind == sdk::DiscardKind::gone), "again does no harm");
  BOOST_TEST(bench.services.seen()["sendings"].items().empty());
  BOOST_TEST((plugin.commit(unknown.refs).kind == OutcomeKind::not_sent), "what is gone was never submitted");
}

BOOST_AUTO_TEST_CASE(what_was_submitted_is_never_discarded) {
  Bench bench;
  auto &plugin = bench.go();
  const auto ref = plugin.send(letter_of(key_of(1))).refs.at(0);
  BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::accepted));
  BOOST_TEST((plugin.discard({ref}).kind == sdk::DiscardKind::released));
  BOOST_TEST(bench.sending(ref)["status"].text() == "PENDING");
}

BOOST_AUTO_TEST_CASE(events_become_receipts_and_proofs_are_fetched_when_they_are_there) {
  Bench bench;
  auto &plugin = bench.go();
  const auto ref = plugin.send(letter_of(key_of(1), "registered_ar")).refs.at(0);
  BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::accepted));
  const auto says = [&](const std::string &type) {
    return plugin.parse("webhook", as_raw(Bench::event(type, ref, key_of(1))));
  };

  auto parsed = says("ON_STATUS_ACCEPTED");
  BOOST_TEST_REQUIRE(parsed.receipts.size() == 1u);
  BOOST_TEST((parsed.receipts[0].kind == ReceiptKind::accepted && !parsed.receipts[0].is_final));
  BOOST_TEST(parsed.receipts[0].ref == ref);
  BOOST_TEST(parsed.receipts[0].idempotency_key == key_of(1));

  const auto proof = ref + "/recipients/re1/download_deposit_proof";
  BOOST_TEST((plugin.fetch(proof).status == sdk::Fetched::Status::retry), "not there yet");
  bench.record(
      ref,
      R"({"status": "PROCESSED", "deposit_proof_url": "/x", "deposit_proof_date": "2026-11-23T08:00:00Z"})");
  parsed = says("ON_DEPOSIT_PROOF_RECEIVED");
  const sdk::Receipt *with_proof{nullptr};
  for (const auto &receipt : parsed.receipts)
    if (!receipt.evidence.empty()) with_proof = &receipt;
  BOOST_TEST_REQUIRE(with_proof != nullptr);
  BOOST_TEST((with_proof->kind == ReceiptKind::dispatched));
  BOOST_TEST(with_proof->evidence[0].reference == proof);
  const auto fetched = plugin.fetch(proof);
  BOOST_TEST((fetched.status == sdk::Fetched::Status::ok));
  BOOST_TEST(fetched.document.bytes == "%PDF-1.4 deposit_proof");
  BOOST_TEST((plugin.fetch("registered_mail/v4/sendings/../../secrets/download_deposit_proof").status ==
              sdk::Fetched::Status::gone));

  bench.record(ref, R"({"acknowledgement_of_receipt_url": "/x"})");
  parsed = says("ON_ACKNOWLEDGEMENT_OF_RECEIPT_RECEIVED");
  const auto *accepted = of_kind(parsed, ReceiptKind::accepted_by_addressee);
  BOOST_TEST_REQUIRE(accepted != nullptr);
  BOOST_TEST(accepted->is_final);
  BOOST_TEST_REQUIRE(accepted->evidence.size() == 1u);

  BOOST_TEST((says("ON_SOMETHING_NEW").receipts.at(0).kind == ReceiptKind::interim),
             "an unknown event is never final");
  bench.services.fault("GET /recipients", "503");
  BOOST_TEST((says("ON_UNDELIVERED_MAIL_RECEIVED").status == sdk::Parsed::Status::retry),
             "its reason is asked for again");
}

BOOST_AUTO_TEST_CASE(the_reasons_of_undelivered_mail_are_told_apart) {
  Bench bench;
  auto &plugin = bench.go();
  const auto ref = plugin.send(letter_of(key_of(1), "registered_ar")).refs.at(0);
  struct Case {
    const char *reason;
    ReceiptKind kind;
    FailureClass failure;
  };
  for (const auto &[reason, kind, failure] :
       {Case{"N02", ReceiptKind::returned, FailureClass::address_dead},
        Case{"N03", ReceiptKind::unclaimed, FailureClass::temporary},
        Case{"N05", ReceiptKind::refused, FailureClass::policy},
        Case{"N07", ReceiptKind::returned, FailureClass::address_dead}}) {
    bench.record(
        ref, std::string{R"({"undelivered_mail_url": "/x", "undelivered_mail_reason": ")"} + reason + "\"}");
    const auto parsed =
        plugin.parse("webhook", as_raw(Bench::event("ON_UNDELIVERED_MAIL_RECEIVED", ref, key_of(1))));
    const auto *receipt = of_kind(parsed, kind);
    BOOST_TEST_REQUIRE(receipt != nullptr, reason);
    BOOST_TEST((receipt->is_final && receipt->failure == failure), reason);
    BOOST_TEST(receipt->evidence.size() == 1u);
  }
  const auto meaning = postal::maileva::meaning_of_code("LP00");
  BOOST_TEST((meaning.kind == ReceiptKind::interim && !meaning.is_final), "a code that is not in the table");
}

BOOST_AUTO_TEST_CASE(a_callback_is_believed_with_our_password_and_is_a_poke_without_one) {
  Bench bench;
  bench.hook = "https://relance.example/hooks/maileva/T0kEn";
  auto &plugin = bench.go();
  const auto ref = plugin.send(letter_of(key_of(1))).refs.at(0);
  const auto basic = "Basic " + sdk::to_base64("maileva:a secret of 16 or more");
  sdk::WebhookAnswer answer;
  BOOST_TEST(
      (plugin.authenticate({.headers = {{"authorization", basic}}}, &answer) == sdk::Verdict::genuine));
  BOOST_TEST(answer.status == 201u);
  BOOST_TEST((plugin.authenticate({.headers = {{"authorization", basic + "x"}}}) == sdk::Verdict::forged));
  BOOST_TEST((plugin.authenticate({}) == sdk::Verdict::forged));

  auto &poked = bench.go("");
  BOOST_TEST((poked.authenticate({}) == sdk::Verdict::poke));
  const auto nothing = poked.parse("poke", as_raw(Bench::event("ON_STATUS_REJECTED", ref, key_of(1))));
  BOOST_TEST(of_kind(nothing, ReceiptKind::failed) == nullptr, "nothing of a poke is believed");
  bench.record(ref, R"({"status": "PROCESSED"})");
  const auto asked = poked.parse("poke", as_raw(Bench::event("ON_STATUS_REJECTED", ref, key_of(1))));
  BOOST_TEST_REQUIRE(asked.receipts.size() == 1u);
  BOOST_TEST((asked.receipts[0].kind == ReceiptKind::dispatched), "the record is");
}

BOOST_AUTO_TEST_CASE(subscriptions_are_made_once_and_missed_calls_are_caught_up) {
  Bench bench;
  bench.hook = "https://relance.example/hooks/maileva/T0kEn";
  auto &plugin = bench.go();
  const auto ref = plugin.send(letter_of(key_of(1))).refs.at(0);
  bench.services.tell(R"({"notifications_that_came": 600})");
  bench.services.tell(
      R"({"notification": {"id": "n1", "status": "MAX_RETRY", "last_attempt_date": "2026-11-22T10:00:00Z", "content": )" +
      Bench::event("ON_STATUS_PROCESSED", ref, key_of(1)) + "}}");
  bench.services.fault("POST /subscriptions", "503");
  BOOST_TEST(plugin.poll("").error != "", "what may be mended by waiting is tried again");
  const auto first = plugin.poll("");
  BOOST_TEST_REQUIRE(first.error == "", "an event that Maileva does not offer is no end of the others");
  const auto made = bench.services.seen()["subscriptions"];
  BOOST_TEST(made.items().size() == 14u, "each that its notification centre lists");
  BOOST_TEST(made[0]["authentication"]["basic"]["login"].text() == "maileva");
  BOOST_TEST_REQUIRE(bench.host->inbound().size() == 1u, "on the second page of what mostly came through");
  const auto parsed = plugin.parse("poll", bench.host->inbound()[0].bytes);
  BOOST_TEST_REQUIRE(parsed.receipts.size() == 1u);
  BOOST_TEST((parsed.receipts[0].kind == ReceiptKind::dispatched));
  bench.host->set_wall_ms(bench.host->wall_ms() + 7'200'000);
  const auto second = plugin.poll(first.cursor);
  BOOST_TEST(second.error == "");
  BOOST_TEST(bench.host->inbound().size() == 1u, "what the cursor names is not fetched again");
  BOOST_TEST(bench.services.seen()["subscriptions"].items().size() == 14u);

  auto &changed = bench.go(R"(, "hook_user": "maileva", "hook_password": "another secret of 16")");
  BOOST_TEST(changed.poll(second.cursor).error == "");
  const auto kept = bench.services.seen()["subscriptions"];
  BOOST_TEST(kept.items().size() == 14u);
  for (const auto &one : kept.items())
    BOOST_TEST(one["authentication"]["basic"]["password"].text() == "another secret of 16",
               "Maileva would call with the old password, and be refused");
  bench.services.fault("GET /subscriptions", "\"page\"");
  bench.host->set_wall_ms(bench.host->wall_ms() + 7 * 3'600'000);
  BOOST_TEST(changed.poll(second.cursor).error != "");
  BOOST_TEST(bench.services.seen()["subscriptions"].items().size() == 14u, "no list is not an empty list");
}

BOOST_AUTO_TEST_CASE(a_200_that_is_not_mailevas_releases_nothing_and_makes_nothing) {
  Bench bench;
  auto &plugin = bench.go();
  const auto ref = plugin.send(letter_of(key_of(1))).refs.at(0);
  for (const char *then : {"\"page\"", "\"wrong 200\""}) {
    bench.services.fault("POST /submit", then);
    BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::unknown), then);
  }
  BOOST_TEST(bench.sending(ref)["submits"].integer() == 0);
  BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::accepted));
  BOOST_TEST(bench.sending(ref)["submits"].integer() == 1);
  for (const char *on : {"POST /documents", "POST /recipients"}) {
    bench.services.fault(on, "\"page\"");
    const auto half = plugin.send(letter_of(key_of(2)));
    BOOST_TEST((half.kind == OutcomeKind::unknown), on);
    plugin.discard(half.refs);
    BOOST_TEST(plugin.poll("").error == "");
  }
  BOOST_TEST(bench.services.seen()["sendings"].items().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_draft_that_was_not_released_does_not_stay_for_somebody_to_release) {
  Bench bench;
  auto &plugin = bench.go();
  const auto ref = plugin.send(letter_of(key_of(1))).refs.at(0),
             doubted = plugin.send(letter_of(key_of(2))).refs.at(0);
  bench.services.fault("POST /submit", "\"lose\"");
  BOOST_TEST((plugin.commit({doubted}).kind == OutcomeKind::unknown));
  bench.services.fault("POST /submit", "401", 4);
  BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::not_sent));
  BOOST_TEST((plugin.commit({doubted}).kind == OutcomeKind::not_sent));
  BOOST_TEST(plugin.poll("").error == "");
  const auto left = bench.services.seen()["sendings"];
  BOOST_TEST(left[ref].is_absent(), "the host makes another draft");
  BOOST_TEST(left[doubted]["status"].text() == "PENDING", "what may have been submitted is only asked for");
}

BOOST_AUTO_TEST_CASE(drafts_that_nobody_knows_of_are_swept_after_their_time) {
  Bench bench;
  const auto forgotten = bench.go().send(letter_of(key_of(1), "registered")).refs.at(0),
             fresh = bench.go().send(letter_of(key_of(2))).refs.at(0),
             released = bench.go().send(letter_of(key_of(3))).refs.at(0),
             of_others = bench.go().send(letter_of(key_of(4))).refs.at(0);
  auto &plugin = bench.go();  // another process, which was told of none of them
  BOOST_TEST((plugin.commit({released}).kind == OutcomeKind::accepted));
  const auto set = [&](const std::string &ref, const std::string &what) {
    bench.services.tell(R"({"sending": {"sending": ")" + ref + R"(", "set": )" + what + "}}");
  };
  for (const auto &ref : {forgotten, released, of_others})
    set(ref, R"({"creation_date": "2026-11-01T10:00:00.000Z"})");
  set(of_others, R"({"name": "a letter that a person writes"})");
  bench.host->set_wall_ms(1'795'341'600'000);  // 22 November 2026
  BOOST_TEST(plugin.poll("").error == "");
  const auto left = bench.services.seen()["sendings"];
  BOOST_TEST(left[forgotten].is_absent());
  for (const auto &ref : {fresh, released, of_others}) BOOST_TEST(!left[ref].is_absent(), ref);
}

BOOST_AUTO_TEST_CASE(an_address_that_maileva_would_refuse_is_refused_before_the_letter_is_promised) {
  Bench bench;
  auto &plugin = bench.go();
  const auto path = [&](testkit::TestMessage message) {
    const auto outcome = plugin.send(message);
    BOOST_TEST((outcome.kind == OutcomeKind::rejected), outcome.text);
    return outcome.text.substr(0, outcome.text.find(' '));
  };
  auto belgian = letter_of(key_of(1), "registered");
  belgian.country = "BE";
  belgian.postal_lines = {"Camille Martin", "Rue Neuve 1", "1000 Bruxelles"};
  BOOST_TEST(path(belgian) == "/addressee/country");
  auto town = letter_of(key_of(2));
  town.postal_lines[2] = "Paris";
  BOOST_TEST(path(town) == "/addressee/postal_lines/2");
  BOOST_TEST(bench.services.seen()["calls"].items().size() == 1u, "nothing but our own look was asked");
  belgian.service = "plain";
  BOOST_TEST((plugin.send(belgian).kind == OutcomeKind::prepared), "plain letters go everywhere");
}

BOOST_AUTO_TEST_CASE(one_letter_that_cannot_be_told_of_hides_no_other_and_nothing_is_told_twice) {
  Bench bench;
  auto &plugin = bench.go();
  const auto first = plugin.send(letter_of(key_of(1))).refs.at(0),
             second = plugin.send(letter_of(key_of(2))).refs.at(0);
  const std::vector<testkit::OpenAttempt> open{{key_of(1), {first}}, {key_of(2), {second}}};
  bench.services.fault("GET " + first.substr(first.rfind('/')), "500");
  BOOST_TEST(plugin.poll("", open).error == "");
  BOOST_TEST(bench.host->inbound().size() == 1u);
  BOOST_TEST(plugin.poll("", open).error == "");
  BOOST_TEST(bench.host->inbound().size() == 2u, "the first, now that it is told");
  BOOST_TEST(plugin.poll("", open).error == "");
  BOOST_TEST(bench.host->inbound().size() == 2u);
  bench.record(second, R"({"status": "PROCESSED"})");
  BOOST_TEST(plugin.poll("", open).error == "");
  BOOST_TEST(bench.host->inbound().size() == 3u);
}

BOOST_AUTO_TEST_CASE(what_the_postman_says_of_a_registered_letter_is_told_apart) {
  Bench bench;
  auto &plugin = bench.go();
  const auto ref = plugin.send(letter_of(key_of(1), "registered")).refs.at(0);
  using postal::maileva::meaning_of_code;
  BOOST_TEST((meaning_of_code("LP15").kind == ReceiptKind::delivered));
  BOOST_TEST((meaning_of_code("LP19").kind == ReceiptKind::unclaimed));
  BOOST_TEST((meaning_of_code("LP22").kind == ReceiptKind::refused));
  BOOST_TEST((meaning_of_code("LP21").failure == FailureClass::address_dead));
  BOOST_TEST((meaning_of_code("LP17").failure == FailureClass::temporary), "it says nothing of the address");
  BOOST_TEST((meaning_of_code("N10").kind == ReceiptKind::returned), "of a plain letter");
  bench.record(ref, R"({"delivery_statuses": [{"code": "LP19", "date": "2026-12-10T08:00:00Z"},
    {"code": "LP17", "label": "handed to the sender", "date": "2026-12-20T08:00:00Z"}]})");
  const auto parsed =
      plugin.parse("webhook", as_raw(Bench::event("ON_MAIN_DELIVERY_STATUS_DELIVERED", ref, key_of(1))));
  BOOST_TEST(of_kind(parsed, ReceiptKind::unclaimed) != nullptr);
  BOOST_TEST(of_kind(parsed, ReceiptKind::delivered) == nullptr, "delivered to the sender");
}

BOOST_AUTO_TEST_CASE(without_a_hook_the_open_letters_are_asked_for_one_by_one) {
  Bench bench;
  auto &plugin = bench.go();
  BOOST_TEST((plugin.traits().flags & RELANCE_TRAIT_POLL_OPEN) != 0u);
  const auto ref = plugin.send(letter_of(key_of(1), "registered_ar")).refs.at(0);
  BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::accepted));
  bench.record(
      ref,
      R"({"status": "PROCESSED", "last_delivery_status": "P04", "last_delivery_status_date": "2026-11-25T08:00:00Z"})");
  BOOST_TEST(plugin.poll("", {{key_of(1), {ref}}}).error == "");
  BOOST_TEST_REQUIRE(bench.host->inbound().size() == 1u);
  const auto parsed = plugin.parse("poll", bench.host->inbound()[0].bytes);
  BOOST_TEST(of_kind(parsed, ReceiptKind::dispatched) != nullptr);
  BOOST_TEST_REQUIRE(of_kind(parsed, ReceiptKind::refused) != nullptr);
  BOOST_TEST(of_kind(parsed, ReceiptKind::refused)->code == "P04");
}

BOOST_AUTO_TEST_SUITE_END()
