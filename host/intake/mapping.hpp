// What one exporter's files look like, stated once in a TOML file: separator, encoding, how dates and amounts
// are written, and which of its columns is which of ours. docs/for-operators/importing.md lists the keys.
#pragma once

#include "host/base/result.hpp"
#include "host/domain/money.hpp"
#include "host/intake/csv_reader.hpp"
#include "host/intake/date_style.hpp"
#include "host/intake/fields.hpp"

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::intake {

/// Where the value of one of our fields comes from.
struct FieldSource {
  std::vector<std::string>
      columns;            ///< names in the header, the first that is there counts; empty: our own name
  std::size_t number{0};  ///< or its number from 1, in a file without header
  std::optional<std::string> constant;  ///< or the same value for every row
  std::map<std::string, std::string, std::less<>>
      translations;  ///< the file's word → ours; "" speaks of empty cells
};

struct KindMapping {
  std::vector<FieldSource> fields;   ///< in the order of fields_of()
  std::vector<std::string> ignored;  ///< columns that the file may have and nobody needs
};

struct NumberStyle {
  std::string decimal{"."};
  std::string thousands;
  bool leading_minus{true}, trailing_minus{false}, parentheses{false};
  std::vector<std::string> symbols;  ///< may stand before or behind an amount: "€", "EUR"

  [[nodiscard]] domain::AmountStyle amount_style() const {
    return {decimal, thousands, leading_minus, trailing_minus, parentheses, true};
  }
};

struct Mapping {
  std::string name{"plain"};
  CsvFormat format;
  bool has_header{true};
  std::size_t skip_lines{0};                 ///< title lines before the header
  std::optional<domain::Currency> currency;  ///< of rows that state none
  NumberStyle numbers;
  DateStyles dates;
  std::array<KindMapping, kImportKinds> kinds;

  [[nodiscard]] const KindMapping &of(ImportKind kind) const { return kinds[static_cast<std::size_t>(kind)]; }
};

/// Our own names, comma, UTF-8, ISO dates, decimal point.
Mapping plain_mapping();

/// `name` opens the positions of errors ("name:line:column"); all errors of the text are told at once, one a
/// line.
Result<Mapping> parse_mapping(std::string_view toml, std::string_view name);
Result<Mapping> load_mapping(const std::filesystem::path &file);

}  // namespace relance::intake
