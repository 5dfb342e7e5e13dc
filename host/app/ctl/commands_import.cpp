// Files into the daemon: debtors, invoices, payments; and the start of what was imported first.
#include "host/app/ctl/command.hpp"
#include "host/app/ctl/output.hpp"
#include "host/app/ctl/stream_run.hpp"
#include "host/intake/reject_file.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace relance::ctl {
namespace json = boost::json;
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kListedMax{20};  ///< warnings and differences shown to a person; --json has more

/// The rows that were not taken, filed beside the input.
class Rejects {
 public:
  explicit Rejects(const fs::path &path) : file_{path} {}

  void take(const json::object &line) {
    if (const auto *layout = line.if_contains("layout")) note(file_.start(layout_of(layout->as_object())));
    if (const auto *reject = line.if_contains("reject")) note(add_reject(reject->as_object()));
    if (const auto *refused = line.if_contains("refused")) {
      const auto &row = refused->as_object();
      const auto raw = member(row, "raw");
      note(file_.add(intake::RowOrigin{number(row, "line"), raw}, member(row, "reason")));
    }
  }

  Result<void> finish() {
    if (auto ended = file_.finish(); !ended) note(std::move(ended));
    return first_fault_ ? Result<void>{*first_fault_} : Result<void>{};
  }
  [[nodiscard]] std::uint64_t rows() const { return file_.rows(); }
  [[nodiscard]] const fs::path &path() const { return file_.path(); }

 private:
  static intake::FileLayout layout_of(const json::object &object) {
    const auto one = [&](const char *name, char fallback) {
      const auto text = member(object, name);
      return text.empty() ? fallback : text.front();
    };
    return {member(object, "header"), one("separator", ','), one("quote", '"')};
  }

  Result<void> add_reject(const json::object &row) {
    std::vector<intake::CellFault> faults;
    std::vector<std::string> fields;
    const auto &listed = row.at("faults").as_array();
    fields.reserve(listed.size());
    for (const auto &item : listed) {
      const auto &fault = item.as_object();
      fields.push_back(member(fault, "field"));
      intake::CellFault made;
      made.line = number(fault, "line");
      made.column = number(fault, "column");
      made.character = number(fault, "character");
      made.column_name = member(fault, "column_name");
      made.field = fields.back();
      made.cell = member(fault, "cell");
      made.reason = member(fault, "reason");
      made.advice = member(fault, "advice");
      faults.push_back(std::move(made));
    }
    const auto raw = member(row, "raw");
    return file_.add(intake::Reject{number(row, "line"), raw, flag(row, "is_cut"), faults});
  }

  void note(Result<void> done) {
    if (!done && !first_fault_) first_fault_ = done.error();
  }

  intake::RejectFile file_;
  std::optional<Error> first_fault_;
};

/// A file of its own for the descriptor's life; standard input for "-".
class Input {
 public:
  explicit Input(const std::string &name)
      : fd_{name == "-" ? STDIN_FILENO : open(name.c_str(), O_RDONLY | O_CLOEXEC)}, is_mine_{name != "-"} {
    struct stat status{};
    if (fd_ >= 0 && fstat(fd_, &status) == 0 && S_ISREG(status.st_mode))
      bytes_ = static_cast<std::uint64_t>(status.st_size);
    if (fd_ >= 0 && S_ISDIR(status.st_mode)) is_folder_ = true;
  }
  ~Input() {
    if (is_mine_ && fd_ >= 0) close(fd_);
  }
  Input(const Input &) = delete;
  Input &operator=(const Input &) = delete;
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] bool is_readable() const { return fd_ >= 0 && !is_folder_; }

 private:
  const int fd_;
  const bool is_mine_;
  bool is_folder_{false};
  std::uint64_t bytes_{0};
};

void print_list(const json::object &result, const char *name, const char *title) {
  const auto &texts = result.at(name).as_array();
  for (std::size_t i{0}; i < texts.size() && i < kListedMax; ++i)
    fmt::print("{}: {}\n", title, printable(std::string{texts[i].as_string().c_str()}));
  if (texts.size() > kListedMax) fmt::print("… and {} more (--json lists them)\n", texts.size() - kListedMax);
}

void print_result(const json::object &result) {
  fmt::print("{}{}: {} rows read, {} taken, {} not taken\n", flag(result, "dry_run") ? "dry run of " : "",
             member(result, "kind"), grouped(number(result, "rows")), grouped(number(result, "accepted")),
             grouped(number(result, "rejected")));
  fmt::print("{} new, {} changed, {} unchanged, {} settled\n", grouped(number(result, "added")),
             grouped(number(result, "changed")), grouped(number(result, "unchanged")),
             grouped(number(result, "settled")));
  print_list(result, "notes", "note");
  print_list(result, "warnings", "warning");
  if (flag(result, "dry_run")) print_list(result, "differences", "difference");  // done: --json lists them
}

/// The mapping: a file is sent along, a name is looked up by the daemon.
std::optional<std::string> add_mapping(const std::string &map, Pairs &query, Upload &upload) {
  if (map.empty()) return {};
  query.emplace_back("mapping", fs::path{map}.filename().string());
  if (map.find('/') == std::string::npos && map.find('.') == std::string::npos && !fs::exists(map)) return {};
  std::ifstream in{map, std::ios::binary};
  upload.text.assign(std::istreambuf_iterator<char>{in}, {});
  if (!in.good() || upload.text.empty()) return "cannot read the mapping " + map;
  query.emplace_back("mapping_bytes", std::to_string(upload.text.size()));
  return {};
}

