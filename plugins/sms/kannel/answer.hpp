// What Kannel's answer to a sendsms says of the message.
#pragma once

#include <relance/http.hpp>

namespace relance::sms::kannel {

/// ACCEPTED, REJECTED and NOT_SENT only where Kannel's own words say so: a status that something else on the
/// way may have given, a 202 with a page in it, a 500 are UNKNOWN.
[[nodiscard]] sdk::Outcome read_answer(const sdk::HttpReply &reply);

}  // namespace relance::sms::kannel
