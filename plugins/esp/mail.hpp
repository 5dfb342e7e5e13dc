// What a mail has for the templates of a provider's interface.
#pragma once

#include "plugins/protocol/gateway/template.hpp"

#include <relance/message.hpp>

#include <string>

namespace relance::esp {

struct Mail {
  gateway::Variables variables;
  gateway::Lists lists;
  std::string refused_because;  ///< it can go to nobody: what is wrong with its addresses or headers
};

/// `with_mime`: the description takes the whole mail in one piece ({mime}).
Mail to_mail(const sdk::Message &message, std::string_view default_from, std::string_view message_id_domain,
             std::string_view webhook_url, bool with_mime);

const gateway::Known &known_of_mail();

}  // namespace relance::esp
