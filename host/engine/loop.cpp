// The rhythm: do everything that can be done now, then sleep until a provider speaks, a person asks, or a
// case is due.
#include "host/engine/loop.hpp"

#include "host/base/log.hpp"

#include <algorithm>
#include <malloc.h>

namespace relance::engine {
namespace {

constexpr const char *kVolumeSetting{"volume"};
constexpr const char *kPausedSetting{"paused"};
constexpr const char *kPaymentsSetting{"payments_imported_at"};
/// With nothing to wait for at all, look up now and then: a safety net, not a poll.
constexpr Milliseconds kLongestWait{std::chrono::minutes{10}};

}  // namespace

Engine::Loop::Loop(std::shared_ptr<const config::Configuration> configuration, EngineOptions options,
                   std::unique_ptr<store::Store> store, Instant clock_start)
    : options_{std::move(options)},
      store_{std::move(store)},
      clock_{options_.has_test_clock ? std::optional{clock_start} : std::nullopt},
      opened_at_{clock_.now()},
      settings_{std::make_unique<Settings>(configuration)},
      composer_{std::make_unique<Composer>(configuration)},
      pool_{inbox_, options_.program, clock_},
      shown_configuration_{std::move(configuration)} {}

Engine::Loop::~Loop() {
  stop(Milliseconds{0});
}

Result<void> Engine::Loop::open() {
  auto named = name_creditors(*settings_);
  if (!named) return named.error();
  creditors_ = std::move(*named);
  if (auto checked = check_scenarios(settings_->configuration()); !checked) return checked;
  const auto paused = store_->setting(kPausedSetting);
  if (!paused) return paused.error();
  is_paused_ = !paused->empty();
  paused_because_ = *paused;
  read_payment_data_age();
  const auto volume = store_->setting(kVolumeSetting);
  if (!volume) return volume.error();
  volume_.restore(*volume);
  const auto today = std::chrono::floor<Days>(clock_.now());
  volume_.begin_day(CivilDate{today.time_since_epoch()});
  const auto left = store_->attempts_since(today);
  if (!left) return left.error();
  volume_.at_least(*left);
  pool_.on_stopped([this](const std::string &provider) { hear_out(provider); });
  if (auto opened = open_hooks(); !opened) return opened;
  if (auto prepared = prepare_hooks(settings_->configuration()); !prepared) return prepared;
  if (auto applied = pool_.apply(settings_->configuration()); !applied) return applied;
  pool_.keep();
  if (auto read = read_provider_pauses(); !read) return read;
  publish_doors();
  store_->recall_through(pool_.recallers());
  store_->await_through(pool_.open_pollers());
  store_->expect_through(pool_.promises());
  if (auto moved = move_steps(settings_->configuration()); !moved) return moved;
  if (auto resumed = resume_open_attempts(); !resumed) return resumed;
  refresh_doubts();
  const auto swept = store_->setting(kSweptSetting);
  if (!swept) return swept.error();
  if (*swept != settings_->configuration().version) begin_sweep();  // it changed while the daemon was away
  return {};
}

/// Also of providers that a reload brings back: who paused them has not taken it back.
Result<void> Engine::Loop::read_provider_pauses() {
  for (auto &[id, pooled] : pool_.all()) {
    const auto paused = store_->setting(kProviderPausedSetting + id);
    if (!paused) return paused.error();
    if (*paused != pooled.operator_because) pool_.set_operator_pause(id, *paused);
  }
  return {};
}

void Engine::Loop::read_payment_data_age() {
  payment_data_until_ = Instant::max();
  const auto &age = settings_->configuration().limits.payment_data_age_max;
  if (!age) return;
  const auto imported = store_->setting(kPaymentsSetting);
  // Where payments were never imported, their age counts from this start.
  const auto at = imported && !imported->empty() ? parse_instant(*imported) : Result<Instant>{opened_at_};
  if (at) payment_data_until_ = *at + *age;
}

void Engine::Loop::start() {
  const std::scoped_lock lock{mutex_};
  is_running_ = true;
  thread_ = std::thread{[this] { run_thread(); }};
}

void Engine::Loop::stop(Milliseconds grace) {
  {
    const std::scoped_lock lock{mutex_};
    if (is_stopping_) return;
    is_stopping_ = true;
    stop_by_ = std::chrono::steady_clock::now() + grace;
  }
  inbox_.poke();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    pool_.stop(grace);
  }
}

