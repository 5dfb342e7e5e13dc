// Calls of the engine become tasks of the instance's thread; what the plugin says becomes values for the
// engine at once, on whatever thread it said it. The core is shared with that thread, so that a plugin which
// never returns from a call costs its thread and its memory, but neither stop() nor the daemon; and deadlines
// are kept on a thread of their own, as the plugin may be what does not return.
#include "host/channel/placement_inproc.hpp"

#include "host/channel/instance.hpp"
#include "host/channel/library.hpp"
#include "host/channel/line_budget.hpp"
#include "host/channel/made_up.hpp"

#include <condition_variable>
#include <deque>
#include <future>
#include <shared_mutex>

namespace relance::channel {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Milliseconds kExpiryTick{
    1000};  ///< how exactly a deadline is kept; ticks only while tokens are open
constexpr Milliseconds kDestroyGrace{2000};  ///< for destroy() to join the plugin's threads
constexpr std::size_t kOpenFactor{4};  ///< the engine keeps to max_in_flight; beyond this it has lost count
constexpr std::size_t kOpenMin{1024};

/// References that a task keeps for the C structs it passes.
struct RefsCall {
  std::string key;
  std::vector<std::string> refs;
  std::vector<relance_str> views;
  RefsCall(std::string k, const std::vector<std::string> &r) : key(std::move(k)), refs(r) {
    for (const auto &ref : refs) views.push_back(to_str(ref));
  }
};

class Core final : public InstanceSink, public std::enable_shared_from_this<Core> {
 public:
  Core(ProviderSettings settings, const relance_plugin &driver, ProviderEvents &events)
      : settings_(std::move(settings)),
        events_(events),
        budget_(settings_.limits.log_lines_max),
        instance_(driver, settings_.id, tokens_, state_, *this) {}

  Result<void> start() {
    auto started = std::make_shared<std::promise<Result<void>>>();
    auto future = started->get_future();
    post(Kind::note, [this, started] { started->set_value(begin()); });
    thread_ = std::thread([self = shared_from_this()] { self->run(); });
    keeper_ = std::thread([this] { keep_deadlines(); });
    if (future.wait_for(settings_.limits.start_timeout) != std::future_status::ready) {
      abandon();
      return unavailable("provider '" + settings_.id + "' did not start within " +
                         std::to_string(settings_.limits.start_timeout.count()) + " ms");
    }
    auto result = future.get();
    if (!result) {
      abandon();
      return result;
    }
    has_started_ = true;
    if (!has_said_ready_) to_engine([&] { events_.ready(settings_.id, kWholeWindow); });
    if (!has_said_health_) to_engine([&] { events_.health(settings_.id, {}); });
    return {};
  }

  Result<void> check() { return instance_.check(settings_.settings_json); }
  const Traits &traits() const { return instance_.traits(); }
  const std::string &id() const { return settings_.id; }

  void submit(std::vector<Submission> batch) {
    const auto open_max = std::max<std::size_t>(kOpenFactor * instance_.traits().max_in_flight, kOpenMin);
    std::vector<Submission> taken;
    std::vector<OpenToken> refused;
    if (is_taking_ && tokens_.size(Ending::complete) + batch.size() <= open_max) {
      taken = std::move(batch);
    } else {
      for (const auto &s : batch) refused.push_back({s.token, Operation::submit, {}, nullptr});
    }
    if (!refused.empty())
      give(make_up(refused, is_taking_ ? "window" : "stopping", "the provider takes no more messages now"));
    if (taken.empty()) return;
    const auto messages = std::make_shared<const MessageBatch>(std::move(taken));
    std::vector<const relance_message *> going;
    going.reserve(messages->submissions.size());
    const auto now = WallClock().now();
    tokens_.open_all(
        messages->submissions.size(),
        [&](std::size_t i) {
          const auto &s = messages->submissions[i];
          return OpenToken{s.token, Operation::submit,
                           std::max(s.not_after, now) + settings_.limits.outcome_grace, messages};
        },
        [&](std::size_t i, bool is_new) {  // open already: its end is on its way
          if (is_new) going.push_back(&messages->arrays.messages()[i]);
        });
    post(Kind::hand_over, [this, messages, going = std::move(going)] { instance_.submit(going); });
  }

