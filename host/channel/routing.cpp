// The walk over channels, contact points and providers.
#include "host/channel/routing.hpp"

#include "host/domain/postal_address.hpp"

#include <algorithm>
#include <cmath>

namespace relance::channel {
namespace {

/// splitmix64's finalizer: every bit of the input moves every bit of the output.
constexpr std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 30U;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27U;
  x *= 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}

/// FNV-1a: std::hash may differ between two builds, and with it who gets a message.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash{0xcbf29ce484222325ULL};
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

/// Weighted rendezvous hashing: the least score takes the message, each provider takes its share of the keys,
/// and one that comes or goes moves no more than its own.
double score(std::uint64_t key, const config::RegionProvider &entry) {
  constexpr double kTo53Bits{1.0 / 9007199254740992.0};
  const auto drawn = (static_cast<double>(mix(key ^ mix(hash_of(entry.id))) >> 11U) + 0.5) * kTo53Bits;
  return -std::log(drawn) / entry.weight;
}

/// What the post would send back is no address.
std::string fault_of_envelope(std::string_view address, std::string_view country) {
  std::vector<std::string> lines;
  for (std::size_t at{0}; at <= address.size();) {
    const auto end = std::min(address.find('\n', at), address.size());
    lines.emplace_back(address.substr(at, end - at));
    at = end + 1;
  }
  const auto faults = domain::check_address(lines, country);
  if (faults.empty()) return {};
  const auto &first = faults.front();
  return "the address takes no letter: " +
         (first.line == 0 ? std::string{} : "line " + std::to_string(first.line) + ": ") + first.reason;
}

/// The first contact point of the channel that may be used, else nullptr with the reason noted.
const store::Contact *usable_contact(const std::string &channel, const RouteQuery &query,
                                     std::vector<RouteRefusal> &refusals) {
  std::string because{"the debtor has no contact point of this channel"};
  for (const auto &contact : query.contacts) {
    if (contact.channel != channel) continue;
    if (contact.is_suppressed) {
      because = "the address is suppressed: " + contact.suppressed_because;
    } else if (channel == "lre" && query.is_consumer && !contact.has_consent) {
      because = "a consumer must have consented to registered e-mail";
    } else if (const auto fault =
                   channel == "postal" ? fault_of_envelope(contact.address, query.country) : std::string{};
               !fault.empty()) {
      because = fault;
    } else {
      return &contact;
    }
  }
  refusals.push_back({channel, {}, because});
  return nullptr;
}

/// The channel's candidates in the order in which this message asks them.
std::vector<const Candidate *> in_turn(const RouteQuery &query, const std::string &channel) {
  std::vector<const Candidate *> turn;
  for (const auto &candidate : query.candidates)
    if (candidate.status->channel == channel) turn.push_back(&candidate);
  if (turn.size() < 2) return turn;
  for (auto begin = turn.begin(); begin != turn.end();) {
    const auto rank_of = [](const Candidate *one) {
      return one->entry == nullptr ? UINT32_MAX : one->entry->rank;
    };
    const auto end = std::find_if(begin, turn.end(),
                                  [&](const Candidate *one) { return rank_of(one) != rank_of(*begin); });
    if (end - begin > 1)
      std::sort(begin, end, [&](const Candidate *a, const Candidate *b) {
        const auto one = score(query.key, *a->entry), other = score(query.key, *b->entry);
        return one != other ? one < other : a->entry->id < b->entry->id;
      });
    begin = end;
  }
  return turn;
}

enum class Answer : std::uint8_t { takes, never, later, by_calendar };

class Walk {
 public:
  Walk(const RouteQuery &query, RouteResult &result) : query_{query}, result_{result} {}

