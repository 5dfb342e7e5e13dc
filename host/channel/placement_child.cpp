// One I/O thread a provider: starts the child, reads its frames, and when it has ended makes up the missing
// ends and starts it again. The engine's thread writes its frames itself (one send a batch) and only leaves
// to the I/O thread what the socket does not take. One mutex guards the phase, the tokens' opening and what
// is to be written, so that no message can slip between a child's end and the account of it.
#include "host/channel/placement_child.hpp"

#include "host/channel/child_process.hpp"
#include "host/channel/instance_state.hpp"
#include "host/channel/library.hpp"
#include "host/channel/line_budget.hpp"
#include "host/channel/made_up.hpp"
#include "host/channel/restart_policy.hpp"
#include "host/channel/wire.hpp"

#include <condition_variable>
#include <deque>
#include <future>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace relance::channel {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Milliseconds kTick{1000};  ///< deadlines and pings are looked at so often, while tokens are open
constexpr Milliseconds kExitGrace{2000};  ///< for destroy() after the socket's writing side was closed
constexpr Milliseconds kLockRetry{50};    ///< an flock cannot be waited for with a time-out
constexpr std::size_t kSliceBytes{
    128u << 10};  ///< of one submit frame: small enough that its memory is free again soon
constexpr std::size_t kFrameSlackBytes{64u << 10};
constexpr std::size_t kOpenFactor{4};  ///< the engine keeps to max_in_flight; beyond this it has lost count
constexpr std::size_t kOpenMin{1024};

enum class Phase : std::uint8_t {
  idle,      ///< not started yet
  starting,  ///< a child is there and has not said "started"
  up,
  down,         ///< between two children
  quarantined,  ///< no further child
  ended,
};

class ChildProvider final : public Provider {
 public:
  ChildProvider(ProviderSettings settings, ProviderEvents &events)
      : settings_(std::move(settings)),
        events_(events),
        budget_(settings_.limits.log_lines_max),
        policy_(settings_.limits),
        signal_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~ChildProvider() override { stop(Milliseconds{0}); }

  const std::string &id() const override { return settings_.id; }
  const Traits &traits() const override { return traits_; }

  Result<void> start() override {
    if (auto loaded = state_.load(state_path()); !loaded) return loaded;
    auto future = started_.get_future();
    thread_ = std::thread([this] { run(); });
    auto result = future.get();
    if (!result) thread_.join();
    return result;
  }

  void submit(std::vector<Submission> batch) override;
  void commit(Token token, const std::vector<std::string> &refs, Instant not_after) override {
    operation(Operation::commit, FrameType::commit, token, {}, refs, to_ms(not_after));
  }
  void discard(const std::vector<std::string> &refs) override {
    post([&](FrameWriter &w) { encode_refs(w, FrameType::discard, 0, {}, refs, 0); });
  }
  void recall(Token token, const std::vector<std::string> &refs) override {
    operation(Operation::recall, FrameType::recall, token, {}, refs, 0);
  }
  void query(Token token, const std::string &key, const std::vector<std::string> &refs) override {
    operation(Operation::query, FrameType::query, token, key, refs, 0);
  }
  void stored(std::vector<Token> plugin_tokens) override;
  void room() override {
    has_room_ = true;
    signal();
  }
  void parse(Token token, const std::string &kind, std::shared_ptr<const std::string> bytes) override;
  void poll(Token token, const std::string &cursor) override;
  void stop(Milliseconds grace) override;

 private:
  // The engine's thread
  template <class F>
  bool post(F &&write);
  bool open(Operation operation, Token token);
  void operation(Operation operation, FrameType type, Token token, std::string_view key,
                 const std::vector<std::string> &refs, std::int64_t not_after_ms);
  Outcome refusal(Token token, OutcomeKind kind, const char *code, std::string text) const;
  void write_slices(const std::vector<const Submission *> &going, const std::vector<std::size_t> &sizes);

  // Writing, with mutex_ held
  void write_clock(FrameWriter &w) {
    if (settings_.hooks.business_now)
      encode_number(w, FrameType::clock, to_ms(settings_.hooks.business_now()));
  }
  void flush();