  void commit(Token token, const std::vector<std::string> &refs, Instant not_after) {
    const auto call = std::make_shared<RefsCall>(std::string{}, refs);
    if (!open(token, Operation::commit, call)) return;
    post(Kind::hand_over, [this, call, token, not_after] {
      instance_.commit(
          {sizeof(relance_commit), 0, token, {}, call->views.data(), call->views.size(), to_ms(not_after)});
    });
  }
  void discard(const std::vector<std::string> &refs) {
    post(Kind::note,
         [this, call = std::make_shared<RefsCall>(std::string{}, refs)] { instance_.discard(call->views); });
  }
  void recall(Token token, const std::vector<std::string> &refs) {
    struct Call : RefsCall {
      using RefsCall::RefsCall;
      relance_recall c{};
    };
    const auto call = std::make_shared<Call>(std::string{}, refs);
    call->c = {sizeof(relance_recall), 0, token, {}, call->views.data(), call->views.size()};
    if (open(token, Operation::recall, call))
      post(Kind::hand_over, [this, call] { instance_.recall(call->c); });
  }
  void query(Token token, const std::string &key, const std::vector<std::string> &refs) {
    struct Call : RefsCall {
      using RefsCall::RefsCall;
      relance_query c{};
    };
    const auto call = std::make_shared<Call>(key, refs);
    call->c = {sizeof(relance_query), 0, token, to_str(call->key), call->views.data(), call->views.size()};
    if (open(token, Operation::query, call))
      post(Kind::hand_over, [this, call] { instance_.query(call->c); });
  }
  void parse(Token token, const std::string &kind, std::shared_ptr<const std::string> bytes) {
    struct Call {
      std::string kind;
      std::shared_ptr<const std::string> bytes;
      relance_raw c{};
    };
    const auto call = std::make_shared<Call>(Call{kind, std::move(bytes), {}});
    call->c = {sizeof(relance_raw), 0, token, to_str(call->kind), to_str(*call->bytes), 0};
    if (open(token, Operation::parse, call))
      post(Kind::hand_over, [this, call] { instance_.parse(std::span(&call->c, 1)); });
  }
  void poll(Token token, const std::string &cursor) {
    struct Call {
      std::string cursor;
      relance_poll c{};
    };
    const auto call = std::make_shared<Call>(Call{cursor, {}});
    call->c = {sizeof(relance_poll), 0, token, to_str(call->cursor), nullptr, 0};
    if (open(token, Operation::poll, call)) post(Kind::hand_over, [this, call] { instance_.poll(call->c); });
  }
  void stored(std::vector<Token> tokens) {
    post(Kind::note, [this, tokens = std::move(tokens)] { instance_.stored(tokens); });
  }
  void room() {
    post(Kind::note, [this] { instance_.room(); });
  }

  void stop(Milliseconds grace) {
    if (!is_taking_.exchange(false) || !has_started_) return abandon();
    const auto give_up_at = SteadyClock::now() + grace;
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(tasks_, [](const Task &task) { return task.kind == Kind::hand_over; });
      is_stop_due_ = true;
      changed_.notify_one();
    }
    // Whatever the thread is at, from here on it hands nothing over that it has not announced before.
    give(make_up(tokens_.withdraw(), "stopping", "the provider was stopped before it was handed over"));
    {
      std::unique_lock lock(mutex_);
      ended_.wait_until(lock, give_up_at, [this] { return tokens_.size() == 0; });
    }
    give(make_up(tokens_.drain(true), "no_end", "the plugin had not ended it when it was stopped"));
    abandon();
  }

  // InstanceSink
  void complete(std::span<const relance_result> results) override {
    std::vector<Outcome> outcomes;
    outcomes.reserve(results.size());
    for (const auto &result : results) outcomes.push_back(to_outcome(result));
    to_engine([&] { events_.outcomes(settings_.id, std::move(outcomes)); });
    note_end();
  }
  void recalled(std::span<const relance_recalled> results) override {
    std::vector<Recall> recalls;
    for (const auto &result : results) recalls.push_back(to_recall(result));
    to_engine([&] { events_.recalls(settings_.id, std::move(recalls)); });
    note_end();
  }
  void parsed(std::span<const relance_parsed> results) override {
    std::vector<Parsed> parsed;
    for (const auto &result : results) parsed.push_back(to_parsed(result));
    to_engine([&] { events_.parsed(settings_.id, std::move(parsed)); });
    note_end();
  }
  void polled(const relance_polled &result) override {
    to_engine([&] { events_.polled(settings_.id, to_polled(result)); });
    note_end();
  }
  void announce(Ending, std::span<const Token>) override {}  // the table of this process knows it already
  std::size_t inbound(std::span<const relance_inbound> batch) override {
    std::vector<Inbound> items;
    items.reserve(batch.size());
    for (const auto &in : batch) items.push_back(to_inbound(in));
    std::size_t taken{0};
    to_engine([&] { taken = events_.inbound(settings_.id, std::move(items)); });
    return std::min(taken, batch.size());
  }
  void ready(std::uint32_t credit) override {
    has_said_ready_ = true;
    to_engine([&] { events_.ready(settings_.id, credit); });
  }
  void health(const relance_health &health) override {
    has_said_health_ = true;
    to_engine([&] { events_.health(settings_.id, to_health(health)); });
  }
  void wake_after(Milliseconds delay) override {
    const std::lock_guard lock(mutex_);
    wake_at_ = SteadyClock::now() + delay;
    changed_.notify_one();
  }
  void log(int level, std::string_view text, Fields fields) override {
    if (!settings_.hooks.log) return;
    const auto dropped = budget_.take();
    if (!dropped) return;
    if (*dropped != 0) fields.emplace_back("lines_dropped_before", std::to_string(*dropped));
    to_engine([&] { settings_.hooks.log(settings_.id, level, text, fields); });
  }
  void metric(std::uint32_t kind, std::string_view name, double value, Fields labels) override {
    if (settings_.hooks.metric)
      to_engine([&] { settings_.hooks.metric(settings_.id, kind, name, value, labels); });
  }
  void state_changed(std::string_view, std::string_view) override {
    post(Kind::note, [this] { save_state(); });
  }
  Instant business_now() override {
    auto now = WallClock().now();
    if (settings_.hooks.business_now) to_engine([&] { now = settings_.hooks.business_now(); });
    return now;
  }

