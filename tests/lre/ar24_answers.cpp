#include "tests/lre/ar24_answers.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

namespace relance::test {
namespace {

std::string hex_sha256(const std::string &text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char *>(text.data()), text.size(), digest);
  std::string out;
  for (const auto byte : digest) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

}  // namespace

std::string encrypted(std::string_view private_key, std::string_view date, std::string_view text) {
  const auto key = hex_sha256(std::string{date} + std::string{private_key});
  const auto iv = hex_sha256(hex_sha256(std::string{private_key}));
  std::string sealed(text.size() + 32, '\0');
  auto *into = reinterpret_cast<unsigned char *>(sealed.data());
  int length{0}, tail{0};
  auto *cipher = EVP_CIPHER_CTX_new();
  EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, reinterpret_cast<const unsigned char *>(key.data()),
                     reinterpret_cast<const unsigned char *>(iv.data()));
  EVP_EncryptUpdate(cipher, into, &length, reinterpret_cast<const unsigned char *>(text.data()),
                    static_cast<int>(text.size()));
  EVP_EncryptFinal_ex(cipher, into + length, &tail);
  EVP_CIPHER_CTX_free(cipher);
  const auto size = length + tail;
  std::string out(static_cast<std::size_t>(4 * ((size + 2) / 3)) + 1, '\0');
  out.resize(
      static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char *>(out.data()), into, size)));
  return out;
}

}  // namespace relance::test