int import(const Run &run, const char *kind) {
  const auto name = run.text("FILE");
  const Input input{name};
  if (!input.is_readable())
    return run.usage("cannot read " + name + ": " + std::strerror(input.fd() < 0 ? errno : EISDIR));
  Upload upload;
  upload.file = input.fd();
  Pairs query{{"kind", kind}, {"name", fs::path{name}.filename().string()}};
  if (const auto fault = add_mapping(run.text("--map"), query, upload)) return run.usage(*fault);
  for (const auto &[option, parameter] :
       {std::pair{"--dry-run", "dry_run"}, {"--snapshot", "snapshot"}, {"--confirm", "confirm"}})
    if (run.has(option)) query.emplace_back(parameter, "true");

  Progress bar{!run.is_json};
  std::atomic<std::uint64_t> sent{0};
  upload.on_sent = [&](std::uint64_t bytes) { sent = bytes; };
  Rejects rejects{(name == "-" ? std::string{"stdin"} : name) + ".rejects.csv"};
  std::optional<json::object> result;
  StreamRun stream{run};
  stream.on_progress = [&](const json::object &progress) {
    bar.show(sent, input.bytes(), grouped(number(progress, "rows")) + " rows");
  };
  stream.on_other = [&](const json::object &line) { rejects.take(line); };
  stream.on_result = [&](const json::object &found) { result = found; };
  const int code{stream.go(run.target("/v1/imports", query), upload)};
  bar.clear();
  if (result && !run.is_json) print_result(*result);
  const auto filed = rejects.finish();
  if (rejects.rows() > 0) {
    fmt::print(stderr,
               "relancectl: {} rows were not taken; they are in {}: correct them there and import that file "
               "with the same "
               "mapping\n",
               grouped(rejects.rows()), rejects.path().string());
    if (!filed) fmt::print(stderr, "relancectl: {}\n", filed.error().text());
    return kExitRefused;
  }
  return code;
}

int onboard(const Run &run) {
  json::object body;
  if (run.has("--preview")) body["preview"] = true;
  if (run.has("--start-at")) body["start_at"] = run.text("--start-at");
  if (run.has("--skip-older-than")) {
    auto days = run.text("--skip-older-than");
    if (days.ends_with('d')) days.pop_back();
    if (days.empty() || days.size() > 5 || days.find_first_not_of("0123456789") != std::string::npos)
      return run.usage("--skip-older-than: days are written 90d");
    body["skip_older_than_days"] = std::stoi(days);
  }
  if (body.empty())
    return run.usage("say --preview, --start-at STEP, --skip-older-than 90d, or several of them");
  return run.ask("POST", run.target("/v1/onboarding"), json::serialize(body), [](const json::object &answer) {
    fmt::print("{} {} cases with {} invoices; {} left to people\n",
               flag(answer, "preview") ? "would start" : "started", grouped(number(answer, "cases")),
               grouped(number(answer, "items")), grouped(number(answer, "skipped")));
    Table table{{{"OVERDUE"}, {"INVOICES", true}}};
    for (const auto &item : answer.at("by_age").as_array())
      table.add({member(item.as_object(), "age"), grouped(number(item.as_object(), "items"))});
    if (!table.empty()) table.print("");
    return int{kExitOk};
  });
}

}  // namespace

std::vector<Command> import_commands() {
  const std::vector<Option> common{
      {"FILE", "FILE", "a CSV; - is standard input", true},
      {"--map", "F",
       "a mapping file, or the name of one in the daemon's mappings folder; else our own column names"},
      {"--dry-run", "", "show what would change, change nothing"}};
  auto invoices = common;
  invoices.push_back(
      {"--snapshot", "", "the file is the whole list of open items: what it does not name is settled"});
  invoices.push_back(
      {"--confirm", "", "with --snapshot: even when more than a fifth of the open items vanish"});
  return {
      group_of("import", "Take in customers, invoices and payments from CSV files",
               "relancectl import invoices invoices.csv --dry-run"),
      {"import debtors",
       "Import customers and their contacts; rows that cannot be taken are filed in FILE.rejects.csv",
       "relancectl import debtors debtors.csv --map erp-fr", common,
       [](const Run &run) { return import(run, "debtors"); }},
      {"import invoices", "Import invoices; the same file again changes nothing",
       "relancectl import invoices open-items.csv --snapshot --dry-run", invoices,
       [](const Run &run) { return import(run, "invoices"); }},
      {"import payments",
       "Import payments, credit notes and reversals: what they settle is not chased any more",
       "relancectl import payments bank.csv", common, [](const Run &run) { return import(run, "payments"); }},
      {"onboard",
       "Start what was imported first, which waits until this is said",
       "relancectl onboard --start-at reminder-1 --skip-older-than 90d",
       {{"--preview", "", "count, start nothing"},
        {"--start-at", "STEP", "the first step that these invoices may get"},
        {"--skip-older-than", "DAYS", "leave invoices overdue for longer to people, such as 90d"}},
       onboard},
  };
}

}  // namespace relance::ctl
