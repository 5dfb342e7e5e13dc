// The words of a bounce in plain words, told apart from the message that it returns: by the markers that
// servers write above it, and by what a message's header looks like.
#pragma once

#include "plugins/protocol/report/address.hpp"
#include "plugins/protocol/report/mail.hpp"

#include <string>
#include <vector>

namespace relance::report {

struct BounceText {
  std::vector<std::string> lines;                    ///< before the returned message
  std::vector<std::vector<FoundAddress>> addresses;  ///< of each line
  std::string words;                                 ///< the lines, joined
  Fields returned;                                   ///< header of a message returned inside the text
};

BounceText read_bounce_text(const Mail &mail);

}  // namespace relance::report
