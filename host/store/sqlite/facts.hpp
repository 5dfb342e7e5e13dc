// Reading the facts of a debtor, as decide() wants them, from clustered keys. Used by the loop and by readers
// alike.
#pragma once

#include "host/store/records.hpp"
#include "host/store/sqlite/connection.hpp"

#include <optional>
#include <string>
#include <tuple>
#include <unordered_set>
#include <vector>

namespace relance::store::sqlite {

/// debtor_state.extras: which side tables have ever held a row of this debtor, and whether it was erased: such a debtor is
/// never due again.
enum Extras : std::int64_t { kHasReminders = 1, kHasPromises = 2, kHasApprovals = 4, kIsErased = 8 };

/// A hold "until further notice".
inline constexpr CivilDate kFarDay{civil(9999, 12, 31)};

/// Attempt states as stored; 0, 1 and 5 are unfinished.
enum class AttemptState : std::uint8_t { open, prepared, accepted, rejected, not_sent, in_doubt, withdrawn };
/// Which part of the index of documents those of this attempt are in: 8,192 attempts share one.
constexpr std::int64_t content_bucket(AttemptId attempt) {
  return attempt >> 13;
}
/// Reminder states beyond domain::ReminderState, for reminders that are no longer live.
inline constexpr std::int64_t kReminderVoid{10};

/// Where a receivable stands, and which reminder brought it there.
struct Position {
  ReceivableId id{0};
  std::int32_t step{-1}, level{0}, sent_step{-1};
  std::optional<CivilDate> sent_on{};
  bool was_reminded{false};
  ReminderId reminder{0};
};

/// What the loop remembers of a claim beside what it hands out.
struct DebtorRow {
  Instant next_at{};
  std::int64_t extras{0};
  std::optional<CivilDate> contacted_on{};
  bool has_open_attempt{false};
  std::vector<Position> positions{};
};

class FactsReader {
 public:
  /// Reads the holds of whole creditors and segments, and the open recalls, once.
  explicit FactsReader(Connection &connection);

  /// False when there is no such debtor. With `now`, approvals that have expired are left out.
  bool read(CreditorId creditor, DebtorId debtor, std::optional<Instant> now, Claim &claim, DebtorRow &row);

 private:
  struct SegmentHold {
    CreditorId creditor;
    bool is_segment;
    std::string segment;
    CivilDate until;
  };

  void read_contacts(Claim &claim);
  void read_cases(Claim &claim);
  void read_reminders(Claim &claim, DebtorRow &row);
  void read_items(Claim &claim, DebtorRow &row);
  void read_tried(AttemptId attempt, domain::ReminderFacts &reminder);
  void read_promises(Claim &claim);
  void read_approvals(Claim &claim, std::optional<Instant> now);

  Connection &connection_;
  std::vector<SegmentHold> holds_;
  std::unordered_set<AttemptId> recalls_;  ///< asked for and not answered
};

}  // namespace relance::store::sqlite
