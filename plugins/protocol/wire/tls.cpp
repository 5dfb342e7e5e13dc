#include "plugins/protocol/wire/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <array>

namespace relance::wire {
namespace {

std::string last_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  const auto *reason = ERR_reason_error_string(code);
  return reason == nullptr ? "TLS failed" : reason;
}

bool is_address(const std::string &host) {
  std::array<unsigned char, 16> buffer{};
  return ::inet_pton(AF_INET, host.c_str(), buffer.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), buffer.data()) == 1;
}

}  // namespace

std::shared_ptr<TlsContext> TlsContext::make(const TlsOptions &options, std::string &fault) {
  ERR_clear_error();
  auto *context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) {
    fault = last_error();
    return nullptr;
  }
  std::shared_ptr<TlsContext> made{new TlsContext{context}};
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  if (options.verify_certificate) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    const int loaded{options.ca_file.empty()
                         ? SSL_CTX_set_default_verify_paths(context)
                         : SSL_CTX_load_verify_locations(context, options.ca_file.c_str(), nullptr)};
    if (loaded != 1) {
      fault = "the CA file cannot be read: " + last_error();
      return nullptr;
    }
  }
  return made;
}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

TlsFilter::TlsFilter(std::shared_ptr<TlsContext> context, const TlsOptions &options)
    : context_{std::move(context)}, ssl_{SSL_new(context_->context_), &SSL_free} {
  const auto &name = options.server_name.empty() ? options.host : options.server_name;
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_connect_state(ssl_.get());
  if (is_address(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), name.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl_.get(), name.c_str());
    SSL_set_hostflags(ssl_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(ssl_.get(), name.c_str());
  }
}

TlsFilter::~TlsFilter() = default;

void TlsFilter::take_output(std::string &wire) {
  char *data{nullptr};
  auto *bio = SSL_get_wbio(ssl_.get());
  const auto length = BIO_get_mem_data(bio, &data);
  if (length > 0) wire.append(data, static_cast<std::size_t>(length));
  BIO_reset(bio);
}

TlsFilter::State TlsFilter::fail() {
  const auto verified = SSL_get_verify_result(ssl_.get());
  fault_ = verified == X509_V_OK
               ? last_error()
               : std::string{"certificate verify failed: "} + X509_verify_cert_error_string(verified);
  ERR_clear_error();
  return State::failed;
}

TlsFilter::State TlsFilter::handshake(std::string &wire) {
  ERR_clear_error();
  const int result{SSL_do_handshake(ssl_.get())};
  const int error{result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), result)};
  take_output(wire);  // also an alert
  if (error == SSL_ERROR_NONE) return State::open;
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? State::handshaking : fail();
}

TlsFilter::State TlsFilter::read(std::string_view bytes, std::string &plain, std::string &wire) {
  ERR_clear_error();
  auto *bio = SSL_get_rbio(ssl_.get());
  if (!bytes.empty()) BIO_write(bio, bytes.data(), static_cast<int>(bytes.size()));
  if (SSL_is_init_finished(ssl_.get()) == 0) {
    // The flight that ends the handshake may carry data behind it.
    if (const auto state = handshake(wire); state != State::open) return state;
  }
  std::array<char, 16'384> buffer{};
  for (;;) {
    const int count{SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()))};
    if (count > 0) {
      plain.append(buffer.data(), static_cast<std::size_t>(count));
      continue;
    }
    const int error{SSL_get_error(ssl_.get(), count)};
    take_output(wire);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return State::open;
    return error == SSL_ERROR_ZERO_RETURN ? State::closed : fail();
  }
}

TlsFilter::State TlsFilter::write(std::string_view plain, std::string &wire) {
  ERR_clear_error();
  while (!plain.empty()) {
    const int count{SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size()))};
    if (count <= 0) return fail();  // a memory buffer always has room
    plain.remove_prefix(static_cast<std::size_t>(count));
  }
  take_output(wire);
  return State::open;
}

}  // namespace relance::wire
