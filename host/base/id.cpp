// ULIDs and random tokens.
#include "host/base/id.hpp"

#include <openssl/rand.h>

#include <array>
#include <cstdlib>

namespace relance {
namespace {

/// Chance is fetched from the generator a page at a time: one call for 400 keys instead of one each.
void random_bytes(unsigned char *out, std::size_t count) {
  thread_local std::array<unsigned char, 4096> pool;
  thread_local std::size_t used{pool.size()};
  for (std::size_t i{0}; i < count; ++i) {
    if (used == pool.size()) {
      if (RAND_bytes(pool.data(), static_cast<int>(pool.size())) != 1)
        std::abort();  // no chance, no unique keys
      used = 0;
    }
    out[i] = pool[used];
    pool[used++] = 0;
  }
}

}  // namespace

std::string make_ulid(Instant now) {
  static constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string id(26, '0');
  auto time = static_cast<std::uint64_t>(to_ms(now));
  for (int i{9}; i >= 0; --i, time >>= 5) id[static_cast<std::size_t>(i)] = kAlphabet[time & 31];
  std::array<unsigned char, 10> chance{};
  random_bytes(chance.data(), chance.size());
  std::uint64_t bits{0};
  unsigned held{0};
  std::size_t next{0};
  for (std::size_t i{10}; i < 26; ++i) {
    if (held < 5) {
      bits = (bits << 8) | chance[next++];
      held += 8;
    }
    held -= 5;
    id[i] = kAlphabet[(bits >> held) & 31];
  }
  return id;
}

std::string random_hex(std::size_t bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes * 2);
  for (std::size_t i{0}; i < bytes; ++i) {
    unsigned char byte{};
    random_bytes(&byte, 1);
    text.push_back(kHex[byte >> 4]);
    text.push_back(kHex[byte & 15]);
  }
  return text;
}

}  // namespace relance
