// The mathematics and the chains are OpenSSL's; what must hold of a container's signature beyond them is
// here.
#include "host/evidence/signed_message.hpp"

#include "host/evidence/openssl_handles.hpp"

#include <openssl/ess.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>

#include <ctime>

namespace relance::evidence {
namespace {

using StoreHandle = std::unique_ptr<X509_STORE, Frees<X509_STORE_free>>;
using ContextHandle = std::unique_ptr<X509_STORE_CTX, Frees<X509_STORE_CTX_free>>;
using Pkcs7Handle = std::unique_ptr<PKCS7, Frees<PKCS7_free>>;
using ListHandle = std::unique_ptr<X509_CRL, Frees<X509_CRL_free>>;
struct FreesLists {
  void operator()(STACK_OF(X509_CRL) * stack) const { sk_X509_CRL_pop_free(stack, X509_CRL_free); }
};
using ListsHandle = std::unique_ptr<STACK_OF(X509_CRL), FreesLists>;

Result<StoreHandle> store_of(const Trust &trust) {
  StoreHandle store{X509_STORE_new()};
  const auto certificates = bio_over(trust.certificates);
  std::size_t count{0};
  while (const CertificateHandle one{PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(store.get(), one.get());
    ++count;
  }
  ERR_clear_error();  // the end of the text is one
  if (count == 0) return invalid("what is to be trusted holds no certificate (PEM)");
  // Believing in a certificate ends the question, also where it is no root.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  if (trust.revoked.empty()) return store;
  const auto lists = bio_over(trust.revoked);
  count = 0;
  while (const ListHandle one{PEM_read_bio_X509_CRL(lists.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_crl(store.get(), one.get());
    ++count;
  }
  ERR_clear_error();
  if (count == 0) return invalid("the revocation lists hold none (PEM)");
  X509_STORE_set_flags(store.get(), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return store;
}

/// A list made after the moment in question, or renewed since, knows more than one of its time.
int overlook_list_times(int is_right, X509_STORE_CTX *context) {
  if (is_right != 0) return is_right;
  const int error{X509_STORE_CTX_get_error(context)};
  return error == X509_V_ERR_CRL_NOT_YET_VALID || error == X509_V_ERR_CRL_HAS_EXPIRED ? 1 : 0;
}

/// A certificate that says what it is for must say that it is for signing.
bool may_sign(X509 *certificate) {
  return (X509_get_key_usage(certificate) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0;
}

/// The signed attribute that names the signer's certificate, in either of its forms.
Result<void> check_named_certificate(CMS_SignerInfo *signer, X509 *certificate) {
  const auto find = [&](int nid) {
    return static_cast<ASN1_STRING *>(
        CMS_signed_get0_data_by_OBJ(signer, OBJ_nid2obj(nid), -3, V_ASN1_SEQUENCE));
  };
  std::unique_ptr<ESS_SIGNING_CERT, Frees<ESS_SIGNING_CERT_free>> first;
  std::unique_ptr<ESS_SIGNING_CERT_V2, Frees<ESS_SIGNING_CERT_V2_free>> second;
  if (const auto *text = find(NID_id_smime_aa_signingCertificate)) {
    const unsigned char *at{ASN1_STRING_get0_data(text)};
    first.reset(d2i_ESS_SIGNING_CERT(nullptr, &at, ASN1_STRING_length(text)));
  }
  if (const auto *text = find(NID_id_smime_aa_signingCertificateV2)) {
    const unsigned char *at{ASN1_STRING_get0_data(text)};
    second.reset(d2i_ESS_SIGNING_CERT_V2(nullptr, &at, ASN1_STRING_length(text)));
  }
  const CertificatesHandle chain{sk_X509_new_null()};
  X509_up_ref(certificate);
  sk_X509_push(chain.get(), certificate);
  if (OSSL_ESS_check_signing_certs(first.get(), second.get(), chain.get(), 1) == 1) return {};
  return invalid("the signature does not name the certificate that it came with (" + openssl_error() + ")");
}

bool has_plain_parameter(const X509_ALGOR *algorithm) {
  int type{0};
  X509_ALGOR_get0(nullptr, &type, nullptr, algorithm);
  return type == V_ASN1_UNDEF || type == V_ASN1_NULL;
}

bool is_pair(const X509_ALGOR *signature, const X509_ALGOR *digest) {
  int digest_of_signature{NID_undef};
  const int nid{OBJ_obj2nid(signature->algorithm)};
  if (OBJ_find_sigid_algs(nid, &digest_of_signature, nullptr) != 1)
    return nid == NID_rsaEncryption && has_plain_parameter(signature);
  if (digest_of_signature == NID_undef)
    return nid == NID_rsassaPss;  // its parameters name the digest, and are checked
  return digest_of_signature == OBJ_obj2nid(digest->algorithm) && has_plain_parameter(signature);
}

/// What stands in places that no signature covers must agree with what is covered, so that it cannot be
/// changed unseen: versions, the type of the content, the algorithms.
/// @see RFC 5652 §5.1, §5.3, §11.1
bool is_consistent(std::string_view der, CMS_ContentInfo *cms, CMS_SignerInfo *info,
                   const X509 *certificate) {
  const auto *at = reinterpret_cast<const unsigned char *>(der.data());
  // The older of OpenSSL's two faces of this format shows them.
  const Pkcs7Handle message{d2i_PKCS7(nullptr, &at, static_cast<long>(der.size()))};
  if (!message || !PKCS7_type_is_signed(message.get())) return false;
  const auto *body = message->d.sign;
  const auto *signer = sk_PKCS7_SIGNER_INFO_value(body->signer_info, 0);
  const auto *type = CMS_get0_eContentType(cms);
  const auto *stated = static_cast<ASN1_OBJECT *>(
      CMS_signed_get0_data_by_OBJ(info, OBJ_nid2obj(NID_pkcs9_contentType), -3, V_ASN1_OBJECT));
  const bool is_plain{OBJ_obj2nid(type) == NID_pkcs7_data};
  if (stated == nullptr || OBJ_cmp(type, stated) != 0 ||
      ASN1_INTEGER_get(body->version) != (is_plain ? 1 : 3) || ASN1_INTEGER_get(signer->version) != 1 ||
      sk_X509_ALGOR_num(body->md_algs) != 1)
    return false;
  // OpenSSL compares names without regard to letter case.
  if (der_of<i2d_X509_NAME>(signer->issuer_and_serial->issuer) !=
      der_of<i2d_X509_NAME>(X509_get_issuer_name(certificate)))
    return false;
  const auto *listed = sk_X509_ALGOR_value(body->md_algs, 0);
  return OBJ_cmp(listed->algorithm, signer->digest_alg->algorithm) == 0 && has_plain_parameter(listed) &&
         has_plain_parameter(signer->digest_alg) && is_pair(signer->digest_enc_alg, signer->digest_alg);
}

}  // namespace

struct SignedMessage::Chain {
  CertificatesHandle certificates;
  [[nodiscard]] bool has(X509 *one) const {
    for (int i{0}; i < sk_X509_num(certificates.get()); ++i)
      if (X509_cmp(one, sk_X509_value(certificates.get(), i)) == 0) return true;
    return false;
  }
};

struct SignedMessage::Parts {
  CmsHandle cms;
  CMS_SignerInfo *info{nullptr};
  CertificateHandle certificate;
  std::string content, token, signer;
};

SignedMessage::SignedMessage(std::unique_ptr<Parts> parts) : parts_{std::move(parts)} {}
SignedMessage::SignedMessage(SignedMessage &&) noexcept = default;
SignedMessage &SignedMessage::operator=(SignedMessage &&) noexcept = default;
SignedMessage::~SignedMessage() = default;

Result<SignedMessage> SignedMessage::read(std::string_view der, std::optional<std::string_view> beside) {
  ERR_clear_error();
  auto parts = std::make_unique<Parts>();
  const auto *at = reinterpret_cast<const unsigned char *>(der.data());
  const auto *const end = at + der.size();
  parts->cms.reset(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(der.size())));
  if (!parts->cms || at != end) return invalid("this is no signed message (" + openssl_error() + ")");
  auto *cms = parts->cms.get();
  if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed ||
      (CMS_is_detached(cms) == 1) != beside.has_value())
    return invalid("this is a signed message of another kind");
  auto *infos = CMS_get0_SignerInfos(cms);
  if (sk_CMS_SignerInfo_num(infos) != 1) return invalid("exactly one signature is expected");
  parts->info = sk_CMS_SignerInfo_value(infos, 0);
  const BioHandle content{beside ? bio_over(*beside) : BioHandle{}};
  const BioHandle out{BIO_new(BIO_s_mem())};
  if (CMS_verify(cms, nullptr, nullptr, content.get(), out.get(), CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) !=
      1)
    return invalid("the signature is not that of these bytes (" + openssl_error() + ")");
  if (!beside) {
    char *bytes{nullptr};
    const auto size = BIO_get_mem_data(out.get(), &bytes);
    parts->content.assign(bytes, static_cast<std::size_t>(size));
  }
  X509 *certificate{nullptr};
  CMS_SignerInfo_get0_algs(parts->info, nullptr, &certificate, nullptr, nullptr);
  if (certificate == nullptr) return invalid("the signer's certificate is missing");
  if (!is_consistent(der, cms, parts->info, certificate))
    return invalid("what the message states beside its signature does not agree with it");
  X509_up_ref(certificate);
  parts->certificate.reset(certificate);
  parts->signer = subject_of(certificate);
  if (auto named = check_named_certificate(parts->info, certificate); !named) return named.error();
  if (auto *token = static_cast<ASN1_STRING *>(CMS_unsigned_get0_data_by_OBJ(
          parts->info, OBJ_nid2obj(NID_id_smime_aa_timeStampToken), -3, V_ASN1_SEQUENCE)))
    parts->token.assign(reinterpret_cast<const char *>(ASN1_STRING_get0_data(token)),
                        static_cast<std::size_t>(ASN1_STRING_length(token)));
  ERR_clear_error();
  return SignedMessage{std::move(parts)};
}

bool is_distinguished(std::string_view der) {
  const auto *at = reinterpret_cast<const unsigned char *>(der.data());
  const CmsHandle cms{d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(der.size()))};
  return cms && der_of<i2d_CMS_ContentInfo>(cms.get()) == der;
}

bool SignedMessage::is_bare() const {
  const ListsHandle lists{CMS_get1_crls(parts_->cms.get())};
  const bool may_have_token{!is_time_stamp() && !parts_->token.empty()};
  return sk_X509_CRL_num(lists.get()) <= 0 &&
         CMS_unsigned_get_attr_count(parts_->info) <= (may_have_token ? 1 : 0);
}

const std::string &SignedMessage::content() const {
  return parts_->content;
}
bool SignedMessage::is_time_stamp() const {
  return OBJ_obj2nid(CMS_get0_eContentType(parts_->cms.get())) == NID_id_smime_ct_TSTInfo;
}
std::string_view SignedMessage::signature() const {
  const auto *bytes = CMS_SignerInfo_get0_signature(parts_->info);
  return {reinterpret_cast<const char *>(ASN1_STRING_get0_data(bytes)),
          static_cast<std::size_t>(ASN1_STRING_length(bytes))};
}
const std::string &SignedMessage::token() const {
  return parts_->token;
}
const std::string &SignedMessage::signer() const {
  return parts_->signer;
}

std::vector<Sha256> SignedMessage::certificates() const {
  std::vector<Sha256> hashes;
  const CertificatesHandle all{CMS_get1_certs(parts_->cms.get())};
  for (int i{0}; i < sk_X509_num(all.get()); ++i)
    hashes.push_back(sha256(der_of<i2d_X509>(sk_X509_value(all.get(), i))));
  return hashes;
}

Result<SignedMessage::Chain> SignedMessage::chain_of(SignerRole role, const Trust &trust,
                                                     Instant when) const {
  if (trust.certificates.empty()) return invalid("no trusted certificate was given");
  const auto store = store_of(trust);
  if (!store) return store.error();
  const CertificatesHandle beside{CMS_get1_certs(parts_->cms.get())};
  const ContextHandle context{X509_STORE_CTX_new()};
  if (X509_STORE_CTX_init(context.get(), store->get(), parts_->certificate.get(), beside.get()) != 1)
    return internal("OpenSSL cannot check certificates: " + openssl_error());
  if (role == SignerRole::time_stamper)
    X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_TIMESTAMP_SIGN);
  X509_STORE_CTX_set_time(context.get(), 0, std::chrono::system_clock::to_time_t(when));
  X509_STORE_CTX_set_verify_cb(context.get(), overlook_list_times);
  const bool is_right{X509_verify_cert(context.get()) == 1};
  const int error{X509_STORE_CTX_get_error(context.get())};
  ERR_clear_error();
  if (!is_right)
    return invalid(parts_->signer + ": " + X509_verify_cert_error_string(error) + " (at " +
                   format_instant(when) + ")");
  if (!may_sign(parts_->certificate.get()))
    return invalid(parts_->signer + ": the certificate is not for signing");
  return Chain{CertificatesHandle{X509_STORE_CTX_get1_chain(context.get())}};
}

Result<void> SignedMessage::check_signer(SignerRole role, const Trust &trust, Instant when) const {
  const auto chain = chain_of(role, trust, when);
  if (!chain) return chain.error();
  const CertificatesHandle carried{CMS_get1_certs(parts_->cms.get())};
  for (int i{0}; i < sk_X509_num(carried.get()); ++i)
    if (!chain->has(sk_X509_value(carried.get(), i)))
      return invalid("it carries a certificate of " + subject_of(sk_X509_value(carried.get(), i)) +
                     " that does not vouch for the signer");
  return {};
}

Result<std::string> SignedMessage::without_idle_certificates(SignerRole role, const Trust &trust,
                                                             Instant when) const {
  const auto chain = chain_of(role, trust, when);
  if (!chain) return chain.error();
  const auto der = der_of<i2d_CMS_ContentInfo>(parts_->cms.get());
  const auto *at = reinterpret_cast<const unsigned char *>(der.data());
  // Only the older of OpenSSL's two faces of this format lets certificates go.
  const Pkcs7Handle message{d2i_PKCS7(nullptr, &at, static_cast<long>(der.size()))};
  if (!message || !PKCS7_type_is_signed(message.get())) return internal("the message cannot be read again");
  CertificatesHandle kept{sk_X509_new_null()};  // never empty: the signer's own is in the chain
  auto *carried = message->d.sign->cert;
  for (int i{0}; i < sk_X509_num(carried); ++i) {
    X509 *one{sk_X509_value(carried, i)};
    bool is_twice{false};
    for (int k{0}; k < sk_X509_num(kept.get()); ++k)
      is_twice |= X509_cmp(one, sk_X509_value(kept.get(), k)) == 0;
    if (is_twice || !chain->has(one)) continue;
    X509_up_ref(one);
    sk_X509_push(kept.get(), one);
  }
  message->d.sign->cert = kept.release();
  sk_X509_pop_free(carried, X509_free);
  sk_X509_CRL_pop_free(message->d.sign->crl, X509_CRL_free);
  message->d.sign->crl = nullptr;
  auto *signer = sk_PKCS7_SIGNER_INFO_value(message->d.sign->signer_info, 0);
  sk_X509_ATTRIBUTE_pop_free(signer->unauth_attr, X509_ATTRIBUTE_free);
  signer->unauth_attr = nullptr;
  return der_of<i2d_PKCS7>(message.get());
}

}  // namespace relance::evidence
