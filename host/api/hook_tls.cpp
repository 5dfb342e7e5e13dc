#include "host/api/hook_tls.hpp"

#include "host/base/log.hpp"

#include <boost/asio/ssl/context.hpp>
#include <openssl/x509.h>

#include <ctime>

namespace relance::api {
namespace {

namespace ssl = boost::asio::ssl;
using Code = boost::system::error_code;

/// So long before its end it is spoken of: renewals by ACME come 30 days before, and one that failed is tried
/// again many times within two weeks.
constexpr Milliseconds kSoon{std::chrono::hours{24 * 14}};
constexpr Milliseconds kQuiet{std::chrono::hours{24}};

Instant end_of(ssl::context &context) {
  const auto *certificate = SSL_CTX_get0_certificate(context.native_handle());
  std::tm end{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1)
    return Instant::max();
  return from_ms(static_cast<std::int64_t>(::timegm(&end)) * 1000);
}

}  // namespace

Result<HookTls> load_hook_tls(const config::Hooks &settings) {
  HookTls tls;
  if (settings.certificate.empty()) return tls;
  tls.file = settings.certificate.string();
  tls.context = std::make_shared<ssl::context>(ssl::context::tls_server);
  Code failed;
  tls.context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 |
                               ssl::context::no_sslv3 | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 |
                               SSL_OP_NO_RENEGOTIATION,
                           failed);
  if (!failed) tls.context->use_certificate_chain_file(tls.file, failed);
  if (failed)
    return invalid("the webhook listener's certificate cannot be used: " + failed.message() +
                       "; it is PEM, its own first, then the chain",
                   tls.file);
  tls.context->use_private_key_file(settings.key.string(), ssl::context::pem, failed);
  if (failed)
    return invalid("the webhook listener's key cannot be used: " + failed.message() +
                       "; it is PEM, without a password, and belongs to the certificate",
                   settings.key.string());
  tls.until = end_of(*tls.context);
  return tls;
}

void CertificateWatch::watch(const HookTls &tls) {
  file_ = tls.file;
  until_ = tls.until;
  quiet_until_ = Instant::min();
}

void CertificateWatch::look(Instant wall) {
  if (until_ == Instant::max() || wall < quiet_until_ || wall < until_ - kSoon) return;
  quiet_until_ = wall + kQuiet;
  log::event(log::Id::WEBHOOKS_CERTIFICATE_ENDS, {{"certificate", file_},
                                                  {"until", format_instant(until_)},
                                                  {"has_ended", wall >= until_ ? "yes" : "no"}});
}

}  // namespace relance::api
