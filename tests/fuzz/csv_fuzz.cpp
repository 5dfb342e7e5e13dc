// Any bytes, as a CSV of any format and any cut, end in rows and rejects that add up: lines never go back,
// cells lie inside their row, the outcome does not depend on how the bytes were cut into pieces, and what is
// handed on passed its checks.
#include "host/intake/cell_checks.hpp"
#include "host/intake/import_reader.hpp"

#include <cstdlib>
#include <string>

namespace relance::intake {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// Everything that next() says, as one text.
std::string read_all(const std::string &bytes, CsvFormat format, std::size_t piece) {
  CsvReader reader(from_text(bytes, piece), format, {.row_bytes = 200, .columns = 8, .chunk_bytes = 16});
  std::string told;
  CsvRow row;
  std::uint64_t next_line = 1;
  for (;;) {
    const Result<bool> got = reader.next(row);
    if (got.has_error()) return told + "error";
    if (!*got) return told;
    require(row.line >= next_line && row.last_line >= row.line);
    next_line = row.last_line + 1;
    for (std::size_t i = 0; i < row.cells.size() && !row.is_cut; ++i) {
      require(row.cells[i].offset <= row.raw.size());
      require(character_column(row, i) >= 1);
      told += std::string(row.cells[i].text) + "\x1F";
    }
    told += std::to_string(row.line) + (row.is_faulty ? row.fault.reason : "") + "\x1E";
  }
}

template <class Row>
void import(const std::string &bytes, const Mapping *mapping) {
  ImportSinks<Row> sinks;
  std::uint64_t accepted = 0, rejected = 0;
  sinks.on_batch = [&](std::span<const Row> rows) -> Result<void> {
    accepted += rows.size();
    for (const Row &row : rows) {
      if constexpr (std::is_same_v<Row, DebtorRow>) {
        require(row.email.empty() || !check_email(row.email));
        require(!check_text(row.name) && row.country.size() == 2);
      } else {
        require(row.amount.minor > 0);
      }
    }
    return {};
  };
  sinks.on_reject = [&](const Reject &reject) -> Result<void> {
    ++rejected;
    require(!reject.faults.empty());
    for (const CellFault &fault : reject.faults) require(!check_text(fault.text(), std::size_t{1} << 20));
    return {};
  };
  const auto totals = read_rows<Row>({from_text(bytes, 100), "fuzz"}, mapping, sinks);
  if (totals.has_value()) require(totals->accepted == accepted && totals->rejected == rejected);
}

}  // namespace
}  // namespace relance::intake

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  using namespace relance::intake;
  if (size < 2) return 0;
  const CsvFormat format{",;\t|"[data[0] & 3], "\"'\0\""[data[0] >> 2 & 3],
                         static_cast<Encoding>((data[0] >> 4) % 6)};
  const std::size_t piece = data[1] % 20 + 1U;
  const std::string bytes(reinterpret_cast<const char *>(data + 2), size - 2);
  require(read_all(bytes, format, piece) == read_all(bytes, format, 65536));
  static const Mapping mapping = parse_mapping(R"(
    currency = "EUR"
    [numbers]
    decimal = ","
    thousands = "."
    negative = ["leading", "trailing", "parentheses"]
    symbols = ["€"]
    [dates]
    styles = ["dd/mm/yy", "yyyymmdd"]
    [debtors.translations.consumer]
    "" = "no"
  )",
                                               "fuzz")
                                     .value();
  switch (data[1] / 20 % 3) {
    case 0:
      import <DebtorRow>("debtor_id,name,country,email,street,consumer,time_zone\n" + bytes, nullptr);
      break;
    case 1:
      import <InvoiceRow>("debtor_id,invoice_number,issue_date,due_date,amount,open_amount\n" + bytes,
                          &mapping);
      break;
    default:
      import <PaymentRow>(bytes, nullptr);
      break;
  }
  (void)parse_mapping(bytes, "fuzz.toml");
  return 0;
}
