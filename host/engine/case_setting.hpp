// What surrounds a case: its creditor, regions, scenario and contact window, looked up in one configuration.
// One Settings object per configuration in force; it caches what is costly to build (windows in other zones).
#pragma once

#include "host/channel/provider.hpp"
#include "host/config/configuration.hpp"
#include "host/domain/decide.hpp"
#include "host/store/records.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace relance::engine {

struct CaseSetting {
  const config::Creditor *creditor{nullptr};
  const config::Region *creditor_region{nullptr};   ///< dates of steps
  const config::Region *recipient_region{nullptr};  ///< window, providers, law
  const domain::Scenario *scenario{nullptr};
  const domain::ContactWindow *window{nullptr};
};

class Settings {
 public:
  explicit Settings(std::shared_ptr<const config::Configuration> configuration)
      : configuration_{std::move(configuration)} {}

  [[nodiscard]] const config::Configuration &configuration() const { return *configuration_; }
  [[nodiscard]] const std::shared_ptr<const config::Configuration> &shared() const { return configuration_; }

  /// The store's number of a configured creditor; told once at start.
  void name_creditor(store::CreditorId id, const std::string &code);

  /// The surroundings of one case of the claim. An error says which part of the configuration is missing
  /// (not_found).
  Result<CaseSetting> of(const store::Claim &claim, const store::CaseView &view);

  /// Who signs on this channel for this creditor; nothing: neither is configured any more.
  [[nodiscard]] std::optional<channel::Sender> sender(store::CreditorId creditor,
                                                      std::string_view channel) const;

  /// Borrowed from `setting` and this object.
  [[nodiscard]] domain::Surroundings surroundings(const CaseSetting &setting,
                                                  Instant payment_data_until) const;

 private:
  struct ContentKey {
    const config::Configuration *configuration;
    const domain::Scenario *scenario;
  };
  const domain::ContactWindow *window_of(const config::Region &region, const std::string &time_zone);

  std::shared_ptr<const config::Configuration> configuration_;
  std::map<store::CreditorId, const config::Creditor *> creditors_;
  std::map<std::pair<const config::Region *, std::string>, std::shared_ptr<const domain::ContactWindow>>
      windows_;
  mutable std::map<const domain::Scenario *, ContentKey> content_keys_;
};

channel::Sender sender_of(const config::Creditor &creditor, std::string_view channel);

/// The units that are decided by themselves: the case as it is, or one per receivable where the scenario
/// groups so. A reminder stays with the item that it moves; promises on the whole case stay with each.
std::vector<domain::CaseFacts> split(const domain::CaseFacts &facts, domain::GroupBy group_by);

}  // namespace relance::engine
