// decide(): the one idea. A case has one next moment; at that moment this pure function looks at the facts as
// they are now and decides one thing. The engine obeys it, `explain` prints its reasons, `simulate` loops it,
// the tests are tables of it.
#pragma once

#include "host/domain/facts.hpp"
#include "host/domain/scenario.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/container/static_vector.hpp>

#include <string>

namespace relance::domain {

class Calendar;
class ContactWindow;
class Zone;

enum class DecisionKind : std::uint8_t {
  wait,        ///< until `at` (Instant::max(): until a fact changes)
  send,        ///< a new reminder of `step` listing `items`
  send_again,  ///< a further attempt of `reminder` (it certainly was not sent, or another channel's turn has
               ///< come; `reaction` is silence where the scenario says so of what may have arrived)
  void_reminder,    ///< `reminder` was certainly not sent and no longer fits the facts: its items go back to
                    ///< where they stood
  ask_approval,     ///< of `step` for `items`
  skip_step,        ///< an approval was rejected: the items move past `step` with nothing sent
  give_task,        ///< to a person, about `reminder` (TaskReason says why)
  resolve_promise,  ///< `promise` is kept or broken
  assume_sent,      ///< the in-doubt policy takes `reminder` for sent
  settle_reaction,  ///< the receipt of `reaction` on `reminder` changes nothing (any more): record it as seen
  restart_at,       ///< a receipt or a broken promise moves the items to `step`
  thank,            ///< the thank-you message
  hand_over,        ///< to an agency or a lawyer
  close,            ///< nothing is owed any more
};

enum class TaskReason : std::uint8_t { none, in_doubt, channels_exhausted, too_many_attempts, reaction, silence };

/// Why, in the order in which it was found. `explain` turns them into sentences (see reason_text).
enum class ReasonCode : std::uint8_t {
  onboarding,
  closed,
  handed_over,
  held,
  item_held,
  disputed,
  promise_open,
  promise_kept,
  promise_broken,
  payment_grace,
  payment_data_old,
  attempt_open,
  in_doubt,
  in_doubt_policy,
  retry_later,
  retry_now,
  facts_changed,
  fallback,
  fallback_too_late,
  superseded,
  channels_exhausted,
  too_many_attempts,
  step_due,
  step_later,
  no_step_left,
  level_guard,
  formal_needs_reminder,
  missed_steps,
  pre_due_passed,
  min_gap,
  contact_gap,
  minimum_balance,
  outside_window,
  approval_needed,
  approval_pending,
  approval_given,
  approval_rejected,
  approval_outgrown,
  silent,
  reaction_channel,
  reaction_step,
  reaction_task,
  reaction_none,
  all_settled,
  thanks_owed,
};

struct Reason {
  ReasonCode code{};
  std::int32_t step{-1};
  std::int64_t subject{0};         ///< receivable, reminder, promise or approval
  std::optional<CivilDate> day{};  ///< the day that the reason names
};

struct DecisionItem {
  ReceivableId id{0};
  std::int64_t balance_minor{0};
  bool is_moved{false};  ///< it was its step; others are only listed
};

struct Decision {
  DecisionKind kind{DecisionKind::wait};
  Instant at{Instant::max()};  ///< wait: until then. send…: the window closes then, it bounds not_after
  std::int32_t step{-1};
  ReminderId reminder{0};
  PromiseId promise{0};
  bool is_kept{false};
  ReceiptKind reaction{ReceiptKind::interim};
  std::string_view
      channel{};  ///< send_again by this channel only (a reaction's); empty: the step's, in order
  TaskReason task{TaskReason::none};
  ApprovalId approval{0};
  std::int64_t total_minor{0};  ///< of `items`
  boost::container::small_vector<DecisionItem, 4> items{};
  boost::container::small_vector<std::int32_t, 2> merged{};  ///< missed steps that this message stands for
  boost::container::static_vector<Reason, 12>
      reasons{};  ///< the first twelve; more add nothing a reader can use

  void because(ReasonCode code, std::int32_t at_step = -1, std::int64_t subject = 0,
               std::optional<CivilDate> day = {}) {
    if (reasons.size() < reasons.capacity()) reasons.push_back({code, at_step, subject, day});
  }
};

/// Everything outside the case that a decision depends on. Borrowed; outlives the call.
struct Surroundings {
  const Scenario &scenario;
  const Calendar &calendar;     ///< business days of the creditor's region
  const Zone &zone;             ///< dates of steps are the creditor's region's
  const ContactWindow &window;  ///< when the recipient may be contacted, in the recipient's own zone
  Instant payment_data_until{
      Instant::max()};  ///< business time up to which payment data is fresh enough to chase anyone
  std::uint64_t (*content_id)(const void *context,
                              std::int32_t step){nullptr};  ///< words an approval is bound to
  const void *content_context{nullptr};
};

/// Pure: no clock, no I/O, no allocation on the waiting path. Any thread. `now` is business time.
Decision decide(const CaseFacts &facts, const Surroundings &around, Instant now);

/// The same facts once the decided message has been handed over and accepted: what the engine asks decide()
/// about to know the case's next moment without a second round through the store. For send, send_again and
/// thank.
CaseFacts after_sending(const CaseFacts &facts, const Decision &decision, const Scenario &scenario,
                        CivilDate today);

/// One sentence, for people: "reminder-2 is due on 2026-03-12, 15 days after the due date".
std::string reason_text(const Reason &reason, const Scenario &scenario);
std::string_view name_of(ReasonCode code);
std::string_view name_of(DecisionKind kind);

/// The civil date on which `step` is planned for an item due at `due`, given when and as what the last
/// reminder went out. after_previous counts from the actual sending of the step before it, else from that
/// step's planned date.
CivilDate planned_date(const Scenario &scenario, std::int32_t step, const ItemFacts &item,
                       const Calendar &calendar);

}  // namespace relance::domain
