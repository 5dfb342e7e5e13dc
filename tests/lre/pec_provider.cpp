#include "tests/lre/pec_provider.hpp"

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace relance::test {
namespace {

constexpr long kValidS{30L * 86'400};

std::string taken(BIO *bio) {
  char *data{nullptr};
  const auto length = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(length));
  BIO_free(bio);
  return text;
}

}  // namespace

struct PecProvider::Keys {
  EVP_PKEY *key{nullptr};
  X509 *certificate{nullptr};

  /// Certified by `issuer`, or by itself.
  Keys(const std::string &common_name, const std::string &email, const Keys *issuer) {
    key = EVP_EC_gen("P-256");
    certificate = X509_new();
    X509_set_version(certificate, 2);
    static long serial{1};
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -86'400);
    X509_gmtime_adj(X509_getm_notAfter(certificate), kValidS);
    auto *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char *>(common_name.c_str()), -1, -1, 0);
    auto *issuing = issuer == nullptr ? certificate : issuer->certificate;
    X509_set_issuer_name(certificate, X509_get_subject_name(issuing));
    X509_set_pubkey(certificate, key);
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuing, certificate, nullptr, nullptr, 0);
    add(context, NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
    if (!email.empty()) {
      add(context, NID_subject_alt_name, "email:" + email);
      add(context, NID_ext_key_usage, "emailProtection");
    }
    X509_sign(certificate, issuer == nullptr ? key : issuer->key, EVP_sha256());
  }
  ~Keys() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  Keys(const Keys &) = delete;
  Keys &operator=(const Keys &) = delete;

  void add(X509V3_CTX &context, int nid, const std::string &value) const {
    auto *extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
};

std::string with(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  if (at == text.npos) throw std::runtime_error("not there: " + std::string{from});
  return text.replace(at, from.size(), to);
}

std::string base64(std::string_view bytes) {
  std::string out;
  for (std::size_t at{0}; at < bytes.size(); at += 57) {
    const auto line = bytes.substr(at, 57);
    unsigned char text[80];
    const int length{EVP_EncodeBlock(text, reinterpret_cast<const unsigned char *>(line.data()),
                                     static_cast<int>(line.size()))};
    out.append(reinterpret_cast<const char *>(text), static_cast<std::size_t>(length)).append("\r\n");
  }
  return out;
}

PecProvider::PecProvider(std::string domain)
    : domain_{std::move(domain)},
      authority_{std::make_unique<Keys>("Authority above " + domain_, "", nullptr)},
      signer_{std::make_unique<Keys>("Posta Certificata " + domain_, "posta-certificata@" + domain_,
                                     authority_.get())} {
  auto *bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, authority_->certificate);
  authority_pem_ = taken(bio);
}
PecProvider::~PecProvider() = default;