  // The I/O thread
  void run();
  Result<void> launch();
  void serve();
  bool wait_and_read(Milliseconds timeout);
  bool handle(const Frame &frame);
  bool take_outcomes(const Frame &frame);
  bool take_recalls(const Frame &frame);
  bool take_parsed(const Frame &frame);
  bool take_polled(const Frame &frame);
  bool take_intent(const Frame &frame);
  bool take_inbound(const Frame &frame);
  bool take_started(const Frame &frame);
  void offer_inbound();
  void keep_time();
  void expire();
  std::string bury();
  bool wait_for_next(const std::string &reason, Milliseconds up_for);

  void fault(std::string_view what, Fields fields = {});
  void log(int level, std::string_view text, Fields fields = {});
  void count(std::string_view metric) {
    if (settings_.hooks.metric) settings_.hooks.metric(settings_.id, RELANCE_METRIC_ADD, metric, 1, {});
  }
  void signal() {
    const std::uint64_t one{1};
    static_cast<void>(!::write(signal_.get(), &one, sizeof one));
  }
  void note_end() {
    if (!is_stopping_) return;  // only stop() waits for it
    const std::lock_guard lock(mutex_);
    ended_.notify_all();
  }
  std::string state_path() const { return settings_.lock_directory + "/" + settings_.id + ".state"; }
  std::string lock_path() const { return settings_.lock_directory + "/" + settings_.id + ".lock"; }

  const ProviderSettings settings_;
  ProviderEvents &events_;
  LineBudget budget_;
  RestartPolicy policy_;
  const Descriptor signal_;
  InstanceState state_;
  TokenTable tokens_;
  Traits traits_;  ///< set before start() returns, never again
  std::promise<Result<void>> started_;
  std::thread thread_;
  std::thread::id io_thread_;  ///< written by that thread before start() returns
  std::atomic<bool> is_stopping_{false}, has_room_{false};

  std::mutex mutex_;
  std::condition_variable ended_;
  Phase phase_{Phase::idle};
  std::string down_reason_{"it has not been started"};
  SteadyClock::time_point next_start_{};
  std::optional<SteadyClock::time_point> closing_since_;
  OutBytes out_;
  std::size_t out_at_{0};
  struct PluginInbound {
    Token token;
    std::int64_t bytes;
  };
  std::unordered_map<Token, PluginInbound> inbound_;  ///< of this child: our name for it → its own

  // The I/O thread's own
  ChildProcess process_;
  std::optional<FrameBuffer> buffer_;
  std::optional<Error> refused_;
  std::deque<Inbound> held_;           ///< not taken by the engine yet; bounded by the child's credit
  std::optional<Polled> held_polled_;  // its poll has ended; the engine is told once held_ is empty
  Token next_inbound_{1};
  bool is_inbound_blocked_{false}, is_announced_up_{false}, is_untrusted_{false}, is_first_{true};
  std::optional<std::uint32_t> said_ready_;  ///< by the plugin of this child
  std::optional<Health> said_health_;
  SteadyClock::time_point heard_at_{}, up_since_{};
  std::optional<SteadyClock::time_point> pinged_at_;
  std::string killed_because_;
};

// ---------------------------------------------------------------------------------------------------------------------
// The engine's thread

Outcome ChildProvider::refusal(Token token, OutcomeKind kind, const char *code, std::string text) const {
  Outcome outcome;
  outcome.token = token;
  outcome.kind = kind;
  outcome.failure = kind == OutcomeKind::not_sent ? FailureClass::temporary : FailureClass::policy;
  outcome.code = code;
  outcome.text = std::move(text);
  return outcome;
}

