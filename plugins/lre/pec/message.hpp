// A reminder as a certified mail: an ordinary one from our certified address, as the provider makes the rest.
#pragma once

#include "plugins/lre/pec/settings.hpp"
#include "plugins/protocol/mime/mime.hpp"
#include "plugins/protocol/smtp/envelope.hpp"

#include <relance/message.hpp>

namespace relance::lre::pec {

/// What does not fit, before anything leaves; empty paths and messages where it does.
[[nodiscard]] std::vector<sdk::Quote::Issue> faults_of(const sdk::Message &message, const Settings &settings);

/// The same message gives the same bytes.
[[nodiscard]] mime::Result<smtp::Submission> make_submission(const sdk::Message &message, std::uint64_t id,
                                                             const Settings &settings);

}  // namespace relance::lre::pec
