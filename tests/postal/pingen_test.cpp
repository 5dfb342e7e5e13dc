// The driver "pingen" beside a double that keeps the provider's state: a letter that is validated, sent once,
// and what its states and webhooks become.
#include "plugins/postal/pingen/channel.hpp"
#include "tests/postal/letters.hpp"
#include "tests/postal/services_peer.hpp"

#include <relance/channel.hpp>

#include <algorithm>

using namespace relance;
using relance::postal::pingen::PingenChannel;
using relance::test::as_raw;
using relance::test::key_of;
using relance::test::letter_of;
using sdk::FailureClass;
using sdk::OutcomeKind;
using sdk::ReceiptKind;

BOOST_AUTO_TEST_SUITE(pingen_test)

namespace {

struct Bench : test::ServicesBench<PingenChannel> {
  testkit::Instance &go() {
    return started(
        R"({"api": ")" + services.url() + R"(", "identity": ")" + services.url() +
        R"(", "organisation": "org-1", "client_id": "us", "client_secret": "right secret", "signing_key": "k-19c204aa",
                   "registered_product": "postag_registered"})");
  }
  sdk::Json letter(const std::string &ref) { return services.seen()["letters"][ref]; }
  static std::string news(const std::string &type, const std::string &id, const std::string &reason = {}) {
    return R"({"data": {"id": "ev-1", "type": ")" + type + R"(", "attributes": {"reason": ")" + reason +
           R"(", "created_at": "2026-11-22T10:00:00+0000"}, "relationships": {"letter": {"data": {"id": ")" +
           id + R"(", "type": "letters"}}}}})";
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_letter_is_uploaded_validated_and_sent_once) {
  Bench bench;
  auto &plugin = bench.go();
  const auto prepared = plugin.send(letter_of(key_of(1), "registered"));
  BOOST_TEST_REQUIRE((prepared.kind == OutcomeKind::prepared), prepared.text);
  const auto ref = prepared.refs.at(0);
  BOOST_TEST(bench.letter(ref)["status"].text() == "valid");
  BOOST_TEST((plugin.query({}, {ref}).kind == OutcomeKind::prepared));
  BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::accepted));
  BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::accepted), "it was sent already");
  const auto letter = bench.letter(ref);
  BOOST_TEST(letter["sends"].integer() == 1);
  BOOST_TEST(letter["delivery_product"].text() == "postag_registered");
  BOOST_TEST(letter["file_original_name"].text() == "relance-" + key_of(1) + ".pdf");
  BOOST_TEST((plugin.query({}, {ref}).kind == OutcomeKind::accepted));
}

BOOST_AUTO_TEST_CASE(a_lost_answer_to_the_sending_is_in_doubt_and_never_a_second_one) {
  Bench bench;
  auto &plugin = bench.go();
  const auto ref = plugin.send(letter_of(key_of(1))).refs.at(0);
  bench.services.fault("PATCH /send", "\"lose\"");
  BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::unknown));
  BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::accepted));
  BOOST_TEST(bench.letter(ref)["sends"].integer() == 1);
}

BOOST_AUTO_TEST_CASE(a_lost_answer_to_the_draft_leaves_at_most_a_draft_and_the_same_key_finds_it) {
  Bench bench;
  auto &plugin = bench.go();
  bench.services.fault("POST /letters", "\"lose\"");
  BOOST_TEST((plugin.send(letter_of(key_of(1))).kind == OutcomeKind::unknown));
  for (const auto &letter : bench.services.seen()["letters"].items())
    BOOST_TEST(letter["sends"].integer() == 0);
}

BOOST_AUTO_TEST_CASE(a_letter_is_released_only_when_its_own_record_says_so) {
  Bench bench;
  auto &plugin = bench.go();
  const auto set = [&](const std::string &ref, const std::string &what) {
    bench.services.tell(R"({"letter": {"id": ")" + ref + R"(", "set": )" + what + "}}");
  };
  const auto ref = plugin.send(letter_of(key_of(1))).refs.at(0);
  bench.services.fault("GET /letters", "\"page\"");
  BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::not_sent), "a page of maintenance is no letter");
  BOOST_TEST(bench.letter(ref)["sends"].integer() == 0);
  BOOST_TEST(plugin.poll("").error == "");
  BOOST_TEST(bench.letter(ref).is_absent(), "its draft does not stay for somebody to send");

  const auto other = plugin.send(letter_of(key_of(2))).refs.at(0);
  bench.services.fault("PATCH /send", "\"page\"");
  BOOST_TEST((plugin.commit({other}).kind == OutcomeKind::unknown));
  set(other, R"({"status": "a_state_of_2027"})");
  BOOST_TEST((plugin.commit({other}).kind == OutcomeKind::unknown), "sent or not: nobody knows");
  BOOST_TEST((plugin.query({}, {other}).kind == OutcomeKind::unknown));
  set(other, R"({"submitted_at": "2026-11-22T10:00:01+0000"})");
  BOOST_TEST((plugin.commit({other}).kind == OutcomeKind::accepted));
  BOOST_TEST((plugin.query({}, {other}).kind == OutcomeKind::accepted));

  const auto third = plugin.send(letter_of(key_of(3))).refs.at(0);
  set(third, R"({"status": "action_required"})");
  const auto refused = plugin.commit({third});
  BOOST_TEST((refused.kind == OutcomeKind::rejected && refused.code == "action_required"), refused.text);
}

