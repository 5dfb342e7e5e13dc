#include "plugins/postal/sftp/table.hpp"

namespace relance::postal::sftp {

std::vector<Row> read_table(std::string_view text, char delimiter) {
  constexpr std::string_view kByteOrderMark{"\xEF\xBB\xBF"};
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<Row> rows;
  Row row;
  std::string field;
  bool is_quoted{false}, has_something{false};
  const auto end_row = [&] {
    row.push_back(std::move(field));
    field.clear();
    if (has_something) rows.push_back(std::move(row));
    row.clear();
    has_something = false;
  };
  for (std::size_t i{0}; i < text.size(); ++i) {
    const char c{text[i]};
    if (is_quoted) {
      if (c != '"')
        field += c;
      else if (i + 1 < text.size() && text[i + 1] == '"')
        field += text[++i];
      else
        is_quoted = false;
    } else if (c == '"' && field.empty()) {
      is_quoted = has_something = true;
    } else if (c == delimiter) {
      row.push_back(std::move(field));
      field.clear();
      has_something = true;
    } else if (c == '\n') {
      end_row();
    } else if (c != '\r' || (i + 1 < text.size() && text[i + 1] != '\n')) {
      field += c;
      has_something = true;
    }
  }
  end_row();
  return rows;
}

std::string table_line(const Row &fields, char delimiter) {
  std::string line;
  for (std::size_t i{0}; i < fields.size(); ++i) {
    if (i != 0) line += delimiter;
    const auto &field = fields[i];
    if (field.find_first_of(std::string{"\"\r\n"} + delimiter) == field.npos) {
      line += field;
      continue;
    }
    line += '"';
    for (const char c : field) line.append(c == '"' ? 2 : 1, c);
    line += '"';
  }
  return line += "\r\n";
}

}  // namespace relance::postal::sftp
