// Looking things up in a configuration. Lists are short and read often: plain searches, no second index to
// keep true.
#include "host/config/configuration.hpp"

#include "host/base/sha256.hpp"

#include <algorithm>

namespace relance::config {

namespace {

template <class List, class Member>
auto find_by(const List &list, Member member, std::string_view name) -> decltype(list.data()) {
  const auto found = std::ranges::find_if(list, [&](const auto &one) { return one.*member == name; });
  return found == list.end() ? nullptr : &*found;
}

bool names(const std::vector<std::string> &list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

}  // namespace

const SenderIdentity *Creditor::sender(std::string_view channel) const {
  return find_by(senders, &SenderIdentity::channel, channel);
}

const BankAccount *Creditor::account(domain::Currency currency) const {
  const auto found = std::ranges::find(accounts, currency, &BankAccount::currency);
  return found == accounts.end() ? nullptr : &*found;
}

const std::vector<RegionProvider> &Region::providers_of(std::string_view channel) const {
  static const std::vector<RegionProvider> kNone;
  const auto found =
      std::ranges::find_if(providers, [channel](const auto &pair) { return pair.first == channel; });
  return found == providers.end() ? kNone : found->second;
}

const Position &ProviderSettings::position_of(std::string_view json_pointer) const {
  while (true) {
    const auto found = std::ranges::find_if(
        positions, [json_pointer](const auto &pair) { return pair.first == json_pointer; });
    if (found != positions.end()) return found->second.line > 0 ? found->second : at;
    const auto slash = json_pointer.rfind('/');
    if (slash == std::string_view::npos) return at;
    json_pointer = json_pointer.substr(0, slash);
  }
}

const Creditor *Configuration::creditor(std::string_view code) const {
  return find_by(creditors, &Creditor::code, code);
}
const Region *Configuration::region(std::string_view id) const {
  return find_by(regions, &Region::id, id);
}
const ProviderSettings *Configuration::provider(std::string_view id) const {
  return find_by(providers, &ProviderSettings::id, id);
}
const domain::Scenario *Configuration::scenario(std::string_view id) const {
  return find_by(scenarios, &domain::Scenario::id, id);
}

const domain::Scenario *Configuration::successor_of(std::string_view former) const {
  for (const auto &one : scenarios)
    if (names(one.replaces, former)) return &one;
  return nullptr;
}

const domain::Scenario *Configuration::scenario_for(std::string_view segment,
                                                    std::string_view region_id) const {
  const domain::Scenario *best{nullptr};
  int best_rank{-1};
  for (const auto &one : scenarios) {
    if (!one.segments.empty() && !names(one.segments, segment)) continue;
    if (!one.regions.empty() && !names(one.regions, region_id)) continue;
    const int rank{(one.segments.empty() ? 0 : 2) + (one.regions.empty() ? 0 : 1)};
    if (rank > best_rank) best = &one, best_rank = rank;
  }
  return best;
}

const Template *Configuration::find_template(std::string_view id, std::string_view language,
                                             std::string_view fallback) const {
  for (const auto wanted : {language, language.substr(0, 2), fallback, fallback.substr(0, 2)})
    for (const auto &made : templates)
      if (!wanted.empty() && made.language == wanted && made.id == id) return &made;
  return nullptr;
}

std::uint64_t Configuration::content_id(const domain::Scenario &scenario, std::int32_t step) const {
  const auto &template_id = scenario.steps.at(static_cast<std::size_t>(step)).template_id;
  std::string versions{scenario.version};
  for (const auto &made : templates)
    if (made.id == template_id) versions += made.version;
  const auto hash = sha256(versions);
  std::uint64_t id{0};
  for (std::size_t i{0}; i < sizeof id; ++i) id = id << 8U | hash[i];
  return id;
}

}  // namespace relance::config
