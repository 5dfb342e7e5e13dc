// What sort of letter a mail is, told by its header: from a mail system, a machine that answers, a complaint
// desk.
#pragma once

#include "plugins/protocol/report/mail.hpp"

namespace relance::report {

/// Its From field is empty or names a mail system.
bool is_signed_by_mail_system(const Mail &mail);

/// The same, or sent with an empty return path, as machines that answer do too.
bool comes_from_mail_system(const Mail &mail);

/// Its subject speaks of a delivery, and not as a reply or a forward.
bool subject_speaks_of_delivery(const Mail &mail);

/// The same, whatever stands before it ("Re: your message: not delivered").
bool subject_holds_delivery_words(const Mail &mail);

/// Says itself that no person wrote it, or carries the message that it returns.
bool is_made_by_machine(const Mail &mail);

/// Nobody wrote it as an answer, although it does not call itself one: the note that a ticket system or a
/// form sends, mail from an address that takes none. A discussion list is no sign, people's shared mailboxes
/// are lists.
bool is_sent_by_machine(const Mail &mail);

/// RFC 3834 §5, and the signs that servers used before it.
bool is_auto_reply(const Mail &mail);

/// RFC 5965, or a complaint in one of the forms before it.
bool is_feedback(const Mail &mail);

}  // namespace relance::report
