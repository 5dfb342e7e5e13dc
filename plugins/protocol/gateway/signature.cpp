#include "plugins/protocol/gateway/signature.hpp"

#include "plugins/protocol/gateway/document.hpp"
#include "plugins/protocol/gateway/timestamp.hpp"
#include "plugins/protocol/gateway/url.hpp"

#include <relance/signature.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace relance::gateway {
namespace {

constexpr std::array<std::string_view, 12> kSchemes{"path",        "token",           "basic",   "hmac",
                                                    "public_key",  "twilio",          "vonage",  "vonage_jwt",
                                                    "messagebird", "messagebird_jwt", "mailgun", "sns"};

constexpr std::size_t kUrlBytesMax{65'536};

Trust trust(bool is_genuine) {
  return is_genuine ? Trust::genuine : Trust::forged;
}

/// A replay is a forgery; a clock that runs ahead is allowed the same.
bool is_recent(std::string_view stamp, std::int64_t now_ms, std::int64_t tolerance_ms) {
  const auto at = read_time_ms(stamp);
  return at != 0 && at > now_ms - tolerance_ms && at < now_ms + tolerance_ms;
}

std::string_view signed_query_of(std::string_view url) {
  const auto question = url.find('?');
  return question == url.npos ? std::string_view{} : url.substr(question + 1);
}

bool is_form(const sdk::WebhookRequest &request) {
  return request.header("content-type").starts_with("application/x-www-form-urlencoded");
}

/// The parts of a signature header: "v1,AbC= v1,DeF=" and "sha256=ab12" alike.
bool holds_signature(std::string_view field, std::string_view prefix, std::string_view expected,
                     bool is_base64) {
  bool is_there{false};
  while (!field.empty()) {
    const auto one = field.substr(0, field.find(' '));
    field.remove_prefix(std::min(one.size() + 1, field.size()));
    if (!one.starts_with(prefix)) continue;
    std::string given{one.substr(prefix.size())};
    if (!is_base64)
      for (auto &c : given)
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c + 32);
    is_there |= sdk::is_same_secret(given, expected);
  }
  return is_there;
}

std::optional<std::string> signed_text(const SignatureSettings &settings, const sdk::WebhookRequest &request,
                                       std::int64_t now_ms) {
  Variables parts{{"body", std::string{request.body}},
                  {"url", std::string{request.url}},
                  {"method", std::string{request.method}}};
  if (!settings.timestamp_header.empty()) {
    const auto stamp = request.header(settings.timestamp_header);
    if (!is_recent(stamp, now_ms, settings.tolerance_ms)) return std::nullopt;
    parts["timestamp"] = stamp;
  }
  if (!settings.id_header.empty()) parts["id"] = request.header(settings.id_header);
  return Template{settings.over}.fill(parts).text;
}

Trust check_hmac(const SignatureSettings &settings, const sdk::WebhookRequest &request, std::int64_t now_ms) {
  const auto text = signed_text(settings, request, now_ms);
  if (!text) return Trust::forged;
  const auto mac = hmac(settings.hash, settings.secret, *text);
  return trust(holds_signature(request.header(settings.header), settings.prefix,
                               settings.is_base64 ? sdk::to_base64(mac) : to_hex(mac), settings.is_base64));
}

Trust check_public_key(const SignatureSettings &settings, const sdk::WebhookRequest &request,
                       std::int64_t now_ms) {
  const auto text = signed_text(settings, request, now_ms);
  const auto signature = from_base64(request.header(settings.header));
  return trust(text && signature && verify(settings.hash, settings.public_key, *text, *signature));
}

Trust check_basic(const SignatureSettings &settings, const sdk::WebhookRequest &request) {
  const auto field = request.header("authorization");
  const auto space = field.find(' ');
  if (space == field.npos) return Trust::forged;
  std::string scheme{field.substr(0, space)};
  std::ranges::transform(scheme, scheme.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return trust(
      scheme == "basic" &&
      sdk::is_same_secret(field.substr(space + 1), sdk::to_base64(settings.user + ':' + settings.secret)));
}

Trust check_token(const SignatureSettings &settings, const sdk::WebhookRequest &request) {
  std::string given;
  if (!settings.header.empty()) {
    given = request.header(settings.header);
    if (given.starts_with(settings.prefix)) given.erase(0, settings.prefix.size());
  } else if (const auto parameters = parse_form(signed_query_of(request.url))) {
    for (const auto &[name, value] : *parameters)
      if (name == settings.parameter) given = value;
  }
  return trust(!given.empty() && sdk::is_same_secret(given, settings.secret));
}

/// With and without the port; with an apostrophe as it is and as %27; with the query written anew by the
/// rules of Node's querystring, as older senders did. All name the same place.
std::vector<std::string> as_twilio_may_have_signed(std::string_view url, const Url &parsed,
                                                   const Parameters &query) {
  auto anew = parsed;
  anew.query.clear();
  for (const auto &[name, value] : query) {
    if (!anew.query.empty()) anew.query += '&';
    anew.query += percent_encoded(name) + '=' + percent_encoded(value);
  }
  for (const auto &[escaped, plain] :
       {std::pair{"%21", '!'}, {"%27", '\''}, {"%28", '('}, {"%29", ')'}, {"%2A", '*'}})
    for (auto at = anew.query.find(escaped); at != std::string::npos; at = anew.query.find(escaped, at))
      anew.query.replace(at, 3, 1, plain);
  std::vector<std::string> all;
  for (const auto &one : {parsed, anew})
    for (auto &text : {one.text(), one.text_with_port(), one.text_without_port()}) all.push_back(text);
  all.emplace_back(url);
  const auto count = all.size();
  for (std::size_t i{0}; i < count; ++i) {
    if (all[i].find('\'') == std::string::npos) continue;
    auto text = all[i];
    for (auto at = text.find('\''); at != text.npos; at = text.find('\'', at)) text.replace(at, 1, "%27");
    all.push_back(std::move(text));
  }
  return all;
}

Trust check_twilio(const SignatureSettings &settings, const sdk::WebhookRequest &request) {
  const auto url = parse_url(request.url);
  const auto query = url ? parse_form(url->query) : std::nullopt;
  if (!query) return Trust::forged;
  std::string tail;
  const auto body_hash =
      std::ranges::find(*query, std::string{"bodySHA256"}, &std::pair<std::string, std::string>::first);
  if (body_hash != query->end()) {
    if (!sdk::is_same_secret(body_hash->second, to_hex(digest(Hash::sha256, request.body))))
      return Trust::forged;
  } else {
    const auto fields = parse_form(request.body);
    if (!fields) return Trust::forged;
    std::map<std::string, std::set<std::string>> sorted;
    for (const auto &[name, value] : *fields) sorted[name].insert(value);
    for (const auto &[name, values] : sorted)
      for (const auto &value : values) tail += name + value;
  }
  const auto signature = request.header("x-twilio-signature");
  bool is_genuine{false};
  for (const auto &address : as_twilio_may_have_signed(request.url, *url, *query))
    is_genuine |=
        sdk::is_same_secret(signature, sdk::to_base64(hmac(Hash::sha1, settings.secret, address + tail)));
  return trust(is_genuine);
}

Trust check_vonage(const SignatureSettings &settings, const sdk::WebhookRequest &request,
                   std::int64_t now_ms) {
  std::map<std::string, std::string> sorted;
  auto query = parse_form(signed_query_of(request.url));
  if (!query) return Trust::forged;
  for (auto &[name, value] : *query)
    if (!sorted.emplace(name, value).second) return Trust::forged;  // twice: nobody knows which was signed
  if (is_form(request)) {
    const auto fields = parse_form(request.body);
    if (!fields) return Trust::forged;
    for (const auto &[name, value] : *fields)
      if (!sorted.emplace(name, value).second) return Trust::forged;
  } else if (!request.body.empty()) {
    const auto json = sdk::Json::parse(request.body);
    if (json.kind() != sdk::Json::Kind::object) return Trust::forged;
    for (std::size_t i{0}; i < json.items().size(); ++i)
      if (!sorted.emplace(json.names()[i], json.items()[i].text()).second) return Trust::forged;
  }
  const auto given = sorted.extract("sig");
  const auto stamp = sorted.find("timestamp");
  if (given.empty() || stamp == sorted.end() || !is_recent(stamp->second, now_ms, settings.tolerance_ms))
    return Trust::forged;
  std::string text;
  for (auto &[name, value] : sorted) {
    // Values lose these marks before they are signed, names do not: one name would hide other parameters.
    if (name.find_first_of("&=") != name.npos) return Trust::forged;
    std::ranges::replace_if(value, [](char c) { return c == '&' || c == '='; }, '_');
    text += '&' + name + '=' + value;
  }
  const auto mac = settings.is_plain_hash ? digest(settings.hash, text + settings.secret)
                                          : hmac(settings.hash, settings.secret, text);
  return trust(holds_signature(given.mapped(), "", to_hex(mac), false));
}

Trust check_messagebird(const SignatureSettings &settings, const sdk::WebhookRequest &request,
                        std::int64_t now_ms) {
  const auto stamp = request.header("messagebird-request-timestamp");
  auto query = parse_form(signed_query_of(request.url));
  if (!query || !is_recent(stamp, now_ms, settings.tolerance_ms)) return Trust::forged;
  std::ranges::sort(*query);
  auto sorted = to_form(*query);
  for (auto at = sorted.find("%20"); at != sorted.npos; at = sorted.find("%20", at + 1))
    sorted.replace(at, 3, "+");
  const auto text = std::string{stamp} + '\n' + sorted + '\n' + digest(Hash::sha256, request.body);
  return trust(sdk::is_same_secret(request.header("messagebird-signature"),
                                   sdk::to_base64(hmac(Hash::sha256, settings.secret, text))));
}

Trust check_mailgun(const SignatureSettings &settings, const sdk::WebhookRequest &request,
                    std::int64_t now_ms) {
  const auto json = sdk::Json::parse(request.body);
  const auto &signature = json["signature"];
  const auto stamp = signature["timestamp"].text(), token = signature["token"].text();
  if (!is_recent(stamp, now_ms, settings.tolerance_ms)) return Trust::forged;
  return trust(sdk::is_same_secret(signature["signature"].text(),
                                   to_hex(hmac(Hash::sha256, settings.secret, stamp + token))));
}

/// What must be read to be judged has a bound, as a verdict takes 5 ms at most: SNS carries 256 KiB, a
/// provider's form or flat object a few hundred bytes. Schemes that only hash take any body.
std::size_t body_bytes_max(Scheme scheme) {
  switch (scheme) {
    case Scheme::twilio:
    case Scheme::vonage:
      return 65'536;
    case Scheme::mailgun:
    case Scheme::sns:
      return 327'680;
    default:
      return std::string::npos;
  }
}

}  // namespace

std::optional<Scheme> scheme_named(std::string_view name) {
  const auto found = std::ranges::find(kSchemes, name);
  if (found == kSchemes.end()) return std::nullopt;
  return static_cast<Scheme>(found - kSchemes.begin());
}

std::string_view name_of(Scheme scheme) {
  return kSchemes[static_cast<std::size_t>(scheme)];
}

const Known &signed_parts() {
  static const Known parts{{"body", "url", "method", "timestamp", "id"}, {}};
  return parts;
}

std::string signed_once(const SignatureSettings &settings, const sdk::WebhookRequest &request) {
  if (settings.scheme != Scheme::mailgun) return {};
  const auto json = sdk::Json::parse(request.body);
  const auto &signature = json["signature"];
  return signature["timestamp"].text() + signature["token"].text();
}

Trust check_signature(const SignatureSettings &settings, const sdk::WebhookRequest &request,
                      std::int64_t now_ms, CertificateSource *certificates) {
  if (request.body.size() > body_bytes_max(settings.scheme) || request.url.size() > kUrlBytesMax)
    return Trust::forged;
  switch (settings.scheme) {
    case Scheme::path:
      return Trust::genuine;
    case Scheme::token:
      return check_token(settings, request);
    case Scheme::basic:
      return check_basic(settings, request);
    case Scheme::hmac:
      return check_hmac(settings, request, now_ms);
    case Scheme::public_key:
      return check_public_key(settings, request, now_ms);
    case Scheme::twilio:
      return check_twilio(settings, request);
    case Scheme::vonage:
      return check_vonage(settings, request, now_ms);
    case Scheme::messagebird:
      return check_messagebird(settings, request, now_ms);
    case Scheme::vonage_jwt:
    case Scheme::messagebird_jwt:
      return check_jwt(settings, request, now_ms);
    case Scheme::mailgun:
      return check_mailgun(settings, request, now_ms);
    case Scheme::sns:
      break;
  }
  return check_sns(settings, request, now_ms, certificates);
}

}  // namespace relance::gateway