namespace {

std::string document_of(const PecReceipt &r, const std::string &domain) {
  if (!r.document.empty()) return r.document;
  const auto escaped = [](std::string id) {
    if (!id.empty()) id = "&lt;" + id.substr(1, id.size() - 2) + "&gt;";
    return id;
  };
  std::string xml{
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<postacert tipo=\"" + r.type + "\" errore=\"" + r.error +
      "\"><intestazione><mittente>" + r.sender + "</mittente><destinatari tipo=\"" + r.recipient_type +
      "\">" + r.recipient + "</destinatari><risposte>" + r.sender + "</risposte><oggetto>" + r.subject +
      "</oggetto></intestazione><dati><gestore-emittente>Gestore di Prova S.p.A.</gestore-emittente>"
      "<data zona=\"+0100\"><giorno>22/11/2026</giorno><ora>10:15:32</ora></data><identificativo>opec1." +
      r.type + "@" + domain + "</identificativo>"};
  if (!r.message_id.empty()) xml += "<msgid>" + escaped(r.message_id) + "</msgid>";
  if (r.type == "avvenuta-consegna")
    xml += "<ricevuta tipo=\"completa\"/><consegna>" + r.recipient + "</consegna>";
  if (!r.extended_error.empty()) xml += "<errore-esteso>" + r.extended_error + "</errore-esteso>";
  return xml + "</dati></postacert>\n";
}

std::string entity_of(const PecReceipt &r, const std::string &domain) {
  std::string entity{
      "Content-Type: multipart/mixed; boundary=\"inner-1\"\r\n\r\n--inner-1\r\n"
      "Content-Type: text/plain; charset=\"iso-8859-1\"\r\nContent-Transfer-Encoding: "
      "quoted-printable\r\n\r\nIl messaggio =E8 stato trattato.\r\n--inner-1\r\n"
      "Content-Type: application/xml; name=\"daticert.xml\"\r\nContent-Disposition: inline; "
      "filename=\"daticert.xml\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
      base64(document_of(r, domain)) + "\r\n"};
  if (!r.original.empty())
    entity +=
        "--inner-1\r\nContent-Type: message/rfc822; name=\"postacert.eml\"\r\nContent-Disposition: inline; "
        "filename=\"postacert.eml\"\r\n\r\n" +
        r.original + "\r\n";
  return entity + "--inner-1--\r\n";
}

std::string header_of(const PecReceipt &r, const std::string &domain) {
  std::string header{"From: posta-certificata@" + domain + "\r\nTo: " + r.sender + "\r\nSubject: " +
                     r.subject + "\r\nDate: Sun, 22 Nov 2026 10:15:32 +0100\r\nMessage-ID: <opec1." + r.type +
                     "@" + domain + ">\r\nMIME-Version: 1.0\r\n"};
  const auto claim = r.claims.empty() ? r.type : r.claims;
  const auto id = r.claimed_id.empty() ? r.message_id : r.claimed_id;
  if (claim != "-") header += "X-Ricevuta: " + claim + "\r\n";
  if (!id.empty()) header += "X-Riferimento-Message-ID: " + id + "\r\n";
  return header;
}

}  // namespace

std::string PecProvider::mail(const PecReceipt &receipt) const {
  return signed_mail(header_of(receipt, domain_), entity_of(receipt, domain_), *signer_);
}

std::string PecProvider::mail_by(const std::string &address, const PecReceipt &receipt) const {
  const Keys other{"Posta Certificata " + domain_, address, authority_.get()};
  return signed_mail(header_of(receipt, domain_), entity_of(receipt, domain_), other);
}

std::string PecProvider::unsigned_mail(const PecReceipt &receipt) const {
  return header_of(receipt, domain_) + entity_of(receipt, domain_);
}

std::string PecProvider::envelope(const std::string &message, const std::string &from) const {
  PecReceipt wrapped{.type = "posta-certificata", .sender = from, .original = message, .claims = "-"};
  return signed_mail("X-Trasporto: posta-certificata\r\n" + header_of(wrapped, domain_),
                     entity_of(wrapped, domain_), *signer_);
}

std::string PecProvider::signed_mail(const std::string &header, const std::string &entity,
                                     const Keys &by) const {
  auto *content = BIO_new_mem_buf(entity.data(), static_cast<int>(entity.size()));
  auto *cms = CMS_sign(by.certificate, by.key, nullptr, content, CMS_DETACHED | CMS_BINARY);
  BIO_free(content);
  auto *der = BIO_new(BIO_s_mem());
  i2d_CMS_bio(der, cms);
  CMS_ContentInfo_free(cms);
  return header +
         "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=\"sha-256\"; "
         "boundary=\"----outer\"\r\n\r\nThis is an S/MIME signed message\r\n\r\n------outer\r\n" +
         entity +
         "\r\n------outer\r\nContent-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n"
         "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; "
         "filename=\"smime.p7s\"\r\n\r\n" +
         base64(taken(der)) + "\r\n------outer--\r\n";
}

}  // namespace relance::test
