/* HMAC with SHA-256 (RFC 2104, FIPS 180-4), in hexadecimal digits. */
#ifndef SMS_SHA256_H
#define SMS_SHA256_H
#include <stddef.h>

void sms_hmac_sha256_hex(const char *secret, size_t secret_len, const char *bytes, size_t len, char hex[65]);

#endif
