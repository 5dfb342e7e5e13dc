// The lives of the children of one provider: started, served, watched, buried, and the next one started.
#include "host/channel/child_provider.hpp"
#include "host/channel/library.hpp"
#include "host/channel/made_up.hpp"

#include <filesystem>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

namespace relance::channel {
namespace {

constexpr Milliseconds kTick{1000};  ///< deadlines and pings are looked at so often, while tokens are open
constexpr Milliseconds kExitGrace{2000};  ///< for destroy() after the socket's writing side was closed
constexpr Milliseconds kLockRetry{50};    ///< an flock cannot be waited for with a time-out

}  // namespace

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
  is_announced_up_ = is_flooding_ = false;
  said_ready_.reset();
  said_health_.reset();
  pinged_at_.reset();
  has_stderr_ = true;
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
  hello.sandbox = settings_.sandbox;
  hello.http_hosts = begin_http();
  const std::lock_guard lock(mutex_);
  hello.webhook_url = webhook_url_;
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
    // The engine writes its frames itself and wakes nobody: what it asks of a child that says nothing any more is
    // seen by looking.
    auto timeout = settings_.limits.hang_timeout / 4;
    if (tokens_.size() != 0) timeout = std::min(kTick, timeout);
    if (!is_up || is_stopping_) timeout = Milliseconds{50};
    if (!wait_and_read(timeout)) return;
    hold_back();
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
    tell_news();
    if (const auto saved = state_.save_if_changed(state_path()); !saved)
      log(RELANCE_LOG_ERROR, saved.error().text());
    if (has_room_.exchange(false)) inbound_.unblock();
    offer_inbound();
    if (gives_up_http_.exchange(false) && http_) http_->give_up();
    hand_http_replies();
    keep_time();
  }
}

/// From its first flood on a child has only the processor time that nobody else wants, until its end. A
/// plugin that says too much in a loop may not take it from the others either.
void ChildProvider::hold_back() {
  if (is_flooding_ || chatter_.quiet_until(SteadyClock::now()) == SteadyClock::time_point{}) return;
  is_flooding_ = true;
  const sched_param none{};
  std::error_code ignored;
  for (const auto &task :
       std::filesystem::directory_iterator("/proc/" + std::to_string(process_.pid()) + "/task", ignored))
    ::sched_setscheduler(std::atoi(task.path().filename().c_str()), SCHED_IDLE, &none);
  log(RELANCE_LOG_WARNING,
      "the plugin says more than " + std::to_string(settings_.limits.chatter_max) +
          " things a second beside its work: it is listened to no faster, and runs only when "
          "nothing else does");
  count("child_floods");
}

/// False: the socket has closed.
bool ChildProvider::wait_and_read(Milliseconds timeout) {
  bool has_more{false};
  {
    const std::lock_guard lock(mutex_);
    flush();
    has_more = !out_.empty();
  }
  const auto now = SteadyClock::now();
  const auto quiet = std::chrono::ceil<Milliseconds>(chatter_.quiet_until(now) - now);
  const bool listens{quiet.count() <= 0};
  if (!listens) timeout = timeout.count() < 0 ? quiet : std::min(timeout, quiet);
  pollfd ready[]{
      {process_.socket(), static_cast<short>((listens ? POLLIN : 0) | (has_more ? POLLOUT : 0)), 0},
      {signal_.get(), POLLIN, 0},
      {listens && has_stderr_ ? process_.errors() : -1, POLLIN, 0}};
  ::poll(ready, 3, static_cast<int>(timeout.count()));
  if (ready[2].revents != 0) read_stderr();
  if ((ready[1].revents & POLLIN) != 0) {
    std::uint64_t count{0};
    static_cast<void>(!::read(signal_.get(), &count, sizeof count));
  }
  if (!listens && (ready[0].revents & POLLHUP) == 0)
    heard_at_ = SteadyClock::now();  // it is we who do not read
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

void ChildProvider::read_stderr() {
  has_stderr_ = stderr_.read(process_.errors(), [this](std::string_view line) {
    chatter_.note(1);
    log(RELANCE_LOG_WARNING, line, {{"stream", "stderr"}});
  });
}

/// A child that says nothing while it owes something is asked for a sign of life, then killed.
void ChildProvider::keep_time() {
  const auto now = SteadyClock::now();
  if (now - deadlines_seen_at_ >= kTick) {  // it looks at every open token: not for every frame
    deadlines_seen_at_ = now;
    expire();
  }
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
  // A message that lies unread past its not_after is not handed over any more. A commit's not_after may be
  // far ahead: the child lives, reads it yet, and the draft goes.
  for (auto &token : expired)
    if (token.operation == Operation::commit) token.is_announced = true;
  fault("it did not end its tokens in time", {{"tokens", std::to_string(expired.size())}});
  deliver(make_up(expired, "no_end", "the plugin did not end it in time"), settings_.id, events_);
}

/// The child has ended, or is ended here: nobody gets at it any more, and what it left open gets its end.
/// Returns how it ended.
std::string ChildProvider::bury() {
  std::string end;
  std::vector<OpenToken> left;
  std::optional<Polled> polled;
  end_http();
  if (!judged_.empty()) events_.judged(settings_.id, std::exchange(judged_, {}));
  {
    const std::lock_guard lock(mutex_);
    process_.kill();
    end = process_.reap();
    if (!killed_because_.empty()) end = killed_because_;
    phase_ = Phase::down;
    down_reason_ = "its child " + end;
    left = tokens_.drain(false);
    polled = inbound_.clear();
    out_.clear();
    out_at_ = 0;
    ended_.notify_all();
  }
  read_stderr();  // its last words may say why
  stderr_.end([this](std::string_view line) { log(RELANCE_LOG_WARNING, line, {{"stream", "stderr"}}); });
  process_.close_errors();
  if (polled) events_.polled(settings_.id, {polled->token, {}, "the plugin's process " + end, {}});
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
    health.code = kQuarantined;
    health.text = "its child ended " + std::to_string(policy_.ends_in_window()) + " times within " +
                  std::to_string(settings_.limits.crash_window.count() / 1000) +
                  " s, the last time: " + reason +
                  "; no further one is started until a reload (relancectl reload) or a restart of the daemon";
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

}  // namespace relance::channel
