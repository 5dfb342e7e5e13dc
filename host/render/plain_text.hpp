// Texts of others, before they are set on paper: imported names may hold line breaks, control characters,
// megabytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace relance::render {

/// Blanks and control characters as single spaces, none at the ends.
std::string one_line(std::string_view text);

/// At most so many characters, never half of one. `text`: UTF-8.
std::string first_characters(std::string_view text, std::size_t count_max);

/// What empty lines part; line breaks inside a paragraph stay. None is empty.
std::vector<std::string> paragraphs(std::string_view text);

}  // namespace relance::render