BOOST_AUTO_TEST_CASE(one_letter_that_cannot_be_told_of_hides_no_other_and_nothing_is_told_twice) {
  Bench bench;
  auto &plugin = bench.go();
  const auto first = plugin.send(letter_of(key_of(1))).refs.at(0),
             second = plugin.send(letter_of(key_of(2))).refs.at(0);
  BOOST_TEST((plugin.commit({first}).kind == OutcomeKind::accepted &&
              plugin.commit({second}).kind == OutcomeKind::accepted));
  const std::vector<testkit::OpenAttempt> open{{key_of(1), {first}}, {key_of(2), {second}}};
  bench.services.fault("GET /" + first, "500", 3);
  for (const auto told : {1u, 2u, 2u}) {
    for (int often{0}; often < 3;
         ++often)  // at first the second letter is told, then only the first asked for
      BOOST_TEST((plugin.poll("", open).error == "") == (often == 0 || told == 2u));
    BOOST_TEST(bench.host->inbound().size() == told);
    bench.host->set_wall_ms(bench.host->wall_ms() + 3'600'000);
  }
  const auto calls = bench.services.seen()["calls"].items();
  const auto asked = std::ranges::count_if(calls, [&](const sdk::Json &call) {
    return call.text().starts_with("GET ") && call.text().find(first) != std::string::npos;
  });
  BOOST_TEST(asked == 8, "once an hour when it was told; three times in making and releasing it");
  bench.services.fault("GET /letters", "503", 2);
  BOOST_TEST(plugin.poll("", open).error != "", "a provider that is away is said to be");
}

BOOST_AUTO_TEST_CASE(a_letter_that_cannot_be_printed_is_refused_before_its_release) {
  Bench bench;
  auto &plugin = bench.go();
  const auto outcome = plugin.send(letter_of(key_of(1), "plain", "%PDF-1.4 /Type /Page"));
  BOOST_TEST((outcome.kind == OutcomeKind::rejected), outcome.text);
  BOOST_TEST(outcome.code == "unprintable");
  BOOST_TEST(bench.services.seen()["letters"].items().empty(), "and its draft removed");
}

BOOST_AUTO_TEST_CASE(a_discarded_draft_goes_and_a_sent_letter_stays) {
  Bench bench;
  auto &plugin = bench.go();
  const auto draft = plugin.send(letter_of(key_of(1))).refs.at(0),
             sent = plugin.send(letter_of(key_of(2))).refs.at(0);
  BOOST_TEST((plugin.commit({sent}).kind == OutcomeKind::accepted));
  BOOST_TEST((plugin.discard({draft}).kind == sdk::DiscardKind::gone));
  BOOST_TEST((plugin.discard({sent}).kind == sdk::DiscardKind::released));
  BOOST_TEST(bench.services.seen()["letters"].items().size() == 1u);
  BOOST_TEST((plugin.commit({draft}).kind == OutcomeKind::not_sent));
}

BOOST_AUTO_TEST_CASE(drafts_that_nobody_knows_of_are_swept_after_their_time) {
  Bench bench;
  const auto forgotten = bench.go().send(letter_of(key_of(1))).refs.at(0),
             fresh = bench.go().send(letter_of(key_of(2))).refs.at(0),
             sent = bench.go().send(letter_of(key_of(3))).refs.at(0),
             of_others = bench.go().send(letter_of(key_of(4))).refs.at(0);
  auto &plugin = bench.go();  // another process, which was told of none of them
  BOOST_TEST((plugin.commit({sent}).kind == OutcomeKind::accepted));
  const auto set = [&](const std::string &id, const std::string &what) {
    bench.services.tell(R"({"letter": {"id": ")" + id + R"(", "set": )" + what + "}}");
  };
  for (const auto &id : {forgotten, sent, of_others})
    set(id, R"({"created_at": "2026-11-01T10:00:00+0000"})");
  set(of_others, R"({"file_original_name": "a letter that a person writes.pdf"})");
  bench.host->set_wall_ms(1'795'341'600'000);  // 22 November 2026
  BOOST_TEST(plugin.poll("").error == "");
  const auto left = bench.services.seen()["letters"];
  BOOST_TEST(left[forgotten].is_absent());
  for (const auto &id : {fresh, sent, of_others}) BOOST_TEST(!left[id].is_absent(), id);
}

