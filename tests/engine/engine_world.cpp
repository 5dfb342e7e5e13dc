// Files, imports and waiting for the engine's tests.
#include "tests/engine/engine_world.hpp"

#include "host/render/template_check.hpp"
#include "tests/test_folders.hpp"

#include <boost/test/unit_test.hpp>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

namespace relance::engine::test {
namespace {

constexpr const char *kScenario = R"(id = "standard"
contact_gap = "1d"
payment_grace = "1bd"
[promise]
grace = "1bd"
[thank_you]
channels = ["email"]
template = "words"
[[step]]
id = "reminder-1"
after = "5d"
channels = ["email"]
template = "words"
[[step]]
id = "reminder-2"
after = "15d"
channels = ["email"]
template = "words"
)";

template <class T>
T must(Result<T> result) {
  if (!result) BOOST_FAIL(result.error().text());
  return std::move(result.value());
}
void must(Result<void> result) {
  if (!result) BOOST_FAIL(result.error().text());
}

}  // namespace

EngineWorld::EngineWorld(const std::string &scenario, const std::string &limits, const std::string &provider) {
  std::string pattern{(std::filesystem::temp_directory_path() / "relance-engine-XXXXXX").string()};
  folder = ::mkdtemp(pattern.data());
  for (const char *name : {"state", "regions", "providers", "scenarios", "templates"})
    std::filesystem::create_directory(folder / name);
  write("relanced.toml", "state = \"" + (folder / "state").string() + "\"\ncontrol_socket = \"" + (folder / "c.sock").string() +
                             "\"\nplugin_folder = \"" + (relance::test::build_dir() / "test-plugins").string() +
                             "\"\n[limits]\n" + limits + R"(
[[creditor]]
code = "acme"
name = "Acme SAS"
address = ["1 rue du Test", "75001 PARIS"]
country = "FR"
region = "FR"
language = "en"
sender.email = { name = "Acme", address = "billing@acme.example" }
)");
  write_region("[\"scripted\"]");
  write_provider("scripted", provider);
  write("templates/words.en.toml", "subject = \"{{total}} to pay\"\ntext = \"{{#items}}{{number}}: {{balance}}\\n{{/items}}\"\n"
                                   "sms = \"{{total}} to pay\"\n");
  write_scenario(scenario.empty() ? kScenario : scenario);
  open();
}

EngineWorld::~EngineWorld() {
  if (engine) engine->stop(Milliseconds{200});
  engine.reset();
  std::filesystem::remove_all(folder);
}

void EngineWorld::write(const std::string &name, const std::string &text) { std::ofstream{folder / name} << text; }
void EngineWorld::write_scenario(const std::string &toml) { write("scenarios/standard.toml", toml); }

void EngineWorld::write_template(const std::string &text) {
  write("templates/words.en.toml", "subject = \"Reminder\"\ntext = \"" + text + "\"\n");
  checks_templates_ = false;
}
void EngineWorld::write_provider(const std::string &id, const std::string &settings) {
  write("providers/" + id + ".toml",
        "id = \"" + id + "\"\nplugin = \"scripted\"\nchannel = \"email\"\nplacement = \"inproc\"\n[settings]\nsent_log = \"" +
            (folder / "sent").string() + "\"\n" + settings);
}
void EngineWorld::write_region(const std::string &email_providers) {
  write("regions/FR.toml", R"(id = "FR"
name = "France"
country = "FR"
language = "en"
time_zone = "Europe/Paris"
[contact]
workdays = "09:00-18:00"
saturday = "closed"
sunday = "closed"
public_holidays = false
[providers]
email = )" + email_providers + "\n");
}
void EngineWorld::write_limited_provider(const std::string &id, const std::string &lines, const std::string &settings) {
  write("providers/" + id + ".toml",
        "id = \"" + id + "\"\nplugin = \"scripted\"\nchannel = \"email\"\nplacement = \"inproc\"\n" + lines +
            "[settings]\nsent_log = \"" + (folder / ("sent-" + id)).string() + "\"\n" + settings);
}
void EngineWorld::write_sms_provider() {
  write("providers/texts.toml", "id = \"texts\"\nplugin = \"scripted\"\nchannel = \"sms\"\nplacement = \"inproc\"\n[settings]\n"
                                "answer = \"accept\"\nsent_log = \"" + (folder / "sent-texts").string() + "\"\n" + kTellsNothing);
  write_region("[\"scripted\"]\nsms = [\"texts\"]");
}
void EngineWorld::remove_provider(const std::string &id) { std::filesystem::remove(folder / "providers" / (id + ".toml")); }

void EngineWorld::crash(Milliseconds away) {
  std::filesystem::copy(folder / "state", folder / "kept", std::filesystem::copy_options::recursive);
  engine->stop(Milliseconds{0});
  engine.reset();
  std::filesystem::remove_all(folder / "state");
  std::filesystem::rename(folder / "kept", folder / "state");
  std::this_thread::sleep_for(away);
  open();
  start();
}

std::shared_ptr<const config::Configuration> EngineWorld::load() {
  config::LoadOptions options;
  if (checks_templates_) options.check_template = render::check_template;
  const auto loaded = config::load(folder / "relanced.toml", options);
  for (const auto &issue : loaded.issues) BOOST_TEST_MESSAGE(issue.text());
  BOOST_REQUIRE(loaded.configuration != nullptr);
  return loaded.configuration;
}

