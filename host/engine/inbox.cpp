// The inbox: one mutex, one condition variable, vectors swapped out whole.
#include "host/engine/inbox.hpp"

#include <algorithm>
#include <iterator>

namespace relance::engine {

template <class T, class U>
void Inbox::append(std::vector<From<T>> &queue, const std::string &provider, std::vector<U> &&items) {
  {
    const std::scoped_lock lock{mutex_};
    for (auto &item : items) queue.push_back({provider, std::move(item)});
  }
  arrived_.notify_one();
}

void Inbox::outcomes(const std::string &provider, std::vector<channel::Outcome> outcomes) {
  append(batch_.outcomes, provider, std::move(outcomes));
}
void Inbox::recalls(const std::string &provider, std::vector<channel::Recall> recalls) {
  append(batch_.recalls, provider, std::move(recalls));
}
void Inbox::discards(const std::string &provider, std::vector<channel::Discard> discards) {
  append(batch_.discards, provider, std::move(discards));
}
void Inbox::late_drafts(const std::string &provider, std::vector<channel::Outcome> drafts) {
  append(batch_.late_drafts, provider, std::move(drafts));
}
void Inbox::parsed(const std::string &provider, std::vector<channel::Parsed> parsed) {
  append(batch_.parsed, provider, std::move(parsed));
}
void Inbox::polled(const std::string &provider, channel::Polled polled) {
  append(batch_.polled, provider, std::vector<channel::Polled>{std::move(polled)});
}
void Inbox::fetched(const std::string &provider, std::vector<channel::Fetched> fetched) {
  append(batch_.fetched, provider, std::move(fetched));
}
void Inbox::judged(const std::string &provider, std::vector<channel::Judgement> judgements) {
  const auto late = std::partition(judgements.begin(), judgements.end(),
                                   [](const auto &one) { return one.token < kVerifyingTokens; });
  if (late != judgements.end())
    append(batch_.verified, provider,
           std::vector<channel::Judgement>(std::make_move_iterator(late),
                                           std::make_move_iterator(judgements.end())));
  judgements.erase(late, judgements.end());
  if (!judgements.empty() && webhooks_ != nullptr) webhooks_->judged(provider, std::move(judgements));
}
std::vector<HookRaw> Inbox::webhooks(std::vector<HookRaw> raws) {
  std::vector<HookRaw> refused;
  {
    const std::scoped_lock lock{mutex_};
    for (auto &raw : raws) {
      const bool fits{batch_.webhooks.empty() || (hook_bytes_ + raw.bytes.size() <= kHookBytesMax &&
                                                  batch_.webhooks.size() < kHookCountMax)};
      if (fits) hook_bytes_ += raw.bytes.size();
      (fits ? batch_.webhooks : refused).push_back(std::move(raw));
    }
  }
  arrived_.notify_one();
  return refused;
}
void Inbox::ready(const std::string &provider, std::uint32_t credit) {
  append(batch_.credits, provider, std::vector<std::uint32_t>{credit});
}
void Inbox::health(const std::string &provider, channel::Health health) {
  append(batch_.health, provider, std::vector<channel::Health>{std::move(health)});
}

std::size_t Inbox::inbound(const std::string &provider, std::vector<channel::Inbound> batch) {
  std::size_t taken{0};
  {
    const std::scoped_lock lock{mutex_};
    for (auto &item : batch) {
      // An item larger than the whole bound still passes through an empty inbox: it must not wait for ever.
      const bool fits{batch_.inbound.empty() || (inbound_bytes_ + item.bytes.size() <= kInboundBytesMax &&
                                                 batch_.inbound.size() < kInboundCountMax)};
      if (!fits) break;
      inbound_bytes_ += item.bytes.size();
      batch_.inbound.push_back({provider, std::move(item)});
      ++taken;
    }
    if (taken < batch.size() && std::find(starved_.begin(), starved_.end(), provider) == starved_.end())
      starved_.push_back(provider);
  }
  if (taken > 0) arrived_.notify_one();
  return taken;
}

InboxBatch Inbox::wait(Milliseconds timeout, bool with_inbound) {
  {
    std::unique_lock lock{mutex_};
    arrived_.wait_for(lock, timeout,
                      [this, with_inbound] { return poked_ || batch_.has_news(with_inbound); });
    poked_ = false;
  }
  return take(with_inbound);
}

InboxBatch Inbox::take(bool with_inbound) {
  const std::scoped_lock lock{mutex_};
  auto taken = std::exchange(batch_, {});
  hook_bytes_ = 0;
  if (with_inbound) {
    inbound_bytes_ = 0;
  } else {
    batch_.inbound.swap(taken.inbound);
    batch_.polled.swap(taken.polled);
  }
  return taken;
}

void Inbox::poke() {
  {
    const std::scoped_lock lock{mutex_};
    poked_ = true;
  }
  arrived_.notify_one();
}

std::vector<std::string> Inbox::take_starved() {
  const std::scoped_lock lock{mutex_};
  return std::exchange(starved_, {});
}

}  // namespace relance::engine
