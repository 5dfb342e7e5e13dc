// OpenSSL's objects with owners, and its last words as a text. Only for .cpp files of this folder.
#pragma once

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

namespace relance::evidence {

template <auto function>
struct Frees {
  template <class T>
  void operator()(T *object) const {
    function(object);
  }
};
struct FreesCertificates {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};

using BioHandle = std::unique_ptr<BIO, Frees<BIO_free_all>>;
using CertificateHandle = std::unique_ptr<X509, Frees<X509_free>>;
using CertificatesHandle = std::unique_ptr<STACK_OF(X509), FreesCertificates>;
using KeyHandle = std::unique_ptr<EVP_PKEY, Frees<EVP_PKEY_free>>;
using CmsHandle = std::unique_ptr<CMS_ContentInfo, Frees<CMS_ContentInfo_free>>;

/// Reads memory that outlives it.
inline BioHandle bio_over(std::string_view bytes) {
  return BioHandle{BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))};
}

/// As RFC 4514 writes names.
inline std::string subject_of(const X509 *certificate) {
  const BioHandle out{BIO_new(BIO_s_mem())};
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0,
                     XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char *bytes{nullptr};
  const auto size = BIO_get_mem_data(out.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

/// Why the last call failed; empties OpenSSL's queue.
inline std::string openssl_error() {
  const auto code = ERR_peek_last_error();
  const char *reason{ERR_reason_error_string(code)};
  std::string text{reason != nullptr ? reason : "OpenSSL gives no reason"};
  ERR_clear_error();
  return text;
}

/// The DER of an object, by its i2d function.
template <auto to_der, class T>
std::string der_of(const T *object) {
  unsigned char *bytes{nullptr};
  const int size{to_der(object, &bytes)};
  if (size <= 0) return {};
  std::string out{reinterpret_cast<const char *>(bytes), static_cast<std::size_t>(size)};
  OPENSSL_free(bytes);
  return out;
}

}  // namespace relance::evidence
