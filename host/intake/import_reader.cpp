#include "host/intake/import_reader.hpp"

#include "host/intake/cell_checks.hpp"

#include <algorithm>

namespace relance::intake {
namespace {

/// Fewer separators than this in a line say nothing: two commas are in many addresses.
constexpr std::size_t kColumnsOfARowMin = 3;

template <class Row>
class Import {
 public:
  Import(ImportInput input, Mapping mapping, bool guesses, const ImportSinks<Row> &sinks)
      : mapping_(std::move(mapping)),
        guesses_(guesses),
        sinks_(sinks),
        name_(std::move(input.name)),
        total_bytes_(input.total_bytes),
        reader_(std::move(input.source), mapping_.format),
        batch_(kBatchRowsMax) {}

  Result<ImportTotals> run() {
    if (const Result<bool> begun = begin(); begun.has_error())
      return begun.error();
    else if (!*begun)
      return finish();
    RowParser parser(Row::kKind, mapping_, plan_);
    for (bool has_row = !mapping_.has_header;;) {  // without a header the first row is read already
      if (!has_row) {
        const Result<bool> got = reader_.next(record_);
        if (got.has_error()) return at_file(got.error());
        if (!*got) break;
      }
      has_row = false;
      if (const Result<void> taken = take(parser); taken.has_error()) return taken.error();
    }
    if (parser.stopped_noting_keys())
      totals_.notes.push_back(
          "the file has more numbers than are compared with each other; repeated ones are left to the store");
    return finish();
  }

 private:
  /// Reads up to the first row of data and joins the mapping with the header. False: the file is empty.
  Result<bool> begin() {
    if (guesses_) {
      const Result<std::string_view> line = reader_.peek_first_line();
      if (line.has_error()) return at_file(line.error());
      reader_.set_separator(guess_separator(Row::kKind, *line));
      mapping_.format.separator = guess_separator(Row::kKind, *line);
    }
    Result<bool> got = reader_.next(record_);
    std::size_t lead = 0;
    if (got.has_value() && *got && is_reject_header(record_)) {
      lead = kRejectColumns;
      if (!mapping_.has_header) got = reader_.next(record_);
    } else {
      for (std::size_t i = 0; i < mapping_.skip_lines && got.has_value() && *got; ++i)
        got = reader_.next(record_);
    }
    if (got.has_error()) return at_file(got.error());
    if (!*got) {
      if (lead == 0) totals_.notes.push_back("the file is empty");
      return false;
    }
    if (record_.is_faulty)
      return invalid("the first row cannot be read: " + record_.fault.reason + "; " + record_.fault.advice,
                     name_ + ":" + std::to_string(record_.fault.line));
    Result<ColumnPlan> plan = plan_columns(Row::kKind, mapping_, record_, lead, name_);
    if (plan.has_error()) return plan.error();
    plan_ = std::move(*plan);
    for (const std::string &column : plan_.unmapped)
      totals_.notes.push_back("column '" + shown(column) +
                              "' is not used; name it under ignore in the mapping if that is right");
    if (sinks_.on_layout) {
      FileLayout layout{{}, mapping_.format.separator, mapping_.format.quote};
      if (mapping_.has_header) layout.header = own_text(record_);
      if (const Result<void> told = sinks_.on_layout(layout); told.has_error()) return told.error();
    }
    return true;
  }

  /// The row's text without the columns that a reject file puts in front.
  [[nodiscard]] std::string_view own_text(const CsvRow &record) const {
    if (plan_.lead == 0 || record.is_cut || record.cells.size() < plan_.lead) return record.raw;
    const bool has_own = record.cells.size() > plan_.lead;
    return record.raw.substr(has_own            ? record.cells[plan_.lead].offset
                             : record.is_faulty ? record.unread_offset
                                                : record.raw.size());
  }

  Result<void> take(RowParser &parser) {
    if (!record_.is_faulty && is_blank()) {
      ++totals_.blank;
      return {};
    }
    if (record_.is_faulty) return reject_broken();
    if (const CsvCell *cell = cell_that_took_in_rows()) return reject_unclosed(*cell);
    if (!has_right_width()) return reject_width();
    Row &row = batch_[count_];
    if (!parser.parse(record_, row)) return reject(own_text(record_), parser.faults());
    if (sinks_.on_remark)
      for (const CellFault &remark : parser.remarks()) sinks_.on_remark(remark);
    ++totals_.accepted;
    starts_.push_back(text_.size());
    text_ += own_text(record_);
    if (++count_ == batch_.size()) return hand_over();
    return {};
  }

  [[nodiscard]] bool is_blank() const {
    return std::all_of(
        record_.cells.begin() + static_cast<std::ptrdiff_t>(std::min(plan_.lead, record_.cells.size())),
        record_.cells.end(), [](const CsvCell &cell) { return trimmed(cell.text).empty(); });
  }

  /// Empty cells behind the last column are what spreadsheets add; missing ones are a row cut short.
  [[nodiscard]] bool has_right_width() const {
    return record_.cells.size() >= plan_.width &&
           std::all_of(record_.cells.begin() + static_cast<std::ptrdiff_t>(plan_.width), record_.cells.end(),
                       [](const CsvCell &cell) { return trimmed(cell.text).empty(); });
  }

