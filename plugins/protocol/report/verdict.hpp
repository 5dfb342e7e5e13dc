// From what a report says of one recipient to what that means: status, class, reply code, reason, and whether
// it is over.
#pragma once

#include "plugins/protocol/report/report.hpp"

#include <string_view>

namespace relance::report {

struct Evidence {
  std::string_view status_field;  ///< of the report, unparsed; may be empty
  std::string_view diagnostic;    ///< what was said about this recipient
  std::string_view
      words;  ///< the rest of the mail's words; weaker, and only when they concern this recipient
};

/// Fills everything but the addresses and the action, which must be set.
void judge(Recipient &recipient, const Evidence &evidence);

}  // namespace relance::report
