// Proofs that a receipt only names, in a whole engine: fetched from their provider whatever happens to it or
// to us.
#include "tests/engine/engine_world.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>

namespace relance::engine {
using test::EngineWorld;
using test::kMonday;

namespace {

/// One reminder went out; its receipt names this proof.
struct Proven : EngineWorld {
  explicit Proven(const std::string &reference) {
    one_due("accept@d1.example");
    advance_to(kMonday + Days{7});
    BOOST_TEST_REQUIRE(received().size() == 1u);
    with_store([&](store::Store &store, Instant now) {
      const store::InboundRecord raw{"scripted", "mail", "bytes", now};
      store::ParsedRecord parsed;
      parsed.inbound = store.store_inbound({&raw, 1}, {}, now).value().front();
      auto &receipt = parsed.receipts.emplace_back();
      receipt.idempotency_key = received()[0];
      receipt.kind = domain::ReceiptKind::delivered;
      receipt.is_final = true;
      receipt.evidence = {{"application/pdf", "proof.pdf", "", reference}};
      BOOST_TEST(store.apply_parsed({&parsed, 1}, now).has_value());
    });
  }
  std::size_t journaled(const std::string &text) {
    std::size_t count{0};
    with_store([&](store::Store &store, Instant) {
      for (const auto &row : store.journal(creditor, "F1", "", 100).value())
        if (row.kind == "evidence" && row.payload.find(text) != std::string::npos) ++count;
    });
    return count;
  }
  bool has_document(const std::string &reference) {
    bool is_there{false};
    with_store([&](store::Store &store, Instant) {
      const auto bytes = "%PDF " + reference + " of " + received()[0];
      is_there = store.content(creditor, sha256(bytes)).has_value();
    });
    return is_there;
  }
  void let_proofs_come() { std::ofstream(folder / "sent.proofs") << "now"; }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(evidence_test)

BOOST_AUTO_TEST_CASE(a_proof_that_a_receipt_names_is_fetched_and_filed) {
  Proven world{"proofs/1"};
  world.await("the document", [&] { return world.has_document("proofs/1"); });
  BOOST_TEST(world.journaled("fetched") == 1u);
  BOOST_TEST(world.tasks().empty());
}

BOOST_AUTO_TEST_CASE(one_that_is_not_there_yet_is_asked_for_again_also_after_kill_9) {
  for (const bool is_killed : {false, true}) {
    Proven world{"later/1"};
    BOOST_TEST(!EngineWorld::within(Milliseconds{300}, [&] { return world.has_document("later/1"); }));
    if (is_killed) world.crash();
    world.let_proofs_come();
    world.await("the document", [&] { return world.has_document("later/1"); });
    BOOST_TEST(world.journaled("fetched") == 1u);
  }
}

BOOST_AUTO_TEST_CASE(one_that_is_gone_is_a_persons_task) {
  Proven world{"gone/1"};
  world.await("the task", [&] { return world.tasks().size() == 1; });
  BOOST_TEST(world.tasks()[0].kind == "evidence");
  BOOST_TEST(world.journaled("404 Not Found") == 1u);
}

BOOST_AUTO_TEST_CASE(what_an_instance_was_asked_and_never_answered_is_asked_of_its_successor) {
  Proven world{"forget/later"};
  BOOST_TEST(!EngineWorld::within(Milliseconds{300}, [&] { return world.journaled("") != 0; }));
  world.restart();
  world.with_store([](store::Store &store, Instant) {
    const std::vector<std::string> providers{"scripted"};
    BOOST_TEST(store.evidence_wanted(providers, WallClock{}.now() + Days{1}, 10).value().wanted.size() == 1u);
  });
}

BOOST_AUTO_TEST_CASE(what_is_past_its_retention_goes_by_itself_when_nothing_else_is_to_be_done) {
  Proven world{"proofs/1"};
  world.await("the document", [&] { return world.has_document("proofs/1"); });
  world.pay("F1", 10'000'000);
  world.advance_to(CivilDate{civil(2036, 12, 31)});
  BOOST_TEST(world.has_document("proofs/1"));
  world.advance_to(CivilDate{civil(2037, 1, 2)});
  BOOST_TEST(!world.has_document("proofs/1"));
  std::size_t noted{0};
  world.with_store([&](store::Store &store, Instant) {
    for (const auto &row : store.journal(world.creditor, "F1", "", 100).value()) noted += row.kind == "retention" ? 1u : 0u;
    BOOST_TEST(store.verify_journal(world.creditor).value().faults.empty());
  });
  BOOST_TEST(noted >= 1u);
}

BOOST_AUTO_TEST_CASE(a_plugin_that_throws_is_asked_again_and_disturbs_nobody) {
  Proven world{"throw/1"};
  BOOST_TEST(!EngineWorld::within(Milliseconds{300}, [&] { return world.journaled("") != 0; }));
  world.settle();
  BOOST_TEST(world.tasks().empty());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::engine
