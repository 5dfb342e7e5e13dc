// What sort of letter a mail is, told by its header: from a mail system, a machine that answers, a complaint
// desk.
#pragma once

#include "plugins/protocol/report/mail.hpp"

namespace relance::report {

/// Sent with an empty return path or by a mail system's own name.
bool comes_from_mail_system(const Mail &mail);

/// Its subject speaks of a delivery, and not as a reply or a forward.
bool subject_speaks_of_delivery(const Mail &mail);

/// RFC 3834 §5, and the signs that servers used before it.
bool is_auto_reply(const Mail &mail);

/// RFC 5965, or a complaint in one of the forms before it.
bool is_feedback(const Mail &mail);

}  // namespace relance::report