  /// A cell with a line that has as many separators as a whole row: most likely nobody closed its quote, and
  /// the next quote in the file did. Nothing else would show it where the cell may have several lines.
  [[nodiscard]] const CsvCell *cell_that_took_in_rows() const {
    if (record_.last_line == record_.line) return nullptr;
    for (const CsvCell &cell : record_.cells) {
      std::size_t at = cell.text.find_first_of("\r\n");
      while (at < cell.text.size()) {
        const std::size_t end = std::min(cell.text.find_first_of("\r\n", at + 1), cell.text.size());
        const std::string_view line = cell.text.substr(at + 1, end - at - 1);
        const auto separators = std::count(line.begin(), line.end(), mapping_.format.separator);
        if (static_cast<std::size_t>(separators) + 1 >= std::max(plan_.width, kColumnsOfARowMin))
          return &cell;
        at = end;
      }
    }
    return nullptr;
  }

  [[nodiscard]] CellFault fault_at(std::uint64_t line, std::size_t column) const {
    CellFault fault{.line = line};
    fault.column = column > plan_.lead ? column - plan_.lead : 0;
    if (column > 0 && column <= plan_.names.size()) fault.column_name = plan_.names[column - 1];
    if (column > 0 && column <= record_.cells.size()) fault.cell = shown(record_.cells[column - 1].text);
    return fault;
  }

  Result<void> reject_broken() {
    CellFault fault = fault_at(record_.fault.line, record_.fault.column);
    fault.reason = record_.fault.reason;
    fault.advice = record_.fault.advice;
    return reject(own_text(record_), {&fault, 1});
  }

  /// Rejects the row's first line; the rows that its quote took in are read again, as rows of their own.
  Result<void> reject_unclosed(const CsvCell &cell) {
    CellFault fault = fault_at(cell.line, static_cast<std::size_t>(&cell - record_.cells.data()) + 1);
    fault.reason = "a quote opened in line " + std::to_string(cell.line) +
                   " takes in whole rows; it is closed only further down";
    fault.advice = "close the quote in its own row, or write it twice where it is text";
    const std::string_view first_line = own_text(record_).substr(0, own_text(record_).find_first_of("\r\n"));
    reader_.keep_first_line_only();
    return reject(first_line, {&fault, 1});
  }

  Result<void> reject_width() {
    CellFault fault = fault_at(record_.line, 0);
    fault.reason = "the row has " +
                   std::to_string(record_.cells.size() - std::min(plan_.lead, record_.cells.size())) +
                   " columns where " + std::to_string(plan_.width - plan_.lead) + " are expected";
    fault.advice = "check its separators, and put cells that hold one in quotes";
    return reject(own_text(record_), {&fault, 1});
  }

  Result<void> reject(std::string_view raw, std::span<const CellFault> faults) {
    ++totals_.rejected;
    return sinks_.on_reject({record_.line, raw, record_.is_cut, faults});
  }

  Result<void> hand_over() {
    for (std::size_t i = 0; i < count_; ++i) {
      const std::size_t end = i + 1 < count_ ? starts_[i + 1] : text_.size();
      batch_[i].origin.raw = std::string_view(text_).substr(starts_[i], end - starts_[i]);
    }
    const Result<void> taken = count_ > 0 ? sinks_.on_batch({batch_.data(), count_}) : Result<void>{};
    count_ = 0;
    starts_.clear();
    text_.clear();
    if (text_.capacity() > kCsvRowBytesMax) text_.shrink_to_fit();
    if (sinks_.on_progress) sinks_.on_progress(reader_.bytes_read(), total_bytes_);
    return taken;
  }

  Result<ImportTotals> finish() {
    if (const Result<void> taken = hand_over(); taken.has_error()) return taken.error();
    totals_.rows = totals_.accepted + totals_.rejected;
    totals_.bytes = reader_.bytes_read();
    totals_.encoding = reader_.encoding();
    return std::move(totals_);
  }

  [[nodiscard]] Error at_file(Error error) const {
    if (error.where.empty()) error.where = name_;
    return error;
  }

  Mapping mapping_;
  bool guesses_;
  const ImportSinks<Row> &sinks_;
  std::string name_;
  std::optional<std::uint64_t> total_bytes_;
  CsvReader reader_;
  CsvRow record_;
  ColumnPlan plan_;
  ImportTotals totals_;
  std::vector<Row> batch_;  ///< kept over the batches, so that its strings keep their room
  std::size_t count_{0};
  std::string text_;  ///< the raw text of the batch, row after row
  std::vector<std::size_t> starts_;
};

}  // namespace

template <class Row>
Result<ImportTotals> read_rows(ImportInput input, const Mapping *mapping, const ImportSinks<Row> &sinks) {
  return Import<Row>(std::move(input), mapping != nullptr ? *mapping : plain_mapping(), mapping == nullptr,
                     sinks)
      .run();
}

template Result<ImportTotals> read_rows(ImportInput, const Mapping *, const ImportSinks<DebtorRow> &);
template Result<ImportTotals> read_rows(ImportInput, const Mapping *, const ImportSinks<InvoiceRow> &);
template Result<ImportTotals> read_rows(ImportInput, const Mapping *, const ImportSinks<PaymentRow> &);

}  // namespace relance::intake
