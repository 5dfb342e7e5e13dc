// The creditor's key: signs a container's manifest.
#pragma once

#include "host/evidence/signed_message.hpp"

namespace relance::evidence {

/// Either PEM texts, the certificate before those that vouch for it, or a PKCS #12 file's bytes.
struct SigningKey {
  std::string certificate, key;
  std::string pkcs12, password;
};

class Signer {
 public:
  /// Refused when the key is not the certificate's, or the certificate is not one to sign with at this
  /// moment.
  static Result<Signer> open(const SigningKey &key, Instant now);
  Signer(Signer &&) noexcept;
  Signer &operator=(Signer &&) noexcept;
  ~Signer();

  [[nodiscard]] const std::string &name() const;
  /// Of the certificates that every signature carries.
  [[nodiscard]] std::vector<Sha256> certificates() const;
  /// CAdES over bytes that stay beside it, DER.
  [[nodiscard]] Result<std::string> sign(std::string_view bytes) const;

 private:
  struct Parts;
  explicit Signer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// The signature with a time-stamp's token in it, which must be over its signature().
Result<std::string> with_token(std::string_view signature, std::string_view token);

}  // namespace relance::evidence
