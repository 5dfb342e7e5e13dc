// daticert.xml, the part of a certified mail in which its provider says what happened. Real ones lack
// elements and now and then escape nothing, so no DTD is enforced; one that is brought along is refused, as
// is whatever is larger or deeper than any provider writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::pec {

/// A message goes to at most some hundreds of recipients, each an element of about 80 bytes.
inline constexpr std::size_t kDaticertBytesMax{256U << 10};
inline constexpr std::size_t kDaticertElementsMax{4096};
/// postacert/dati/data/giorno is four deep; an address written without escapes looks like one more.
inline constexpr std::size_t kDaticertDepthMax{8};

struct Recipient {
  std::string address;
  std::string type;  ///< "certificato", or "esterno": an ordinary mailbox, which gives no receipt
};

/// @see RFC 6109 §4.4. Text as it stands there, trimmed; empty where an element is missing.
struct Daticert {
  std::string type;   ///< postacert/@tipo, lower case: "avvenuta-consegna"
  std::string error;  ///< postacert/@errore: "nessuno", "no-dest", "no-dominio", "virus", "altro"
  std::string sender;
  std::vector<Recipient> recipients;
  std::string subject;
  std::string provider;
  std::optional<std::int64_t> time_ms;  ///< Unix time; none where day, hour or zone is missing
  std::string identifier;               ///< the provider's own
  std::string message_id;               ///< of the mail that it is about, with its brackets
  std::string receipt_detail;           ///< "completa", "breve", "sintetica"
  std::string delivery;                 ///< the address that this receipt is of
  std::string extended_error;
};

/// Nothing for what is no daticert.xml, or none that may be looked at.
[[nodiscard]] std::optional<Daticert> read_daticert(std::string_view xml);

}  // namespace relance::pec
