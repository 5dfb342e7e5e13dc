#include "plugins/postal/pingen/channel.hpp"

#include "plugins/protocol/gateway/timestamp.hpp"

#include <relance/signature.hpp>

#include <algorithm>
#include <chrono>
#include <settings_schema_pingen.h>
#include <thread>

namespace relance::postal::pingen {
namespace {

constexpr const char *kMediaType{"application/vnd.api+json"};
constexpr std::uint64_t kListMax{4'194'304};
/// Nothing is posted by making a draft.
constexpr sdk::HttpRules kOfDraft{.refused_as = sdk::FailureClass::policy, .throttled_took_nothing = true};
/// Pingen looks at a letter for some seconds before it may be sent.
constexpr auto kLook = std::chrono::milliseconds(250);
constexpr int kLooksMax{60};
constexpr std::int64_t kValidatingPauseMs{15'000};

sdk::Json attributes_in(const sdk::HttpReply &reply) {
  return sdk::Json::parse(reply.body)["data"]["attributes"];
}

/// How much of the list of letters is looked through for forgotten drafts.
constexpr int kPage{50}, kPagesMax{400};
constexpr std::int64_t kLookedBackMs{4 * kForgottenAfterMs};
/// Where webhooks bring the news, letters are only asked for in case one did not come.
constexpr std::int64_t kAskAgainMs{3'600'000};

}  // namespace

const sdk::Description PingenChannel::kDescription{.id = "org.relance.postal",
                                                   .driver = "pingen",
                                                   .name = "Letters through Pingen",
                                                   .version = "0.1.0",
                                                   .vendor = "Relance",
                                                   .channel = "postal",
                                                   .settings_schema = RELANCE_SETTINGS_SCHEMA};

PingenChannel::PingenChannel(sdk::Host host, std::string_view, std::string_view settings_json,
                             sdk::Issues &issues)
    : host_{host},
      http_{host},
      settings_{read_settings(settings_json, issues)},
      account_{host, settings_.credentials} {}

sdk::Traits PingenChannel::traits() const {
  sdk::Traits traits;
  traits.workers = settings_.workers;
  traits.submit_never_releases = true;
  traits.polls_open = true;
  traits.expected_receipts = {{RELANCE_RCPT_DISPATCHED, 0, settings_.receipts_within_ms}};
  if (settings_.signing_key.empty()) traits.without = RELANCE_CAP_WEBHOOK;
  return traits;
}

Letter PingenChannel::read(const sdk::Message &message) const {
  auto limits = kLimits;
  limits.pages_max = settings_.pages_max;
  auto letter = read_letter(message, limits);
  if (product_for(settings_, message.service).empty())
    letter.issues.push_back({"/service", "no product is set for \"" + std::string{message.service} + '"'});
  return letter;
}

sdk::Quote PingenChannel::quote(const sdk::Message &message) const {
  return to_quote(read(message));
}

std::string PingenChannel::letters(std::string_view more) const {
  return "/organisations/" + settings_.organisation + "/deliveries/letters" + (more.empty() ? "" : "/") +
         std::string{more};
}

sdk::HttpReply PingenChannel::call(std::string_view method, const std::string &path, std::string body,
                                   std::int64_t not_after_ms, std::string_view key) {
  sdk::HttpRequest request{.method = std::string{method},
                           .url = settings_.api + path,
                           .headers = {{"accept", kMediaType}},
                           .body = std::move(body),
                           .not_after_ms = not_after_ms,
                           .options = {.timeout_ms = settings_.timeout_ms,
                                       .reply_max = kListMax,
                                       .is_idempotent = method == "GET" || method == "DELETE"}};
  if (!request.body.empty()) request.headers.emplace_back("content-type", kMediaType);
  if (!key.empty()) request.headers.emplace_back("idempotency-key", key);
  return account_.call(std::move(request));
}

sdk::Outcome PingenChannel::upload(const sdk::Message &message, const Letter &letter, Upload &upload) {
  const auto place = call("GET", "/file-upload", {}, message.not_after_ms, {});
  if (!place.is_success()) return rest::to_outcome(place, kOfDraft);
  const auto json = sdk::Json::parse(place.body);
  const auto &attributes = json["data"]["attributes"];
  upload = {attributes["url"].text(), attributes["url_signature"].text()};
  if (upload.url.starts_with('/')) upload.url.insert(0, settings_.api);  // RFC 3986 §4.2: its own host
  if (upload.url.empty() || upload.signature.empty())
    return sdk::Outcome::unknown("pingen", "no place for the file is told");
  // To a store of files, which is not to have our token.
  const auto put = http_.call({.method = "PUT",
                               .url = upload.url,
                               .headers = {{"content-type", "application/pdf"}},
                               .body = std::string{letter.document->bytes},
                               .not_after_ms = message.not_after_ms,
                               .options = {.timeout_ms = settings_.timeout_ms}});
  return put.is_success() ? sdk::Outcome::accepted() : put.outcome(kOfDraft);
}

sdk::Outcome PingenChannel::send(const sdk::Message &message) {
  remove_drafts();
  const auto letter = read(message);
  if (const auto *fatal = letter.fatal()) return to_refusal(*fatal);
  Upload file;
  if (auto outcome = upload(message, letter, file); outcome.kind != sdk::OutcomeKind::accepted)
    return outcome;
  const auto made = call("POST", letters(), letter_json(settings_, message, file.url, file.signature),
                         message.not_after_ms, message.idempotency_key);
  if (!made.is_success()) return rest::to_outcome(made, kOfDraft);
  const auto id = sdk::Json::parse(made.body)["data"]["id"].text();
  if (!rest::is_id(id)) return sdk::Outcome::unknown("pingen", "a draft was made and its id not told");
  return validated(id, message);
}

/// What Pingen's own look at the letter says: one that it cannot print never gets as far as a release.
sdk::Outcome PingenChannel::validated(const std::string &id, const sdk::Message &message) {
  for (int look{0}; look < kLooksMax && !message.stop_requested(); ++look) {
    const auto reply = call("GET", letters(id), {}, 0, {});
    const auto state = sdk::Json::parse(reply.body)["data"]["attributes"]["status"].text();
    const auto meaning = meaning_of_state(state);
    if (reply.is_success() && meaning.kind == sdk::ReceiptKind::failed) {
      orphans_.note(id);
      remove_drafts();
      return sdk::Outcome::rejected(sdk::FailureClass::policy, state, "Pingen cannot print this letter");
    }
    if (reply.is_success() && state != "validating" && !state.empty()) break;
    std::this_thread::sleep_for(kLook);
  }
  return sdk::Outcome::prepared({id});
}

sdk::Outcome PingenChannel::commit(const sdk::Commit &commit) {
  if (commit.refs.empty() || !rest::is_id(commit.refs[0]))
    return sdk::Outcome::not_sent("pingen", "no draft of ours is named");
  const std::string id{commit.refs[0]};
  return orphans_.ended(id, release(id, commit.not_after_ms));
}

sdk::Outcome PingenChannel::release(const std::string &id, std::int64_t not_after_ms) {
  // Its product stands in the letter; and whether an earlier commit has released it.
  const auto found = call("GET", letters(id), {}, not_after_ms, {});
  if (rest::is_gone(found))
    return sdk::Outcome::not_sent("http 404", "the draft is gone, and was never sent");
  const auto attributes = found.is_success() ? attributes_in(found) : sdk::Json{};
  const auto state = attributes["status"].text();
  switch (standing_of(attributes)) {
    case Standing::untold:  // only asked
      return sdk::Outcome::not_sent("pingen", "the draft's state did not come", kValidatingPauseMs);
    case Standing::refused:
      return sdk::Outcome::rejected(sdk::FailureClass::policy, state, "Pingen does not print this letter");
    case Standing::released:
      return sdk::Outcome::accepted({id});
    case Standing::unclear:
      return sdk::Outcome::unknown(words_of(state), "Pingen does not say whether the letter was sent");
    case Standing::draft:
      break;
  }
  if (state == "validating" || state == "fixing")
    return sdk::Outcome::not_sent(state, "Pingen still looks at the letter", kValidatingPauseMs);
  const auto reply =
      call("PATCH", letters(id + "/send"),
           send_json(settings_, id, attributes["delivery_product"].text(settings_.plain_product)),
           not_after_ms, id + "-send");
  if (rest::is_done(reply)) return sdk::Outcome::accepted({id});
  if (reply.result == sdk::HttpReply::Result::replied && reply.status == 409) {
    // It is not in a state to be sent: by now, or because a person must do something first.
    const auto now = attributes_in(call("GET", letters(id), {}, 0, {}));
    const auto standing = standing_of(now);
    if (standing == Standing::released) return sdk::Outcome::accepted({id});
    if (standing == Standing::draft || standing == Standing::refused)
      return sdk::Outcome::rejected(sdk::FailureClass::policy, words_of(now["status"].text()),
                                    "Pingen does not send the letter as it is: " + rest::said_in(reply).text);
  }
  return rest::to_outcome(reply, {.refused_as = sdk::FailureClass::policy});
}

void PingenChannel::remove_drafts() {
  const auto ids = orphans_.take();
  for (auto id = ids.begin(); id != ids.end(); ++id)
    if (rest::is_id(*id) && !remove_draft(*id)) return orphans_.put_back({id, ids.end()});
}

/// Pingen would remove a letter, too, so that its state is looked at first.
std::optional<sdk::Discarded> PingenChannel::remove_draft(const std::string &id) {
  const auto found = call("GET", letters(id), {}, 0, {});
  if (rest::is_away(found)) return std::nullopt;
  if (rest::is_gone(found)) return sdk::Discarded::gone();
  const auto attributes = found.is_success() ? attributes_in(found) : sdk::Json{};
  const auto standing = standing_of(attributes);
  const bool is_ours{standing == Standing::draft ||
                     (standing == Standing::refused && attributes["submitted_at"].text().empty())};
  const auto state = attributes["status"].text();
  if (!is_ours)
    return state.empty() ? sdk::Discarded::unknown("the draft's state did not come")
                         : sdk::Discarded::released("its state is " + std::string{state});
  const auto reply = call("DELETE", letters(id), {}, 0, {});
  if (reply.is_success() || rest::is_gone(reply)) return sdk::Discarded::gone();
  host_.log(sdk::LogLevel::warning, "a draft could not be removed", {{"letter", id}});
  return sdk::Discarded::unknown("the provider did not remove it: " + rest::said_in(reply).text);
}

sdk::Discarded PingenChannel::discard(const sdk::Discard &discard) {
  if (discard.refs.empty() || !rest::is_id(discard.refs[0]))
    return sdk::Discarded::unknown("no draft of ours is named");
  const std::string id{discard.refs[0]};
  if (auto said = remove_draft(id)) return std::move(*said);
  orphans_.note(id);
  return sdk::Discarded::unknown(kRemovedLater);
}

bool PingenChannel::sweep() {
  const auto now_ms = host_.wall_ms();
  if (swept_ms_ != 0 && now_ms - swept_ms_ < kSweepEveryMs) return true;
  for (int page{1}; page <= kPagesMax; ++page) {
    const auto reply = call("GET",
                            letters() + '?' +
                                sdk::form({{"sort", "-created_at"},
                                           {"page[number]", std::to_string(page)},
                                           {"page[limit]", std::to_string(kPage)}}),
                            {}, 0, {});
    const auto json = sdk::Json::parse(reply.body);
    if (rest::is_away(reply)) return false;
    if (!reply.is_success() || json["data"].kind() != sdk::Json::Kind::array) {
      host_.log(sdk::LogLevel::warning, "forgotten drafts are not looked for: no list came");
      break;
    }
    std::int64_t oldest_ms{now_ms};
    for (const auto &letter : json["data"].items()) {
      const auto &attributes = letter["attributes"];
      const auto made_ms = gateway::read_time_ms(attributes["created_at"].text());
      const auto key = key_in(attributes["file_original_name"].text());
      if (made_ms != 0) oldest_ms = std::min(oldest_ms, made_ms);
      if (key.empty() || standing_of(attributes) != Standing::draft || made_ms == 0 ||
          made_ms > now_ms - kForgottenAfterMs)
        continue;
      host_.log(sdk::LogLevel::info, "a draft that nobody released is removed", {{"letter", key}});
      orphans_.note(letter["id"].text());
    }
    // Newest first: what is older still was looked at on the days before.
    if (json["data"].items().empty() || oldest_ms < now_ms - kLookedBackMs) break;
  }
  swept_ms_ = now_ms;
  remove_drafts();
  return true;
}

sdk::Outcome PingenChannel::query(const sdk::Query &query) {
  if (query.refs.empty() || !rest::is_id(query.refs[0]))
    return sdk::Outcome::unknown("pingen", "no letter is named");
  const std::string id{query.refs[0]};
  const auto reply = call("GET", letters(id), {}, 0, {});
  if (rest::is_gone(reply)) return sdk::Outcome::not_found();
  const auto attributes = reply.is_success() ? attributes_in(reply) : sdk::Json{};
  switch (standing_of(attributes)) {
    case Standing::draft:
      return sdk::Outcome::prepared({id});
    case Standing::released:
      return sdk::Outcome::accepted({id});
    case Standing::refused:
      return sdk::Outcome::rejected(sdk::FailureClass::policy, attributes["status"].text(),
                                    "Pingen does not print this letter");
    case Standing::untold:
    case Standing::unclear:
      break;
  }
  return sdk::Outcome::unknown("pingen", "the provider does not say");
}

sdk::Recalled PingenChannel::recall(const sdk::Recall &recall) {
  if (recall.refs.empty() || !rest::is_id(recall.refs[0]))
    return {sdk::RecallKind::unknown, "no letter is named"};
  const std::string id{recall.refs[0]};
  const auto reply = call("PATCH", letters(id + "/cancel"), {}, 0, {});
  if (reply.is_success()) {
    // Pingen takes the wish and answers 202: only the state says that it came true.
    const auto found = call("GET", letters(id), {}, 0, {});
    const auto state = sdk::Json::parse(found.body)["data"]["attributes"]["status"].text();
    if (found.is_success() && state == "cancelled") return {sdk::RecallKind::cancelled, {}};
    return {sdk::RecallKind::unknown, "the letter is not cancelled yet: " + words_of(state)};
  }
  if (reply.result == sdk::HttpReply::Result::replied &&
      (reply.status == 409 || reply.status == 422 || reply.status == 403))
    return {sdk::RecallKind::too_late, rest::said_in(reply).text};
  return {sdk::RecallKind::unknown, "the provider does not say"};
}

sdk::Polled PingenChannel::poll(const sdk::Poll &poll) {
  remove_drafts();
  if (!sweep()) return sdk::Polled::failed("the provider is away");
  sdk::Polled polled;
  bool is_asked{false}, is_told{false};
  for (const auto &attempt : poll.open) {
    if (attempt.refs.empty() || !rest::is_id(attempt.refs[0])) continue;
    const std::string id{attempt.refs[0]};
    if (!news_.is_due(id, host_.wall_ms(), settings_.signing_key.empty() ? 0 : kAskAgainMs)) continue;
    const auto reply = call("GET", letters(id), {}, 0, {});
    is_asked = true;
    if (rest::is_away(reply)) break;
    const auto attributes = reply.is_success() ? attributes_in(reply) : sdk::Json{};
    const bool is_there{!attributes["status"].text().empty()};
    if (!is_there && !rest::is_gone(reply)) continue;
    is_told = true;
    news_.asked(id, host_.wall_ms());
    const auto state = attributes["status"].text() + ':' + attributes["updated_at"].text() + ':' +
                       attributes["price_value"].text();
    if (is_there && news_.is_new(id, state))
      polled.found.push_back({.kind = "poll", .name = id + ':' + state, .bytes = reply.body});
  }
  if (is_asked && !is_told) return sdk::Polled::failed("the state of a letter did not come");
  return polled;
}

sdk::Authenticated PingenChannel::authenticate(const sdk::WebhookRequest &request) const {
  if (settings_.signing_key.empty()) return sdk::Verdict::forged;
  const auto expected = sdk::to_hex(sdk::hmac_sha256(settings_.signing_key, request.body));
  return sdk::is_same_secret(request.header("signature"), expected) ? sdk::Verdict::genuine
                                                                    : sdk::Verdict::forged;
}

sdk::Parsed PingenChannel::parse(const sdk::Raw &raw) const {
  if (raw.kind == "poll") {
    const auto json = sdk::Json::parse(raw.bytes);
    if (json["data"]["type"].text() != "letters") return sdk::Parsed::unreadable("no letter of Pingen's");
    auto receipt = read_letter_record(json["data"]);
    return receipt ? sdk::Parsed::receipt(std::move(*receipt)) : sdk::Parsed::nothing();
  }
  const std::string body{raw.webhook().body};
  if (auto receipt = read_news(body)) return sdk::Parsed::receipt(std::move(*receipt));
  // Of another channel of Pingen's, or of an account: readable, and nothing to us.
  return sdk::Json::parse(body)["data"]["type"].text().starts_with("webhook_")
             ? sdk::Parsed::nothing()
             : sdk::Parsed::unreadable("no news of Pingen's");
}

}  // namespace relance::postal::pingen
