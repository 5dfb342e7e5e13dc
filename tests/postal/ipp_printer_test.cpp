// The driver "ipp" against a real printer: what it prints, when, and once; what its refusals, its silence and
// its forgetting become.
#include "plugins/postal/ipp/channel.hpp"
#include "tests/postal/curl_http.hpp"
#include "tests/postal/letters.hpp"
#include "tests/postal/printer_peer.hpp"

#include <boost/test/unit_test.hpp>
#include <relance/channel.hpp>

#include <iostream>

using namespace relance;
using relance::postal::ipp::IppChannel;
using relance::test::key_of;
using relance::test::letter_of;
using relance::test::pdf_of;
using sdk::FailureClass;
using sdk::OutcomeKind;
using sdk::ReceiptKind;

BOOST_AUTO_TEST_SUITE(ipp_printer_test)

namespace {

/// Which answers of the printer are lost on the way: those to this operation.
struct Wire {
  std::atomic<std::uint16_t> loses{0};
  std::atomic<std::uint16_t> busy{0};  ///< and which are answered so before they reach it
  std::atomic<int> sent{0};

  sdk::HttpReply call(const sdk::HttpRequest &request) {
    const auto operation = static_cast<std::uint16_t>(static_cast<unsigned char>(request.body[3]));
    if (operation == busy)  // server-error-busy, without any attribute
      return testkit::replied(200, std::string{"\x02\x00\x05\x07\x00\x00\x00\x01\x03", 9});
    if (operation == 6 || operation == 2) ++sent;
    auto reply = test::over_the_wire(request);
    return operation == loses ? testkit::unknown() : reply;
  }
};

struct Bench {
  test::PrinterPeer printer;
  Wire wire;
  std::optional<testkit::FakeHost> host;
  std::optional<testkit::Instance> instance;

  explicit Bench(const std::string &format = "application/pdf") : printer(format) {}
  testkit::Instance &started(const std::string &more = {}) {
    instance.reset();
    host.emplace();
    host->on_http = [this](const sdk::HttpRequest &request) { return wire.call(request); };
    instance.emplace(sdk::Driver<IppChannel>::table(), *host,
                     R"({"url": ")" + printer.url() + '"' + more + '}');
    return *instance;
  }
  /// Polls until a job of this key has that state; the receipt of it.
  sdk::Receipt await(const std::string &key, const std::vector<std::string> &refs, const std::string &state) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < end) {
      const auto polled = instance->poll("", {{key, refs}});
      BOOST_TEST_REQUIRE(polled.error == "");
      for (const auto &item : host->inbound()) {
        auto parsed = instance->parse("poll", item.bytes);
        if (!parsed.receipts.empty() && parsed.receipts[0].code == state &&
            parsed.receipts[0].idempotency_key == key)
          return parsed.receipts[0];
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    BOOST_FAIL("the job never was " + state);
    return {};
  }
};

