// A PEC provider: an authority and a signer of its own, made anew for each run, and the receipts that it
// writes. Also those of one who only pretends to be one.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace relance::test {

struct PecReceipt {
  std::string type{"avvenuta-consegna"}, error{"nessuno"};
  std::string sender{"bounces@creditor.example"};
  std::string recipient{"amministrazione@pec.debitore.example"}, recipient_type{"certificato"};
  std::string subject{"Sollecito F-2026-017"};
  std::string
      message_id{};  ///< with its brackets, as it stands in daticert.xml and the header; empty: in neither
  std::string extended_error{};
  std::string original{};    ///< postacert.eml; empty: none
  std::string claims{};      ///< X-Ricevuta where it is another than the type; "-": none
  std::string claimed_id{};  ///< X-Riferimento-Message-ID where it is another
  std::string document{};    ///< daticert.xml in place of the one made of the above
};

class PecProvider {
 public:
  /// `domain`: of posta-certificata@domain, its signer.
  explicit PecProvider(std::string domain);
  ~PecProvider();
  PecProvider(const PecProvider &) = delete;
  PecProvider &operator=(const PecProvider &) = delete;

  [[nodiscard]] const std::string &authority() const { return authority_pem_; }
  [[nodiscard]] const std::string &domain() const { return domain_; }
  /// A whole mail with CR LF, signed.
  [[nodiscard]] std::string mail(const PecReceipt &receipt) const;
  /// The same, signed by somebody else whom the same authority certified.
  [[nodiscard]] std::string mail_by(const std::string &address, const PecReceipt &receipt) const;
  /// The same without a signature.
  [[nodiscard]] std::string unsigned_mail(const PecReceipt &receipt) const;
  /// Somebody's certified mail to us, with this message inside.
  [[nodiscard]] std::string envelope(const std::string &message, const std::string &from) const;

 private:
  struct Keys;
  [[nodiscard]] std::string signed_mail(const std::string &header, const std::string &entity,
                                        const Keys &by) const;
  std::string domain_, authority_pem_;
  std::unique_ptr<Keys> authority_, signer_;
};

/// The first bytes `from` replaced by `to`, of the same length.
std::string with(std::string text, std::string_view from, std::string_view to);
std::string base64(std::string_view bytes);

}  // namespace relance::test
