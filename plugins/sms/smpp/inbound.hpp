// What the bytes of a deliver_sm or data_sm mean, as they were stored: a receipt of the message centre, or
// the words of a person. Pure but for what an id in a receipt means, which the ids given so far decide.
#pragma once

#include "plugins/protocol/smpp/message_id.hpp"
#include "plugins/sms/smpp/settings.hpp"
#include "plugins/sms/smpp/text.hpp"

#include <relance/parsed.hpp>

namespace relance::sms::smpp {

struct Meaning {
  sdk::Parsed parsed{};
  /// Of a text in parts, whose reply is only one of them.
  gsm::Concatenation part{0, 1, 1};
};
Meaning read_inbound(std::string_view pdu, const Settings &settings, protocol::MessageIds &ids);

}  // namespace relance::sms::smpp