 private:
  std::string state_path() const { return settings_.lock_directory + "/" + settings_.id + ".state"; }

  bool open(Token token, Operation operation, std::shared_ptr<const void> keeps) {
    if (!is_taking_) {
      give(make_up({{token, operation, {}, nullptr}}, "stopping", "the provider is being stopped"));
      return false;
    }
    return tokens_.open(
        {token, operation, WallClock().now() + settings_.limits.answer_timeout, std::move(keeps)});
  }

  enum class Kind : std::uint8_t {
    hand_over,  ///< gives the plugin a token: not once the stop has begun
    note,       ///< what it is told besides
  };
  struct Task {
    Kind kind;
    std::function<void()> run;
  };
  void post(Kind kind, std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    if (kind == Kind::hand_over && is_stop_due_) return;  // stop() makes its end up
    tasks_.push_back({kind, std::move(task)});
    changed_.notify_one();
    if (kind == Kind::hand_over && std::exchange(is_keeper_idle_, false)) keeper_changed_.notify_one();
  }

  Result<void> begin() {
    if (auto loaded = state_.load(state_path()); !loaded) return loaded;
    if (auto created = instance_.create(settings_.settings_json); !created) return created;
    if (!is_taking_) return unavailable("stopped while it started");  // start() has given up
    auto started = instance_.start();
    is_instance_started_ = started.has_value();
    return started;
  }

  void save_state() {
    if (const auto saved = state_.save_if_changed(state_path()); !saved)
      log(RELANCE_LOG_ERROR, saved.error().text(), {});
  }

