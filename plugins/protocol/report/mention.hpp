// Which addresses the words of a bounce name as its recipients, and what they say about each. Works on the
// structure that such mails share (an address at the start of a line, a quoted SMTP dialog, a label, a
// sentence that announces the failure), not on one server's template.
#pragma once

#include "plugins/protocol/report/bounce_text.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace relance::report {

struct Mention {
  std::string address;
  std::string words;             ///< what stands around its mentions
  std::string original_address;  ///< what the sender wrote, where the words tell both
};

/// `own` are addresses of the sender's side: named often, never the recipient unless a line says so. `domain`
/// is that of the server, for names without one.
std::vector<Mention> find_mentions(const BounceText &text, const std::vector<std::string> &own,
                                   std::string_view domain);

/// Only those that a line states without doubt.
std::vector<Mention> find_stated(const BounceText &text, const std::vector<std::string> &own);

/// What the text says around this address.
std::string words_about(const BounceText &text, std::string_view address);

}  // namespace relance::report
