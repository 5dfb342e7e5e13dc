// How each provider stands for routing: paused, closed by the calendar, with credit or without, and why; and
// the same in words for people, with what they can do.
#include "host/base/log.hpp"
#include "host/engine/provider_pool.hpp"

#include <algorithm>

namespace relance::engine {
namespace {

using domain::OutcomeKind;

/// Of a rate at least so much of a second is waited for: a token at a time would be a claim of cases each.
constexpr double kWaitSeconds{0.2};

/// Ends that were made up on this side and say nothing of the provider; that it is down it says by its
/// health.
bool is_our_own(std::string_view code) {
  for (const std::string_view ours : {"withdrawn", "not_after", "window", "stopping", "down", "absent",
                                      "no_memory", "unsupported", "changed", "no_provider", "restart"})
    if (code == ours) return true;
  return false;
}

std::string text_of(const channel::Outcome &outcome) {
  return outcome.code + (outcome.code.empty() || outcome.text.empty() ? "" : " ") + outcome.text;
}

}  // namespace

std::vector<channel::Candidate> ProviderPool::for_region(const config::Region &region,
                                                         const std::vector<std::string> &channels) {
  std::vector<channel::Candidate> ordered;
  const auto add = [&](const std::string &id, const config::RegionProvider *entry) {
    if (auto *pooled = find(id)) ordered.push_back({&pooled->status, entry});
  };
  for (const auto &channel : channels) {
    if (channel == channel::kTaskChannel) {
      add(kTaskProvider, nullptr);
      continue;
    }
    for (const auto &entry : region.providers_of(channel)) add(entry.id, &entry);
  }
  return ordered;
}

// ---------------------------------------------------------------------------------------------------------------------
// What routing sees

void ProviderPool::refresh_pauses(PooledProvider &provider, Instant wall) const {
  auto &status = provider.status;
  if (provider.is_absent) return;  // note_absent() has said it all
  const auto end = [&](std::optional<Pause> &pause) {
    if (!pause || pause->until > wall) return;
    pause.reset();
    if (!provider.down && provider.report.state == "down") {
      provider.report.state = "up";
      provider.report.because.clear();
    }
  };
  end(provider.down);
  end(provider.asked);
  status.is_paused = true;
  if (!provider.operator_because.empty()) {
    status.paused_because = "it is paused: " + provider.operator_because;
    status.paused_until = Instant::max();
  } else if (provider.down || provider.asked) {
    const auto &pause = provider.down ? *provider.down : *provider.asked;
    status.paused_because = pause.because;
    status.paused_until = pause.until;
  } else if (provider.breaker.state(wall) == channel::Breaker::State::open) {
    status.paused_because = "its breaker is open: " + provider.breaker.because();
    status.paused_until = provider.breaker.retry_at();
  } else {
    status.is_paused = false;
    status.paused_because.clear();
    status.paused_until = Instant::max();
  }
}

void ProviderPool::refresh_calendar(PooledProvider &provider) const {
  auto &status = provider.status;
  const auto &limits = provider.settings.send_limits;
  status.closed_because.clear();
  status.closed_until = Instant::max();
  const auto close = [&](std::string because, Instant until) {
    status.closed_because = std::move(because);
    status.closed_until = until;
  };
  const auto now = clock_.now();
  if (!limits.maintenance.empty())
    if (const auto until = config::maintenance_until(limits, now))
      return close("it is under maintenance until " + format_instant(*until), *until);
  if (!limits.is_counted()) return;
  const auto today = limits.day_of(now);
  if (provider.use.day != today) {  // a new day has begun since the store was asked
    const bool is_new_month{std::chrono::year_month_day{today}.month() !=
                            std::chrono::year_month_day{provider.use.day}.month()};
    provider.use = {today, 0, 0, is_new_month ? 0 : provider.use.month_micro};
  }
  const auto &use = provider.use;
  if (limits.per_day != 0 && use.messages >= static_cast<std::int64_t>(limits.per_day))
    return close(
        "the " + std::to_string(limits.per_day) + " messages of its day (limits.per_day) are used up",
        config::next_day(limits, now));
  const auto is_spent = [](const std::optional<config::MicroPrice> &budget, std::int64_t spent) {
    return budget && spent >= budget->micro;
  };
  const auto words = [](const config::MicroPrice &budget, const char *of) {
    return "its budget of the " + std::string{of} + ", " +
           config::format_micro_price(budget.micro, budget.currency) + ", is used up";
  };
  if (is_spent(limits.month_budget, use.month_micro))
    return close(words(*limits.month_budget, "month"), config::next_month(limits, now));
  if (is_spent(limits.day_budget, use.day_micro))
    close(words(*limits.day_budget, "day"), config::next_day(limits, now));
}

void ProviderPool::refresh_credit(PooledProvider &provider) const {
  const auto wall = WallClock{}.now();
  auto &status = provider.status;
  const auto &limits = provider.settings.send_limits;
  refresh_pauses(provider, wall);
  if (limits.is_counted() || !limits.maintenance.empty()) refresh_calendar(provider);
  const auto in_flight = static_cast<std::uint32_t>(provider.in_flight.size());
  auto credit = provider.window > in_flight ? provider.window - in_flight : 0u;
  if (provider.granted) credit = std::min(credit, *provider.granted);
  const bool is_held{provider.in_doubt >= in_doubt_max_};
  if (is_held == provider.held_because.empty()) note_held(provider, is_held);
  status.credit_at = Instant::max();
  status.no_credit_because = is_held ? provider.held_because : channel::kWindowFull;
  if (is_held) credit = 0;
  if (provider.breaker.state(wall) == channel::Breaker::State::half_open) {
    credit = provider.breaker.allowed(credit, wall);
    if (!is_held)
      status.no_credit_because = "its breaker lets one message through, to see what becomes of it";
  }
  if (credit > 0 && provider.bucket.is_limited()) {
    const auto now = std::chrono::steady_clock::now();
    credit = std::min(credit, provider.bucket.available(now));
    if (credit == 0) {
      const auto count = std::max(1.0, limits.per_second * kWaitSeconds);
      status.credit_at = wall + provider.bucket.wait(now, static_cast<std::uint32_t>(count));
      status.no_credit_because = "its rate (limits.per_second) is used up for the moment";
    }
  }
  if (limits.per_day != 0)
    credit = static_cast<std::uint32_t>(std::min<std::int64_t>(
        credit, std::max<std::int64_t>(0, std::int64_t{limits.per_day} - provider.use.messages)));
  status.credit = credit;
  provider.report.credit = credit;
  provider.report.in_flight = in_flight;
}

void ProviderPool::note_held(PooledProvider &provider, bool is_held) const {
  provider.held_because.clear();
  if (!is_held) return;
  provider.held_because = std::to_string(provider.in_doubt) +
                          " of its messages may or may not have been sent, and " +
                          std::to_string(in_doubt_max_) +
                          " (limits.in_doubt_max) end the sending: see `relancectl in-doubt list`";
  log::event(log::Id::PROVIDER_HELD, {{"provider", provider.settings.id}, {"why", provider.held_because}});
}

void ProviderPool::set_use(PooledProvider &provider, std::span<const store::ProviderUse> use,
                           CivilDate today) {
  const auto &limits = provider.settings.send_limits;
  const auto *budget = limits.day_budget     ? &*limits.day_budget
                       : limits.month_budget ? &*limits.month_budget
                                             : nullptr;
  DayUse sum{today, 0, 0, 0};
  for (const auto &row : use) {
    const bool is_money{budget != nullptr && row.currency == budget->currency};
    if (is_money) sum.month_micro += row.price_micro;
    if (row.day != today) continue;
    sum.messages += row.messages;
    if (is_money) sum.day_micro += row.price_micro;
  }
  provider.use = sum;
  refresh_credit(provider);
}

// ---------------------------------------------------------------------------------------------------------------------
// What happens to it

void ProviderPool::grant(const std::string &id, std::uint32_t credit) {
  if (auto *pooled = find(id)) {
    pooled->granted = credit == channel::kWholeWindow ? std::nullopt : std::optional{credit};
    refresh_credit(*pooled);
  }
}

bool ProviderPool::is_troubled(const std::string &id) const {
  const auto found = providers_.find(id);
  return found != providers_.end() && (found->second.report.state != "up" || found->second.asked);
}

void ProviderPool::set_health(const std::string &id, const channel::Health &health) {
  auto *pooled = find(id);
  if (pooled == nullptr || pooled->is_absent) return;
  pooled->is_quarantined = health.code == channel::kQuarantined;
  const bool is_down{health.level == channel::HealthLevel::down};
  const auto words =
      health.level == channel::HealthLevel::up ? std::string{} : health.code + ": " + health.text;
  pooled->down.reset();
  pooled->asked.reset();  // who speaks of itself is to be spoken to
  if (is_down) {
    pooled->down = Pause{words, health.retry_at.value_or(Instant::max())};
    pooled->report.last_error = words;
    pooled->report.last_error_at = WallClock{}.now();
  }
  pooled->report.state = is_down                                          ? "down"
                         : health.level == channel::HealthLevel::degraded ? "degraded"
                                                                          : "up";
  pooled->report.because = words;
  refresh_credit(*pooled);
}

void ProviderPool::pause_until(const std::string &id, Instant until, std::string because) {
  if (auto *pooled = find(id); pooled != nullptr && !pooled->is_absent) {
    pooled->asked = Pause{std::move(because), until};
    refresh_credit(*pooled);
  }
}

bool ProviderPool::set_operator_pause(const std::string &id, std::string because) {
  if (because.empty())
    operator_pauses_.erase(id);
  else
    operator_pauses_[id] = because;
  auto *pooled = find(id);
  if (pooled == nullptr) return false;
  if (because.empty()) pooled->breaker.close();
  pooled->operator_because = std::move(because);
  refresh_credit(*pooled);
  return true;
}

Instant ProviderPool::next_turn(const std::string &id) {
  auto *pooled = find(id);
  const auto wall = WallClock{}.now();
  if (pooled == nullptr || !pooled->bucket.is_limited()) return wall;
  const auto between = std::chrono::duration_cast<Milliseconds>(
      std::chrono::duration<double>{1.0 / pooled->settings.send_limits.per_second});
  pooled->last_turn = std::max(pooled->last_turn, wall) + std::max(between, Milliseconds{1});
  return pooled->last_turn;
}

void ProviderPool::note_outcome(const std::string &id, const channel::Outcome &outcome) {
  auto *pooled = find(id);
  if (pooled == nullptr) return;
  if (is_our_own(outcome.code)) return pooled->breaker.note_nothing(outcome.token);
  const bool is_bad{outcome.kind == OutcomeKind::not_sent || outcome.kind == OutcomeKind::unknown};
  const bool is_principle{outcome.kind == OutcomeKind::rejected &&
                          (outcome.failure == domain::FailureClass::policy ||
                           outcome.failure == domain::FailureClass::configuration)};
  const auto wall = WallClock{}.now();
  if (is_bad || is_principle) {
    pooled->report.last_error = std::string{domain::name_of(outcome.kind)} + ": " + text_of(outcome);
    pooled->report.last_error_at = wall;
  }
  if (!pooled->breaker.note_end(outcome.token, !is_bad, wall, is_bad ? text_of(outcome) : std::string{}))
    return;
  refresh_credit(*pooled);
  if (pooled->breaker.state(wall) == channel::Breaker::State::closed)
    log::event(log::Id::PROVIDER_BREAKER_CLOSED, {{"provider", id}});
  else
    log::event(log::Id::PROVIDER_BREAKER_OPEN, {{"provider", id},
                                                {"until", format_instant(pooled->breaker.retry_at())},
                                                {"why", pooled->breaker.because()}});
}

void ProviderPool::note_handed_over(PooledProvider &provider, channel::Token token) {
  provider.in_flight.insert(token);
  ++provider.report.handed_over;
  if (provider.granted && *provider.granted > 0) --*provider.granted;
  if (provider.bucket.is_limited()) provider.bucket.take(std::chrono::steady_clock::now());
  if (provider.settings.send_limits.per_day != 0) ++provider.use.messages;
  provider.breaker.note_handed_over(token, WallClock{}.now());
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

// ---------------------------------------------------------------------------------------------------------------------
// For people

namespace {

LimitsReport limits_of(PooledProvider &provider, std::uint32_t in_doubt_max) {
  const auto &limits = provider.settings.send_limits;
  LimitsReport shown;
  shown.per_second = limits.per_second;
  if (provider.bucket.is_limited()) {
    shown.burst = limits.burst;
    shown.tokens = provider.bucket.available(std::chrono::steady_clock::now());
  }
  shown.parallel = provider.window;
  shown.in_doubt = provider.in_doubt;
  shown.in_doubt_max = in_doubt_max;
  shown.per_day = limits.per_day;
  shown.used_today = provider.use.messages;
  const auto money = [](const std::optional<config::MicroPrice> &amount) {
    return amount ? config::format_micro_price(amount->micro, amount->currency) : std::string{};
  };
  shown.price_max = money(limits.price_max);
  shown.day_budget = money(limits.day_budget);
  shown.month_budget = money(limits.month_budget);
  if (limits.day_budget)
    shown.day_spent = config::format_micro_price(provider.use.day_micro, limits.day_budget->currency);
  if (limits.month_budget)
    shown.month_spent = config::format_micro_price(provider.use.month_micro, limits.month_budget->currency);
  shown.maintenance_windows = static_cast<std::uint32_t>(limits.maintenance.size());
  return shown;
}

std::string what_to_do(const ProviderReport &shown) {
  const auto resume = "`relancectl providers resume " + shown.id + '`';
  const auto at = shown.goes_on_at ? " at " + format_instant(*shown.goes_on_at) : std::string{};
  if (shown.state == "absent") return "mend what it says and `relancectl reload`; it is tried again" + at;
  if (shown.state == "down")
    return shown.goes_on_at
               ? "nothing, if it is back" + at + "; else look at its settings and its log lines"
               : "mend what it says: its settings, its secrets, the way to it; then `relancectl reload`";
  if (shown.state == "paused")
    return shown.goes_on_at ? "nothing: it goes on" + at : resume + " lets it go on";
  if (shown.state == "tripped")
    return "nothing: one message is tried" + at + "; " + resume + " tries at once";
  if (shown.state == "probing")
    return "nothing: the message that is tried decides; " + resume + " lets all go";
  if (shown.state == "held") return "`relancectl in-doubt list`, and resolve them there";
  if (shown.state == "maintenance") return "nothing: it goes on" + at;
  if (shown.state == "used_up")
    return "nothing, and it goes on" + at + "; or raise the limit and `relancectl reload`";
  if (shown.state == "degraded") return "look at what it says; messages go on meanwhile";
  return {};
}

}  // namespace

ProviderReport PooledProvider::shown(std::uint32_t in_doubt_max) {
  auto seen = report;
  seen.is_paused = status.is_paused;
  seen.paused_because = status.paused_because;
  seen.closed_because = status.closed_because;
  seen.no_credit_because = status.no_credit_because;
  seen.limits = limits_of(*this, in_doubt_max);
  const auto be = [&](const char *state, std::string because, Instant until = Instant::max()) {
    seen.state = state;
    seen.because = std::move(because);
    if (until != Instant::max()) seen.goes_on_at = until;
  };
  const auto wall = WallClock{}.now();
  const auto breaker_state = breaker.state(wall);
  if (breaker_state != channel::Breaker::State::closed)
    seen.breaker = breaker_state == channel::Breaker::State::open ? "open" : "half_open";
  if (is_absent)
    be("absent", report.because, retry_at);
  else if (!operator_because.empty())
    be("paused", operator_because);
  else if (down)
    be("down", report.because, down->until);
  else if (asked)
    be("paused", asked->because, asked->until);
  else if (breaker_state == channel::Breaker::State::open)
    be("tripped", breaker.because(), breaker.retry_at());
  else if (!held_because.empty())
    be("held", held_because);
  else if (!status.closed_because.empty())
    be(status.closed_because.starts_with("it is under maintenance") ? "maintenance" : "used_up",
       status.closed_because, status.closed_until);
  else if (breaker_state == channel::Breaker::State::half_open)
    be("probing", breaker.because());
  else if (report.state == "up" && polls_failed > 0)
    be("degraded",
       "no receipts are read, " + std::to_string(polls_failed) + " polls in a row failed: " + poll_failure);
  seen.what_to_do = what_to_do(seen);
  return seen;
}

std::vector<ProviderReport> ProviderPool::reports() {
  std::vector<ProviderReport> all;
  for (auto &[id, pooled] : providers_) {
    refresh_credit(pooled);
    all.push_back(pooled.shown(in_doubt_max_));
  }
  return all;
}

}  // namespace relance::engine
