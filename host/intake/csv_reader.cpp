#include "host/intake/csv_reader.hpp"

#include <algorithm>
#include <cassert>

namespace relance::intake {
namespace {

constexpr unsigned char byte_of(char c) {
  return static_cast<unsigned char>(c);
}

bool is_line_end(char c) {
  return c == '\n' || c == '\r';
}

std::size_t first_line_length(std::string_view text, std::size_t from) {
  return std::min(text.find_first_of("\r\n", from), text.size());
}

}  // namespace

std::size_t character_column(const CsvRow &row, std::size_t cell) {
  const std::string_view before = row.raw.substr(0, row.cells[cell].offset);
  const std::size_t line_start = before.find_last_of("\r\n");
  const std::string_view in_line =
      line_start == std::string_view::npos ? before : before.substr(line_start + 1);
  return 1 + static_cast<std::size_t>(std::count_if(in_line.begin(), in_line.end(),
                                                    [](char c) { return (byte_of(c) & 0xC0U) != 0x80; }));
}

CsvReader::CsvReader(ByteSource source, CsvFormat format, CsvLimits limits)
    : source_(std::move(source)), format_(format), limits_(limits), decoder_(format.encoding) {
  chunk_.resize(limits_.chunk_bytes);
  for (const char c : {'\r', '\n'})
    plain_stops_[byte_of(c)] = quoted_stops_[byte_of(c)] = line_stops_[byte_of(c)] = true;
  if (format_.quote != 0) quoted_stops_[byte_of(format_.quote)] = true;
  plain_stops_[byte_of(format_.separator)] = true;
}

void CsvReader::set_separator(char separator) {
  plain_stops_[byte_of(format_.separator)] = false;
  format_.separator = separator;
  plain_stops_[byte_of(separator)] = true;
}

/// Drops what was read and adds the next piece behind the rest. False when there is nothing more.
bool CsvReader::refill() {
  if (is_end_) return false;
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    base_ += begin_;
    begin_ = 0;
    std::erase_if(bad_, [&](const BadBytes &bad) { return bad.offset < base_; });
  }
  const Result<std::size_t> got = source_({chunk_.data(), chunk_.size()});
  if (got.has_error()) {
    failure_ = got.error();
    is_end_ = true;
    return false;
  }
  bytes_read_ += *got;
  is_end_ = *got == 0;
  decoder_.decode({chunk_.data(), *got}, is_end_, buffer_, bad_);
  if (decoder_.looks_like_utf16()) {
    failure_ = invalid(std::string("the file looks like UTF-16 but is read as ") +
                       std::string(name_of(decoder_.encoding())) +
                       ": set encoding = \"utf-16le\" in the mapping, or save the file as UTF-8");
    is_end_ = true;
    return false;
  }
  return true;
}

/// The byte at `at` of the row, or -1 at the end of the text. May move the buffer.
int CsvReader::peek(std::size_t at) {
  while (at >= available())
    if (!refill()) return -1;
  return byte_of(row_text()[at]);
}

/// Moves `at` to the next stop byte; false when the text ends or the row passes `limit` first.
bool CsvReader::skip_until(std::size_t &at, const std::array<bool, 256> &stops, std::size_t limit) {
  for (;;) {
    const char *text = row_text();
    const std::size_t end = available();
    while (at < end && !stops[byte_of(text[at])]) ++at;
    if (at > limit) return false;
    if (at < end) return true;
    if (!refill() && at >= available()) return false;
  }
}

/// 2 for CR LF, 1 for CR or LF, 0 for anything else.
std::size_t CsvReader::newline_length(std::size_t at) {
  const int c = peek(at);
  if (c == '\n') return 1;
  if (c != '\r') return 0;
  return peek(at + 1) == '\n' ? 2 : 1;
}

void CsvReader::skip_empty_lines() {
  while (const std::size_t length = newline_length(0)) {
    begin_ += length;
    ++line_;
  }
}

