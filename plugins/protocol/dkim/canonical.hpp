// The "relaxed" form of a mail (RFC 6376 §3.4): what relays may do to blanks and folds on the way leaves it
// as it is, so a signature over it survives them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace relance::dkim {

/// One field as it stands in the message, its folds included, without the last CR LF.
struct RawField {
  std::string_view name;
  std::string_view value;  ///< behind the colon
};

struct SplitMessage {
  std::vector<RawField> fields;  ///< from the top
  std::string_view body;
};
/// CR LF everywhere. A line that is neither a field nor the continuation of one ends the header.
SplitMessage split(std::string_view message);

/// "name:value" in the relaxed form, without CR LF.
std::string relaxed_field(std::string_view name, std::string_view value);
/// The relaxed form of a body; empty for one of empty lines only.
std::string relaxed_body(std::string_view body);

bool same_name(std::string_view left, std::string_view right);

}  // namespace relance::dkim
