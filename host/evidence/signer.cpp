// @see ETSI EN 319 122-1 §5 (CAdES attributes), RFC 5652 §5
#include "host/evidence/signer.hpp"

#include "host/evidence/openssl_handles.hpp"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace relance::evidence {

struct Signer::Parts {
  KeyHandle key;
  CertificateHandle certificate;
  CertificatesHandle chain{sk_X509_new_null()};
  std::string name;
};

namespace {

/// An encrypted key asks nobody.
int no_password(char *, int, int, void *) {
  return 0;
}

Error not_usable(const std::string &what) {
  return invalid(what + " (" + openssl_error() + ")");
}

}  // namespace

Signer::Signer(std::unique_ptr<Parts> parts) : parts_{std::move(parts)} {}
Signer::Signer(Signer &&) noexcept = default;
Signer &Signer::operator=(Signer &&) noexcept = default;
Signer::~Signer() = default;

Result<Signer> Signer::open(const SigningKey &key, Instant now) {
  ERR_clear_error();
  auto parts = std::make_unique<Parts>();
  if (!key.pkcs12.empty()) {
    const auto file = bio_over(key.pkcs12);
    const std::unique_ptr<PKCS12, Frees<PKCS12_free>> bag{d2i_PKCS12_bio(file.get(), nullptr)};
    EVP_PKEY *private_key{nullptr};
    X509 *certificate{nullptr};
    STACK_OF(X509) * chain{nullptr};
    if (!bag || PKCS12_parse(bag.get(), key.password.c_str(), &private_key, &certificate, &chain) != 1)
      return not_usable("the PKCS #12 file cannot be opened with this password");
    parts->key.reset(private_key);
    parts->certificate.reset(certificate);
    if (chain != nullptr) parts->chain.reset(chain);
  } else {
    const auto certificates = bio_over(key.certificate);
    parts->certificate.reset(PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr));
    while (X509 * next{PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr)})
      sk_X509_push(parts->chain.get(), next);
    ERR_clear_error();
    const auto text = bio_over(key.key);
    parts->key.reset(PEM_read_bio_PrivateKey(text.get(), nullptr, no_password, nullptr));
  }
  if (!parts->certificate) return not_usable("there is no certificate to sign with");
  if (!parts->key) return not_usable("there is no key to sign with");
  if (X509_check_private_key(parts->certificate.get(), parts->key.get()) != 1)
    return not_usable("the key is not the certificate's");
  auto when = std::chrono::system_clock::to_time_t(now);
  if (X509_cmp_time(X509_get0_notAfter(parts->certificate.get()), &when) <= 0)
    return invalid("the certificate to sign with has expired: renew it");
  if (X509_cmp_time(X509_get0_notBefore(parts->certificate.get()), &when) > 0)
    return invalid("the certificate to sign with is not valid yet");
  if ((X509_get_key_usage(parts->certificate.get()) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0)
    return invalid("the certificate is not for signing (its key usage says so)");
  parts->name = subject_of(parts->certificate.get());
  return Signer{std::move(parts)};
}

const std::string &Signer::name() const {
  return parts_->name;
}

std::vector<Sha256> Signer::certificates() const {
  std::vector<Sha256> hashes{sha256(der_of<i2d_X509>(parts_->certificate.get()))};
  for (int i{0}; i < sk_X509_num(parts_->chain.get()); ++i)
    hashes.push_back(sha256(der_of<i2d_X509>(sk_X509_value(parts_->chain.get(), i))));
  return hashes;
}

Result<std::string> Signer::sign(std::string_view bytes) const {
  ERR_clear_error();
  const auto content = bio_over(bytes);
  const unsigned int flags{CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP | CMS_CADES};
  const CmsHandle cms{CMS_sign(nullptr, nullptr, parts_->chain.get(), nullptr, flags | CMS_PARTIAL)};
  if (!cms ||
      CMS_add1_signer(cms.get(), parts_->certificate.get(), parts_->key.get(), EVP_sha256(), flags) ==
          nullptr ||
      CMS_final(cms.get(), content.get(), nullptr, flags) != 1)
    return internal("signing failed: " + openssl_error());
  return der_of<i2d_CMS_ContentInfo>(cms.get());
}

Result<std::string> with_token(std::string_view signature, std::string_view token) {
  const auto *at = reinterpret_cast<const unsigned char *>(signature.data());
  const CmsHandle cms{d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(signature.size()))};
  if (!cms) return internal("the signature cannot be read again: " + openssl_error());
  auto *info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms.get()), 0);
  if (CMS_unsigned_add1_attr_by_NID(info, NID_id_smime_aa_timeStampToken, V_ASN1_SEQUENCE, token.data(),
                                    static_cast<int>(token.size())) != 1)
    return internal("the time-stamp cannot be added: " + openssl_error());
  return der_of<i2d_CMS_ContentInfo>(cms.get());
}

}  // namespace relance::evidence
