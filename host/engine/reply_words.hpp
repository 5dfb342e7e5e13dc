// What a person reads of a reply that a channel understood.
#pragma once

#include "host/channel/provider.hpp"

#include <string>

namespace relance::engine {

/// The reply's own text behind a line that says what it means, where its kind or fields say so. Only a person
/// makes a promise or a dispute of it: a machine's reading of somebody's words decides nothing.
std::string words_of(const channel::Reply &reply);

}  // namespace relance::engine
