// Making, starting, pausing and counting provider instances.
#include "host/engine/provider_pool.hpp"

#include "host/base/log.hpp"
#include "host/channel/factory.hpp"
#include "host/channel/http_client.hpp"
#include "host/engine/absent_provider.hpp"
#include "host/engine/provider_settings.hpp"

#include <algorithm>

namespace relance::engine {
namespace {

/// For what is in flight in an instance that another replaces.
constexpr Milliseconds kRetireGrace{5000};
/// Tries at an absent provider are spaced by doubling: a file that is being replaced is there again soon, and
/// a start costs the loop as long as it takes.
constexpr Milliseconds kRetryMin{1000};
constexpr Milliseconds kRetryMax{std::chrono::minutes{5}};

/// A plugin's line with what it adds to it ("why" needs no name), and without its secrets, whatever it
/// quotes.
std::string line_of(std::string_view text, const channel::Fields &fields,
                    const std::vector<config::Secret> &secrets) {
  std::string line{text};
  for (const auto &[name, value] : fields) {
    line += line.size() == text.size() ? ": " : "; ";
    if (name != "why") line += name + ' ';
    line += value;
  }
  for (const auto &secret : secrets)
    for (auto at = line.find(secret.reveal()); at != line.npos; at = line.find(secret.reveal(), at))
      line.replace(at, secret.reveal().size(), config::kRedacted);
  return line;
}

channel::HttpSettings client_settings(const config::Http &http) {
  return {http.proxy, http.no_proxy, http.ca_file.string()};
}

}  // namespace

ProviderPool::ProviderPool(channel::ProviderEvents &events, std::filesystem::path program,
                           const BusinessClock &clock)
    : events_{events},
      program_{std::move(program)},
      clock_{clock},
      http_{std::make_shared<channel::HttpClient>()} {}

channel::ProviderSettings ProviderPool::settings_of(const config::Configuration &configuration,
                                                    const config::ProviderSettings &settings) const {
  auto wanted = channel_settings(configuration, settings, program_);
  wanted.http = http_;
  wanted.hooks.business_now = [this] { return clock_.now(); };
  wanted.hooks.log = [secrets = settings.secrets](const std::string &provider, int level,
                                                  std::string_view text, const channel::Fields &fields) {
    constexpr int kWarning{3};  // RELANCE_LOG_WARNING
    log::event(level >= kWarning ? log::Id::PROVIDER_COMPLAINS : log::Id::PROVIDER_SAYS,
               {{"provider", provider}, {"text", line_of(text, fields, secrets)}});
  };
  return wanted;
}

Result<PooledProvider> ProviderPool::make(std::shared_ptr<const channel::ProviderSettings> from,
                                          const config::ProviderSettings &settings) {
  auto made = channel::make_provider(*from, events_);
  if (!made) return made.error();
  PooledProvider pooled;
  pooled.provider = std::move(made.value());
  pooled.provider->set_webhook_url(webhook_url_of_(settings.id));
  if (auto started = pooled.provider->start(); !started) return started.error();
  const auto &traits = pooled.provider->traits();
  pooled.made_from = std::move(from);
  pooled.settings = settings;
  pooled.window = std::min(settings.credit_max, std::max(traits.max_in_flight, 1u));
  pooled.status.id = pooled.report.id = settings.id;
  pooled.status.channel = pooled.report.channel = settings.channel;
  pooled.report.plugin = traits.plugin_id + " " + traits.plugin_version;
  pooled.report.placement = settings.placement == config::Placement::child ? "child" : "inproc";
  pooled.report.sandbox = traits.sandbox;
  if (!traits.sandbox.empty() && traits.sandbox != "full")
    log::event(log::Id::PROVIDER_UNCONFINED, {{"provider", settings.id}, {"sandbox", traits.sandbox}});
  pooled.report.state = "up";
  pooled.can_recall = traits.can_recall;
  pooled.report.can_quote = traits.can_quote;
  const auto &limits = settings.send_limits;
  pooled.breaker = channel::Breaker{limits.breaker};
  if (limits.per_second > 0)
    pooled.bucket = {limits.per_second, limits.burst, std::chrono::steady_clock::now()};
  if (const auto paused = operator_pauses_.find(settings.id); paused != operator_pauses_.end())
    pooled.operator_because = paused->second;
  return pooled;
}

// ---------------------------------------------------------------------------------------------------------------------
// Another configuration

std::vector<config::ProviderSettings> ProviderPool::named_by(
    const config::Configuration &configuration) const {
  std::vector<config::ProviderSettings> wanted{configuration.providers};
  if (std::none_of(wanted.begin(), wanted.end(),
                   [](const auto &settings) { return settings.id == kTaskProvider; })) {
    config::ProviderSettings task;
    task.id = task.plugin = task.channel = kTaskProvider;
    task.placement = config::Placement::inproc;
    task.credit_max = 1000;
    task.send_limits.breaker.is_enabled = false;  // a person does not break
    wanted.push_back(std::move(task));
  }
  return wanted;
}

Result<void> ProviderPool::apply(const config::Configuration &configuration) {
  const auto wanted = named_by(configuration);
  const auto is_changed = [this](const config::ProviderSettings &settings) {
    const auto running = providers_.find(settings.id);
    if (running == providers_.end()) return false;
    // Who asks for a reload has mended something: what is in quarantine gets another chance.
    return running->second.settings.version != settings.version || running->second.is_quarantined;
  };
  // Everything that can be known to fail is asked before the first running instance is touched.
  for (const auto &settings : wanted)
    if (is_changed(settings))
      if (auto checked = channel::check_provider(settings_of(configuration, settings)); !checked)
        return placed(settings, checked.error());
  named_.clear();
  for (const auto &settings : wanted) named_.insert(settings.id);
  in_doubt_max_wanted_ = configuration.limits.in_doubt_max;
  http_wanted_ = configuration.http;
  http_->set(client_settings(http_wanted_));  // a new instance may call at once
  const auto change_all = [&](bool of_running) -> Result<void> {
    for (const auto &settings : wanted) {
      const bool is_running{providers_.contains(settings.id)};
      if (is_running != of_running || (is_running && !is_changed(settings))) continue;
      if (auto done = is_running ? replace(configuration, settings) : add(configuration, settings); !done)
        return placed(settings, done.error());
    }
    return {};
  };
  // New ones first: their failure costs nobody a stop.
  auto changed = change_all(false);
  if (changed) changed = change_all(true);
  if (!changed) roll_back();
  return changed;
}

Result<void> ProviderPool::add(const config::Configuration &configuration,
                               const config::ProviderSettings &settings) {
  auto made =
      make(std::make_shared<channel::ProviderSettings>(settings_of(configuration, settings)), settings);
  if (!made) return made.error();
  providers_.emplace(settings.id, std::move(made.value()));
  added_.push_back(settings.id);
  return {};
}

Result<void> ProviderPool::replace(const config::Configuration &configuration,
                                   const config::ProviderSettings &settings) {
  // Two instances of one provider never run side by side: they would share its lock and its sessions.
  auto old = retire(settings.id);
  auto made =
      make(std::make_shared<channel::ProviderSettings>(settings_of(configuration, settings)), settings);
  if (!made) {
    on_stopped_(settings.id);  // what it said before it failed is not the old one's word
    revive(std::move(old));
    return made.error();
  }
  made->in_flight = old.in_flight;
  made->in_doubt = old.in_doubt;
  providers_.emplace(settings.id, std::move(made.value()));
  replaced_.push_back(std::move(old));
  return {};
}

PooledProvider ProviderPool::retire(const std::string &id) {
  const auto running = providers_.find(id);
  running->second.provider->stop(kRetireGrace);
  on_stopped_(id);
  auto retired = std::move(running->second);
  providers_.erase(running);
  return retired;
}

void ProviderPool::revive(PooledProvider old) {
  const auto id = old.settings.id;
  auto made = make(old.made_from, old.settings);
  if (made) {
    made->report = old.report;
    made->in_flight = std::move(old.in_flight);
    made->in_doubt = old.in_doubt;
    providers_.insert_or_assign(id, std::move(made.value()));
    return;
  }
  on_stopped_(id);
  old.retry_delay = kRetryMin;
  old.poll = 0;
  old.provider = make_absent_provider(id, old.provider->traits(), events_);
  old.is_absent = true;
  note_absent(old, made.error());
  providers_.insert_or_assign(id, std::move(old));
}

void ProviderPool::note_absent(PooledProvider &pooled, const Error &because) {
  const auto why = "it could not be started again: " + because.text();
  if (pooled.report.because != why)
    log::event(log::Id::PROVIDER_ABSENT, {{"provider", pooled.settings.id}, {"why", because.text()}});
  pooled.retry_at = WallClock{}.now() + pooled.retry_delay;
  pooled.status.is_paused = true;
  pooled.status.paused_until = pooled.retry_at;
  pooled.status.paused_because = pooled.report.because = why;
  pooled.report.state = "absent";
}

void ProviderPool::keep() {
  std::vector<std::string> gone;
  for (const auto &[id, pooled] : providers_)
    if (!named_.contains(id)) gone.push_back(id);
  for (const auto &id : gone) retire(id);
  added_.clear();
  replaced_.clear();
  in_doubt_max_ = in_doubt_max_wanted_;
  http_kept_ = http_wanted_;
  refresh();
}

void ProviderPool::roll_back() {
  http_->set(client_settings(http_kept_));
  for (const auto &id : std::exchange(added_, {})) retire(id);
  for (auto &old : std::exchange(replaced_, {})) {
    auto tried = retire(old.settings.id);
    old.in_flight = std::move(tried.in_flight);
    revive(std::move(old));
  }
  refresh();
}

bool ProviderPool::retry_absent(Instant wall) {
  bool is_back{false};
  for (auto &[id, pooled] : providers_) {
    if (!pooled.is_absent || pooled.retry_at > wall) continue;
    auto made = make(pooled.made_from, pooled.settings);
    if (!made) {
      on_stopped_(id);
      pooled.retry_delay = std::min(pooled.retry_delay * 2, kRetryMax);
      note_absent(pooled, made.error());
      continue;
    }
    log::event(log::Id::PROVIDER_BACK, {{"provider", id}});
    made->report.handed_over = pooled.report.handed_over;
    made->in_doubt = pooled.in_doubt;
    made->in_flight = std::move(pooled.in_flight);  // drafts that wait for their second phase
    pooled = std::move(made.value());
    refresh_credit(pooled);
    is_back = true;
  }
  return is_back;
}

Instant ProviderPool::next_retry() const {
  auto next = Instant::max();
  for (const auto &[id, pooled] : providers_)
    if (pooled.is_absent) next = std::min(next, pooled.retry_at);
  return next;
}

void ProviderPool::stop(Milliseconds grace) {
  for (auto &[id, pooled] : providers_) pooled.provider->stop(grace);
}

PooledProvider *ProviderPool::find(const std::string &id) {
  const auto found = providers_.find(id);
  return found == providers_.end() ? nullptr : &found->second;
}

std::vector<std::string> ProviderPool::ids() const {
  std::vector<std::string> ids;
  for (const auto &[id, pooled] : providers_)
    if (!pooled.is_absent) ids.push_back(id);
  return ids;
}

std::vector<std::string> ProviderPool::recallers() const {
  std::vector<std::string> ids;
  for (const auto &[id, pooled] : providers_)
    if (pooled.can_recall) ids.push_back(id);
  return ids;
}

std::vector<std::string> ProviderPool::open_pollers() const {
  std::vector<std::string> ids;
  for (const auto &[id, pooled] : providers_)
    if (pooled.provider->traits().polls_open) ids.push_back(id);
  return ids;
}

std::map<std::string, std::vector<store::ExpectedReceipt>> ProviderPool::promises() const {
  std::map<std::string, std::vector<store::ExpectedReceipt>> promises;
  for (const auto &[id, pooled] : providers_)
    for (const auto &[kind, within] : pooled.provider->traits().expected_receipts)
      if (kind != domain::ReceiptKind::interim && kind != domain::ReceiptKind::complaint)
        promises[id].push_back({kind, std::clamp(within, Milliseconds{0}, Milliseconds{store::kAwaitMax})});
  return promises;
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
