// Ledgers and payments from a CSV in the request's body: read row by row, written 500 at a time between two
// batches of the engine, with every refused row told while it goes on. Nothing of the file is kept here.
#include "host/api/handlers.hpp"
#include "host/api/import_records.hpp"
#include "host/api/json_text.hpp"
#include "host/base/crash_point.hpp"
#include "host/intake/import_reader.hpp"

#include <boost/json.hpp>

#include <charconv>

namespace relance::api {
namespace json = boost::json;
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMappingBytesMax{64 * 1024};
constexpr std::size_t kTextsMax{1000};            ///< warnings and differences told; the counts stay exact
constexpr std::uint64_t kProgressBytes{1 << 20};  ///< a line of progress a mebibyte read
constexpr std::int32_t kVanishPercentMax{20};     ///< of the open items; more wants a confirmation

struct Asked {
  std::string kind, file;
  bool is_dry{false}, is_snapshot{false}, is_confirmed{false};
  std::optional<intake::Mapping> mapping;
};

/// The first `bytes` of the body: a mapping sent along.
Result<std::string> read_exactly(Exchange &exchange, std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t at{0}; at < bytes;) {
    const auto got = exchange.read_body({text.data() + at, bytes - at});
    if (!got) return got.error();
    if (*got == 0) return invalid("the body ends inside the mapping", "mapping_bytes");
    at += *got;
  }
  return text;
}

Result<void> read_mapping(const Context &context, const Request &request, Exchange &exchange, Asked &asked) {
  const auto name = request.asked("mapping");
  const auto bytes = request.asked("mapping_bytes");
  Result<intake::Mapping> mapping{intake::Mapping{}};
  if (!bytes.empty()) {
    std::size_t count{0};
    const auto end = std::from_chars(bytes.data(), bytes.data() + bytes.size(), count);
    if (end.ec != std::errc{} || end.ptr != bytes.data() + bytes.size() || count == 0 ||
        count > kMappingBytesMax)
      return invalid("a number of bytes up to " + std::to_string(kMappingBytesMax) + " is expected",
                     "mapping_bytes");
    const auto text = read_exactly(exchange, count);
    if (!text) return text.error();
    mapping = intake::parse_mapping(*text, name.empty() ? "mapping" : name);
  } else if (!name.empty()) {
    if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") != std::string_view::npos)
      return invalid("the name of a mapping has only a-z, 0-9, - and _", "mapping");
    const auto file =
        context.engine.configuration()->file.parent_path() / "mappings" / (std::string{name} + ".toml");
    std::error_code ignored;
    if (!fs::exists(file, ignored)) return not_found("there is no mapping " + file.string());
    mapping = intake::load_mapping(file);
  } else {
    return {};
  }
  if (!mapping) return mapping.error();
  asked.mapping = std::move(*mapping);
  return {};
}

Result<Asked> read_asked(const Context &context, const Request &request, Exchange &exchange) {
  Asked asked;
  asked.kind = request.asked("kind");
  asked.file = request.asked("name").empty() ? asked.kind + ".csv" : std::string{request.asked("name")};
  if (asked.kind != "debtors" && asked.kind != "invoices" && asked.kind != "payments")
    return invalid("one of: debtors, invoices, payments", "kind");
  const std::pair<const char *, bool *> flags[]{
      {"dry_run", &asked.is_dry}, {"snapshot", &asked.is_snapshot}, {"confirm", &asked.is_confirmed}};
  for (const auto &[name, into] : flags) {
    const auto flag = flag_of(request, name);
    if (!flag) return flag.error();
    *into = *flag;
  }
  if (asked.is_snapshot && asked.kind != "invoices")
    return invalid("only invoices come as a whole list", "snapshot");
  if (auto read = read_mapping(context, request, exchange, asked); !read) return read.error();
  return asked;
}

