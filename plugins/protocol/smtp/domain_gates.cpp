#include "plugins/protocol/smtp/domain_gates.hpp"

#include <algorithm>
#include <array>

namespace relance::smtp {
namespace {

/// Mails that may leave at once after a quiet time are those of one second.
constexpr std::size_t kSecondsPerMinute{60};
/// A gate closed by its number of mails under way opens with an answer; nobody knows when.
constexpr std::chrono::milliseconds kBusyRetry{5'000};
/// However many were sent away before it, a message comes back within this time and decides anew.
constexpr std::chrono::hours kReturnMost{6};
/// A server that wants a longer wait than this is not obeyed to the letter: the reminder has a date.
constexpr std::int64_t kStatedWaitMaxMs{3'600'000};

char lower(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character;
}
std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
  return out;
}

template <std::size_t N>
bool holds_any(std::string_view text, const std::array<std::string_view, N> &words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

constexpr std::array<std::string_view, 4> kGreyWords{"greylist", "graylist", "grey list", "gray list"};

std::chrono::nanoseconds interval_of(const DomainRule &rule) {
  return std::chrono::nanoseconds{std::chrono::minutes{1}} / static_cast<std::int64_t>(rule.per_minute);
}
std::chrono::nanoseconds burst_of(const DomainRule &rule) {
  const auto mails = std::max<std::size_t>(rule.per_minute / kSecondsPerMinute, 1);
  return interval_of(rule) * static_cast<std::int64_t>(mails - 1);
}

/// "*.example.org" also stands for what has more labels, not for "example.org" itself.
bool fits(std::string_view pattern, std::string_view domain) {
  if (!pattern.starts_with("*.")) return pattern == domain;
  return domain.size() > pattern.size() - 1 && domain.ends_with(pattern.substr(1));
}

}  // namespace

std::string domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string{} : lower(address.substr(at + 1));
}

bool is_greylisted(const Reply &reply) {
  return reply.is_transient() && holds_any(lower(reply.text), kGreyWords);
}

bool asks_to_slow_down(const Reply &reply) {
  static constexpr std::array<std::string_view, 12> kSlowWords{
      "rate limit",   "rate-limit",       "ratelimit",       "throttl",
      "too many",     "too fast",         "slow down",       "sending rate",
      "unusual rate", "try again slower", "deferred due to", "connection limit"};
  if (!reply.is_transient() || is_greylisted(reply)) return false;
  // 4.7.28: unusual rate of mails; 4.5.3, too many recipients, is about one transaction.
  if (reply.status.subject == 7 && reply.status.detail == 28) return true;
  if (reply.status.subject == 5 && reply.status.detail == 3) return false;
  return reply.code == 421 || holds_any(lower(reply.text), kSlowWords);
}

std::int64_t stated_wait_ms(std::string_view given) {
  const auto text = lower(given);
  for (std::size_t at{0}; at < text.size(); ++at) {
    if (text[at] < '0' || text[at] > '9') continue;
    std::int64_t number{0};
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
      number = std::min(number * 10 + (text[at] - '0'), kStatedWaitMaxMs);
    auto unit = std::string_view{text}.substr(at);
    unit.remove_prefix(std::min(unit.find_first_not_of(" -"), unit.size()));
    const std::int64_t factor{unit.starts_with("sec") ? 1'000 : unit.starts_with("min") ? 60'000 : 0};
    if (factor > 0 && number > 0) return std::min(number * factor, kStatedWaitMaxMs);
  }
  return 0;
}

DomainGates::DomainGates(std::vector<DomainRule> rules, std::size_t waiting_max)
    : rules_{std::move(rules)}, waiting_max_{std::max<std::size_t>(waiting_max, 1)} {
  for (auto &rule : rules_)
    for (auto &pattern : rule.match) pattern = lower(pattern);
}

DomainGates::Gate *DomainGates::gate_of(std::string_view domain) {
  const DomainRule *found{nullptr};
  std::string name;
  for (const auto &rule : rules_) {
    if (std::any_of(rule.match.begin(), rule.match.end(),
                    [&](const auto &pattern) { return pattern != "*" && fits(pattern, domain); })) {
      found = &rule;
      name = rule.match.front();
      break;
    }
  }
  for (auto rule = rules_.begin(); found == nullptr && rule != rules_.end(); ++rule) {
    if (std::find(rule->match.begin(), rule->match.end(), "*") == rule->match.end()) continue;
    found = &*rule;
    name = domain;
  }
  if (found == nullptr) return nullptr;
  auto &gate = gates_[name];
  gate.rule = found;
  return &gate;
}

DomainGates::Clock::time_point DomainGates::opens_at(const Gate &gate) const {
  auto opens = gate.paused_until;
  if (gate.rule->per_minute > 0) opens = std::max(opens, gate.next_slot - burst_of(*gate.rule));
  return opens;
}

bool DomainGates::is_full(const Gate &gate) const {
  return gate.rule->connections > 0 && gate.under_way >= gate.rule->connections;
}

/// The generic cell rate algorithm: one slot an interval, and a burst of what a second holds.
void DomainGates::take_slot(Gate &gate, Clock::time_point now) {
  ++gate.under_way;
  if (gate.rule->per_minute > 0) gate.next_slot = std::max(gate.next_slot, now) + interval_of(*gate.rule);
}

DomainGates::Milliseconds DomainGates::send_away(Gate &gate, Clock::time_point earliest,
                                                 Clock::time_point now) {
  const auto connections = static_cast<std::int64_t>(std::max<std::size_t>(gate.rule->connections, 1));
  const std::chrono::nanoseconds apart{gate.rule->per_minute > 0
                                           ? interval_of(*gate.rule)
                                           : std::chrono::nanoseconds{kBusyRetry} / connections};
  const auto back = std::clamp(gate.next_return, earliest, std::max(earliest, now + kReturnMost));
  gate.next_return = back + apart;
  return std::max(std::chrono::ceil<Milliseconds>(back - now), Milliseconds{1});
}

DomainGates::Admission DomainGates::offer(std::uint64_t id, std::string_view domain, Clock::time_point now) {
  make_room(now);
  auto *gate = gate_of(domain);
  if (gate == nullptr) return {};
  const auto opens = opens_at(*gate);
  if (gate->waiting.empty() && now >= opens && !is_full(*gate)) {
    take_slot(*gate, now);
    return {Pass::now, {}};
  }
  auto turn = std::max(opens, now);
  if (gate->rule->per_minute > 0)
    turn += interval_of(*gate->rule) * static_cast<std::int64_t>(gate->waiting.size());
  const bool has_room{waiting_ < waiting_max_ &&
                      gate->waiting.size() < std::max<std::size_t>(waiting_max_ / 2, 1)};
  if (turn - now > kWaitMax || !has_room) {
    const bool is_unknown{is_full(*gate) && turn <= now};
    return {Pass::later, send_away(*gate, is_unknown ? now + kBusyRetry : turn, now)};
  }
  gate->waiting.push_back(id);
  ++waiting_;
  return {Pass::wait, {}};
}

void DomainGates::ended(std::string_view domain, const Outcome &outcome, Clock::time_point now) {
  auto *gate = gate_of(domain);
  if (gate == nullptr) return;
  if (gate->under_way > 0) --gate->under_way;
  const bool is_of_domain{outcome.stage == Stage::mail || outcome.stage == Stage::rcpt ||
                          outcome.stage == Stage::data || outcome.stage == Stage::end_of_data};
  if (outcome.verdict == Verdict::accepted) {
    gate->pause = Milliseconds{0};
  } else if (is_of_domain && asks_to_slow_down(outcome.reply)) {
    // Several may be under way when it begins: they are one wish.
    if (now < gate->paused_until) return;
    gate->pause = std::clamp(gate->pause * 2, kPauseFirst, kPauseMost);
    if (const auto stated = stated_wait_ms(outcome.reply.text); stated > 0)
      gate->pause = std::min(Milliseconds{stated}, kPauseMost);
    gate->paused_until = now + gate->pause;
  }
}

std::vector<DomainGates::Released> DomainGates::release(Clock::time_point now) {
  std::vector<Released> released;
  if (waiting_ == 0) return released;
  for (auto &[name, gate] : gates_) {
    while (!gate.waiting.empty()) {
      const auto opens = opens_at(gate);
      const bool is_hopeless{opens - now > kWaitMax};
      if (!is_hopeless && (now < opens || is_full(gate))) break;
      released.push_back(
          {gate.waiting.front(), !is_hopeless, is_hopeless ? send_away(gate, opens, now) : Milliseconds{0}});
      gate.waiting.pop_front();
      --waiting_;
      if (!is_hopeless) take_slot(gate, now);
    }
  }
  return released;
}

DomainGates::Clock::time_point DomainGates::next_release() const {
  auto next = Clock::time_point::max();
  if (waiting_ == 0) return next;
  for (const auto &[name, gate] : gates_)
    if (!gate.waiting.empty() && !is_full(gate)) next = std::min(next, opens_at(gate));
  return next;
}

void DomainGates::forget(std::uint64_t id) {
  for (auto &[name, gate] : gates_) waiting_ -= static_cast<std::size_t>(std::erase(gate.waiting, id));
}

/// A gate that holds nothing back says nothing either.
void DomainGates::make_room(Clock::time_point now) {
  if (gates_.size() < kGatesMax) return;
  std::erase_if(gates_, [&](const auto &entry) {
    const auto &gate = entry.second;
    return gate.under_way == 0 && gate.waiting.empty() && now >= opens_at(gate);
  });
}

}  // namespace relance::smtp
