// Mails for the report tests, written here and short; their shapes are those of the servers that the test
// cases name.
#pragma once

#include <string>
#include <string_view>

namespace relance::report {

/// A delivery report by RFC 3464 with these fields as its second part.
std::string delivery_report(const std::string &fields, const std::string &type = "message/delivery-status");

/// A mail of one text part.
std::string letter(const std::string &header, const std::string &text);

/// What mail systems put above their words, then the words, then the header of the message they return.
std::string bounce(const std::string &words);

std::string with_cr(std::string text);

}  // namespace relance::report
