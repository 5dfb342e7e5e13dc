#include "plugins/postal/maileva/channel.hpp"

#include "plugins/postal/rest/multipart.hpp"
#include "plugins/protocol/gateway/timestamp.hpp"

#include <relance/signature.hpp>

#include <algorithm>
#include <settings_schema_maileva.h>

namespace relance::postal::maileva {
namespace {

/// A list of a draft that was made shows it within this time; generous, as no promise is published.
constexpr std::int64_t kListedAfterMs{3'600'000};
constexpr std::int64_t kProofPauseMs{3'600'000};  ///< proofs come days after the letter

constexpr std::size_t kSendingsPage{500},
    kSendingsPagesMax{400};  ///< of all sendings that Maileva still lists

/// What is asked of a draft may fail as often as it likes: nothing is posted by it.
constexpr sdk::HttpRules kOfDraft{.refused_as = sdk::FailureClass::policy, .throttled_took_nothing = true};

bool says_not_draft(const sdk::HttpReply &reply) {
  return reply.body.find("SENDING_STATUS_IS_NOT_DRAFT") != std::string::npos;
}
/// A part of a draft is made when it is described in the answer; not every 200 is Maileva's own.
bool is_made(const sdk::HttpReply &reply) {
  return rest::is_done(reply) && sdk::Json::parse(reply.body).kind() == sdk::Json::Kind::object;
}

}  // namespace

const sdk::Description MailevaChannel::kDescription{.id = "org.relance.postal",
                                                    .driver = "maileva",
                                                    .name = "Letters and registered letters through Maileva",
                                                    .version = "0.1.0",
                                                    .vendor = "Relance",
                                                    .channel = "postal",
                                                    .settings_schema = RELANCE_SETTINGS_SCHEMA};

MailevaChannel::MailevaChannel(sdk::Host host, std::string_view, std::string_view settings_json,
                               sdk::Issues &issues)
    : host_{host},
      settings_{read_settings(settings_json, issues)},
      hook_{host.webhook_url()},
      api_{host, settings_},
      notifications_{host, settings_, api_, hook_} {}

sdk::Traits MailevaChannel::traits() const {
  sdk::Traits traits;
  traits.workers = settings_.workers;
  traits.submit_never_releases = true;
  traits.not_found_certain_after_ms = kListedAfterMs;
  traits.polls_open = hook_.empty();  // without a hook, states are only to be had one by one
  traits.expected_receipts = {{RELANCE_RCPT_DISPATCHED, 0, settings_.receipts_within_ms}};
  if (hook_.empty()) traits.without = RELANCE_CAP_WEBHOOK;
  return traits;
}

Letter MailevaChannel::read(const sdk::Message &message) const {
  auto limits = kLimits;
  limits.pages_max = settings_.pages_max;
  auto letter = read_letter(message, limits);
  if (product_for(message.service).empty())
    letter.issues.push_back({"/service", "\"" + std::string{message.service} + "\" is none of Maileva's"});
  hold_addresses(message, letter);
  return letter;
}

sdk::Quote MailevaChannel::quote(const sdk::Message &message) const {
  return to_quote(read(message));
}

sdk::Outcome MailevaChannel::send(const sdk::Message &message) {
  remove_drafts();
  const auto letter = read(message);
  if (const auto *fatal = letter.fatal()) return to_refusal(*fatal);
  const auto product = product_for(message.service);
  const auto made = api_.post(product + "/sendings", "application/json", sending_json(settings_, message),
                              message.not_after_ms);
  if (!is_made(made)) return rest::to_outcome(made, kOfDraft);
  const auto ref = SendingRef::parse(product + "/sendings/" + sdk::Json::parse(made.body)["id"].text());
  if (!ref) return sdk::Outcome::unknown("maileva", "a draft was made and its id not told");
  auto outcome = fill_draft(*ref, message, letter);
  if (outcome.kind == sdk::OutcomeKind::unknown) {
    outcome.refs = {ref->text()};  // the host has it discarded
  } else if (outcome.kind != sdk::OutcomeKind::prepared) {
    orphans_.note(ref->text());
    remove_drafts();
  }
  return outcome;
}

sdk::Outcome MailevaChannel::fill_draft(const SendingRef &ref, const sdk::Message &message,
                                        const Letter &letter) {
  const auto body = rest::multipart({{.name = "document",
                                      .bytes = letter.document->bytes,
                                      .file_name = "letter.pdf",
                                      .media_type = "application/pdf"},
                                     {.name = "metadata",
                                      .bytes = R"({"priority":1,"name":"letter.pdf"})",
                                      .media_type = "application/json"}});
  auto reply = api_.post(ref.text() + "/documents", body.content_type, body.bytes, message.not_after_ms);
  if (!is_made(reply)) return rest::to_outcome(reply, kOfDraft);
  reply = api_.post(ref.text() + "/recipients", "application/json", recipient_json(message),
                    message.not_after_ms);
  if (!is_made(reply)) return rest::to_outcome(reply, kOfDraft);
  return sdk::Outcome::prepared({ref.text()});
}

sdk::Outcome MailevaChannel::commit(const sdk::Commit &commit) {
  const auto ref = commit.refs.empty() ? std::nullopt : SendingRef::parse(commit.refs[0]);
  if (!ref) return sdk::Outcome::not_sent("maileva", "no draft of ours is named");
  return orphans_.ended(ref->text(), release(*ref, commit.not_after_ms));
}

sdk::Outcome MailevaChannel::release(const SendingRef &ref, std::int64_t not_after_ms) {
  const auto reply = api_.post(ref.text() + "/submit", {}, {}, not_after_ms);
  if (rest::is_done(reply) || says_not_draft(reply)) return sdk::Outcome::accepted({ref.text()});
  if (rest::is_gone(reply))  // what was ever submitted stays listed
    return sdk::Outcome::not_sent("http 404", "the draft is gone, and was never submitted");
  return rest::to_outcome(reply, {.refused_as = sdk::FailureClass::policy});
}

sdk::Outcome MailevaChannel::standing(const SendingRef &ref) {
  const auto reply = api_.get(ref.text());
  if (rest::is_gone(reply)) return sdk::Outcome::not_found();
  if (!reply.is_success()) return sdk::Outcome::unknown("maileva", "the provider does not say");
  const auto json = sdk::Json::parse(reply.body);
  const auto status = json["status"].text();
  if (status == "DRAFT") {
    if (json["documents_count"].text("1") == "0" || json["recipients_counts"]["total"].text("1") == "0")
      return sdk::Outcome::unknown("maileva", "a draft without a letter or an address");
    return sdk::Outcome::prepared({ref.text()});
  }
  if (status == "REJECTED") {
    auto outcome =
        sdk::Outcome::rejected(sdk::FailureClass::policy, status, words_of(json["status_detail"].text()));
    outcome.refs = {ref.text()};
    return outcome;
  }
  if (status.empty()) return sdk::Outcome::unknown("maileva", "no status is told");
  return sdk::Outcome::accepted({ref.text()});
}

sdk::Outcome MailevaChannel::query(const sdk::Query &query) {
  if (const auto ref = query.refs.empty() ? std::nullopt : SendingRef::parse(query.refs[0]))
    return standing(*ref);
  if (!is_key(query.idempotency_key)) return sdk::Outcome::unknown("maileva", "nothing is named");
  for (const char *product : {kRegistered, kPlain}) {
    const auto reply = api_.get(std::string{product} + "/sendings?count=500&" +
                                sdk::form({{"custom_id", query.idempotency_key}}));
    if (!reply.is_success()) return sdk::Outcome::unknown("maileva", "the provider does not say");
    const auto json = sdk::Json::parse(reply.body);
    if (json["sendings"].kind() != sdk::Json::Kind::array)
      return sdk::Outcome::unknown("maileva", "no list of sendings came");
    for (const auto &sending : json["sendings"].items())
      if (sending["custom_id"].text() == query.idempotency_key)
        if (const auto ref = SendingRef::parse(std::string{product} + "/sendings/" + sending["id"].text()))
          return standing(*ref);
    // The list is asked by our name of it; whether Maileva chose by that, its length shows.
    if (json["paging"]["total_results"].integer() >
        static_cast<std::int64_t>(json["sendings"].items().size()))
      return sdk::Outcome::unknown("maileva", "the list of sendings is longer than what came");
  }
  return sdk::Outcome::not_found();
}

void MailevaChannel::remove_drafts() {
  const auto texts = orphans_.take();
  for (auto text = texts.begin(); text != texts.end(); ++text)
    if (const auto ref = SendingRef::parse(*text); ref && !remove_draft(*ref))
      return orphans_.put_back({text, texts.end()});
}

/// Maileva refuses to remove what was submitted.
std::optional<sdk::Discarded> MailevaChannel::remove_draft(const SendingRef &ref) {
  const auto reply = api_.remove(ref.text());
  if (rest::is_away(reply)) return std::nullopt;
  if (reply.is_success() || rest::is_gone(reply)) return sdk::Discarded::gone();
  if (says_not_draft(reply) || standing(ref).kind == sdk::OutcomeKind::accepted)
    return sdk::Discarded::released("it was submitted");
  host_.log(sdk::LogLevel::warning, "a draft could not be removed", {{"sending", ref.text()}});
  return sdk::Discarded::unknown("the provider did not remove it: " + rest::said_in(reply).text);
}

sdk::Discarded MailevaChannel::discard(const sdk::Discard &discard) {
  const auto ref = discard.refs.empty() ? std::nullopt : SendingRef::parse(discard.refs[0]);
  if (!ref) return sdk::Discarded::unknown("no draft of ours is named");
  if (auto said = remove_draft(*ref)) return std::move(*said);
  orphans_.note(ref->text());
  return sdk::Discarded::unknown(kRemovedLater);
}

bool MailevaChannel::sweep() {
  const auto now_ms = host_.wall_ms();
  if (swept_ms_ != 0 && now_ms - swept_ms_ < kSweepEveryMs) return true;
  for (const char *product : {kRegistered, kPlain})
    for (std::size_t page{0}; page < kSendingsPagesMax; ++page) {
      const auto reply = api_.get(std::string{product} +
                                  "/sendings?start_index=" + std::to_string(page * kSendingsPage + 1) +
                                  "&count=" + std::to_string(kSendingsPage));
      const auto json = sdk::Json::parse(reply.body);
      if (rest::is_away(reply)) return false;
      if (!reply.is_success() || json["sendings"].kind() != sdk::Json::Kind::array) {
        host_.log(sdk::LogLevel::warning, "forgotten drafts are not looked for: no list came");
        break;
      }
      for (const auto &sending : json["sendings"].items()) {
        const auto made_ms = gateway::read_time_ms(sending["creation_date"].text());
        const auto key = sending["custom_id"].text();
        const bool is_ours{is_key(key) && sending["name"].text() == key};
        if (!is_ours || sending["status"].text() != "DRAFT" || made_ms == 0 ||
            made_ms > now_ms - kForgottenAfterMs)
          continue;
        host_.log(sdk::LogLevel::info, "a draft that nobody released is removed", {{"sending", key}});
        orphans_.note(std::string{product} + "/sendings/" + sending["id"].text());
      }
      if (json["sendings"].items().size() < kSendingsPage) break;
    }
  swept_ms_ = now_ms;
  remove_drafts();
  return true;
}

sdk::Polled MailevaChannel::look_at_open(const std::vector<sdk::Poll::Open> &open) {
  sdk::Polled polled;
  bool is_asked{false}, is_told{false};
  for (const auto &attempt : open) {
    const auto ref = attempt.refs.empty() ? std::nullopt : SendingRef::parse(attempt.refs[0]);
    if (!ref) continue;
    const auto reply = api_.get(ref->text() + "/recipients");
    is_asked = true;
    if (rest::is_away(reply)) break;
    is_told |= reply.is_success() || rest::is_gone(reply);
    if (!reply.is_success() || sdk::Json::parse(reply.body)["recipients"].kind() != sdk::Json::Kind::array ||
        !news_.is_new(ref->text(), reply.body))
      continue;
    auto bytes = R"({"sending":)" + sdk::json_string(ref->text()) + R"(,"key":)" +
                 sdk::json_string(attempt.idempotency_key) + R"(,"record":)" + reply.body + '}';
    const auto digest = sdk::to_hex(sdk::Sha256{}.add(bytes).digest()).substr(0, 16);
    polled.found.push_back({.kind = "poll", .name = ref->text() + ':' + digest, .bytes = std::move(bytes)});
  }
  if (is_asked && !is_told) return sdk::Polled::failed("the state of a letter did not come");
  return polled;
}

sdk::Polled MailevaChannel::poll(const sdk::Poll &poll) {
  remove_drafts();
  if (!sweep()) return sdk::Polled::failed("the provider is away");
  if (hook_.empty()) return look_at_open(poll.open);
  std::string fault;
  if (!notifications_.subscribe(fault)) return sdk::Polled::failed(fault);
  return notifications_.catch_up(poll.cursor);
}

sdk::Authenticated MailevaChannel::authenticate(const sdk::WebhookRequest &request) const {
  const sdk::WebhookAnswer created{.status = 201};  // Maileva counts anything else as a failure
  if (settings_.hook_password.empty()) return {sdk::Verdict::poke, created};
  const auto expected = "Basic " + sdk::to_base64(settings_.hook_user + ':' + settings_.hook_password);
  if (!sdk::is_same_secret(request.header("authorization"), expected)) return sdk::Verdict::forged;
  return {sdk::Verdict::genuine, created};
}

sdk::Parsed MailevaChannel::read_record(const SendingRef &ref, const std::string &key) {
  const auto reply = api_.get(ref.text() + "/recipients");
  if (rest::is_gone(reply)) return sdk::Parsed::nothing();
  const auto json = sdk::Json::parse(reply.body);
  if (!reply.is_success() || json["recipients"].kind() != sdk::Json::Kind::array)
    return sdk::Parsed::retry("the record of the letter did not come");
  sdk::Parsed parsed;
  for (const auto &recipient : json["recipients"].items()) {
    // Asked for because of a call that may be anybody's: only a letter of ours says which key it has.
    const auto own = recipient["custom_id"].text();
    const auto &named = is_key(own) ? own : key;
    for (auto &receipt : receipts_of(ref, named, recipient)) parsed.receipts.push_back(std::move(receipt));
  }
  return parsed;
}

sdk::Parsed MailevaChannel::parse(const sdk::Raw &raw) {
  const auto bytes = raw.kind == "poll" ? raw.bytes : raw.webhook().body;
  const auto json = sdk::Json::parse(bytes);
  if (!json["record"].is_absent()) {
    const auto ref = SendingRef::parse(json["sending"].text());
    const auto key = json["key"].text();
    if (!ref || !is_key(key)) return sdk::Parsed::unreadable("no letter of ours");
    sdk::Parsed parsed;
    for (const auto &recipient : json["record"]["recipients"].items())
      for (auto &receipt : receipts_of(*ref, key, recipient)) parsed.receipts.push_back(std::move(receipt));
    return parsed;
  }
  const auto event = read_event(bytes);
  if (!event) return sdk::Parsed::unreadable("no event of Maileva's about a letter of ours");
  const auto ref = SendingRef::parse(event->sending);
  if (raw.kind == "poke") return ref ? read_record(*ref, event->key) : sdk::Parsed::nothing();
  sdk::Parsed parsed;
  if (ref && event->needs_record()) {
    parsed = read_record(*ref, event->key);
    if (parsed.status != sdk::Parsed::Status::ok) return parsed;
  }
  auto receipt = *receipt_of(*event);
  // La Poste's "delivered" may be to the sender, after it came back: the record's codes say so.
  const bool is_back{std::ranges::any_of(parsed.receipts, [](const sdk::Receipt &one) {
    return one.is_final && one.kind != sdk::ReceiptKind::delivered &&
           one.kind != sdk::ReceiptKind::accepted_by_addressee;
  })};
  if (is_back && receipt.kind == sdk::ReceiptKind::delivered) {
    receipt.kind = sdk::ReceiptKind::interim;
    receipt.is_final = false;
  }
  parsed.receipts.push_back(std::move(receipt));
  return parsed;
}

sdk::Fetched MailevaChannel::fetch(const sdk::Fetch &fetch) {
  if (!is_proof(fetch.reference)) return sdk::Fetched::gone("no proof of ours is named");
  const auto reply = api_.download(std::string{fetch.reference});
  if (reply.is_success() && reply.body.starts_with("%PDF-"))
    return sdk::Fetched::ok(reply.body, "application/pdf");
  if (reply.is_success()) return sdk::Fetched::retry("what came is no PDF", kProofPauseMs);
  if (reply.result == sdk::HttpReply::Result::replied && reply.status == 410)
    return sdk::Fetched::gone("Maileva has it no more");
  return sdk::Fetched::retry(
      "the proof did not come: " +
          (reply.error.empty() ? "status " + std::to_string(reply.status) : reply.error),
      rest::is_gone(reply) ? kProofPauseMs : 0);
}

}  // namespace relance::postal::maileva
