// Whether a callback is the provider's: the signature schemes of the field by name, and two generic ones
// (hmac, public_key) for all others. Pure: bytes, settings and a clock in, a verdict out.
#pragma once

#include "plugins/protocol/gateway/crypto.hpp"
#include "plugins/protocol/gateway/template.hpp"

#include <relance/webhook.hpp>

#include <optional>
#include <string>
#include <vector>

namespace relance::gateway {

enum class Scheme : std::uint8_t {
  path,             ///< nothing but the unguessable address
  token,            ///< a secret in a header or a parameter
  basic,            ///< HTTP Basic (RFC 7617)
  hmac,             ///< a MAC in a header over the body, perhaps with a time, an id, the URL
  public_key,       ///< the same with RSA or ECDSA
  twilio,           ///< HMAC-SHA1 over URL and sorted parameters
  vonage,           ///< `sig` among the parameters: MD5 or HMAC over them, sorted
  vonage_jwt,       ///< Authorization: Bearer, HS256, payload_hash
  messagebird,      ///< HMAC-SHA256 over time, sorted query and hash of the body
  messagebird_jwt,  ///< HS256/512 with url_hash and payload_hash
  mailgun,          ///< HMAC-SHA256 over time and token, in the body
  sns,              ///< Amazon SNS: RSA by a certificate of amazonaws.com
};

struct SignatureSettings {
  Scheme scheme{Scheme::path};
  std::string secret{};  ///< the key's bytes
  std::string user{};
  std::string header{};     ///< lower case
  std::string parameter{};  ///< of the URL
  std::string prefix{};     ///< before the signature in its header
  std::string over{"{body}"};
  std::string timestamp_header{}, id_header{};
  std::string public_key{};
  Hash hash{Hash::sha256};
  bool is_plain_hash{false};  ///< vonage's oldest: MD5 over parameters and secret, no HMAC
  bool is_base64{false};      ///< else hexadecimal
  std::int64_t tolerance_ms{300'000};
  std::vector<std::string> topics{};  ///< SNS: those that we know
};

std::optional<Scheme> scheme_named(std::string_view name);
std::string_view name_of(Scheme scheme);
/// What may stand in `over`.
const Known &signed_parts();

/// Certificates that a signature may name by URL.
class CertificateSource {
 public:
  virtual ~CertificateSource() = default;
  /// In PEM; nothing: not known (yet).
  virtual std::optional<std::string> certificate(std::string_view url) = 0;
};

enum class Trust : std::uint8_t { genuine, forged, later };

Trust check_signature(const SignatureSettings &settings, const sdk::WebhookRequest &request,
                      std::int64_t now_ms, CertificateSource *certificates = nullptr);

/// Of a genuine request whose signature does not cover its body: what the provider signed instead, and never
/// says twice. Empty: the signature covers what is read.
std::string signed_once(const SignatureSettings &settings, const sdk::WebhookRequest &request);

// The longer schemes, each in a file of its own.
Trust check_jwt(const SignatureSettings &settings, const sdk::WebhookRequest &request, std::int64_t now_ms);
Trust check_sns(const SignatureSettings &settings, const sdk::WebhookRequest &request, std::int64_t now_ms,
                CertificateSource *certificates);
/// https://sns.<region>.amazonaws.com/…, as SNS confirms; nothing else is ever fetched.
bool is_sns_url(std::string_view url);
/// One of its certificate files. Nothing that is asked with a query: the API on the same host answers with
/// words of the caller's choice, and a certificate is found within any words.
bool is_sns_certificate_url(std::string_view url);

}  // namespace relance::gateway