void Engine::Loop::run_thread() {
  for (;;) {
    run_jobs();
    {
      const std::scoped_lock lock{mutex_};
      is_draining_ = is_stopping_;
    }
    while (pass()) {
      is_rested_ = false;
      run_jobs();
      {
        const std::scoped_lock lock{mutex_};
        is_draining_ = is_stopping_;  // also in the middle of a long backlog
      }
      if (is_draining_ && std::chrono::steady_clock::now() >= stop_by_) break;
    }
    if (is_draining_ && (std::chrono::steady_clock::now() >= stop_by_ || is_settled())) break;
    take(sleep());
  }
  // Nothing new is taken. What providers still say on their way out is written before the store closes.
  pool_.stop(Milliseconds{2000});
  take(inbox_.take());
  store_retry_at_ = Instant::min();
  end_hooks(false);  // their callers send them again
  while (record_outcomes()) {
  }
  apply_parsed();
  record_recalls();
  keep_volume();
  finish_advance(unavailable("the daemon is stopping"));
  const std::scoped_lock lock{mutex_};
  is_running_ = false;
  for (auto &job : jobs_) job();  // each tells its caller that the loop is gone
  jobs_.clear();
  job_done_.notify_all();
}

bool Engine::Loop::pass() {
  take(inbox_.take(inbound_.empty()));
  if (const auto wall = WallClock{}.now(); parse_retry_at_ <= wall) {
    // The store spaces the tries of bytes that did not parse; looking again is what gives them their turn.
    parse_retry_at_ = wall + (has_failed_parses_ ? kParseRetry : kLongestWait);
    parses_wait_ = true;
  }
  if (pool_.next_retry() <= WallClock{}.now() && pool_.retry_absent(WallClock{}.now())) {
    publish_doors();
    parses_wait_ = recalls_wait_ = true;
    evidence_at_ = Instant::min();
    starved_until_ = Instant::min();
  }
  if (recall_retry_at_ <= WallClock{}.now()) recalls_wait_ = true;
  bool busy{false},
      moved{false};  // work was found; and something came of it: asking again and again moves nothing
  const auto note = [&](bool is_done) { busy = busy || is_done, moved = moved || is_done; };
  note(dispatch());  // its commit takes outcomes along
  note(record_outcomes());
  note(commit_prepared());
  if (doubts_changed_) refresh_doubts();
  busy = ask_doubts() || busy;
  note(store_inbound());
  note(settle_verified());
  begin_polls();
  busy = parse_turn(moved) || busy;
  note(record_recalls());
  busy = ask_recalls() || busy;
  note(record_fetches());
  busy = fetch_evidence() || busy;
  note(note_silences());
  note(sweep_some());
  busy = seal_day() || busy;
  stamp_seals();
  if (!busy) busy = expire_some();  // nobody waits for it
  if (advance_ && moved) advance_->last_progress = std::chrono::steady_clock::now();
  return walk_clock(busy) || busy;
}

InboxBatch Engine::Loop::sleep() {
  const auto wait = wait_time();
  const bool with_inbound{inbound_.empty()};
  if (is_rested_ || wait <= kRestAfter) return inbox_.wait(wait, with_inbound);
  const auto from = std::chrono::steady_clock::now();
  auto batch = inbox_.wait(kRestAfter, with_inbound);
  if (batch.has_news(true) || std::chrono::steady_clock::now() - from < kRestAfter) return batch;
  store_->rest();
  ::malloc_trim(0);
  is_rested_ = true;
  return batch;
}

