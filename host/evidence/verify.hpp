// Whether a container is what was exported, and who vouches for it: offline, from the file alone.
#pragma once

#include "host/evidence/signed_message.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace relance::evidence {

enum class Finding : std::uint8_t {
  right,
  open,  ///< nothing is wrong with it, but nobody who is trusted says that it is right
  wrong,
};
std::string_view name_of(Finding finding);

struct Check {
  std::string subject;  ///< "container", "documents", "signature", …
  Finding finding{Finding::right};
  std::string words;
};

struct Verification {
  std::vector<Check> checks;
  std::string creditor, invoice, made_at, signed_by;  ///< as the container says
  /// The worst of all checks.
  [[nodiscard]] Finding finding() const;
};

/// `file` is all of the container. Never throws: what cannot be read is wrong.
Verification verify(std::string_view file, const Trust &trust, Instant now);

}  // namespace relance::evidence
