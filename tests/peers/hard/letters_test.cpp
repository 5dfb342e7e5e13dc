// The two-phase plugin on the test kit's fake host: what needs no daemon. Callbacks are believed by their
// login, say the same as the list of notifications, proofs are fetched later, and each answer of the provider
// has one meaning.
#include "host/channel/library.hpp"
#include "tests/test_folders.hpp"

#include <boost/test/unit_test.hpp>
#include <relance/testkit.hpp>

namespace {

using namespace relance::sdk;
namespace testkit = relance::testkit;

constexpr const char *kSettings{
    R"({"api_url": "https://letters.example.com", "token_url": "https://login.example.com/token", "client_id": "c",
        "client_secret": "hidden-1", "webhook_user": "relance", "webhook_password": "hidden-2"})"};
constexpr const char *kEvent{
    R"({"event_type": "ON_ACKNOWLEDGEMENT_OF_RECEIPT_RECEIVED", "resource_id": "s1", "custom_id": "K1"})"};

const relance_plugin *driver() {
  const auto file = relance::test::build_dir() / "hard-plugins" / "hard_twophase.so";
  const auto loaded = relance::channel::load_driver(file.string(), "twophase");
  BOOST_REQUIRE_MESSAGE(loaded, loaded.error().text());
  return *loaded;
}

/// A provider that gives a token, and to each other call what `answer` says.
struct World {
  explicit World(std::function<HttpReply(const HttpRequest &)> answer) {
    host.on_http = [answer = std::move(answer)](const HttpRequest &request) {
      if (request.url.ends_with("/token"))
        return testkit::replied(200, R"({"access_token": "t", "expires_in": 3600})");
      return answer(request);
    };
  }
  testkit::FakeHost host;
  testkit::Instance plugin{driver(), host, kSettings};
};

testkit::TestMessage letter() {
  auto message = testkit::TestMessage::to("", "Pay, please.");
  message.channel = "postal";
  message.name = "Debtor 1";
  message.postal_lines = {"Debtor 1", "1 rue du Test", "75001 PARIS"};
  message.country = "FR";
  return message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(letters_test)

BOOST_AUTO_TEST_CASE(a_callback_is_believed_by_its_login_only) {
  World world([](const HttpRequest &) { return testkit::replied(500); });
  const auto says = [&](const char *login) {
    return world.plugin.authenticate(
        {.method = "POST", .headers = {{"authorization", login}}, .body = kEvent});
  };
  BOOST_TEST((says("Basic cmVsYW5jZTpoaWRkZW4tMg==") == Verdict::genuine));
  for (const char *wrong : {"Basic cmVsYW5jZTpoaWRkZW4tMw==", "Basic cmVsYW5jZTpoaWRkZW4tMg=",
                            "Bearer cmVsYW5jZTpoaWRkZW4tMg==", "", "Basic "})
    BOOST_TEST((says(wrong) == Verdict::forged), wrong);
  BOOST_TEST((world.plugin.authenticate({.method = "POST", .body = kEvent}) == Verdict::forged));
}

BOOST_AUTO_TEST_CASE(a_callback_and_the_list_of_notifications_say_the_same) {
  World world([](const HttpRequest &request) {
    BOOST_TEST(request.url == "https://letters.example.com/notifications?after=7");
    return testkit::replied(
        200, R"({"notifications": [{"id": "8", "event_type": "ON_ACKNOWLEDGEMENT_OF_RECEIPT_RECEIVED",
      "resource_id": "s1", "custom_id": "K1"}]})");
  });
  BOOST_TEST(world.plugin.poll("7").cursor == "8");
  const auto found = world.host.inbound();
  BOOST_TEST_REQUIRE(found.size() == 1u);
  BOOST_TEST(found[0].name == "8");
  const std::string callback{
      std::string("POST https://us.example.com/hook\r\nauthorization: Basic x\r\n\r\n") + kEvent};
  for (const auto &parsed :
       {world.plugin.parse(found[0].kind, found[0].bytes), world.plugin.parse("webhook", callback)}) {
    BOOST_TEST_REQUIRE(parsed.receipts.size() == 1u);
    const auto &receipt = parsed.receipts[0];
    BOOST_TEST((receipt.kind == ReceiptKind::accepted_by_addressee));
    BOOST_TEST(receipt.is_final);
    BOOST_TEST(receipt.ref == "s1");
    BOOST_TEST(receipt.idempotency_key == "K1");
    BOOST_TEST_REQUIRE(receipt.evidence.size() == 1u);
    BOOST_TEST(receipt.evidence[0].reference == "/sendings/s1/download_acknowledgement_of_receipt");
    BOOST_TEST(receipt.evidence[0].bytes.empty());
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_event_is_interim_and_garbage_is_unreadable) {
  World world([](const HttpRequest &) { return testkit::replied(500); });
  const auto news = world.plugin.parse("poll", R"({"event_type": "ON_SOMETHING_NEW", "resource_id": "s1"})");
  BOOST_TEST_REQUIRE(news.receipts.size() == 1u);
  BOOST_TEST((news.receipts[0].kind == ReceiptKind::interim));
  for (const char *garbage : {"", "{", "[]", R"({"event_type": "ON_STATUS_PROCESSED"})"})
    BOOST_TEST((world.plugin.parse("poll", garbage).status == Parsed::Status::unreadable), garbage);
}

