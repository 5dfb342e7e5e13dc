#include "plugins/postal/lob/channel.hpp"

#include "plugins/postal/rest/account.hpp"
#include "plugins/protocol/gateway/timestamp.hpp"

#include <relance/signature.hpp>

#include <cstdlib>
#include <settings_schema_lob.h>

namespace relance::postal::lob {
namespace {

/// Lob keeps a key for 24 hours; an hour less, as its clock is not ours.
constexpr std::int64_t kKeyWindowMs{23 * 3'600'000LL};
constexpr std::int64_t kListedAfterMs{3'600'000};
/// What is older, or from the future, is a repeat of somebody who has listened.
constexpr std::int64_t kToleranceMs{300'000};
constexpr std::uint64_t kReplyMax{4'194'304};

bool says_idempotency(std::string_view words) {
  return words.find("dempoten") != words.npos;
}

/// Where webhooks bring the news, letters are only asked for in case one did not come.
constexpr std::int64_t kAskAgainMs{3'600'000};

}  // namespace

const sdk::Description LobChannel::kDescription{.id = "org.relance.postal",
                                                .driver = "lob",
                                                .name = "Letters through Lob",
                                                .version = "0.1.0",
                                                .vendor = "Relance",
                                                .channel = "postal",
                                                .settings_schema = RELANCE_SETTINGS_SCHEMA};

LobChannel::LobChannel(sdk::Host host, std::string_view, std::string_view settings_json, sdk::Issues &issues)
    : host_{host}, http_{host}, settings_{read_settings(settings_json, issues)} {}

sdk::Traits LobChannel::traits() const {
  sdk::Traits traits;
  traits.workers = settings_.workers;
  traits.idempotency_window_ms = kKeyWindowMs;
  traits.not_found_certain_after_ms = kListedAfterMs;
  traits.polls_open = true;
  traits.expected_receipts = {{RELANCE_RCPT_DISPATCHED, 0, settings_.receipts_within_ms}};
  if (settings_.webhook_secret.empty()) traits.without = RELANCE_CAP_WEBHOOK;
  return traits;
}

LobChannel::Prepared LobChannel::prepare(const sdk::Message &message) const {
  auto limits = kLimits;
  limits.pages_max = settings_.pages_max;
  Prepared prepared{.letter = read_letter(message, limits)};
  auto &issues = prepared.letter.issues;
  prepared.to = read_address(lines_of(message.addressee.postal_lines, message.addressee.country),
                             message.addressee.country);
  if (!prepared.to.fault.empty()) issues.push_back({"/addressee/postal_lines", prepared.to.fault});
  if (settings_.from.empty()) {
    prepared.from =
        read_address(lines_of(message.sender.postal_lines, message.sender.country), message.sender.country);
    if (!prepared.from.fault.empty()) issues.push_back({"/sender/postal_lines", prepared.from.fault});
  }
  for (const auto &fault : foreign_pages(prepared.letter)) issues.push_back({"/parts", fault});
  if (!extra_service_for(message.service, message.addressee.country))
    issues.push_back({"/service", "\"" + std::string{message.service} + "\" is none of Lob's"});
  return prepared;
}

sdk::Quote LobChannel::quote(const sdk::Message &message) const {
  return to_quote(prepare(message).letter);
}

sdk::HttpReply LobChannel::call(std::string_view method, const std::string &path, rest::FormBody body,
                                std::int64_t not_after_ms, std::string_view key) {
  sdk::HttpRequest request{
      .method = std::string{method},
      .url = settings_.api + path,
      .headers = {{"authorization", "Basic " + sdk::to_base64(settings_.key + ':')},
                  {"accept", "application/json"}},
      .body = std::move(body.bytes),
      .not_after_ms = not_after_ms,
      .options = {
          .timeout_ms = settings_.timeout_ms, .reply_max = kReplyMax, .is_idempotent = method != "POST"}};
  if (!body.content_type.empty()) request.headers.emplace_back("content-type", std::move(body.content_type));
  if (!key.empty()) request.headers.emplace_back("idempotency-key", key);
  return http_.call(request);
}

sdk::Outcome LobChannel::send(const sdk::Message &message) {
  const auto prepared = prepare(message);
  if (const auto *fatal = prepared.letter.fatal()) return to_refusal(*fatal);
  const auto extra = *extra_service_for(message.service, message.addressee.country);
  std::vector<rest::FormPart> form{{.name = "color", .bytes = settings_.is_colour ? "true" : "false"},
                                   {.name = "double_sided", .bytes = settings_.is_duplex ? "true" : "false"},
                                   {.name = "use_type", .bytes = "operational"},
                                   {.name = "address_placement", .bytes = "top_first_page"},
                                   {.name = "metadata[key]", .bytes = message.idempotency_key}};
  for (const auto &[name, value] : prepared.to.fields)
    form.push_back({.name = "to[" + name + ']', .bytes = value});
  if (!settings_.from.empty()) form.push_back({.name = "from", .bytes = settings_.from});
  for (const auto &[name, value] : prepared.from.fields)
    form.push_back({.name = "from[" + name + ']', .bytes = value});
  if (!extra.empty()) form.push_back({.name = "extra_service", .bytes = extra});
  form.push_back({.name = "file",
                  .bytes = prepared.letter.document->bytes,
                  .file_name = "letter.pdf",
                  .media_type = "application/pdf"});
  const auto reply =
      call("POST", "/v1/letters", rest::multipart(form), message.not_after_ms, message.idempotency_key);
  if (!reply.is_success()) {
    auto outcome = rest::to_outcome(
        reply, {.refused_as = sdk::FailureClass::policy, .throttled_took_nothing = reply.status == 429});
    // Other bytes under a key that it knows (a setting was changed between): the first copy may be a letter.
    if (outcome.kind == sdk::OutcomeKind::rejected &&
        (says_idempotency(outcome.code) || says_idempotency(outcome.text)))
      outcome = sdk::Outcome::unknown(outcome.code, outcome.text);
    return outcome;
  }
  const auto id = sdk::Json::parse(reply.body)["id"].text();
  if (!id.starts_with("ltr_") || !rest::is_id(id))
    return sdk::Outcome::unknown("lob", "a letter was taken and its id not told");
  return sdk::Outcome::accepted({id});
}

sdk::Outcome LobChannel::query(const sdk::Query &query) {
  if (!query.refs.empty() && rest::is_id(query.refs[0])) {
    const auto reply = call("GET", "/v1/letters/" + std::string{query.refs[0]}, {}, 0, {});
    if (reply.is_success()) return sdk::Outcome::accepted({std::string{query.refs[0]}});
    if (reply.result == sdk::HttpReply::Result::replied && reply.status == 404)
      return sdk::Outcome::not_found();
    return sdk::Outcome::unknown("lob", "the provider does not say");
  }
  if (!is_key(query.idempotency_key)) return sdk::Outcome::unknown("lob", "nothing is named");
  const auto reply =
      call("GET", "/v1/letters?" + sdk::form({{"metadata[key]", query.idempotency_key}, {"limit", "2"}}), {},
           0, {});
  const auto json = sdk::Json::parse(reply.body);
  if (!reply.is_success() || json["data"].kind() != sdk::Json::Kind::array)
    return sdk::Outcome::unknown("lob", "the provider does not say");
  for (const auto &letter : json["data"].items())
    if (letter["metadata"]["key"].text() == query.idempotency_key && rest::is_id(letter["id"].text()))
      return sdk::Outcome::accepted({letter["id"].text()});
  return sdk::Outcome::not_found();
}

sdk::Recalled LobChannel::recall(const sdk::Recall &recall) {
  if (recall.refs.empty() || !rest::is_id(recall.refs[0]))
    return {sdk::RecallKind::unknown, "no letter is named"};
  const auto reply = call("DELETE", "/v1/letters/" + std::string{recall.refs[0]}, {}, 0, {});
  if (reply.is_success() && sdk::Json::parse(reply.body)["deleted"].flag())
    return {sdk::RecallKind::cancelled, {}};
  const bool is_refused{reply.result == sdk::HttpReply::Result::replied &&
                        (reply.status == 422 || reply.status == 403)};
  if (is_refused) return {sdk::RecallKind::too_late, rest::said_in(reply).text};
  return {sdk::RecallKind::unknown, "the provider does not say"};
}

sdk::Polled LobChannel::poll(const sdk::Poll &poll) {
  sdk::Polled polled;
  bool is_asked{false}, is_told{false};
  for (const auto &attempt : poll.open) {
    if (attempt.refs.empty() || !rest::is_id(attempt.refs[0])) continue;
    const std::string id{attempt.refs[0]};
    if (!news_.is_due(id, host_.wall_ms(), settings_.webhook_secret.empty() ? 0 : kAskAgainMs)) continue;
    const auto reply = call("GET", "/v1/letters/" + id, {}, 0, {});
    is_asked = true;
    if (rest::is_away(reply)) break;
    if (!reply.is_success() && !rest::is_gone(reply)) continue;
    is_told = true;
    news_.asked(id, host_.wall_ms());
    // Not by its bytes: the links in them are signed anew at each answer.
    std::string state;
    for (const auto &receipt : receipts_of(sdk::Json::parse(reply.body)))
      state += receipt.code + '@' + std::to_string(receipt.provider_time_ms) + ' ';
    if (reply.is_success() && !state.empty() && news_.is_new(id, state))
      polled.found.push_back({.kind = "poll", .name = id + ':' + state, .bytes = reply.body});
  }
  if (is_asked && !is_told) return sdk::Polled::failed("the state of a letter did not come");
  return polled;
}

sdk::Authenticated LobChannel::authenticate(const sdk::WebhookRequest &request) const {
  const auto stamp = request.header("lob-signature-timestamp");
  const auto at_ms = gateway::read_time_ms(stamp);
  if (settings_.webhook_secret.empty() || at_ms == 0) return sdk::Verdict::forged;
  std::string text{stamp};
  text.append(".").append(request.body);
  const auto expected = sdk::to_hex(sdk::hmac_sha256(settings_.webhook_secret, text));
  if (!sdk::is_same_secret(request.header("lob-signature"), expected)) return sdk::Verdict::forged;
  return std::llabs(request.received_at_ms - at_ms) > kToleranceMs ? sdk::Verdict::forged
                                                                   : sdk::Verdict::genuine;
}

sdk::Parsed LobChannel::parse(const sdk::Raw &raw) const {
  if (raw.kind == "poll") {
    const auto json = sdk::Json::parse(raw.bytes);
    if (json["id"].text().empty()) return sdk::Parsed::unreadable("no letter of Lob's");
    return {.receipts = receipts_of(json)};
  }
  const std::string body{raw.webhook().body};
  if (auto receipt = read_event(body)) return sdk::Parsed::receipt(std::move(*receipt));
  return sdk::Json::parse(body)["event_type"].is_absent() ? sdk::Parsed::unreadable("no event of Lob's")
                                                          : sdk::Parsed::nothing();  // of a postcard, say
}

}  // namespace relance::postal::lob
