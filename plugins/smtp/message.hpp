// From the contract's message to the bytes and the envelope of a mail.
#pragma once

#include "plugins/protocol/mime/mime.hpp"
#include "plugins/protocol/smtp/envelope.hpp"
#include "plugins/smtp/settings.hpp"

#include <relance/plugin.h>

namespace relance::smtp_channel {

/// Everything comes from the message itself, so that a repeated attempt has the same bytes.
mime::Result<smtp::Submission> make_submission(const relance_message &message, const Settings &settings);

}  // namespace relance::smtp_channel