bool is_skipped() {
  const auto why = test::PrinterPeer::missing();
  if (!why.empty()) std::cout << "all of this suite skipped: " << why << '\n';
  return !why.empty();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_letter_is_printed_when_it_is_released_and_the_receipt_says_dispatched) {
  if (is_skipped()) return;
  Bench bench;
  auto &plugin = bench.started();
  const auto pdf = pdf_of(2, 100'000);
  const auto prepared = plugin.send(letter_of(key_of(1), "plain", pdf));
  BOOST_TEST_REQUIRE((prepared.kind == OutcomeKind::prepared), prepared.text);
  BOOST_TEST((plugin.query({}, prepared.refs).kind == OutcomeKind::prepared));
  BOOST_TEST(bench.printer.printed().empty());
  const auto accepted = plugin.commit(prepared.refs);
  BOOST_TEST_REQUIRE((accepted.kind == OutcomeKind::accepted), accepted.text);
  const auto receipt = bench.await(key_of(1), accepted.refs, "completed");
  BOOST_TEST((receipt.kind == ReceiptKind::dispatched), "printed is not delivered");
  BOOST_TEST(receipt.is_final);
  BOOST_TEST(receipt.ref == accepted.refs[0]);
  BOOST_TEST((bench.printer.document(key_of(1)) == pdf));
  BOOST_TEST((plugin.commit(prepared.refs).kind == OutcomeKind::accepted),
             "a second commit finds it released");
  BOOST_TEST((plugin.query(key_of(1), {}).kind == OutcomeKind::accepted), "found by its name");
  BOOST_TEST(bench.wire.sent == 1);
  BOOST_TEST((plugin.recall(accepted.refs).kind == sdk::RecallKind::too_late));
}

BOOST_AUTO_TEST_CASE(a_printer_that_gives_up_is_a_failure_and_a_busy_one_a_pause) {
  if (is_skipped()) return;
  Bench bench;
  auto &plugin = bench.started();
  bench.printer.hold();
  bench.printer.end_with(1);
  const auto first = plugin.send(letter_of(key_of(1)));
  BOOST_TEST((plugin.commit(first.refs).kind == OutcomeKind::accepted));
  bench.await(key_of(1), first.refs, "processing");
  const auto busy = plugin.send(letter_of(key_of(2)));
  BOOST_TEST((busy.kind == OutcomeKind::not_sent), busy.text);
  BOOST_TEST(busy.code == "server-error-busy");
  BOOST_TEST(busy.whole_instance);
  BOOST_TEST(busy.retry_after_ms == 15'000);
  BOOST_TEST((plugin.recall(first.refs).kind == sdk::RecallKind::too_late));
  bench.printer.let_go();
  const auto receipt = bench.await(key_of(1), first.refs, "aborted");
  BOOST_TEST((receipt.kind == ReceiptKind::failed && receipt.is_final &&
              receipt.failure == FailureClass::temporary));
  BOOST_TEST(bench.printer.printed().empty());
  bench.printer.end_with(0);
  const auto second = plugin.send(letter_of(key_of(2)));
  BOOST_TEST((plugin.commit(second.refs).kind == OutcomeKind::accepted));
  BOOST_TEST((bench.await(key_of(2), second.refs, "completed").kind == ReceiptKind::dispatched));
}

BOOST_AUTO_TEST_CASE(a_printer_that_takes_no_pdf_gets_no_job) {
  if (is_skipped()) return;
  Bench bench{"image/pwg-raster"};
  const auto outcome = bench.started().send(letter_of(key_of(1)));
  BOOST_TEST((outcome.kind == OutcomeKind::rejected), outcome.text);
  BOOST_TEST((outcome.failure == FailureClass::policy));
  BOOST_TEST(outcome.code.find("not-supported") != std::string::npos, outcome.code);
  BOOST_TEST(bench.wire.sent == 0);
}

BOOST_AUTO_TEST_CASE(a_lost_answer_to_the_release_is_in_doubt_until_the_printer_is_asked) {
  if (is_skipped()) return;
  Bench bench;
  auto &plugin = bench.started();
  const auto prepared = plugin.send(letter_of(key_of(1)));
  bench.wire.loses = 6;
  BOOST_TEST((plugin.commit(prepared.refs).kind == OutcomeKind::unknown));
  bench.wire.loses = 0;
  BOOST_TEST((plugin.commit(prepared.refs).kind == OutcomeKind::accepted), "the job has its letter");
  BOOST_TEST((plugin.query({}, prepared.refs).kind == OutcomeKind::accepted));
  bench.await(key_of(1), prepared.refs, "completed");
  BOOST_TEST(bench.wire.sent == 1, "the letter was sent once");
}

BOOST_AUTO_TEST_CASE(a_draft_whose_process_died_is_handed_over_again_and_its_job_removed) {
  if (is_skipped()) return;
  Bench bench;
  const auto prepared = bench.started().send(letter_of(key_of(1)));
  BOOST_TEST((prepared.kind == OutcomeKind::prepared));
  auto &plugin = bench.started();
  const auto lost = plugin.commit(prepared.refs);
  BOOST_TEST((lost.kind == OutcomeKind::not_sent), lost.text);
  const auto again = plugin.send(letter_of(key_of(2)));
  BOOST_TEST_REQUIRE((again.kind == OutcomeKind::prepared),
                     "the empty job blocks the printer no more: " << again.text);
  BOOST_TEST((plugin.discard(again.refs).kind == sdk::DiscardKind::gone));
  const auto third = plugin.send(letter_of(key_of(3)));
  BOOST_TEST_REQUIRE((third.kind == OutcomeKind::prepared), third.text);
  BOOST_TEST((plugin.commit(third.refs).kind == OutcomeKind::accepted));
  bench.await(key_of(3), third.refs, "completed");
  BOOST_TEST((bench.printer.printed() == std::vector<std::string>{key_of(3)}));
}

BOOST_AUTO_TEST_CASE(a_release_that_was_not_taken_leaves_no_empty_job_behind) {
  if (is_skipped()) return;
  Bench bench;
  auto &plugin = bench.started();
  bench.wire.busy = 6;
  for (int i{1}; i <= 3; ++i) {
    const auto prepared = plugin.send(letter_of(key_of(i)));
    BOOST_TEST_REQUIRE((prepared.kind == OutcomeKind::prepared), i << ": " << prepared.text);
    BOOST_TEST((plugin.commit(prepared.refs).kind == OutcomeKind::not_sent));
  }
  bench.wire.busy = 0;
  const auto last = plugin.send(letter_of(key_of(99)));
  BOOST_TEST((plugin.commit(last.refs).kind == OutcomeKind::accepted));
  bench.await(key_of(99), last.refs, "completed");
  BOOST_TEST((bench.printer.printed() == std::vector<std::string>{key_of(99)}));
}

BOOST_AUTO_TEST_CASE(an_empty_job_that_nobody_knows_of_does_not_stay) {
  if (is_skipped()) return;
  Bench bench;
  auto &plugin = bench.started();
  bench.wire.loses = 5;
  const auto found = plugin.send(letter_of(key_of(1)));
  bench.wire.loses = 0;
  BOOST_TEST_REQUIRE((found.kind == OutcomeKind::prepared), "by its name: " << found.text);
  // The process dies, and the host was never told of its job.
  auto &next = bench.started();
  const auto prepared = next.send(letter_of(key_of(2)));
  BOOST_TEST_REQUIRE((prepared.kind == OutcomeKind::prepared), prepared.text);
  BOOST_TEST((next.commit(prepared.refs).kind == OutcomeKind::accepted));
  bench.await(key_of(2), prepared.refs, "completed");
}

BOOST_AUTO_TEST_CASE(what_came_out_with_errors_is_for_a_person_to_look_at) {
  if (is_skipped()) return;
  Bench bench;
  auto &plugin = bench.started();
  const auto parsed = plugin.parse("poll", R"({"ref": "7/)" + key_of(1) + R"(", "key": ")" + key_of(1) +
                                               R"(", "state": "9", "reasons": "job-completed-with-errors"})");
  BOOST_TEST_REQUIRE(parsed.receipts.size() == 1u);
  BOOST_TEST((parsed.receipts[0].kind == ReceiptKind::interim && !parsed.receipts[0].is_final));
}

