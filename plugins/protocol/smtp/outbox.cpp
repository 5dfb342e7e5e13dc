#include "plugins/protocol/smtp/outbox.hpp"

#include "plugins/protocol/wire/signal_free.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

namespace relance::smtp {
namespace {

using Clock = DomainGates::Clock;
using std::chrono::milliseconds;

/// No session came about: the relay's trouble, whatever the message.
bool is_relay_down(const Outcome &outcome) {
  return outcome.verdict == Verdict::not_sent && outcome.whole_server && outcome.stage >= Stage::connect &&
         outcome.stage <= Stage::auth;
}

/// It certainly does not have the message, and another relay may do better. From the end of the data on it
/// answers for the message itself.
bool may_go_elsewhere(const Outcome &outcome) {
  if (outcome.verdict != Verdict::not_sent) return false;
  if (is_relay_down(outcome)) return true;
  const bool is_in_transaction{outcome.stage >= Stage::mail && outcome.stage <= Stage::content};
  if (!is_in_transaction) return false;
  // No answer, a closing session, or a server that takes no mail from anybody now.
  return outcome.reply.code == 0 || outcome.reply.code == 421 ||
         (outcome.stage == Stage::mail && outcome.reply.is_transient());
}

Outcome waited_in_vain(std::string detail, milliseconds retry_after) {
  Outcome outcome;
  outcome.verdict = Verdict::not_sent;
  outcome.stage = Stage::queue;
  outcome.detail = std::move(detail);
  outcome.retry_after_ms = retry_after.count();
  return outcome;
}

}  // namespace

struct Outbox::Impl {
  struct Relay {
    std::string name;
    unsigned weight;
    std::int64_t turn{0};  // of the smooth weighted round
    std::optional<Outcome> trouble;
    Clock::time_point down_until{};
    std::unique_ptr<Client> client;
  };
  struct Flight {
    std::size_t relay{0};
    std::uint32_t tried{0};  // one bit a relay
    std::string domain;      // empty: no gate counts it
  };
  struct Waiting {
    Submission submission;
    std::string domain;
  };
  /// What one step decided, carried out without the lock.
  struct Work {
    std::vector<std::vector<Submission>> to;  // one a relay
    std::vector<Completion> ends;
    bool is_health_news{false};
  };

  std::vector<Relay> relays;
  Client::Sink on_end;
  HealthSink on_health;
  std::mutex mutex;
  std::mutex health_mutex;  // taken before mutex: what is told last is what holds
  std::condition_variable changed;
  std::condition_variable carried_out;
  std::optional<DomainGates> gates;                   // under mutex, as all below
  std::unordered_map<std::uint64_t, Flight> flights;  // empty with one relay and no gates: nothing to decide
  std::unordered_map<std::uint64_t, Waiting> waiting;
  bool is_stopping{false};
  int carriers{0};  // threads of clients between deciding and carrying out
  std::thread timer;

  [[nodiscard]] bool is_plain() const { return relays.size() == 1 && !gates; }

  Work new_work() const {
    Work work;
    work.to.resize(relays.size());
    return work;
  }

  void carry_out(Work &work) {
    if (work.is_health_news) tell_health();
    for (std::size_t index{0}; index < work.to.size(); ++index)
      if (!work.to[index].empty()) relays[index].client->submit(std::move(work.to[index]));
    if (!work.ends.empty()) on_end(work.ends);
  }

  [[nodiscard]] static bool is_up(const Relay &relay, Clock::time_point now) {
    return !relay.trouble || now >= relay.down_until;
  }

  /// The relay whose turn it is, of those that are up and not yet tried.
  std::optional<std::size_t> choose(std::uint32_t tried, Clock::time_point now) {
    std::int64_t sum{0};
    Relay *best{nullptr};
    for (std::size_t index{0}; index < relays.size(); ++index) {
      auto &relay = relays[index];
      if ((tried >> index & 1U) != 0 || !is_up(relay, now)) continue;
      relay.turn += relay.weight;
      sum += relay.weight;
      if (best == nullptr || relay.turn > best->turn) best = &relay;
    }
    if (best == nullptr) return std::nullopt;
    best->turn -= sum;
    return static_cast<std::size_t>(best - relays.data());
  }

