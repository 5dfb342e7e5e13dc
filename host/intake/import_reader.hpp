// An import, from bytes to batches of checked rows. Good rows go on in batches, bad ones are handed out one
// by one with all that is wrong with them, and memory does not grow with the file (but for the numbers
// already seen, see seen_keys.hpp).
#pragma once

#include "host/intake/rows.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace relance::intake {

/// Rows handed over at once: what the store writes in one transaction.
inline constexpr std::size_t kBatchRowsMax = 500;

struct ImportInput {
  ByteSource source;
  std::string name;  ///< opens error positions: the file's name
  std::optional<std::uint64_t> total_bytes{};
};

/// How the file is written; told before the first batch and the first reject.
struct FileLayout {
  std::string header;  ///< the text of its header line; empty without one
  char separator{','};
  char quote{'"'};
};

/// A row that was not taken. The views are valid during the call.
struct Reject {
  std::uint64_t line{0};
  std::string_view raw;  ///< the row's text, UTF-8; of a row that is too long, its start
  bool is_cut{false};
  std::span<const CellFault> faults;  ///< at least one
};

template <class Row>
struct ImportSinks {
  /// At most kBatchRowsMax rows, whose raw text is valid during the call. An error ends the import with it.
  std::function<Result<void>(std::span<const Row>)> on_batch;
  std::function<Result<void>(const Reject &)> on_reject;
  std::function<Result<void>(const FileLayout &)> on_layout{};  ///< may be empty
  std::function<void(const CellFault &)> on_remark{};           ///< of a row that is taken; may be empty
  std::function<void(std::uint64_t bytes, std::optional<std::uint64_t> total)>
      on_progress{};  ///< may be empty
};

struct ImportTotals {
  std::uint64_t rows{0};  ///< accepted + rejected
  std::uint64_t accepted{0}, rejected{0};
  std::uint64_t blank{0};  ///< rows of empty cells, as spreadsheets leave them: not counted as rows
  std::uint64_t bytes{0};
  Encoding encoding{Encoding::utf8};  ///< that the file turned out to have
  std::vector<std::string> notes;  ///< what an operator should know, such as columns that nothing speaks of
};

/// Reads to the end. Without a mapping the file must have the plain form's column names; its separator is
/// found by them. An error: the source failed, a sink refused, or header and mapping do not fit each other.
template <class Row>
Result<ImportTotals> read_rows(ImportInput input, const Mapping *mapping, const ImportSinks<Row> &sinks);

extern template Result<ImportTotals> read_rows(ImportInput, const Mapping *, const ImportSinks<DebtorRow> &);
extern template Result<ImportTotals> read_rows(ImportInput, const Mapping *, const ImportSinks<InvoiceRow> &);
extern template Result<ImportTotals> read_rows(ImportInput, const Mapping *, const ImportSinks<PaymentRow> &);

}  // namespace relance::intake
