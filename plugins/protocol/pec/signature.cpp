// @see RFC 5652, RFC 8551; OpenSSL does both.
#include "plugins/protocol/pec/signature.hpp"

#include "plugins/protocol/report/ascii.hpp"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace relance::pec {
namespace {

/// A trust store of PEC providers has some tens; a file of more is not one.
constexpr std::size_t kAuthoritiesMax{500};
/// As large as the largest mail, whose content may lie in it.
constexpr std::size_t kCmsBytesMax{48U << 20};

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T *object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Cms = std::unique_ptr<CMS_ContentInfo, Freed<CMS_ContentInfo_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Store = std::unique_ptr<X509_STORE, Freed<X509_STORE_free>>;

Bio reader(std::string_view bytes) {
  return Bio{BIO_new_mem_buf(bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), INT32_MAX)))};
}

/// A CMS of the type signed-data, or nothing.
Cms read_cms(std::string_view der) {
  if (der.empty() || der.size() > kCmsBytesMax) return nullptr;
  const auto bytes = reader(der);
  Cms cms{d2i_CMS_bio(bytes.get(), nullptr)};
  ERR_clear_error();
  if (cms && OBJ_obj2nid(CMS_get0_type(cms.get())) != NID_pkcs7_signed) return nullptr;
  return cms;
}

std::string last_error() {
  const auto code = ERR_peek_last_error();
  std::string text(120, '\0');
  ERR_error_string_n(code, text.data(), text.size());
  ERR_clear_error();
  return text.c_str();
}

std::vector<std::string> addresses_of(X509 *certificate) {
  std::vector<std::string> addresses;
  auto *emails = X509_get1_email(certificate);
  for (int i{0}; i < sk_OPENSSL_STRING_num(emails); ++i)
    addresses.push_back(report::lower(sk_OPENSSL_STRING_value(emails, i)));
  X509_email_free(emails);
  return addresses;
}

}  // namespace

std::string_view name(Trouble trouble) {
  switch (trouble) {
    case Trouble::none:
      return "none";
    case Trouble::unsigned_mail:
      return "unsigned";
    case Trouble::altered:
      return "altered";
    case Trouble::untrusted:
      return "untrusted";
    case Trouble::other_signer:
      return "other_signer";
  }
  return "unsigned";
}

struct Trust::Impl {
  std::vector<Certificate> authorities;
  std::vector<std::string> signers;  // lower case

  [[nodiscard]] bool is_named(std::string_view address) const {
    const auto at = address.rfind('@');
    const auto domain = at == address.npos ? std::string_view{} : address.substr(at + 1);
    return std::any_of(signers.begin(), signers.end(), [&](const std::string &signer) {
      return signer == address || (!domain.empty() && signer == domain);
    });
  }

  [[nodiscard]] Store store_at(std::int64_t at_ms) const {
    Store store{X509_STORE_new()};
    for (const auto &authority : authorities) X509_STORE_add_cert(store.get(), authority.get());
    auto *rules = X509_STORE_get0_param(store.get());
    X509_VERIFY_PARAM_set_time(rules, static_cast<time_t>(at_ms / 1000));
    // An operator may name the authority that issues to providers without the root above it.
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
    return store;
  }

  /// Every signer is a named one.
  [[nodiscard]] Judgement named(CMS_ContentInfo *cms) const {
    Judgement judgement{Trouble::other_signer};
    auto *stack = CMS_get0_signers(cms);
    std::size_t known{0};
    const int count{sk_X509_num(stack)};
    for (int i{0}; i < count; ++i) {
      for (const auto &address : addresses_of(sk_X509_value(stack, i))) {
        judgement.signer = address;
        if (!is_named(address)) continue;
        ++known;
        break;
      }
    }
    sk_X509_free(stack);
    if (count > 0 && known == static_cast<std::size_t>(count)) judgement.trouble = Trouble::none;
    return judgement;
  }
};

Trust::Trust(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Trust::~Trust() = default;

std::shared_ptr<const Trust> Trust::from(std::string_view authorities, std::vector<std::string> signers,
                                         std::string &fault) {
  auto impl = std::make_unique<Impl>();
  const auto pem = reader(authorities);
  while (auto *certificate = PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr)) {
    impl->authorities.emplace_back(certificate);
    if (impl->authorities.size() > kAuthoritiesMax) break;
  }
  ERR_clear_error();
  if (impl->authorities.empty()) fault = "holds no certificate in PEM";
  if (impl->authorities.size() > kAuthoritiesMax) fault = "holds more than 500 certificates";
  if (!fault.empty()) return nullptr;
  for (const auto &signer : signers) impl->signers.push_back(report::lower(report::trim(signer)));
  return std::shared_ptr<const Trust>{new Trust{std::move(impl)}};
}

Judgement Trust::judge(std::string_view signed_bytes, std::string_view signature, std::int64_t at_ms) const {
  const auto cms = read_cms(signature);
  if (!cms) return {Trouble::unsigned_mail, {}, "no signature that can be read"};
  const auto store = impl_->store_at(at_ms);
  const bool is_detached{CMS_is_detached(cms.get()) == 1};
  const auto content = reader(signed_bytes);
  // Verified with these very bytes also where the signature brings its own: they are the ones that are read.
  if (!is_detached && content_of(signature) != std::string{signed_bytes})
    return {Trouble::altered, {}, "the signature brings other bytes along"};
  const int holds{CMS_verify(cms.get(), nullptr, store.get(), is_detached ? content.get() : nullptr, nullptr,
                             CMS_BINARY)};
  if (holds == 1) return impl_->named(cms.get());
  const bool is_chain{ERR_GET_REASON(ERR_peek_last_error()) == CMS_R_CERTIFICATE_VERIFY_ERROR};
  return {is_chain ? Trouble::untrusted : Trouble::altered, {}, last_error()};
}

std::optional<std::string> content_of(std::string_view signature) {
  const auto cms = read_cms(signature);
  if (!cms) return std::nullopt;
  auto **content = CMS_get0_content(cms.get());
  if (content == nullptr || *content == nullptr) return std::nullopt;
  return std::string{reinterpret_cast<const char *>(ASN1_STRING_get0_data(*content)),
                     static_cast<std::size_t>(ASN1_STRING_length(*content))};
}

std::string certificates_of(std::string_view signature) {
  const auto cms = read_cms(signature);
  if (!cms) return {};
  const Bio out{BIO_new(BIO_s_mem())};
  auto *certificates = CMS_get1_certs(cms.get());
  for (int i{0}; i < sk_X509_num(certificates); ++i)
    PEM_write_bio_X509(out.get(), sk_X509_value(certificates, i));
  sk_X509_pop_free(certificates, X509_free);
  char *data{nullptr};
  const auto length = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(length)};
}

}  // namespace relance::pec
