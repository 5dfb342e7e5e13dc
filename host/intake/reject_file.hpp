// The rows that an import did not take, as a CSV that is corrected in place and imported again with the same
// mapping: line, column and reason stand in front, the row's own text follows untouched. UTF-8 with a byte
// order mark, which wins over whatever encoding the mapping states.
#pragma once

#include "host/intake/import_reader.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace relance::intake {

class RejectFile {
 public:
  /// Nothing is created before the first row. An older file of this name is replaced: it belonged to an
  /// earlier import.
  explicit RejectFile(std::filesystem::path path);
  ~RejectFile();
  RejectFile(const RejectFile &) = delete;
  RejectFile &operator=(const RejectFile &) = delete;

  Result<void> start(const FileLayout &layout);
  Result<void> add(const Reject &reject);
  /// A row that passed the checks here and was refused further on, by the store for instance.
  Result<void> add(const RowOrigin &origin, std::string_view reason);
  /// Writes what is left; tells whether all of it reached the file.
  Result<void> finish();

  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  [[nodiscard]] const std::filesystem::path &path() const { return path_; }

 private:
  Result<void> write_row(std::uint64_t line, std::size_t column, std::string_view reason,
                         std::string_view raw);
  Result<void> open();
  Result<void> flush();

  std::filesystem::path path_;
  FileLayout layout_;
  int file_{-1};
  std::string pending_;
  std::uint64_t rows_{0};
};

}  // namespace relance::intake
