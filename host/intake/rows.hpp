// The typed rows of an import, and everything that can be wrong with one of them. A row that is handed on has
// passed every check that can be made without knowing the store.
#pragma once

#include "host/base/time.hpp"
#include "host/domain/money.hpp"
#include "host/intake/columns.hpp"
#include "host/intake/csv_reader.hpp"
#include "host/intake/mapping.hpp"
#include "host/intake/phone_number.hpp"
#include "host/intake/seen_keys.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace relance::intake {

/// Where a row stands in its file, and its text, so that a later refusal can be filed like one of ours.
struct RowOrigin {
  std::uint64_t line{0};
  std::string_view raw;  ///< valid while the batch is being handed over
};

struct DebtorRow {
  static constexpr ImportKind kKind = ImportKind::debtors;
  RowOrigin origin;
  std::string debtor_id, name;
  std::string country;  ///< ISO 3166-1 alpha-2
  std::string region, language, segment;
  std::string contact_name, email;
  std::string registered_email;  ///< of a box for registered e-mail (PEC), or where a notice of one is sent
  std::string mobile, fax;  ///< E.164
  std::string phone;        ///< E.164, perhaps " ext. " and digits behind it: a person dials it
  std::string street;       ///< lines joined by '\n'
  std::string postal_code, city, time_zone;
  std::string postal;  ///< lines of the envelope joined by '\n': of `address`, else of the name, the street and the place; or empty
  bool is_consumer{false};
  bool consents_to_registered_email{false};
};

struct InvoiceRow {
  static constexpr ImportKind kKind = ImportKind::invoices;
  RowOrigin origin;
  std::string debtor_id, invoice_number;
  CivilDate issue_date{}, due_date{};
  domain::Money amount;                      ///< above zero
  std::optional<domain::Money> open_amount;  ///< from zero to amount, where the file states it
  std::string reference;
};

enum class PaymentRowKind : std::uint8_t { payment, credit_note, reversal };

struct PaymentRow {
  static constexpr ImportKind kKind = ImportKind::payments;
  RowOrigin origin;
  std::string payment_id, invoice_number;
  CivilDate date{};
  domain::Money amount;  ///< above zero; a reversal gives the balance back
  PaymentRowKind kind{PaymentRowKind::payment};
  std::string reference;
};

/// One thing that is wrong with a row.
struct CellFault {
  std::uint64_t line{0};
  std::size_t column{0};      ///< of the file, from 1; 0: the whole row
  std::size_t character{0};   ///< where the cell starts in its line, from 1; 0: unknown
  std::string column_name{};  ///< in the file's words; empty where it has none
  std::string_view field{};   ///< in ours; empty: the whole row
  std::string cell{};         ///< shortened and escaped; empty where the cell does not matter
  std::string reason{};
  std::string advice{};

  /// `line 12, column 3 (due_date) "31/02/2026": this day does not exist; write …`
  [[nodiscard]] std::string text() const;
};

/// Turns records into rows. Keeps what it needs between rows: the keys seen so far.
class RowParser {
 public:
  RowParser(ImportKind kind, const Mapping &mapping, const ColumnPlan &plan);

  /// Fills `row` and returns true, or leaves the reasons in faults().
  bool parse(const CsvRow &record, DebtorRow &row);
  bool parse(const CsvRow &record, InvoiceRow &row);
  bool parse(const CsvRow &record, PaymentRow &row);

  [[nodiscard]] std::span<const CellFault> faults() const { return faults_; }
  /// What is odd about a row that was taken.
  [[nodiscard]] std::span<const CellFault> remarks() const { return remarks_; }
  /// The file has more keys than the check for repeated ones remembers; the store still refuses them.
  [[nodiscard]] bool stopped_noting_keys() const { return keys_.is_full(); }

 private:
  void start(const CsvRow &record);
  std::string_view value_of(std::size_t field);
  template <class Field>
  std::string_view value(Field field) {
    return value_of(static_cast<std::size_t>(field));
  }
  template <class Field>
  void fault(Field field, std::string reason, std::string advice) {
    faults_.push_back(at_cell(static_cast<std::size_t>(field), std::move(reason), std::move(advice)));
  }
  template <class Field>
  void remark(Field field, std::string reason, std::string advice) {
    remarks_.push_back(at_cell(static_cast<std::size_t>(field), std::move(reason), std::move(advice)));
  }
  [[nodiscard]] CellFault at_cell(std::size_t field, std::string reason, std::string advice) const;
  std::optional<PhoneNumber> take_phone(DebtorField field, std::string_view country);
  void take_phones(DebtorRow &row);
  bool take_yes_or_no(DebtorField field);
  void take_envelope(DebtorRow &row);
  template <class Field, class Check>
  void take_text(Field field, std::string &into, Check check);
  template <class Field>
  void take_code(Field field, std::string &into);
  template <class Field>
  bool take_date(Field field, CivilDate &into);
  template <class Field>
  bool take_amount(Field field, std::optional<domain::Currency> currency, domain::Money &into);
  template <class Field>
  std::optional<domain::Currency> take_currency(Field field);
  template <class Field>
  void check_key(Field field, std::string_view key);

  ImportKind kind_;
  const Mapping &mapping_;
  const ColumnPlan &plan_;
  SeenKeys keys_;
  const CsvRow *record_{nullptr};
  std::vector<CellFault> faults_, remarks_;
};

}  // namespace relance::intake