void ChildProvider::submit(std::vector<Submission> batch) {
  std::vector<Outcome> refused;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::ended) return;
    const auto open_max = std::max<std::size_t>(kOpenFactor * traits_.max_in_flight, kOpenMin);
    auto open_count = tokens_.size(Ending::complete);
    auto queued_bytes = out_.size() - out_at_;
    const auto now = WallClock().now();
    std::vector<const Submission *> going;
    std::vector<std::size_t> sizes;
    going.reserve(batch.size());
    sizes.reserve(batch.size());
    for (const auto &s : batch) {
      const auto bytes = wire_bytes(s);
      if (phase_ != Phase::up) {
        auto down = refusal(s.token, OutcomeKind::not_sent, "down", down_reason_);
        down.whole_instance = true;
        const auto wait = std::chrono::ceil<Milliseconds>(next_start_ - SteadyClock::now());
        if (phase_ == Phase::down && wait.count() > 0) down.retry_after = wait;
        refused.push_back(std::move(down));
      } else if (bytes > settings_.limits.message_bytes_max || bytes > kFrameBytesMax - kFrameSlackBytes) {
        refused.push_back(refusal(s.token, OutcomeKind::rejected, "too_large",
                                  "the message has " + std::to_string(bytes) + " bytes; at most " +
                                      std::to_string(settings_.limits.message_bytes_max) + " fit"));
      } else if (open_count == open_max || queued_bytes + bytes > settings_.limits.queued_bytes_max) {
        refused.push_back(
            refusal(s.token, OutcomeKind::not_sent, "window", "the provider takes no more messages now"));
      } else if (tokens_.open({s.token, Operation::submit,
                               std::max(s.not_after, now) + settings_.limits.outcome_grace, nullptr})) {
        ++open_count;
        queued_bytes += bytes;
        going.push_back(&s);
        sizes.push_back(bytes);
      }
    }
    if (!going.empty()) write_slices(going, sizes);
  }
  if (!refused.empty()) events_.outcomes(settings_.id, std::move(refused));
}

void ChildProvider::write_slices(const std::vector<const Submission *> &going,
                                 const std::vector<std::size_t> &sizes) {
  FrameWriter w(out_);
  write_clock(w);
  std::size_t from{0}, bytes{0};
  for (std::size_t i{0}; i < going.size(); ++i) {
    bytes += sizes[i];
    if (i + 1 < going.size() && bytes + sizes[i + 1] <= kSliceBytes) continue;
    encode_submit(w, std::span(going).subspan(from, i + 1 - from));
    from = i + 1;
    bytes = 0;
  }
  flush();
}

template <class F>
bool ChildProvider::post(F &&write) {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::up) return false;
  FrameWriter w(out_);
  write(w);
  flush();
  return true;
}

/// With mutex_ held. False: there is no child to ask.
bool ChildProvider::open(Operation operation, Token token) {
  return phase_ == Phase::up &&
         tokens_.open({token, operation, WallClock().now() + settings_.limits.answer_timeout, nullptr});
}

void ChildProvider::operation(Operation operation, FrameType type, Token token, std::string_view key,
                              const std::vector<std::string> &refs, std::int64_t not_after_ms) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::ended) return;
    if (open(operation, token)) {
      FrameWriter w(out_);
      write_clock(w);
      encode_refs(w, type, token, key, refs, not_after_ms);
      return flush();
    }
    if (phase_ == Phase::up) return;  // open already: its end is on its way
  }
  deliver(make_up({{token, operation, {}, nullptr}}, "down", "the provider is down"), settings_.id, events_);
}

void ChildProvider::parse(Token token, const std::string &kind, std::shared_ptr<const std::string> bytes) {
  Parsed failed;
  failed.token = token;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::ended) return;
    if (bytes->size() + kind.size() > kFrameBytesMax - kFrameSlackBytes) {
      failed.error = "these bytes are more than a frame may hold";
      failed.is_retryable = false;
    } else if (open(Operation::parse, token)) {
      FrameWriter w(out_);
      write_clock(w);
      encode_parse(w, token, kind, *bytes);
      return flush();
    } else if (phase_ == Phase::up) {
      return;
    } else {
      failed.error = "the provider is down: " + down_reason_;
    }
  }
  std::vector<Parsed> list;
  list.push_back(std::move(failed));
  events_.parsed(settings_.id, std::move(list));
}

void ChildProvider::poll(Token token, const std::string &cursor) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::ended) return;
    if (open(Operation::poll, token)) {
      FrameWriter w(out_);
      write_clock(w);
      encode_poll(w, token, cursor);
      return flush();
    }
    if (phase_ == Phase::up) return;
  }
  events_.polled(settings_.id, {token, {}, "the provider is down", {}});
}

