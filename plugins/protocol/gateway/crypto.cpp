#include "plugins/protocol/gateway/crypto.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <memory>

namespace relance::gateway {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T *object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

/// Keys and certificates of providers have 0.1 to 4 KiB.
constexpr std::size_t kPemBytesMax{65'536};

const EVP_MD *to_openssl(Hash hash) {
  switch (hash) {
    case Hash::md5:
      return EVP_md5();
    case Hash::sha1:
      return EVP_sha1();
    case Hash::sha256:
      return EVP_sha256();
    case Hash::sha384:
      return EVP_sha384();
    case Hash::sha512:
      break;
  }
  return EVP_sha512();
}

const unsigned char *bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char *>(text.data());
}

Bio reader(std::string_view text) {
  return Bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

Key read_key(std::string_view text) {
  if (text.empty() || text.size() > kPemBytesMax) return {};
  if (text.find("-----BEGIN") != text.npos)
    return Key{PEM_read_bio_PUBKEY(reader(text).get(), nullptr, nullptr, nullptr)};
  const auto der = from_base64(text);
  if (!der) return {};
  const auto *begin = bytes_of(*der);
  return Key{d2i_PUBKEY(nullptr, &begin, static_cast<long>(der->size()))};
}

}  // namespace

std::optional<Hash> hash_named(std::string_view name) {
  if (name == "md5") return Hash::md5;
  if (name == "sha1") return Hash::sha1;
  if (name == "sha256") return Hash::sha256;
  if (name == "sha384") return Hash::sha384;
  if (name == "sha512") return Hash::sha512;
  return std::nullopt;
}

std::string digest(Hash hash, std::string_view bytes) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size{0};
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char *>(out.data()), &size,
             to_openssl(hash), nullptr);
  out.resize(size);
  return out;
}

std::string hmac(Hash hash, std::string_view key, std::string_view bytes) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size{0};
  const char none{0};  // a null key means "the key of before" to OpenSSL
  HMAC(to_openssl(hash), key.empty() ? &none : key.data(), static_cast<int>(key.size()), bytes_of(bytes),
       bytes.size(), reinterpret_cast<unsigned char *>(out.data()), &size);
  out.resize(size);
  return out;
}

std::string to_hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    out.append({"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]});
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  std::uint32_t group{0};
  unsigned bits{0};
  for (const char c : text) {
    std::uint32_t value{0};
    if (c >= 'A' && c <= 'Z')
      value = static_cast<std::uint32_t>(c - 'A');
    else if (c >= 'a' && c <= 'z')
      value = static_cast<std::uint32_t>(c - 'a') + 26;
    else if (c >= '0' && c <= '9')
      value = static_cast<std::uint32_t>(c - '0') + 52;
    else if (c == '+' || c == '-')
      value = 62;
    else if (c == '/' || c == '_')
      value = 63;
    else
      return std::nullopt;
    group = (group << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>((group >> bits) & 0xff);
    }
  }
  // Left over are at most 4 bits, and they are zero: otherwise several texts would mean the same bytes.
  if (bits == 6 || (group & ((1u << bits) - 1)) != 0) return std::nullopt;
  return out;
}

std::string public_key_fault(std::string_view key) {
  return read_key(key) ? "" : "is no public key (PEM, or base64 of DER as the provider's console shows it)";
}

bool verify(Hash hash, std::string_view public_key, std::string_view bytes, std::string_view signature) {
  const auto key = read_key(public_key);
  if (!key || signature.empty()) return false;
  const Context context{EVP_MD_CTX_new()};
  return EVP_DigestVerifyInit(context.get(), nullptr, to_openssl(hash), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(bytes),
                          bytes.size()) == 1;
}

std::optional<std::string> certificate_key(std::string_view pem, std::int64_t at_ms) {
  if (pem.empty() || pem.size() > kPemBytesMax) return std::nullopt;
  const Certificate certificate{PEM_read_bio_X509(reader(pem).get(), nullptr, nullptr, nullptr)};
  if (!certificate) return std::nullopt;
  auto at = static_cast<time_t>(at_ms / 1000);
  if (X509_cmp_time(X509_get0_notBefore(certificate.get()), &at) > 0 ||
      X509_cmp_time(X509_get0_notAfter(certificate.get()), &at) < 0)
    return std::nullopt;
  auto *key = X509_get0_pubkey(certificate.get());
  const Bio out{BIO_new(BIO_s_mem())};
  if (key == nullptr || PEM_write_bio_PUBKEY(out.get(), key) != 1) return std::nullopt;
  char *text{nullptr};
  const auto size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

}  // namespace relance::gateway
