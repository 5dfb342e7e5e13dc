#include "host/intake/rows.hpp"

#include "host/domain/postal_address.hpp"
#include "host/intake/cell_checks.hpp"

#include <array>

namespace relance::intake {
namespace {

constexpr std::size_t kMessageCharactersMax = 300;

/// "1 234,56 €" without its sign of currency and the blanks around it.
std::string_view without_symbols(std::string_view text, const NumberStyle &numbers) {
  for (const std::string &symbol : numbers.symbols) {
    if (text.starts_with(symbol)) return trimmed(text.substr(symbol.size()));
    if (text.ends_with(symbol)) return trimmed(text.substr(0, text.size() - symbol.size()));
  }
  return text;
}

std::string amount_advice(const NumberStyle &numbers) {
  const std::string group = numbers.thousands;
  std::string advice = "write it like 1" + group + "234" + numbers.decimal + "56";
  advice += group.empty() ? " without a separator of thousands" : "";
  return advice + ", or state the file's own style under [numbers] in the mapping";
}

std::optional<bool> yes_or_no(std::string_view text) {
  static constexpr std::array<std::string_view, 4> kYes{"yes", "true", "1", "y"};
  static constexpr std::array<std::string_view, 4> kNo{"no", "false", "0", "n"};
  std::string small(text);
  for (char &c : small)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  if (std::find(kYes.begin(), kYes.end(), small) != kYes.end()) return true;
  if (std::find(kNo.begin(), kNo.end(), small) != kNo.end()) return false;
  return std::nullopt;
}

/// CR LF and CR inside a street become LF, blanks around each line go.
std::string lines_of(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    if (!line.empty()) lines += (lines.empty() ? "" : "\n") + std::string(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::optional<CellIssue> check_code(std::string_view text) {
  return check_text(text, kCodeBytesMax);
}
std::optional<CellIssue> check_line(std::string_view text) {
  return check_text(text);
}

}  // namespace

std::string CellFault::text() const {
  std::string text = "line " + std::to_string(line);
  if (column > 0) {
    text += ", column " + std::to_string(column);
    const std::string_view name = column_name.empty() ? field : std::string_view(column_name);
    if (!name.empty())
      text += " (" + shown(name) + (field.empty() || field == name ? ")" : ", " + std::string(field) + ")");
  } else if (!field.empty()) {
    text += ", " + std::string(field);
  }
  if (!cell.empty()) text += " \"" + cell + "\"";
  text += ": " + reason;
  return advice.empty() ? text : text + "; " + advice;
}

RowParser::RowParser(ImportKind kind, const Mapping &mapping, const ColumnPlan &plan)
    : kind_(kind), mapping_(mapping), plan_(plan) {}

void RowParser::start(const CsvRow &record) {
  record_ = &record;
  faults_.clear();
  remarks_.clear();
}

/// The field's text: trimmed, translated; a constant as it is; "" where the file has no such column.
std::string_view RowParser::value_of(std::size_t field) {
  const FieldSource &source = mapping_.of(kind_).fields[field];
  if (source.constant) return *source.constant;
  const std::size_t column = plan_.column_of[field];
  const std::string_view text =
      column == ColumnPlan::kNone ? std::string_view{} : trimmed(record_->cells[column].text);
  if (source.translations.empty()) return text;
  const auto found = source.translations.find(text);
  return found == source.translations.end() ? text : std::string_view(found->second);
}

CellFault RowParser::at_cell(std::size_t field, std::string reason, std::string advice) const {
  CellFault fault{.line = record_->line,
                  .field = fields_of(kind_)[field].name,
                  .reason = std::move(reason),
                  .advice = std::move(advice)};
  const std::size_t column = plan_.column_of[field];
  if (mapping_.of(kind_).fields[field].constant) {
    fault.cell = shown(*mapping_.of(kind_).fields[field].constant);
    fault.reason += " (the mapping states it for every row)";
  } else if (column != ColumnPlan::kNone) {
    const CsvCell &cell = record_->cells[column];
    fault.line = cell.line;
    fault.column = column - plan_.lead + 1;
    fault.character = character_column(*record_, column);
    if (!plan_.names.empty()) fault.column_name = plan_.names[column];
    fault.cell = shown(cell.text);
  }
  return fault;
}

/// The text of a field that may be empty unless it is required.
template <class Field, class Check>
void RowParser::take_text(Field field, std::string &into, Check check) {
  const std::string_view text = value(field);
  into.clear();
  if (text.empty()) {
    if (fields_of(kind_)[static_cast<std::size_t>(field)].is_required)
      fault(field, "this field is required and empty", "fill it in");
    return;
  }
  if (std::optional<CellIssue> issue = check(text))
    return fault(field, std::move(issue->reason), std::move(issue->advice));
  into = text;
}

template <class Field>
void RowParser::take_code(Field field, std::string &into) {
  take_text(field, into, check_code);
}

template <class Field>
bool RowParser::take_date(Field field, CivilDate &into) {
  const std::string_view text = value(field);
  if (text.empty()) {
    fault(field, "this date is required and empty", "fill it in as " + mapping_.dates.described());
    return false;
  }
  const DateStyle::Reading reading = mapping_.dates.read(text);
  if (reading.fit == DateStyle::Fit::fits) {
    into = reading.date;
    return true;
  }
  const std::string styles = mapping_.dates.described();
  switch (reading.fit) {
    case DateStyle::Fit::fits:
      break;
    case DateStyle::Fit::no_such_day:
      fault(field, "this day does not exist", "write a day of the calendar as " + styles);
      break;
    case DateStyle::Fit::year_off_range:
      fault(field, "the year is not from " + std::to_string(kYearMin) + " to " + std::to_string(kYearMax),
            "correct the year");
      break;
    case DateStyle::Fit::has_time:
      fault(field, "a time of day stands behind the date", "keep the date alone, as " + styles);
      break;
    case DateStyle::Fit::other_shape:
      fault(field, "this is no date as " + styles,
            "write it so, or state the file's own style under [dates] in the mapping");
      break;
  }
  return false;
}

template <class Field>
std::optional<domain::Currency> RowParser::take_currency(Field field) {
  const std::string_view text = value(field);
  if (text.empty()) {
    if (!mapping_.currency)
      fault(field, "no currency is stated", "add a column, or state currency = \"EUR\" in the mapping");
    return mapping_.currency;
  }
  const Result<domain::Currency> currency = domain::Currency::parse(text);
  if (currency.has_value()) return *currency;
  fault(
      field, "unknown currency",
      "write the three capitals of ISO 4217, such as EUR, or translate the file's own words in the mapping");
  return std::nullopt;
}

/// Without a currency nothing can be said of an amount but that it is there.
template <class Field>
bool RowParser::take_amount(Field field, std::optional<domain::Currency> currency, domain::Money &into) {
  const std::string_view text = value(field);
  if (text.empty()) {
    fault(field, "the amount is required and empty", "fill it in");
    return false;
  }
  if (!currency) return false;
  const std::string_view digits = without_symbols(text, mapping_.numbers);
  const Result<domain::Money> amount =
      domain::parse_amount(digits, *currency, mapping_.numbers.amount_style());
  if (amount.has_value()) {
    into = *amount;
    return true;
  }
  // The message opens with the cell as it is, which stands beside it already.
  const Error refused = amount.error();  // a copy: error() returns one, which a view would outlive
  std::string_view reason = refused.message;
  const std::string opening = "'" + std::string(digits) + "' ";
  if (reason.starts_with(opening)) reason.remove_prefix(opening.size());
  fault(field, shown(reason, kMessageCharactersMax), amount_advice(mapping_.numbers));
  return false;
}

/// Only of rows that are right in all else: a corrected copy further down must not be taken for a repetition.
template <class Field>
void RowParser::check_key(Field field, std::string_view key) {
  if (!faults_.empty()) return;
  if (const auto line = keys_.note(key, record_->line))
    fault(field,
          "line " + std::to_string(*line) + " has the same " +
              std::string(fields_of(kind_)[static_cast<std::size_t>(field)].name),
          "keep one of the two");
}

/// An empty cell is a no.
bool RowParser::take_yes_or_no(DebtorField field) {
  const std::string_view text = value(field);
  if (text.empty()) return false;
  const std::optional<bool> is_so = yes_or_no(text);
  if (!is_so)
    fault(field, "this is neither yes nor no",
          "write yes or no, or translate the file's own words in the mapping");
  return is_so.value_or(false);
}

/// A range that the library does not know may be new: the number is taken, as a debtor who is left out is not
/// chased.
std::optional<PhoneNumber> RowParser::take_phone(DebtorField field, std::string_view country) {
  const std::string_view text = value(field);
  if (text.empty()) return std::nullopt;
  auto reading = read_phone(text, country);
  if (auto *issue = std::get_if<CellIssue>(&reading)) {
    fault(field, std::move(issue->reason), std::move(issue->advice));
    return std::nullopt;
  }
  auto &number = std::get<PhoneNumber>(reading);
  if (!number.is_of_known_range())
    remark(field, "no number of this range is known to be in use", "check it; it is taken as " + number.e164);
  return std::move(number);
}

/// A line that takes no SMS in the column of mobiles is no reason to lose the debtor: it is called instead,
/// where no other number is.
void RowParser::take_phones(DebtorRow &row) {
  using enum DebtorField;
  const auto called = [](const PhoneNumber &number) {
    return number.extension.empty() ? number.e164 : number.e164 + " ext. " + number.extension;
  };
  const auto portable = take_phone(mobile, row.country);
  const auto desk = take_phone(phone, row.country);
  const auto machine = take_phone(fax, row.country);
  const bool takes_sms = portable && portable->may_take_sms();
  row.mobile = takes_sms ? portable->e164 : std::string{};
  row.phone = desk ? called(*desk) : std::string{};
  row.fax = machine ? machine->e164 : std::string{};
  if (!portable || takes_sms) return;
  if (!desk) row.phone = called(*portable);
  std::string type{name_of(portable->type)};
  std::replace(type.begin(), type.end(), '_', ' ');
  remark(mobile, "this number (" + type + ") takes no SMS",
         desk ? "it is left out" : "it is taken as the number to call, and no SMS goes to this debtor");
}

/// What a post would send back is said and taken all the same: the debtor has other channels, and no letter
/// goes there before it is put right.
void RowParser::take_envelope(DebtorRow &row) {
  using enum DebtorField;
  row.postal.clear();
  auto whole = lines_of(value(address));
  const bool has_parts{!row.street.empty() && !row.city.empty()};
  if (const auto issue = check_lines(whole)) return fault(address, issue->reason, issue->advice);
  if (whole.empty() && !has_parts) return;
  if (whole.empty()) whole = row.street + '\n' + domain::place_lines(row.postal_code, row.city, row.country);
  std::vector<std::string> lines{row.name};
  for (std::string_view rest{whole}; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    if (rest.substr(0, end) != row.name) lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  lines = domain::envelope_lines(lines, row.country);
  for (const auto &wrong : domain::check_address(lines, row.country))
    remark(has_parts && value(address).empty() ? street : address,
           "no letter can go to this address: " +
               (wrong.line == 0 ? std::string{} : "line " + std::to_string(wrong.line) + ": ") + wrong.reason,
           "until then letters to this debtor take another channel");
  for (const auto &line : lines) row.postal.append(row.postal.empty() ? "" : "\n").append(line);
}

bool RowParser::parse(const CsvRow &record, DebtorRow &row) {
  using enum DebtorField;
  start(record);
  take_code(debtor_id, row.debtor_id);
  take_text(name, row.name, check_line);
  take_text(country, row.country, check_country);
  take_code(region, row.region);
  take_text(language, row.language, check_language);
  take_code(segment, row.segment);
  take_text(contact_name, row.contact_name, check_line);
  take_text(email, row.email, check_email);
  take_text(registered_email, row.registered_email, check_email);
  take_phones(row);
  const std::string road = lines_of(value(street));
  row.street.clear();
  if (std::optional<CellIssue> issue = check_lines(road))
    fault(street, std::move(issue->reason), std::move(issue->advice));
  else
    row.street = road;
  take_code(postal_code, row.postal_code);
  take_text(city, row.city, check_line);
  for (const auto field : {name, contact_name, street, city, address})
    if (is_misread_utf8(value(field)))
      remark(field, "this looks like UTF-8 read in another encoding, and people will read it like this",
             "check `encoding` in the mapping: \"utf-8\"");
  take_envelope(row);
  take_text(time_zone, row.time_zone, check_time_zone);
  row.is_consumer = take_yes_or_no(consumer);
  row.consents_to_registered_email = take_yes_or_no(registered_email_consent);
  check_key(debtor_id, row.debtor_id);
  row.origin.line = record.line;
  return faults_.empty();
}

bool RowParser::parse(const CsvRow &record, InvoiceRow &row) {
  using enum InvoiceField;
  start(record);
  take_code(debtor_id, row.debtor_id);
  take_code(invoice_number, row.invoice_number);
  const bool is_issued = take_date(issue_date, row.issue_date);
  const bool is_due = take_date(due_date, row.due_date);
  if (is_issued && is_due && row.due_date < row.issue_date)
    fault(due_date, "the due date lies before the issue date " + format_date(row.issue_date),
          "correct the one that is wrong");
  const std::optional<domain::Currency> money = take_currency(currency);
  const bool is_stated = take_amount(amount, money, row.amount);
  if (is_stated && row.amount.minor <= 0)
    fault(amount, "an invoice's amount is above zero",
          "import a credit note with the payments, as kind credit_note");
  row.open_amount.reset();
  if (domain::Money open; !value(open_amount).empty() && take_amount(open_amount, money, open)) {
    if (open.is_negative())
      fault(open_amount, "the open amount is below zero", "import what was paid too much with the payments");
    else if (is_stated && open > row.amount)
      fault(open_amount, "the open amount is above the invoice's amount", "correct the one that is wrong");
    row.open_amount = open;
  }
  take_code(reference, row.reference);
  check_key(invoice_number, row.invoice_number);
  row.origin.line = record.line;
  return faults_.empty();
}

bool RowParser::parse(const CsvRow &record, PaymentRow &row) {
  using enum PaymentField;
  start(record);
  take_code(payment_id, row.payment_id);
  take_code(invoice_number, row.invoice_number);
  take_date(date, row.date);
  if (take_amount(amount, take_currency(currency), row.amount) && row.amount.minor <= 0)
    fault(amount, "a payment's amount is above zero",
          "write a payment that was taken back as kind reversal, without a minus");
  row.kind = PaymentRowKind::payment;
  const std::string_view word = value(kind);
  if (word == "credit_note")
    row.kind = PaymentRowKind::credit_note;
  else if (word == "reversal")
    row.kind = PaymentRowKind::reversal;
  else if (!word.empty() && word != "payment")
    fault(kind, "unknown kind",
          "write payment, credit_note or reversal, or translate the file's own words in the mapping");
  take_code(reference, row.reference);
  check_key(payment_id, row.payment_id);
  row.origin.line = record.line;
  return faults_.empty();
}

}  // namespace relance::intake
