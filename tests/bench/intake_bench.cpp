// Rows a second of an import, beside two yard-sticks on the same file in the same run: reading its lines and
// nothing else, and Python's csv module (written in C), which splits the cells but checks nothing. Usage:
// intake_bench [ROWS] [ROUNDS].
#include "host/intake/import_reader.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>

namespace relance::intake {
namespace {

/// Opens the file, gives its source to `read`, and says how many rows that found.
std::uint64_t with_file(const std::string &path, const std::function<std::uint64_t(ByteSource)> &read) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const std::uint64_t rows = read(from_descriptor(file));
  ::close(file);
  return rows;
}

std::uint64_t count_lines(const ByteSource &source) {
  std::vector<char> buffer(kCsvChunkBytes);
  std::uint64_t lines = 0;
  while (const std::size_t got = source(buffer).value())
    lines += static_cast<std::uint64_t>(
        std::count(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(got), '\n'));
  return lines;
}

std::uint64_t split_cells(ByteSource source, char separator, Encoding encoding) {
  CsvReader reader(std::move(source), {.separator = separator, .encoding = encoding});
  CsvRow row;
  std::uint64_t rows = 0;
  while (reader.next(row).value()) ++rows;
  return rows;
}

std::uint64_t import_rows(ByteSource source, const Mapping *mapping) {
  ImportSinks<InvoiceRow> sinks;
  sinks.on_batch = [](std::span<const InvoiceRow>) -> Result<void> { return {}; };
  sinks.on_reject = [](const Reject &) -> Result<void> { return {}; };
  const auto totals = read_rows<InvoiceRow>({std::move(source), "bench"}, mapping, sinks).value();
  if (totals.rejected > 0)
    std::printf("%llu rows rejected: the figures are worthless\n",
                static_cast<unsigned long long>(totals.rejected));
  return totals.accepted + 1;  // the header is a row to the others
}

std::uint64_t python_csv(const std::string &path, const char *encoding, const char *separator) {
  static const char *kScript =
      "import csv,sys\n"
      "n=0\n"
      "for row in csv.reader(open(sys.argv[1],newline='',encoding=sys.argv[2]),delimiter=sys.argv[3]): n+=1\n"
      "print(n)";
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(::open("/dev/null", O_WRONLY), STDOUT_FILENO);
    ::execlp("python3", "python3", "-c", kScript, path.c_str(), encoding, separator, nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 1 : 0;
}

void write_ledger(const std::string &path, std::uint64_t rows, bool is_french) {
  std::ofstream out(path, std::ios::binary);
  out << (is_french
              ? "Code client;N\xB0 facture;Date facture;\xC9"
                "ch\xE9"
                "ance;Montant TTC;Solde;R\xE9"
                "f\xE9rence\r\n"
              : "debtor_id,invoice_number,issue_date,due_date,amount,open_amount,currency,reference\r\n");
  for (std::uint64_t i = 0; i < rows; ++i) {
    char line[200];
    const auto n = static_cast<unsigned long long>(i);
    const unsigned day = 1 + static_cast<unsigned>(i % 28), month = 1 + static_cast<unsigned>(i % 12);
    const unsigned amount = 1000 + static_cast<unsigned>(i * 7919 % 9000);
    if (is_french)
      std::snprintf(
          line, sizeof line,
          "C%05llu;FA-2026-%07llu;%02u/%02u/2025;%02u/%02u/2026;%u %03u,%02u;;\"Commande %llu; livr\xE9"
          "e\"\r\n",
          n % 40000, n, day, month, day, month, amount / 1000, amount % 1000, day, n);
    else
      std::snprintf(
          line, sizeof line,
          "C%05llu,INV-2026-%07llu,2025-%02u-%02u,2026-%02u-%02u,%u.%02u,,EUR,\"Order %llu, delivered\"\r\n",
          n % 40000, n, month, day, month, day, amount, day, n);
    out << line;
  }
}

struct Contender {
  const char *name;
  std::function<std::uint64_t()> run;
  std::vector<double> rates{};
};

void measure(const char *title, const std::string &path, std::uint64_t rows, int rounds,
             std::vector<Contender> contenders) {
  for (int round = 0; round < rounds; ++round)
    for (Contender &one : contenders) {
      const auto start = std::chrono::steady_clock::now();
      const std::uint64_t found = one.run();
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      if (found == rows + 1 || found == 1)
        one.rates.push_back(static_cast<double>(rows) / took.count());
      else
        std::printf("%s found %llu rows\n", one.name, static_cast<unsigned long long>(found));
    }
  std::printf("%s: %llu rows, %.1f MB, median of %d interleaved rounds\n", title,
              static_cast<unsigned long long>(rows),
              static_cast<double>(std::filesystem::file_size(path)) / 1e6, rounds);
  double yard_stick = 0;
  for (Contender &one : contenders) {
    if (one.rates.empty()) continue;
    std::sort(one.rates.begin(), one.rates.end());
    const double median = one.rates[one.rates.size() / 2];
    if (yard_stick == 0) yard_stick = median;
    std::printf("  %-34s %11.0f rows/s  %6.2f x python csv  (%.0f to %.0f)\n", one.name, median,
                median / yard_stick, one.rates.front(), one.rates.back());
  }
}

int run(std::uint64_t rows, int rounds) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("relance-intake-bench-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string plain = folder / "plain.csv", french = folder / "fr.csv";
  write_ledger(plain, rows, false);
  write_ledger(french, rows, true);
  Mapping mapping = parse_mapping(R"(
    separator = ";"
    encoding = "windows-1252"
    currency = "EUR"
    [numbers]
    decimal = ","
    thousands = " "
    [dates]
    styles = ["dd/mm/yyyy"]
    [invoices.columns]
    debtor_id = "Code client"
    invoice_number = "N° facture"
    issue_date = "Date facture"
    due_date = "Échéance"
    amount = "Montant TTC"
    open_amount = "Solde"
    reference = "Référence"
  )",
                                  "bench")
                        .value();
  measure("plain form", plain, rows, rounds,
          {{"python3 csv.reader, cells only", [&] { return python_csv(plain, "utf-8", ","); }},
           {"lines counted only", [&] { return with_file(plain, count_lines); }},
           {"CsvReader, cells only",
            [&] {
              return with_file(plain,
                               [](ByteSource s) { return split_cells(std::move(s), ',', Encoding::utf8); });
            }},
           {"read_rows, typed and checked", [&] {
              return with_file(plain, [](ByteSource s) { return import_rows(std::move(s), nullptr); });
            }}});
  measure("French export, windows-1252", french, rows, rounds,
          {{"python3 csv.reader, cells only", [&] { return python_csv(french, "cp1252", ";"); }},
           {"lines counted only", [&] { return with_file(french, count_lines); }},
           {"CsvReader, cells only",
            [&] {
              return with_file(french, [](ByteSource s) {
                return split_cells(std::move(s), ';', Encoding::windows_1252);
              });
            }},
           {"read_rows, typed and checked", [&] {
              return with_file(french, [&](ByteSource s) { return import_rows(std::move(s), &mapping); });
            }}});
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace relance::intake

int main(int argc, char **argv) {
  const std::uint64_t rows = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  return relance::intake::run(std::max<std::uint64_t>(rows, 1), std::max(rounds, 1));
}