  /// A message that nobody has tried yet; where all are down, to the one that is back first, which says so.
  void dispatch(Submission submission, std::string domain, Clock::time_point now, Work &work) {
    const auto id = submission.id;
    auto chosen = choose(0, now);
    if (!chosen) {
      const auto soonest = std::min_element(relays.begin(), relays.end(), [](const auto &a, const auto &b) {
        return a.down_until < b.down_until;
      });
      chosen = static_cast<std::size_t>(soonest - relays.begin());
    }
    flights[id] = {*chosen, 1U << *chosen, std::move(domain)};
    work.to[*chosen].push_back(std::move(submission));
  }

  void admit(Submission submission, Clock::time_point now, Work &work) {
    if (!gates || submission.envelope.recipients.empty())
      return dispatch(std::move(submission), {}, now, work);
    auto domain = domain_of(submission.envelope.recipients.front());
    const auto admission = gates->offer(submission.id, domain, now);
    switch (admission.pass) {
      case DomainGates::Pass::free:
        return dispatch(std::move(submission), {}, now, work);
      case DomainGates::Pass::now:
        return dispatch(std::move(submission), std::move(domain), now, work);
      case DomainGates::Pass::wait: {
        const auto id = submission.id;
        waiting.emplace(id, Waiting{std::move(submission), std::move(domain)});
        return;
      }
      case DomainGates::Pass::later:
        work.ends.push_back(
            {submission.id,
             waited_in_vain("as much as " + domain + " takes is under way", admission.retry_after),
             {}});
        return;
    }
  }

  void release(Clock::time_point now, Work &work) {
    if (!gates) return;
    for (const auto &released : gates->release(now)) {
      const auto found = waiting.find(released.id);
      if (found == waiting.end()) continue;
      auto held = std::move(found->second);
      waiting.erase(found);
      if (released.may_go) {
        dispatch(std::move(held.submission), std::move(held.domain), now, work);
      } else {
        work.ends.push_back(
            {released.id, waited_in_vain(held.domain + " wants mail more slowly", released.retry_after), {}});
      }
    }
  }

  void expire(Clock::time_point now, Work &work) {
    std::vector<std::uint64_t> late;
    for (const auto &[id, held] : waiting)
      if (now >= held.submission.not_after) late.push_back(id);
    for (const auto id : late) {
      gates->forget(id);
      waiting.erase(id);
      work.ends.push_back({id, waited_in_vain("not_after has passed", {}), {}});
    }
  }

  /// Up or down, as this answer of a relay says.
  void note_health(Relay &relay, const Outcome &outcome, Clock::time_point now, bool &is_news) {
    if (is_relay_down(outcome)) {
      is_news |= !relay.trouble;
      relay.trouble = outcome;
      relay.down_until = now + milliseconds{outcome.retry_after_ms};
    } else if (outcome.reply.code != 0) {
      is_news |= relay.trouble.has_value();
      relay.trouble.reset();
    }
  }

  void tell_health() {
    const std::scoped_lock telling{health_mutex};
    std::vector<RelayHealth> all;
    {
      const std::scoped_lock lock{mutex};
      for (const auto &relay : relays) {
        all.push_back({relay.name, relay.trouble.value_or(Outcome{})});
        if (!relay.trouble) all.back().trouble.verdict = Verdict::accepted;
      }
    }
    on_health(all);
  }

  /// On the thread of the client of relays[from].
  void ended(std::size_t from, std::span<Completion> completions) {
    const auto now = Clock::now();
    auto work = new_work();
    {
      const std::scoped_lock lock{mutex};
      ++carriers;
      for (auto &completion : completions) {
        note_health(relays[from], completion.outcome, now, work.is_health_news);
        if (is_plain()) {
          work.ends.push_back({completion.id, std::move(completion.outcome), {}});
        } else {
          settle(completion, now, work);
        }
      }
      release(now, work);
    }
    carry_out(work);
    {
      const std::scoped_lock lock{mutex};
      --carriers;
    }
    carried_out.notify_all();
    if (gates) changed.notify_one();
  }

  void settle(Completion &completion, Clock::time_point now, Work &work) {
    const auto found = flights.find(completion.id);
    if (found == flights.end()) return;
    auto &flight = found->second;
    const bool wants_another{!is_stopping && may_go_elsewhere(completion.outcome) &&
                             now < completion.submission.not_after};
    if (wants_another) {
      if (const auto other = choose(flight.tried, now)) {
        flight.relay = *other;
        flight.tried |= 1U << *other;
        work.to[*other].push_back(std::move(completion.submission));
        return;
      }
      tell_all_down(completion.outcome, now);
    }
    if (gates && !flight.domain.empty()) gates->ended(flight.domain, completion.outcome, now);
    flights.erase(found);
    work.ends.push_back({completion.id, std::move(completion.outcome), {}});
  }

