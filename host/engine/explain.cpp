// Explain and preview: the engine's own steps up to the intent, with nothing behind them.
#include "host/engine/explain.hpp"

#include "host/channel/routing.hpp"
#include "host/engine/case_setting.hpp"
#include "host/engine/compose.hpp"
#include "host/engine/fail_over.hpp"

#include <algorithm>
#include <optional>

namespace relance::engine {
namespace {

using domain::DecisionKind;

struct Candidates {
  std::vector<channel::ProviderStatus> statuses;
  std::vector<channel::Candidate> list;  ///< into `statuses`
};

/// The region's providers as the engine last knew them; without that (preview is about the plan, not about
/// this second's window) each as if it were up.
Candidates candidates(const config::Region &region, const std::vector<std::string> &channels,
                      const Standing *standing) {
  Candidates all;
  std::vector<const config::RegionProvider *> entries;
  const auto add = [&](const std::string &id, const std::string &channel, const config::RegionProvider *entry) {
    channel::ProviderStatus status;
    status.id = id;
    status.channel = channel;
    status.credit = 1;
    if (standing != nullptr)
      for (const auto &report : standing->providers) {
        if (report.id != id) continue;
        status.is_paused = report.is_paused;
        status.paused_because = report.paused_because;
        status.closed_because = report.closed_because;
        status.credit = report.credit;
        status.no_credit_because = report.no_credit_because;
      }
    all.statuses.push_back(std::move(status));
    entries.push_back(entry);
  };
  for (const auto &name : channels) {
    if (name == channel::kTaskChannel) {
      add("task", name, nullptr);
      continue;
    }
    for (const auto &entry : region.providers_of(name)) add(entry.id, name, &entry);
  }
  for (std::size_t i{0}; i < entries.size(); ++i) all.list.push_back({&all.statuses[i], entries[i]});
  return all;
}

bool is_message(DecisionKind kind) {
  return kind == DecisionKind::send || kind == DecisionKind::send_again || kind == DecisionKind::thank;
}

struct Routed {
  std::vector<std::string> channels;
  Candidates providers;
  channel::RouteResult result;
};

Routed route(const store::Claim &claim, const store::CaseView &view, const CaseSetting &setting,
             const domain::CaseFacts &facts, const domain::Decision &decision, const Standing *standing, Instant now,
             Composer &composer) {
  Routed routed;
  routed.channels = decision.kind == DecisionKind::thank
                        ? setting.scenario->thank_you_channels
                        : setting.scenario->steps[static_cast<std::size_t>(decision.step)].channels;
  std::size_t from{0};
  std::int32_t round{1};
  std::vector<channel::ProviderRefusal> refused;
  for (const auto &item : decision.items)
    for (const auto &known : facts.items)
      if (known.id == item.id && &item == &decision.items.front()) round = known.round;
  for (const auto &reminder : facts.reminders)
    if (decision.kind == DecisionKind::send_again && reminder.id == decision.reminder) {
      from = static_cast<std::size_t>(reminder.channels_tried);
      round = reminder.round;
      refused = refused_by(reminder, now);
    }
  if (!decision.channel.empty()) {
    routed.channels.assign(1, std::string{decision.channel});
    from = 0;
  }
  routed.providers = candidates(*setting.recipient_region, routed.channels, standing);
  const auto key = channel::route_key(claim.creditor, claim.debtor, facts.id, decision.step, round);
  for (;;) {
    routed.result = channel::find_route({routed.channels, from, claim.contacts, claim.is_consumer,
                                         routed.providers.list, key, refused, claim.country});
    if (!routed.result.route || !is_paper(routed.result.route->provider->channel)) break;
    const auto &found = *routed.result.route;
    const auto letter = composer.letter(claim, view, setting, decision, found, now, found.provider->channel == "fax");
    if (letter || letter.error().kind != ErrorKind::conflict) break;
    refused.push_back({found.provider->id, "it does not fit: " + letter.error().message, true});
  }
  return routed;
}

/// Calls `visit` with each unit of each case and its decision.
template <class Visit>
void decide_all(Settings &settings, const store::Claim &claim, Instant payment_data_until, Instant now,
                const std::function<bool(const std::string &)> &is_free, Visit visit) {
  for (const auto &view : claim.cases) {
    const auto setting = settings.of(claim, view);
    if (!setting) {
      visit(view, nullptr, view.facts, domain::Decision{}, setting.error().text());
      continue;
    }
    for (auto &unit : split(view.facts, setting->scenario->group_by)) {
      note_fail_over(unit, *setting->scenario, *setting->recipient_region, claim.contacts, now, is_free);
      visit(view, &*setting, unit,
            domain::decide(unit, settings.surroundings(*setting, payment_data_until), now), std::string{});
    }
  }
}

Settings settings_for(const config::Configuration &configuration, const std::string &creditor_code,
                      const store::Claim &claim) {
  // Borrowed: the caller keeps the configuration alive for the call.
  Settings settings{std::shared_ptr<const config::Configuration>{std::shared_ptr<void>{}, &configuration}};
  settings.name_creditor(claim.creditor, creditor_code);
  return settings;
}

/// What the engine would need first. A case that only waits is kept by nothing but its reasons.
std::vector<std::string> kept_by(const store::Claim &claim, store::CaseId case_id, const Standing &standing,
                                 Instant now) {
  std::vector<std::string> kept;
  if (!standing.paused_because.empty())
    kept.push_back("sending is paused (" + standing.paused_because + "): `relancectl resume` lets it go on");
  if (!standing.held_because.empty()) kept.push_back("sending is held: " + standing.held_because);
  if (claim.next_at <= now) return kept;
  std::string why;
  for (const auto &[id, fault] : standing.faults)
    if (id == case_id) why = " after a fault: " + fault;
  kept.push_back(claim.next_at == Instant::max() ? "its debtor is not due, as nothing has woken it since"
                                                 : "it rests until " + format_instant(claim.next_at) + why);
  return kept;
}

}  // namespace

std::vector<CaseExplanation> explain(const config::Configuration &configuration,
                                     const std::string &creditor_code, const store::Claim &claim,
                                     const Standing &standing, Instant now) {
  auto settings = settings_for(configuration, creditor_code, claim);
  Composer composer{settings.shared()};
  std::vector<CaseExplanation> explained;
  const auto is_free = [&standing](const std::string &id) {
    return std::any_of(standing.providers.begin(), standing.providers.end(), [&id](const ProviderReport &report) {
      return report.id == id && !report.is_paused && report.closed_because.empty() && report.state != "held";
    });
  };
  decide_all(
      settings, claim, standing.payment_data_until, now, is_free,
      [&](const store::CaseView &view, const CaseSetting *setting, const domain::CaseFacts &facts,
          const domain::Decision &decision, const std::string &error) {
        CaseExplanation one;
        one.case_id = view.facts.id;
        one.view = view;
        one.decision = domain::name_of(decision.kind);
        if (setting == nullptr) {
          one.decision = "none";
          one.reasons.push_back(error);
          explained.push_back(std::move(one));
          return;
        }
        one.scenario = setting->scenario->id;
        if (decision.step >= 0 && decision.kind != DecisionKind::thank)
          one.step = setting->scenario->steps[static_cast<std::size_t>(decision.step)].id;
        if (decision.at < domain::kNever) one.at = format_instant(decision.at);
        for (const auto &reason : decision.reasons) {
          auto text = domain::reason_text(reason, *setting->scenario);
          // People know invoices by their numbers, not by ours.
          for (const auto &item : view.items)
            if (const auto mark = "receivable " + std::to_string(item.id);
                text.find(mark + ' ') != std::string::npos || text.find(mark + ':') != std::string::npos)
              text.replace(text.find(mark), mark.size(), "invoice " + item.number);
          one.reasons.push_back(std::move(text));
        }
        if (decision.kind != DecisionKind::wait) one.kept_by = kept_by(claim, view.facts.id, standing, now);
        if (is_message(decision.kind)) {
          const auto routed = route(claim, view, *setting, facts, decision, &standing, now, composer);
          if (routed.result.is_temporary && !routed.result.route && !routed.result.refusals.empty())
            one.kept_by.push_back(
                "no provider of its channel can take it now, and a passing fault is no reason for another "
                "channel");
          for (const auto &[id, refusals] : standing.unrouted)
            if (id == view.facts.id) one.kept_by.push_back("the last time no provider took it: " + refusals);
          for (const auto &refusal : routed.result.refusals)
            one.routes.push_back({refusal.channel, refusal.provider, refusal.because});
          if (routed.result.route)
            one.routes.push_back(
                {routed.result.route->provider->channel, routed.result.route->provider->id, {}});
        }
        explained.push_back(std::move(one));
      });
  return explained;
}

std::vector<Preview> preview(const config::Configuration &configuration, const std::string &creditor_code,
                             const store::Claim &claim, Instant now) {
  auto settings = settings_for(configuration, creditor_code, claim);
  Composer composer{settings.shared()};
  std::vector<Preview> previews;
  decide_all(settings, claim, Instant::max(), now, [](const std::string &) { return true; },
             [&](const store::CaseView &view, const CaseSetting *setting, const domain::CaseFacts &facts,
                 const domain::Decision &decision, const std::string &error) {
               if (setting == nullptr) {
                 previews.push_back({claim.code, {}, {}, {}, {}, {}, {}, error});
                 return;
               }
               if (!is_message(decision.kind)) return;
               Preview one;
               one.debtor_code = claim.code;
               one.step = decision.kind == DecisionKind::thank
                              ? "thank-you"
                              : setting->scenario->steps[static_cast<std::size_t>(decision.step)].id;
               const auto routed = route(claim, view, *setting, facts, decision, nullptr, now, composer);
               const store::Contact *contact{nullptr};
               if (routed.result.route) {
                 one.channel = routed.result.route->provider->channel;
                 contact = routed.result.route->contact;
                 if (contact != nullptr) one.address = contact->address;
               } else {
                 one.channel = "task";
                 one.note = "no channel of the step can reach this debtor: a person will";
               }
               auto rendered = composer.render(claim, view, *setting, decision, contact, now);
               if (rendered) {
                 one.subject = std::move(rendered->subject);
                 one.text = std::move(rendered->text);
                 one.html = std::move(rendered->html);
               } else {
                 one.note = rendered.error().text();
               }
               previews.push_back(std::move(one));
             });
  return previews;
}

Result<std::string> preview_letter(const config::Configuration &configuration, const std::string &creditor_code,
                                   const store::Claim &claim, Instant now, bool as_fax) {
  auto settings = settings_for(configuration, creditor_code, claim);
  Composer composer{settings.shared()};
  std::optional<Result<std::string>> letter;
  decide_all(settings, claim, Instant::max(), now, [](const std::string &) { return true; },
             [&](const store::CaseView &view, const CaseSetting *setting, const domain::CaseFacts &facts,
                 const domain::Decision &decision, const std::string &) {
               if (letter || setting == nullptr || !is_message(decision.kind)) return;
               const auto routed = route(claim, view, *setting, facts, decision, nullptr, now, composer);
               // What would go as a letter is shown for its provider; anything else for the region's first one.
               channel::ProviderStatus status;
               channel::Route shown{0, nullptr, &status};
               if (routed.result.route && is_paper(routed.result.route->provider->channel)) {
                 shown = *routed.result.route;
               } else {
                 status.channel = as_fax ? "fax" : "postal";
                 const auto &listed = setting->recipient_region->providers_of(status.channel);
                 if (!listed.empty()) status.id = listed.front().id;
                 for (const auto &contact : claim.contacts)
                   if (contact.channel == status.channel) shown.contact = &contact;
               }
               letter = composer.letter(claim, view, *setting, decision, shown, now, as_fax);
             });
  if (!letter) return not_found("no message to debtor " + claim.code + " would leave now, so there is no letter to show");
  return std::move(*letter);
}

}  // namespace relance::engine
