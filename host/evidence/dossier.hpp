// What lies in a container beside the documents themselves: the same facts for a program (JSON) and for a
// reader (HTML).
#pragma once

#include "host/store/evidence_records.hpp"

#include <string>

namespace relance::evidence {

struct Sender {
  std::string code, name;
};  ///< the creditor

/// "files/<hash>.pdf"
std::string entry_name(const store::EvidenceFile &file);

std::string summary_json(const store::InvoiceEvidence &evidence, const Sender &creditor);
std::string journal_json(const store::InvoiceEvidence &evidence);
std::string page_html(const store::InvoiceEvidence &evidence, const Sender &creditor, Instant made_at);

}  // namespace relance::evidence