Milliseconds Engine::Loop::wait_time() {
  const auto wall = WallClock{}.now();
  auto wait = kLongestWait;
  const auto until = [&](Instant at) {
    if (at != Instant::max() && at != Instant::min())
      wait = std::min(wait, std::max(at - wall, Milliseconds{1}));
  };
  if (is_draining_ || advance_) return Milliseconds{20};
  if (starved_until_ > wall) until(starved_until_);
  if (store_retry_at_ > wall) until(store_retry_at_);
  until(parse_retry_at_);
  if (parse_is_put_off_) {
    const auto left = std::chrono::ceil<Milliseconds>(parse_turn_at_ - std::chrono::steady_clock::now());
    wait = std::min(wait, std::max(left, Milliseconds{1}));
  }
  until(recall_retry_at_);
  if (evidence_at_ > wall) until(evidence_at_);  // else an answer or the store is waited for
  until(pool_.next_retry());
  if (stamp_at_ > wall) until(stamp_at_);
  if (!clock_.is_virtual()) until(next_seal());
  for (const auto &[id, doubt] : doubts_)
    if (doubt.asked == Doubt::Way::none) until(doubt.next_try);
  for (auto &[id, pooled] : pool_.all())
    if (pooled.provider->traits().can_poll && pooled.poll == 0) until(std::max(pooled.next_poll, wall));
  if (!clock_.is_virtual()) until(std::max(store_->next_silence(), wall));
  if (clock_.is_virtual() || is_paused_) return wait;
  for (auto &[id, pooled] : pool_.all())
    if (pooled.status.is_paused) until(std::max(pooled.status.paused_until, wall));
  const auto due = store_->next_due();
  if (!due) return kStoreRetry;
  // What is due already waits for credit, a provider or the store: news of them ends the sleep.
  if (*due > wall) until(*due);
  return wait;
}

bool Engine::Loop::is_settled() const {
  // A paused draft waits for the operator, not for a provider.
  return pool_.in_flight() == (is_paused_ ? prepared_.size() : 0) && outcomes_.empty() && inbound_.empty() && hooks_.empty() && verifying_.empty() && polled_.empty() &&
         parsed_.empty() && parsing_.empty() && !parses_wait_ && recalling_.empty() && !recalls_wait_;
}

void Engine::Loop::keep_volume() {
  if (auto kept = store_->set_setting(kVolumeSetting, volume_.text()); !kept)
    store_failed(kept.error(), "keep the volume");
}

void Engine::Loop::store_failed(const Error &error, const char *doing) {
  log::event(log::Id::ENGINE_STORE_FAILED, {{"doing", doing}, {"why", error.text()}});
  store_retry_at_ = WallClock{}.now() + kStoreRetry;
  const std::scoped_lock lock{mutex_};
  fault_ = std::string{doing} + ": " + error.text();
}

void Engine::Loop::store_works() {
  if (store_retry_at_ == Instant::min()) return;
  store_retry_at_ = Instant::min();
  log::event(log::Id::ENGINE_STORE_RECOVERED);
  const std::scoped_lock lock{mutex_};
  fault_.clear();
}

// ---------------------------------------------------------------------------------------------------------------------
// The test clock

Result<void> Engine::Loop::advance_clock(Instant target, bool settle, Milliseconds timeout,
                                         const ClockProgress &progress) {
  if (!clock_.is_virtual())
    return conflict("the clock is the machine's own; start relanced with --test-clock to move it");
  if (target < clock_.now())
    return conflict("the clock stands at " + format_instant(clock_.now()) + " and never goes back");
  std::mutex mutex;
  std::condition_variable arrived;
  std::optional<Result<void>> ended;
  const bool accepted{run([&] {
    if (advance_) {
      ended = conflict("the clock is being advanced already");
      return;
    }
    advance_ =
        Advance{target, settle, timeout, std::chrono::steady_clock::now(), &progress, [&](Result<void> how) {
                  const std::scoped_lock lock{mutex};
                  ended = std::move(how);
                  arrived.notify_all();
                }};
  })};
  if (!accepted) return unavailable("the daemon is stopping");
  inbox_.poke();
  std::unique_lock lock{mutex};
  arrived.wait(lock, [&] { return ended.has_value(); });
  return *ended;
}

