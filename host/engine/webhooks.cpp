// Two mutexes: one for what is known, never held while anybody else is called; one so that the listener can
// go.
#include "host/engine/webhooks.hpp"

#include "host/base/log.hpp"
#include "host/base/sha256.hpp"
#include "host/engine/inbox.hpp"
#include "host/engine/webhook_raw.hpp"

#include <algorithm>
#include <functional>

namespace relance::engine {
namespace {

/// Places for fingerprints, half a megabyte. A request takes the place of one before it, so that a repeat is
/// recognised among some ten thousands: a provider sends again within minutes, and what is missed is missing
/// in a counter.
constexpr std::size_t kPlaceShift{48}, kSeenPlaces{std::size_t{1} << (64 - kPlaceShift)};
constexpr std::size_t kMix{0x9E3779B97F4A7C15};  ///< odd, its bits without order: where one part ends counts
constexpr Milliseconds kForgedLogPause{10'000};  ///< between two lines about one provider

}  // namespace

void Webhooks::listen(Ended ended) {
  const std::scoped_lock lock{listener_mutex_};
  ended_ = std::move(ended);
}

void Webhooks::tell(std::vector<HookResult> results) {
  if (results.empty()) return;
  const std::scoped_lock lock{listener_mutex_};
  if (ended_) ended_(std::move(results));
}

void Webhooks::open_doors(std::map<std::string, Door, std::less<>> doors) {
  const std::scoped_lock lock{mutex_};
  doors_.swap(doors);  // the old ones end outside
}

void Webhooks::set_public_url(std::string url) {
  const std::scoped_lock lock{mutex_};
  public_url_ = std::move(url);
}

std::string Webhooks::url_of(const std::string &provider) const {
  const auto token = tokens_.of(provider).current;
  const std::scoped_lock lock{mutex_};
  return public_url_.empty() || token.empty() ? std::string{}
                                              : public_url_ + "/hooks/" + provider + "/" + token;
}

std::string Webhooks::believed(const std::string &provider, const channel::WebhookRequest &request) const {
  const std::scoped_lock lock{mutex_};
  const auto door = doors_.find(provider);
  return raw_of(request, Credentials::hidden,
                door == doors_.end() ? std::span<const config::Secret>{} : door->second.secrets);
}

void Webhooks::take(std::vector<Call> calls) {
  std::map<std::shared_ptr<channel::Provider>, std::vector<channel::WebhookCall>> going;
  std::vector<HookResult> refused;
  const auto now = WallClock{}.now();
  {
    const std::scoped_lock lock{mutex_};
    for (auto &call : calls) {
      const auto door = doors_.find(call.provider);
      if (door == doors_.end() || !door->second.can_webhook) {
        refused.push_back({call.token, HookEnd::forged, {}});
        continue;
      }
      pending_.emplace(call.token, Pending{std::move(call.provider), call.request, now});
      going[door->second.provider].push_back({call.token, std::move(call.request)});
    }
  }
  for (auto &[provider, batch] : going) provider->authenticate(std::move(batch));
  tell(std::move(refused));
}

void Webhooks::forget(channel::Token token) {
  const std::scoped_lock lock{mutex_};
  pending_.erase(token);
}

bool Webhooks::is_repeat(const channel::WebhookRequest &request) {
  std::size_t print{0};
  for (const std::string_view part : {request.method, request.url, request.body})
    print = (print ^ std::hash<std::string_view>{}(part)) * kMix;
  if (seen_.empty()) seen_.resize(kSeenPlaces);
  return std::exchange(seen_[print >> kPlaceShift], print) == print;
}

void Webhooks::note_forged(Counts &counts, const Pending &pending, const std::string &provider) {
  ++counts.forged;
  ForgedSample sample;
  sample.at = pending.received_at;
  sample.remote_address = pending.request->remote_address;
  sample.method = pending.request->method;
  for (const auto &[name, value] : pending.request->headers) sample.header_names.push_back(name);
  sample.body_bytes = pending.request->body.size();
  sample.body_sha256 = to_hex(sha256(pending.request->body));
  if (pending.received_at - kForgedLogPause >= counts.logged_at) {
    counts.logged_at = pending.received_at;
    log::event(log::Id::WEBHOOK_FORGED, {{"provider", provider},
                                         {"from", sample.remote_address},
                                         {"method", sample.method},
                                         {"body_bytes", sample.body_bytes},
                                         {"body_sha256", sample.body_sha256},
                                         {"so_far", counts.forged}});
  }
  counts.newest.push_back(std::move(sample));
  if (counts.newest.size() > kForgedSamplesMax) counts.newest.pop_front();
}

void Webhooks::judged(const std::string &provider, std::vector<channel::Judgement> judgements) {
  std::vector<HookResult> ended;
  std::vector<HookRaw> to_store;
  {
    const std::scoped_lock lock{mutex_};
    auto &counts = counts_[provider];
    const auto door = doors_.find(provider);
    const auto secrets =
        door == doors_.end() ? std::span<const config::Secret>{} : std::span{door->second.secrets};
    for (auto &judgement : judgements) {
      const auto found = pending_.find(judgement.token);
      if (found == pending_.end()) continue;
      const auto pending = std::move(found->second);
      pending_.erase(found);
      HookResult result{judgement.token, HookEnd::stored, std::move(judgement.answer)};
      const auto keep = [&](const char *kind, Credentials credentials) {
        auto bytes = raw_of(*pending.request, credentials, secrets);
        const auto count = bytes.size();
        to_store.push_back({provider, kind, std::move(bytes), count, pending.received_at, std::move(result)});
      };
      switch (judgement.verdict) {
        case channel::Verdict::genuine:
        case channel::Verdict::poke: {
          const bool is_poke{judgement.verdict == channel::Verdict::poke};
          ++(is_poke ? counts.pokes : counts.genuine);
          if (is_repeat(*pending.request)) ++counts.repeats;
          keep(is_poke ? channel::kPokeKind : channel::kWebhookKind, Credentials::hidden);
          break;
        }
        case channel::Verdict::challenge:
          ++counts.challenges;
          result.end = HookEnd::challenge;
          ended.push_back(std::move(result));
          break;
        case channel::Verdict::forged:
          note_forged(counts, pending, provider);
          result.end = HookEnd::forged;
          result.answer.reset();
          ended.push_back(std::move(result));
          break;
        case channel::Verdict::down: {
          ++counts.down;
          result.end = HookEnd::down;
          const auto bytes = pending.request->body.size();
          if (counts.waiting_unverified >= kUnverifiedMax ||
              counts.unverified_bytes + bytes > kUnverifiedBytesMax) {
            ended.push_back(std::move(result));
            break;
          }
          ++counts.unverified;
          keep(kUnverifiedKind, Credentials::kept);
          ++counts.waiting_unverified;
          counts.unverified_bytes += to_store.back().bytes.size();
          break;
        }
      }
    }
  }
  if (!to_store.empty())
    if (auto refused = inbox_.webhooks(std::move(to_store)); !refused.empty()) end(std::move(refused), false);
  tell(std::move(ended));
}

void Webhooks::note_unverified(const std::string &provider, std::size_t count, std::size_t bytes) {
  const std::scoped_lock lock{mutex_};
  auto &counts = counts_[provider];
  counts.waiting_unverified += count;
  counts.unverified_bytes += bytes;
}

bool Webhooks::has_unverified(const std::string &provider) const {
  const std::scoped_lock lock{mutex_};
  const auto counts = counts_.find(provider);
  return counts != counts_.end() && counts->second.waiting_unverified > 0;
}

void Webhooks::note_verified(const std::string &provider, std::size_t bytes, bool is_dropped) {
  const std::scoped_lock lock{mutex_};
  auto &counts = counts_[provider];
  if (is_dropped) ++counts.dropped;
  counts.waiting_unverified -= std::min<std::size_t>(counts.waiting_unverified, 1);
  counts.unverified_bytes -= std::min(counts.unverified_bytes, bytes);
}

void Webhooks::end(std::vector<HookRaw> raws, bool is_stored) {
  std::vector<HookResult> results;
  results.reserve(raws.size());
  if (!is_stored) {
    const std::scoped_lock lock{mutex_};
    for (auto &raw : raws) {
      auto &counts = counts_[raw.provider];
      ++counts.not_stored;
      if (raw.kind == kUnverifiedKind) {
        counts.waiting_unverified -= std::min<std::size_t>(counts.waiting_unverified, 1);
        counts.unverified_bytes -= std::min(counts.unverified_bytes, raw.bytes_count);
      }
      raw.when_stored.end = HookEnd::not_stored;
      raw.when_stored.answer.reset();
    }
  }
  for (auto &raw : raws) results.push_back(std::move(raw.when_stored));
  tell(std::move(results));
}

std::vector<HookReport> Webhooks::report() const {
  std::vector<HookReport> all;
  const std::scoped_lock lock{mutex_};
  for (const auto &[id, door] : doors_) {
    if (!door.can_webhook) continue;
    HookReport report;
    if (const auto counts = counts_.find(id); counts != counts_.end()) {
      report = counts->second;
      report.samples.assign(counts->second.newest.begin(), counts->second.newest.end());
    }
    report.provider = id;
    report.can_webhook = true;
    all.push_back(std::move(report));
  }
  return all;
}

}  // namespace relance::engine
