// What a mail in the certified mailbox says of a message of ours, once its signature holds.
#pragma once

#include "plugins/lre/pec/settings.hpp"
#include "plugins/protocol/pec/meaning.hpp"
#include "plugins/protocol/pec/signature.hpp"

#include <relance/parsed.hpp>

namespace relance::lre::pec {

struct Understood {
  sdk::Parsed parsed;
  /// Of what is nothing to us: "pec_forged_mails", "pec_ordinary_mails", …; empty otherwise.
  std::string_view counted_as;
  std::string why;  ///< of a refusal
};

/// `at_ms`: when the mail came.
[[nodiscard]] Understood understand(std::string_view bytes, const Settings &settings,
                                    const relance::pec::Trust &trust, std::int64_t at_ms);

/// What receipts found for one message say of a send in doubt: the last word of the strongest. NOT_FOUND:
/// none of them is about it, which proves nothing yet.
[[nodiscard]] sdk::Outcome settle(const std::vector<sdk::Receipt> &receipts, std::string_view key);

}  // namespace relance::lre::pec
