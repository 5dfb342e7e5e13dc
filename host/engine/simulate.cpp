// The loop on a virtual clock and on copies of the facts: everything is delivered, nobody pays, every approval is given. A
// silence that is noted already has the reaction that its step states; of what is sent here the receipts come. What it shows
// is the plan: how many messages of which step on which day.
#include "host/engine/case_setting.hpp"
#include "host/engine/explain.hpp"
#include "host/store/store.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace relance::engine {
namespace {

using domain::DecisionKind;

constexpr std::size_t kPage{1000};
/// A case that decides more often than this in one simulation goes round in circles.
constexpr int kDecisionsMax{1000};

struct Tally {
  std::uint64_t messages{0};
  std::int64_t total_minor{0};
};
using DayTallies = std::map<std::tuple<CivilDate, std::string, std::string>, Tally>;

/// What the first usable channel of the step is for this debtor; "task" when there is none.
std::string channel_of(const store::Claim &claim, const config::Region &region,
                       const std::vector<std::string> &channels) {
  for (const auto &channel : channels) {
    if (channel == "task") return channel;
    if (region.providers_of(channel).empty()) continue;
    for (const auto &contact : claim.contacts)
      if (contact.channel == channel && !contact.is_suppressed) return channel;
  }
  return "task";
}

class Walk {
 public:
  Walk(const store::Claim &claim, const CaseSetting &setting, domain::CaseFacts facts,
       const domain::Surroundings &around, DayTallies &days)
      : claim_{claim}, setting_{setting}, facts_{std::move(facts)}, around_{around}, days_{days} {}

  std::uint64_t run(Instant from, Instant until) {
    if (facts_.state == domain::CaseState::onboarding) facts_.state = domain::CaseState::open;
    // Whatever is open now is taken for delivered, but for what is known to be silent and not reacted to.
    const auto ends_well = [](const domain::ReminderFacts &reminder) {
      return reminder.state != domain::ReminderState::sent || !reminder.is_silent || reminder.pending_reactions == 0;
    };
    facts_.reminders.erase(std::remove_if(facts_.reminders.begin(), facts_.reminders.end(), ends_well),
                           facts_.reminders.end());
    std::uint64_t decisions{0};
    for (auto now = from; now < until && decisions < kDecisionsMax;) {
      const auto decision = domain::decide(facts_, around_, now);
      ++decisions;
      if (decision.kind == DecisionKind::wait) {
        now = decision.at;
        continue;
      }
      if (!obey(decision, now)) break;
    }
    return decisions;
  }

 private:
  /// False: the case has come to its end.
  bool obey(const domain::Decision &decision, Instant now) {
    const auto today = setting_.creditor_region->zone.local(now).date;
    switch (decision.kind) {
      case DecisionKind::send:
        note(decision, today);
        facts_ = domain::after_sending(facts_, decision, *setting_.scenario, today);
        return true;
      case DecisionKind::send_again:
        note(decision, today);
        facts_ = domain::after_sending(facts_, decision, *setting_.scenario, today);
        return true;
      case DecisionKind::give_task:
        note(decision, today);
        end_reactions(decision.reminder);
        return true;
      case DecisionKind::settle_reaction:
        end_reactions(decision.reminder);
        return true;
      case DecisionKind::ask_approval: {
        domain::ApprovalFacts given{
            1,           decision.step,        domain::ApprovalState::approved,
            decision.at, decision.total_minor, around_.content_id(around_.content_context, decision.step),
            {}};
        for (const auto &item : decision.items) given.items.push_back(item.id);
        facts_.approvals.assign(1, given);
        return true;
      }
      case DecisionKind::resolve_promise:
        facts_.promises.erase(
            std::remove_if(facts_.promises.begin(), facts_.promises.end(),
                           [&](const auto &promise) { return promise.id == decision.promise; }),
            facts_.promises.end());
        return true;
      case DecisionKind::skip_step:
        for (const auto &moved : decision.items)
          for (auto &item : facts_.items)
            if (item.id == moved.id && moved.is_moved) item.step = decision.step;
        return true;
      default:
        return false;
    }
  }

  void end_reactions(domain::ReminderId id) {
    for (auto &reminder : facts_.reminders)
      if (reminder.id == id) reminder.pending_reactions = 0;
  }

  void note(const domain::Decision &decision, CivilDate today) {
    const auto &step = setting_.scenario->steps[static_cast<std::size_t>(decision.step)];
    std::vector<std::string> channels{step.channels};
    if (!decision.channel.empty()) channels.assign(1, std::string{decision.channel});
    if (decision.kind == DecisionKind::give_task) channels.assign(1, "task");
    auto &tally = days_[{today, step.id, channel_of(claim_, *setting_.recipient_region, channels)}];
    ++tally.messages;
    tally.total_minor += decision.total_minor;
  }

  const store::Claim &claim_;
  const CaseSetting &setting_;
  domain::CaseFacts facts_;
  const domain::Surroundings &around_;
  DayTallies &days_;
};

}  // namespace

Result<Simulation> simulate(const config::Configuration &configuration, store::Reader &reader,
                            store::CreditorId creditor, const std::string &creditor_code, Instant from,
                            int days, const std::function<void(std::uint64_t)> &progress) {
  Settings settings{std::shared_ptr<const config::Configuration>{std::shared_ptr<void>{}, &configuration}};
  settings.name_creditor(creditor, creditor_code);
  Simulation simulation;
  DayTallies tallies;
  const auto until = from + Days{days};
  std::uint64_t debtors{0};
  for (store::DebtorId after{0};;) {
    const auto page = reader.facts_page(creditor, after, kPage);
    if (!page) return page.error();
    if (page->empty()) break;
    for (const auto &claim : *page) {
      for (const auto &view : claim.cases) {
        const auto setting = settings.of(claim, view);
        if (!setting) continue;
        ++simulation.cases;
        const auto around = settings.surroundings(*setting, Instant::max());
        for (auto &unit : split(view.facts, setting->scenario->group_by))
          simulation.decisions += Walk{claim, *setting, std::move(unit), around, tallies}.run(from, until);
      }
      ++debtors;
    }
    after = page->back().debtor;
    if (progress) progress(debtors);
  }
  for (const auto &[key, tally] : tallies)
    simulation.days.push_back(
        {std::get<0>(key), std::get<1>(key), std::get<2>(key), tally.messages, tally.total_minor});
  return simulation;
}

}  // namespace relance::engine
