#include "plugins/lre/ar24/signing.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <relance/signature.hpp>

#include <array>
#include <memory>

namespace relance::lre::ar24 {
namespace {

constexpr std::size_t kKeyBytes{32}, kIvBytes{16};
/// A letter's state with its addresses has some kilobytes, a list of letters some hundred.
constexpr std::size_t kAnswerBytesMax{8U << 20};

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

std::string hex_of(std::string_view bytes) {
  return sdk::to_hex(sdk::Sha256{}.add(bytes).digest());
}

/// Sixteen characters of the hash of the key's hash, in hexadecimal.
std::string iv_of(std::string_view private_key) {
  return hex_of(hex_of(private_key)).substr(0, kIvBytes);
}

const unsigned char *bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char *>(text.data());
}

/// AES-256-CBC with PKCS#7 padding; nothing where the padding is none.
std::optional<std::string> crypt(bool encrypts, std::string_view key, std::string_view iv,
                                 std::string_view text) {
  const Cipher cipher{EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free};
  std::string out(text.size() + 32, '\0');
  auto *into = reinterpret_cast<unsigned char *>(out.data());
  int length{0}, tail{0};
  const bool is_done{
      EVP_CipherInit_ex(cipher.get(), EVP_aes_256_cbc(), nullptr, bytes_of(key), bytes_of(iv),
                        encrypts ? 1 : 0) == 1 &&
      EVP_CipherUpdate(cipher.get(), into, &length, bytes_of(text), static_cast<int>(text.size())) == 1 &&
      EVP_CipherFinal_ex(cipher.get(), into + length, &tail) == 1};
  if (!is_done) return std::nullopt;
  out.resize(static_cast<std::size_t>(length + tail));
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string clean;
  for (const char c : text)
    if (c != '\r' && c != '\n' && c != ' ' && c != '"') clean += c;
  if (clean.empty() || clean.size() % 4 != 0) return std::nullopt;
  std::string out(clean.size() / 4 * 3, '\0');
  const int length{EVP_DecodeBlock(reinterpret_cast<unsigned char *>(out.data()), bytes_of(clean),
                                   static_cast<int>(clean.size()))};
  if (length < 0) return std::nullopt;
  const std::size_t padding{clean.ends_with("==") ? 2u : clean.ends_with('=') ? 1u : 0u};
  out.resize(static_cast<std::size_t>(length) - padding);
  return out;
}

}  // namespace

std::string signature_of(std::string_view private_key, std::string_view date) {
  const auto sealed = crypt(true, hex_of(private_key).substr(0, kKeyBytes), iv_of(private_key), date);
  return sealed ? sdk::to_base64(*sealed) : std::string{};
}

std::optional<std::string> decrypted(std::string_view private_key, std::string_view date,
                                     std::string_view body) {
  if (body.size() > kAnswerBytesMax) return std::nullopt;
  const auto sealed = from_base64(body);
  if (!sealed || sealed->empty() || sealed->size() % 16 != 0) return std::nullopt;
  const auto key = hex_of(std::string{date} + std::string{private_key}).substr(0, kKeyBytes);
  return crypt(false, key, iv_of(private_key), *sealed);
}

std::string one_time_code(std::string_view key, std::int64_t unix_s, unsigned digits) {
  constexpr std::int64_t kStepS{30};
  auto counter = static_cast<std::uint64_t>(unix_s / kStepS);
  std::array<unsigned char, 8> message{};
  for (std::size_t i{message.size()}; i-- > 0; counter >>= 8)
    message[i] = static_cast<unsigned char>(counter & 0xff);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size{0};
  HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), message.data(), message.size(), mac.data(),
       &size);
  const auto offset = mac[size - 1] & 0x0fU;  // RFC 4226 §5.3
  std::uint32_t number{0};
  for (std::size_t i{0}; i < 4; ++i) number = (number << 8) | mac[offset + i];
  number &= 0x7fffffffU;
  std::uint32_t modulus{1};
  for (unsigned i{0}; i < digits; ++i) modulus *= 10;
  auto code = std::to_string(number % modulus);
  return std::string(digits - code.size(), '0') + code;
}

std::optional<std::string> from_base32(std::string_view text) {
  std::string out;
  std::uint32_t group{0};
  int bits{0};
  for (const char c : text) {
    if (c == ' ' || c == '-' || c == '=') continue;
    const char letter{c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c};
    int value{-1};
    if (letter >= 'A' && letter <= 'Z') value = letter - 'A';
    if (letter >= '2' && letter <= '7') value = letter - '2' + 26;
    if (value < 0) return std::nullopt;
    group = (group << 5) | static_cast<std::uint32_t>(value);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    out += static_cast<char>((group >> bits) & 0xff);
  }
  return out;
}

}  // namespace relance::lre::ar24