  /// The pause holds for every message only while no relay is up; it ends with the first that may be.
  void tell_all_down(Outcome &outcome, Clock::time_point now) {
    if (!is_relay_down(outcome)) return;
    auto soonest = Clock::time_point::max();
    for (const auto &relay : relays) soonest = std::min(soonest, is_up(relay, now) ? now : relay.down_until);
    outcome.whole_server = soonest > now;
    outcome.retry_after_ms =
        std::max<std::int64_t>(std::chrono::ceil<milliseconds>(soonest - now).count(), 1);
  }

  /// Lets out what waited for a gate; ends with stop().
  void watch_gates() {
    std::unique_lock lock{mutex};
    while (!is_stopping) {
      auto next = gates->next_release();
      for (const auto &[id, held] : waiting) next = std::min(next, held.submission.not_after);
      if (next == Clock::time_point::max()) {
        changed.wait(lock);
      } else {
        changed.wait_until(lock, next);
      }
      if (is_stopping) return;
      const auto now = Clock::now();
      auto work = new_work();
      expire(now, work);
      release(now, work);
      lock.unlock();
      carry_out(work);
      lock.lock();
    }
  }

  void stop_waiting() {
    std::vector<Completion> ends;
    {
      const std::scoped_lock lock{mutex};
      if (std::exchange(is_stopping, true)) return;
      for (const auto &[id, held] : waiting) ends.push_back({id, waited_in_vain("stopping", {}), {}});
      for (const auto &end : ends) gates->forget(end.id);
      waiting.clear();
    }
    changed.notify_one();
    if (!ends.empty()) on_end(ends);
  }
};

Outbox::Outbox(OutboxOptions options, Client::Sink on_end, HealthSink on_health)
    : impl_{std::make_unique<Impl>()} {
  impl_->on_end = std::move(on_end);
  impl_->on_health = std::move(on_health);
  if (!options.domains.empty()) impl_->gates.emplace(std::move(options.domains), options.waiting_max);
  impl_->relays.reserve(options.relays.size());
  for (auto &relay : options.relays) {
    const auto index = impl_->relays.size();
    auto client = std::make_unique<Client>(
        std::move(relay.server),
        [impl = impl_.get(), index](auto completions) { impl->ended(index, completions); });
    impl_->relays.push_back({std::move(relay.name), relay.weight, 0, {}, {}, std::move(client)});
  }
}

Outbox::~Outbox() {
  impl_->stop_waiting();
  if (impl_->timer.joinable()) impl_->timer.join();
  {
    // From here on no client is given anything by the thread of another.
    std::unique_lock lock{impl_->mutex};
    impl_->carried_out.wait(lock, [&] { return impl_->carriers == 0; });
  }
  for (auto &relay : impl_->relays) relay.client.reset();
}

std::string Outbox::start() {
  for (auto &relay : impl_->relays) {
    if (const auto fault = relay.client->start(); !fault.empty())
      return impl_->relays.size() == 1 ? fault : relay.name + ": " + fault;
  }
  if (!impl_->gates) return {};
  const wire::AllSignalsBlocked blocked;
  impl_->timer = std::thread{[impl = impl_.get()] { impl->watch_gates(); }};
  return {};
}

void Outbox::submit(std::vector<Submission> submissions) {
  if (impl_->is_plain()) return impl_->relays.front().client->submit(std::move(submissions));
  const auto now = Clock::now();
  auto work = impl_->new_work();
  {
    const std::scoped_lock lock{impl_->mutex};
    for (auto &submission : submissions) {
      if (impl_->is_stopping) {
        work.ends.push_back({submission.id, waited_in_vain("stopping", {}), {}});
      } else {
        impl_->admit(std::move(submission), now, work);
      }
    }
  }
  impl_->carry_out(work);
  if (impl_->gates) impl_->changed.notify_one();
}

void Outbox::stop(milliseconds grace) {
  impl_->stop_waiting();
  for (auto &relay : impl_->relays) relay.client->stop(grace);
}

}  // namespace relance::smtp
