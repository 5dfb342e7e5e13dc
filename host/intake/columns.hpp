// Which column of this very file holds which field: the mapping meets the header. Everything that is wrong
// here is wrong for the whole file, so it is an error before the first row.
#pragma once

#include "host/base/result.hpp"
#include "host/intake/csv_reader.hpp"
#include "host/intake/mapping.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace relance::intake {

/// The columns that a reject file has in front of the rows that it gives back; an import of such a file steps
/// over them.
inline constexpr std::string_view kRejectLine = "relance_line";
inline constexpr std::string_view kRejectColumn = "relance_column";
inline constexpr std::string_view kRejectReason = "relance_reason";
inline constexpr std::size_t kRejectColumns = 3;

struct ColumnPlan {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<std::size_t> column_of;  ///< for each field: the column from 0, or kNone
  std::vector<std::string> names;      ///< the file's own, by column; empty without a header
  std::size_t width{0};                ///< columns that each row must have
  std::size_t lead{0};                 ///< kRejectColumns in a reject file, else 0
  std::vector<std::string> unmapped;   ///< columns of the file that nothing speaks of
};

bool is_reject_header(const CsvRow &first);

/// With a header: `first` is it. Without: `first` is the first row, which states the width.
/// `where` opens error positions, such as "invoices.csv".
Result<ColumnPlan> plan_columns(ImportKind kind, const Mapping &mapping, const CsvRow &first,
                                std::size_t lead, std::string_view where);

/// The separator with which the line has the most of the plain form's column names; ',' when none has any.
char guess_separator(ImportKind kind, std::string_view first_line);

}  // namespace relance::intake
