// What kind of mail it is, and what a receipt's type and error mean (DM 2 November 2005; RFC 6109 §3), named
// as ETSI EN 319 522-1 names events of registered delivery.
#pragma once

#include "plugins/protocol/pec/daticert.hpp"
#include "plugins/protocol/pec/mail.hpp"

#include <optional>
#include <string_view>

namespace relance::pec {

enum class Kind : std::uint8_t {
  ordinary,   ///< no certified mail, whatever it looks like
  receipt,    ///< about a mail of ours
  envelope,   ///< a certified mail of somebody to us (busta di trasporto)
  anomaly,    ///< an ordinary mail in a provider's wrapping (busta di anomalia)
  malformed,  ///< it says to be certified, and has nothing that says what of
};

enum class Event : std::uint8_t {
  unknown,
  accepted,     ///< accettazione
  refused,      ///< non-accettazione
  relayed,      ///< presa-in-carico
  delivered,    ///< avvenuta-consegna
  failed,       ///< errore-consegna, also called mancata consegna
  delayed,      ///< preavviso-errore-consegna, after twelve hours: more is to come
  virus,        ///< rilevazione-virus
  transported,  ///< posta-certificata
};

/// Whose fault a failure is.
enum class Fault : std::uint8_t { none, address, virus, passing };

struct Reading {
  Kind kind{Kind::ordinary};
  std::optional<Daticert> certified;  ///< of receipts and envelopes
};

/// By the header's claim and the document; believe it only of a mail whose signature holds.
[[nodiscard]] Reading read(const Mail &mail);

[[nodiscard]] Event event_of(const Daticert &certified);
/// Whether anything may follow: a delay notice is no end, but where the far domain answers nobody (5.4.1).
[[nodiscard]] bool is_final(const Daticert &certified);
[[nodiscard]] Fault fault_of(const Daticert &certified);
/// "ContentConsignment"; empty where EN 319 522 has no event for it.
[[nodiscard]] std::string_view etsi_name(const Daticert &certified);

/// "X-Ricevuta" and the like, in lower case; empty: not there.
[[nodiscard]] std::string claim(const Mail &mail, std::string_view field);

}  // namespace relance::pec