void EngineWorld::open() {
  const auto zone = domain::Zone::of("Europe/Paris").value();
  engine = must(Engine::open(load(), {.has_test_clock = true, .test_clock_start = zone.first_instant_of(kMonday, 9 * 60), .program = {}}));
  with_store([&](store::Store &store, Instant) { creditor = must(store.creditor("acme")); });
}

void EngineWorld::start() { engine->start(); }

void EngineWorld::restart(Milliseconds grace) {
  engine->stop(grace);
  engine.reset();
  open();
  start();
}

Result<void> EngineWorld::reload() { return engine->reload(load()); }

void EngineWorld::debtor(const std::string &code, const std::string &email, const std::string &phone) {
  store::DebtorRecord record;
  record.code = code;
  record.name = "Debtor " + code;
  record.country = record.region = "FR";
  record.language = "en";
  if (!email.empty()) record.contacts.push_back({"email", email, "Accounts", false});
  if (!phone.empty()) record.contacts.push_back({"sms", phone, "Accounts", true});
  with_store([&](store::Store &store, Instant now) { must(store.import_debtors(creditor, {&record, 1}, now, false)); });
}

void EngineWorld::invoice(const std::string &debtor, const std::string &number, CivilDate due, std::int64_t amount_minor) {
  store::InvoiceRecord record;
  record.debtor_code = debtor;
  record.number = number;
  record.issued = due - Days{30};
  record.due = due;
  record.amount = {amount_minor, domain::Currency::parse("EUR").value()};
  with_store([&](store::Store &store, Instant now) {
    const auto result = must(store.import_invoices(creditor, {&record, 1}, now, false));
    for (const auto &refused : result.refused) BOOST_ERROR(refused.reason);
  });
}

void EngineWorld::pay(const std::string &invoice, std::int64_t amount_minor, const std::string &id) {
  store::PaymentRecord record;
  record.id = id.empty() ? "P" + std::to_string(++payments_) : id;
  record.invoice_number = invoice;
  record.date = kMonday;
  record.amount = {amount_minor, domain::Currency::parse("EUR").value()};
  with_store([&](store::Store &store, Instant now) {
    const auto result = must(store.import_payments(creditor, {&record, 1}, now, false));
    for (const auto &refused : result.refused) BOOST_ERROR(refused.reason);
  });
}

void EngineWorld::receipt(const std::string &key, domain::ReceiptKind kind) {
  with_store([&](store::Store &store, Instant now) {
    const store::InboundRecord raw{"scripted", "mail", "bytes", now};
    store::ParsedRecord parsed;
    const auto ids = store.store_inbound({&raw, 1}, {}, now);
    BOOST_TEST_REQUIRE(ids.has_value());
    parsed.inbound = ids->front();
    auto &one = parsed.receipts.emplace_back();
    one.idempotency_key = key;
    one.kind = kind;
    one.is_final = true;
    BOOST_TEST(store.apply_parsed({&parsed, 1}, now).has_value());
  });
}

void EngineWorld::one_due(const std::string &email) {
  debtor("D1", email);
  invoice("D1", "F1", kMonday);
  onboard();
  start();
}

void EngineWorld::onboard() {
  with_store([&](store::Store &store, Instant now) { must(store.onboard(creditor, {}, now, false)); });
}

void EngineWorld::advance_to(CivilDate date, int hour) {
  advance_to_instant(domain::Zone::of("Europe/Paris").value().first_instant_of(date, hour * 60));
}
void EngineWorld::advance_to_instant(Instant target) {
  must(engine->advance_clock(target, true, Milliseconds{10'000}, {}));
}

ProviderReport EngineWorld::report_of(const std::string &id) {
  for (const auto &provider : engine->report().providers)
    if (provider.id == id) return provider;
  BOOST_FAIL("no provider " + id);
  return {};
}

std::vector<std::string> EngineWorld::received_by(const std::string &id) const {
  std::vector<std::string> keys;
  std::ifstream file{folder / (id.empty() ? "sent" : "sent-" + id)};
  for (std::string line; std::getline(file, line);) keys.push_back(line);
  return keys;
}

void EngineWorld::await(const char *what, const std::function<bool()> &is_so) {
  if (!within(std::chrono::seconds{60}, is_so)) BOOST_FAIL(std::string{"never: "} + what);
}

bool EngineWorld::within(Milliseconds time, const std::function<bool()> &is_so) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

store::Counters EngineWorld::counters() {
  store::Counters counters;
  with_store([&](store::Store &store, Instant now) { counters = must(store.counters(now)); });
  return counters;
}
std::vector<store::ReminderRow> EngineWorld::reminders(const std::string &debtor) {
  std::vector<store::ReminderRow> rows;
  with_store([&](store::Store &store, Instant) { rows = must(store.reminders(creditor, debtor, 100)); });
  return rows;
}
std::vector<store::TaskRow> EngineWorld::tasks() {
  std::vector<store::TaskRow> rows;
  with_store([&](store::Store &store, Instant) { rows = must(store.tasks(creditor, true, 100)); });
  return rows;
}

}  // namespace relance::engine::test