void ChildProvider::stored(std::vector<Token> plugin_tokens) {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::up) return;
  std::vector<Token> theirs;
  for (const auto token : plugin_tokens) {
    // What an earlier child offered is not this one's to acknowledge; its plugin will offer it again.
    const auto found = inbound_.find(token);
    if (found == inbound_.end()) continue;
    theirs.push_back(found->second.token);
    inbound_.erase(found);
  }
  if (theirs.empty()) return;
  FrameWriter w(out_);
  encode_tokens(w, FrameType::stored, Ending::complete, theirs);
  flush();
}

void ChildProvider::stop(Milliseconds grace) {
  if (!thread_.joinable()) return;
  const auto give_up_at = SteadyClock::now() + grace;
  is_stopping_ = true;
  post([](FrameWriter &w) { encode_empty(w, FrameType::stop); });
  {
    std::unique_lock lock(mutex_);
    ended_.wait_until(lock, give_up_at, [this] { return tokens_.size() == 0 || phase_ != Phase::up; });
    closing_since_ = SteadyClock::now();
  }
  signal();
  thread_.join();
}

/// With mutex_ held: writes what the socket takes.
void ChildProvider::flush() {
  while (out_at_ < out_.size()) {
    const auto n =
        ::send(process_.socket(), out_.data() + out_at_, out_.size() - out_at_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      if (out_at_ > kSliceBytes) {
        out_.erase_front(out_at_);
        out_at_ = 0;
      }
      if (std::this_thread::get_id() != io_thread_) signal();  // the I/O thread waits for room
      return;
    }
    if (n < 0) break;  // the child has ended; reading will show it
    out_at_ += static_cast<std::size_t>(n);
  }
  out_.clear();
  out_at_ = 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// The I/O thread

void ChildProvider::run() {
  io_thread_ = std::this_thread::get_id();
  for (;;) {
    const auto began_at = SteadyClock::now();
    auto launched = launch();
    if (launched) serve();
    const bool was_up{up_since_ >= began_at};
    const auto end = bury();
    if (is_first_) {  // start() waits for this child
      Error error{launched ? unavailable("") : launched.error()};
      if (launched)
        error = refused_
                    ? *refused_
                    : unavailable("provider '" + settings_.id + "': its child " + end + " while it started");
      const std::lock_guard lock(mutex_);
      phase_ = Phase::ended;
      return started_.set_value(error);
    }
    if (is_stopping_) break;
    const auto reason = !launched  ? launched.error().text()
                        : refused_ ? refused_->text()
                                   : "its child " + end;
    const auto up_for =
        was_up ? std::chrono::floor<Milliseconds>(SteadyClock::now() - up_since_) : Milliseconds{0};
    if (!wait_for_next(reason, up_for)) break;
  }
  const std::lock_guard lock(mutex_);
  phase_ = Phase::ended;
}

Result<void> ChildProvider::launch() {
  refused_.reset();
  killed_because_.clear();
  is_untrusted_ = false;
  is_announced_up_ = false;
  said_ready_.reset();
  said_health_.reset();
  pinged_at_.reset();
  buffer_.emplace();
  const auto give_up_at = SteadyClock::now() + settings_.limits.start_timeout;
  for (;;) {
    auto spawned = process_.spawn(settings_.program, settings_.id, lock_path());
    if (spawned) break;
    const bool may_wait{spawned.error().kind == ErrorKind::conflict && SteadyClock::now() < give_up_at &&
                        !is_stopping_};
    if (!may_wait) return spawned;
    std::this_thread::sleep_for(kLockRetry);
  }
  heard_at_ = SteadyClock::now();
  Hello hello;
  hello.id = settings_.id;
  hello.plugin_path = plugin_path(settings_.plugin, settings_.plugin_directory);
  hello.driver = settings_.driver;
  hello.settings_json = settings_.settings_json;
  hello.state = state_.encode();
  hello.inbound_items_max = settings_.limits.inbound_max;
  hello.log_lines_max = settings_.limits.log_lines_max;
  const std::lock_guard lock(mutex_);
  phase_ = Phase::starting;
  out_.clear();
  out_at_ = 0;
  FrameWriter w(out_);
  encode(w, hello);
  flush();
  return {};
}

/// Until the child's socket has closed.
void ChildProvider::serve() {
  for (;;) {
    bool is_up{false};
    {
      const std::lock_guard lock(mutex_);
      is_up = phase_ == Phase::up;
      if (closing_since_) process_.close_writing();
      if (closing_since_ && SteadyClock::now() - *closing_since_ > kExitGrace) process_.kill();
    }
    auto timeout = Milliseconds{-1};
    if (tokens_.size() != 0) timeout = std::min(kTick, settings_.limits.hang_timeout / 4);
    if (!is_up || is_stopping_) timeout = Milliseconds{50};
    if (!wait_and_read(timeout)) return;
    while (const auto frame = buffer_->next()) {
      if (handle(*frame)) continue;
      is_untrusted_ = true;
      killed_because_ = "was killed because it sent a frame that is none";
      process_.kill();
      return;
    }
    if (buffer_->is_broken()) {
      is_untrusted_ = true;
      killed_because_ = "was killed because it sent a frame longer than any may be";
      process_.kill();
      return;
    }
    if (const auto saved = state_.save_if_changed(state_path()); !saved)
      log(RELANCE_LOG_ERROR, saved.error().text());
    if (has_room_.exchange(false)) is_inbound_blocked_ = false;
    offer_inbound();
    keep_time();
  }
}

/// False: the socket has closed.
bool ChildProvider::wait_and_read(Milliseconds timeout) {
  bool has_more{false};
  {
    const std::lock_guard lock(mutex_);
    flush();
    has_more = !out_.empty();
  }
  pollfd ready[]{{process_.socket(), static_cast<short>(POLLIN | (has_more ? POLLOUT : 0)), 0},
                 {signal_.get(), POLLIN, 0}};
  ::poll(ready, 2, static_cast<int>(timeout.count()));
  if ((ready[1].revents & POLLIN) != 0) {
    std::uint64_t count{0};
    static_cast<void>(!::read(signal_.get(), &count, sizeof count));
  }
  if ((ready[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) return true;
  std::size_t room{0};
  char *space{buffer_->space(room)};
  const auto n = ::recv(process_.socket(), space, room, MSG_DONTWAIT);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  if (n == 0) return false;
  buffer_->add(static_cast<std::size_t>(n));
  heard_at_ = SteadyClock::now();
  pinged_at_.reset();
  return true;
}

/// A child that says nothing while it owes something is asked for a sign of life, then killed.
void ChildProvider::keep_time() {
  expire();
  const auto now = SteadyClock::now();
  const auto patience = settings_.limits.hang_timeout / 2;
  std::unique_lock lock(mutex_);
  if (phase_ == Phase::starting && now - heard_at_ > settings_.limits.start_timeout &&
      killed_because_.empty()) {
    killed_because_ = "was killed because it did not start within " +
                      std::to_string(settings_.limits.start_timeout.count()) + " ms";
    return process_.kill();
  }
  if (phase_ != Phase::up || tokens_.size() == 0) return pinged_at_.reset();
  if (!pinged_at_ && now - heard_at_ > patience) {
    pinged_at_ = now;
    FrameWriter w(out_);
    encode_empty(w, FrameType::ping);
    flush();
  } else if (pinged_at_ && now - *pinged_at_ > patience && killed_because_.empty()) {
    killed_because_ = "was killed because it hung: no sign of life for " +
                      std::to_string(settings_.limits.hang_timeout.count()) + " ms";
    process_.kill();
  }
}

void ChildProvider::expire() {
  auto expired = tokens_.expire(WallClock().now(), false);
  if (expired.empty()) return;
  fault("it did not end its tokens in time", {{"tokens", std::to_string(expired.size())}});
  deliver(make_up(expired, "no_end", "the plugin did not end it in time"), settings_.id, events_);
}

bool ChildProvider::handle(const Frame &frame) {
  switch (frame.type) {
    case FrameType::outcomes:
      return take_outcomes(frame);
    case FrameType::intent:
      return take_intent(frame);
    case FrameType::inbound:
      return take_inbound(frame);
    case FrameType::polled:
      return take_polled(frame);
    case FrameType::parsed:
      return take_parsed(frame);
    case FrameType::recalled:
      return take_recalls(frame);
    case FrameType::started:
      return take_started(frame);
    case FrameType::refused:
      refused_ = decode_error(frame.payload);
      return refused_.has_value();
    case FrameType::ready: {
      const auto credit = decode_number(frame.payload);
      if (!credit || *credit < 0 || *credit > UINT32_MAX) return false;
      said_ready_ = static_cast<std::uint32_t>(*credit);
      if (is_announced_up_) events_.ready(settings_.id, *said_ready_);
      return true;
    }
    case FrameType::health: {
      auto health = decode_health(frame.payload);
      if (!health) return false;
      said_health_ = std::move(*health);
      if (is_announced_up_) events_.health(settings_.id, *said_health_);
      return true;
    }
    case FrameType::log: {
      auto line = decode_log(frame.payload);
      if (!line) return false;
      log(line->level, line->text, std::move(line->fields));
      return true;
    }
    case FrameType::metric: {
      const auto metric = decode_metric(frame.payload);
      if (metric && settings_.hooks.metric)
        settings_.hooks.metric(settings_.id, metric->kind, metric->name, metric->value, metric->labels);
      return metric.has_value();
    }
    case FrameType::state: {
      const auto state = decode_state(frame.payload);
      return state && state_.put(state->key, state->value);
    }
    case FrameType::pong:
      return frame.payload.empty();
    default:
      return false;
  }
}

bool ChildProvider::take_outcomes(const Frame &frame) {
  auto outcomes = decode_outcomes(frame.payload);
  if (!outcomes) return false;
  std::vector<Token> strays;
  tokens_.close_all(
      Ending::complete, outcomes->size(), [&](std::size_t i) { return (*outcomes)[i].token; },
      [&](std::size_t i, const OpenToken &open) {
        auto &kind = (*outcomes)[i].kind;
        if ((kind == OutcomeKind::prepared && open.operation != Operation::submit) ||
            (kind == OutcomeKind::not_found && open.operation != Operation::query))
          kind = OutcomeKind::unknown;
      },
      [&](std::size_t i) { strays.push_back(std::exchange((*outcomes)[i].token, 0)); });
  if (!strays.empty()) std::erase_if(*outcomes, [](const Outcome &outcome) { return outcome.token == 0; });
  for (const auto token : strays)
    fault("it ended a token that is not open", {{"token", std::to_string(token)}});
  if (!outcomes->empty()) events_.outcomes(settings_.id, std::move(*outcomes));
  note_end();
  return true;
}

bool ChildProvider::take_recalls(const Frame &frame) {
  auto recalls = decode_recalls(frame.payload);
  if (!recalls) return false;
  std::erase_if(*recalls,
                [&](const Recall &recall) { return !tokens_.close(Ending::recalled, recall.token); });
  if (!recalls->empty()) events_.recalls(settings_.id, std::move(*recalls));
  note_end();
  return true;
}

bool ChildProvider::take_parsed(const Frame &frame) {
  auto parsed = decode_parsed(frame.payload);
  if (!parsed) return false;
  if (tokens_.close(Ending::parsed, parsed->token)) {
    std::vector<Parsed> list;
    list.push_back(std::move(*parsed));
    events_.parsed(settings_.id, std::move(list));
  }
  note_end();
  return true;
}

bool ChildProvider::take_polled(const Frame &frame) {
  auto polled = decode_polled(frame.payload);
  if (!polled) return false;
  if (tokens_.close(Ending::polled, polled->token)) held_polled_ = std::move(*polled);
  offer_inbound();
  note_end();
  return true;
}

bool ChildProvider::take_intent(const Frame &frame) {
  auto intent = decode_tokens(frame.payload);
  if (intent) tokens_.announce(intent->ending, intent->tokens);
  return intent.has_value();
}

bool ChildProvider::take_inbound(const Frame &frame) {
  auto inbound = decode_inbound(frame.payload);
  // More than its credit: it does not keep to the rules that bound our memory.
  if (!inbound || held_.size() >= settings_.limits.inbound_max) return false;
  const auto ours = next_inbound_++;
  {
    const std::lock_guard lock(mutex_);
    inbound_.emplace(ours,
                     PluginInbound{inbound->plugin_token, static_cast<std::int64_t>(inbound->bytes.size())});
  }
  inbound->plugin_token = ours;
  held_.push_back(std::move(*inbound));
  return true;
}

void ChildProvider::offer_inbound() {
  // A poll has ended only when the engine has all that it found: its cursor must not pass what is still here.
  if (held_.empty() && held_polled_) events_.polled(settings_.id, *std::exchange(held_polled_, std::nullopt));
  if (held_.empty() || is_inbound_blocked_) return;
  const auto offered = held_.size();
  std::vector<std::size_t> sizes;
  for (const auto &in : held_) sizes.push_back(in.bytes.size());
  std::vector<Inbound> batch(held_.begin(), held_.end());
  const auto taken = std::min(events_.inbound(settings_.id, std::move(batch)), offered);
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(taken));
  is_inbound_blocked_ = taken < offered;
  CreditFrame credit{static_cast<std::uint32_t>(taken), 0};
  for (std::size_t i{0}; i < taken; ++i) credit.bytes += static_cast<std::int64_t>(sizes[i]);
  if (taken != 0) post([&](FrameWriter &w) { encode(w, credit); });
  if (held_.empty() && held_polled_) events_.polled(settings_.id, *std::exchange(held_polled_, std::nullopt));
}

bool ChildProvider::take_started(const Frame &frame) {
  auto traits = decode_traits(frame.payload);
  if (!traits) return false;
  if (is_first_) traits_ = std::move(*traits);
  up_since_ = SteadyClock::now();
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::starting) return false;
    phase_ = Phase::up;
  }
  // What the plugin said while it started counts from now on: nothing can be handed over before.
  is_announced_up_ = true;
  events_.health(settings_.id, said_health_.value_or(Health{}));
  events_.ready(settings_.id, said_ready_.value_or(kWholeWindow));
  if (std::exchange(is_first_, false)) started_.set_value({});
  return true;
}

