// Texts of others, before they are set on paper: imported names may hold line breaks, control characters,
// megabytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace relance::render {

/// Blanks and control characters as single spaces, none at the ends; none of what without_turns() drops.
std::string one_line(std::string_view text);

/// Without the marks that turn the direction of all that follows them (U+202A to U+202E, U+2066 to U+2069): a
/// debtor's name that holds one would turn the amount behind it around.
/// @see Unicode Standard Annex 9, section 2; CVE-2021-42574
std::string without_turns(std::string text);

/// At most so many characters, never half of one. `text`: UTF-8.
std::string first_characters(std::string_view text, std::size_t count_max);

/// What empty lines part; line breaks inside a paragraph stay, but one ends it after some 8 KB: the time to
/// set a paragraph grows faster than its length. None is empty.
std::vector<std::string> paragraphs(std::string_view text);

}  // namespace relance::render
