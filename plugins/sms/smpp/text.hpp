// A text on the wire and back: a prepared message as the bodies of its submit_sm, one a part, and the octets
// of an incoming text as UTF-8.
#pragma once

#include "plugins/protocol/gsm/gsm.hpp"
#include "plugins/protocol/smpp/body.hpp"
#include "plugins/sms/quotation.hpp"
#include "plugins/sms/smpp/settings.hpp"

#include <relance/message.hpp>

#include <string>
#include <vector>

namespace relance::sms::smpp {

/// The same message always gives the same octets.
std::vector<std::string> to_bodies(const sdk::Message &message, const Prepared &prepared,
                                   const Settings &settings);

/// The sender as an address of the wire; its digits are the sender's text.
protocol::Address source_of(const SenderId &sender, const Settings &settings);

/// "YYMMDDhhmmsst00+": absolute, in UTC. @see SMPP v3.4 §7.1.1
std::string to_absolute_time(std::int64_t unix_ms);

/// A text that came in, and which part of a longer one it is.
struct Incoming {
  std::string text{};  ///< UTF-8
  gsm::Concatenation part{0, 1, 1};
};
Incoming read_incoming(const protocol::ShortMessage &message, Alphabet alphabet);

}  // namespace relance::sms::smpp
