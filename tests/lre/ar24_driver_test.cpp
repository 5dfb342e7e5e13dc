// The driver "ar24" on the SDK's test kit: what leaves, what each answer means, what webhooks, states and
// proofs come to. The stateful double behind the real daemon is tests/peers/ar24.py.
#include "plugins/lre/ar24/channel.hpp"
#include "plugins/lre/ar24/paris.hpp"
#include "plugins/lre/ar24/signing.hpp"
#include "tests/lre/ar24_answers.hpp"

#include <boost/test/unit_test.hpp>
#include <relance/testkit.hpp>

namespace relance::lre::ar24 {
BOOST_AUTO_TEST_SUITE(ar24_driver_test)

namespace {

using sdk::FailureClass;
using sdk::HttpReply;
using sdk::HttpRequest;
using sdk::OutcomeKind;
using sdk::ReceiptKind;
using testkit::TestMessage;

constexpr const char *kPrivateKey{"k-7f3a91c2d8-private"};
constexpr const char *kOtpKey{"12345678901234567890"};
constexpr const char *kKey{"01HV5T3X2Y4Z6A8B0C2D4E6F8G"};
constexpr const char *kSettings{
    R"({"url": "https://api.ar24.example/api", "token": "t-7f3a91c2", "private_key": "k-7f3a91c2d8-private", "user_id": "42"})"};
constexpr const char *kEidas{
    R"({"url": "https://api.ar24.example/api/", "token": "t-7f3a91c2", "private_key": "k-7f3a91c2d8-private", "user_id": "42", "otp_secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"})"};

/// Answers each path with what the test put there; the last one stays.
struct Bench {
  testkit::FakeHost host;
  std::vector<HttpRequest> asked;
  using Reply = std::function<HttpReply(const HttpRequest &, const std::string &date)>;
  std::map<std::string, std::deque<Reply>> replies;
  std::unique_ptr<testkit::Instance> driver;

  explicit Bench(const char *settings = kSettings,
                 const char *hook = "https://relance.example/hooks/ar24/T0kEn") {
    host.webhook_url = hook;
    host.on_http = [this](const HttpRequest &request) { return answer(request); };
    driver = std::make_unique<testkit::Instance>(sdk::Driver<Ar24Channel>::table(), host, settings);
  }
  static std::string path_of(const HttpRequest &request) {
    const auto at = request.url.find("/api/");
    return request.method + ' ' + request.url.substr(at + 4, request.url.find('?') - at - 4);
  }
  HttpReply answer(const HttpRequest &request) {
    asked.push_back(request);
    // What every call must be: dated now, signed for that date, with token and account.
    const auto date = paris_time(host.wall_ms());
    std::string signature;
    for (const auto &[name, value] : request.headers)
      if (name == "signature") signature = value;
    BOOST_TEST(signature == signature_of(kPrivateKey, date));
    auto &queue = replies[path_of(request)];
    if (queue.empty())
      return testkit::replied(200, R"({"status":"ERROR","slug":"nobody_here","message":"?"})");
    auto reply = queue.front();
    if (queue.size() > 1) queue.pop_front();
    return reply(request, date);
  }
  void on(const std::string &path, Reply reply) { replies[path].push_back(std::move(reply)); }
  /// {"status": "SUCCESS", "result": …}, encrypted.
  void succeeds(const std::string &path, const std::string &result) {
    on(path, [result](const HttpRequest &, const std::string &date) {
      return testkit::replied(
          200, test::encrypted(kPrivateKey, date, R"({"status":"SUCCESS","result":)" + result + '}'));
    });
  }
  void says(const std::string &path, const std::string &body, std::uint32_t status = 200) {
    on(path, [=](const HttpRequest &, const std::string &) { return testkit::replied(status, body); });
  }
  [[nodiscard]] std::size_t count(const std::string &path) const {
    return static_cast<std::size_t>(
        std::count_if(asked.begin(), asked.end(), [&](const auto &one) { return path_of(one) == path; }));
  }
  [[nodiscard]] const HttpRequest &last(const std::string &path) const {
    for (auto at = asked.rbegin(); at != asked.rend(); ++at)
      if (path_of(*at) == path) return *at;
    throw std::runtime_error("nobody asked " + path);
  }
};

TestMessage letter() {
  return {.channel = "lre",
          .address = "compta@debiteur.example",
          .name = "Débiteur SARL",
          .organisation = "Débiteur SARL",
          .idempotency_key = kKey,
          .service = "lre",
          .parts = {{.bytes = "Bonjour,\n1 < 2 & fin."}},
          .references = {{"invoice", "F-2026-017"}, {"debtor", "C-7"}}};
}
TestMessage with_document(std::string bytes = "%PDF-1.7 document") {
  auto message = letter();
  message.parts.push_back({"letter", "application/pdf", "relance \"1\".pdf", std::move(bytes)});
  return message;
}

std::string field(const HttpRequest &request, const std::string &name) {
  const auto before = "name=\"" + name + "\"\r\n\r\n";
  const auto at = request.body.find(before);
  if (at == request.body.npos) return "absent";
  const auto begin = at + before.size();
  return request.body.substr(begin, request.body.find("\r\n--", begin) - begin);
}

constexpr const char *kPoke{
    "POST https://relance.example/hooks/ar24/T0kEn\r\ncontent-type: application/x-www-form-urlencoded\r\n\r\n"
    "id_mail=12345&new_state=ar&proof_url=https%3A%2F%2Fevil.example%2Fx.pdf"};

}  // namespace

BOOST_AUTO_TEST_CASE(a_letter_to_a_business_is_one_form_with_its_documents_named) {
  Bench bench;
  bench.succeeds("POST /attachment/", R"({"file_id": 77})");
  bench.succeeds("POST /mail/", R"({"id": 12345, "status": "waiting"})");
  const auto outcome = bench.driver->send(with_document());
  BOOST_TEST((outcome.kind == OutcomeKind::accepted));
  BOOST_TEST(outcome.refs == std::vector<std::string>{"12345"});
  const auto &file = bench.last("POST /attachment/");
  BOOST_TEST(file.body.find(
                 "name=\"file\"; filename=\"relance %221%22.pdf\"\r\nContent-Type: application/pdf\r\n\r\n"
                 "%PDF-1.7 document\r\n--") != std::string::npos);
  BOOST_TEST(field(file, "id_user") == "42");
  const auto &mail = bench.last("POST /mail/");
  for (const auto &[name, value] :
       std::map<std::string, std::string>{{"token", "t-7f3a91c2"},
                                          {"id_user", "42"},
                                          {"date", paris_time(bench.host.wall_ms())},
                                          {"to_email", "compta@debiteur.example"},
                                          {"to_company", "Débiteur SARL"},
                                          {"dest_statut", "professionnel"},
                                          {"to_lastname", "absent"},
                                          {"content", "Bonjour,<br>\n1 &lt; 2 &amp; fin."},
                                          {"ref_dossier", kKey},
                                          {"ref_client", "C-7"},
                                          {"ref_facturation", "F-2026-017"},
                                          {"attachment[0]", "77"},
                                          {"webhook", "https://relance.example/hooks/ar24/T0kEn"},
                                          {"eidas", "absent"}})
    BOOST_TEST(field(mail, name) == value);
  BOOST_TEST(mail.not_after_ms == bench.host.wall_ms() + 60'000);
}

BOOST_AUTO_TEST_CASE(a_private_person_is_written_to_only_with_consent_and_by_name) {
  Bench bench;
  bench.succeeds("POST /mail/", R"({"id": 12345})");
  auto message = letter();
  message.is_consumer = true;
  message.has_consent = false;
  message.given_name = "Camille";
  message.family_name = "Martin";
  auto outcome = bench.driver->send(message);
  BOOST_TEST((outcome.kind == OutcomeKind::rejected));
  BOOST_TEST((outcome.failure == FailureClass::policy));
  BOOST_TEST(outcome.text == "a private person has not consented to registered e-mail");
  message.has_consent = true;
  message.given_name = message.family_name = "";
  message.name = "Martin";
  BOOST_TEST((bench.driver->send(message).kind == OutcomeKind::rejected));
  BOOST_TEST(bench.asked.empty());  // nothing left
  message.given_name = "Camille";
  message.family_name = "Martin";
  BOOST_TEST((bench.driver->send(message).kind == OutcomeKind::accepted));
  const auto &mail = bench.last("POST /mail/");
  BOOST_TEST(field(mail, "dest_statut") == "particulier");
  BOOST_TEST(field(mail, "to_firstname") == "Camille");
  BOOST_TEST(field(mail, "to_lastname") == "Martin");
  BOOST_TEST(field(mail, "to_company") == "absent");
  // Known as one name only.
  message.given_name = message.family_name = "";
  for (const auto &[name, given, family] :
       {std::tuple{"Camille Martin", "Camille", "Martin"},
        std::tuple{"DE LA TOUR Anne Marie", "Anne Marie", "DE LA TOUR"},
        std::tuple{"ANNE MARTIN", "ANNE", "MARTIN"}, std::tuple{"M. Camille Martin", "Camille", "Martin"},
        std::tuple{"Mme MARTIN Camille", "Camille", "MARTIN"}, std::tuple{"J.-P. Martin", "J.-P.", "Martin"},
        std::tuple{"É. Martin", "É.", "Martin"}, std::tuple{"Jeanne D'ARC", "Jeanne", "D'ARC"}}) {
    message.name = name;
    bench.driver->send(message);
    BOOST_TEST(field(bench.last("POST /mail/"), "to_firstname") == given);
    BOOST_TEST(field(bench.last("POST /mail/"), "to_lastname") == family);
  }
}

BOOST_AUTO_TEST_CASE(what_is_too_large_or_has_no_address_is_refused_before_anything_leaves) {
  Bench bench;
  BOOST_TEST((bench.driver->send(with_document(std::string(10'000'001, 'x'))).kind == OutcomeKind::rejected));
  auto message = letter();
  for (const auto *address : {"nobody", "a@b.example,c@d.example", "a@b.example;c@d.example",
                              "a@b.example c@d.example", "A <a@b.example>", "@b.example", "a@", ""}) {
    message.address = address;
    const auto outcome = bench.driver->send(message);
    BOOST_TEST((outcome.kind == OutcomeKind::rejected), address);
    BOOST_TEST((outcome.failure == FailureClass::address_dead), address);
  }
  BOOST_TEST(bench.asked.empty());
}

BOOST_AUTO_TEST_CASE(each_answer_ends_the_letter_as_ar24_means_it) {
  struct Case {
    const char *body;
    std::uint32_t status;
    OutcomeKind kind;
    FailureClass failure;
    bool whole_instance;
  };
  const Case cases[]{
      {R"({"status":"maintenance"})", 200, OutcomeKind::not_sent, FailureClass::temporary, true},
      {R"({"status":"ERROR","slug":"token_invalid","message":"x"})", 200, OutcomeKind::not_sent,
       FailureClass::configuration, true},
      {R"({"status":"ERROR","slug":"expired_date","message":"x"})", 200, OutcomeKind::not_sent,
       FailureClass::configuration, true},
      {R"({"status":"ERROR","slug":"invalid_recipient_email","message":"x"})", 200, OutcomeKind::rejected,
       FailureClass::address_dead, false},
      {R"({"status":"ERROR","slug":"content_too_long","message":"x"})", 200, OutcomeKind::rejected,
       FailureClass::policy, false},
      {R"({"status":"ERROR","slug":"internal_error","message":"x"})", 200, OutcomeKind::unknown,
       FailureClass::none, false},
      // A success that nobody encrypted is not AR24's.
      {R"({"status":"SUCCESS","result":{"id":1}})", 200, OutcomeKind::unknown, FailureClass::none, false},
      {"<html>Please log in</html>", 200, OutcomeKind::unknown, FailureClass::none, false},
      {"", 200, OutcomeKind::unknown, FailureClass::none, false},
      {"", 502, OutcomeKind::unknown, FailureClass::none, false},
      // A gateway that gave up waiting says so in JSON, too: AR24 may have the letter.
      {R"({"status":"error","message":"upstream timed out"})", 504, OutcomeKind::unknown, FailureClass::none,
       false},
      // And one that hands nothing on, or an address that is not AR24's: nothing was sent, and all letters
      // wait.
      {"<html>Forbidden</html>", 403, OutcomeKind::not_sent, FailureClass::configuration, true},
      {R"({"status":"error","message":"no key"})", 401, OutcomeKind::not_sent, FailureClass::configuration,
       true},
      {"", 404, OutcomeKind::not_sent, FailureClass::configuration, true},
      {R"({"status":"error","message":"slow down"})", 429, OutcomeKind::unknown, FailureClass::none, false},
      {R"({"status":"ERROR","slug":"content_too_long","message":"x"})", 400, OutcomeKind::rejected,
       FailureClass::policy, false},
      {R"({"status":"maintenance"})", 503, OutcomeKind::not_sent, FailureClass::temporary, true},
  };
  for (const auto &c : cases) {
    Bench bench;
    bench.says("POST /mail/", c.body, c.status);
    BOOST_TEST_CONTEXT(c.body) {
      const auto outcome = bench.driver->send(letter());
      BOOST_TEST((outcome.kind == c.kind));
      BOOST_TEST((outcome.failure == c.failure));
      BOOST_TEST(outcome.whole_instance == c.whole_instance);
      BOOST_TEST(bench.count("POST /mail/") == 1u);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_answer_that_never_comes_is_a_doubt_and_one_that_names_no_letter_too) {
  Bench bench;
  bench.on("POST /mail/", [](const auto &, const auto &) { return testkit::unknown(); });
  BOOST_TEST((bench.driver->send(letter()).kind == OutcomeKind::unknown));
  BOOST_TEST(bench.count("POST /mail/") == 1u);
  Bench nameless;
  nameless.succeeds("POST /mail/", R"({"status": "waiting"})");
  BOOST_TEST((nameless.driver->send(letter()).kind == OutcomeKind::unknown));
  Bench away;
  away.on("POST /mail/", [](const auto &, const auto &) { return testkit::not_sent(); });
  BOOST_TEST((away.driver->send(letter()).kind == OutcomeKind::not_sent));
}

BOOST_AUTO_TEST_CASE(a_document_that_is_in_doubt_is_no_letter) {
  Bench bench;
  bench.on("POST /attachment/", [](const auto &, const auto &) { return testkit::unknown(); });
  BOOST_TEST((bench.driver->send(with_document()).kind == OutcomeKind::not_sent));
  Bench refusing;
  refusing.says("POST /attachment/", R"({"status":"ERROR","slug":"file_type","message":"no"})");
  const auto outcome = refusing.driver->send(with_document());
  BOOST_TEST((outcome.kind == OutcomeKind::rejected));
  BOOST_TEST(outcome.code == "file_type");
  BOOST_TEST(bench.count("POST /mail/") + refusing.count("POST /mail/") == 0u);
}

BOOST_AUTO_TEST_CASE(a_code_is_changed_for_a_hash_that_serves_until_its_end) {
  Bench bench{kEidas};
  const auto until = paris_time(bench.host.wall_ms() + 600'000);
  bench.succeeds("POST /user/auth_otp/", R"({"hash": "h-1", "expiration_date": ")" + until + "\"}");
  bench.succeeds("POST /mail/", R"({"id": 12345})");
  bench.driver->send(letter());
  bench.driver->send(letter());
  BOOST_TEST(bench.count("POST /user/auth_otp/") == 1u);
  BOOST_TEST(field(bench.last("POST /user/auth_otp/"), "otp") ==
             one_time_code(kOtpKey, bench.host.wall_ms() / 1000));
  BOOST_TEST(field(bench.last("POST /mail/"), "auth_otp_hash") == "h-1");
  BOOST_TEST(field(bench.last("POST /mail/"), "eidas") == "1");
  bench.host.set_wall_ms(bench.host.wall_ms() + 560'000);
  bench.driver->send(letter());
  BOOST_TEST(bench.count("POST /user/auth_otp/") == 2u);
}

BOOST_AUTO_TEST_CASE(a_hash_that_ended_in_between_is_renewed_once) {
  Bench bench{kEidas};
  bench.succeeds("POST /user/auth_otp/", R"({"hash": "h-1"})");
  bench.succeeds("POST /user/auth_otp/", R"({"hash": "h-2"})");
  bench.says("POST /mail/", R"({"status":"ERROR","slug":"otp_hash_expired","message":"x"})");
  bench.succeeds("POST /mail/", R"({"id": 12345})");
  BOOST_TEST((bench.driver->send(letter()).kind == OutcomeKind::accepted));
  BOOST_TEST(field(bench.last("POST /mail/"), "auth_otp_hash") == "h-2");
  Bench stubborn{kEidas};
  stubborn.succeeds("POST /user/auth_otp/", R"({"hash": "h-1"})");
  stubborn.says("POST /mail/", R"({"status":"ERROR","slug":"otp_hash_expired","message":"x"})");
  const auto outcome = stubborn.driver->send(letter());
  BOOST_TEST((outcome.kind == OutcomeKind::not_sent));
  BOOST_TEST(outcome.whole_instance);
  BOOST_TEST(stubborn.count("POST /mail/") == 2u);
  Bench wrong{kEidas};
  wrong.says("POST /user/auth_otp/", R"({"status":"ERROR","slug":"invalid_otp","message":"x"})");
  BOOST_TEST((wrong.driver->send(letter()).kind == OutcomeKind::not_sent));
  BOOST_TEST(wrong.count("POST /mail/") == 0u);
}

BOOST_AUTO_TEST_CASE(a_webhook_is_a_hint_and_the_letters_own_dates_decide) {
  Bench bench;
  // The hint says that it was accepted; AR24 says that it was refused.
  bench.succeeds(
      "GET /mail/",
      R"({"id": 12345, "ref_dossier": "01HV5T3X2Y4Z6A8B0C2D4E6F8G", "status": "refused",)"
      R"( "ts_ev_date": "2026-05-20 10:00:00", "refused_date": "2026-05-21 09:00:00", "view_date": null,)"
      R"( "proof_dp_url": "https://api.ar24.example/p/dp", "proof_rf_url": ""})");
  sdk::WebhookRequest request{
      "POST", "https://relance.example/hooks/ar24/T0kEn", "203.0.113.9", {}, "id_mail=12345&new_state=ar"};
  BOOST_TEST((bench.driver->authenticate(request) == sdk::Verdict::poke));
  request.body = "id_mail=12x&new_state=ar";
  BOOST_TEST((bench.driver->authenticate(request) == sdk::Verdict::poke));
  for (const auto *body : {"", "id_mail=", "id_mail=x", "valid_mail=7", "{\"id_mail\": \"-1\"}"}) {
    request.body = body;
    BOOST_TEST((bench.driver->authenticate(request) == sdk::Verdict::forged));
  }
  const auto said = bench.driver->parse("poke", kPoke);
  BOOST_REQUIRE_EQUAL(said.receipts.size(), 3u);
  BOOST_TEST((said.receipts[0].kind == ReceiptKind::accepted));
  BOOST_TEST((said.receipts[1].kind == ReceiptKind::dispatched));
  BOOST_TEST((said.receipts[2].kind == ReceiptKind::refused));
  BOOST_TEST(said.receipts[2].is_final);
  BOOST_TEST(said.receipts[2].text == "ConsignmentRejection");
  BOOST_TEST(said.receipts[2].ref == "12345");
  BOOST_TEST(said.receipts[2].idempotency_key == kKey);
  BOOST_TEST(said.receipts[2].provider_time_ms == from_paris_time("2026-05-21 09:00:00").value());
  BOOST_REQUIRE_EQUAL(said.receipts[2].evidence.size(), 1u);
  BOOST_TEST(said.receipts[2].evidence[0].reference == "rf:12345");
  BOOST_TEST(bench.last("GET /mail/").url.find("&id=12345") != std::string::npos);
  for (const auto &asked : bench.asked) BOOST_TEST(asked.url.find("evil.example") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_hint_at_what_is_not_ours_changes_nothing_and_one_at_a_closed_door_comes_again) {
  for (const auto *slug : {"mail_not_found", "mail_access_denied", "no_right_on_mail"}) {
    Bench bench;
    bench.says("GET /mail/", std::string{R"({"status":"ERROR","slug":")"} + slug + R"(","message":"x"})");
    const auto said = bench.driver->parse("poke", kPoke);
    BOOST_TEST((said.status == sdk::Parsed::Status::ok && said.receipts.empty()), slug);
  }
  for (const auto *body : {R"({"status":"maintenance"})", R"({"status":"ERROR","slug":"token_invalid"})",
                           R"({"status":"ERROR","slug":"internal_error"})", ""}) {
    Bench other;
    other.says("GET /mail/", body);
    BOOST_TEST((other.driver->parse("poke", kPoke).status == sdk::Parsed::Status::retry));
  }
  Bench swapped;
  swapped.succeeds("GET /mail/", R"({"id": 999, "view_date": "2026-05-21 09:00:00"})");
  BOOST_TEST(swapped.driver->parse("poke", kPoke).receipts.empty());
}

BOOST_AUTO_TEST_CASE(webhooks_from_elsewhere_are_refused_where_the_operator_says_whence_they_come) {
  Bench bench{
      R"({"url": "https://api.ar24.example/api", "token": "t", "private_key": "k-7f3a91c2d8-private", "user_id": "42", "webhook_addresses": ["185.183.140.195"]})"};
  sdk::WebhookRequest request{"POST", "/", "203.0.113.9", {}, "id_mail=12345"};
  BOOST_TEST((bench.driver->authenticate(request) == sdk::Verdict::forged));
  request.remote_address = "185.183.140.195";
  BOOST_TEST((bench.driver->authenticate(request) == sdk::Verdict::poke));
}

BOOST_AUTO_TEST_CASE(each_date_is_the_event_that_it_stands_for) {
  struct Case {
    const char *fields;
    ReceiptKind kind;
    bool is_final;
    FailureClass failure;
    const char *code, *text, *proof;
  };
  const Case cases[]{
      {R"("proof_dp_url": "x", "date": "2026-05-20 09:00:00")", ReceiptKind::accepted, false,
       FailureClass::none, "dp", "SubmissionAcceptance", "dp:7"},
      {R"("ts_ev_date": "2026-05-20 10:00:00")", ReceiptKind::dispatched, false, FailureClass::none, "ev",
       "NotificationForAcceptance: the addressee may accept or refuse it to the end of 2026-06-04 "
       "(Europe/Paris)",
       "ev:7"},
      {R"("ts_ev_date": "2026-05-12 23:59:59")", ReceiptKind::dispatched, false, FailureClass::none, "ev",
       "NotificationForAcceptance: the addressee's days ended with 2026-05-27 (Europe/Paris); AR24 has not "
       "said "
       "how",
       "ev:7"},
      {R"("view_date": "2026-05-21 10:00:00")", ReceiptKind::accepted_by_addressee, true, FailureClass::none,
       "ar", "ConsignmentAcceptance", "ar:7"},
      {R"("negligence_date": "2026-05-28 00:00:01")", ReceiptKind::unclaimed, true, FailureClass::none, "ng",
       "AcceptanceRejectionExpiry", "ng:7"},
      {R"("bounced_date": "2026-05-20 10:01:00")", ReceiptKind::failed, true, FailureClass::address_dead,
       "bc", "NotificationForAcceptanceFailure", "bc:7"},
      {R"("send_fail": 1)", ReceiptKind::failed, true, FailureClass::temporary, "send_fail",
       "NotificationForAcceptanceFailure: AR24 could not send it", ""},
      // What is yet to come has not happened.
      {R"("ts_ev_date": "2026-05-20 10:00:00", "negligence_date": "2026-06-05 00:00:00")",
       ReceiptKind::dispatched, false, FailureClass::none, "ev",
       "NotificationForAcceptance: the addressee may accept or refuse it to the end of 2026-06-04 "
       "(Europe/Paris)",
       "ev:7"},
      {R"("status": "to_valid")", ReceiptKind::interim, false, FailureClass::none, "to_valid",
       "it waits for its sender to confirm it at AR24", ""},
      {R"("status": "nouveau-2030", "send_fail": "0", "view_date": "0000-00-00 00:00:00")",
       ReceiptKind::interim, false, FailureClass::none, "nouveau-2030", "", ""},
  };
  Bench bench;
  bench.host.set_wall_ms(
      from_paris_time("2026-05-28 00:00:00").value());  // the first second behind the 15th day
  for (const auto &c : cases) {
    BOOST_TEST_CONTEXT(c.fields) {
      const auto said = bench.driver->parse(
          "poll", R"({"status":"SUCCESS","result":{"id": 7, )" + std::string{c.fields} + "}}");
      BOOST_REQUIRE_EQUAL(said.receipts.size(), 1u);
      const auto &receipt = said.receipts[0];
      BOOST_TEST((receipt.kind == c.kind));
      BOOST_TEST(receipt.is_final == c.is_final);
      BOOST_TEST((receipt.failure == c.failure));
      BOOST_TEST(receipt.code == c.code);
      BOOST_TEST(receipt.text == c.text);
      BOOST_TEST(receipt.ref == "7");
      BOOST_TEST((receipt.evidence.empty() ? std::string{} : receipt.evidence[0].reference) == c.proof);
    }
  }
  BOOST_TEST((bench.driver->parse("poll", "{}").status == sdk::Parsed::Status::unreadable));
}

BOOST_AUTO_TEST_CASE(a_letter_that_ar24_cannot_tell_of_keeps_no_other_from_being_looked_at) {
  const std::vector<testkit::OpenAttempt> open{
      {kKey, {"1"}}, {kKey, {"2"}}, {kKey, {"3"}}, {kKey, {"4"}}, {kKey, {"5"}}};
  Bench bench;
  bench.succeeds("GET /mail/", R"({"id": 1, "view_date": "2026-05-21 09:00:00"})");
  bench.says("GET /mail/", "<html>500</html>", 500);
  bench.says("GET /mail/", R"({"status":"ERROR","slug":"mail_not_found"})");
  bench.succeeds("GET /mail/", R"({"id": 4, "refused_date": "2026-05-21 09:00:00"})");
  bench.says("GET /mail/", R"({"status":"maintenance"})");
  BOOST_TEST(bench.driver->poll("", open).error == "");
  BOOST_TEST(bench.count("GET /mail/") == 5u);
  BOOST_REQUIRE_EQUAL(bench.host.inbound().size(), 2u);
  BOOST_TEST(bench.host.inbound()[1].name.starts_with("4:"));
  // AR24 itself is away: it is not asked about each of them.
  Bench away;
  away.says("GET /mail/", "", 502);
  BOOST_TEST(away.driver->poll("", open).error == " http 502: no answer of AR24's");
  BOOST_TEST(away.count("GET /mail/") == 3u);
  Bench closed;
  closed.says("GET /mail/", R"({"status":"ERROR","slug":"token_invalid","message":"x"})");
  BOOST_TEST(closed.driver->poll("", open).error == "token_invalid x");
  BOOST_TEST(closed.count("GET /mail/") == 1u);
}

BOOST_AUTO_TEST_CASE(a_state_that_says_nothing_new_is_not_stored_every_hour) {
  Bench bench;
  const auto letter_with = [](const std::string &more) {
    return R"({"id": 7, "ts_ev_date": "2026-05-20 10:00:00", "proof_ev_url": "https://store.example/ev?until=)" +
           more + "}";
  };
  for (const auto *more : {"1\"", "2\"", R"(3", "view_date": "2026-05-21 09:00:00")",
                           R"(4", "view_date": "2026-05-21 09:00:00")"})
    bench.succeeds("GET /mail/", letter_with(more));
  for (const std::size_t stored : {1u, 1u, 2u, 2u}) {
    BOOST_TEST(bench.driver->poll("", {{kKey, {"7"}}}).error == "");
    BOOST_TEST(bench.host.inbound().size() == stored);
  }
  // That the days are over is news, though AR24 says the same.
  Bench waiting;
  waiting.succeeds("GET /mail/", letter_with("1\""));
  waiting.driver->poll("", {{kKey, {"7"}}});
  waiting.host.set_wall_ms(from_paris_time("2026-06-05 00:00:00").value());
  waiting.driver->poll("", {{kKey, {"7"}}});
  BOOST_TEST(waiting.host.inbound().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_proof_is_asked_for_until_it_is_whole_and_gone_when_ar24_says_so) {
  Bench bench;
  const std::string pdf{"%PDF-1.7\nproof\n%%EOF\n"};
  bench.succeeds("GET /mail/", R"({"id": 12345, "proof_ar_url": ""})");  // late
  bench.succeeds("GET /mail/", R"({"id": 12345, "proof_ar_url": "https://api.ar24.example/api/proof/ar"})");
  BOOST_TEST((bench.driver->fetch("ar:12345").status == sdk::Fetched::Status::retry));
  bench.says("GET /proof/ar", pdf.substr(0, 12));  // cut
  bench.says("GET /proof/ar", "<html>session expired</html>");
  bench.says("GET /proof/ar", R"({"status":"maintenance"})");
  bench.says("GET /proof/ar", "", 503);
  bench.says("GET /proof/ar", "", 404);  // not at its store yet
  bench.says("GET /proof/ar", pdf);
  for (int tries{0}; tries < 5; ++tries)
    BOOST_TEST((bench.driver->fetch("ar:12345").status == sdk::Fetched::Status::retry));
  const auto fetched = bench.driver->fetch("ar:12345");
  BOOST_TEST((fetched.status == sdk::Fetched::Status::ok));
  BOOST_TEST(fetched.document.bytes == pdf);
  Bench sealed;
  sealed.succeeds("GET /mail/",
                  R"({"id": 12345, "proof_ar_url": "https://api.ar24.example/api/proof/ar?x=1"})");
  sealed.on("GET /proof/ar", [&](const HttpRequest &, const std::string &date) {
    return testkit::replied(200, test::encrypted(kPrivateKey, date, pdf));
  });
  BOOST_TEST(sealed.driver->fetch("ar:12345").document.bytes == pdf);
  Bench old;
  old.says("GET /mail/", R"({"status":"ERROR","slug":"mail_not_found","message":"x"})");
  BOOST_TEST((old.driver->fetch("ar:12345").status == sdk::Fetched::Status::gone));
  BOOST_TEST((old.driver->fetch("passwd:12345").status == sdk::Fetched::Status::gone));
  for (const auto *slug : {"token_invalid", "internal_error"}) {
    Bench closed;
    closed.says("GET /mail/", std::string{R"({"status":"ERROR","slug":")"} + slug + "\"}");
    BOOST_TEST((closed.driver->fetch("ar:12345").status == sdk::Fetched::Status::retry));
  }
}

BOOST_AUTO_TEST_CASE(the_token_goes_to_the_api_and_nowhere_else) {
  testkit::FakeHost host;
  std::vector<std::string> elsewhere;
  host.on_http = [&](const HttpRequest &request) {
    if (request.url.find("https://api.ar24.example/api/mail/") == 0)
      return testkit::replied(
          200,
          test::encrypted(
              kPrivateKey, paris_time(host.wall_ms()),
              R"({"status":"SUCCESS","result":{"id": 5, "proof_ev_url": "https://api.ar24.example.evil.example/p"}})"));
    elsewhere.push_back(request.url);
    for (const auto &[name, value] : request.headers) elsewhere.back() += name + value;
    return testkit::replied(200, "%PDF-1.7 %%EOF");
  };
  testkit::Instance driver{sdk::Driver<Ar24Channel>::table(), host, kSettings};
  driver.fetch("ev:5");
  BOOST_REQUIRE_EQUAL(elsewhere.size(), 1u);
  BOOST_TEST(elsewhere[0] == "https://api.ar24.example.evil.example/p");
}

BOOST_AUTO_TEST_CASE(a_letter_in_doubt_is_looked_for_by_its_reference) {
  Bench bench;
  bench.succeeds(
      "GET /user/mail",
      R"([{"id": 1, "ref_dossier": "other"}, {"id": 2, "ref_dossier": "01HV5T3X2Y4Z6A8B0C2D4E6F8G"}])");
  auto outcome = bench.driver->query(kKey, {});
  BOOST_TEST((outcome.kind == OutcomeKind::accepted));
  BOOST_TEST(outcome.refs == std::vector<std::string>{"2"});
  BOOST_TEST((bench.driver->query("01HV5T3X2Y4Z6A8B0C2D4E6F8H", {}).kind == OutcomeKind::not_found));
  BOOST_TEST(bench.driver->traits().not_found_certain_after_ms == 0);  // which proves nothing, ever
  bench.succeeds("GET /mail/", R"({"id": 2})");
  BOOST_TEST((bench.driver->query(kKey, {"2"}).kind == OutcomeKind::accepted));
  Bench away;
  away.on("GET /user/mail", [](const auto &, const auto &) { return testkit::unknown(); });
  BOOST_TEST((away.driver->query(kKey, {}).kind == OutcomeKind::unknown));
}

BOOST_AUTO_TEST_CASE(no_secret_comes_out) {
  Bench bench{kEidas};
  bench.says("POST /user/auth_otp/", R"({"status":"ERROR","slug":"invalid_otp","message":"x"})");
  const auto outcome = bench.driver->send(letter());
  for (const auto *secret : {"t-7f3a91c2", kPrivateKey, kOtpKey, "GEZDGNBV"}) {
    BOOST_TEST((outcome.code + outcome.text).find(secret) == std::string::npos);
    for (const auto &line : bench.host.log()) BOOST_TEST(line.text.find(secret) == std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::lre::ar24
