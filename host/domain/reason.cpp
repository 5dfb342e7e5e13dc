// Decisions and their reasons in words: names for machines, one sentence for people.
#include "host/domain/decide.hpp"

#include <array>

namespace relance::domain {
namespace {

struct Wording {
  std::string_view name, sentence;  ///< {step} {day} {subject} stand for what the reason names
};

constexpr std::array kWordings{
    Wording{"onboarding", "the case is of a first import and waits for an operator (relancectl onboard)"},
    Wording{"closed", "nothing is owed any more"},
    Wording{"handed_over", "the file is with an agency or a court: no more reminders"},
    Wording{"held", "the debtor is on hold until {day}"},
    Wording{"item_held", "receivable {subject} is on hold until {day}"},
    Wording{"disputed", "receivable {subject} is disputed: it is not reminded"},
    Wording{"promise_open", "payment is promised for {day} (promise {subject})"},
    Wording{"promise_kept", "the promise for {day} was kept (promise {subject})"},
    Wording{"promise_broken", "the promise for {day} was broken (promise {subject})"},
    Wording{"payment_grace", "the bank may be slow: nobody is chased before {day}"},
    Wording{"payment_data_old", "payment data is too old to chase anyone: import payments"},
    Wording{"attempt_open", "reminder {subject} ({step}) is being handed over and has no outcome yet"},
    Wording{"in_doubt",
            "reminder {subject} ({step}) of {day} may have been sent: no retry, no other channel"},
    Wording{"in_doubt_policy",
            "no receipt has resolved reminder {subject} by {day}: the in-doubt policy applies"},
    Wording{"retry_later", "reminder {subject} ({step}) was certainly not sent and is tried again later"},
    Wording{"retry_now", "reminder {subject} ({step}) was certainly not sent and is tried again"},
    Wording{"facts_changed",
            "reminder {subject} no longer fits: an item was settled, promised, disputed or held"},
    Wording{"fallback", "reminder {subject} ({step}) cannot arrive: its next channel has its turn"},
    Wording{
        "fallback_too_late",
        "reminder {subject} ({step}) failed too long ago for another channel: only the address is marked"},
    Wording{"superseded", "a later step followed reminder {subject}: its receipt changes nothing"},
    Wording{"channels_exhausted", "no channel is left for reminder {subject} ({step}): a person has to act"},
    Wording{"too_many_attempts",
            "reminder {subject} ({step}) could not be handed over after many attempts: a person has to act"},
    Wording{"step_due", "step {step} of receivable {subject} is due since {day}"},
    Wording{"step_later", "the next step {step} of receivable {subject} is planned for {day}"},
    Wording{"no_step_left", "the scenario has no further step for receivable {subject}"},
    Wording{"level_guard",
            "a later step of receivable {subject} is due too, but the tone rises by one level at a time"},
    Wording{"formal_needs_reminder",
            "a formal notice for receivable {subject} needs a reminder sent before it"},
    Wording{"missed_steps", "earlier steps of receivable {subject} were missed and are passed over"},
    Wording{"pre_due_passed", "receivable {subject} fell due on {day}: its pre-due steps are over"},
    Wording{"min_gap",
            "step {step} of receivable {subject} keeps its distance from the last sending: not before {day}"},
    Wording{"contact_gap", "the debtor was contacted lately: not before {day}"},
    Wording{"minimum_balance", "less is owed than step {step} asks for"},
    Wording{"outside_window", "outside the recipient's contact window: not before {day}"},
    Wording{"approval_needed", "step {step} needs a person's approval"},
    Wording{"approval_pending", "approval {subject} of step {step} is asked for and not given yet"},
    Wording{"approval_given", "approval {subject} of step {step} is given"},
    Wording{"approval_rejected", "approval {subject} of step {step} was rejected: the step is passed over"},
    Wording{"approval_outgrown",
            "approval {subject} of step {step} no longer covers the items, the amount or the words"},
    Wording{"silent", "the receipt that its provider was to send of reminder {subject} ({step}) has not come in time"},
    Wording{"reaction_channel", "the receipt of reminder {subject} calls for another channel"},
    Wording{"reaction_step", "the receipt of reminder {subject} moves its items to step {step}"},
    Wording{"reaction_task", "the receipt of reminder {subject} calls for a person"},
    Wording{"reaction_none", "the receipt of reminder {subject} changes nothing"},
    Wording{"all_settled", "everything is settled"},
    Wording{"thanks_owed", "the debtor paid after a reminder: thanks are due"},
};
static_assert(kWordings.size() == static_cast<std::size_t>(ReasonCode::thanks_owed) + 1);

const Wording &wording_of(ReasonCode code) {
  const auto index = static_cast<std::size_t>(code);
  return kWordings[index < kWordings.size() ? index : 0];
}

void replace(std::string &text, std::string_view mark, const std::string &value) {
  if (const auto at = text.find(mark); at != std::string::npos) text.replace(at, mark.size(), value);
}

}  // namespace

std::string_view name_of(ReasonCode code) {
  return wording_of(code).name;
}

std::string_view name_of(DecisionKind kind) {
  static constexpr std::array<std::string_view, 14> kNames{
      "wait",       "send",      "send_again",      "void_reminder", "ask_approval",
      "skip_step",  "give_task", "resolve_promise", "assume_sent",   "settle_reaction",
      "restart_at", "thank",     "hand_over",       "close"};
  const auto index = static_cast<std::size_t>(kind);
  return index < kNames.size() ? kNames[index] : "wait";
}

std::string reason_text(const Reason &reason, const Scenario &scenario) {
  std::string text{wording_of(reason.code).sentence};
  const bool has_step{reason.step >= 0 && reason.step < static_cast<std::int32_t>(scenario.steps.size())};
  replace(text, "{step}", has_step ? scenario.steps[static_cast<std::size_t>(reason.step)].id : "?");
  replace(text, "{subject}", std::to_string(reason.subject));
  replace(text, "{day}", reason.day ? format_date(*reason.day) : "?");
  return text;
}

}  // namespace relance::domain
