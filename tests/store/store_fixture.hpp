// What every test of the Store interface starts from: a store of each implementation on an empty folder, a
// small ledger, and short ways to walk one reminder through its life. Tests see the interface only.
#pragma once

#include "host/store/store.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace relance::store::test {

/// The value, or a failed test that says why there is none.
[[noreturn]] void fail_because(const Error &error);
template <class T>
T must(Result<T> result) {
  if (!result) fail_because(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// A folder of its own, removed at the end. On the memory file system where there is one: these tests are
/// about logic.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder &) = delete;
  Folder &operator=(const Folder &) = delete;
  [[nodiscard]] const std::filesystem::path &path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// An implementation of the interface, opened on a folder.
struct Implementation {
  std::string name;
  std::function<Result<std::unique_ptr<Store>>(const std::filesystem::path &folder)> open;
};
const std::vector<Implementation> &implementations();

constexpr CivilDate kToday{civil(2026, 3, 2)};
constexpr Instant kNow{kToday.time_since_epoch() + std::chrono::hours{9}};

/// One open store with creditor "acme".
struct Bench {
  explicit Bench(const Implementation &which);

  /// Closes and opens again: another start of the daemon.
  void reopen();

  void add_debtor(const std::string &code, const std::string &email);
  void add_invoice(const std::string &debtor, const std::string &number, std::int64_t amount_minor,
                   CivilDate due = civil(2026, 2, 1));
  ImportResult pay(const std::string &id, const std::string &number, std::int64_t amount_minor,
                   PaymentKind kind = PaymentKind::payment);
  void onboard();
  /// Debtor d1 with invoices i1 (100.00) and i2 (50.00), onboarded and due.
  void usual_ledger();

  /// The one claim that is due; fails the test otherwise.
  Claim claim_one();
  /// A settlement that writes nothing yet and lets the debtor sleep.
  static Settlement settlement(const Claim &claim, Instant next_at = Instant::max());
  /// Settles one change on a fresh claim of the one debtor that is due.
  SettleResult settle_change(const CaseChange &change, Instant next_at = Instant::max());
  SettleResult settle_one(const Settlement &settlement);
  /// A first reminder of `step` for all open items of the claim's first case.
  Intend intend(const Claim &claim, std::int32_t step);
  NewAttempt attempt();
  /// Claims, intends `step`, settles; returns what was made.
  SettledChange send(std::int32_t step);
  void wake();
  void outcome(AttemptId attempt, domain::OutcomeKind kind, std::vector<std::string> refs = {},
               domain::FailureClass failure = domain::FailureClass::none);
  /// Stores and applies one receipt.
  void receipt(const ReceiptRecord &receipt);
  void apply(ParsedRecord parsed);
  [[nodiscard]] Claim debtor();
  [[nodiscard]] domain::CaseFacts facts() { return debtor().cases.front().facts; }
  [[nodiscard]] domain::ReminderFacts reminder();
  [[nodiscard]] domain::ItemFacts item(const std::string &number);
  [[nodiscard]] Counters counters();
  [[nodiscard]] bool may_hand_over(AttemptId attempt);
  [[nodiscard]] bool has_journaled(const std::string &kind, const std::string &text);
  void expect_journal_verifies();

  Folder folder;
  const Implementation &which;
  std::unique_ptr<Store> store;
  CreditorId creditor{0};
  Instant now{kNow};
  std::uint64_t keys{0};
};

domain::Money eur(std::int64_t minor);
ReceiptRecord receipt_of(const std::string &ref, domain::ReceiptKind kind, bool is_final = true,
                         domain::FailureClass failure = domain::FailureClass::none);

}  // namespace relance::store::test
