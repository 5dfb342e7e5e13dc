#include "tests/corpus/table.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace relance::corpus {
namespace {

std::vector<std::string> cells(std::string_view line) {
  std::vector<std::string> out(1);
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\t') {
      out.emplace_back();
    } else if (line[i] == '\\' && i + 1 < line.size()) {
      const char next = line[++i];
      out.back() += next == 't' ? '\t' : next == 'n' ? '\n' : next == 'r' ? '\r' : next;
    } else {
      out.back() += line[i];
    }
  }
  return out;
}

}  // namespace

Table::Table(const std::filesystem::path &file) {
  const std::string text = read_file(file);
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    auto line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) continue;
    auto row = cells(line);
    if (columns_.empty()) {
      for (std::size_t i = 0; i < row.size(); ++i) columns_.emplace(row[i], i);
    } else {
      rows_.push_back(std::move(row));
    }
  }
}

std::string_view Table::at(std::size_t row, std::string_view column) const {
  const auto found = columns_.find(std::string(column));
  if (found == columns_.end() || found->second >= rows_[row].size()) return {};
  return rows_[row][found->second];
}

std::string read_file(const std::filesystem::path &file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace relance::corpus
