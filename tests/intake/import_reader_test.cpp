#include "host/intake/import_reader.hpp"

#include "host/intake/reject_file.hpp"
#include "tests/test_folders.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>
#include <unistd.h>

namespace relance::intake {
namespace {

template <class Row>
struct Outcome {
  Result<ImportTotals> totals{ImportTotals{}};
  std::vector<Row> rows;
  std::vector<std::string> raw;      ///< of the accepted rows
  std::vector<std::string> rejects;  ///< every fault of every reject
  std::vector<std::size_t> batches;
};

template <class Row>
Outcome<Row> import(const std::string &text, const Mapping *mapping = nullptr, RejectFile *file = nullptr) {
  Outcome<Row> outcome;
  ImportSinks<Row> sinks;
  sinks.on_batch = [&](std::span<const Row> rows) -> Result<void> {
    outcome.batches.push_back(rows.size());
    for (const Row &row : rows) {
      outcome.rows.push_back(row);
      outcome.raw.emplace_back(row.origin.raw);
      outcome.rows.back().origin.raw = {};
    }
    return {};
  };
  sinks.on_reject = [&](const Reject &reject) -> Result<void> {
    for (const CellFault &fault : reject.faults) {
      BOOST_TEST(fault.text().find_first_of("\r\n\x1B") == std::string::npos,
                 "a report must be one line without controls");
      outcome.rejects.push_back(fault.text());
    }
    return file != nullptr ? file->add(reject) : Result<void>{};
  };
  if (file != nullptr) sinks.on_layout = [&](const FileLayout &layout) { return file->start(layout); };
  outcome.totals = read_rows<Row>({from_text(text, 1000), "file.csv"}, mapping, sinks);
  return outcome;
}

const std::string kInvoiceHeader =
    "debtor_id,invoice_number,issue_date,due_date,amount,currency,open_amount,reference\n";

struct Scratch {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("relance-intake-" + std::to_string(::getpid()));
  Scratch() { std::filesystem::create_directories(path); }
  ~Scratch() { std::filesystem::remove_all(path); }
};

std::string content(const std::filesystem::path &path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// One fault whose text has all the parts.
void check_fault(const std::vector<std::string> &rejects, const std::vector<std::string> &parts) {
  BOOST_TEST_REQUIRE(rejects.size() == 1U);
  for (const std::string &part : parts)
    BOOST_TEST(rejects[0].find(part) != std::string::npos, rejects[0] << " has no " << part);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(import_reader_test)

BOOST_AUTO_TEST_CASE(the_plain_form_needs_no_mapping_whatever_its_separator) {
  for (const char separator : {',', ';', '\t', '|'}) {
    std::string text = kInvoiceHeader + "D1,F-1,2026-01-05,2026-02-04,1200.50,EUR,200.50,PO 7\n";
    std::replace(text.begin(), text.end(), ',', separator);
    const auto outcome = import <InvoiceRow>(text);
    BOOST_TEST_REQUIRE(outcome.rows.size() == 1U);
    const InvoiceRow &row = outcome.rows[0];
    BOOST_TEST(row.origin.line == 2U);
    BOOST_TEST(row.debtor_id == "D1");
    BOOST_TEST(row.invoice_number == "F-1");
    BOOST_TEST(format_date(row.issue_date) == "2026-01-05");
    BOOST_TEST(format_date(row.due_date) == "2026-02-04");
    BOOST_TEST(domain::format_money(row.amount) == "1200.50 EUR");
    BOOST_TEST(domain::format_money(row.open_amount.value()) == "200.50 EUR");
    BOOST_TEST(row.reference == "PO 7");
  }
}

BOOST_AUTO_TEST_CASE(a_french_export_is_read_with_its_mapping) {
  const Mapping mapping = load_mapping(test::source_dir() / "config/mappings/fr-export.toml").value();
  const auto invoices = import <InvoiceRow>(
      "Code client;N\xB0 facture;Date facture;\xC9"
      "ch\xE9"
      "ance;Montant TTC;Solde;Commentaire\r\n"
      "C001;FA1;05/01/2026;04/02/2026;1\xA0"
      "234,56 \x80;1234,56;vu\r\n",
      &mapping);
  BOOST_TEST_REQUIRE(invoices.rows.size() == 1U);
  BOOST_TEST(domain::format_money(invoices.rows[0].amount) == "1234.56 EUR");
  BOOST_TEST(format_date(invoices.rows[0].due_date) == "2026-02-04");
  BOOST_TEST_REQUIRE(invoices.totals->notes.size() == 1U);
  BOOST_TEST(invoices.totals->notes[0].find("'Commentaire' is not used") != std::string::npos);

  const auto debtors = import <DebtorRow>(
      "Code client;Raison sociale;Pays;Langue;Courriel;Adresse;CP;Ville;Particulier\r\n"
      "C001;Soci\xE9t\xE9 \x8Cuvre;;FR;compta@oeuvre.fr;\"1, rue A\r\nB\xE2t. 2\";75001;Paris;Non\r\n"
      "C002;Dupont;Belgique;;;;;;Oui\r\n",
      &mapping);
  BOOST_TEST_REQUIRE(debtors.rows.size() == 2U);
  BOOST_TEST(debtors.rows[0].name == "Société Œuvre");
  BOOST_TEST(debtors.rows[0].country == "FR");
  BOOST_TEST(debtors.rows[0].language == "fr");
  BOOST_TEST(debtors.rows[0].street == "1, rue A\nBât. 2");
  BOOST_TEST(!debtors.rows[0].is_consumer);
  BOOST_TEST(debtors.rows[1].country == "BE");
  BOOST_TEST(debtors.rows[1].is_consumer);
  BOOST_TEST(debtors.rows[1].street.empty());
}

BOOST_AUTO_TEST_CASE(a_box_for_registered_mail_and_a_consent_to_it_are_taken_and_held_to_their_form) {
  const auto debtors = import <DebtorRow>(
      "debtor_id,name,country,registered_email,registered_email_consent,consumer\n"
      "C1,Officine Riva S.r.l.,IT,amministrazione@pec.riva.example,,no\n"
      "C2,Paul Durand,FR,paul@durand.example,yes,yes\n"
      "C3,Nowhere,FR,not an address,,\n"
      "C4,Perhaps,FR,a@b.example,perhaps,yes\n");
  BOOST_TEST_REQUIRE(debtors.rows.size() == 2U);
  BOOST_TEST(debtors.rows[0].registered_email == "amministrazione@pec.riva.example");
  BOOST_TEST(!debtors.rows[0].consents_to_registered_email);
  BOOST_TEST(debtors.rows[1].consents_to_registered_email);
  BOOST_TEST(debtors.totals->rejected == 2U);
}

BOOST_AUTO_TEST_CASE(a_german_export_is_read_with_its_mapping) {
  const Mapping mapping = load_mapping(test::source_dir() / "config/mappings/de-export.toml").value();
  const auto payments = import <PaymentRow>(
      "Zahlungsnummer;Rechnungsnummer;Buchungsdatum;Betrag;WKZ;Art\r\n"
      "Z1;R1;31.12.2026;1.234,50;EUR;Zahlung\r\nZ2;R1;01.01.27;12;CHF;R\xFC"
      "cklastschrift\r\n",
      &mapping);
  BOOST_TEST_REQUIRE(payments.rows.size() == 2U);
  BOOST_TEST(domain::format_money(payments.rows[0].amount) == "1234.50 EUR");
  BOOST_TEST((payments.rows[1].kind == PaymentRowKind::reversal));
  BOOST_TEST(format_date(payments.rows[1].date) == "2027-01-01");
  BOOST_TEST(domain::format_money(payments.rows[1].amount) == "12.00 CHF");
}

BOOST_AUTO_TEST_CASE(a_bad_cell_is_told_with_line_column_cell_reason_and_what_to_do) {
  struct Case {
    const char *row;
    std::vector<std::string> parts;
  };
  const std::vector<Case> cases{
      {",F1,2026-01-05,2026-02-04,1,EUR,,",
       {"line 2, column 1 (debtor_id): this field is required and empty; fill it in"}},
      {"D1,,2026-01-05,2026-02-04,1,EUR,,", {"column 2 (invoice_number)", "required"}},
      {"D1,F1,2026-02-31,2026-03-04,1,EUR,,",
       {"column 3 (issue_date) \"2026-02-31\": this day does not exist", "yyyy-mm-dd"}},
      {"D1,F1,05/01/2026,2026-03-04,1,EUR,,", {"column 3 (issue_date)", "no date as yyyy-mm-dd", "[dates]"}},
      {"D1,F1,2026-02-05,2026-01-04,1,EUR,,",
       {"column 4 (due_date) \"2026-01-04\"", "before the issue date 2026-02-05"}},
      {"D1,F1,2026-01-05,,1,EUR,,", {"column 4 (due_date)", "required"}},
      {"D1,F1,2026-01-05,2026-02-04,\"1,50\",EUR,,", {"column 5 (amount) \"1,50\"", "write it like 1234.56"}},
      {"D1,F1,2026-01-05,2026-02-04,1\x1B[2J,EUR,,", {"column 5 (amount) \"1\\x1B[2J\": "}},
      {"D1,F1,2026-01-05,2026-02-04,1.505,EUR,,", {"column 5 (amount) \"1.505\""}},
      {"D1,F1,2026-01-05,2026-02-04,99999999999999999999,EUR,,", {"column 5 (amount)"}},
      {"D1,F1,2026-01-05,2026-02-04,-1,EUR,,", {"column 5 (amount) \"-1\"", "above zero", "credit_note"}},
      {"D1,F1,2026-01-05,2026-02-04,0,EUR,,", {"column 5 (amount) \"0\"", "above zero"}},
      {"D1,F1,2026-01-05,2026-02-04,,EUR,,", {"column 5 (amount)", "required"}},
      {"D1,F1,2026-01-05,2026-02-04,1,EURO,,",
       {"column 6 (currency) \"EURO\": unknown currency", "ISO 4217"}},
      {"D1,F1,2026-01-05,2026-02-04,1,,,", {"column 6 (currency)", "no currency is stated"}},
      {"D1,F1,2026-01-05,2026-02-04,1,EUR,2,",
       {"column 7 (open_amount) \"2\"", "above the invoice's amount"}},
      {"D1,F1,2026-01-05,2026-02-04,1,EUR,-1,", {"column 7 (open_amount) \"-1\"", "below zero"}},
      {"D1,F1,2026-01-05,2026-02-04,1,EUR,,\"a\nb\"", {"column 8 (reference) \"a\\nb\"", "line break"}},
      {"D1,F1,2026-01-05,2026-02-04,1,EUR,,\"a\x1B[2J\"",
       {"column 8 (reference) \"a\\x1B[2J\"", "control character"}},
      {"D1,F1,2026-01-05,2026-02-04,1,EUR,,caf\xE9", {"line 2, column 8 (reference)", "0xE9", "encoding"}},
      {"D1,F1,2026-01-05,2026-02-04", {"line 2: the row has 4 columns where 8 are expected"}},
      {"D1,F1,2026-01-05,2026-02-04,1,EUR,,,x", {"line 2: the row has 9 columns where 8 are expected"}},
  };
  for (const Case &one : cases) BOOST_TEST_CONTEXT(one.row) {
      const auto outcome =
          import <InvoiceRow>(kInvoiceHeader + one.row + "\nD2,F2,2026-01-05,2026-02-04,1,EUR,,\n");
      BOOST_TEST_REQUIRE(outcome.totals.has_value());
      check_fault(outcome.rejects, one.parts);
      BOOST_TEST(outcome.totals->rejected == 1U);
      BOOST_TEST_REQUIRE(outcome.rows.size() == 1U);
      BOOST_TEST(outcome.rows[0].invoice_number == "F2");
    }
}

BOOST_AUTO_TEST_CASE(bad_cells_of_debtors_and_payments_are_told_alike) {
  const auto debtor = [](const std::string &header, const std::string &cell) {
    return import <DebtorRow>("debtor_id,name,country," + header + "\nD1,Durand,FR," + cell + "\n").rejects;
  };
  check_fault(debtor("email", "\"a@x.fr\nBcc: b@y.fr\""), {"column 4 (email)", "\\nBcc", "line break"});
  check_fault(debtor("email", "a@x.fr b@x.fr"), {"column 4 (email)", "not one plain e-mail address"});
  check_fault(debtor("language", "french"), {"column 4 (language)", "fr-BE"});
  check_fault(debtor("consumer", "maybe"), {"column 4 (consumer)", "neither yes nor no"});
  check_fault(debtor("mobile", "none"), {"column 4 (mobile)", "no telephone number"});
  check_fault(debtor("time_zone", "Paris"), {"column 4 (time_zone)", "Europe/Paris"});
  check_fault(debtor("segment", std::string(101, 'x')), {"column 4 (segment)", "101 bytes"});
  check_fault(import <DebtorRow>("debtor_id,name,country\nD1,Durand,UK\n").rejects,
              {"column 3 (country) \"UK\"", "write GB"});
  const auto payment = [](const std::string &amount, const std::string &kind) {
    return import <PaymentRow>("payment_id,invoice_number,date,amount,currency,kind\nP1,F1,2026-01-05," +
                               amount + ",EUR," + kind + "\n")
        .rejects;
  };
  check_fault(payment("1", "refund"), {"column 6 (kind) \"refund\"", "payment, credit_note or reversal"});
  check_fault(payment("-1", "payment"), {"column 4 (amount) \"-1\"", "reversal"});
}

BOOST_AUTO_TEST_CASE(all_that_is_wrong_with_a_row_is_told_at_once) {
  const auto outcome = import <InvoiceRow>(kInvoiceHeader + "D1,F1,x,y,z,EUR,,\n");
  BOOST_TEST(outcome.rejects.size() == 3U);
  BOOST_TEST(outcome.totals->rejected == 1U);
}

BOOST_AUTO_TEST_CASE(an_address_comes_as_parts_or_as_lines_and_what_the_post_refuses_is_said) {
  std::vector<std::string> envelopes, remarks;
  ImportSinks<DebtorRow> sinks;
  sinks.on_batch = [&](std::span<const DebtorRow> rows) -> Result<void> {
    for (const auto &row : rows) envelopes.push_back(row.postal);
    return {};
  };
  sinks.on_reject = [](const Reject &reject) -> Result<void> {
    return invalid(reject.faults.front().text());
  };
  sinks.on_remark = [&](const CellFault &remark) { remarks.push_back(remark.text()); };
  const std::string text{
      "debtor_id,name,country,street,postal_code,city,address\n"
      "D-1,Durand,FR,1 rue Haute,75001,Paris,\n"
      "D-2,Jansen,NL,,,,\"Jansen\nDam 1\n1012js Amsterdam\"\n"
      "D-3,Muster,DE,,,,\"Weg 1\n1010 Wien\"\n"
      "D-4,Nobody,FR,,,,\n"
      "D-5,Smith,GB,1 Mill Lane,m12wd,Manchester,\n"
      "D-6,Byrne,IE,2 Main Street,D02 AF30,Dublin 2,\n"
      "D-7,MÃ¼ller,DE,Weg 2,10115,Berlin,\n"};
  const auto totals = read_rows<DebtorRow>({from_text(text, 1000), "file.csv"}, nullptr, sinks);
  BOOST_TEST_REQUIRE(totals.has_value(), (totals ? "" : totals.error().message));
  const std::vector<std::string> expected{"Durand\n1 rue Haute\n75001 PARIS",
                                          "Jansen\nDam 1\n1012 JS Amsterdam",
                                          "Muster\nWeg 1\n1010 Wien",
                                          "",
                                          "Smith\n1 Mill Lane\nManchester\nM1 2WD",
                                          "Byrne\n2 Main Street\nDublin 2\nD02 AF30",
                                          "MÃ¼ller\nWeg 2\n10115 Berlin"};
  BOOST_TEST(envelopes == expected, boost::test_tools::per_element());
  BOOST_REQUIRE_EQUAL(remarks.size(), 2u);
  BOOST_TEST(remarks[1].find("(name)") != std::string::npos, remarks[1]);
  BOOST_TEST(remarks[1].find("looks like UTF-8 read in another encoding") != std::string::npos, remarks[1]);
  BOOST_TEST(remarks[0].find("(address)") != std::string::npos, remarks[0]);
  BOOST_TEST(
      remarks[0].find("line 3: \"1010\" is no postcode of DE, but could be one of AT") != std::string::npos,
      remarks[0]);
}

BOOST_AUTO_TEST_CASE(a_number_that_stands_twice_in_a_file_is_refused_the_second_time) {
  const auto outcome =
      import <InvoiceRow>(kInvoiceHeader +
                          "D1,F1,2026-01-05,2026-02-04,bad,EUR,,\n"  // refused, so line 3 is no repetition
                          "D1,F1,2026-01-05,2026-02-04,1,EUR,,\n"
                          "D1,F2,2026-01-05,2026-02-04,1,EUR,,\n"
                          "D2,F1,2026-01-05,2026-02-04,1,EUR,,\n");
  BOOST_TEST(outcome.rows.size() == 2U);
  BOOST_TEST_REQUIRE(outcome.rejects.size() == 2U);
  BOOST_TEST(outcome.rejects[1].find("line 5, column 2 (invoice_number) \"F1\": line 3 has the same") == 0U,
             outcome.rejects[1]);
}

BOOST_AUTO_TEST_CASE(a_row_that_an_unclosed_quote_ran_together_costs_one_line) {
  const auto outcome = import <InvoiceRow>(kInvoiceHeader +
                                           "D1,F1,2026-01-05,2026-02-04,1,EUR,,\"open\n"
                                           "D1,F2,2026-01-05,2026-02-04,1,EUR,,\n"
                                           "D1,F3,2026-01-05,2026-02-04,1,EUR,,x\",\n"
                                           "D1,F4,2026-01-05,2026-02-04,1,EUR,,\n");
  check_fault(outcome.rejects,
              {"line 2, column 8 (reference)", "a quote opened in line 2 takes in whole rows"});
  BOOST_TEST_REQUIRE(outcome.rows.size() == 3U);
  BOOST_TEST(outcome.rows[1].reference == "x\"");
  const auto wider = import <InvoiceRow>(kInvoiceHeader +
                                         "D1,F1,2026-01-05,2026-02-04,1,EUR,\"open,\n"
                                         "D1,F2,2026-01-05,2026-02-04,1,EUR,,\n"
                                         "D1,F3,2026-01-05,2026-02-04,1,EUR,,\"x\"\n"
                                         "D1,F4,2026-01-05,2026-02-04,1,EUR,,\n");
  check_fault(wider.rejects, {"line 2, column 7 (open_amount)", "a quote opened in line 2 is not closed"});
  BOOST_TEST(wider.rows.size() == 3U);
  // A field that may have several lines would take the rows in silently.
  const auto streets = import <DebtorRow>(
      "debtor_id,name,country,street,city\n"
      "D1,Durand,FR,\"1 rue A,Paris\n"
      "D2,Dupont,FR,2 rue B,Paris\n"
      "D3,Dubois,FR,\",Paris\n"
      "D4,Duval,FR,\"Bât. 4, esc. B\n4 rue D, fond de cour\",Paris\n");
  BOOST_TEST_REQUIRE(streets.rejects.size() == 2U);
  BOOST_TEST(streets.rejects[0].find("line 2, column 4 (street)") == 0U, streets.rejects[0]);
  BOOST_TEST(streets.rejects[1].find("line 4, column 4 (street)") == 0U, streets.rejects[1]);
  BOOST_TEST_REQUIRE(streets.rows.size() == 2U);
  BOOST_TEST(streets.rows[0].debtor_id == "D2");
  BOOST_TEST(streets.rows[1].street == "Bât. 4, esc. B\n4 rue D, fond de cour");
}

BOOST_AUTO_TEST_CASE(rows_of_empty_cells_are_passed_over_and_counted) {
  const auto outcome =
      import <InvoiceRow>(kInvoiceHeader + ",,,,,,,\nD1,F1,2026-01-05,2026-02-04,1,EUR,,,,\n \n");
  BOOST_TEST(outcome.rows.size() == 1U);
  BOOST_TEST(outcome.totals->blank == 2U);
  BOOST_TEST(outcome.totals->rejected == 0U);
}

BOOST_AUTO_TEST_CASE(batches_have_at_most_500_rows_and_hold_the_text_of_each) {
  std::string text = kInvoiceHeader;
  for (int i = 0; i < 1201; ++i) text += "D1,F" + std::to_string(i) + ",2026-01-05,2026-02-04,1,EUR,,\r\n";
  const auto outcome = import <InvoiceRow>(text);
  BOOST_TEST(outcome.batches == (std::vector<std::size_t>{500, 500, 201}), boost::test_tools::per_element());
  BOOST_TEST(outcome.raw[1200] == "D1,F1200,2026-01-05,2026-02-04,1,EUR,,");
  BOOST_TEST(outcome.rows[1200].origin.line == 1202U);
  BOOST_TEST(outcome.totals->bytes == text.size());
}

BOOST_AUTO_TEST_CASE(a_header_that_does_not_fit_is_an_error_before_the_first_row) {
  struct Case {
    const char *text;
    std::vector<std::string> parts;
  };
  const std::vector<Case> cases{
      {"debtor_id,invoice_number,issue_date,due_dat,amount\n",
       {"file.csv:1", "'due_date'", "is it 'due_dat'?", "The file has:"}},
      {"debtor_id:invoice_number\n",
       {"'debtor_id'", "Without a mapping", "--map", "single column: check the separator"}},
      {"debtor_id,debtor_id,invoice_number,issue_date,due_date,amount\n",
       {"'debtor_id' twice", "columns 1 and 2"}},
      {"\"debtor_id,invoice_number\n", {"file.csv:1", "first row", "quote"}},
  };
  for (const Case &one : cases) {
    const auto outcome = import <InvoiceRow>(one.text);
    BOOST_TEST_REQUIRE(outcome.totals.has_error());
    for (const std::string &part : one.parts)
      BOOST_TEST(outcome.totals.error().text().find(part) != std::string::npos, outcome.totals.error().text()
                                                                                    << " has no " << part);
  }
  BOOST_TEST(import <InvoiceRow>("").totals->notes.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_file_without_header_is_read_by_column_numbers) {
  const Mapping mapping = parse_mapping(R"(
    header = false
    separator = "|"
    skip_lines = 1
    currency = "EUR"
    [payments.columns]
    payment_id = 3
    invoice_number = 1
    date = 2
    amount = 4
    [payments.constants]
    kind = "credit_note"
  )",
                                        "m.toml")
                              .value();
  const auto outcome =
      import <PaymentRow>("export of today\nF1|2026-01-05|P1|3\nF2|2026-01-06|P2|x\n", &mapping);
  BOOST_TEST_REQUIRE(outcome.rows.size() == 1U,
                     (outcome.totals.has_error() ? outcome.totals.error().text() : ""));
  BOOST_TEST(outcome.rows[0].payment_id == "P1");
  BOOST_TEST((outcome.rows[0].kind == PaymentRowKind::credit_note));
  check_fault(outcome.rejects, {"line 3, column 4 (amount) \"x\""});
}

BOOST_AUTO_TEST_CASE(a_constant_that_is_wrong_is_blamed_on_the_mapping) {
  const Mapping mapping = parse_mapping("[debtors.constants]\ncountry = \"UK\"", "m.toml").value();
  check_fault(import <DebtorRow>("debtor_id,name\nD1,Smith\n", &mapping).rejects,
              {"country \"UK\"", "the mapping states it"});
}

BOOST_AUTO_TEST_CASE(progress_rises_to_the_size_of_the_file) {
  std::string text = kInvoiceHeader;
  for (int i = 0; i < 1700; ++i) text += "D1,F" + std::to_string(i) + ",2026-01-05,2026-02-04,1,EUR,,\n";
  std::vector<std::uint64_t> seen;
  ImportSinks<InvoiceRow> sinks;
  sinks.on_batch = [](std::span<const InvoiceRow>) -> Result<void> { return {}; };
  sinks.on_reject = [](const Reject &) -> Result<void> { return {}; };
  sinks.on_progress = [&](std::uint64_t bytes, std::optional<std::uint64_t> total) {
    seen.push_back(bytes);
    BOOST_TEST(total.value() == text.size());
  };
  BOOST_TEST(read_rows<InvoiceRow>({from_text(text, 1000), "f", text.size()}, nullptr, sinks).has_value());
  BOOST_TEST(seen.size() == 4U);
  BOOST_TEST(std::is_sorted(seen.begin(), seen.end()));
  BOOST_TEST(seen.front() < text.size());
  BOOST_TEST(seen.back() == text.size());
}

BOOST_AUTO_TEST_CASE(a_row_beyond_the_limit_is_rejected_with_its_start_in_whole_characters) {
  const Scratch scratch;
  RejectFile file(scratch.path / "long.csv");
  std::string street;
  while (street.size() < 2 * kCsvRowBytesMax) street += "é";
  const auto outcome = import <DebtorRow>(
      "debtor_id,name,country,street\nD1,Durand,FR," + street + "\nD2,Dupont,FR,\n", nullptr, &file);
  check_fault(outcome.rejects, {"line 2, column 4 (street): the row is longer than 1048576 bytes"});
  BOOST_TEST(outcome.rows.size() == 1U);
  BOOST_TEST(file.finish().has_value());
  const std::string text = content(file.path());
  BOOST_TEST(text.size() < 5000U);
  BOOST_TEST(text.find("only the start of the row stands here") != std::string::npos);
  const auto again = import <DebtorRow>(text);
  BOOST_TEST_REQUIRE(again.rejects.size() == 1U);
  BOOST_TEST(again.rejects[0].find("bytes 0x") == std::string::npos, again.rejects[0]);
}

BOOST_AUTO_TEST_CASE(a_sink_that_fails_ends_the_import_with_its_error) {
  ImportSinks<InvoiceRow> sinks;
  sinks.on_batch = [](std::span<const InvoiceRow>) -> Result<void> { return unavailable("disk full"); };
  sinks.on_reject = [](const Reject &) -> Result<void> { return {}; };
  const auto totals = read_rows<InvoiceRow>(
      {from_text(kInvoiceHeader + "D1,F1,2026-01-05,2026-02-04,1,EUR,,\n"), "f"}, nullptr, sinks);
  BOOST_TEST(totals.error().message == "disk full");
}

BOOST_AUTO_TEST_CASE(the_reject_file_gives_the_rows_back_and_is_imported_again_when_corrected) {
  const Scratch scratch;
  const auto path = scratch.path / "rejects.csv";
  const Mapping mapping = load_mapping(test::source_dir() / "config/mappings/fr-export.toml").value();
  {
    RejectFile file(path);
    const auto outcome = import <InvoiceRow>(
        "Code client;N\xB0 facture;Date facture;\xC9"
        "ch\xE9"
        "ance;Montant TTC;R\xE9"
        "f\xE9rence\r\n"
        "C1;FA1;05/01/2026;04/02/2026;12,00;\"caf\xE9; \"\"x\"\"\"\r\n"
        "C1;FA2;05/01/2026;32/02/2026;12,00;\"caf\xE9; \"\"x\"\"\"\r\n"
        "C1;FA3;05/01/2026;04/02/2026;\"12,00;\r\n"
        "C1;FA4;05/01/2026;04/02/2026;12,00;\r\n",
        &mapping, &file);
    BOOST_TEST(outcome.rows.size() == 2U);
    BOOST_TEST(file.rows() == 2U);
    BOOST_TEST(file.finish().has_value());
  }
  const std::string text = content(path);
  BOOST_TEST(
      text.starts_with("\xEF\xBB\xBFrelance_line;relance_column;relance_reason;Code client;N° facture;"),
      text);
  BOOST_TEST(text.find("\r\n3;4;\"this day does not exist; write a day") != std::string::npos, text);
  BOOST_TEST(
      text.find(";C1;FA2;05/01/2026;32/02/2026;12,00;\"café; \"\"x\"\"\"\r\n4;5;") != std::string::npos,
      text);

  // Untouched: the same rows are refused again, and given back without a second set of columns in front.
  const auto again_path = scratch.path / "again.csv";
  {
    RejectFile file(again_path);
    const auto outcome = import <InvoiceRow>(text, &mapping, &file);
    BOOST_TEST(outcome.rows.empty());
    BOOST_TEST_REQUIRE(outcome.rejects.size() == 2U);
    BOOST_TEST(outcome.rejects[0].find("line 2, column 4 (Échéance, due_date)") == 0U, outcome.rejects[0]);
    BOOST_TEST(file.finish().has_value());
  }
  const std::string again = content(again_path);
  BOOST_TEST(again.find("relance_line", 20) == std::string::npos, again);
  BOOST_TEST(again.find("\r\n2;4;") != std::string::npos, again);
  BOOST_TEST(again.find(";C1;FA3;05/01/2026;04/02/2026;\"12,00;\r\n") != std::string::npos, again);
  BOOST_TEST(again.find("3;5;") != std::string::npos, again);

  std::string corrected = text;
  corrected.replace(corrected.find("32/02"), 5, "28/02");
  corrected.replace(corrected.find(";\"12,00;\r\n"), 10, ";12,00;\r\n");
  const auto outcome = import <InvoiceRow>(corrected, &mapping);
  BOOST_TEST(outcome.rejects.empty());
  BOOST_TEST_REQUIRE(outcome.rows.size() == 2U);
  BOOST_TEST(outcome.rows[0].reference == "café; \"x\"");
  BOOST_TEST(outcome.rows[1].invoice_number == "FA3");
}

BOOST_AUTO_TEST_CASE(a_reject_file_of_a_file_without_header_is_known_by_its_first_line) {
  const Scratch scratch;
  const auto path = scratch.path / "rejects.csv";
  const Mapping mapping = parse_mapping(R"(
    header = false
    skip_lines = 1
    currency = "EUR"
    [payments.columns]
    payment_id = 1
    invoice_number = 2
    date = 3
    amount = 4
  )",
                                        "m.toml")
                              .value();
  RejectFile file(path);
  BOOST_TEST(import <PaymentRow>("title\nP1,F1,2026-01-05,x\n", &mapping, &file).rejects.size() == 1U);
  BOOST_TEST(file.finish().has_value());
  std::string text = content(path);
  text.replace(text.find(",x\r\n"), 4, ",7\r\n");
  const auto outcome = import <PaymentRow>(text, &mapping);
  BOOST_TEST_REQUIRE(outcome.rows.size() == 1U,
                     (outcome.totals.has_error() ? outcome.totals.error().text() : text));
  BOOST_TEST(outcome.raw[0] == "P1,F1,2026-01-05,7");
}

BOOST_AUTO_TEST_CASE(a_reject_file_is_private_and_not_created_for_nothing) {
  const Scratch scratch;
  {
    RejectFile file(scratch.path / "none.csv");
    BOOST_TEST(file.finish().has_value());
  }
  BOOST_TEST(!std::filesystem::exists(scratch.path / "none.csv"));
  RejectFile file(scratch.path / "some.csv");
  BOOST_TEST(file.add(RowOrigin{7, "a,b"}, "unknown invoice F1").has_value());
  BOOST_TEST(file.finish().has_value());
  BOOST_TEST(content(scratch.path / "some.csv").find("\r\n7,,unknown invoice F1,a,b\r\n") !=
             std::string::npos);
  const auto permissions = std::filesystem::status(scratch.path / "some.csv").permissions();
  constexpr auto kOthers = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
  BOOST_TEST(((permissions & kOthers) == std::filesystem::perms::none));
  RejectFile nowhere(scratch.path / "missing" / "x.csv");
  BOOST_TEST(nowhere.add(RowOrigin{7, "a"}, "x").has_error());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::intake