BOOST_AUTO_TEST_CASE(in_one_phase_a_lost_answer_is_in_doubt_and_nothing_is_sent_again) {
  if (is_skipped()) return;
  Bench bench;
  auto &plugin = bench.started(R"(, "two_phases": false, "version": "1.1")");
  BOOST_TEST((plugin.traits().capabilities & RELANCE_CAP_TWO_PHASE) == 0u);
  bench.wire.loses = 2;
  BOOST_TEST((plugin.send(letter_of(key_of(1))).kind == OutcomeKind::unknown));
  bench.wire.loses = 0;
  const auto found = plugin.query(key_of(1), {});
  BOOST_TEST((found.kind == OutcomeKind::accepted));
  bench.await(key_of(1), {}, "completed");
  BOOST_TEST(bench.wire.sent == 1);
  BOOST_TEST((plugin.query(key_of(9), {}).kind == OutcomeKind::unknown),
             "a printer forgets: no name is no proof");
  const auto taken = plugin.send(letter_of(key_of(2)));
  BOOST_TEST((taken.kind == OutcomeKind::accepted), taken.text);
  bench.await(key_of(2), taken.refs, "completed");
}

BOOST_AUTO_TEST_CASE(a_number_that_another_job_has_now_is_not_ours) {
  if (is_skipped()) return;
  Bench bench;
  auto &plugin = bench.started();
  const auto prepared = plugin.send(letter_of(key_of(1)));
  BOOST_TEST((plugin.commit(prepared.refs).kind == OutcomeKind::accepted));
  const auto other = prepared.refs[0].substr(0, prepared.refs[0].find('/') + 1) + key_of(2);
  BOOST_TEST((plugin.query({}, {other}).kind == OutcomeKind::unknown));
  BOOST_TEST((plugin.recall({other}).kind == sdk::RecallKind::unknown));
}

BOOST_AUTO_TEST_CASE(a_printer_that_is_off_and_one_that_is_none_are_told_apart) {
  if (is_skipped()) return;
  Bench bench;
  bench.printer.kill();
  const auto off = bench.started().send(letter_of(key_of(1)));
  BOOST_TEST(
      (off.kind == OutcomeKind::not_sent && off.whole_instance && off.failure == FailureClass::temporary),
      off.text);
  testkit::FakeHost host;
  host.on_http = [](const sdk::HttpRequest &) { return testkit::replied(200, "<html>router</html>"); };
  testkit::Instance none{sdk::Driver<IppChannel>::table(), host, R"({"url": "ipp://192.0.2.1/ipp/print"})"};
  BOOST_TEST((none.send(letter_of(key_of(1))).kind == OutcomeKind::not_sent), "only a question went there");
}

BOOST_AUTO_TEST_SUITE_END()
