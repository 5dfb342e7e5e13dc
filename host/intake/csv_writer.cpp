#include "host/intake/csv_writer.hpp"

#include <array>

namespace relance::intake {

void append_csv_cell(std::string &out, std::string_view cell, char separator, char quote) {
  const std::array<char, 4> special{separator, quote, '\r', '\n'};
  if (cell.find_first_of(std::string_view(special.data(), special.size())) == std::string_view::npos) {
    out += cell;
    return;
  }
  out += quote;
  for (const char c : cell) {
    if (c == quote) out += quote;
    out += c;
  }
  out += quote;
}

void append_csv_row(std::string &out, std::span<const std::string> cells, char separator, char quote,
                    std::string_view newline) {
  const std::size_t start = out.size();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += separator;
    append_csv_cell(out, cells[i], separator, quote);
  }
  if (out.size() == start) out.append(2, quote);
  out += newline;
}

}  // namespace relance::intake