/// One import under way: what it found so far, and the lines of its answer.
class Import {
 public:
  Import(Context &context, store::CreditorId creditor, const Asked &asked, Exchange &exchange)
      : context_{context}, creditor_{creditor}, asked_{asked}, exchange_{exchange} {}

  template <class Row>
  Result<void> run();

 private:
  template <class Row>
  Result<void> take(std::span<const Row> rows);
  Result<void> end_snapshot(const intake::ImportTotals &totals);
  Result<void> reject(const intake::Reject &reject);
  Result<void> tell(const json::value &line) {
    if (exchange_.write_line(json::serialize(line))) return {};
    return unavailable("the other end has gone");
  }
  void add(const store::ImportResult &result);
  void progress(std::uint64_t bytes);
  void tell_result(const intake::ImportTotals &totals);

  Context &context_;
  const store::CreditorId creditor_;
  const Asked &asked_;
  Exchange &exchange_;
  store::ImportResult sum_;
  std::uint64_t refused_{0}, warnings_{0}, told_bytes_{0}, rows_{0};
};

template <class Row>
Result<void> Import::run() {
  // Whatever ends this list (a rejected row, a client that has gone), what is imported next is no part of it.
  struct End {
    Import &import;
    ~End() {
      if (!import.asked_.is_snapshot) return;
      static_cast<void>(import.context_.change([this](store::Store &store, Instant) -> Result<void> {
        store.abandon_snapshot(import.creditor_);
        return {};
      }));
    }
  };
  const End end{*this};
  if (asked_.is_snapshot) {
    const auto begun =
        context_.change([&](store::Store &store, Instant) { return store.begin_snapshot(creditor_); });
    if (!begun) return begun;
  }
  intake::ImportSinks<Row> sinks;
  sinks.on_batch = [this](std::span<const Row> rows) { return take(rows); };
  sinks.on_reject = [this](const intake::Reject &refused) { return reject(refused); };
  sinks.on_remark = [this](const intake::CellFault &remark) {
    ++warnings_;
    if (sum_.warnings.size() < kTextsMax) sum_.warnings.push_back(remark.text());
  };
  sinks.on_layout = [this](const intake::FileLayout &layout) {
    return tell({{"layout",
                  {{"header", layout.header},
                   {"separator", std::string(1, layout.separator)},
                   {"quote", std::string(1, layout.quote)}}}});
  };
  sinks.on_progress = [this](std::uint64_t bytes, std::optional<std::uint64_t>) { progress(bytes); };
  const auto read = [this](std::span<char> into) { return exchange_.read_body(into); };
  const auto totals = intake::read_rows<Row>({read, asked_.file, std::nullopt},
                                             asked_.mapping ? &*asked_.mapping : nullptr, sinks);
  if (!totals) return totals.error();
  if (asked_.is_snapshot)
    if (auto ended = end_snapshot(*totals); !ended) return ended;
  if (asked_.kind == "payments" && !asked_.is_dry) {
    // Old payment data holds the run (limits.max_payment_data_age): this is the moment it counts from.
    const auto noted = context_.change([](store::Store &store, Instant now) {
      return store.set_setting("payments_imported_at", format_instant(now));
    });
    if (!noted) return noted;
  }
  tell_result(*totals);
  return {};
}

template <class Row>
Result<void> Import::take(std::span<const Row> rows) {
  const auto records = to_records(rows);
  crash_point(CrashPoint::rows_read);
  const auto written = context_.change([&](store::Store &store, Instant now) {
    return write(store, creditor_, std::span{records}, now, asked_.is_dry);
  });
  if (!written) return written.error();
  crash_point(CrashPoint::rows_imported);
  rows_ += rows.size();
  add(*written);
  for (const auto &refused : written->refused) {
    const auto &origin = rows[refused.index].origin;
    ++refused_;
    if (auto told =
            tell({{"refused", {{"line", origin.line}, {"raw", origin.raw}, {"reason", refused.reason}}}});
        !told)
      return told;
  }
  return {};
}

