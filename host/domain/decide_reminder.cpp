// The reminders that are still under way: in doubt, not sent, answered by a receipt. Each is dealt with
// before anything new is sent.
#include "host/domain/decider.hpp"

namespace relance::domain {

bool Decider::still_fits(const ReminderFacts &reminder) const {
  return std::all_of(reminder.items.begin(), reminder.items.end(), [this](ReceivableId id) {
    const auto *item = item_of(id);
    return item != nullptr && may_be_reminded(*item);
  });
}

std::optional<CivilDate> Decider::next_step_day(const ReminderFacts &reminder) const {
  if (reminder.is_thank_you) return {};
  std::optional<CivilDate> first;
  for (const auto id : reminder.items)
    if (const auto *item = item_of(id); item != nullptr && is_open(*item)) {
      const auto next = (has_step(reminder) ? reminder.step : item->step) + 1;
      if (next >= static_cast<std::int32_t>(scenario_.steps.size())) continue;
      const auto day = first_day_of(scenario_, next, *item, around_.calendar);
      if (!first || day < *first) first = day;
    }
  return first;
}

bool Decider::follow(const ReminderFacts &reminder) {
  switch (reminder.state) {
    case ReminderState::open:
      decision_.because(ReasonCode::attempt_open, reminder.step, reminder.id);
      return wait_until(Instant::max());
    case ReminderState::in_doubt:
      return follow_in_doubt(reminder, true);
    case ReminderState::not_sent:
      return follow_not_sent(reminder);
    case ReminderState::negative:
    case ReminderState::sent:
      if (reminder.pending_reactions != 0) return has_step(reminder) && react(reminder);
      if (reminder.is_silent) decision_.because(ReasonCode::silent, reminder.step, reminder.id);
      return false;
  }
  return false;
}

bool Decider::tell_of_doubt(const ReminderFacts &reminder) {
  return reminder.state == ReminderState::in_doubt && follow_in_doubt(reminder, false);
}

std::string_view Decider::own_channel(const ReminderFacts &reminder) const {
  if (reminder.is_thank_you) return {};
  const auto &step = step_at(reminder.step);
  if (reminder.channel_index < static_cast<std::int32_t>(step.channels.size())) return {};
  for (const auto &reaction : step.reactions)
    if (!reaction.channel.empty() && reaction.channel == reminder.channel) return reaction.channel;
  return {};
}

bool Decider::follow_in_doubt(const ReminderFacts &reminder, bool may_resend) {
  if (reminder.asked_in_doubt) return false;  // the case goes on; any later receipt still resolves it
  decision_.because(ReasonCode::in_doubt, reminder.step, reminder.id, reminder.decided_on);
  static constexpr Days kWithoutNextStep{14};
  const auto until = scenario_.in_doubt_after
                         ? add_days(reminder.decided_on, *scenario_.in_doubt_after, around_.calendar)
                         : std::max(next_step_day(reminder).value_or(reminder.decided_on + kWithoutNextStep),
                                    reminder.decided_on + Days{1});
  if (today_ < until) return wait_until(around_.zone.first_instant_of(until));
  decision_.because(ReasonCode::in_doubt_policy, reminder.step, reminder.id, until);
  decision_.reminder = reminder.id;
  decision_.step = has_step(reminder) ? reminder.step : -1;
  if (scenario_.in_doubt == InDoubtPolicy::assume_sent) {
    decision_.kind = DecisionKind::assume_sent;
    return true;
  }
  // What cannot be sent again is asked about: nobody would ever hear of it otherwise.
  if (scenario_.in_doubt == InDoubtPolicy::resend && may_resend && !reminder.was_resent &&
      has_step(reminder) && (reminder.is_thank_you || still_fits(reminder)) && reminder.attempts < scenario_.attempts_max)
    return send_again(reminder, own_channel(reminder));
  decision_.kind = DecisionKind::give_task;
  decision_.task = TaskReason::in_doubt;
  return true;
}

bool Decider::follow_not_sent(const ReminderFacts &reminder) {
  decision_.reminder = reminder.id;
  decision_.step = has_step(reminder) ? reminder.step : -1;
  if (!has_step(reminder) || reminder.is_superseded || (!reminder.is_thank_you && !still_fits(reminder))) {
    decision_.because(ReasonCode::facts_changed, reminder.step, reminder.id);
    decision_.kind = DecisionKind::void_reminder;
    return true;
  }
  // A provider that passes it on to the next one has not used up the tries of that one.
  auto tries = reminder.attempts;
  std::int32_t most{0};
  for (const auto &tried : reminder.tried)
    if (!tried.is_final) tries -= tried.times, most = std::max(most, tried.times);
  tries += most;
  if (tries >= scenario_.attempts_max) {
    decision_.because(ReasonCode::too_many_attempts, reminder.step, reminder.id);
    decision_.kind = DecisionKind::give_task;
    decision_.task = TaskReason::too_many_attempts;
    return true;
  }
  if (reminder.retry_at && *reminder.retry_at > now_ && !reminder.may_change_provider) {
    decision_.because(ReasonCode::retry_later, reminder.step, reminder.id);
    return wait_until(*reminder.retry_at);
  }
  decision_.because(ReasonCode::retry_now, reminder.step, reminder.id);
  return send_again(reminder, own_channel(reminder));
}

bool Decider::send_again(const ReminderFacts &reminder, std::string_view channel) {
  if (!reminder.is_thank_you && step_at(reminder.step).anchor != Anchor::before_due && now_ > around_.payment_data_until) {
    decision_.because(ReasonCode::payment_data_old, reminder.step, reminder.id);
    return wait_until(Instant::max());
  }
  if (!in_window(reminder.step)) return wait_until(wake_);
  decision_.kind = DecisionKind::send_again;
  decision_.reminder = reminder.id;
  decision_.step = reminder.step;
  decision_.channel = channel;
  for (const auto id : reminder.items)
    if (const auto *item = item_of(id); item != nullptr && may_be_reminded(*item)) list(*item, true);
  return true;
}

bool Decider::react(const ReminderFacts &reminder) {
  // The highest-ranked kind speaks first; the others have their turn when it is settled. Silence is the last: a receipt says
  // more than none.
  auto kind = ReceiptKind::complaint;
  while (kind != ReceiptKind::interim && (reminder.pending_reactions & (1u << static_cast<unsigned>(kind))) == 0)
    kind = static_cast<ReceiptKind>(static_cast<unsigned>(kind) - 1);
  constexpr auto kSilence = 1u << static_cast<unsigned>(ReceiptKind::silence);
  if (kind == ReceiptKind::interim && (reminder.pending_reactions & kSilence) != 0) kind = ReceiptKind::silence;
  decision_.reminder = reminder.id;
  decision_.reaction = kind;
  decision_.step = reminder.step;
  const Reaction *stated{nullptr};
  if (!reminder.is_thank_you)
    for (const auto &reaction : step_at(reminder.step).reactions)
      if (reaction.on == kind) stated = &reaction;
  if (kind == ReceiptKind::silence) return react_to_silence(reminder, stated);
  // What was sent because of a silence is lost as well: nothing more is tried without a person.
  if (reminder.is_silence_followed && reminder.is_silent && is_negative(kind) && !reminder.is_superseded) {
    decision_.because(ReasonCode::silent, reminder.step, reminder.id);
    decision_.because(ReasonCode::channels_exhausted, reminder.step, reminder.id);
    decision_.kind = DecisionKind::give_task;
    decision_.task = TaskReason::channels_exhausted;
    return true;
  }
  // What one provider refuses on principle, the next one of the same channel may take; only then is the channel lost.
  if (reminder.may_change_provider && reminder.state == ReminderState::negative && is_negative(kind))
    return fall_back(reminder, {});
  if (stated != nullptr) return react_as_stated(reminder, *stated);
  const bool falls_back{kind == ReceiptKind::failed || kind == ReceiptKind::expired ||
                        kind == ReceiptKind::cancelled || kind == ReceiptKind::returned};
  if (!falls_back || reminder.is_thank_you || reminder.state != ReminderState::negative)
    return settle_reaction(ReasonCode::reaction_none, reminder);
  return fall_back(reminder, {});
}

bool Decider::settle_reaction(ReasonCode why, const ReminderFacts &reminder) {
  decision_.because(why, reminder.step, reminder.id);
  decision_.kind = DecisionKind::settle_reaction;
  return true;
}

bool Decider::waits_for_its_day(const ReminderFacts &reminder, const Reaction &reaction) {
  const auto day =
      add_days(reminder.receipt_on.value_or(reminder.decided_on), reaction.after, around_.calendar);
  if (today_ >= day) return false;
  wake_on(day);  // nothing else of this reminder is due before; the case itself goes on
  decision_ = {};
  return true;
}

bool Decider::react_to_silence(const ReminderFacts &reminder, const Reaction *stated) {
  const auto go_on = [&] {
    decision_ = {};
    decision_.because(ReasonCode::silent, reminder.step, reminder.id);
    return false;
  };
  if (stated != nullptr && waits_for_its_day(reminder, *stated)) return go_on();
  decision_.because(ReasonCode::silent, reminder.step, reminder.id);
  const bool is_open_still{std::any_of(reminder.items.begin(), reminder.items.end(), [this](ReceivableId id) {
    const auto *item = item_of(id);
    return item != nullptr && is_open(*item);
  })};
  if (stated == nullptr || !reminder.is_silent) return settle_reaction(ReasonCode::reaction_none, reminder);
  if (!is_open_still) return settle_reaction(ReasonCode::facts_changed, reminder);
  if (stated->gives_task || stated->channel == "task") {
    decision_.because(ReasonCode::reaction_task, reminder.step, reminder.id);
    decision_.kind = DecisionKind::give_task;
    decision_.task = TaskReason::silence;
    return true;
  }
  if (stated->step >= 0) return react_as_stated(reminder, *stated);
  // The same channel would be the same message a second time.
  if (stated->channel == reminder.channel) return settle_reaction(ReasonCode::reaction_none, reminder);
  if (reminder.retry_at && *reminder.retry_at > now_) {
    wake_at(*reminder.retry_at);
    return go_on();
  }
  if (reminder.attempts >= scenario_.attempts_max) {
    decision_.because(ReasonCode::too_many_attempts, reminder.step, reminder.id);
    decision_.kind = DecisionKind::give_task;
    decision_.task = TaskReason::too_many_attempts;
    return true;
  }
  decision_.because(ReasonCode::reaction_channel, reminder.step, reminder.id);
  return fall_back(reminder, stated->channel);
}

bool Decider::react_as_stated(const ReminderFacts &reminder, const Reaction &reaction) {
  if (waits_for_its_day(reminder, reaction)) return false;
  const bool is_lost{is_negative(reaction.on) && reminder.state == ReminderState::negative};
  if (reaction.gives_task || (reaction.channel == "task" && !is_negative(reaction.on))) {
    decision_.because(ReasonCode::reaction_task, reminder.step, reminder.id);
    decision_.kind = DecisionKind::give_task;
    decision_.task = TaskReason::reaction;
    return true;
  }
  if (reaction.step >= 0) {
    if (reminder.is_superseded) return settle_reaction(ReasonCode::superseded, reminder);
    decision_.because(ReasonCode::reaction_step, reaction.step, reminder.id);
    decision_.kind = DecisionKind::restart_at;
    decision_.step = reaction.step;
    for (const auto id : reminder.items)
      if (const auto *item = item_of(id); item != nullptr && is_open(*item)) list(*item, true);
    return decision_.items.empty() ? settle_reaction(ReasonCode::facts_changed, reminder) : true;
  }
  // Another attempt of what arrived, or of what another channel took since, would be a second message.
  if (!is_lost) return settle_reaction(ReasonCode::reaction_none, reminder);
  decision_.because(ReasonCode::reaction_channel, reminder.step, reminder.id);
  return fall_back(reminder, reaction.channel);
}

bool Decider::fall_back(const ReminderFacts &reminder, std::string_view channel) {
  if (reminder.is_superseded) return settle_reaction(ReasonCode::superseded, reminder);
  const auto &step = step_at(reminder.step);
  std::optional<CivilDate> until{next_step_day(reminder)};
  if (step.fallback_within)
    until = add_days(reminder.decided_on, *step.fallback_within, around_.calendar) + Days{1};
  if (until && today_ >= *until) return settle_reaction(ReasonCode::fallback_too_late, reminder);
  const bool any_left{std::any_of(reminder.items.begin(), reminder.items.end(), [this](ReceivableId id) {
    const auto *item = item_of(id);
    return item != nullptr && may_be_reminded(*item);
  })};
  if (!any_left) return settle_reaction(ReasonCode::facts_changed, reminder);
  const auto own_channels = static_cast<std::int32_t>(step.channels.size());
  if (reminder.channels_tried >= own_channels + (channel.empty() ? 0 : 1)) {
    decision_.because(ReasonCode::channels_exhausted, reminder.step, reminder.id);
    decision_.kind = DecisionKind::give_task;
    decision_.task = TaskReason::channels_exhausted;
    return true;
  }
  if (!reminder.is_silent) decision_.because(ReasonCode::fallback, reminder.step, reminder.id);
  return send_again(reminder, channel);
}

}  // namespace relance::domain
