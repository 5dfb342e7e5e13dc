// What a mail at the bounce mailbox means for messages of ours: receipts, or a reply from the debtor.
#pragma once

#include "plugins/smtp/settings.hpp"

#include <relance/parsed.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace relance::smtp_channel {

struct Meaning {
  std::vector<sdk::Receipt> receipts;
  std::vector<sdk::Reply> replies;
  std::string unreadable_because;  ///< set: neither of the above
};

Meaning read_mail(std::string_view bytes, const Settings &settings);

}  // namespace relance::smtp_channel
