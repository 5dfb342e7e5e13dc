#include "plugins/protocol/pec/meaning.hpp"

#include "plugins/protocol/report/ascii.hpp"

#include <algorithm>
#include <array>

namespace relance::pec {
namespace {

bool has_word(std::string_view text, std::string_view word) {
  for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    const bool begins{at == 0 || !(report::is_alnum(text[at - 1]) || text[at - 1] == '.')};
    const auto end = at + word.size();
    const bool ends{end == text.size() || !(report::is_alnum(text[end]))};
    if (begins && ends) return true;
  }
  return false;
}

/// The far domain has answered nobody in all that time: the notice after twelve hours is then the last word.
bool has_no_answering_host(const Daticert &certified) {
  return has_word(certified.extended_error, "5.4.1");
}

}  // namespace

std::string claim(const Mail &mail, std::string_view field) {
  return report::lower(report::trim(report::value_of(mail.header, field)));
}

Event event_of(const Daticert &certified) {
  const std::string_view type{certified.type};
  // Providers append to the names ("non-accettazione-virus"); the longer name stands before its tail.
  static constexpr std::array<std::pair<std::string_view, Event>, 9> kTypes{
      {{"non-accettazione", Event::refused},
       {"accettazione", Event::accepted},
       {"presa-in-carico", Event::relayed},
       {"avvenuta-consegna", Event::delivered},
       {"preavviso", Event::delayed},
       {"errore-consegna", Event::failed},
       {"mancata-consegna", Event::failed},
       {"rilevazione-virus", Event::virus},
       {"posta-certificata", Event::transported}}};
  for (const auto &[word, event] : kTypes)
    if (type.starts_with(word)) return event;
  return Event::unknown;
}

bool is_final(const Daticert &certified) {
  switch (event_of(certified)) {
    case Event::refused:
    case Event::delivered:
    case Event::failed:
    case Event::virus:
      return true;
    case Event::delayed:
      return has_no_answering_host(certified);
    default:
      return false;
  }
}

Fault fault_of(const Daticert &certified) {
  const auto event = event_of(certified);
  const bool is_fault{event == Event::refused || event == Event::failed || event == Event::virus ||
                      event == Event::delayed};
  if (!is_fault) return Fault::none;
  const auto &error = certified.error;
  if (event == Event::virus || error == "virus" || certified.type.ends_with("virus")) return Fault::virus;
  if (error == "no-dest" || error == "no-dominio") return Fault::address;
  // RFC 3463: no such mailbox, system or syntax; moved away; disabled.
  for (const std::string_view code : {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
    if (has_word(certified.extended_error, code)) return Fault::address;
  return Fault::passing;
}

std::string_view etsi_name(const Daticert &certified) {
  switch (event_of(certified)) {
    case Event::accepted:
      return "SubmissionAcceptance";
    case Event::refused:
      return "SubmissionRejection";
    case Event::relayed:
      return "RelayAcceptance";
    case Event::delivered:
      return "ContentConsignment";
    case Event::failed:
      return certified.error == "no-dominio" ? "RelayFailure" : "ContentConsignmentFailure";
    case Event::virus:
      return "RelayRejection";
    case Event::delayed:
      return is_final(certified) ? "RelayFailure" : "";
    default:
      return "";
  }
}

Reading read(const Mail &mail) {
  const auto receipt = claim(mail, "x-ricevuta"), transport = claim(mail, "x-trasporto");
  if (transport == "errore") return {Kind::anomaly, {}};
  if (receipt.empty() && transport != "posta-certificata") return {};
  const auto *document = mail.find("daticert.xml");
  auto certified = document == nullptr ? std::nullopt : read_daticert(document->bytes);
  if (!certified) return {Kind::malformed, {}};
  // The document's word counts: the header of a mail is anybody's.
  const auto kind = event_of(*certified) == Event::transported ? Kind::envelope : Kind::receipt;
  return {kind, std::move(certified)};
}

}  // namespace relance::pec
