// The whole way of a reminder at speed: a real engine on a real store with full durability, N debtors of whom some are due,
// a channel that costs next to nothing (noop) or real SMTP into a sink. Prints reminders a second; scripts/bench sets it
// beside its yard-sticks. Usage: engine_bench --debtors N --due N [--smtp PORT] [--child PATH-OF-RELANCED] --plugins FOLDER
#include "host/config/configuration.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/explain.hpp"
#include "host/render/template_check.hpp"
#include "host/store/store.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

using namespace relance;
namespace fs = std::filesystem;

namespace {

struct Options {
  std::int64_t debtors{100'000}, due{10'000};
  int smtp_port{0};
  bool simulates{false};
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

void write(const fs::path &file, const std::string &text) { std::ofstream{file} << text; }

void write_configuration(const fs::path &folder, const Options &options) {
  for (const char *name : {"state", "regions", "providers", "scenarios", "templates"}) fs::create_directory(folder / name);
  write(folder / "relanced.toml", "state = \"" + (folder / "state").string() + "\"\ncontrol_socket = \"" +
                                      (folder / "c.sock").string() + "\"\nplugin_folder = \"" + options.plugins + R"("
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
  const std::string settings = options.smtp_port == 0
                                   ? "plugin = \"noop\"\n[settings]\nmax_in_flight = 4096\n"
                                   : "plugin = \"relance_smtp\"\n[settings]\nenvelope_sender = \"bounces+KEY@acme.example\"\n"
                                     "max_in_flight = 2048\n[settings.server]\nhost = \"127.0.0.1\"\nport = " +
                                         std::to_string(options.smtp_port) + "\ntls = \"none\"\nconnections = 20\n";
  write(folder / "providers/mail.toml", "id = \"mail\"\nchannel = \"email\"\ncredit_window = 4096\nplacement = \"" +
                                            std::string{options.child.empty() ? "inproc" : "child"} + "\"\n" + settings);
  write(folder / "templates/words.en.toml",
        "subject = \"{{total}} to pay\"\ntext = '''\nHello,\n{{#items}}\n- {{number}}, due {{due}}: {{balance}}\n{{/items}}\nTotal: "
        "{{total}}\n{{creditor.name}}\n'''\n");
  write(folder / "scenarios/standard.toml",
        "id = \"standard\"\npayment_grace = \"0d\"\n[[step]]\nid = \"reminder-1\"\nafter = \"5d\"\nchannels = [\"email\"]\ntemplate = "
        "\"words\"\n[[step]]\nid = \"reminder-2\"\nafter = \"20d\"\nchannels = [\"email\"]\ntemplate = \"words\"\n");
}

/// One in debtors/due is due on `today`, spread over the whole range; the others fall due over the year after.
void fill(engine::Engine &engine, store::CreditorId creditor, const Options &options, CivilDate today) {
  const auto euro = domain::Currency::parse("EUR").value();
  std::mt19937_64 chance{7};
  std::vector<store::DebtorRecord> debtors;
  std::vector<store::InvoiceRecord> invoices;
  const auto every = options.debtors / options.due;
  const auto flush = [&] {
    engine.with_store([&](store::Store &store, Instant now) {
      must(store.import_debtors(creditor, debtors, now, false));
      must(store.import_invoices(creditor, invoices, now, false));
    });
    debtors.clear();
    invoices.clear();
  };
  for (std::int64_t i{0}; i < options.debtors; ++i) {
    store::DebtorRecord debtor;
    debtor.code = "D" + std::to_string(i);
    debtor.name = "Debtor " + std::to_string(i);
    debtor.country = debtor.region = "FR";
    debtor.language = "en";
    debtor.contacts.push_back({"email", "accounts" + std::to_string(i) + "@debtor.example", "Accounts", false});
    store::InvoiceRecord invoice;
    invoice.debtor_code = debtor.code;
    invoice.number = "F" + std::to_string(i);
    invoice.due = i % every == 0 ? today - Days{5} : today + Days{1 + static_cast<int>(chance() % 365)};
    invoice.issued = invoice.due - Days{30};
    invoice.amount = {static_cast<std::int64_t>(100'00 + chance() % 100'000), euro};
    debtors.push_back(std::move(debtor));
    invoices.push_back(std::move(invoice));
    if (debtors.size() == 1000) flush();
  }
  if (!debtors.empty()) flush();
}

Options options_from(int count, char **arguments) {
  Options options;
  for (int i{1}; i < count; ++i) {
    const std::string name{arguments[i]};
    const auto value = [&]() -> std::string { return i + 1 < count ? arguments[++i] : ""; };
    if (name == "--debtors") options.debtors = std::atoll(value().c_str());
    if (name == "--due") options.due = std::atoll(value().c_str());
    if (name == "--smtp") options.smtp_port = std::atoi(value().c_str());
    if (name == "--child") options.child = value();
    if (name == "--plugins") options.plugins = value();
    if (name == "--simulate") options.simulates = true;
  }
  return options;
}

}  // namespace

int main(int count, char **arguments) {
  const auto options = options_from(count, arguments);
  std::string pattern{(fs::temp_directory_path() / "relance-bench-XXXXXX").string()};
  const fs::path folder{::mkdtemp(pattern.data())};
  write_configuration(folder, options);
  {
    const auto loaded = config::load(folder / "relanced.toml", {.check_template = render::check_template});
    for (const auto &issue : loaded.issues) std::fprintf(stderr, "%s\n", issue.text().c_str());
    if (!loaded.configuration) return 1;
    const auto today = civil(2026, 3, 2);
    const auto start = domain::Zone::of("Europe/Paris").value().first_instant_of(today - Days{1}, 12 * 60);
    auto engine = must(engine::Engine::open(
        loaded.configuration, {.has_test_clock = true, .test_clock_start = start, .program = options.child}));
    store::CreditorId creditor{0};
    engine->with_store([&](store::Store &store, Instant) { creditor = must(store.creditor("acme")); });
    const auto filling = std::chrono::steady_clock::now();
    fill(*engine, creditor, options, today);
    engine->with_store([&](store::Store &store, Instant now) { must(store.onboard(creditor, {}, now, false)); });
    const auto seconds = [](auto from) {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
    };
    std::printf("filled %lld debtors in %.1f s\n", static_cast<long long>(options.debtors), seconds(filling));
    if (options.simulates) {
      auto reader = must(engine->open_reader());
      const auto from = std::chrono::steady_clock::now();
      const auto simulation = must(engine::simulate(*loaded.configuration, *reader, creditor, "acme", start, 90, {}));
      std::printf("simulate: %llu cases over 90 days, %llu decisions in %.2f s\n",
                  static_cast<unsigned long long>(simulation.cases), static_cast<unsigned long long>(simulation.decisions),
                  seconds(from));
    }
    engine->start();
    // The first look at every case (all were just imported) is not what is measured.
    auto from = std::chrono::steady_clock::now();
    must(engine->advance_clock(start + Milliseconds{1}, true, Milliseconds{60'000}, {}));
    std::printf("first decision of all: %.0f cases/s\n", static_cast<double>(options.debtors) / seconds(from));
    const auto before = engine->report();
    from = std::chrono::steady_clock::now();
    must(engine->advance_clock(start + std::chrono::hours{13}, true, Milliseconds{60'000}, {}));
    const auto took = seconds(from);
    const auto after = engine->report();
    const auto sent = after.intents - before.intents;
    std::printf("dispatched %llu reminders in %.3f s: %.0f reminders/s\n", static_cast<unsigned long long>(sent), took,
                static_cast<double>(sent) / took);
    engine->stop(Milliseconds{5000});
  }
  fs::remove_all(folder);
  return 0;
}
