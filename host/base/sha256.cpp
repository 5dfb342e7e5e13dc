// SHA-256 through OpenSSL's EVP interface; one context a thread, since creating one costs more than hashing a
// row.
#include "host/base/sha256.hpp"

#include <openssl/evp.h>

#include <charconv>
#include <cstdlib>
#include <memory>

namespace relance {

Sha256 sha256(std::span<const std::string_view> parts) {
  struct Free {
    void operator()(EVP_MD_CTX *context) const { EVP_MD_CTX_free(context); }
    void operator()(EVP_MD *digest) const { EVP_MD_free(digest); }
  };
  static const std::unique_ptr<EVP_MD, Free> digest{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  thread_local const std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
  Sha256 hash{};
  bool done{digest && context && EVP_DigestInit_ex(context.get(), digest.get(), nullptr) == 1};
  for (const auto part : parts) done = done && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  done = done && EVP_DigestFinal_ex(context.get(), hash.data(), nullptr) == 1;
  if (!done) std::abort();  // a journal without hashes is worse than no daemon
  return hash;
}

std::string to_hex(const Sha256 &hash) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(64);
  for (const auto byte : hash) {
    text.push_back(kHex[byte >> 4]);
    text.push_back(kHex[byte & 15]);
  }
  return text;
}

std::optional<Sha256> sha256_from_hex(std::string_view text) {
  Sha256 hash{};
  if (text.size() != 2 * hash.size()) return std::nullopt;
  for (std::size_t i{0}; i < hash.size(); ++i) {
    const auto *begin = text.data() + 2 * i;
    const auto read = std::from_chars(begin, begin + 2, hash[i], 16);
    if (read.ec != std::errc{} || read.ptr != begin + 2) return std::nullopt;
  }
  return hash;
}

}  // namespace relance
