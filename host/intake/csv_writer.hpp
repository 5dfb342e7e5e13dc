// Cells as RFC 4180 wants them written: quoted only where they must be. For the reject file, and for what
// tests read back.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace relance::intake {

/// Appends the cell, in quotes where it holds the separator, a quote or an end of line.
void append_csv_cell(std::string &out, std::string_view cell, char separator, char quote = '"');

/// Appends a whole row and `newline`. A row of one empty cell is written as "", since an empty line is no
/// row.
void append_csv_row(std::string &out, std::span<const std::string> cells, char separator, char quote = '"',
                    std::string_view newline = "\r\n");

}  // namespace relance::intake