void Engine::Loop::finish_advance(Result<void> how) {
  if (!advance_) return;
  const auto done = std::move(advance_->done);
  advance_.reset();
  done(std::move(how));
}

/// After a pass: with nothing left to do at this moment, business time jumps to the next one. True: it moved.
bool Engine::Loop::walk_clock(bool was_busy) {
  if (!advance_) return false;
  if (was_busy) return false;
  const auto steady = std::chrono::steady_clock::now();
  const auto next = store_->next_due();
  if (!next) {
    finish_advance(next.error());
    return false;
  }
  const auto now = clock_.now();
  const bool is_due{*next <= now && !is_paused_};
  if (is_due && volume_.is_held() && (!advance_->settle || is_settled())) {
    finish_advance(conflict("the clock stands at " + format_instant(now) +
                            " and sending is held: " + held_text() + ", and advance again"));
    return false;
  }
  const bool is_waiting{(advance_->settle && !is_settled()) || is_due};
  if (is_waiting) {
    if (steady - advance_->last_progress > advance_->timeout)
      finish_advance(unavailable("nothing moved for " + std::to_string(advance_->timeout.count() / 1000) +
                                 " s at " + format_instant(now) + ": " + std::to_string(pool_.in_flight()) +
                                 " attempts are open, " + std::to_string(parsing_.size()) +
                                 " receipts are being read, " + std::to_string(recalling_.size()) +
                                 " recalls are not answered" +
                                 (is_due ? ", and due cases wait for a provider: relancectl status says why" : "")));
    return false;
  }
  if (now >= advance_->target) {
    finish_advance({});
    return false;
  }
  // While paused nothing is decided, so what is due already would hold the clock at this moment for ever.
  clock_.move_to(std::min({*next <= now ? advance_->target : *next, store_->next_silence(), advance_->target}));
  advance_->last_progress = steady;
  parses_wait_ = true;  // a failed parse may be due again
  if (auto kept = store_->set_setting(kClockSetting, format_instant(clock_.now())); !kept)
    store_failed(kept.error(), "keep the clock");
  if (advance_->progress != nullptr && *advance_->progress) (*advance_->progress)(clock_.now());
  return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Work for others

bool Engine::Loop::run(const std::function<void()> &work) {
  std::unique_lock lock{mutex_};
  if (!is_running_) {
    if (is_stopping_) return false;
    lock.unlock();
    work();  // opened and not started: nobody else is here
    return true;
  }
  bool is_done{false}, was_run{false};
  jobs_.push_back([&] {
    if (is_running_) {
      work();
      was_run = true;
    }
    const std::lock_guard done{mutex_};  // read under it by who waits below, on its own stack
    is_done = true;
  });
  lock.unlock();
  inbox_.poke();
  lock.lock();
  job_done_.wait(lock, [&] { return is_done; });
  return was_run;
}

void Engine::Loop::run_jobs() {
  std::unique_lock lock{mutex_};
  while (!jobs_.empty()) {
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    is_rested_ = false;
    lock.unlock();
    job();
    lock.lock();
    job_done_.notify_all();
  }
}

bool Engine::Loop::with_store(const std::function<void(store::Store &, Instant)> &work) {
  return run([&] {
    work(*store_, clock_.now());
    doubts_changed_ = true;  // people resolve doubts too
    // Among what people and imports change: stored bytes to be parsed again, payment data that is fresh
    // again.
    parses_wait_ = true;
    recalls_wait_ = true;
    evidence_at_ = Instant::min();
    const auto now = clock_.now();
    const bool was_stale{now > payment_data_until_};
    read_payment_data_age();
    if (!was_stale || now > payment_data_until_) return;
    begin_sweep();  // wakes what waited for payment data
  });
}

std::shared_ptr<const config::Configuration> Engine::Loop::configuration() const {
  const std::scoped_lock lock{mutex_};
  return shown_configuration_;
}

std::string Engine::Loop::fault() const {
  const std::scoped_lock lock{mutex_};
  return fault_;
}

Result<std::unique_ptr<store::Reader>> Engine::Loop::open_reader() {
  return store_->open_reader();
}

EngineReport Engine::Loop::report() {
  EngineReport report;
  run([&] {
    report = counts_;
    report.business_now = clock_.now();
    report.wall_now = WallClock{}.now();
    report.has_test_clock = clock_.is_virtual();
    report.is_paused = is_paused_;
    report.paused_because = paused_because_;
    report.is_held_by_volume = volume_.is_held();
    report.payment_data_until = payment_data_until_;
    if (const auto due = store_->next_due(); due && *due < report.business_now)
      report.lag = report.business_now - *due;
    read_use();
    report.providers = pool_.reports();
    report.letterheads = letterheads_;
  });
  return report;
}

std::string Engine::Loop::held_text() const {
  if (!volume_.is_held()) return {};
  return "far more is due than on a usual day (" + std::to_string(volume_.today()) + " messages today, " +
         std::to_string(volume_.usual().value_or(0)) +
         " usually, and more to come): look at `relancectl preview`, then `relancectl resume`";
}

Standing Engine::Loop::standing_of(const store::Claim &claim) {
  Standing standing;
  run([&] {
    standing.payment_data_until = payment_data_until_;
    standing.paused_because = paused_because_;
    standing.held_because = held_text();
    read_use();
    standing.providers = pool_.reports();
    for (const auto &view : claim.cases)
      if (const auto fault = faults_.find(view.facts.id); fault != faults_.end())
        standing.faults.emplace_back(fault->first, fault->second);
    for (const auto &view : claim.cases)
      if (const auto unrouted = unrouted_.find(view.facts.id); unrouted != unrouted_.end())
        standing.unrouted.emplace_back(unrouted->first, unrouted->second);
  });
  return standing;
}

Result<void> Engine::Loop::pause(std::string_view because) {
  Result<void> result{};
  const std::string reason{because.empty() ? "by an operator" : because};
  if (!run([&] {
        result = store_->set_setting(kPausedSetting, reason);
        if (!result) return;
        is_paused_ = true;
        paused_because_ = reason;
        log::event(log::Id::ENGINE_PAUSED, {{"because", reason}});
      }))
    return unavailable("the daemon is stopping");
  return result;
}

Result<void> Engine::Loop::resume() {
  Result<void> result{};
  if (!run([&] {
        result = store_->set_setting(kPausedSetting, "");
        if (!result) return;
        is_paused_ = false;
        paused_because_.clear();
        volume_.release();
        keep_volume();
        starved_until_ = Instant::min();
        log::event(log::Id::ENGINE_RESUMED);
      }))
    return unavailable("the daemon is stopping");
  return result;
}

Result<void> Engine::Loop::pause_provider(const std::string &id, std::string_view because) {
  Result<void> result{};
  const std::string reason{because.empty() ? "by an operator" : because};
  if (!run([&] {
        if (pool_.find(id) == nullptr) {
          result = not_found("there is no provider " + id);
          return;
        }
        result = store_->set_setting(kProviderPausedSetting + id, reason);
        if (!result) return;
        pool_.set_operator_pause(id, reason);
        log::event(log::Id::PROVIDER_PAUSED_BY_HAND, {{"provider", id}, {"because", reason}});
      }))
    return unavailable("the daemon is stopping");
  return result;
}

Result<void> Engine::Loop::resume_provider(const std::string &id) {
  Result<void> result{};
  if (!run([&] {
        if (pool_.find(id) == nullptr) {
          result = not_found("there is no provider " + id);
          return;
        }
        result = store_->set_setting(kProviderPausedSetting + id, "");
        if (!result) return;
        pool_.set_operator_pause(id, {});
        starved_until_ = Instant::min();
        log::event(log::Id::PROVIDER_RESUMED, {{"provider", id}});
      }))
    return unavailable("the daemon is stopping");
  return result;
}

}  // namespace relance::engine
