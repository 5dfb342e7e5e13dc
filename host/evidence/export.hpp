// One invoice's evidence into one file that proves itself: documents, summary, journal; their manifest; the
// creditor's signature over it; an authority's time-stamp over that.
#pragma once

#include "host/evidence/signer.hpp"
#include "host/store/store.hpp"

#include <functional>

namespace relance::evidence {

struct ExportOrder {
  store::CreditorId creditor{0};
  std::string creditor_code, creditor_name, invoice, program;
  const Signer *signer{nullptr};  ///< none: nobody signs
  /// A token over bytes of this hash. Empty: no time-stamp is wanted.
  std::function<Result<std::string>(const Sha256 &)> stamp{};
  bool goes_on_without_stamp{false};
};

struct Exported {
  std::uint64_t bytes{0}, files{0};
  bool is_signed{false}, is_stamped{false};
  std::string warning;  ///< why it has no time-stamp although one is wanted
};

/// Writes into `file`, which is empty and can be cut. One document is in memory at a time. May wait for the
/// network.
Result<Exported> export_invoice(store::Reader &reader, const ExportOrder &order, int file);

}  // namespace relance::evidence