/// The child has ended, or is ended here: nobody gets at it any more, and what it left open gets its end.
/// Returns how it ended.
std::string ChildProvider::bury() {
  std::string end;
  std::vector<OpenToken> left;
  {
    const std::lock_guard lock(mutex_);
    process_.kill();
    end = process_.reap();
    if (!killed_because_.empty()) end = killed_because_;
    phase_ = Phase::down;
    down_reason_ = "its child " + end;
    left = tokens_.drain(false);
    inbound_.clear();
    out_.clear();
    out_at_ = 0;
    ended_.notify_all();
  }
  held_.clear();
  is_inbound_blocked_ = false;
  // Its finds went with the child: a cursor behind them must not be kept.
  if (held_polled_) {
    const auto polled = *std::exchange(held_polled_, std::nullopt);
    events_.polled(settings_.id, {polled.token, {}, "the plugin's process " + end, {}});
  }
  if (is_untrusted_)
    for (auto &token : left) token.is_announced = true;  // its intents can no longer be read
  const auto text =
      is_stopping_ ? "the plugin had not ended it when it was stopped" : "the plugin's process " + end;
  deliver(make_up(left, is_stopping_ ? "no_end" : "child_ended", text), settings_.id, events_);
  return end;
}

/// Waits until it is time for the next child. False: there is none, as the provider is being stopped.
bool ChildProvider::wait_for_next(const std::string &reason, Milliseconds up_for) {
  const auto delay = policy_.after_end(SteadyClock::now(), up_for);
  Health health;
  health.level = HealthLevel::down;
  if (delay) {
    health.code = "child_ended";
    health.text = reason + "; the next one starts in " + std::to_string(delay->count()) + " ms";
    health.retry_at = WallClock().now() + *delay;
  } else {
    health.code = "quarantined";
    health.text = "its child ended " + std::to_string(policy_.ends_in_window()) + " times within " +
                  std::to_string(settings_.limits.crash_window.count() / 1000) +
                  " s, the last time: " + reason +
                  "; no further one is started until the provider is loaded again";
  }
  log(RELANCE_LOG_ERROR, health.text);
  count(delay ? "child_restarts" : "child_quarantines");
  {
    const std::lock_guard lock(mutex_);
    phase_ = delay ? Phase::down : Phase::quarantined;
    down_reason_ = health.text;
    next_start_ = SteadyClock::now() + delay.value_or(Milliseconds{0});
  }
  events_.ready(settings_.id, 0);
  events_.health(settings_.id, std::move(health));
  const auto until = SteadyClock::now() + delay.value_or(Milliseconds{0});
  while (!is_stopping_) {
    const auto left = std::chrono::ceil<Milliseconds>(until - SteadyClock::now());
    if (delay && left.count() <= 0) return true;
    pollfd p{signal_.get(), POLLIN, 0};
    ::poll(&p, 1, delay ? static_cast<int>(left.count()) : -1);
    std::uint64_t ignored{0};
    static_cast<void>(!::read(signal_.get(), &ignored, sizeof ignored));
  }
  return false;
}