  /// True: the channel ends the search, with a route or with the wait for one.
  bool try_channel(std::size_t index) {
    const auto &channel = query_.channels[index];
    const store::Contact *contact{nullptr};
    if (channel != kTaskChannel) {
      contact = usable_contact(channel, query_, result_.refusals);
      if (contact == nullptr) return false;
    }
    const auto turn = in_turn(query_, channel);
    bool may_later{false}, may_by_event{false};
    for (const auto *candidate : turn) {
      const auto answer = ask(*candidate, contact);
      if (answer == Answer::takes) {
        result_.route = Route{index, contact, candidate->status};
        return true;
      }
      may_later = may_later || answer != Answer::never;
      may_by_event = may_by_event || answer == Answer::later;
    }
    if (turn.empty())
      result_.refusals.push_back({channel, {}, "the region has no provider for this channel"});
    result_.is_temporary = may_later;
    result_.awaits_calendar = may_later && !may_by_event;
    return may_later;
  }

 private:
  Answer refuse(const ProviderStatus &status, Answer answer, std::string because) {
    result_.refusals.push_back({status.channel, status.id, std::move(because)});
    return answer;
  }

  Answer ask(const Candidate &candidate, const store::Contact *contact) {
    const auto &status = *candidate.status;
    if (candidate.entry != nullptr && contact != nullptr && !serves(*candidate.entry, contact->address))
      return refuse(status, Answer::never,
                    candidate.entry->prefixes.empty() ? "it is not for recipients of this domain"
                                                      : "it is not for numbers that begin so");
    for (const auto &refusal : query_.refused) {
      if (refusal.provider != status.id) continue;
      if (refusal.is_final) return refuse(status, Answer::never, refusal.because);
      const bool is_by_calendar{refusal.business_until != Instant::max()};
      result_.business_retry_at = std::min(result_.business_retry_at, refusal.business_until);
      if (!is_by_calendar) result_.retry_at = std::min(result_.retry_at, refusal.until);
      return refuse(status, is_by_calendar ? Answer::by_calendar : Answer::later, refusal.because);
    }
    if (status.is_paused) {
      result_.retry_at = std::min(result_.retry_at, status.paused_until);
      return refuse(status, Answer::later, status.paused_because);
    }
    if (!status.closed_because.empty()) {
      result_.business_retry_at = std::min(result_.business_retry_at, status.closed_until);
      return refuse(status, Answer::by_calendar, status.closed_because);
    }
    if (status.credit == 0) {
      result_.retry_at = std::min(result_.retry_at, status.credit_at);
      if (status.credit_at == Instant::max())
        result_.awaits_window = true;
      else if (result_.limited == nullptr)
        result_.limited = &status;
      return refuse(status, Answer::later, status.no_credit_because);
    }
    return Answer::takes;
  }

  const RouteQuery &query_;
  RouteResult &result_;
};

}  // namespace

bool serves(const config::RegionProvider &entry, std::string_view address) {
  if (!entry.prefixes.empty())
    return std::any_of(entry.prefixes.begin(), entry.prefixes.end(),
                       [address](const std::string &prefix) { return address.starts_with(prefix); });
  if (entry.domains.empty()) return true;
  const auto at = address.rfind('@');
  if (at == std::string_view::npos) return false;
  std::string domain{address.substr(at + 1)};
  for (auto &c : domain)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return std::any_of(entry.domains.begin(), entry.domains.end(), [&domain](std::string_view name) {
    if (!name.starts_with("*.")) return domain == name;
    return domain.size() > name.size() - 1 && domain.ends_with(name.substr(1));
  });
}

std::uint64_t route_key(std::int64_t creditor, std::int64_t debtor, std::int64_t case_id, std::int32_t step,
                        std::int32_t round) {
  std::uint64_t key{0x9e3779b97f4a7c15ULL};
  for (const auto part : {creditor, debtor, case_id, std::int64_t{step}, std::int64_t{round}})
    key = mix(key + 0x9e3779b97f4a7c15ULL + static_cast<std::uint64_t>(part));
  return key;
}

RouteResult find_route(const RouteQuery &query) {
  RouteResult result;
  Walk walk{query, result};
  for (std::size_t i{query.from}; i < query.channels.size(); ++i)
    if (walk.try_channel(i)) break;
  return result;
}

}  // namespace relance::channel
