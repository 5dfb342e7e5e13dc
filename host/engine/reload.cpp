// Another configuration between two batches: everything that can fail comes first, and is taken back when a later
// part fails. What follows from it, every open case decided anew, is done a page a pass.
#include "host/base/log.hpp"
#include "host/engine/loop.hpp"
#include "host/engine/step_moves.hpp"

namespace relance::engine {
namespace {

constexpr std::size_t kSweepPage{1000};

}  // namespace

Result<std::map<store::CreditorId, std::string>> Engine::Loop::name_creditors(Settings &settings) {
  std::map<store::CreditorId, std::string> named;
  for (const auto &creditor : settings.configuration().creditors) {
    const auto id = store_->creditor(creditor.code);
    if (!id) return id.error();
    settings.name_creditor(*id, creditor.code);
    named[*id] = creditor.code;
  }
  return named;
}

/// A scenario that is gone leaves nobody behind: open cases that follow it need one that replaces it.
Result<void> Engine::Loop::check_scenarios(const config::Configuration &configuration) {
  const auto uses = store_->scenarios_in_use();
  if (!uses) return uses.error();
  for (const auto &[scenario, open_cases] : *uses)
    if (open_cases > 0 && configuration.scenario(scenario) == nullptr && configuration.successor_of(scenario) == nullptr)
      return conflict("scenario " + scenario + " is no longer configured, and " + std::to_string(open_cases) +
                      " open cases follow it: keep its file, or write replaces = [\"" + scenario +
                      "\"] into the scenario that takes its cases over");
  return {};
}

/// Everything that names a step by its place follows it to its new one.
Result<void> Engine::Loop::move_steps(const config::Configuration &configuration) {
  auto known = store_->known_steps();
  if (!known) return known.error();
  std::vector<store::StepMoves> all;
  const auto plan = [&](std::optional<store::StepMoves> moves) {
    if (!moves) return;
    *known = known_after(std::move(*known), *moves);
    all.push_back(std::move(*moves));
  };
  for (const auto &scenario : configuration.scenarios) plan(plan_step_moves(scenario.id, scenario, *known));
  std::set<std::string> gone;
  for (const auto &step : *known)
    if (!step.scenario.empty() && configuration.scenario(step.scenario) == nullptr) gone.insert(step.scenario);
  for (const auto &scenario : gone) {
    const auto *successor = configuration.successor_of(scenario);
    plan(successor != nullptr ? plan_step_moves(scenario, *successor, *known) : plan_retirement(scenario, *known));
  }
  if (all.empty()) return {};
  const auto concerned = store_->move_steps(all, clock_.now());
  if (!concerned) return concerned.error();
  for (std::size_t i{0}; i < all.size(); ++i)
    if ((*concerned)[i] > 0)
      log::event(log::Id::ENGINE_STEPS_MOVED,
                 {{"from", all[i].from}, {"to", all[i].to}, {"receivables", (*concerned)[i]}});
  return {};
}

/// Every open case will look again: a page a pass, so that what is due and what comes back never waits for the whole.
void Engine::Loop::begin_sweep() {
  sweep_ = Sweep{creditors_.begin() != creditors_.end() ? creditors_.begin()->first : 0, 0};
}

bool Engine::Loop::sweep_some() {
  if (!sweep_ || is_draining_ || WallClock{}.now() < store_retry_at_) return false;
  const auto last = store_->sweep(sweep_->creditor, sweep_->after, kSweepPage, clock_.now());
  if (!last) {
    store_failed(last.error(), "sweep");
    return false;
  }
  if (*last != 0) {
    sweep_->after = *last;
    return true;
  }
  if (const auto next = creditors_.upper_bound(sweep_->creditor); next != creditors_.end()) {
    sweep_ = Sweep{next->first, 0};
    return true;
  }
  if (auto kept = store_->set_setting(kSweptSetting, settings_->configuration().version); !kept) {
    store_failed(kept.error(), "end a sweep");
    return false;
  }
  sweep_.reset();
  return true;
}

Result<void> Engine::Loop::reload(std::shared_ptr<const config::Configuration> configuration) {
  Result<void> result{};
  if (!run([&] { result = take_configuration(std::move(configuration)); }))
    return unavailable("the daemon is stopping");
  return result;
}

/// Everything that can fail comes first, and is taken back when a later part fails.
Result<void> Engine::Loop::take_configuration(std::shared_ptr<const config::Configuration> configuration) {
  if (configuration->store_file != settings_->configuration().store_file)
    return conflict("the store cannot change while the daemon runs: restart it");
  if (auto checked = check_scenarios(*configuration); !checked) return checked;
  auto settings = std::make_unique<Settings>(configuration);
  auto composer = std::make_unique<Composer>(configuration);
  auto named = name_creditors(*settings);  // a creditor that nobody knows yet is a code and nothing more
  if (!named) return named.error();
  if (auto prepared = prepare_hooks(*configuration); !prepared) return prepared;
  const auto back_out = [&](Result<void> failed) {
    static_cast<void>(prepare_hooks(settings_->configuration()));  // its tokens are there already
    publish_doors();
    return failed;
  };
  if (auto applied = pool_.apply(*configuration); !applied) return back_out(applied);
  if (auto moved = move_steps(*configuration); !moved) {
    pool_.roll_back();
    return back_out(moved);
  }
  pool_.keep();
  if (auto read = read_provider_pauses(); !read) store_failed(read.error(), "read which providers are paused");
  publish_doors();
  settings_ = std::move(settings);
  composer_ = std::move(composer);
  creditors_ = std::move(*named);
  store_->recall_through(pool_.recallers());
  store_->await_through(pool_.open_pollers());
  store_->expect_through(pool_.promises());
  read_payment_data_age();
  begin_sweep();  // scenarios, windows and regions may have changed
  faults_.clear();  // and with them what was wrong
  unrouted_.clear();
  letterheads_.clear();
  // A provider may be back whose bytes or recalls waited for it.
  parses_wait_ = recalls_wait_ = true;
  evidence_at_ = stamp_at_ = Instant::min();
  doubts_changed_ = true;
  for (auto &[id, doubt] : doubts_) doubt.next_try = Instant::min();  // a provider may be able to tell now
  starved_until_ = Instant::min();
  const std::scoped_lock lock{mutex_};
  shown_configuration_ = std::move(configuration);
  return {};
}

}  // namespace relance::engine