BOOST_AUTO_TEST_CASE(a_letter_is_taken_back_while_it_can_be) {
  Bench bench;
  auto &plugin = bench.go();
  const auto ref = plugin.send(letter_of(key_of(1))).refs.at(0),
             late = plugin.send(letter_of(key_of(2))).refs.at(0);
  BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::accepted &&
              plugin.commit({late}).kind == OutcomeKind::accepted));
  BOOST_TEST((plugin.recall({ref}).kind == sdk::RecallKind::cancelled));
  bench.services.tell(R"({"letter": {"id": ")" + late + R"(", "set": {"status": "printing"}}})");
  BOOST_TEST((plugin.recall({late}).kind == sdk::RecallKind::too_late));
}

BOOST_AUTO_TEST_CASE(a_webhook_is_believed_by_its_signature_and_an_unknown_type_changes_nothing) {
  Bench bench;
  auto &plugin = bench.go();
  const auto body = Bench::news("webhook_sent", "1e01");
  const auto signature = sdk::to_hex(sdk::hmac_sha256("k-19c204aa", body));
  BOOST_TEST(
      (plugin.authenticate({.headers = {{"signature", signature}}, .body = body}) == sdk::Verdict::genuine));
  BOOST_TEST((plugin.authenticate({.headers = {{"signature", signature}}, .body = body + ' '}) ==
              sdk::Verdict::forged));
  BOOST_TEST((plugin.authenticate({.body = body}) == sdk::Verdict::forged));
  struct Case {
    const char *type;
    ReceiptKind kind;
    bool is_final;
  };
  for (const auto &[type, kind, is_final] : {Case{"webhook_sent", ReceiptKind::dispatched, false},
                                             Case{"webhook_delivered", ReceiptKind::delivered, true},
                                             Case{"webhook_undeliverable", ReceiptKind::returned, true},
                                             Case{"webhook_issues", ReceiptKind::interim, false},
                                             Case{"webhook_of_2027", ReceiptKind::interim, false}}) {
    const auto parsed = plugin.parse("webhook", as_raw(Bench::news(type, "1e01", "moved")));
    BOOST_TEST_REQUIRE(parsed.receipts.size() == 1u, type);
    BOOST_TEST((parsed.receipts[0].kind == kind && parsed.receipts[0].is_final == is_final), type);
    BOOST_TEST(parsed.receipts[0].ref == "1e01");
    BOOST_TEST(parsed.receipts[0].text == "moved");
  }
  BOOST_TEST((plugin.parse("webhook", as_raw("{}")).status == sdk::Parsed::Status::unreadable));
  const auto other =
      plugin.parse("webhook", as_raw(R"({"data": {"type": "webhook_channel_subscriptions"}})"));
  BOOST_TEST((other.status == sdk::Parsed::Status::ok && other.receipts.empty()), "nothing of ours");
  auto moved = Bench::news("webhook_undeliverable", "1e01", "moved");
  moved.insert(
      moved.find("\"created_at\""),
      R"("corrected_address": {"street": "Neugasse", "number": 5, "zip": "8005", "city": "Zürich"}, )");
  BOOST_TEST(plugin.parse("webhook", as_raw(moved)).receipts.at(0).text ==
             "moved (now: Neugasse 5 8005 Zürich)");
}

BOOST_AUTO_TEST_CASE(states_that_no_webhook_brought_are_asked_for) {
  Bench bench;
  auto &plugin = bench.go();
  const auto ref = plugin.send(letter_of(key_of(1))).refs.at(0);
  BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::accepted));
  bench.services.tell(
      R"({"letter": {"id": ")" + ref +
      R"(", "set": {"status": "undeliverable", "price_value": 1.05, "price_currency": "CHF"}}})");
  BOOST_TEST(plugin.poll("", {{key_of(1), {ref}}}).error == "");
  BOOST_TEST_REQUIRE(bench.host->inbound().size() == 1u);
  const auto parsed = plugin.parse("poll", bench.host->inbound()[0].bytes);
  BOOST_TEST_REQUIRE(parsed.receipts.size() == 1u);
  const auto &receipt = parsed.receipts[0];
  BOOST_TEST((receipt.kind == ReceiptKind::returned && receipt.failure == FailureClass::address_dead));
  BOOST_TEST(receipt.idempotency_key == key_of(1));
  BOOST_TEST_REQUIRE(receipt.price.has_value());
  BOOST_TEST(receipt.price->micro_units == 1'050'000);
}

BOOST_AUTO_TEST_CASE(an_expired_token_in_mid_flow_is_renewed_once) {
  Bench bench;
  auto &plugin = bench.go();
  const auto ref = plugin.send(letter_of(key_of(1))).refs.at(0);
  bench.services.tell(R"({"expire_tokens": true})");
  BOOST_TEST((plugin.commit({ref}).kind == OutcomeKind::accepted));
  BOOST_TEST(bench.letter(ref)["sends"].integer() == 1);
  BOOST_TEST(bench.services.seen()["token_calls"].integer() == 2);
}

BOOST_AUTO_TEST_SUITE_END()
