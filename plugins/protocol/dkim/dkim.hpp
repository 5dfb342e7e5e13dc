// DKIM signatures (RFC 6376) with rsa-sha256 and ed25519-sha256 (RFC 8463), relaxed/relaxed, over the whole
// body (never l=: what is appended behind a signed length would pass for ours). Deterministic: the same
// message, time and keys give the same bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace relance::dkim {

/// RFC 8301 §3.2: a signer must not use less; verifiers take such a signature for none.
inline constexpr int kRsaBitsLeast{1024};
/// RFC 8301 §3.2: what a signer should use at least.
inline constexpr int kRsaBitsAdvised{2048};
/// Signatures on one mail: one a key type, twice while a key is replaced.
inline constexpr std::size_t kSignaturesMax{4};

enum class Algorithm : std::uint8_t { rsa_sha256, ed25519_sha256 };
std::string_view name_of(Algorithm algorithm);

class Key {
 public:
  /// A private key in PEM, RSA or Ed25519. Null when it is none, with the reason, which never holds the key.
  static std::shared_ptr<const Key> from_pem(std::string_view pem, std::string &fault);
  ~Key();
  Key(const Key &) = delete;
  Key &operator=(const Key &) = delete;

  [[nodiscard]] Algorithm algorithm() const;
  [[nodiscard]] int bits() const;
  /// The text of the DNS record (TXT at selector._domainkey.domain) for this key.
  [[nodiscard]] std::string dns_record() const;
  /// Of the canonical header; empty when OpenSSL fails.
  [[nodiscard]] std::string sign(std::string_view canonical) const;

 private:
  struct Impl;
  explicit Key(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct Signature {
  std::string domain;    ///< d=, in A-labels
  std::string selector;  ///< s=
  std::shared_ptr<const Key> key;
};

/// Empty, or why these cannot stand in a signature.
std::string signature_fault(const Signature &signature);

/// One DKIM-Signature field a signature, each with its CR LF, to stand before the message. Empty when a key
/// fails. `message`: CR LF everywhere.
std::string sign(std::string_view message, const std::vector<const Signature *> &signatures,
                 std::int64_t time_unix_s);

}  // namespace relance::dkim
