// Callbacks signed by a JSON Web Token (RFC 7519) that holds hashes of what it came with.
#include "plugins/protocol/gateway/signature.hpp"

#include <relance/json.hpp>
#include <relance/signature.hpp>

namespace relance::gateway {
namespace {

/// A clock of another machine may be so far off.
constexpr std::int64_t kLeewayMs{1'000};

/// The claims, when the signature is right. Only symmetric algorithms: the secret must never be taken for a
/// public key, and "none" is no algorithm.
sdk::Json claims_of(std::string_view token, std::string_view secret) {
  const auto first = token.find('.');
  const auto second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos) return {};
  const auto header = from_base64(token.substr(0, first));
  const auto payload = from_base64(token.substr(first + 1, second - first - 1));
  const auto signature = from_base64(token.substr(second + 1));
  if (!header || !payload || !signature) return {};
  const auto algorithm = sdk::Json::parse(*header)["alg"].text();
  const auto hash = algorithm == "HS256"   ? std::optional{Hash::sha256}
                    : algorithm == "HS384" ? std::optional{Hash::sha384}
                    : algorithm == "HS512" ? std::optional{Hash::sha512}
                                           : std::nullopt;
  if (!hash || !sdk::is_same_secret(*signature, hmac(*hash, secret, token.substr(0, second)))) return {};
  return sdk::Json::parse(*payload);
}

bool is_in_time(const sdk::Json &claims, std::int64_t now_ms) {
  const auto from = claims["nbf"].integer() * 1000, until = claims["exp"].integer() * 1000;
  return (from == 0 || now_ms >= from - kLeewayMs) && (until == 0 || now_ms <= until + kLeewayMs);
}

/// A body without its hash was put there by somebody else.
bool is_payload(const sdk::Json &claims, std::string_view body) {
  const auto &hash = claims["payload_hash"];
  if (hash.is_absent() || hash.text().empty()) return body.empty();
  return !body.empty() && sdk::is_same_secret(hash.text(), to_hex(digest(Hash::sha256, body)));
}

}  // namespace

Trust check_jwt(const SignatureSettings &settings, const sdk::WebhookRequest &request, std::int64_t now_ms) {
  if (settings.scheme == Scheme::messagebird_jwt) {
    const auto claims = claims_of(request.header("messagebird-signature-jwt"), settings.secret);
    const bool is_genuine{
        claims["iss"].text() == "MessageBird" && !claims["exp"].is_absent() && is_in_time(claims, now_ms) &&
        sdk::is_same_secret(claims["url_hash"].text(), to_hex(digest(Hash::sha256, request.url))) &&
        is_payload(claims, request.body)};
    return is_genuine ? Trust::genuine : Trust::forged;
  }
  auto token = request.header("authorization");
  constexpr std::string_view kBearer{"Bearer "};
  if (!token.starts_with(kBearer)) return Trust::forged;
  token.remove_prefix(kBearer.size());
  if (request.url.find('?') != request.url.npos) return Trust::forged;  // the token does not cover a query
  const auto claims = claims_of(token, settings.secret);
  const auto issued_ms = claims["iat"].integer() * 1000;
  const bool is_recent{issued_ms > now_ms - settings.tolerance_ms &&
                       issued_ms < now_ms + settings.tolerance_ms};
  return is_recent && is_in_time(claims, now_ms) && is_payload(claims, request.body) ? Trust::genuine
                                                                                     : Trust::forged;
}

}  // namespace relance::gateway