BOOST_AUTO_TEST_CASE(a_proof_is_fetched_is_asked_for_again_or_is_gone) {
  struct Row {
    HttpReply reply;
    Fetched::Status status;
  };
  for (const auto &[reply, status] :
       {Row{testkit::replied(200, "%PDF"), Fetched::Status::ok},
        Row{testkit::replied(404), Fetched::Status::retry}, Row{testkit::replied(410), Fetched::Status::gone},
        Row{testkit::unknown(), Fetched::Status::retry}}) {
    World world([reply](const HttpRequest &) { return reply; });
    BOOST_TEST((world.plugin.fetch("/sendings/s1/download_deposit_proof").status == status), reply.status);
  }
}

BOOST_AUTO_TEST_CASE(each_answer_at_the_release_has_one_meaning) {
  struct Row {
    HttpReply reply;
    OutcomeKind kind;
  };
  for (const auto &[reply, kind] :
       {Row{testkit::replied(200), OutcomeKind::accepted}, Row{testkit::not_sent(), OutcomeKind::not_sent},
        Row{testkit::unknown(), OutcomeKind::unknown}, Row{testkit::replied(500), OutcomeKind::unknown},
        Row{testkit::replied(404), OutcomeKind::not_sent},
        Row{testkit::replied(400, R"({"errors": [{"code": "SENDING_STATUS_IS_NOT_DRAFT"}]})"),
            OutcomeKind::accepted}}) {
    World world([reply](const HttpRequest &) { return reply; });
    BOOST_TEST((world.plugin.commit({"s1"}).kind == kind), reply.status);
  }
}

BOOST_AUTO_TEST_CASE(a_question_finds_a_draft_a_letter_or_nothing) {
  struct Row {
    const char *body;
    OutcomeKind kind;
  };
  for (const auto &[body, kind] :
       {Row{R"({"sendings": [{"id": "s1", "status": "DRAFT"}]})", OutcomeKind::prepared},
        Row{R"({"sendings": [{"id": "s1", "status": "PENDING"}]})", OutcomeKind::accepted},
        Row{R"({"sendings": []})", OutcomeKind::not_found},
        Row{R"({"sendings": [{"id": "s1", "status": "REJECTED"}]})", OutcomeKind::rejected}}) {
    World world([body](const HttpRequest &) { return testkit::replied(200, body); });
    BOOST_TEST((world.plugin.query("K1", {}).kind == kind), body);
  }
}

BOOST_AUTO_TEST_CASE(what_was_half_made_is_deleted_or_named_for_it) {
  for (const bool is_answered : {true, false}) {
    std::atomic<int> deleted{0};
    World world([&](const HttpRequest &request) {
      if (request.method == "DELETE") return ++deleted, testkit::replied(204);
      if (request.url.ends_with("/sendings")) return testkit::replied(201, R"({"id": "s1"})");
      return is_answered ? testkit::replied(400) : testkit::unknown();
    });
    const auto outcome = world.plugin.send(letter());
    BOOST_TEST((outcome.kind == (is_answered ? OutcomeKind::rejected : OutcomeKind::unknown)));
    if (!is_answered)
      BOOST_TEST(outcome.refs == std::vector<std::string>{"s1"}, boost::test_tools::per_element());
    world.plugin.stop();
    BOOST_TEST(deleted == (is_answered ? 1 : 0));
  }
}

BOOST_AUTO_TEST_SUITE_END()
