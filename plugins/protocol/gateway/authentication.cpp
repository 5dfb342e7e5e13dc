// How a request proves who asks: the common ways, OVH's signature and AWS Signature Version 4 (for SES).
#include "plugins/protocol/gateway/crypto.hpp"
#include "plugins/protocol/gateway/request.hpp"
#include "plugins/protocol/gateway/url.hpp"

#include <relance/signature.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace relance::gateway {
namespace {

/// @see OVHcloud, "First steps with the OVHcloud APIs": "$1$" + SHA1_HEX(AS+CK+METHOD+URL+BODY+TSTAMP joined
/// by "+")
void sign_ovh(const sdk::Json &credentials, sdk::HttpRequest &request, std::int64_t wall_ms) {
  const auto stamp = std::to_string(wall_ms / 1000);
  const auto text = credentials["application_secret"].text() + '+' + credentials["consumer_key"].text() +
                    '+' + request.method + '+' + request.url + '+' + request.body + '+' + stamp;
  request.headers.emplace_back("x-ovh-application", credentials["application_key"].text());
  request.headers.emplace_back("x-ovh-consumer", credentials["consumer_key"].text());
  request.headers.emplace_back("x-ovh-timestamp", stamp);
  request.headers.emplace_back("x-ovh-signature", "$1$" + to_hex(digest(Hash::sha1, text)));
}

std::string amazon_time(std::int64_t wall_ms) {
  const std::chrono::sys_seconds now{std::chrono::seconds{wall_ms / 1000}};
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date{day};
  const auto second = (now - day).count();
  char text[32];
  std::snprintf(text, sizeof text, "%04d%02u%02uT%02ld%02ld%02ldZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<long>(second / 3600), static_cast<long>(second / 60 % 60),
                static_cast<long>(second % 60));
  return text;
}

/// @see "Signature Version 4 signing process", AWS General Reference
void sign_sigv4(const sdk::Json &credentials, sdk::HttpRequest &request, std::int64_t wall_ms) {
  const auto url = parse_url(request.url);
  if (!url) return;
  const auto time = amazon_time(wall_ms);
  const auto date = time.substr(0, 8);
  const auto region = credentials["region"].text(), service = credentials["service"].text();
  sdk::HttpHeaders headers{{"host", url->port.empty() ? url->host : url->host + ':' + url->port},
                           {"x-amz-date", time}};
  if (const auto token = credentials["session_token"].text(); !token.empty())
    headers.emplace_back("x-amz-security-token", token);
  const auto added = headers;
  for (const auto &[name, value] : request.headers)
    if (name == "content-type") headers.emplace_back(name, value);
  std::ranges::sort(headers);
  std::string canonical_headers, names;
  for (const auto &[name, value] : headers) {
    canonical_headers += name + ':' + value + '\n';
    names += (names.empty() ? "" : ";") + name;
  }
  auto query = parse_form(url->query).value_or(Parameters{});
  std::ranges::sort(query);
  const auto canonical = request.method + '\n' + (url->path.empty() ? "/" : url->path) + '\n' +
                         to_form(query) + '\n' + canonical_headers + '\n' + names + '\n' +
                         to_hex(digest(Hash::sha256, request.body));
  const auto scope = date + '/' + region + '/' + service + "/aws4_request";
  const auto text =
      "AWS4-HMAC-SHA256\n" + time + '\n' + scope + '\n' + to_hex(digest(Hash::sha256, canonical));
  auto key = hmac(Hash::sha256, "AWS4" + credentials["secret_key"].text(), date);
  for (const auto &step : {region, service, std::string{"aws4_request"}}) key = hmac(Hash::sha256, key, step);
  for (const auto &[name, value] : added)
    if (name != "host") request.headers.emplace_back(name, value);  // that one is the HTTP client's
  request.headers.emplace_back(
      "authorization", "AWS4-HMAC-SHA256 Credential=" + credentials["access_key"].text() + '/' + scope +
                           ", SignedHeaders=" + names +
                           ", Signature=" + to_hex(hmac(Hash::sha256, key, text)));
}

void sign_hmac(const sdk::Json &credentials, sdk::HttpRequest &request, std::int64_t wall_ms) {
  const auto stamp = std::to_string(wall_ms / 1000);
  const Variables parts{
      {"body", request.body}, {"url", request.url}, {"method", request.method}, {"timestamp", stamp}};
  const auto text = Template{credentials["over"].text()}.fill(parts).text;
  const auto hash = hash_named(credentials["algorithm"].text("sha256")).value_or(Hash::sha256);
  const auto mac = hmac(hash, credentials["secret"].text(), text);
  if (const auto header = credentials["timestamp_header"].text(); !header.empty())
    request.headers.emplace_back(header, stamp);
  request.headers.emplace_back(
      credentials["header"].text(),
      credentials["prefix"].text() +
          (credentials["encoding"].text() == "base64" ? sdk::to_base64(mac) : to_hex(mac)));
}

}  // namespace

void authenticate_request(const Request &description, sdk::HttpRequest &request, std::int64_t wall_ms) {
  const auto &c = description.credentials;
  switch (description.authentication) {
    case Authentication::none:
      return;
    case Authentication::basic:
      request.headers.emplace_back("authorization",
                                   "Basic " + sdk::to_base64(c["user"].text() + ':' + c["password"].text()));
      return;
    case Authentication::bearer:
      request.headers.emplace_back("authorization", "Bearer " + c["token"].text());
      return;
    case Authentication::header:
      request.headers.emplace_back(c["name"].text(), c["value"].text());
      return;
    case Authentication::query:
      request.url += (request.url.find('?') == std::string::npos ? '?' : '&') +
                     to_form({{c["name"].text(), c["value"].text()}});
      return;
    case Authentication::hmac:
      return sign_hmac(c, request, wall_ms);
    case Authentication::ovh:
      return sign_ovh(c, request, wall_ms);
    case Authentication::sigv4:
      return sign_sigv4(c, request, wall_ms);
  }
}

}  // namespace relance::gateway