Result<bool> CsvReader::next(CsvRow &row) {
  begin_ += consumed_;
  consumed_ = 0;
  row.cells.clear();
  row.is_faulty = row.is_cut = false;
  spans_.clear();
  skip_empty_lines();
  if (peek(0) < 0) {
    if (failure_) return *failure_;
    return false;
  }
  row.line = row_line_ = line_;
  std::size_t at = 0;
  End end;
  do {
    row.unread_offset = at;
    if (spans_.size() == limits_.columns) {
      row.fault = {line_, 0, "the row has more than " + std::to_string(limits_.columns) + " columns",
                   "check the separator that the mapping states"};
      row.is_faulty = true;
      skip_rest_of_line(row, at);
      end = End::fault;
      break;
    }
    end = read_cell(row, at);
  } while (end == End::separator);
  if (failure_) return *failure_;
  if (end == End::row) {
    raw_length_ = at;
    const std::size_t newline = newline_length(at);
    consumed_ = at + newline;
    row.last_line = line_;
    line_ += newline > 0 ? 1 : 0;
  }
  finish_row(row);
  return true;
}

/// Reads one cell from `at` and its separator.
CsvReader::End CsvReader::read_cell(CsvRow &row, std::size_t &at) {
  if (format_.quote != 0 && peek(at) == byte_of(format_.quote)) return read_quoted(row, at);
  const std::size_t start = at;
  const bool stopped = skip_until(at, plain_stops_, limits_.row_bytes);
  if (!stopped && at > limits_.row_bytes) {
    row.fault = {line_, spans_.size() + 1,
                 "the row is longer than " + std::to_string(limits_.row_bytes) + " bytes",
                 "check that the file is CSV and that the mapping states its separator and quote"};
    row.is_faulty = true;
    skip_rest_of_line(row, at);
    return End::fault;
  }
  spans_.push_back({start, at, start, line_, false, false});
  if (!stopped || is_line_end(row_text()[at])) return End::row;
  ++at;
  return End::separator;
}

CsvReader::End CsvReader::read_quoted(CsvRow &row, std::size_t &at) {
  const std::size_t quote_at = at;
  const std::uint64_t opened_line = line_;
  Span cell{at + 1, 0, at, line_, true, false};
  ++at;
  for (;;) {
    if (!skip_until(at, quoted_stops_, limits_.row_bytes)) {
      const bool is_too_long = at > limits_.row_bytes;
      unclosed(row, quote_at, opened_line,
               is_too_long ? "is not closed within " + std::to_string(limits_.row_bytes) + " bytes"
                           : "is not closed before the end of the file");
      return End::fault;
    }
    if (const std::size_t newline = newline_length(at)) {
      at += newline;
      ++line_;
      continue;
    }
    if (peek(at + 1) != byte_of(format_.quote)) break;
    cell.has_doubled = true;
    at += 2;
  }
  cell.end = at;
  spans_.push_back(cell);
  ++at;
  return after_quote(row, at, opened_line);
}

/// Behind a closing quote: blanks, then a separator or the end of the row.
CsvReader::End CsvReader::after_quote(CsvRow &row, std::size_t &at, std::uint64_t opened_line) {
  int c = peek(at);
  while ((c == ' ' || c == '\t') && c != byte_of(format_.separator)) c = peek(++at);
  if (c == byte_of(format_.separator)) {
    ++at;
    return End::separator;
  }
  if (c < 0 || c == '\r' || c == '\n') return End::row;
  const Span cell = spans_.back();
  spans_.pop_back();
  if (opened_line != line_) {
    // The quote that closes it most likely opens a cell of a later row.
    unclosed(row, cell.offset, opened_line,
             "is not closed: the next quote, in line " + std::to_string(line_) + ", has text behind it");
    return End::fault;
  }
  row.fault = {line_, spans_.size() + 1, "text stands behind the closing quote",
               "write a quote inside a cell twice, or quote nothing but whole cells"};
  row.is_faulty = true;
  skip_rest_of_line(row, at);
  return End::fault;
}

