// CSV as RFC 4180 has it, and as exports really write it, read row by row in bounded memory. A row that
// cannot be read is handed out with its fault and its text, and the rows behind it are read as if it were not
// there: in particular a quote that nobody closes costs the line that opened it, not the rest of the file.
// @see RFC 4180 §2
#pragma once

#include "host/base/result.hpp"
#include "host/intake/byte_source.hpp"
#include "host/intake/decoder.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::intake {

struct CsvFormat {
  char separator{','};
  char quote{'"'};  ///< 0: no quoting, every quote is text
  Encoding encoding{Encoding::utf8};
};

/// The longest row, decoded. A ledger's row has a few hundred bytes; what is longer is an unclosed quote or
/// no CSV.
inline constexpr std::size_t kCsvRowBytesMax = std::size_t{1} << 20;
/// Columns in a row; the widest ERP exports seen have about 250.
inline constexpr std::size_t kCsvColumnsMax = 512;
/// What is asked of the source at once.
inline constexpr std::size_t kCsvChunkBytes = 64 * 1024;
/// What is kept of the text of a row that is too long to be kept whole.
inline constexpr std::size_t kCsvExcerptBytes = 4096;

struct CsvLimits {
  std::size_t row_bytes{kCsvRowBytesMax};
  std::size_t columns{kCsvColumnsMax};
  std::size_t chunk_bytes{kCsvChunkBytes};
};

struct CsvCell {
  std::string_view text;  ///< without quotes, UTF-8; valid until the next call of next()
  std::uint64_t line{0};  ///< the physical line it starts on, from 1
  std::size_t offset{0};  ///< where it starts in CsvRow::raw
  bool is_quoted{false};
};

/// Why a row cannot be used. `column` counts cells from 1; 0 means the whole row.
struct CsvFault {
  std::uint64_t line{0};
  std::size_t column{0};
  std::string reason;
  std::string advice;
};

struct CsvRow {
  std::vector<CsvCell> cells;  ///< with a fault: those before it
  std::uint64_t line{0};       ///< first and last physical line
  std::uint64_t last_line{0};
  std::string_view raw;  ///< the row as it stands in the file (decoded), without its end of line
  bool is_faulty{false};
  bool is_cut{false};            ///< `raw` is only the start of a row that is too long
  CsvFault fault;                ///< when is_faulty
  std::size_t unread_offset{0};  ///< when is_faulty: where in `raw` the cell starts that could not be read
};

/// The character (not byte) at which a cell starts in its line, from 1: what an editor shows.
std::size_t character_column(const CsvRow &row, std::size_t cell);

class CsvReader {
 public:
  CsvReader(ByteSource source, CsvFormat format, CsvLimits limits = {});

  /// Reads the next row that is not an empty line into `row`; false at the end. An error means that the
  /// source failed.
  Result<bool> next(CsvRow &row);

  /// The row just read took in lines that are not its own (the caller counted its columns): read its second
  /// line and what follows again, as rows of their own. Only for a row with last_line > line. Returns the
  /// text of the first line alone.
  std::string_view keep_first_line_only();

  /// Before the first next(): the first line that is not empty, for guessing its separator. Consumes nothing.
  Result<std::string_view> peek_first_line();
  void set_separator(char separator);

  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
  [[nodiscard]] Encoding encoding() const { return decoder_.encoding(); }

 private:
  struct Span {
    std::size_t start, end;  ///< of the text, relative to the row
    std::size_t offset;      ///< of the cell with its quote
    std::uint64_t line;
    bool is_quoted, has_doubled;
  };
  enum class End { separator, row, fault };

  bool refill();
  int peek(std::size_t at);
  const char *row_text() const { return buffer_.data() + begin_; }
  std::size_t available() const { return buffer_.size() - begin_; }
  void skip_empty_lines();
  bool skip_until(std::size_t &at, const std::array<bool, 256> &stops, std::size_t limit);
  std::size_t newline_length(std::size_t at);
  End read_cell(CsvRow &row, std::size_t &at);
  End read_quoted(CsvRow &row, std::size_t &at);
  End after_quote(CsvRow &row, std::size_t &at, std::uint64_t opened_line);
  void unclosed(CsvRow &row, std::size_t quote_at, std::uint64_t opened_line, std::string reason);
  void skip_rest_of_line(CsvRow &row, std::size_t at);
  void finish_row(CsvRow &row);
  void note_bad_bytes(CsvRow &row);

  ByteSource source_;
  CsvFormat format_;
  CsvLimits limits_;
  Decoder decoder_;
  std::array<bool, 256> plain_stops_{};
  std::array<bool, 256> quoted_stops_{};
  std::array<bool, 256> line_stops_{};

  std::string chunk_;
  std::string buffer_;     ///< decoded text from the start of the current row on
  std::size_t begin_{0};   ///< the current row in buffer_
  std::uint64_t base_{0};  ///< decoded bytes before buffer_
  bool is_end_{false};
  std::optional<Error> failure_;
  std::uint64_t bytes_read_{0};

  std::uint64_t line_{1};      ///< of the row being read; then of what follows
  std::uint64_t row_line_{1};  ///< first line of the row just read
  std::size_t consumed_{0};    ///< length of the row just read with its end of line
  std::size_t raw_length_{0};
  std::vector<Span> spans_;
  std::vector<BadBytes> bad_;
  std::string unescaped_;
  std::string excerpt_;
};

}  // namespace relance::intake
