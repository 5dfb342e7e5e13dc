// A ledger of a million rows must not need memory in its size.
#include "host/intake/import_reader.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

namespace relance::intake {
namespace {

constexpr std::uint64_t kRows = 1'000'000;
/// The batch, the buffers and the table of numbers already seen (28 MB); the ledger itself has more than 70
/// MB.
constexpr long kGrowthMax_kib = 64 * 1024;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kMeasuresMemory = false;  // a sanitizer keeps what was freed
#else
constexpr bool kMeasuresMemory = true;
#endif
#else
constexpr bool kMeasuresMemory = true;
#endif

long peak_kib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

/// Writes the ledger while it is being read, so that the test itself does not hold it.
class Ledger {
 public:
  Result<std::size_t> operator()(std::span<char> buffer) {
    while (text_.size() < buffer.size() && next_ < kRows) {
      const std::string number = std::to_string(next_);
      // Every hundredth row is bad: rejecting must not cost memory either.
      const char *due = next_ % 100 == 99 ? "2026-02-30" : "2026-02-28";
      text_ += "D" + std::to_string(next_ % 50000) + ",INV-2026-" + number + ",2026-01-05," + due + "," +
               number + ".50,EUR,,\"order " + number + ", \"\"urgent\"\"\"\r\n";
      ++next_;
    }
    const std::size_t count = text_.copy(buffer.data(), buffer.size());
    text_.erase(0, count);
    return count;
  }

 private:
  std::string text_{"debtor_id,invoice_number,issue_date,due_date,amount,currency,open_amount,reference\r\n"};
  std::uint64_t next_{0};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(import_memory_test)

BOOST_AUTO_TEST_CASE(a_million_rows_are_read_in_bounded_memory) {
  std::uint64_t rows = 0, rejects = 0;
  std::int64_t sum = 0;
  ImportSinks<InvoiceRow> sinks;
  sinks.on_batch = [&](std::span<const InvoiceRow> batch) -> Result<void> {
    rows += batch.size();
    for (const InvoiceRow &row : batch) sum += row.amount.minor;
    return {};
  };
  sinks.on_reject = [&](const Reject &reject) -> Result<void> {
    BOOST_REQUIRE(reject.faults.size() == 1U);
    ++rejects;
    return {};
  };
  const long before = peak_kib();
  const auto totals = read_rows<InvoiceRow>({Ledger{}, "ledger.csv"}, nullptr, sinks);
  const long growth = peak_kib() - before;
  BOOST_TEST_REQUIRE(totals.has_value());
  BOOST_TEST(rejects == kRows / 100);
  BOOST_TEST(rows == kRows - kRows / 100);
  std::int64_t expected = 0;
  for (std::uint64_t i = 0; i < kRows; ++i)
    expected += i % 100 == 99 ? 0 : static_cast<std::int64_t>(i) * 100 + 50;
  BOOST_TEST(sum == expected);
  BOOST_TEST_MESSAGE("a file of " << totals->bytes / 1024 << " KiB; peak memory grew by " << growth
                                  << " KiB to " << peak_kib() << " KiB");
  if (kMeasuresMemory) BOOST_TEST(growth < kGrowthMax_kib);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::intake
