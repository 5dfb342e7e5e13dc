// What a message would be and cost is asked before its intent: the messages of a batch, one question a
// provider. What does not fit, or costs more than an operator allows, makes its debtor be decided once more
// with that provider left out, so that the next candidate has its turn, with its own words and its own quote.
#include "host/base/log.hpp"
#include "host/engine/loop.hpp"

#include <algorithm>

namespace relance::engine {
namespace {

/// The engine waits so long at most, for a whole batch of a provider; a plugin has 5 ms for each.
constexpr Milliseconds kQuoteDeadline{1000};
/// A provider that did not answer in time is not asked again for so long.
constexpr Milliseconds kQuoteRetry{30'000};
/// One that answered and named no quote for a message whose price is limited is asked for it again.
constexpr Milliseconds kUnquotedRetry{30'000};

std::string price_of(const channel::Price &price) {
  return config::format_micro_price(price.micro_units, price.currency);
}

channel::ProviderRefusal never(const std::string &provider, std::string because) {
  return {provider, std::move(because), true};
}

}  // namespace

/// A plugin that does not answer costs the engine its deadline once, not at each batch.
std::vector<std::optional<channel::Quote>> Engine::Loop::ask_quotes(
    PooledProvider &pooled, std::span<const channel::Submission> batch, Instant wall) {
  if (wall < pooled.quotes_again_at) return std::vector<std::optional<channel::Quote>>(batch.size());
  const auto begun = std::chrono::steady_clock::now();
  auto quotes = pooled.provider->quote(batch, kQuoteDeadline);
  if (std::chrono::steady_clock::now() - begun >= kQuoteDeadline) {
    pooled.quotes_again_at = WallClock{}.now() + kQuoteRetry;
    log::event(log::Id::PROVIDER_QUOTES_LATE, {{"provider", pooled.settings.id}});
  }
  return quotes;
}

/// Nothing: it may go.
std::optional<channel::ProviderRefusal> Engine::Loop::judge_quote(const PooledProvider &pooled,
                                                                  const std::optional<channel::Quote> &quote,
                                                                  Instant now, Instant wall) const {
  const auto &id = pooled.settings.id;
  const auto &limits = pooled.settings.send_limits;
  if (!quote) {
    if (!limits.has_prices()) return std::nullopt;
    return channel::ProviderRefusal{id, "its price could not be learned in time", false,
                                    std::max(pooled.quotes_again_at, wall + kUnquotedRetry)};
  }
  for (const auto &issue : quote->issues)
    if (issue.is_fatal)
      return never(id,
                   "it does not fit: " + issue.message + (issue.path.empty() ? "" : " (" + issue.path + ")"));
  if (!limits.has_prices()) return std::nullopt;
  if (!quote->price) {
    // A plugin that never names a price before sending is held to its budgets by what it says afterwards.
    if (!limits.price_max && !pooled.names_prices) return std::nullopt;
    return never(id, "its price is not known beforehand, and [price] limits it: name one for this destination "
                     "in the provider's settings");
  }
  const auto &price = *quote->price;
  const auto &stated = limits.price_max    ? limits.price_max
                       : limits.day_budget ? limits.day_budget
                                           : limits.month_budget;
  if (stated->currency != price.currency)
    return never(id,
                 "it costs " + price_of(price) + ", and the limits in [price] are in " + stated->currency);
  if (limits.price_max && price.micro_units > limits.price_max->micro)
    return never(id, "it costs " + price_of(price) + ", more than price.per_message allows (" +
                         config::format_micro_price(limits.price_max->micro, price.currency) + ")");
  const auto over = [&](const std::optional<config::MicroPrice> &budget, std::int64_t spent, const char *of,
                        Instant until) -> std::optional<channel::ProviderRefusal> {
    if (!budget || spent + price.micro_units <= budget->micro) return std::nullopt;
    channel::ProviderRefusal refusal{
        id, "it costs " + price_of(price) + ", and of its budget of the " + of + " (" +
                config::format_micro_price(budget->micro, price.currency) + ") only " +
                config::format_micro_price(std::max<std::int64_t>(0, budget->micro - spent), price.currency) +
                " is left"};
    refusal.business_until = until;
    return refusal;
  };
  if (auto refused =
          over(limits.month_budget, pooled.use.month_micro, "month", config::next_month(limits, now)))
    return refused;
  return over(limits.day_budget, pooled.use.day_micro, "day", config::next_day(limits, now));
}

/// What the quotes of this provider's messages come to: kept with the attempts, or refused. The drafts to be
/// made again.
void Engine::Loop::quote_of_provider(const std::string &provider, const std::vector<Unquoted> &asked,
                                     std::vector<Draft> &drafts, Instant now, Instant wall,
                                     std::set<std::size_t> &again) {
  auto &pooled = *pool_.find(provider);
  std::vector<channel::Submission> batch;
  batch.reserve(asked.size());
  for (const auto &one : asked) {
    auto &submission = drafts[one.draft].outgoing[one.outgoing].second.submission;
    submission.token = ++last_quote_;
    batch.push_back(std::move(submission));
  }
  const auto quotes = ask_quotes(pooled, batch, wall);
  for (std::size_t i{0}; i < asked.size(); ++i) {
    auto &draft = drafts[asked[i].draft];
    auto &[change, out] = draft.outgoing[asked[i].outgoing];
    out.submission = std::move(batch[i]);
    out.is_quoted = true;
    if (auto refusal = judge_quote(pooled, quotes[i], now, wall)) {
      quote_refusals_[out.route_key].push_back(std::move(*refusal));
      again.insert(asked[i].draft);
      continue;
    }
    if (!quotes[i]) continue;
    pooled.names_prices = pooled.names_prices || quotes[i]->price;
    auto &attempt = attempt_of(draft.settlement.changes[change]);
    attempt.segments = quotes[i]->segments;
    if (quotes[i]->pages != 0) attempt.pages = quotes[i]->pages;  // else as many as were laid out
    if (!quotes[i]->price) continue;
    attempt.price_micro = quotes[i]->price->micro_units;
    attempt.price_currency = quotes[i]->price->currency;
    pooled.use.day_micro += attempt.price_micro;  // until the store is asked again
    pooled.use.month_micro += attempt.price_micro;
  }
}

/// What a draft has reserved is free again.
void Engine::Loop::take_back(Draft &draft) {
  for (auto &[change, out] : draft.outgoing) {
    auto *pooled = pool_.find(out.provider);
    if (pooled == nullptr) continue;
    ++pooled->status.credit;
    const auto &attempt = attempt_of(draft.settlement.changes[change]);
    pooled->use.day_micro -= attempt.price_micro;
    pooled->use.month_micro -= attempt.price_micro;
    --counts_.intents;
  }
}

void Engine::Loop::quote_drafts(const std::vector<store::Claim> &claims, std::vector<Draft> &drafts,
                                Instant now, Instant wall) {
  quote_refusals_.clear();
  for (;;) {
    std::map<std::string, std::vector<Unquoted>> wanted;
    for (std::size_t i{0}; i < drafts.size(); ++i)
      for (std::size_t o{0}; o < drafts[i].outgoing.size(); ++o)
        if (const auto &out = drafts[i].outgoing[o].second; !out.is_quoted && out.can_quote)
          wanted[out.provider].push_back({i, o});
    if (wanted.empty()) return;
    std::set<std::size_t> again;
    const auto size_max = settings_->configuration().limits.submit_batch;
    for (const auto &[provider, all] : wanted)
      for (std::size_t from{0}; from < all.size(); from += size_max)
        quote_of_provider(provider,
                          {all.begin() + static_cast<std::ptrdiff_t>(from),
                           all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), from + size_max))},
                          drafts, now, wall, again);
    // Each refusal leaves one provider fewer for one message, so this ends.
    for (const auto i : again) {
      take_back(drafts[i]);
      drafts[i] = decide_debtor(claims[i], now, wall);
    }
  }
}

/// Whose days are counted hears from the store what it has used up: the truth of a restart, of outcomes and
/// of receipts.
void Engine::Loop::read_use() {
  for (auto &[id, pooled] : pool_.all()) {
    const auto &limits = pooled.settings.send_limits;
    if (!limits.is_counted()) continue;
    const auto today = limits.day_of(clock_.now());
    const std::chrono::year_month_day date{today};
    const auto use = store_->provider_use(id, CivilDate{date.year() / date.month() / 1});
    if (!use) return store_failed(use.error(), "read what a provider was used for");
    pool_.set_use(pooled, *use, today);
  }
}

}  // namespace relance::engine
