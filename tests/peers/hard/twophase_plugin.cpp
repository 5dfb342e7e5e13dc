// The driver `twophase`: letters by a print service that takes a draft first (custom_id = our key), releases
// it by a second call, tells by callback or by its list of notifications what became of it, and keeps the
// proofs until they are fetched. Here for the sequence: no end of the first phase is ever in doubt, "not a
// draft" is the proof that the second one has happened, and what was not answered is UNKNOWN.
#include <relance/channel.hpp>

#include <map>
#include <mutex>

namespace hard {
namespace {

namespace sdk = relance::sdk;
using Kind = sdk::OutcomeKind;

constexpr std::size_t kLineMax{38}, kLinesMax{6};  // of an address, the last with postal code and town
constexpr std::int64_t kTokenMarginMs{30'000};     // a token is renewed so long before its end
constexpr std::int64_t kPollEveryMs{1'000};

constexpr const char *kSchema{R"({"type": "object", "additionalProperties": false,
  "required": ["api_url", "token_url", "client_id", "client_secret", "webhook_user", "webhook_password"],
  "properties": {"api_url": {"type": "string", "format": "uri"}, "token_url": {"type": "string", "format": "uri"},
  "client_id": {"type": "string"}, "client_secret": {"type": "string"},
  "webhook_user": {"type": "string"}, "webhook_password": {"type": "string", "minLength": 8}}})"};

std::string quoted(std::string_view text) {
  return sdk::json_string(text);
}

struct Event {
  const char *name;
  sdk::ReceiptKind kind;
  bool is_final;
  const char *proof;  // path of a document below the sending, or empty
};
constexpr Event kEvents[]{
    {"ON_STATUS_ACCEPTED", sdk::ReceiptKind::accepted, false, ""},
    {"ON_STATUS_REJECTED", sdk::ReceiptKind::failed, true, ""},
    {"ON_STATUS_PROCESSED", sdk::ReceiptKind::dispatched, false, ""},
    {"ON_DEPOSIT_PROOF_RECEIVED", sdk::ReceiptKind::dispatched, false, "download_deposit_proof"},
    {"ON_MAIN_DELIVERY_STATUS_FIRST_PRESENTATION", sdk::ReceiptKind::available, false, ""},
    {"ON_MAIN_DELIVERY_STATUS_DELIVERED", sdk::ReceiptKind::delivered, false, ""},
    {"ON_ACKNOWLEDGEMENT_OF_RECEIPT_RECEIVED", sdk::ReceiptKind::accepted_by_addressee, true,
     "download_acknowledgement_of_receipt"},
    {"ON_UNDELIVERED_MAIL_RECEIVED", sdk::ReceiptKind::returned, true, "download_undelivered_mail"},
};

class TwoPhase {
 public:
  static constexpr sdk::Description kDescription{.id = "org.relance.test.twophase",
                                                 .driver = "twophase",
                                                 .name = "Print service in two phases",
                                                 .version = "1.0",
                                                 .vendor = "Relance",
                                                 .channel = "postal",
                                                 .settings_schema = kSchema,
                                                 .min_host_minor = 0};

  TwoPhase(sdk::Host host, std::string_view, std::string_view settings_json, sdk::Issues &issues)
      : host_(host), http_(host) {
    const auto settings = sdk::Json::parse(settings_json);
    api_url_ = settings["api_url"].text();
    token_url_ = settings["token_url"].text();
    client_id_ = settings["client_id"].text();
    client_secret_ = settings["client_secret"].text();
    callback_login_ = "Basic " + sdk::to_base64(settings["webhook_user"].text() + ":" +
                                                settings["webhook_password"].text());
    if (!api_url_.starts_with("http")) issues.fatal("/api_url", "must be an http or https URL");
  }
  [[nodiscard]] sdk::Traits traits() const {
    // A sending that was submitted is on the list at once, and stays there for months.
    return {.not_found_certain_after_ms = 1000, .submit_never_releases = true, .workers = 2};
  }

  sdk::Outcome send(const sdk::Message &message);
  sdk::Outcome commit(const sdk::Commit &commit);
  sdk::Discarded discard(const sdk::Discard &discard);
  sdk::Outcome query(const sdk::Query &query);
  sdk::Polled poll(const sdk::Poll &poll);
  sdk::Authenticated authenticate(const sdk::WebhookRequest &request) const {
    return sdk::is_same_secret(request.header("authorization"), callback_login_) ? sdk::Verdict::genuine
                                                                                 : sdk::Verdict::forged;
  }
  sdk::Parsed parse(const sdk::Raw &raw) const;
  sdk::Fetched fetch(const sdk::Fetch &fetch);

 private:
  /// The header with a token that is good; nothing when there is none, and why in `failure`.
  std::optional<std::string> login(sdk::HttpReply &failure);
  sdk::HttpReply call(const char *method, const std::string &path, std::string type, std::string body,
                      std::int64_t not_after_ms = 0);
  void drop_draft(const std::string &id);
  /// What an answer of the first phase means: nothing is ever out, so all that matters is whether to try
  /// again.
  sdk::Outcome first_phase(const sdk::HttpReply &reply, const std::string &id);

  const sdk::Host host_;
  const sdk::Http http_;
  std::string api_url_, token_url_, client_id_, client_secret_, callback_login_;
  std::mutex mutex_;  // guards the next two
  std::string token_;
  std::int64_t token_until_ms_{0};
};

std::optional<std::string> TwoPhase::login(sdk::HttpReply &failure) {
  const std::lock_guard lock(mutex_);
  if (token_.empty() || host_.wall_ms() >= token_until_ms_) {
    auto reply = http_.post(token_url_, {{"content-type", "application/x-www-form-urlencoded"}},
                            sdk::form({{"grant_type", "client_credentials"},
                                       {"client_id", client_id_},
                                       {"client_secret", client_secret_}}),
                            0, {.is_idempotent = true});
    const auto said = sdk::Json::parse(reply.body);
    if (!reply.is_success() || said["access_token"].text().empty()) {
      failure = std::move(reply);
      return std::nullopt;
    }
    token_ = said["access_token"].text();
    token_until_ms_ = host_.wall_ms() + 1000 * said["expires_in"].integer(60) - kTokenMarginMs;
  }
  return "Bearer " + token_;
}

sdk::HttpReply TwoPhase::call(const char *method, const std::string &path, std::string type, std::string body,
                              std::int64_t not_after_ms) {
  for (bool is_first{true};; is_first = false) {
    sdk::HttpReply reply;
    const auto bearer = login(reply);
    if (!bearer) {  // without a token nothing was asked for
      reply.result =
          reply.result == sdk::HttpReply::Result::replied ? reply.result : sdk::HttpReply::Result::not_sent;
      return reply;
    }
    sdk::HttpRequest request{.method = method,
                             .url = api_url_ + path,
                             .headers = {{"authorization", *bearer}},
                             .body = body,
                             .not_after_ms = not_after_ms};
    if (!type.empty()) request.headers.emplace_back("content-type", type);
    request.options.is_idempotent = std::string_view{method} == "GET";
    reply = http_.call(request);
    if (reply.result != sdk::HttpReply::Result::replied || reply.status != 401 || !is_first) return reply;
    const std::lock_guard lock(mutex_);
    token_.clear();  // it was withdrawn before its time: refused, so nothing was done
  }
}

sdk::Outcome TwoPhase::first_phase(const sdk::HttpReply &reply, const std::string &id) {
  auto outcome = reply.outcome({.refused_as = sdk::FailureClass::policy, .throttled_took_nothing = true});
  if (outcome.kind == Kind::unknown && !id.empty()) outcome.refs = {id};  // the host discards it
  if (outcome.kind != Kind::unknown && !id.empty()) drop_draft(id);
  return outcome;
}

sdk::Outcome TwoPhase::send(const sdk::Message &message) {
  auto lines = message.addressee.postal_lines;
  if (lines.size() > 1 && lines.back() == message.addressee.country) lines.pop_back();
  if (lines.size() < 2 || lines.size() > kLinesMax)
    return sdk::Outcome::rejected(sdk::FailureClass::address_dead, "address_lines",
                                  "an address needs two to six lines");
  std::string recipient{"{\"country_code\":" + quoted(message.addressee.country)};
  for (std::size_t i{0}; i < lines.size(); ++i) {
    if (lines[i].size() > kLineMax)
      return sdk::Outcome::rejected(sdk::FailureClass::address_dead, "address_lines",
                                    "a line of the address is too long");
    const auto number = i + 1 == lines.size() ? kLinesMax : i + 1;
    recipient += ",\"address_line_" + std::to_string(number) + "\":" + quoted(lines[i]);
  }
  const auto *letter = message.find_part("letter");
  const auto *page = letter != nullptr ? letter : message.find_part("text");
  if (page == nullptr)
    return sdk::Outcome::rejected(sdk::FailureClass::policy, "no_letter", "the message has no letter");

  const std::string key(message.idempotency_key);
  const auto made = call(
      "POST", "/sendings", "application/json",
      "{\"name\":" + quoted(key) + ",\"custom_id\":" + quoted(key) +
          ",\"acknowledgement_of_receipt\":" + (message.service == "registered_ar" ? "true" : "false") + "}",
      message.not_after_ms);
  const auto id = sdk::Json::parse(made.body)["id"].text();
  if (!made.is_success() || id.empty()) return first_phase(made, {});
  const std::string boundary{"relance-" + key};
  const auto documented = call(
      "POST", "/sendings/" + id + "/documents", "multipart/form-data; boundary=" + boundary,
      "--" + boundary +
          "\r\nContent-Disposition: form-data; name=\"metadata\"\r\nContent-Type: application/json\r\n\r\n" +
          "{\"priority\":1,\"name\":\"letter\"}\r\n--" + boundary +
          "\r\nContent-Disposition: form-data; name=\"document\"; filename=\"letter\"\r\nContent-Type: " +
          std::string(page->media_type) + "\r\n\r\n" + std::string(page->bytes) + "\r\n--" + boundary +
          "--\r\n");
  if (!documented.is_success()) return first_phase(documented, id);
  const auto addressed = call("POST", "/sendings/" + id + "/recipients", "application/json", recipient + "}");
  if (!addressed.is_success()) return first_phase(addressed, id);
  return sdk::Outcome::prepared({id});
}

sdk::Outcome TwoPhase::commit(const sdk::Commit &commit) {
  const std::string id(commit.refs.at(0));
  const auto reply = call("POST", "/sendings/" + id + "/submit", {}, {}, commit.not_after_ms);
  if (reply.is_success()) return sdk::Outcome::accepted({id});
  if (reply.body.find("SENDING_STATUS_IS_NOT_DRAFT") != std::string::npos)
    return sdk::Outcome::accepted({id});
  if (reply.result == sdk::HttpReply::Result::replied && reply.status == 404)
    return sdk::Outcome::not_sent("no_draft", "the draft is there no more, and what was released would be");
  return reply.outcome({.throttled_took_nothing = true});
}

sdk::Discarded TwoPhase::discard(const sdk::Discard &discard) {
  const auto reply = call("DELETE", "/sendings/" + std::string(discard.refs.at(0)), {}, {});
  if (reply.is_success() || reply.status == 404) return sdk::Discarded::gone();
  return sdk::Discarded::unknown("http " + std::to_string(reply.status));
}

/// What cannot be dropped now stays a draft, which nothing releases. Does not wait.
void TwoPhase::drop_draft(const std::string &id) {
  std::string bearer;
  {
    const std::lock_guard lock(mutex_);
    bearer = "Bearer " + token_;
  }
  http_.send(
      {.method = "DELETE", .url = api_url_ + "/sendings/" + id, .headers = {{"authorization", bearer}}},
      [](const sdk::HttpReply &) {});
}

sdk::Outcome TwoPhase::query(const sdk::Query &query) {
  const auto reply = query.refs.empty()
                         ? call("GET", "/sendings?custom_id=" + std::string(query.idempotency_key), {}, {})
                         : call("GET", "/sendings/" + std::string(query.refs[0]), {}, {});
  if (reply.status == 404 && reply.result == sdk::HttpReply::Result::replied)
    return sdk::Outcome::not_found();
  if (!reply.is_success()) return sdk::Outcome::unknown("no_answer", reply.error);
  const auto body = sdk::Json::parse(reply.body);
  const auto &sending = query.refs.empty() ? body["sendings"][std::size_t{0}] : body;
  const auto id = sending["id"].text(), status = sending["status"].text();
  if (id.empty()) return sdk::Outcome::not_found();
  if (status == "DRAFT") return sdk::Outcome::prepared({id});
  if (status == "REJECTED")
    return sdk::Outcome::rejected(sdk::FailureClass::policy, status, "refused by the print service");
  return sdk::Outcome::accepted({id});
}

sdk::Polled TwoPhase::poll(const sdk::Poll &poll) {
  const auto reply = call("GET", "/notifications?after=" + std::string(poll.cursor), {}, {});
  if (!reply.is_success())
    return sdk::Polled::failed("http " + std::to_string(reply.status) + " " + reply.error);
  sdk::Polled polled{.cursor = std::string(poll.cursor), .next_poll_ms = kPollEveryMs};
  const auto body = sdk::Json::parse(reply.body);
  for (const auto &item : body["notifications"].items()) {
    polled.cursor = item["id"].text();
    polled.found.push_back({.kind = "poll",
                            .name = polled.cursor,
                            .bytes = sdk::json_object({{"event_type", item["event_type"].text()},
                                                       {"resource_id", item["resource_id"].text()},
                                                       {"custom_id", item["custom_id"].text()},
                                                       {"reason", item["reason"].text()}})});
  }
  return polled;
}

sdk::Parsed TwoPhase::parse(const sdk::Raw &raw) const {
  const auto body = sdk::Json::parse(raw.kind == "webhook" ? raw.webhook().body : raw.bytes);
  const auto type = body["event_type"].text(), id = body["resource_id"].text(),
             reason = body["reason"].text();
  for (const auto &event : kEvents) {
    if (type != event.name || id.empty()) continue;
    sdk::Receipt receipt{.ref = id,
                         .idempotency_key = body["custom_id"].text(),
                         .kind = event.kind,
                         .is_final = event.is_final,
                         .code = type};
    if (!reason.empty()) receipt.code += " " + reason;
    if (reason == "N05") receipt.kind = sdk::ReceiptKind::refused;
    if (reason == "N03") receipt.kind = sdk::ReceiptKind::unclaimed;
    if (reason == "N02" || reason == "N07") receipt.failure = sdk::FailureClass::address_dead;
    if (*event.proof != '\0')
      receipt.evidence.push_back({.media_type = "application/pdf",
                                  .file_name = std::string(event.proof) + ".pdf",
                                  .bytes = {},
                                  .reference = "/sendings/" + id + "/" + event.proof});
    return sdk::Parsed::receipt(std::move(receipt));
  }
  if (!type.empty() && !id.empty())  // new kinds come unannounced: nothing is lost, nothing is believed
    return sdk::Parsed::receipt({.ref = id, .kind = sdk::ReceiptKind::interim, .code = type});
  return sdk::Parsed::unreadable("neither an event nor a sending is named");
}

sdk::Fetched TwoPhase::fetch(const sdk::Fetch &fetch) {
  const auto reply = call("GET", std::string(fetch.reference), {}, {});
  if (reply.is_success()) return sdk::Fetched::ok(reply.body, "application/pdf");
  if (reply.result == sdk::HttpReply::Result::replied && reply.status == 410)
    return sdk::Fetched::gone("the print service keeps it no more");
  return sdk::Fetched::retry("http " + std::to_string(reply.status) + " " + reply.error);
}

}  // namespace
}  // namespace hard

RELANCE_EXPORT_DRIVERS(hard::TwoPhase)
