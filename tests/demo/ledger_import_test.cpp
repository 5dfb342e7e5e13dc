// The demo's ledger through the product's own importer: every row of both flavours is taken, and the French
// export, read with the shipped mapping, says what the plain one says.
#include "host/intake/import_reader.hpp"
#include "tests/test_folders.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace relance::intake {
namespace {

std::filesystem::path ledger(const char *flavour) {
  return test::build_dir() / "tests" / "demo" / "ledger" / flavour;
}

template <class Row>
std::vector<Row> read_all(const std::filesystem::path &file, const Mapping *mapping) {
  std::vector<Row> taken;
  ImportSinks<Row> sinks;
  sinks.on_batch = [&](std::span<const Row> rows) -> Result<void> {
    taken.insert(taken.end(), rows.begin(), rows.end());
    return {};
  };
  sinks.on_reject = [&](const Reject &reject) -> Result<void> {
    for (const CellFault &fault : reject.faults) BOOST_ERROR(file.string() << ": " << fault.text());
    return {};
  };
  std::ifstream in(file, std::ios::binary);
  BOOST_TEST_REQUIRE(in.good(), file.string());
  const auto totals = read_rows<Row>({from_stream(in), file.filename().string()}, mapping, sinks);
  BOOST_TEST_REQUIRE(totals.has_value(), (totals.has_error() ? totals.error().text() : ""));
  for (const std::string &note : totals->notes) BOOST_ERROR(file.string() << ": " << note);
  return taken;
}

/// What two rows of one truth share: everything but where they stood.
auto fields(const DebtorRow &row) {
  return std::tuple{row.debtor_id, row.name,         row.country, row.language, row.segment,
                    row.email,     row.contact_name, row.mobile,  row.phone,    row.fax,
                    row.street,    row.postal_code,  row.city};
}
auto fields(const InvoiceRow &row) {
  return std::tuple{row.debtor_id,
                    row.invoice_number,
                    row.issue_date,
                    row.due_date,
                    domain::format_money(row.amount),
                    domain::format_money(row.open_amount.value()),
                    row.reference};
}
auto fields(const PaymentRow &row) {
  return std::tuple{row.payment_id, row.invoice_number, row.date, domain::format_money(row.amount),
                    row.kind,       row.reference};
}

template <class Row>
std::size_t check_same(const std::filesystem::path &name, const Mapping &french) {
  const auto plain_rows = read_all<Row>(ledger("plain") / name, nullptr);
  const auto french_rows = read_all<Row>(ledger("fr") / name, &french);
  BOOST_TEST_REQUIRE(plain_rows.size() == french_rows.size());
  for (std::size_t i = 0; i < plain_rows.size(); ++i)
    BOOST_TEST((fields(plain_rows[i]) == fields(french_rows[i])), name << " row " << i + 1);
  return plain_rows.size();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ledger_import_test)

BOOST_AUTO_TEST_CASE(both_flavours_are_taken_whole_and_say_the_same) {
  const Mapping french = load_mapping(test::source_dir() / "config/mappings/fr-export.toml").value();
  BOOST_TEST(check_same<DebtorRow>("debtors.csv", french) == 80U);
  BOOST_TEST(check_same<InvoiceRow>("invoices.csv", french) >= 300U);
  std::size_t payments{0};
  for (const auto &day : std::filesystem::directory_iterator(ledger("plain") / "payments"))
    payments += check_same<PaymentRow>(std::filesystem::path("payments") / day.path().filename(), french);
  BOOST_TEST(payments > 250U);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::intake
