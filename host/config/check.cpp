// What concerns more than one file: names that must exist, scenarios that must not compete, templates for
// every language.
#include "host/config/draft.hpp"

#include <algorithm>
#include <set>

namespace relance::config {

namespace {

std::vector<std::string_view> keys(const std::map<std::string, Position> &defined) {
  std::vector<std::string_view> names;
  for (const auto &[name, at] : defined) names.push_back(name);
  return names;
}

void check_names(Draft &draft) {
  for (const auto &mention : draft.mentions) {
    const bool is_region{mention.what == Mentioned::region};
    if (!is_region && mention.what != Mentioned::provider) continue;
    const auto &defined = is_region ? draft.regions : draft.providers;
    if (!defined.contains(mention.name)) {
      const std::string folder{is_region ? "regions/" : "providers/"};
      const auto meant = suggestion(mention.name, keys(defined));
      draft.issues.error(
          mention.at, "there is no " + std::string{is_region ? "region" : "provider"} + " \"" + mention.name +
                          '"' + (meant.empty() ? "; add " + folder + mention.name + ".toml" : meant));
      continue;
    }
    const auto *provider = is_region ? nullptr : draft.configuration.provider(mention.name);
    if (provider != nullptr && provider->channel != mention.channel && is_known_channel(provider->channel) &&
        provider->channel != "task")
      draft.issues.error(mention.at, "provider \"" + mention.name + "\" is of channel \"" +
                                         provider->channel + "\", not \"" + mention.channel +
                                         "\"; list it under " + provider->channel);
  }
}

/// A template must exist in each language that a creditor or a region writes; other languages fall back to
/// the creditor's.
void check_templates(Draft &draft) {
  const auto &configuration = draft.configuration;
  std::set<std::pair<std::string, std::string>> reported;
  std::set<std::string_view> ids;
  for (const auto &made : configuration.templates) ids.insert(made.id);
  const std::vector<std::string_view> known{ids.begin(), ids.end()};
  for (const auto &mention : draft.mentions) {
    if (mention.what != Mentioned::template_id) continue;
    if (!ids.contains(mention.name)) {
      const auto meant = nearest(mention.name, known);
      draft.issues.error(mention.at,
                         "there is no template \"" + mention.name + '"' +
                             (meant.empty() ? "; add templates/" + mention.name + ".<language>.toml"
                                            : "; did you mean \"" + std::string{meant} + "\"?"));
      continue;
    }
    for (const auto &language : draft.mentions) {
      if (language.what != Mentioned::language ||
          configuration.find_template(mention.name, language.name, {}) != nullptr)
        continue;
      if (!reported.insert({mention.name, language.name}).second) continue;
      draft.issues.error(mention.at, "template \"" + mention.name + "\" is missing in \"" + language.name +
                                         "\", the language of " + language.by + "; add templates/" +
                                         mention.name + '.' + language.name + ".toml");
    }
  }
}

/// Where the region has a provider of short messages, what is sent as one has words of its own: a mail's would
/// be a dozen segments.
void check_short_messages(Draft &draft) {
  const auto &configuration = draft.configuration;
  if (std::ranges::none_of(configuration.providers,
                           [](const auto &provider) { return provider.channel == "sms"; }))
    return;
  std::set<std::string_view> reported;
  for (const auto &mention : draft.mentions) {
    if (mention.what != Mentioned::template_id || mention.channel != "sms") continue;
    for (const auto &made : configuration.templates)
      if (made.id == mention.name && made.sms.empty() && reported.insert(made.version).second)
        draft.issues.error(made.text_at, "this template may go as a short message (" + mention.by +
                                             ") and has no words for one; write sms = '''…''', or "
                                             "take \"sms\" out of the step's channels");
  }
}

int rank_of(const domain::Scenario &scenario) {
  return (scenario.segments.empty() ? 0 : 2) + (scenario.regions.empty() ? 0 : 1);
}

/// An element of both, or of the other where one is empty (and so means everyone); nothing when they are
/// apart.
std::optional<std::string> shared(const std::vector<std::string> &a, const std::vector<std::string> &b) {
  if (a.empty() || b.empty()) return a.empty() ? (b.empty() ? "" : b.front()) : a.front();
  for (const auto &one : a)
    if (std::ranges::find(b, one) != b.end()) return one;
  return std::nullopt;
}

void check_choice(Draft &draft) {
  const auto &scenarios = draft.configuration.scenarios;
  for (std::size_t i{0}; i < scenarios.size(); ++i)
    for (std::size_t j{0}; j < i; ++j) {
      if (rank_of(scenarios[i]) != rank_of(scenarios[j])) continue;
      const auto segment = shared(scenarios[i].segments, scenarios[j].segments);
      const auto region = shared(scenarios[i].regions, scenarios[j].regions);
      if (!segment || !region) continue;
      const auto who = (segment->empty() ? std::string{"everyone"} : "segment \"" + *segment + '"') +
                       (region->empty() ? std::string{} : " in region " + *region);
      draft.issues.error(draft.scenarios.at(scenarios[i].id), "scenarios \"" + scenarios[j].id + "\" and \"" +
                                                                  scenarios[i].id + "\" are both for " + who +
                                                                  "; make one more specific with applies_to");
    }
  const auto is_for_everyone = [](const domain::Scenario &scenario) { return rank_of(scenario) == 0; };
  if (scenarios.empty())
    draft.issues.error({draft.configuration.file.string()},
                       "there is no scenario; add scenarios/standard.toml");
  else if (std::ranges::none_of(scenarios, is_for_everyone))
    draft.issues.warning(draft.scenarios.at(scenarios.front().id),
                         "no scenario is for everyone: debtors of other segments or regions get no "
                         "reminders; leave applies_to out of one");
}

/// A former scenario hands its cases to exactly one of those that are.
void check_replaced(Draft &draft) {
  std::map<std::string, Position> seen;
  for (const auto &[former, at] : draft.replaced) {
    if (draft.configuration.scenario(former) != nullptr)
      draft.issues.error(at, "scenario \"" + former + "\" is configured, so nothing can replace it; remove its file, or "
                             "remove it from replaces");
    define(draft, seen, "replaced scenario", former, at);
  }
}

/// Says beforehand where a person will get a task because no channel of a step can be used.
void check_reachable(Draft &draft) {
  const auto &configuration = draft.configuration;
  for (const auto &scenario : configuration.scenarios)
    for (const auto &region : configuration.regions) {
      if (!scenario.regions.empty() &&
          std::ranges::find(scenario.regions, region.id) == scenario.regions.end())
        continue;
      for (const auto &step : scenario.steps) {
        const bool is_reachable{step.hands_over ||
                                std::ranges::any_of(step.channels, [&region](const std::string &channel) {
                                  return channel == "task" || !region.providers_of(channel).empty();
                                })};
        if (!is_reachable)
          draft.issues.warning(draft.scenarios.at(scenario.id),
                               "step \"" + step.id + "\" of scenario \"" + scenario.id +
                                   "\" has no channel with a provider in region " + region.id +
                                   ": a person gets a task instead");
      }
    }
}

/// A provider's days are those of the regions which list it, where these agree and it names none itself.
void settle_zones(Draft &draft) {
  for (auto &provider : draft.configuration.providers) {
    auto &limits = provider.send_limits;
    if (limits.zone || (!limits.is_counted() && limits.maintenance.empty())) continue;
    const Region *first{nullptr};
    for (const auto &region : draft.configuration.regions) {
      if (std::ranges::find(region.providers_of(provider.channel), provider.id, &RegionProvider::id) ==
          region.providers_of(provider.channel).end())
        continue;
      if (first != nullptr && !(first->zone == region.zone)) {
        draft.issues.error(draft.providers.at(provider.id),
                           "provider \"" + provider.id + "\" counts by days, and the regions " + first->id +
                               " and " + region.id + " which list it have different ones; write time_zone = \"" +
                               first->zone.name() + "\" into its [limits]");
        break;
      }
      first = &region;
      limits.zone = region.zone;
    }
  }
}

void check_senders(Draft &draft) {
  for (const auto &creditor : draft.configuration.creditors)
    for (const auto &provider : draft.configuration.providers)
      if (provider.channel == "email" && creditor.sender("email") == nullptr) {
        draft.issues.error(
            draft.creditors.at(creditor.code),
            "creditor \"" + creditor.code +
                "\" has no sender for e-mail; add sender.email = { name = \"…\", address = \"…\" }");
        break;
      }
}

/// A warning: mails go out all the same, and letters wait until it is mended.
void check_letterheads(Draft &draft) {
  const auto &configuration = draft.configuration;
  const auto prints = [](const auto &region) {
    return !region.providers_of("postal").empty() || !region.providers_of("lre").empty() ||
           !region.providers_of("fax").empty();
  };
  if (!draft.options.check_letterhead || std::ranges::none_of(configuration.regions, prints)) return;
  for (const auto &creditor : configuration.creditors) {
    const auto checked = draft.options.check_letterhead(creditor.letterhead);
    if (checked) continue;
    const auto own = draft.letterheads.find(creditor.code);
    draft.issues.warning(own != draft.letterheads.end() ? own->second : draft.creditors.at(creditor.code),
                         checked.error().message + "; until then the letters and faxes of creditor \"" + creditor.code +
                             "\" wait");
  }
}

}  // namespace

void check_whole(Draft &draft) {
  if (draft.regions.empty())
    draft.issues.error({draft.configuration.file.string()}, "there is no region; add regions/FR.toml");
  check_names(draft);
  check_templates(draft);
  check_short_messages(draft);
  check_choice(draft);
  check_replaced(draft);
  check_senders(draft);
  settle_zones(draft);
  if (draft.issues.has_errors()) return;
  check_reachable(draft);
  check_letterheads(draft);
}

}  // namespace relance::config
