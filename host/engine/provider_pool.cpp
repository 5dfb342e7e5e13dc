// Making, starting, pausing and counting provider instances.
#include "host/engine/provider_pool.hpp"

#include "host/base/log.hpp"
#include "host/channel/factory.hpp"
#include "host/engine/provider_settings.hpp"

#include <algorithm>

namespace relance::engine {

channel::ProviderSettings ProviderPool::settings_of(const config::Configuration &configuration,
                                                    const config::ProviderSettings &settings) const {
  auto wanted = channel_settings(configuration, settings, program_);
  wanted.hooks.business_now = [this] { return clock_.now(); };
  wanted.hooks.log = [](const std::string &provider, int level, std::string_view text,
                        const channel::Fields &) {
    constexpr int kWarning{3};  // RELANCE_LOG_WARNING
    log::event(level >= kWarning ? log::Id::PROVIDER_COMPLAINS : log::Id::PROVIDER_SAYS,
               {{"provider", provider}, {"text", text}});
  };
  return wanted;
}

Result<PooledProvider> ProviderPool::make(const config::Configuration &configuration,
                                          const config::ProviderSettings &settings) {
  auto made = channel::make_provider(settings_of(configuration, settings), events_);
  if (!made) return made.error();
  PooledProvider pooled;
  pooled.provider = std::move(made.value());
  if (auto started = pooled.provider->start(); !started) return started.error();
  const auto &traits = pooled.provider->traits();
  pooled.version = settings.version;
  pooled.window = std::min(settings.credit_max, std::max(traits.max_in_flight, 1u));
  pooled.status.id = pooled.report.id = settings.id;
  pooled.status.channel = pooled.report.channel = settings.channel;
  pooled.report.plugin = traits.plugin_id + " " + traits.plugin_version;
  pooled.report.placement = settings.placement == config::Placement::child ? "child" : "inproc";
  pooled.report.state = "up";
  return pooled;
}

Result<void> ProviderPool::apply(const config::Configuration &configuration) {
  std::map<std::string, PooledProvider> fresh;
  auto undo = [&fresh](const Error &error) -> Result<void> {
    for (auto &[id, pooled] : fresh) pooled.provider->stop(Milliseconds{1000});
    return error;
  };
  std::vector<config::ProviderSettings> wanted{configuration.providers};
  if (std::none_of(wanted.begin(), wanted.end(),
                   [](const auto &settings) { return settings.id == kTaskProvider; })) {
    config::ProviderSettings task;
    task.id = task.plugin = task.channel = kTaskProvider;
    task.placement = config::Placement::inproc;
    task.credit_max = 1000;
    wanted.push_back(std::move(task));
  }
  // Everything that can be known to fail is asked before the first running instance is touched.
  for (const auto &settings : wanted) {
    const auto running = providers_.find(settings.id);
    if (running == providers_.end() || running->second.version == settings.version) continue;
    if (auto checked = channel::check_provider(settings_of(configuration, settings)); !checked)
      return placed(settings, checked.error());
  }
  std::set<std::string> kept;
  for (const auto &settings : wanted) {
    const auto running = providers_.find(settings.id);
    if (running != providers_.end() && running->second.version == settings.version) {
      kept.insert(settings.id);
      continue;
    }
    std::set<channel::Token> in_flight;
    // Two instances of one provider never run side by side: they would share its lock and its sessions.
    if (running != providers_.end()) {
      running->second.provider->stop(Milliseconds{5000});
      in_flight = std::move(running->second.in_flight);  // their ends are in the inbox and must find them
      providers_.erase(running);
    }
    auto made = make(configuration, settings);
    if (!made) return undo(placed(settings, made.error()));
    made->in_flight = std::move(in_flight);
    fresh.emplace(settings.id, std::move(made.value()));
  }
  for (auto it = providers_.begin(); it != providers_.end();) {
    if (kept.contains(it->first)) {
      ++it;
      continue;
    }
    it->second.provider->stop(Milliseconds{5000});
    it = providers_.erase(it);
  }
  in_doubt_max_ = configuration.limits.in_doubt_max;
  providers_.merge(fresh);
  for (auto &[id, pooled] : providers_) refresh_credit(pooled);
  return {};
}

void ProviderPool::stop(Milliseconds grace) {
  for (auto &[id, pooled] : providers_) pooled.provider->stop(grace);
}

PooledProvider *ProviderPool::find(const std::string &id) {
  const auto found = providers_.find(id);
  return found == providers_.end() ? nullptr : &found->second;
}

std::vector<channel::ProviderStatus *> ProviderPool::for_region(const config::Region &region,
                                                                const std::vector<std::string> &channels,
                                                                Instant wall) {
  std::vector<channel::ProviderStatus *> ordered;
  const auto add = [&](const std::string &id) {
    auto *pooled = find(id);
    if (pooled == nullptr) return;
    if (pooled->status.is_paused && pooled->status.paused_until <= wall) {
      pooled->status.is_paused = false;
      pooled->report.state = "up";
      pooled->report.because.clear();
      refresh_credit(*pooled);
    }
    ordered.push_back(&pooled->status);
  };
  for (const auto &channel : channels) {
    if (channel == channel::kTaskChannel) {
      add(kTaskProvider);
      continue;
    }
    for (const auto &id : region.providers_of(channel)) add(id);
  }
  return ordered;
}

void ProviderPool::refresh_credit(PooledProvider &provider) const {
  const auto in_flight = static_cast<std::uint32_t>(provider.in_flight.size());
  auto credit = provider.window > in_flight ? provider.window - in_flight : 0u;
  if (provider.granted) credit = std::min(credit, *provider.granted);
  if (provider.in_doubt >= in_doubt_max_) credit = 0;
  provider.status.credit = credit;
  provider.report.credit = credit;
  provider.report.in_flight = in_flight;
}

void ProviderPool::grant(const std::string &id, std::uint32_t credit) {
  if (auto *pooled = find(id)) {
    pooled->granted = credit == channel::kWholeWindow ? std::nullopt : std::optional{credit};
    refresh_credit(*pooled);
  }
}

bool ProviderPool::is_troubled(const std::string &id) const {
  const auto found = providers_.find(id);
  return found != providers_.end() && found->second.report.state != "up";
}

void ProviderPool::set_health(const std::string &id, const channel::Health &health) {
  auto *pooled = find(id);
  if (pooled == nullptr) return;
  const bool is_down{health.level == channel::HealthLevel::down};
  pooled->status.is_paused = is_down;
  pooled->status.paused_until = is_down && health.retry_at ? *health.retry_at : Instant::max();
  pooled->status.paused_because = is_down ? health.code + ": " + health.text : std::string{};
  pooled->report.state = is_down                                          ? "down"
                         : health.level == channel::HealthLevel::degraded ? "degraded"
                                                                          : "up";
  pooled->report.because =
      health.level == channel::HealthLevel::up ? std::string{} : health.code + ": " + health.text;
}

void ProviderPool::pause_until(const std::string &id, Instant until, std::string because) {
  if (auto *pooled = find(id)) {
    pooled->status.is_paused = true;
    pooled->status.paused_until = until;
    pooled->status.paused_because = because;
    pooled->report.state = "paused";
    pooled->report.because = std::move(because);
  }
}

void ProviderPool::note_handed_over(PooledProvider &provider, channel::Token token) {
  provider.in_flight.insert(token);
  ++provider.report.handed_over;
  if (provider.granted && *provider.granted > 0) --*provider.granted;
  refresh_credit(provider);
}

void ProviderPool::note_asked(PooledProvider &provider, channel::Token token) {
  provider.in_flight.insert(token);
  refresh_credit(provider);
}

bool ProviderPool::note_ended(const std::string &id, channel::Token token, domain::OutcomeKind kind) {
  auto *pooled = find(id);
  if (pooled == nullptr) return true;  // stopped by a reload: its last words count all the same
  if (kind == domain::OutcomeKind::prepared) return pooled->in_flight.contains(token);
  if (pooled->in_flight.erase(token) == 0) return false;
  switch (kind) {
    case domain::OutcomeKind::accepted:
    case domain::OutcomeKind::delivered:
      ++pooled->report.accepted;
      break;
    case domain::OutcomeKind::rejected:
      ++pooled->report.rejected;
      break;
    case domain::OutcomeKind::not_sent:
    case domain::OutcomeKind::not_found:
      ++pooled->report.not_sent;
      break;
    case domain::OutcomeKind::unknown:
      ++pooled->report.unknown;
      break;
    case domain::OutcomeKind::prepared:
      break;
  }
  refresh_credit(*pooled);
  return true;
}

void ProviderPool::refresh() {
  for (auto &[id, pooled] : providers_) refresh_credit(pooled);
}

std::uint32_t ProviderPool::credit() const {
  std::uint32_t total{0};
  for (const auto &[id, pooled] : providers_)
    if (!pooled.status.is_paused) total += pooled.status.credit;
  return total;
}

std::size_t ProviderPool::in_flight() const {
  std::size_t total{0};
  for (const auto &[id, pooled] : providers_) total += pooled.in_flight.size();
  return total;
}

}  // namespace relance::engine
