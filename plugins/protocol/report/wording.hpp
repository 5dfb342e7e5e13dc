// What servers write when they do not write a code: families of wording and what each means by RFC 3463.
#pragma once

#include "plugins/protocol/report/report.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace relance::report {

struct Meaning {
  Reason reason{Reason::unknown};
  std::string_view status;  ///< "5.1.1"; "x.4.1" when the class depends on whether attempts go on
  bool is_vague{false};     ///< fits several causes: a precise status says more
};

/// Text as the table below compares it: lower case, white space squeezed, typographic quotes made plain.
std::string normalised(std::string_view text);

/// The same without addresses and links, whose names say nothing about the cause.
std::string spoken_words(std::string_view text);

/// Does the text hold one of the wordings, which are written as in wording_table.hpp?
bool holds_any(std::string_view text, std::string_view wordings);

/// All functions below take normalised text.
std::optional<Meaning> meaning_of(std::string_view text);
bool announces_failure(
    std::string_view text);  ///< "could not be delivered", in the languages of the big servers
bool announces_delay(std::string_view text);    ///< attempts go on
bool announces_success(std::string_view text);  ///< it arrived, or went on to a server that does not report
bool says_given_up(std::string_view text);      ///< attempts are over, although a delay was spoken of
bool is_challenge(
    std::string_view text);  ///< the recipient's filter wants the sender to prove he is a person
bool begins_returned_message(std::string_view line);

/// What RFC 3463 says about a status, for reports without a word of explanation.
Reason reason_of_status(std::string_view status);
std::string_view status_of_reason(Reason reason);

}  // namespace relance::report
