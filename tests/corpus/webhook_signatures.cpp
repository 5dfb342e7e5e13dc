#include "plugins/protocol/gateway/signature.hpp"
#include "plugins/protocol/gateway/timestamp.hpp"
#include "plugins/protocol/gateway/url.hpp"
#include "tests/corpus/delivery_reports.hpp"

#include <boost/json.hpp>

#include <deque>

namespace relance::corpus {
namespace {

namespace json = boost::json;
using gateway::Scheme;

std::string signed_text(const json::object &row, std::initializer_list<const char *> names) {
  for (const auto *name : names) {
    const auto *value = row.if_contains(name);
    if (value == nullptr || value->is_null()) continue;
    return value->is_string() ? std::string{value->get_string()} : json::serialize(*value);
  }
  return {};
}

gateway::Parameters parameters_of(const json::object &row) {
  gateway::Parameters list;
  const auto *params = row.if_contains("params");
  if (params == nullptr || !params->is_object()) return list;
  const auto add = [&](const std::string &name, const json::value &value) {
    list.emplace_back(name, value.is_string() ? std::string{value.get_string()} : json::serialize(value));
  };
  for (const auto &[name, value] : params->get_object()) {
    if (!value.is_array()) {
      add(name, value);
      continue;
    }
    for (const auto &item : value.get_array()) add(name, item);
  }
  return list;
}

/// The settings that an operator of this provider would have, and the request as it would come.
struct Sample {
  gateway::SignatureSettings settings;
  std::string method, url, body;
  std::deque<std::pair<std::string, std::string>> headers;
  std::int64_t now_ms{0};
  bool is_known{true};

