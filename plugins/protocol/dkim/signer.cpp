// Which fields are signed, and how the signature field is written and folded.
#include "plugins/protocol/dkim/canonical.hpp"
#include "plugins/protocol/dkim/dkim.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>

namespace relance::dkim {
namespace {

/// Signed as often as they stand in the message and once more: a second Subject or From that somebody puts
/// above ours would otherwise be shown and the signature still hold (RFC 6376 §5.4.2, §8.15).
constexpr std::array<std::string_view, 10> kNoFurther{
    "From",     "To",         "Cc",           "Subject",      "Date",
    "Reply-To", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"};
/// Signed where they stand.
constexpr std::array<std::string_view, 6> kWherePresent{"Auto-Submitted",   "Disposition-Notification-To",
                                                        "In-Reply-To",      "References",
                                                        "List-Unsubscribe", "List-Unsubscribe-Post"};
constexpr std::size_t kLineLimit{76};

std::string base64(std::string_view bytes) {
  std::string encoded((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length{EVP_EncodeBlock(reinterpret_cast<unsigned char *>(encoded.data()),
                                   reinterpret_cast<const unsigned char *>(bytes.data()),
                                   static_cast<int>(bytes.size()))};
  encoded.resize(static_cast<std::size_t>(length));
  return encoded;
}

std::string sha256(std::string_view bytes) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned int length{0};
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char *>(digest.data()), &length,
                 EVP_sha256(), nullptr) != 1)
    return {};
  digest.resize(length);
  return digest;
}

bool is_host_label_text(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
                  c == '.' || c == '_';
         });
}

/// What h= names and the bytes behind it, the same for every signature of the message.
struct SignedHeader {
  std::string names;
  std::string canonical;  // each field with its CR LF
};

SignedHeader signed_header(const SplitMessage &message) {
  SignedHeader header;
  const auto take = [&](std::string_view name) {
    std::size_t count{0};
    // RFC 6376 §5.4.2: of several fields of a name, from the bottom up.
    for (auto field = message.fields.rbegin(); field != message.fields.rend(); ++field) {
      if (!same_name(field->name, name)) continue;
      header.canonical.append(relaxed_field(field->name, field->value)).append("\r\n");
      ++count;
    }
    return count;
  };
  const auto list = [&](std::string_view name, std::size_t count) {
    for (std::size_t index{0}; index < count; ++index) {
      if (!header.names.empty()) header.names += ':';
      header.names += name;
    }
  };
  for (const auto name : kNoFurther) list(name, take(name) + 1);
  for (const auto name : kWherePresent) list(name, take(name));
  return header;
}

/// Tags one behind the other, folded at blanks; long values at the places that their grammar allows.
class FieldWriter {
 public:
  void tag(std::string_view name, std::string_view value) {
    blank_before(name.size() + value.size() + 2);
    put(name);
    put("=");
    put(value);
    put(";");
  }
  /// May be cut anywhere (base64), or behind each colon (h=).
  void long_tag(std::string_view name, std::string_view value, char cut_behind) {
    blank_before(name.size() + 1 + std::min<std::size_t>(value.size(), 20));
    put(name);
    put("=");
    cut_value(value, cut_behind);
  }
  /// A value that goes on where the text ends.
  void cut_value(std::string_view value, char cut_behind) {
    while (!value.empty()) {
      const auto room = std::max<std::size_t>(kLineLimit - std::min(column_, kLineLimit), 1);
      auto count = std::min(room, value.size());
      if (cut_behind != '\0' && count < value.size()) {
        const auto cut = value.substr(0, count).rfind(cut_behind);
        count = cut == std::string_view::npos ? 0 : cut + 1;
        if (count == 0 && column_ <= 1) count = value.size();  // a name as long as a line
      }
      put(value.substr(0, count));
      value.remove_prefix(count);
      if (!value.empty()) fold();
    }
  }
  void end_tag() { put(";"); }
  [[nodiscard]] const std::string &text() const { return text_; }

 private:
  void put(std::string_view text) {
    text_ += text;
    column_ += text.size();
  }
  void fold() {
    text_ += "\r\n ";
    column_ = 1;
  }
  void blank_before(std::size_t next) {
    if (column_ + 1 + next > kLineLimit) {
      fold();
    } else {
      put(" ");
    }
  }
  std::string text_{};
  std::size_t column_{std::string_view{"DKIM-Signature:"}.size()};
};

}  // namespace

struct Key::Impl {
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY *)> key{nullptr, EVP_PKEY_free};
  Algorithm algorithm{Algorithm::rsa_sha256};
};

