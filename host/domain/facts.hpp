// The facts of one case, as the store read them in one transaction: everything decide() may look at, and nothing else.
// Amounts are minor units of the case's one currency. Plain values, cheap to build in their thousands.
#pragma once

#include "host/base/time.hpp"
#include "host/domain/money.hpp"
#include "host/domain/receipt.hpp"

#include <boost/container/small_vector.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace relance::domain {

using CreditorId = std::int32_t;
using DebtorId = std::int64_t;
using CaseId = std::int64_t;
using ReceivableId = std::int64_t;
using ReminderId = std::int64_t;
using AttemptId = std::int64_t;
using PromiseId = std::int64_t;
using ApprovalId = std::int64_t;

enum class CaseState : std::uint8_t {
  onboarding,   ///< of a first import: decides nothing until an operator starts it
  open,
  closed,       ///< nothing owed; opens again with a new receivable
  handed_over,  ///< at an agency or a court: no more reminders
};

enum class ItemState : std::uint8_t { open, paid, disputed, written_off };

/// One receivable. Its step position belongs to it, not to the case.
struct ItemFacts {
  ReceivableId id{0};
  std::int64_t balance_minor{0};
  CivilDate due{};
  ItemState state{ItemState::open};
  bool was_reminded{false};        ///< a message other than a task went out in this round
  std::int32_t round{1};
  std::int32_t step{-1};           ///< highest step whose reminder was intended (or passed over) in this round; -1 = none
  std::int32_t level{0};           ///< highest level sent in this round
  std::optional<CivilDate> sent_on{};     ///< when the last reminder of this round went out, creditor's region zone
  std::int32_t sent_step{-1};             ///< and which step it was
  std::optional<CivilDate> held_until{};  ///< first day on which it may be reminded again
};

struct PromiseFacts {
  PromiseId id{0};
  ReceivableId receivable{0};  ///< 0: the whole case
  CivilDate date{};
  std::int64_t missing_minor{0};  ///< promised less what has come in since; ≤ 0: kept
};

enum class ReminderState : std::uint8_t {
  open,      ///< an attempt has no outcome yet
  in_doubt,  ///< a provider may have seen it
  not_sent,  ///< the last attempt certainly did not go: another may, from `retry_at` on
  negative,  ///< the last attempt is finally negative and its fallback not decided
  sent,      ///< handed over; receipts may still come
};

/// A reminder that can still change something: anything but settled ones.
/// A provider by which a reminder could not go.
struct TriedProvider {
  std::string provider, channel;
  std::string because;  ///< its own words
  bool is_final{false};  ///< it never takes this message; else it did not take it
  FailureClass failure{FailureClass::none};
  std::int32_t times{0};
};

struct ReminderFacts {
  ReminderId id{0};
  std::int32_t step{0};
  std::int32_t round{1};
  ReminderState state{ReminderState::open};
  DeliveryState delivery{};
  CivilDate decided_on{};
  std::optional<CivilDate> receipt_on{};  ///< business day on which its newest receipt arrived; reactions count from it
  std::optional<Instant> retry_at{};
  std::int32_t attempts{0};        ///< hand-overs so far
  std::int32_t channels_tried{0};  ///< how many of the step's channels ended finally negative
  std::string channel{};           ///< in doubt, not sent or silent: by which channel
  std::int32_t channel_index{0};   ///< and its place in the step's list; behind the list: a reaction's own
  bool is_superseded{false};       ///< a later step of one of its items was intended
  bool asked_in_doubt{false};      ///< the in-doubt policy was applied: a person was told, or it counts as sent
  bool was_resent{false};          ///< the in-doubt policy sent it once more; a doubt that is left is a person's
  bool is_thank_you{false};
  bool is_silent{false};           ///< accepted, and what its provider was to say of it has not come in time
  bool is_silence_followed{false};  ///< by another attempt, of another channel
  std::uint32_t pending_reactions{0};  ///< bit per ReceiptKind seen and not yet reacted to
  boost::container::small_vector<ReceivableId, 4> items{};  ///< all that it lists
  std::vector<TriedProvider> tried{};  ///< of one not sent, or lost; the last one first
  bool may_change_provider{false};     ///< another provider of its channel can be asked now, by who routes
};

enum class ApprovalState : std::uint8_t { asked, approved, rejected, expired };

struct ApprovalFacts {
  ApprovalId id{0};
  std::int32_t step{0};
  ApprovalState state{ApprovalState::asked};
  Instant valid_until{};
  std::int64_t amount_minor{0};
  std::uint64_t content_id{0};  ///< binds template version and scenario version; equal = same words
  boost::container::small_vector<ReceivableId, 4> items{};
};

struct CaseFacts {
  CreditorId creditor{0};
  DebtorId debtor{0};
  CaseId id{0};
  CaseState state{CaseState::open};
  Currency currency{};
  std::int64_t facts_version{0};
  std::optional<CivilDate> held_until{};     ///< hold of the debtor, its segment or the creditor; first day free again
  std::optional<CivilDate> contacted_on{};   ///< last message to this debtor, over all scenarios
  bool owes_thanks{false};                   ///< reminded, since then settled in full, not thanked yet
  boost::container::small_vector<ItemFacts, 4> items{};
  boost::container::small_vector<PromiseFacts, 1> promises{};
  boost::container::small_vector<ReminderFacts, 1> reminders{};
  boost::container::small_vector<ApprovalFacts, 1> approvals{};
};

}  // namespace relance::domain