  [[nodiscard]] gateway::Trust check() const {
    sdk::WebhookRequest request{method, url, {}, {}, body};
    for (const auto &[name, value] : headers) request.headers.emplace_back(name, value);
    return check_signature(settings, request, now_ms);
  }
};

void add_headers(const json::object &row, Sample &sample) {
  const auto *headers = row.if_contains("headers");
  if (headers == nullptr || !headers->is_object()) return;
  for (const auto &[name, value] : headers->get_object()) {
    std::string lower{name};
    for (auto &c : lower)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if (value.is_string()) sample.headers.emplace_back(lower, std::string{value.get_string()});
  }
}

void be_twilio(const json::object &row, const std::string &signature, Sample &sample) {
  sample.settings.scheme = Scheme::twilio;
  if (const auto parameters = parameters_of(row); !parameters.empty())
    sample.body = gateway::to_form(parameters);
  sample.headers.emplace_back("x-twilio-signature", signature);
}

void be_messagebird(const json::object &row, const std::string &scheme, const std::string &signature,
                    Sample &sample) {
  if (scheme.find("JWT") != std::string::npos) {
    sample.settings.scheme = Scheme::messagebird_jwt;
    sample.headers.emplace_back("messagebird-signature-jwt", signature);
    return;
  }
  sample.settings.scheme = Scheme::messagebird;
  auto query = signed_text(row, {"query"});
  if (query.empty()) query = gateway::to_form(parameters_of(row));
  sample.url = "https://relance.example/hook" + (query.empty() ? "" : '?' + query);
  sample.headers.emplace_back("messagebird-signature", signature);
  sample.headers.emplace_back("messagebird-request-timestamp", signed_text(row, {"timestamp"}));
}

void be_vonage(const json::object &row, const std::string &scheme, const std::string &signature,
               Sample &sample) {
  if (scheme.find("JWT") != std::string::npos || scheme.find("jwt") != std::string::npos) {
    sample.settings.scheme = Scheme::vonage_jwt;
    sample.headers.emplace_back("authorization", "Bearer " + signature);
    return;
  }
  sample.settings.scheme = Scheme::vonage;
  const auto has = [&](const char *word) { return scheme.find(word) != std::string::npos; };
  sample.settings.hash = has("sha512")   ? gateway::Hash::sha512
                         : has("sha256") ? gateway::Hash::sha256
                         : has("sha1")   ? gateway::Hash::sha1
                                         : gateway::Hash::md5;
  sample.settings.is_plain_hash = has("md5") && !has("md5hmac");
  auto parameters = parameters_of(row);
  bool has_signature{false};
  for (const auto &[name, value] : parameters) {
    if (name == "timestamp" && sample.now_ms == 0) sample.now_ms = gateway::read_time_ms(value);
    has_signature |= name == "sig";
  }
  if (!has_signature) parameters.emplace_back("sig", signature);
  sample.url = "https://relance.example/hook?" + gateway::to_form(parameters);
  sample.method = "GET";
}

/// A MAC or a signature in a header, with a time perhaps.
void be_header(const json::object &row, const std::string &provider, const std::string &signature,
               Sample &sample) {
  auto &s = sample.settings;
  s.scheme = Scheme::hmac;
  s.header = "signature";
  if (provider == "sendgrid") {
    s.scheme = Scheme::public_key;
    s.public_key = signed_text(row, {"public_key", "key", "secret", "verification_key"});
    s.header = "x-twilio-email-event-webhook-signature";
    s.timestamp_header = "x-twilio-email-event-webhook-timestamp";
    s.over = "{timestamp}{body}";
  } else if (provider.starts_with("standard")) {
    auto secret = s.secret;
    if (secret.starts_with("whsec_")) secret.erase(0, 6);
    s.secret = gateway::from_base64(secret).value_or(s.secret);
    s.header = "webhook-signature";
    s.timestamp_header = "webhook-timestamp";
    s.id_header = "webhook-id";
    s.prefix = "v1,";
    s.over = "{id}.{timestamp}.{body}";
    s.is_base64 = true;
  }
  const auto add = [&](const std::string &name, const std::string &value) {
    const bool is_there{
        std::ranges::any_of(sample.headers, [&](const auto &field) { return field.first == name; })};
    if (!name.empty() && !value.empty() && !is_there) sample.headers.emplace_back(name, value);
  };
  add(s.header, signature);
  add(s.timestamp_header, signed_text(row, {"timestamp"}));
  add(s.id_header, signed_text(row, {"webhook_id", "msg_id", "message_id"}));
  for (const auto &[name, value] : sample.headers)
    if (name == s.timestamp_header && sample.now_ms == 0) sample.now_ms = gateway::read_time_ms(value);
}

Sample sample_of(const json::object &row) {
  Sample sample;
  const auto provider = signed_text(row, {"provider"}), scheme = signed_text(row, {"scheme"}),
             signature = signed_text(row, {"signature"});
  sample.settings.secret = signed_text(row, {"secret", "key"});
  sample.method = signed_text(row, {"method"});
  if (sample.method.empty()) sample.method = "POST";
  sample.url = signed_text(row, {"url"});
  sample.body = signed_text(row, {"body", "payload"});
  sample.now_ms = gateway::read_time_ms(signed_text(row, {"now"}));
  add_headers(row, sample);
  if (provider == "twilio")
    be_twilio(row, signature, sample);
  else if (provider == "messagebird")
    be_messagebird(row, scheme, signature, sample);
  else if (provider == "vonage")
    be_vonage(row, scheme, signature, sample);
  else if (provider == "pingen" || provider == "sendgrid" || provider.starts_with("standard"))
    be_header(row, provider, signature, sample);
  else
    sample.is_known = false;
  if (sample.now_ms == 0) sample.now_ms = gateway::read_time_ms(signed_text(row, {"timestamp"}));
  return sample;
}

}  // namespace

void score_webhook_signatures(const std::filesystem::path &folder, Score &score) {
  each_row(folder / "webhook_signatures.jsonl", [&](const json::object &row) {
    ++score.rows;
    const auto sample = sample_of(row);
    const bool is_valid{row.at("expected_valid").as_bool()};
    const auto got =
        sample.is_known ? (sample.check() == gateway::Trust::genuine ? "valid" : "forged") : "nothing";
    score.note(row, "signature", is_valid ? "valid" : "forged", got,
               sample.is_known ? "scheme " + signed_text(row, {"scheme"}) : "no such scheme is known here");
  });
}

}  // namespace relance::corpus
