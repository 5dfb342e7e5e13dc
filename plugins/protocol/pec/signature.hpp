// Whose signature a certified mail has. Any mail can be signed by somebody, and look like a provider's: only
// the authorities that the operator names are believed, and of what they certify only the named signers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::pec {

enum class Trouble : std::uint8_t {
  none,
  unsigned_mail,  ///< no signature, or none that can be read
  altered,        ///< the signature is not one of these bytes
  untrusted,      ///< no chain to a named authority that was valid then
  other_signer,   ///< a named authority's, but not one of the named signers
};
std::string_view name(Trouble trouble);

struct Judgement {
  Trouble trouble{Trouble::unsigned_mail};
  std::string signer{};  ///< address in the signer's certificate
  std::string detail{};  ///< for a log line
};

class Trust {
 public:
  /// `authorities`: certificates in PEM, roots or intermediates; `signers`: addresses as
  /// "posta-certificata@pec.example", or whole domains as "pec.example". Nothing, with the fault, where a
  /// chain could be built from none.
  static std::shared_ptr<const Trust> from(std::string_view authorities, std::vector<std::string> signers,
                                           std::string &fault);
  ~Trust();
  Trust(const Trust &) = delete;
  Trust &operator=(const Trust &) = delete;

  /// [any thread] `at_ms`: when the mail came; certificates have to be valid then. What was received in time
  /// stays genuine when it is read again years later.
  [[nodiscard]] Judgement judge(std::string_view signed_bytes, std::string_view signature,
                                std::int64_t at_ms) const;

 private:
  struct Impl;
  explicit Trust(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// What lies inside an opaque signature, unverified.
std::optional<std::string> content_of(std::string_view signature);

/// The certificates that came with a signature, in PEM: for looking at one.
std::string certificates_of(std::string_view signature);

}  // namespace relance::pec
