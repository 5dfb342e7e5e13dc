/* Written out here, so that the plugin links nothing but the C library. */
#include "sms_sha256.h"

#include <stdint.h>
#include <string.h>

struct sha256 {
  uint32_t state[8];
  unsigned char block[64];
  size_t fill;
  uint64_t length;
};

static const uint32_t rounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t turned(uint32_t word, unsigned bits) {
  return (word >> bits) | (word << (32 - bits));
}

static void compress(struct sha256 *hash) {
  uint32_t w[64], v[8];
  size_t i;
  for (i = 0; i < 16; ++i)
    w[i] = (uint32_t)hash->block[4 * i] << 24 | (uint32_t)hash->block[4 * i + 1] << 16 |
           (uint32_t)hash->block[4 * i + 2] << 8 | hash->block[4 * i + 3];
  for (i = 16; i < 64; ++i) {
    const uint32_t s0 = turned(w[i - 15], 7) ^ turned(w[i - 15], 18) ^ (w[i - 15] >> 3);
    const uint32_t s1 = turned(w[i - 2], 17) ^ turned(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  memcpy(v, hash->state, sizeof v);
  for (i = 0; i < 64; ++i) {
    const uint32_t s1 = turned(v[4], 6) ^ turned(v[4], 11) ^ turned(v[4], 25);
    const uint32_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + rounds[i] + w[i];
    const uint32_t s0 = turned(v[0], 2) ^ turned(v[0], 13) ^ turned(v[0], 22);
    const uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof v[0]);
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (i = 0; i < 8; ++i) hash->state[i] += v[i];
  hash->fill = 0;
}

static void begin(struct sha256 *hash) {
  static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memset(hash, 0, sizeof *hash);
  memcpy(hash->state, start, sizeof start);
}
static void add(struct sha256 *hash, const void *bytes, size_t len) {
  size_t i;
  for (i = 0; i < len; ++i) {
    hash->block[hash->fill++] = ((const unsigned char *)bytes)[i];
    if (hash->fill == 64) compress(hash);
  }
  hash->length += len;
}
static void finish(struct sha256 *hash, unsigned char digest[32]) {
  const uint64_t bits = hash->length * 8;
  size_t i;
  add(hash, "\x80", 1);
  while (hash->fill != 56) add(hash, "", 1);
  for (i = 0; i < 8; ++i) hash->block[56 + i] = (unsigned char)(bits >> (56 - 8 * i));
  compress(hash);
  for (i = 0; i < 32; ++i) digest[i] = (unsigned char)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

void sms_hmac_sha256_hex(const char *secret, size_t secret_len, const char *bytes, size_t len, char hex[65]) {
  unsigned char key[64] = {0}, pad[64], digest[32];
  struct sha256 hash;
  size_t i;
  if (secret_len > sizeof key) {
    begin(&hash);
    add(&hash, secret, secret_len);
    finish(&hash, key);
  } else {
    memcpy(key, secret, secret_len);
  }
  begin(&hash);
  for (i = 0; i < 64; ++i) pad[i] = key[i] ^ 0x36;
  add(&hash, pad, 64);
  add(&hash, bytes, len);
  finish(&hash, digest);
  begin(&hash);
  for (i = 0; i < 64; ++i) pad[i] = key[i] ^ 0x5c;
  add(&hash, pad, 64);
  add(&hash, digest, 32);
  finish(&hash, digest);
  for (i = 0; i < 32; ++i) {
    hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
  }
  hex[64] = 0;
}