Result<void> Import::reject(const intake::Reject &rejected) {
  json::array faults;
  for (const auto &fault : rejected.faults)
    faults.push_back(json::object{{"line", fault.line},
                                  {"column", fault.column},
                                  {"character", fault.character},
                                  {"column_name", fault.column_name},
                                  {"field", fault.field},
                                  {"cell", fault.cell},
                                  {"reason", fault.reason},
                                  {"advice", fault.advice},
                                  {"text", fault.text()}});
  return tell({{"reject",
                {{"line", rejected.line},
                 {"raw", rejected.raw},
                 {"is_cut", rejected.is_cut},
                 {"faults", std::move(faults)}}}});
}

void Import::add(const store::ImportResult &result) {
  sum_.added += result.added;
  sum_.changed += result.changed;
  sum_.unchanged += result.unchanged;
  sum_.settled += result.settled;
  warnings_ += result.warnings.size();
  const auto keep = [](const std::vector<std::string> &texts, std::vector<std::string> &into) {
    for (const auto &text : texts)
      if (into.size() < kTextsMax) into.push_back(text);
  };
  keep(result.warnings, sum_.warnings);
  keep(result.differences, sum_.differences);
}

/// What the list does not name is settled. A row that could not be read may name anything: then nothing is.
Result<void> Import::end_snapshot(const intake::ImportTotals &totals) {
  const auto lost = totals.rejected + refused_;
  if (lost > 0)
    return conflict(std::to_string(lost) +
                    " rows of the list were not taken, and what they name would count as settled: nothing "
                    "was settled (the good "
                    "rows are imported); correct the rows and import the whole list again");
  const auto most = asked_.is_confirmed ? 100 : kVanishPercentMax;
  const auto ended = context_.change([&](store::Store &store, Instant now) {
    return store.end_snapshot(creditor_, now, most, asked_.is_dry);
  });
  if (!ended) return ended.error();
  add(*ended);
  return {};
}

void Import::progress(std::uint64_t bytes) {
  if (bytes < told_bytes_ + kProgressBytes) return;
  told_bytes_ = bytes;
  (void)tell({{"progress", {{"bytes", bytes}, {"rows", rows_}}}});
}

void Import::tell_result(const intake::ImportTotals &totals) {
  (void)tell({{"result",
               {{"kind", asked_.kind},
                {"dry_run", asked_.is_dry},
                {"rows", totals.rows},
                {"accepted", totals.accepted - refused_},
                {"rejected", totals.rejected + refused_},
                {"blank", totals.blank},
                {"bytes", totals.bytes},
                {"added", sum_.added},
                {"changed", sum_.changed},
                {"unchanged", sum_.unchanged},
                {"settled", sum_.settled},
                {"warning_count", warnings_},
                {"warnings", to_json(sum_.warnings)},
                {"differences", to_json(sum_.differences)},
                {"notes", to_json(totals.notes)}}}});
}

/// Held while one import runs.
class Turn {
 public:
  explicit Turn(std::atomic<bool> &taken) : taken_{taken}, is_mine_{!taken.exchange(true)} {}
  ~Turn() {
    if (is_mine_) taken_ = false;
  }
  Turn(const Turn &) = delete;
  Turn &operator=(const Turn &) = delete;
  [[nodiscard]] bool is_mine() const { return is_mine_; }

 private:
  std::atomic<bool> &taken_;
  const bool is_mine_;
};

}  // namespace

Result<void> import(Context &context, const Request &request, Exchange &exchange) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  const auto asked = read_asked(context, request, exchange);
  if (!asked) return asked.error();
  const Turn turn{context.is_importing};
  if (!turn.is_mine()) return conflict("another import is running; try again when it has ended");
  Import work{context, *creditor, *asked, exchange};
  if (asked->kind == "debtors") return work.run<intake::DebtorRow>();
  if (asked->kind == "invoices") return work.run<intake::InvoiceRow>();
  return work.run<intake::PaymentRow>();
}

}  // namespace relance::api
