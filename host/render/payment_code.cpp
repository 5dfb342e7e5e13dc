// The fields of EPC069-12, and libqrencode.
#include "host/render/payment_code.hpp"

#include "host/render/plain_text.hpp"

#include <memory>
#include <qrencode.h>

namespace relance::render {

namespace {

constexpr std::int64_t kCentsMax{99'999'999'999};
constexpr std::size_t kPayeeNameMax{70}, kRemittanceMax{140};  // characters
constexpr int kVersionMax{13};                                 // the standard's limit of the symbol
constexpr std::size_t kBytesMax{331};                          // and of what it holds

/// A creditor reference is handed on by banks as one, not as words.
/// @see ISO 11649
bool is_creditor_reference(std::string_view text) {
  if (text.size() < 5 || text.size() > 25 || !text.starts_with("RF")) return false;
  const std::string rearranged{std::string{text.substr(4)} + std::string{text.substr(0, 4)}};
  unsigned remainder{0};
  for (const char c : rearranged) {
    if (c >= '0' && c <= '9')
      remainder = (remainder * 10 + static_cast<unsigned>(c - '0')) % 97;
    else if (c >= 'A' && c <= 'Z')
      remainder = (remainder * 100 + static_cast<unsigned>(c - 'A') + 10) % 97;
    else
      return false;
  }
  return remainder == 1;
}

}  // namespace

std::optional<std::string> payment_lines(const config::BankAccount &account, domain::Money amount,
                                         std::string_view reference) {
  if (amount.currency.code() != "EUR" || account.iban.empty() || account.name.empty()) return std::nullopt;
  if (amount.minor < 1 || amount.minor > kCentsMax) return std::nullopt;
  const auto words = one_line(std::string{reference});
  // One that was cut to fit would pay another invoice, or none.
  if (first_characters(words, kRemittanceMax) != words) return std::nullopt;
  const bool is_structured{is_creditor_reference(words)};
  std::string lines{"BCD\n002\n1\nSCT\n"};
  lines += account.bic + '\n' + first_characters(one_line(account.name), kPayeeNameMax) + '\n' +
           account.iban + '\n';
  lines += "EUR" + domain::format_amount(amount) + "\n\n";  // no purpose
  lines += is_structured ? words : '\n' + words;
  while (lines.ends_with('\n')) lines.pop_back();  // what is empty at the end is left out
  if (lines.size() > kBytesMax) return std::nullopt;
  return lines;
}

Result<QrCode> qr_code(std::string_view text) {
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> made{
      QRcode_encodeData(static_cast<int>(text.size()), reinterpret_cast<const unsigned char *>(text.data()),
                        0, QR_ECLEVEL_M),
      QRcode_free};
  if (!made || made->version > kVersionMax) return invalid("the payment's QR code would hold too much");
  QrCode code;
  code.size = static_cast<std::uint32_t>(made->width);
  code.modules.resize(std::size_t{code.size} * code.size);
  for (std::size_t i{0}; i < code.modules.size(); ++i) code.modules[i] = (made->data[i] & 1U) != 0;
  return code;
}

}  // namespace relance::render