/// The row ends with the line in which the quote was opened; reading goes on in the line behind it.
void CsvReader::unclosed(CsvRow &row, std::size_t quote_at, std::uint64_t opened_line, std::string reason) {
  row.fault = {opened_line, spans_.size() + 1,
               "a quote opened in line " + std::to_string(opened_line) + " " + std::move(reason),
               "close the quote, or write it twice where it is text"};
  row.is_faulty = true;
  line_ = opened_line;
  skip_rest_of_line(row, quote_at);
}

/// Ends a faulty row at the next end of line from `at` on, which may lie beyond what may be kept.
void CsvReader::skip_rest_of_line(CsvRow &row, std::size_t at) {
  const bool found = skip_until(at, line_stops_, limits_.row_bytes);
  row.last_line = line_;
  if (!found && at > limits_.row_bytes) {
    row.is_cut = true;
    std::size_t kept = std::min(kCsvExcerptBytes, available());
    while (kept > 0 && kept < available() && (byte_of(row_text()[kept]) & 0xC0U) == 0x80)
      --kept;  // whole characters
    excerpt_.assign(row_text(), kept);
    spans_.clear();
    begin_ += at;  // forget, and read on until the line ends
    while (at = first_line_length({row_text(), available()}, 0), at == available()) {
      begin_ = buffer_.size();
      if (!refill()) break;
    }
    at = std::min(at, available());
  }
  raw_length_ = at;
  const std::size_t newline = newline_length(at);
  consumed_ = at + newline;
  line_ += newline > 0 ? 1 : 0;
}

/// Makes the views of the row; from here on the buffer stays where it is until next().
void CsvReader::finish_row(CsvRow &row) {
  if (row.is_cut) {
    row.raw = excerpt_;
    return;
  }
  const char *text = row_text();
  row.raw = {text, raw_length_};
  std::size_t doubled = 0;
  for (const Span &span : spans_)
    if (span.has_doubled) doubled += span.end - span.start;
  unescaped_.clear();
  unescaped_.reserve(doubled);  // so that the views into it stay
  for (const Span &span : spans_) {
    std::string_view cell{text + span.start, span.end - span.start};
    if (span.has_doubled) {
      const std::size_t start = unescaped_.size();
      for (std::size_t i = 0; i < cell.size(); ++i) {
        unescaped_ += cell[i];
        if (cell[i] == format_.quote) ++i;
      }
      cell = std::string_view(unescaped_).substr(start);
    }
    row.cells.push_back({cell, span.line, span.offset, span.is_quoted});
  }
  if (!bad_.empty()) note_bad_bytes(row);
}

void CsvReader::note_bad_bytes(CsvRow &row) {
  const std::uint64_t start = base_ + begin_;
  const auto bad =
      std::lower_bound(bad_.begin(), bad_.end(), start,
                       [](const BadBytes &one, std::uint64_t offset) { return one.offset < offset; });
  if (row.is_faulty || bad == bad_.end() || bad->offset >= start + raw_length_) return;
  std::size_t column = 0;
  while (column < row.cells.size() && row.cells[column].offset <= bad->offset - start) ++column;
  const std::uint64_t line = column == 0 ? row.line : row.cells[column - 1].line;
  const bool is_utf8 = decoder_.encoding() == Encoding::utf8;
  row.fault = {line, column,
               "the bytes " + bad->hex() + " are not " + std::string(name_of(decoder_.encoding())),
               is_utf8 ? "state the file's encoding in the mapping (often windows-1252), or correct the cell"
                       : "state the file's real encoding in the mapping, or correct the cell"};
  row.is_faulty = true;
}

std::string_view CsvReader::keep_first_line_only() {
  const std::size_t length = first_line_length({row_text(), raw_length_}, 0);
  assert(length < raw_length_);
  raw_length_ = length;
  consumed_ = length + newline_length(length);  // both bytes are in the buffer: the row goes on behind them
  line_ = row_line_ + 1;
  return {row_text(), length};
}

Result<std::string_view> CsvReader::peek_first_line() {
  skip_empty_lines();
  std::size_t at = 0;
  skip_until(at, line_stops_, limits_.row_bytes);
  if (failure_) return *failure_;
  return std::string_view{row_text(), std::min(at, available())};
}

}  // namespace relance::intake
