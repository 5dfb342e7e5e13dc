#include "host/intake/fields.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

namespace relance::intake {
namespace {

constexpr std::array<Field, 19> kDebtorFields{{{"debtor_id", true},
                                               {"name", true},
                                               {"country", true},
                                               {"region"},
                                               {"language"},
                                               {"segment"},
                                               {"contact_name"},
                                               {"email"},
                                               {"mobile"},
                                               {"phone"},
                                               {"fax"},
                                               {"registered_email"},
                                               {"registered_email_consent"},
                                               {"street"},
                                               {"postal_code"},
                                               {"city"},
                                               {"address"},
                                               {"time_zone"},
                                               {"consumer"}}};
// The currency is required too, but a mapping may state one for the whole file.
constexpr std::array<Field, 8> kInvoiceFields{{{"debtor_id", true},
                                               {"invoice_number", true},
                                               {"issue_date", true},
                                               {"due_date", true},
                                               {"amount", true},
                                               {"currency"},
                                               {"open_amount"},
                                               {"reference"}}};
constexpr std::array<Field, 7> kPaymentFields{{{"payment_id", true},
                                               {"invoice_number", true},
                                               {"date", true},
                                               {"amount", true},
                                               {"currency"},
                                               {"kind"},
                                               {"reference"}}};
static_assert(kDebtorFields.size() == static_cast<std::size_t>(DebtorField::consumer) + 1);
static_assert(kInvoiceFields.size() == static_cast<std::size_t>(InvoiceField::reference) + 1);
static_assert(kPaymentFields.size() == static_cast<std::size_t>(PaymentField::reference) + 1);

/// Levenshtein's distance, one row at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view name_of(ImportKind kind) {
  switch (kind) {
    case ImportKind::debtors:
      return "debtors";
    case ImportKind::invoices:
      return "invoices";
    case ImportKind::payments:
      return "payments";
  }
  return "?";
}

std::span<const Field> fields_of(ImportKind kind) {
  switch (kind) {
    case ImportKind::debtors:
      return kDebtorFields;
    case ImportKind::invoices:
      return kInvoiceFields;
    case ImportKind::payments:
      return kPaymentFields;
  }
  return {};
}

std::string_view nearest_name(std::string_view written, std::span<const std::string_view> known) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, written.size() / 3) + 1;
  for (const std::string_view name : known) {
    constexpr std::size_t kPrefixMin = 3;  // "due" means due_date
    const bool is_start = written.size() >= kPrefixMin && name.starts_with(written);
    const std::size_t distance = is_start ? 1 : edit_distance(written, name);
    if (distance < best_distance && distance < name.size()) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace relance::intake
