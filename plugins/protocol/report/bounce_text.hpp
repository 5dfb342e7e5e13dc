// A bounce in plain words: which addresses it names as its recipients, and what it says about each. Works on
// the structure that such mails share (an address at the start of a line, a quoted SMTP dialog, a label, a
// sentence that announces the failure), not on one server's template.
#pragma once

#include "plugins/protocol/report/mail.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace relance::report {

struct Mention {
  std::string address;
  std::string words;             ///< what stands around its mentions
  std::string original_address;  ///< what the sender wrote, where the report tells both
};

struct BounceText {
  std::vector<std::string> lines;  ///< before the returned message
  std::string words;               ///< the same, joined
  Fields returned;                 ///< header of a message returned inside the text
};

/// The words of the mail's text parts, without the message they return.
BounceText read_bounce_text(const Mail &mail);

/// `own` are addresses of the sender's side: named often, never the recipient unless a line says so.
std::vector<Mention> find_mentions(const BounceText &text, const std::vector<std::string> &own,
                                   std::string_view domain);

/// Only those that a line states without doubt.
std::vector<Mention> find_stated(const BounceText &text, const std::vector<std::string> &own);

/// What the text says around this address.
std::string words_about(const BounceText &text, std::string_view address);

}  // namespace relance::report
