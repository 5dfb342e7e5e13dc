#include "host/engine/fail_over.hpp"

#include <algorithm>

namespace relance::engine {
namespace {

/// The provider refused it, not the addressee: another one has another reputation, another contract, other
/// settings.
bool is_between_us(domain::FailureClass failure) {
  return failure == domain::FailureClass::policy || failure == domain::FailureClass::configuration;
}

/// It has had its turn in this round: a round asks each provider once, then all wait.
bool has_had_its_turn(const domain::ReminderFacts &reminder, const domain::TriedProvider &tried) {
  return tried.is_final || tried.times >= reminder.tried.front().times;
}

bool has_other(const domain::ReminderFacts &reminder, const config::Region &region,
               std::span<const store::Contact> contacts,
               const std::function<bool(const std::string &)> &may_be_asked) {
  const auto contact = std::find_if(contacts.begin(), contacts.end(), [&](const store::Contact &one) {
    return one.channel == reminder.channel && !one.is_suppressed;
  });
  if (contact == contacts.end()) return false;
  const auto &listed = region.providers_of(reminder.channel);
  return std::any_of(listed.begin(), listed.end(), [&](const config::RegionProvider &entry) {
    const bool was_tried{std::any_of(reminder.tried.begin(), reminder.tried.end(), [&](const auto &tried) {
      return tried.provider == entry.id && has_had_its_turn(reminder, tried);
    })};
    return !was_tried && channel::serves(entry, contact->address) && may_be_asked(entry.id);
  });
}

}  // namespace

bool note_fail_over(domain::CaseFacts &facts, const domain::Scenario &scenario, const config::Region &region,
                    std::span<const store::Contact> contacts, Instant now,
                    const std::function<bool(const std::string &provider)> &is_free) {
  bool any{false};
  for (auto &reminder : facts.reminders) {
    if (reminder.tried.empty()) continue;
    if (reminder.state == domain::ReminderState::not_sent) {
      // While it waits for the provider's own time, another one is asked only if it can take it now.
      if (!reminder.retry_at || *reminder.retry_at <= now || !has_other(reminder, region, contacts, is_free))
        continue;
    } else {
      if (reminder.is_thank_you || reminder.step < 0)
        continue;  // thanks that are lost are not worth a second try
      const auto &last = reminder.tried.front();
      const auto channels = scenario.steps[static_cast<std::size_t>(reminder.step)].channels.size();
      const bool is_in_list{reminder.channel_index < static_cast<std::int32_t>(channels)};
      if (!last.is_final || last.channel != reminder.channel || !is_between_us(last.failure) || !is_in_list ||
          !has_other(reminder, region, contacts, [](const std::string &) { return true; }))
        continue;
      reminder.channels_tried = std::min(reminder.channels_tried, reminder.channel_index);
    }
    reminder.may_change_provider = any = true;
  }
  return any;
}

std::vector<channel::ProviderRefusal> refused_by(const domain::ReminderFacts &reminder, Instant now) {
  std::vector<channel::ProviderRefusal> refused;
  for (const auto &tried : reminder.tried) {
    if (tried.is_final) {
      refused.push_back({tried.provider, "it refused this message for good: " + tried.because, true});
    } else if (reminder.retry_at && *reminder.retry_at > now && has_had_its_turn(reminder, tried)) {
      channel::ProviderRefusal refusal{tried.provider, "it did not take this message (" + tried.because +
                                                           ") and is asked again at " +
                                                           format_instant(*reminder.retry_at)};
      refusal.business_until = *reminder.retry_at;
      refused.push_back(std::move(refusal));
    }
  }
  return refused;
}

}  // namespace relance::engine
