// Comma-separated values (RFC 4180) with any delimiter: for manifests out and acknowledgements in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace relance::postal::sftp {

using Row = std::vector<std::string>;

/// Rows in their order, the first as the others; a BOM and empty lines are left out. A quote that is never
/// closed ends with the text.
[[nodiscard]] std::vector<Row> read_table(std::string_view text, char delimiter);
/// With CR LF at its end.
[[nodiscard]] std::string table_line(const Row &fields, char delimiter);

}  // namespace relance::postal::sftp
