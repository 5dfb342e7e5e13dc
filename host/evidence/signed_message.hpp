// Reading what somebody signed (CMS): whether the signature is that of the bytes, who signed, and whether a
// trusted certificate vouches for it. The signature of a container and the token of a time-stamping authority
// are both such.
// @see RFC 5652; ETSI EN 319 122-1 (CAdES); RFC 5035 (signing certificate)
#pragma once

#include "host/base/result.hpp"
#include "host/base/sha256.hpp"
#include "host/base/time.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::evidence {

/// PEM texts; any number of certificates or lists in each.
struct Trust {
  std::string certificates;  ///< in whose name anything is believed; empty: in nobody's
  std::string revoked;       ///< revocation lists; given any, each issuer must have one
};

enum class SignerRole : std::uint8_t { creditor, time_stamper };

class SignedMessage {
 public:
  /// `beside`: the signed bytes, when they are not inside. An error when the signature is not that of the
  /// bytes, or names another certificate than the one that it came with. Says nothing yet of who that is.
  static Result<SignedMessage> read(std::string_view der, std::optional<std::string_view> beside);
  SignedMessage(SignedMessage &&) noexcept;
  SignedMessage &operator=(SignedMessage &&) noexcept;
  ~SignedMessage();

  /// What lay inside.
  [[nodiscard]] const std::string &content() const;
  /// Whether that is what a time-stamping authority says (TSTInfo).
  [[nodiscard]] bool is_time_stamp() const;
  /// The signature's own bytes: what a time-stamp of it is over.
  [[nodiscard]] std::string_view signature() const;
  /// The RFC 3161 token that it carries; empty without one.
  [[nodiscard]] const std::string &token() const;
  /// The certificate's subject, as RFC 4514 writes it.
  [[nodiscard]] const std::string &signer() const;
  /// Of all certificates that it carries.
  [[nodiscard]] std::vector<Sha256> certificates() const;

  /// Whether a trusted certificate vouches for the signer, in this role and at that moment; the error says
  /// why not. Also refused when it carries a certificate that has no part in that: nothing would notice if it
  /// were changed.
  [[nodiscard]] Result<void> check_signer(SignerRole role, const Trust &trust, Instant when) const;
  /// Whether nothing stands in it that no signature covers, but a time-stamp where it may carry one: no
  /// revocation list, no other unsigned attribute.
  [[nodiscard]] bool is_bare() const;
  /// DER, with only those certificates that have a part in it, and bare.
  [[nodiscard]] Result<std::string> without_idle_certificates(SignerRole role, const Trust &trust,
                                                              Instant when) const;

 private:
  struct Parts;
  struct Chain;
  [[nodiscard]] Result<Chain> chain_of(SignerRole role, const Trust &trust, Instant when) const;
  explicit SignedMessage(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// Whether the message is in the one encoding that DER allows, as this program writes it: others say the same
/// in other bytes.
bool is_distinguished(std::string_view der);

}  // namespace relance::evidence
