// The columns that an import knows, by kind of file: what a mapping may speak of, and the plain form's own
// names.
#pragma once

#include "host/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace relance::intake {

enum class ImportKind : std::uint8_t { debtors, invoices, payments };
inline constexpr std::size_t kImportKinds = 3;

std::string_view name_of(ImportKind kind);

struct Field {
  std::string_view name;
  bool is_required{false};
};

/// In the order of the enumerations below.
std::span<const Field> fields_of(ImportKind kind);

enum class DebtorField : std::uint8_t {
  debtor_id,
  name,
  country,
  region,
  language,
  segment,
  contact_name,
  email,
  mobile,
  phone,
  fax,
  registered_email,
  registered_email_consent,
  street,
  postal_code,
  city,
  address,
  time_zone,
  consumer,
};
enum class InvoiceField : std::uint8_t {
  debtor_id,
  invoice_number,
  issue_date,
  due_date,
  amount,
  currency,
  open_amount,
  reference,
};
enum class PaymentField : std::uint8_t {
  payment_id,
  invoice_number,
  date,
  amount,
  currency,
  kind,
  reference
};

/// The name of `known` that is nearest to what was written, where it is near enough to have been meant; else
/// empty.
std::string_view nearest_name(std::string_view written, std::span<const std::string_view> known);

}  // namespace relance::intake
