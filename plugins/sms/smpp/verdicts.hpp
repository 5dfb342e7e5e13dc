// From the wire's words to the host's: how a message ended, and what a receipt says of it.
#pragma once

#include "plugins/protocol/smpp/client.hpp"
#include "plugins/protocol/smpp/receipt.hpp"
#include "plugins/sms/smpp/settings.hpp"

#include <relance/outcome.hpp>
#include <relance/parsed.hpp>

namespace relance::sms::smpp {

sdk::Outcome to_outcome(protocol::Outcome outcome);

/// Without its reference. Nothing: it names no state.
std::optional<sdk::Receipt> to_receipt(const protocol::Report &report, const Settings &settings);

}  // namespace relance::sms::smpp
