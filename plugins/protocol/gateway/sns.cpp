// Messages of Amazon SNS, which carries the events of SES: signed by RSA with a certificate that the message
// names by URL. The URL's host is pinned, as a forger would name a certificate of their own.
// @see "Verifying the signatures of Amazon SNS messages" in the SNS developer guide
#include "plugins/protocol/gateway/signature.hpp"
#include "plugins/protocol/gateway/timestamp.hpp"
#include "plugins/protocol/gateway/url.hpp"

#include <relance/json.hpp>

#include <algorithm>

namespace relance::gateway {
namespace {

std::string string_to_sign(const sdk::Json &message) {
  const auto type = message["Type"].text();
  std::string text;
  const auto add = [&](std::string_view name) {
    const auto &value = message[name];
    if (!value.is_absent() && value.kind() != sdk::Json::Kind::null)
      text += std::string{name} + '\n' + value.text() + '\n';
  };
  if (type == "Notification") {
    for (const auto name : {"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}) add(name);
  } else {
    for (const auto name : {"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"})
      add(name);
  }
  return text;
}

}  // namespace

bool is_sns_certificate_url(std::string_view text) {
  const auto url = parse_url(text);
  return is_sns_url(text) && url->query.empty() && url->path.starts_with("/SimpleNotificationService-") &&
         url->path.ends_with(".pem") && url->path.find('/', 1) == std::string::npos;
}

bool is_sns_url(std::string_view text) {
  const auto url = parse_url(text);
  if (!url || url->scheme != "https" || !url->port.empty() || !url->user_info.empty()) return false;
  std::string_view host{url->host};
  if (!host.starts_with("sns.")) return false;
  host.remove_prefix(4);
  const auto dot = host.find('.');
  const auto domain = host.substr(std::min(dot, host.size()));
  if (domain != ".amazonaws.com" && domain != ".amazonaws.com.cn") return false;
  const auto region = host.substr(0, dot);
  // A bucket "sns" has such names, too: sns.s3-us-west-2.amazonaws.com.
  return region.size() >= 3 && !region.starts_with("s3") && url->path.find("..") == std::string::npos &&
         std::ranges::all_of(
             region, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

Trust check_sns(const SignatureSettings &settings, const sdk::WebhookRequest &request, std::int64_t now_ms,
                CertificateSource *certificates) {
  const auto message = sdk::Json::parse(request.body);
  const auto at = read_time_ms(message["Timestamp"].text());
  if (at < now_ms - settings.tolerance_ms || at > now_ms + settings.tolerance_ms) return Trust::forged;
  const auto topic = message["TopicArn"].text();
  if (std::ranges::find(settings.topics, topic) == settings.topics.end()) return Trust::forged;
  const auto version = message["SignatureVersion"].text();
  if (version != "1" && version != "2") return Trust::forged;
  const auto url = message["SigningCertURL"].text();
  if (!is_sns_certificate_url(url) || certificates == nullptr) return Trust::forged;
  const auto pem = certificates->certificate(url);
  if (!pem) return Trust::later;
  const auto key = certificate_key(*pem, now_ms);
  const auto signature = from_base64(message["Signature"].text());
  const auto hash = version == "1" ? Hash::sha1 : Hash::sha256;
  return key && signature && verify(hash, *key, string_to_sign(message), *signature) ? Trust::genuine
                                                                                     : Trust::forged;
}

}  // namespace relance::gateway
