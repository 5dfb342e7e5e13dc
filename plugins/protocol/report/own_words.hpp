// What a person wrote in an answer, without the message that their program quoted below, above or between.
// Where it is not certain what is quoted, words stay: a person reads them.
#pragma once

#include <string>
#include <string_view>

namespace relance::report {

/// UTF-8, LF. Nothing but quoted text: all of it as it was.
std::string own_words(std::string_view text);

/// The whole answer is the wish to get no more of this: its first line is one such word and nothing else.
bool says_stop(std::string_view own_words);

}  // namespace relance::report
