// The engine's shell: opens the store and its clock, and passes on to the loop.
#include "host/engine/engine.hpp"

#include "host/engine/loop.hpp"

namespace relance::engine {

Result<std::unique_ptr<Engine>> Engine::open(std::shared_ptr<const config::Configuration> configuration,
                                             EngineOptions options) {
  auto store = store::open_sqlite({.path = configuration->store_file});
  if (!store) return store.error();
  Instant start{WallClock{}.now()};
  const auto kept = (*store)->setting(kClockSetting);
  if (!kept) return kept.error();
  if (!kept->empty()) {
    const auto at = parse_instant(*kept);
    // Business time that ran ahead of the real one has made decisions of its own future: never mix the two in
    // one store.
    if (!options.has_test_clock)
      return conflict("the store " + configuration->store_file.string() +
                      " has lived on a test clock (it stands at " + *kept +
                      "); start relanced with --test-clock, or use another store");
    if (at) start = *at;
  } else if (options.has_test_clock) {
    if (options.test_clock_start) start = *options.test_clock_start;
    if (auto set = (*store)->set_setting(kClockSetting, format_instant(start)); !set) return set.error();
  }
  auto loop = std::make_unique<Loop>(std::move(configuration), std::move(options), std::move(*store), start);
  if (auto opened = loop->open(); !opened) return opened.error();
  return std::unique_ptr<Engine>{new Engine{std::move(loop)}};
}

Engine::Engine(std::unique_ptr<Loop> loop) : loop_{std::move(loop)} {}
Engine::~Engine() = default;
void Engine::start() {
  loop_->start();
}
void Engine::stop(Milliseconds grace) {
  loop_->stop(grace);
}
std::string Engine::fault() const {
  return loop_->fault();
}
Result<void> Engine::reload(std::shared_ptr<const config::Configuration> configuration) {
  return loop_->reload(std::move(configuration));
}
std::shared_ptr<const config::Configuration> Engine::configuration() const {
  return loop_->configuration();
}
bool Engine::with_store(const std::function<void(store::Store &, Instant)> &work) {
  return loop_->with_store(work);
}
Result<std::unique_ptr<store::Reader>> Engine::open_reader() {
  return loop_->open_reader();
}
bool Engine::is_going_again(store::AttemptId attempt) const {
  return loop_->is_going_again(attempt);
}
EngineReport Engine::report() {
  return loop_->report();
}
Result<void> Engine::pause_provider(const std::string &id, std::string_view because) {
  return loop_->pause_provider(id, because);
}
Result<void> Engine::resume_provider(const std::string &id) {
  return loop_->resume_provider(id);
}
Result<store::AttemptId> Engine::test_provider(const std::string &id, const std::string &creditor,
                                               const std::string &to, std::string_view by) {
  return loop_->test_provider(id, creditor, to, by);
}
Standing Engine::standing_of(const store::Claim &claim) {
  return loop_->standing_of(claim);
}
Result<void> Engine::pause(std::string_view because) {
  return loop_->pause(because);
}
Result<void> Engine::resume() {
  return loop_->resume();
}
Webhooks &Engine::webhooks() {
  return loop_->webhooks();
}
Result<void> Engine::rotate_hook(const std::string &provider, Milliseconds overlap) {
  return loop_->rotate_hook(provider, overlap);
}
Instant Engine::business_now() const {
  return loop_->business_now();
}
Result<void> Engine::advance_clock(Instant target, bool settle, Milliseconds timeout,
                                   const ClockProgress &progress) {
  return loop_->advance_clock(target, settle, timeout, progress);
}

}  // namespace relance::engine
