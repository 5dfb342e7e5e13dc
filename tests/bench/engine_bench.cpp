// The whole way of a reminder at speed: a real engine on a real store with full durability, N debtors of whom
// some are due, a channel that costs next to nothing (noop) or real SMTP into a sink. What is due falls due
// on successive days, one turn each, so that yard-sticks take turns with it in the same run:
//   --naive      a bare loop that claims and completes as many rows of a bare table (naive_loop.hpp)
//   --beside N   a second engine on a store of N debtors, of whom as many are due each day
// Prints lines "name value". Usage: engine_bench --debtors N --due N [--turns N] [--naive] [--beside N]
// [--smtp PORT]
//   [--child PATH-OF-RELANCED] [--simulate] --plugins FOLDER
#include "host/config/configuration.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/explain.hpp"
#include "host/render/template_check.hpp"
#include "host/store/store.hpp"
#include "tests/bench/naive_loop.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <malloc.h>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>

using namespace relance;
namespace fs = std::filesystem;

namespace {

struct Options {
  std::int64_t debtors{100'000}, due{10'000}, beside{0};  ///< due: a turn
  int turns{5}, smtp_port{0};
  bool simulates{false}, has_naive{false};
  std::string plugins, child;
};

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "engine_bench: %s\n", result.error().text().c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

void write(const fs::path &file, const std::string &text) {
  std::ofstream{file} << text;
}

void write_configuration(const fs::path &folder, const Options &options) {
  for (const char *name : {"state", "regions", "providers", "scenarios", "templates"})
    fs::create_directory(folder / name);
  write(folder / "relanced.toml", "state = \"" + (folder / "state").string() + "\"\ncontrol_socket = \"" +
                                      (folder / "c.sock").string() + "\"\nplugin_folder = \"" +
                                      options.plugins + R"("
[limits]
volume_guard = 0
in_flight_max = 8000
submit_batch = 500
[[creditor]]
code = "acme"
name = "Acme SAS"
address = ["1 rue du Test", "75001 PARIS"]
country = "FR"
region = "FR"
language = "en"
sender.email = { name = "Acme", address = "billing@acme.example" }
)");
  write(folder / "regions/FR.toml", R"(id = "FR"
name = "France"
country = "FR"
language = "en"
time_zone = "Europe/Paris"
[contact]
workdays = "00:00-24:00"
saturday = "00:00-24:00"
sunday = "00:00-24:00"
public_holidays = true
[providers]
email = ["mail"]
)");
  const std::string settings =
      options.smtp_port == 0
          ? "plugin = \"noop\"\n[settings]\nmax_in_flight = 4096\n"
          : "plugin = \"relance_smtp\"\n[settings]\nenvelope_sender = \"bounces+KEY@acme.example\"\n"
            "max_in_flight = 2048\n[settings.server]\nhost = \"127.0.0.1\"\nport = " +
                std::to_string(options.smtp_port) + "\ntls = \"none\"\nconnections = 20\n";
  write(folder / "providers/mail.toml",
        "id = \"mail\"\nchannel = \"email\"\ncredit_window = 4096\nplacement = \"" +
            std::string{options.child.empty() ? "inproc" : "child"} + "\"\n" + settings);
  write(folder / "templates/words.en.toml",
        "subject = \"{{total}} to pay\"\ntext = '''\nHello,\n{{#items}}\n- {{number}}, due {{due}}: "
        "{{balance}}\n{{/items}}\nTotal: "
        "{{total}}\n{{creditor.name}}\n'''\n");
  write(folder / "scenarios/standard.toml",
        "id = \"standard\"\npayment_grace = \"0d\"\n[[step]]\nid = \"reminder-1\"\nafter = \"5d\"\nchannels "
        "= [\"email\"]\ntemplate = "
        "\"words\"\n[[step]]\nid = \"reminder-2\"\nafter = \"20d\"\nchannels = [\"email\"]\ntemplate = "
        "\"words\"\n");
}

constexpr CivilDate kToday{civil(2026, 3, 2)};

double seconds_since(std::chrono::steady_clock::time_point from) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

/// An engine of its own, on a store of its own.
class Subject {
 public:
  Subject(const fs::path &folder, const Options &options, std::int64_t debtors) : debtors_{debtors} {
    fs::create_directory(folder);
    write_configuration(folder, options);
    const auto loaded = config::load(folder / "relanced.toml", {.check_template = render::check_template});
    for (const auto &issue : loaded.issues) std::fprintf(stderr, "%s\n", issue.text().c_str());
    if (!loaded.configuration) std::exit(1);
    configuration_ = loaded.configuration;
    start_ = domain::Zone::of("Europe/Paris").value().first_instant_of(kToday - Days{1}, 12 * 60);
    engine_ = must(engine::Engine::open(
        configuration_, {.has_test_clock = true, .test_clock_start = start_, .program = options.child}));
    engine_->with_store([&](store::Store &store, Instant) { creditor_ = must(store.creditor("acme")); });
    fill(options);
    engine_->with_store(
        [&](store::Store &store, Instant now) { must(store.onboard(creditor_, {}, now, false)); });
  }
  ~Subject() { engine_->stop(Milliseconds{5000}); }
  Subject(const Subject &) = delete;
  Subject &operator=(const Subject &) = delete;