void ChildProvider::fault(std::string_view what, Fields fields) {
  log(RELANCE_LOG_ERROR, "the plugin broke its contract: " + std::string(what), std::move(fields));
  count("plugin_faults");
}

void ChildProvider::log(int level, std::string_view text, Fields fields) {
  if (!settings_.hooks.log) return;
  const auto dropped = budget_.take();
  if (!dropped) return;
  if (*dropped != 0) fields.emplace_back("lines_dropped_before", std::to_string(*dropped));
  settings_.hooks.log(settings_.id, level, text, fields);
}

}  // namespace

Result<std::unique_ptr<Provider>> make_child_provider(ProviderSettings settings, ProviderEvents &events) {
  if (auto good = check_plugin_file(plugin_path(settings.plugin, settings.plugin_directory)); !good)
    return good.error();
  return std::unique_ptr<Provider>(std::make_unique<ChildProvider>(std::move(settings), events));
}

Result<void> check_child_provider(const ProviderSettings &settings) {
  const auto path = plugin_path(settings.plugin, settings.plugin_directory);
  if (auto good = check_plugin_file(path); !good) return good;
  ChildProcess process;
  if (auto spawned = process.spawn(settings.program, settings.id, {}); !spawned) return spawned;
  OutBytes out;
  FrameWriter w(out);
  Hello hello;
  hello.id = settings.id;
  hello.plugin_path = path;
  hello.driver = settings.driver;
  hello.settings_json = settings.settings_json;
  hello.is_check = true;
  hello.log_lines_max = settings.limits.log_lines_max;
  encode(w, hello);
  // At most the socket's buffer, unless the settings are enormous; the child reads them at once.
  if (::send(process.socket(), out.data(), out.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(out.size()))
    return unavailable("provider '" + settings.id + "': its child takes no settings");
  FrameBuffer buffer;
  const auto give_up_at = SteadyClock::now() + settings.limits.start_timeout;
  for (;;) {
    while (const auto frame = buffer.next()) {
      if (frame->type == FrameType::started) return {};
      if (frame->type != FrameType::refused) continue;  // log lines
      const auto error = decode_error(frame->payload);
      return error ? Result<void>(*error)
                   : internal("provider '" + settings.id + "': its child sent nonsense");
    }
    const auto left = std::chrono::ceil<Milliseconds>(give_up_at - SteadyClock::now());
    pollfd p{process.socket(), POLLIN, 0};
    if (left.count() <= 0 || ::poll(&p, 1, static_cast<int>(left.count())) == 0)
      return unavailable("provider '" + settings.id + "' did not check its settings within " +
                         std::to_string(settings.limits.start_timeout.count()) + " ms");
    std::size_t room{0};
    char *space{buffer.space(room)};
    const auto n = ::recv(process.socket(), space, room, 0);
    if (n <= 0)
      return unavailable("provider '" + settings.id + "': its child " + process.reap() +
                         " while it checked its settings");
    buffer.add(static_cast<std::size_t>(n));
  }
}

}  // namespace relance::channel
