// The driver "lob" beside a double written from Lob's published interface: one phase under an idempotency
// key, an address in its parts, requests that must be refused, signed webhooks.
#include "plugins/postal/lob/channel.hpp"
#include "tests/postal/letters.hpp"
#include "tests/postal/services_peer.hpp"

#include <relance/channel.hpp>

using namespace relance;
using relance::postal::lob::LobChannel;
using relance::test::as_raw;
using relance::test::key_of;
using relance::test::letter_of;
using sdk::FailureClass;
using sdk::OutcomeKind;
using sdk::ReceiptKind;

BOOST_AUTO_TEST_SUITE(lob_test)

namespace {

struct Bench : test::ServicesBench<LobChannel> {
  testkit::Instance &go(const std::string &key = "test_key", const std::string &more = {}) {
    return started(R"({"api": ")" + services.url() + R"(", "api_key": ")" + key +
                   R"(", "webhook_secret": "w-19c204aa", "from": "adr_1")" + more + '}');
  }
  static testkit::TestMessage american(const std::string &key, const std::string &service = "plain") {
    auto message = letter_of(key, service);
    message.postal_lines = {"Harry Zhang", "210 King St Ste 6100", "San Francisco, CA 94107-1741", "US"};
    message.country = "US";
    return message;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_letter_is_taken_and_its_repeat_dropped_by_the_key) {
  Bench bench;
  auto &plugin = bench.go();
  BOOST_TEST(plugin.traits().idempotency_window_ms == 23 * 3'600'000);
  const auto taken = plugin.send(Bench::american(key_of(1), "registered_ar"));
  BOOST_TEST_REQUIRE((taken.kind == OutcomeKind::accepted), taken.text);
  const auto letter = bench.services.seen()["lob"][taken.refs.at(0)];
  BOOST_TEST(letter["extra_service"].text() == "certified_return_receipt");
  BOOST_TEST(letter["to"]["to[address_city]"].text() == "San Francisco");
  BOOST_TEST(letter["to"]["to[address_state]"].text() == "CA");
  BOOST_TEST(letter["to"]["to[address_zip]"].text() == "94107-1741");
  bench.services.fault("POST /v1/letters", "\"lose\"");
  BOOST_TEST((plugin.send(Bench::american(key_of(2))).kind == OutcomeKind::unknown));
  const auto again = plugin.send(Bench::american(key_of(2)));
  BOOST_TEST((again.kind == OutcomeKind::accepted));
  BOOST_TEST(bench.services.seen()["lob"].items().size() == 2u,
             "the same key with the same bytes is the same letter");
  BOOST_TEST((plugin.query(key_of(2), {}).refs == again.refs));
  BOOST_TEST((plugin.query(key_of(9), {}).kind == OutcomeKind::not_found));
}

BOOST_AUTO_TEST_CASE(what_lob_would_refuse_is_refused_before_it_leaves_and_by_lob_itself) {
  Bench bench;
  auto &plugin = bench.go();
  auto french = letter_of(key_of(1));
  french.country = "US";
  const auto refused = plugin.send(french);
  BOOST_TEST((refused.kind == OutcomeKind::rejected));
  BOOST_TEST(refused.text.find("ZIP") != std::string::npos, refused.text);
  BOOST_TEST((plugin.send(Bench::american(key_of(2), "lre")).kind == OutcomeKind::rejected));
  BOOST_TEST(bench.services.seen()["calls"].items().size() == 1u, "nothing but our own look was asked");
  // The double does refuse: an empty request, one without a use, one without a file.
  for (const std::string body :
       {"{}", "", "--x\r\ncontent-disposition: form-data; name=\"color\"\r\n\r\ntrue\r\n--x--\r\n"}) {
    const auto reply =
        test::over_the_wire({.method = "POST",
                             .url = bench.services.url() + "/v1/letters",
                             .headers = {{"authorization", "Basic " + sdk::to_base64("test_key:")},
                                         {"content-type", "multipart/form-data; boundary=x"}},
                             .body = body});
    BOOST_TEST(reply.status == 422u, body);
  }
  const auto stranger = bench.go("another_key").send(Bench::american(key_of(3)));
  BOOST_TEST((stranger.kind == OutcomeKind::not_sent && stranger.failure == FailureClass::configuration),
             stranger.text);
  BOOST_TEST(bench.services.seen()["lob"].items().empty());
}

BOOST_AUTO_TEST_CASE(a_repeat_with_other_bytes_says_nothing_of_the_first_copy) {
  Bench bench;
  bench.services.fault("POST /v1/letters", "\"lose\"");
  BOOST_TEST((bench.go().send(Bench::american(key_of(1))).kind == OutcomeKind::unknown));
  const auto changed = bench.go("test_key", R"(, "colour": true)").send(Bench::american(key_of(1)));
  BOOST_TEST((changed.kind == OutcomeKind::unknown), "it is a letter already: " << changed.text);
  BOOST_TEST(bench.services.seen()["lob"].items().size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_lob_does_not_print_or_carry_is_refused_before_it_is_promised) {
  Bench bench;
  auto &plugin = bench.go();
  const auto pages = [](const std::string &box) {
    auto message = Bench::american(key_of(1));
    message.parts.back().bytes =
        "%PDF-1.5\n1 0 obj <</Type /Page /MediaBox [ " + box + " ]>> endobj\n%%EOF\n";
    return message;
  };
  const auto european = plugin.send(pages("0 0 595.275591 841.889764"));
  BOOST_TEST((european.kind == OutcomeKind::rejected));
  BOOST_TEST(european.text.find("210 × 297 mm") != std::string::npos, european.text);
  BOOST_TEST(bench.services.seen()["calls"].items().size() == 1u, "nothing but our own look was asked");
  BOOST_TEST((plugin.send(pages("0 0 612 792")).kind == OutcomeKind::accepted));

  auto abroad = letter_of(key_of(2), "registered");
  const auto taken = plugin.send(abroad);
  BOOST_TEST_REQUIRE((taken.kind == OutcomeKind::accepted), taken.text);
  BOOST_TEST(bench.services.seen()["lob"][taken.refs.at(0)]["extra_service"].text() == "registered",
             "certified mail is for the United States");
  abroad.service = "registered_ar";
  BOOST_TEST((plugin.send(abroad).kind == OutcomeKind::rejected));
}

BOOST_AUTO_TEST_CASE(a_letter_is_deleted_while_it_waits_and_too_late_after) {
  Bench bench;
  auto &plugin = bench.go();
  const auto first = plugin.send(Bench::american(key_of(1))).refs.at(0),
             second = plugin.send(Bench::american(key_of(2))).refs.at(0);
  BOOST_TEST((plugin.recall({first}).kind == sdk::RecallKind::cancelled));
  bench.services.tell(R"({"letter": {"id": ")" + second + R"(", "set": {"mailed": true}}})");
  BOOST_TEST((plugin.recall({second}).kind == sdk::RecallKind::too_late));
}

BOOST_AUTO_TEST_CASE(a_webhook_is_believed_by_signature_and_time) {
  Bench bench;
  auto &plugin = bench.go();
  const std::string body{
      R"({"id": "evt_1", "event_type": {"id": "letter.certified.delivered"}, "reference_id": "ltr_1",
    "date_created": "2026-11-22T10:00:00.000Z", "body": {"id": "ltr_1", "metadata": {"key": ")" +
      key_of(1) + "\"}}}"};
  const auto verdict = [&](std::int64_t at_ms, const std::string &text, std::int64_t received_at_ms = 0) {
    const auto stamp = std::to_string(at_ms);
    const auto signature = sdk::to_hex(sdk::hmac_sha256("w-19c204aa", stamp + '.' + body));
    return plugin.authenticate(
        {.headers = {{"lob-signature", signature}, {"lob-signature-timestamp", stamp}},
         .body = text,
         .received_at_ms = received_at_ms});
  };
  const auto now = bench.host->wall_ms();
  BOOST_TEST((verdict(now, body) == sdk::Verdict::genuine));
  BOOST_TEST((verdict(now, body + ' ') == sdk::Verdict::forged));
  BOOST_TEST((verdict(now - 600'000, body) == sdk::Verdict::forged), "an old one is a replay");
  BOOST_TEST((verdict(now - 600'000, body, now - 599'000) == sdk::Verdict::genuine), "unless it came then");
  const auto parsed = plugin.parse("webhook", as_raw(body));
  BOOST_TEST_REQUIRE(parsed.receipts.size() == 1u);
  BOOST_TEST((parsed.receipts[0].kind == ReceiptKind::delivered && parsed.receipts[0].is_final));
  BOOST_TEST(parsed.receipts[0].idempotency_key == key_of(1));
  using postal::lob::meaning_of_event;
  BOOST_TEST((meaning_of_event("letter.returned_to_sender").kind == ReceiptKind::returned));
  BOOST_TEST((meaning_of_event("letter.return_envelope.delivered").kind == ReceiptKind::interim),
             "that is about the answer's envelope");
  BOOST_TEST((meaning_of_event("letter.of_2027").kind == ReceiptKind::interim));
  BOOST_TEST((meaning_of_event("letter.failed").kind == ReceiptKind::failed));
}

BOOST_AUTO_TEST_CASE(tracking_is_asked_for_and_an_unclaimed_letter_is_told_from_a_returned_one) {
  Bench bench;
  auto &plugin = bench.go();
  const auto ref = plugin.send(Bench::american(key_of(1), "registered")).refs.at(0);
  bench.services.tell(R"({"letter": {"id": ")" + ref + R"(", "set": {"tracking_events": [
    {"name": "In Transit", "time": "2026-11-23T10:00:00Z"},
    {"name": "Returned to Sender", "time": "2026-11-30T10:00:00Z", "details": {"event": "package_unclaimed", "description": "not picked up"}}]}}})");
  for (const char *link : {"signed at ten", "signed at eleven"}) {
    bench.services.tell(R"({"letter": {"id": ")" + ref + R"(", "set": {"url": ")" + link + R"("}}})");
    BOOST_TEST(plugin.poll("", {{key_of(1), {ref}}}).error == "");
    bench.host->set_wall_ms(bench.host->wall_ms() + 3'600'000);
  }
  BOOST_TEST_REQUIRE(bench.host->inbound().size() == 1u, "another link is no news");
  const auto parsed = plugin.parse("poll", bench.host->inbound()[0].bytes);
  BOOST_TEST_REQUIRE(parsed.receipts.size() == 2u);
  BOOST_TEST((parsed.receipts[0].kind == ReceiptKind::dispatched));
  BOOST_TEST((parsed.receipts[1].kind == ReceiptKind::unclaimed));
  BOOST_TEST(parsed.receipts[1].text == "not picked up");
}

BOOST_AUTO_TEST_SUITE_END()
