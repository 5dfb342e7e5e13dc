// What the SMTP client, or the builder of mails, decided, in the words of the contract.
#pragma once

#include "plugins/protocol/mime/mime.hpp"
#include "plugins/protocol/smtp/outcome.hpp"

#include <relance/pending.hpp>

namespace relance::submission {

sdk::Outcome to_outcome(const smtp::Outcome &outcome);
/// A mail that cannot be built: the address's fault or the sender's.
sdk::Outcome to_outcome(const mime::Refusal &refusal);

/// Why a server refuses, from its codes and, where it gives no enhanced status, from its words.
sdk::FailureClass failure_of(smtp::Stage stage, const smtp::Reply &reply);

}  // namespace relance::submission
