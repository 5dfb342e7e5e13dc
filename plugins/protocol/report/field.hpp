// "Name: value" lines as RFC 5322 headers, RFC 3464 and RFC 5965 reports write them: folded lines, comments,
// typed values, xtext. Lenient in reading, because the servers that write reports are.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace relance::report {

struct Field {
  std::string name;   ///< lower case
  std::string value;  ///< unfolded, trimmed
};
using Fields = std::vector<Field>;

/// The first field of that (lower case) name; empty when there is none.
std::string_view value_of(const Fields &fields, std::string_view name);
bool has(const Fields &fields, std::string_view name);

/// One group: every field line of `text`; lines that are no field and continue none are skipped.
Fields parse_fields(std::string_view text, std::size_t fields_max);

/// The header of a message: fields up to the first empty line.
Fields parse_header(std::string_view text, std::size_t fields_max);

/// Groups separated by empty lines (RFC 3464 §2.1); a field that may stand once in a group begins another
/// one.
std::vector<Fields> parse_groups(std::string_view text, std::size_t groups_max);

/// "Final-Recipient" for "Final-Recipient: rfc822; …"; empty when the line is no field.
std::string_view field_name(std::string_view line);

/// RFC 5322 comments outside quoted strings taken away.
std::string without_comments(std::string_view value);

/// "rfc822; a@example.org" → {"rfc822", "a@example.org"}; the type is empty when it is missing.
struct TypedValue {
  std::string type;
  std::string value;
};
TypedValue typed_value(std::string_view value);

/// RFC 3461 §4: "+2B" → "+".
std::string decode_xtext(std::string_view text);
/// RFC 6533 §3: "\x{e9}" → "é".
std::string decode_utf8_address(std::string_view text);

}  // namespace relance::report
