// A tab-separated table: the first line names the columns, no quoting, `\\ \t \n \r` escaped.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace relance::corpus {

class Table {
 public:
  /// Throws std::runtime_error naming the file when it cannot be read.
  explicit Table(const std::filesystem::path &file);

  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  /// Empty for a column that the table does not have.
  [[nodiscard]] std::string_view at(std::size_t row, std::string_view column) const;

 private:
  std::unordered_map<std::string, std::size_t> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// The bytes of a file. Throws std::runtime_error naming it.
std::string read_file(const std::filesystem::path &file);

}  // namespace relance::corpus
