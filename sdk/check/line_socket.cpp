#include "sdk/check/line_socket.hpp"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <sys/socket.h>
#include <unistd.h>

namespace relance::check {

TlsServer::TlsServer() : context_(SSL_CTX_new(TLS_server_method())) {
  EVP_PKEY *const key{EVP_EC_gen("P-256")};
  X509 *const certificate{X509_new()};
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
  X509_set_pubkey(certificate, key);
  auto *name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char *>("relance-check"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_sign(certificate, key, EVP_sha256());
  SSL_CTX_use_certificate(context_, certificate);
  SSL_CTX_use_PrivateKey(context_, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

TlsServer::~TlsServer() {
  SSL_CTX_free(context_);
}

LineSocket::LineSocket(int fd, TlsServer *tls) : fd_(fd) {
  if (tls == nullptr) return;
  ssl_ = SSL_new(tls->context());
  SSL_set_fd(ssl_, fd);
  is_ready_ = SSL_accept(ssl_) == 1;
}

LineSocket::~LineSocket() {
  SSL_free(ssl_);
}

bool LineSocket::fill() {
  char block[16 * 1024];
  const auto count = ssl_ != nullptr ? SSL_read(ssl_, block, sizeof block)
                                     : static_cast<int>(::recv(fd_, block, sizeof block, 0));
  if (count <= 0) return false;
  buffer_.append(block, static_cast<std::size_t>(count));
  if (bytes_ != nullptr) *bytes_ += static_cast<std::size_t>(count);
  return true;
}

bool LineSocket::read_until(std::string_view mark, std::string &into, std::size_t most) {
  for (std::size_t from{0};;) {
    const auto at = buffer_.find(mark, from);
    if (at != std::string::npos) {
      into.append(buffer_, 0, at + mark.size());
      buffer_.erase(0, at + mark.size());
      return true;
    }
    from = buffer_.size() < mark.size() ? 0 : buffer_.size() - mark.size() + 1;
    if (buffer_.size() > most || !fill()) {
      into.append(buffer_);
      buffer_.clear();
      return false;
    }
  }
}

bool LineSocket::read_exactly(std::size_t size, std::string &into) {
  while (buffer_.size() < size)
    if (!fill()) break;
  const auto count = std::min(size, buffer_.size());
  into.append(buffer_, 0, count);
  buffer_.erase(0, count);
  return count == size;
}

bool LineSocket::read_some(std::string &into, std::size_t least) {
  while (buffer_.size() < least)
    if (!fill()) break;
  const bool is_enough{buffer_.size() >= least};
  into.append(buffer_);
  buffer_.clear();
  return is_enough;
}

bool LineSocket::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ssl_ != nullptr
                           ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                           : static_cast<int>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace relance::check
