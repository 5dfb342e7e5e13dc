// What webhooks are signed with: SHA-256 (FIPS 180-4), HMAC (RFC 2104), and a comparison that takes as long
// for a wrong signature as for a right one. Here so that an author who needs nothing else needs no
// cryptographic library.
#ifndef RELANCE_SIGNATURE_HPP
#define RELANCE_SIGNATURE_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace relance::sdk {

class Sha256 {
 public:
  using Digest = std::array<std::uint8_t, 32>;

  Sha256 &add(std::string_view bytes) {
    length_ += bytes.size();
    while (!bytes.empty()) {
      const auto count = std::min(bytes.size(), block_.size() - fill_);
      std::memcpy(block_.data() + fill_, bytes.data(), count);
      bytes.remove_prefix(count);
      fill_ += count;
      if (fill_ == block_.size()) compress();
    }
    return *this;
  }
  [[nodiscard]] Digest digest() {
    const std::uint64_t bits{length_ * 8};
    block_[fill_++] = 0x80;
    if (fill_ > 56) {
      std::fill(block_.begin() + static_cast<std::ptrdiff_t>(fill_), block_.end(), std::uint8_t{0});
      compress();
    }
    std::fill(block_.begin() + static_cast<std::ptrdiff_t>(fill_), block_.end() - 8, std::uint8_t{0});
    fill_ = 56;
    for (int shift{56}; shift >= 0; shift -= 8) block_[fill_++] = static_cast<std::uint8_t>(bits >> shift);
    compress();
    Digest digest{};
    for (std::size_t i{0}; i < digest.size(); ++i)
      digest[i] = static_cast<std::uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
    return digest;
  }

 private:
  void compress() {
    static constexpr std::array<std::uint32_t, 64> kRound{
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
    std::array<std::uint32_t, 64> w{};
    for (std::size_t i{0}; i < 16; ++i)
      w[i] = std::uint32_t{block_[4 * i]} << 24 | std::uint32_t{block_[4 * i + 1]} << 16 |
             std::uint32_t{block_[4 * i + 2]} << 8 | std::uint32_t{block_[4 * i + 3]};
    for (std::size_t i{16}; i < 64; ++i) {
      const auto s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
      const auto s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    // The names move instead of the values: eight rounds bring each back to its place.
    auto s = state_;
    const auto round = [&](std::size_t i, std::size_t turn) {
      const auto at = [&](std::size_t name) -> std::uint32_t & { return s[(name - turn) & 7]; };
      const auto a = at(0), b = at(1), c = at(2), e = at(4), f = at(5), g = at(6);
      const auto t1 = at(7) + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + (g ^ (e & (f ^ g))) +
                      kRound[i] + w[i];
      at(3) += t1;
      at(7) = t1 + (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) | (c & (a | b)));
    };
    for (std::size_t i{0}; i < 64; i += 8) {
      round(i, 0), round(i + 1, 1), round(i + 2, 2), round(i + 3, 3);
      round(i + 4, 4), round(i + 5, 5), round(i + 6, 6), round(i + 7, 7);
    }
    for (std::size_t i{0}; i < 8; ++i) state_[i] += s[i];
    fill_ = 0;
  }

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, 64> block_{};
  std::size_t fill_{0};
  std::uint64_t length_{0};
};

inline std::string_view to_view(const Sha256::Digest &digest) {
  return {reinterpret_cast<const char *>(digest.data()), digest.size()};
}

inline Sha256::Digest hmac_sha256(std::string_view secret, std::string_view bytes) {
  Sha256::Digest short_key{};
  if (secret.size() > 64) secret = to_view(short_key = Sha256{}.add(secret).digest());
  std::array<char, 64> inner{}, outer{};
  for (std::size_t i{0}; i < 64; ++i) {
    const int key{i < secret.size() ? secret[i] : 0};
    inner[i] = static_cast<char>(key ^ 0x36);
    outer[i] = static_cast<char>(key ^ 0x5c);
  }
  const auto hash = Sha256{}.add({inner.data(), inner.size()}).add(bytes).digest();
  return Sha256{}.add({outer.data(), outer.size()}).add(to_view(hash)).digest();
}

inline std::string to_hex(const Sha256::Digest &digest) {
  std::string text;
  text.reserve(2 * digest.size());
  for (const auto byte : digest) (text += "0123456789abcdef"[byte >> 4]) += "0123456789abcdef"[byte & 15];
  return text;
}

inline std::string to_base64(std::string_view bytes) {
  static constexpr std::string_view kLetters{
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"};
  std::string text;
  for (std::size_t i{0}; i < bytes.size(); i += 3) {
    std::uint32_t group{0};
    for (std::size_t k{0}; k < 3; ++k)
      group = (group << 8) | (i + k < bytes.size() ? static_cast<std::uint8_t>(bytes[i + k]) : 0u);
    for (std::size_t k{0}; k < 4; ++k)
      text += k <= bytes.size() - i ? kLetters[(group >> (18 - 6 * k)) & 63] : '=';
  }
  return text;
}

/// How long it takes tells nothing of where the two differ.
inline bool is_same_secret(std::string_view a, std::string_view b) {
  unsigned difference{a.size() == b.size() ? 0u : 1u};
  for (std::size_t i{0}; i < a.size() && i < b.size(); ++i)
    difference |= static_cast<std::uint8_t>(a[i]) ^ static_cast<std::uint8_t>(b[i]);
  return difference == 0;
}

}  // namespace relance::sdk
#endif