  /// Events and hooks reach the daemon only while it listens: once closed, none is under way and none will
  /// come.
  template <class F>
  void to_engine(F &&say) {
    const std::shared_lock lock(engine_mutex_);
    if (!is_closed_) say();
  }
  void give(MadeUp ends) {
    to_engine([&] { deliver(std::move(ends), settings_.id, events_); });
  }
  void note_end() {
    if (is_taking_) return;  // only stop() waits for it
    const std::lock_guard lock(mutex_);
    ended_.notify_all();
  }

  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (!tasks_.empty()) {
        auto task = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        task.run();
        task.run = nullptr;
        lock.lock();
      } else if (is_stop_due_ && is_instance_started_) {
        is_instance_started_ = false;
        lock.unlock();
        instance_.stop();
        lock.lock();
      } else if (wake_at_ && SteadyClock::now() >= *wake_at_) {
        wake_at_.reset();
        lock.unlock();
        instance_.wake();
        lock.lock();
      } else if (is_ending_) {
        break;
      } else if (wake_at_) {
        const auto until = *wake_at_;  // wake_after() may change it meanwhile
        changed_.wait_until(lock, until);
      } else {
        changed_.wait(lock);
      }
    }
    lock.unlock();
    instance_.destroy();
    tokens_.drain(false);
    lock.lock();
    // Left behind, its file may be another instance's by now.
    if (has_started_ && !is_left_behind_) static_cast<void>(state_.save_if_changed(state_path()));
    has_ended_ = true;
    ended_.notify_all();
  }

  void keep_deadlines() {
    std::unique_lock lock(mutex_);
    while (!is_ending_) {
      is_keeper_idle_ = tokens_.size() == 0;
      if (is_keeper_idle_) {
        keeper_changed_.wait(lock);
        continue;
      }
      keeper_changed_.wait_for(lock, kExpiryTick);
      lock.unlock();
      if (auto expired = tokens_.expire(WallClock().now(), true); !expired.empty()) {
        log(RELANCE_LOG_ERROR, "the plugin broke its contract: it did not end its tokens in time",
            {{"tokens", std::to_string(expired.size())}});
        give(make_up(expired, "no_end", "the plugin did not end it in time"));
      }
      lock.lock();
    }
  }

  /// Closes the way to the engine and ends the thread, or leaves it to itself when the plugin does not
  /// return.
  void abandon() {
    is_taking_ = false;
    {
      const std::unique_lock closing(engine_mutex_);
      is_closed_ = true;
    }
    if (!thread_.joinable()) return;
    std::deque<Task> dropped;  // let go outside the lock: letters of megabytes
    std::unique_lock lock(mutex_);
    dropped.swap(tasks_);
    is_ending_ = is_stop_due_ = true;
    changed_.notify_one();
    keeper_changed_.notify_one();
    const bool has_ended{ended_.wait_for(lock, kDestroyGrace, [this] { return has_ended_; })};
    is_left_behind_ = !has_ended;
    lock.unlock();
    keeper_.join();
    if (has_ended) return thread_.join();
    if (settings_.hooks.log)
      settings_.hooks.log(settings_.id, RELANCE_LOG_ERROR,
                          "the plugin does not return from a call; its thread is left behind", {});
    thread_.detach();
  }

  const ProviderSettings settings_;
  ProviderEvents &events_;
  LineBudget budget_;
  InstanceState state_;
  TokenTable tokens_;
  PluginInstance instance_;
  std::atomic<bool> is_taking_{true}, has_started_{false}, has_said_ready_{false}, has_said_health_{false};

  std::shared_mutex engine_mutex_;
  bool is_closed_{false};

  std::mutex mutex_;
  std::condition_variable changed_, keeper_changed_, ended_;
  std::deque<Task> tasks_;
  std::optional<SteadyClock::time_point> wake_at_;
  bool is_stop_due_{false}, is_ending_{false}, has_ended_{false}, is_left_behind_{false},
      is_keeper_idle_{false};
  bool is_instance_started_{false};  ///< its thread's own
  std::thread thread_, keeper_;
};

class InprocProvider final : public Provider {
 public:
  explicit InprocProvider(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  ~InprocProvider() override { core_->stop(Milliseconds{0}); }
  const std::string &id() const override { return core_->id(); }
  const Traits &traits() const override { return core_->traits(); }
  Result<void> start() override { return core_->start(); }
  void submit(std::vector<Submission> batch) override { core_->submit(std::move(batch)); }
  void commit(Token token, const std::vector<std::string> &refs, Instant not_after) override {
    core_->commit(token, refs, not_after);
  }
  void discard(const std::vector<std::string> &refs) override { core_->discard(refs); }
  void recall(Token token, const std::vector<std::string> &refs) override { core_->recall(token, refs); }
  void query(Token token, const std::string &key, const std::vector<std::string> &refs) override {
    core_->query(token, key, refs);
  }
  void stored(std::vector<Token> plugin_tokens) override { core_->stored(std::move(plugin_tokens)); }
  void room() override { core_->room(); }
  void parse(Token token, const std::string &kind, std::shared_ptr<const std::string> bytes) override {
    core_->parse(token, kind, std::move(bytes));
  }
  void poll(Token token, const std::string &cursor) override { core_->poll(token, cursor); }
  void stop(Milliseconds grace) override { core_->stop(grace); }

 private:
  std::shared_ptr<Core> core_;
};

}  // namespace

Result<std::unique_ptr<Provider>> make_inproc_provider(ProviderSettings settings, ProviderEvents &events) {
  const auto driver = load_driver(plugin_path(settings.plugin, settings.plugin_directory), settings.driver);
  if (!driver) return driver.error();
  return std::unique_ptr<Provider>(
      std::make_unique<InprocProvider>(std::make_shared<Core>(std::move(settings), **driver, events)));
}

namespace {

/// Nobody listens to a mere check.
class Deaf final : public ProviderEvents {
  void outcomes(const std::string &, std::vector<Outcome>) override {}
  void recalls(const std::string &, std::vector<Recall>) override {}
  std::size_t inbound(const std::string &, std::vector<Inbound>) override { return 0; }
  void parsed(const std::string &, std::vector<Parsed>) override {}
  void polled(const std::string &, Polled) override {}
  void ready(const std::string &, std::uint32_t) override {}
  void health(const std::string &, Health) override {}
};

}  // namespace

Result<void> check_inproc_provider(const ProviderSettings &settings) {
  const auto driver = load_driver(plugin_path(settings.plugin, settings.plugin_directory), settings.driver);
  if (!driver) return driver.error();
  Deaf deaf;
  const auto core = std::make_shared<Core>(settings, **driver, deaf);
  return core->check();
}

}  // namespace relance::channel
