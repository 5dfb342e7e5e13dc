// relance.evidence/1 over the border: a proof asked for, and every token ended, in both placements.
#include "host/channel/evidence_border.hpp"
#include "tests/channel/child_bench.hpp"

namespace relance::channel {
BOOST_AUTO_TEST_SUITE(evidence_test)

namespace {

template <class F>
void in_both_placements(F &&run) {
  for (const auto placement : {Placement::in_process, Placement::child})
    BOOST_TEST_CONTEXT((placement == Placement::child ? "child" : "in process")) {
      test::ChildBench bench;
      bench.settings.placement = placement;
      bench.start();
      run(bench);
    }
}

Fetched ask(test::ChildBench &bench, Token token, const std::string &reference) {
  bench.provider->fetch({token, reference, "application/pdf", "proof.pdf", "ref-1", "the-key"});
  bench.events.wait_for("the end of the fetch", [&](auto &r) {
    return std::any_of(r.fetched_.begin(), r.fetched_.end(), [&](const auto &f) { return f.token == token; });
  });
  return *std::find_if(bench.events.fetched_.begin(), bench.events.fetched_.end(),
                       [&](const auto &f) { return f.token == token; });
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_document_a_refusal_and_a_later_come_back_as_the_plugin_said_them) {
  in_both_placements([](test::ChildBench &bench) {
    BOOST_TEST(bench.provider->traits().can_fetch_evidence);
    const auto document = ask(bench, 1, "proofs/1");
    BOOST_TEST((document.kind == FetchKind::fetched));
    BOOST_TEST(document.document.bytes == "%PDF proofs/1 of the-key");
    const auto gone = ask(bench, 2, "gone/1");
    BOOST_TEST((gone.kind == FetchKind::gone));
    BOOST_TEST(gone.error == "404 Not Found");
    BOOST_TEST((ask(bench, 3, "later/1").kind == FetchKind::again));
    BOOST_TEST((ask(bench, 4, "throw/1").kind == FetchKind::again));
  });
}

BOOST_AUTO_TEST_CASE(what_the_plugin_never_ends_is_ended_by_the_stop) {
  in_both_placements([](test::ChildBench &bench) {
    bench.provider->fetch({7, "forget/1", "", "", "", ""});
    bench.provider->stop(Milliseconds{50});
    BOOST_REQUIRE(bench.events.fetched_.size() == 1u);
    BOOST_TEST((bench.events.fetched_[0].kind == FetchKind::again));
  });
}

BOOST_AUTO_TEST_CASE(the_death_of_a_child_ends_its_fetches_to_be_asked_again) {
  test::ChildBench bench;
  bench.start();
  bench.provider->fetch({7, "forget/1", "", "", "", ""});
  bench.signal(SIGKILL);
  bench.events.wait_for("the end", [](auto &r) { return r.fetched_.size() == 1; });
  BOOST_TEST((bench.events.fetched_[0].kind == FetchKind::again));
  bench.wait_up(2);
  BOOST_TEST((ask(bench, 8, "proofs/2").kind == FetchKind::fetched));
}

BOOST_AUTO_TEST_CASE(a_document_that_no_frame_can_hold_is_gone_in_words) {
  OutBytes out;
  FrameWriter w(out);
  Fetched large;
  large.token = 5;
  large.kind = FetchKind::fetched;
  large.document.bytes.assign(kFrameBytesMax, 'x');
  encode(w, large);
  const auto back = decode_fetched(out.view().substr(kFrameHeaderBytes));
  BOOST_REQUIRE(back);
  BOOST_TEST((back->kind == FetchKind::gone));
  BOOST_TEST(back->error.find("more than can be taken") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
