// The small ledger of the store's tests.
#include "tests/store/store_fixture.hpp"

#include "host/base/id.hpp"
#include "host/store/sqlite/open.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace relance::store::test {

void fail_because(const Error &error) {
  throw std::runtime_error(error.text());
}

Folder::Folder() {
  const std::filesystem::path base{
      std::filesystem::exists("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path()};
  std::string name{(base / "relance-store-XXXXXX").string()};
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

const std::vector<Implementation> &implementations() {
  static const std::vector<Implementation> kAll{{"sqlite", [](const std::filesystem::path &folder) {
                                                   return open_sqlite({.path = folder / "store.db"});
                                                 }}};
  return kAll;
}

domain::Money eur(std::int64_t minor) {
  return {minor, domain::Currency::parse("EUR").value()};
}

ReceiptRecord receipt_of(const std::string &ref, domain::ReceiptKind kind, bool is_final,
                         domain::FailureClass failure) {
  ReceiptRecord receipt;
  receipt.ref = ref;
  receipt.kind = kind;
  receipt.is_final = is_final;
  receipt.failure = failure;
  return receipt;
}

Bench::Bench(const Implementation &implementation) : which{implementation} {
  reopen();
}

void Bench::reopen() {
  store.reset();
  store = must(which.open(folder.path()));
  creditor = must(store->creditor("acme"));
}

void Bench::add_debtor(const std::string &code, const std::string &email) {
  DebtorRecord debtor;
  debtor.code = code;
  debtor.name = "Debtor " + code;
  debtor.country = "FR";
  debtor.region = "FR";
  debtor.language = "fr";
  debtor.segment = "sme";
  debtor.time_zone = "Europe/Paris";
  debtor.contacts = {{"email", email, "Accounts", false},
                     {"sms", "+3360000" + code.substr(1), "Accounts", true}};
  const auto result = must(store->import_debtors(creditor, {&debtor, 1}, now, false));
  BOOST_TEST(result.refused.empty());
}

void Bench::add_invoice(const std::string &debtor, const std::string &number, std::int64_t amount_minor,
                        CivilDate due) {
  InvoiceRecord invoice;
  invoice.debtor_code = debtor;
  invoice.number = number;
  invoice.issued = due - Days{30};
  invoice.due = due;
  invoice.amount = eur(amount_minor);
  const auto result = must(store->import_invoices(creditor, {&invoice, 1}, now, false));
  BOOST_TEST(result.refused.empty());
}

ImportResult Bench::pay(const std::string &id, const std::string &number, std::int64_t amount_minor,
                        PaymentKind kind) {
  PaymentRecord payment;
  payment.id = id;
  payment.invoice_number = number;
  payment.date = kToday;
  payment.amount = eur(amount_minor);
  payment.kind = kind;
  return must(store->import_payments(creditor, {&payment, 1}, now, false));
}

void Bench::onboard() {
  must(store->onboard(creditor, {}, now, false));
}

void Bench::usual_ledger() {
  add_debtor("d1", "accounts@d1.example");
  add_invoice("d1", "i1", 10'000);
  add_invoice("d1", "i2", 5'000);
  onboard();
}

Claim Bench::claim_one() {
  auto claims = must(store->claim_due(now, 10));
  BOOST_TEST_REQUIRE(claims.size() == 1u);
  return std::move(claims.front());
}

Settlement Bench::settlement(const Claim &claim, Instant next_at) {
  Settlement settlement;
  settlement.creditor = claim.creditor;
  settlement.debtor = claim.debtor;
  settlement.facts_version = claim.facts_version;
  settlement.epoch = claim.epoch;
  settlement.next_at = next_at;
  return settlement;
}

SettleResult Bench::settle_one(const Settlement &one) {
  auto results = must(store->settle({&one, 1}, now, now));
  BOOST_TEST_REQUIRE(results.size() == 1u);
  return std::move(results.front());
}

SettleResult Bench::settle_change(const CaseChange &change, Instant next_at) {
  wake();
  auto to = settlement(claim_one(), next_at);
  to.changes.push_back(change);
  to.why.emplace_back("because of the test");
  return settle_one(to);
}

NewAttempt Bench::attempt() {
  NewAttempt made;
  made.channel = "email";
  made.provider = "smtp-1";
  made.contact = 1;
  made.address = "accounts@d1.example";
  made.idempotency_key = "key-" + std::to_string(++keys) + "-" + random_hex(8);
  made.subject = "Reminder";
  const auto bytes = std::make_shared<const std::string>("Dear debtor, attempt " + std::to_string(keys));
  made.content = {{"text/plain", "text", "", bytes, sha256(*bytes)}};
  made.content_hash = sha256(*bytes);
  made.not_after = now + std::chrono::hours{8};
  made.dated = now;
  return made;
}

Intend Bench::intend(const Claim &claim, std::int32_t step) {
  const auto &facts = claim.cases.front().facts;
  Intend change;
  change.case_id = facts.id;
  change.step = step;
  change.step_id = "step-" + std::to_string(step);
  change.level = step + 1;
  change.is_dunning = true;
  change.decided_on = kToday;
  for (const auto &item : facts.items) {
    if (item.state != domain::ItemState::open) continue;
    change.items.push_back({item.id, item.round, item.balance_minor, true});
    change.round = item.round;
    change.total_minor += item.balance_minor;
  }
  change.attempt = attempt();
  return change;
}

SettledChange Bench::send(std::int32_t step) {
  const auto claim = claim_one();
  auto to = settlement(claim);
  to.changes.emplace_back(intend(claim, step));
  to.why.emplace_back("due");
  const auto result = settle_one(to);
  BOOST_TEST(!result.is_stale);
  BOOST_TEST(result.refused == "");
  BOOST_TEST_REQUIRE(result.changes.size() == 1u);
  return result.changes.front();
}

void Bench::wake() {
  must(store->wake(creditor, std::vector<DebtorId>{1}, now));
}

void Bench::outcome(AttemptId id, domain::OutcomeKind kind, std::vector<std::string> refs,
                    domain::FailureClass failure) {
  OutcomeRecord record;
  record.attempt = id;
  record.kind = kind;
  record.refs = std::move(refs);
  record.failure = failure;
  must(store->record_outcomes({&record, 1}, now));
}

void Bench::apply(ParsedRecord parsed) {
  const InboundRecord raw{"smtp-1", "mail", "raw bytes", now};
  parsed.inbound = must(store->store_inbound({&raw, 1}, {}, now)).front();
  must(store->apply_parsed({&parsed, 1}, now));
}

void Bench::receipt(const ReceiptRecord &record) {
  ParsedRecord parsed;
  parsed.receipts = {record};
  apply(std::move(parsed));
}

Claim Bench::debtor() {
  return must(store->facts_of_debtor(creditor, "d1"));
}

domain::ReminderFacts Bench::reminder() {
  const auto now_known = facts();
  BOOST_TEST_REQUIRE(now_known.reminders.size() == 1u);
  return now_known.reminders.front();
}

domain::ItemFacts Bench::item(const std::string &number) {
  const auto claim = must(store->facts_of_invoice(creditor, number));
  const auto &view = claim.cases.front();
  for (std::size_t i{0}; i < view.items.size(); ++i)
    if (view.items[i].number == number) return view.facts.items[i];
  throw std::runtime_error("no item " + number);
}

Counters Bench::counters() {
  return must(store->counters(now));
}

bool Bench::may_hand_over(AttemptId id) {
  return !must(store->may_hand_over(std::vector{id})).empty();
}

bool Bench::has_journaled(const std::string &kind, const std::string &text) {
  const auto rows = must(store->journal(creditor, "", "", 1'000));
  return std::any_of(rows.begin(), rows.end(), [&](const JournalRow &row) {
    return row.kind == kind && row.payload.find(text) != std::string::npos;
  });
}

void Bench::expect_journal_verifies() {
  const auto verdict = must(store->verify_journal(creditor));
  for (const auto &fault : verdict.faults) BOOST_ERROR(fault);
  BOOST_TEST(verdict.entries > 0u);
}

}  // namespace relance::store::test