std::string_view name_of(Algorithm algorithm) {
  return algorithm == Algorithm::rsa_sha256 ? "rsa-sha256" : "ed25519-sha256";
}

Key::Key(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Key::~Key() = default;
Algorithm Key::algorithm() const {
  return impl_->algorithm;
}
int Key::bits() const {
  return EVP_PKEY_get_bits(impl_->key.get());
}

std::shared_ptr<const Key> Key::from_pem(std::string_view pem, std::string &fault) {
  ERR_clear_error();
  const std::unique_ptr<BIO, int (*)(BIO *)> bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                 BIO_free};
  auto impl = std::make_unique<Impl>();
  // A passphrase has nobody to ask: an encrypted key is refused, not waited for.
  const auto no_passphrase = [](char *, int, int, void *) { return -1; };
  impl->key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (!impl->key) {
    fault = "is no private key in PEM without a passphrase";
    return nullptr;
  }
  if (EVP_PKEY_get_base_id(impl->key.get()) == EVP_PKEY_ED25519) {
    impl->algorithm = Algorithm::ed25519_sha256;
  } else if (EVP_PKEY_get_base_id(impl->key.get()) != EVP_PKEY_RSA) {
    fault = "is neither an RSA nor an Ed25519 key";
    return nullptr;
  } else if (EVP_PKEY_get_bits(impl->key.get()) < kRsaBitsLeast) {
    fault = "is an RSA key of less than 1024 bits, which no verifier accepts";
    return nullptr;
  }
  return std::shared_ptr<const Key>{new Key{std::move(impl)}};
}

std::string Key::dns_record() const {
  auto *key = impl_->key.get();
  if (impl_->algorithm == Algorithm::ed25519_sha256) {
    // RFC 8463 §4.2: the 32 bytes themselves.
    std::string raw(32, '\0');
    auto size = raw.size();
    EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char *>(raw.data()), &size);
    return "v=DKIM1; k=ed25519; p=" + base64(raw);
  }
  unsigned char *der{nullptr};
  const int length{i2d_PUBKEY(key, &der)};
  const std::string bytes(reinterpret_cast<const char *>(der),
                          length > 0 ? static_cast<std::size_t>(length) : 0);
  OPENSSL_free(der);
  return "v=DKIM1; k=rsa; p=" + base64(bytes);
}

std::string Key::sign(std::string_view canonical) const {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX *)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
  const bool is_rsa{impl_->algorithm == Algorithm::rsa_sha256};
  // RFC 8463 §3: Ed25519 signs the SHA-256 digest, and hashes it once more in its own way.
  const auto digest = is_rsa ? std::string{} : sha256(canonical);
  const auto bytes = is_rsa ? canonical : std::string_view{digest};
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(impl_->key.get())), '\0');
  auto size = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, is_rsa ? EVP_sha256() : nullptr, nullptr,
                         impl_->key.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char *>(signature.data()), &size,
                     reinterpret_cast<const unsigned char *>(bytes.data()), bytes.size()) != 1) {
    ERR_clear_error();
    return {};
  }
  signature.resize(size);
  return signature;
}

std::string signature_fault(const Signature &signature) {
  if (!is_host_label_text(signature.domain) || signature.domain.find('.') == std::string::npos)
    return "the domain is no domain name";
  if (!is_host_label_text(signature.selector)) return "the selector is no DNS label";
  if (!signature.key) return "there is no key";
  return {};
}

std::string sign(std::string_view message, const std::vector<const Signature *> &signatures,
                 std::int64_t time_unix_s) {
  if (signatures.empty()) return {};
  const auto parts = split(message);
  const auto body_hash = base64(sha256(relaxed_body(parts.body)));
  const auto header = signed_header(parts);
  std::string fields;
  for (const auto *signature : signatures) {
    FieldWriter field;
    field.tag("v", "1");
    field.tag("a", name_of(signature->key->algorithm()));
    field.tag("c", "relaxed/relaxed");
    field.tag("d", signature->domain);
    field.tag("s", signature->selector);
    field.tag("t", std::to_string(time_unix_s));
    field.long_tag("h", header.names, ':');
    field.end_tag();
    field.tag("bh", body_hash);
    field.long_tag("b", {}, '\0');
    // The field itself comes last, its b= empty and without CR LF (RFC 6376 §3.7).
    const auto value = signature->key->sign(header.canonical + relaxed_field("DKIM-Signature", field.text()));
    if (value.empty()) return {};
    field.cut_value(base64(value), '\0');
    fields.append("DKIM-Signature:").append(field.text()).append("\r\n");
  }
  return fields;
}

}  // namespace relance::dkim
