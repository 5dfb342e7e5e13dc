// Lookups in one configuration, and the split of a case into the units that are decided.
#include "host/engine/case_setting.hpp"

#include <algorithm>

namespace relance::engine {
namespace {

template <class Container, class Predicate>
void erase_where(Container &container, Predicate is_gone) {
  container.erase(std::remove_if(container.begin(), container.end(), is_gone), container.end());
}

}  // namespace

void Settings::name_creditor(store::CreditorId id, const std::string &code) {
  creditors_[id] = configuration_->creditor(code);
}

channel::Sender sender_of(const config::Creditor &creditor, std::string_view channel) {
  channel::Sender sender;
  if (const auto *identity = creditor.sender(channel))
    sender = {identity->name, identity->address, identity->reply_to, {}, {}};
  sender.postal_lines = creditor.address_lines;
  sender.country = creditor.country;
  return sender;
}

std::optional<channel::Sender> Settings::sender(store::CreditorId creditor, std::string_view channel) const {
  const auto found = creditors_.find(creditor);
  if (found == creditors_.end() || found->second == nullptr) return std::nullopt;
  return sender_of(*found->second, channel);
}

const domain::ContactWindow *Settings::window_of(const config::Region &region, const std::string &time_zone) {
  if (time_zone.empty() || time_zone == region.zone.name()) return &region.window;
  auto &slot = windows_[{&region, time_zone}];
  if (!slot) {
    const auto zone = domain::Zone::of(time_zone);
    // Imports check zone names; one that this machine's zone data lacks falls back to the region's.
    slot = std::make_shared<domain::ContactWindow>(zone ? region.window.in_zone(*zone) : region.window);
  }
  return slot.get();
}

Result<CaseSetting> Settings::of(const store::Claim &claim, const store::CaseView &view) {
  CaseSetting setting;
  const auto creditor = creditors_.find(claim.creditor);
  if (creditor == creditors_.end() || creditor->second == nullptr)
    return not_found("creditor " + std::to_string(claim.creditor) +
                     " is in the store but not in the configuration");
  setting.creditor = creditor->second;
  setting.creditor_region = configuration_->region(setting.creditor->region);
  if (setting.creditor_region == nullptr)
    return not_found("creditor " + setting.creditor->code + ": region " + setting.creditor->region +
                     " is not configured");
  setting.recipient_region = configuration_->region(claim.region.empty() ? claim.country : claim.region);
  if (setting.recipient_region == nullptr) setting.recipient_region = setting.creditor_region;
  setting.scenario = view.scenario.empty() ? nullptr : configuration_->scenario(view.scenario);
  if (setting.scenario == nullptr)
    setting.scenario = configuration_->scenario_for(claim.segment, setting.recipient_region->id);
  if (setting.scenario == nullptr)
    return not_found("no scenario applies to debtor " + claim.code + " (segment '" + claim.segment +
                     "', region " + setting.recipient_region->id +
                     "): add one with these applies_to, or one for everyone");
  setting.window = window_of(*setting.recipient_region, claim.time_zone);
  return setting;
}

domain::Surroundings Settings::surroundings(const CaseSetting &setting, Instant payment_data_until) const {
  const auto &key =
      content_keys_.try_emplace(setting.scenario, ContentKey{configuration_.get(), setting.scenario})
          .first->second;
  const auto content_id = [](const void *context, std::int32_t step) {
    const auto &content = *static_cast<const ContentKey *>(context);
    return content.configuration->content_id(*content.scenario, step);
  };
  return {*setting.scenario,
          setting.creditor_region->calendar,
          setting.creditor_region->zone,
          *setting.window,
          payment_data_until,
          content_id,
          &key};
}

std::vector<domain::CaseFacts> split(const domain::CaseFacts &facts, domain::GroupBy group_by) {
  if (group_by == domain::GroupBy::debtor || facts.items.size() <= 1) return {facts};
  const auto is_owing = [](const domain::ItemFacts &item) {
    return item.balance_minor > 0 &&
           (item.state == domain::ItemState::open || item.state == domain::ItemState::disputed);
  };
  std::vector<domain::CaseFacts> units;
  units.reserve(facts.items.size());
  for (const auto &item : facts.items) {
    if (!is_owing(item)) continue;
    domain::CaseFacts unit{facts};
    const auto concerns = [&item](const auto &items) {
      return std::find(items.begin(), items.end(), item.id) != items.end();
    };
    unit.items.assign(1, item);
    unit.owes_thanks = false;
    erase_where(unit.promises, [&](const auto &promise) {
      return promise.receivable != 0 && promise.receivable != item.id;
    });
    erase_where(unit.reminders, [&](const auto &reminder) { return !concerns(reminder.items); });
    erase_where(unit.approvals, [&](const auto &approval) { return !concerns(approval.items); });
    units.push_back(std::move(unit));
  }
  if (units.empty()) return {facts};
  // What is settled is decided together, and thanks, which list no item, with it: they are the case's, and go
  // out once.
  domain::CaseFacts rest{facts};
  erase_where(rest.items, is_owing);
  const auto is_owed = [&](domain::ReceivableId id) {
    return std::any_of(facts.items.begin(), facts.items.end(),
                       [&](const auto &item) { return item.id == id && is_owing(item); });
  };
  erase_where(rest.promises,
              [&](const auto &promise) { return promise.receivable == 0 || is_owed(promise.receivable); });
  erase_where(rest.reminders, [&](const auto &reminder) {
    return std::any_of(reminder.items.begin(), reminder.items.end(), is_owed);
  });
  rest.approvals.clear();
  if (!rest.items.empty() || !rest.reminders.empty()) units.push_back(std::move(rest));
  return units;
}

}  // namespace relance::engine