  void simulate() {
    auto reader = must(engine_->open_reader());
    const auto from = std::chrono::steady_clock::now();
    const auto simulation =
        must(engine::simulate(*configuration_, *reader, creditor_, "acme", start_, 90, {}));
    std::printf("simulated_cases %llu\nsimulate_s %.3f\n", static_cast<unsigned long long>(simulation.cases),
                seconds_since(from));
  }

  /// The first look at every case (all were just imported) is not what is measured.
  void decide_all() {
    engine_->start();
    const auto from = std::chrono::steady_clock::now();
    must(engine_->advance_clock(start_ + Milliseconds{1}, true, Milliseconds{120'000}, {}));
    std::printf("first_decisions_per_s %.0f\n", static_cast<double>(debtors_) / seconds_since(from));
  }

  /// To noon of the next day, when the reminders of one turn are due. Returns seconds.
  double turn() {
    const auto before = engine_->report().intents;
    const auto from = std::chrono::steady_clock::now();
    ++day_;
    must(engine_->advance_clock(start_ + std::chrono::hours{24 * day_}, true, Milliseconds{120'000}, {}));
    const auto took = seconds_since(from);
    sent_ = engine_->report().intents - before;
    return took;
  }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }  ///< in the last turn

 private:
  /// The due ones lie evenly over the range; the others fall due over the year after. Those of one turn lie
  /// in their own part of it, as dense as all of them would, or, beside a small store, over all of it: as far
  /// apart as can be.
  void fill(const Options &options) {
    const auto euro = domain::Currency::parse("EUR").value();
    std::mt19937_64 chance{7};
    std::vector<store::DebtorRecord> debtors;
    std::vector<store::InvoiceRecord> invoices;
    const auto every = std::max<std::int64_t>(1, debtors_ / (options.due * options.turns));
    const auto flush = [&] {
      engine_->with_store([&](store::Store &store, Instant now) {
        must(store.import_debtors(creditor_, debtors, now, false));
        must(store.import_invoices(creditor_, invoices, now, false));
      });
      debtors.clear();
      invoices.clear();
    };
    for (std::int64_t i{0}; i < debtors_; ++i) {
      store::DebtorRecord debtor;
      debtor.code = "D" + std::to_string(i);
      debtor.name = "Debtor " + std::to_string(i);
      debtor.country = debtor.region = "FR";
      debtor.language = "en";
      debtor.contacts.push_back(
          {"email", "accounts" + std::to_string(i) + "@debtor.example", "Accounts", false});
      store::InvoiceRecord invoice;
      invoice.debtor_code = debtor.code;
      invoice.number = "F" + std::to_string(i);
      const bool is_due{i % every == 0 && i / every < options.due * options.turns};
      const auto turn = options.beside > 0 ? i / every % options.turns : i / every / options.due;
      invoice.due =
          is_due ? kToday - Days{5} + Days{turn} : kToday + Days{20 + static_cast<int>(chance() % 345)};
      invoice.issued = invoice.due - Days{30};
      invoice.amount = {static_cast<std::int64_t>(100'00 + chance() % 100'000), euro};
      debtors.push_back(std::move(debtor));
      invoices.push_back(std::move(invoice));
      if (debtors.size() == 1000) flush();
    }
    if (!debtors.empty()) flush();
  }

  std::int64_t debtors_;
  std::shared_ptr<const config::Configuration> configuration_;
  Instant start_{};
  std::unique_ptr<engine::Engine> engine_;
  store::CreditorId creditor_{0};
  int day_{0};
  std::uint64_t sent_{0};
};

Options options_from(int count, char **arguments) {
  Options options;
  for (int i{1}; i < count; ++i) {
    const std::string name{arguments[i]};
    const auto value = [&]() -> std::string { return i + 1 < count ? arguments[++i] : ""; };
    if (name == "--debtors") options.debtors = std::atoll(value().c_str());
    if (name == "--due") options.due = std::atoll(value().c_str());
    if (name == "--turns") options.turns = std::atoi(value().c_str());
    if (name == "--beside") options.beside = std::atoll(value().c_str());
    if (name == "--smtp") options.smtp_port = std::atoi(value().c_str());
    if (name == "--child") options.child = value();
    if (name == "--plugins") options.plugins = value();
    if (name == "--simulate") options.simulates = true;
    if (name == "--naive") options.has_naive = true;
  }
  return options;
}

void measure(const fs::path &folder, const Options &options) {
  const auto filling = std::chrono::steady_clock::now();
  Subject subject{folder / "subject", options, options.debtors};
  std::unique_ptr<Subject> beside;
  if (options.beside > 0) beside = std::make_unique<Subject>(folder / "beside", options, options.beside);
  std::unique_ptr<bench::NaiveLoop> naive, tuned;
  if (options.has_naive) {
    naive =
        std::make_unique<bench::NaiveLoop>(bench::NaiveOptions{folder / "naive.db", options.debtors, false});
    tuned =
        std::make_unique<bench::NaiveLoop>(bench::NaiveOptions{folder / "tuned.db", options.debtors, true});
  }
  std::printf("debtors %lld\nfill_s %.1f\n", static_cast<long long>(options.debtors), seconds_since(filling));
  if (options.simulates) subject.simulate();
  subject.decide_all();
  if (beside) beside->decide_all();
  std::vector<double> ours, others, bare, bare_tuned;
  double total{0};
  std::uint64_t sent{0};
  for (int turn{0}; turn < options.turns; ++turn) {
    ours.push_back(subject.turn());
    total += ours.back();
    sent += subject.sent();
    std::fprintf(stderr, "turn %d: %.0f reminders/s\n", turn + 1,
                 static_cast<double>(subject.sent()) / ours.back());
    if (beside) others.push_back(beside->turn());
    const auto timed = [&](bench::NaiveLoop &loop) {
      const auto from = std::chrono::steady_clock::now();
      loop.run(options.due);
      return seconds_since(from);
    };
    if (naive) bare.push_back(timed(*naive));
    if (tuned) bare_tuned.push_back(timed(*tuned));
  }
  const auto due = static_cast<double>(options.due);
  std::printf("reminders %llu\nreminders_per_s %.0f\nturn_s %.4f\n", static_cast<unsigned long long>(sent),
              static_cast<double>(sent) / total, median(ours));
  if (beside)
    std::printf("beside_turn_s %.4f\nportfolio_ratio %.2f\n", median(others), median(ours) / median(others));
  if (naive)
    std::printf("naive_per_s %.0f\nnaive_tuned_per_s %.0f\nnaive_ratio %.2f\nnaive_tuned_ratio %.2f\n",
                due / median(bare), due / median(bare_tuned), median(bare) / median(ours),
                median(bare_tuned) / median(ours));
}

}  // namespace

int main(int count, char **arguments) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  ::mallopt(M_ARENA_MAX, 2);  // as the daemon does
  const auto options = options_from(count, arguments);
  std::string pattern{(fs::temp_directory_path() / "relance-bench-XXXXXX").string()};
  const fs::path folder{::mkdtemp(pattern.data())};
  measure(folder, options);
  fs::remove_all(folder);
  return 0;
}
