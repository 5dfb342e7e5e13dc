// One thread reads frames and makes the plugin's serial calls; the plugin's own threads write their results
// straight to the socket. Before each submit or commit the intent frame is in the socket, so that whatever
// happens afterwards, the daemon knows which tokens a plugin may have seen.
#include "host/channel/child_role.hpp"

#include "host/channel/child_process.hpp"
#include "host/channel/instance.hpp"
#include "host/channel/library.hpp"
#include "host/channel/line_budget.hpp"
#include "host/channel/wire.hpp"

#include <poll.h>
#include <set>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace relance::channel {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Exit statuses that the daemon's log shows.
constexpr int kExitClean{0}, kExitRefused{2}, kExitOrphaned{3}, kExitBadFrame{4};
/// What may wait in memory for the daemon to read before chatter (log, metrics) is dropped and news coalesce.
constexpr std::size_t kChatterBytesMax{1u << 20};
/// Around the payload proper of one inbound, parse or parsed frame.
constexpr std::size_t kFrameSlackBytes{64u << 10};
constexpr std::int64_t kInboundBytesMax{
    32 << 20};  ///< raw bytes on their way that the daemon has not given room for again
constexpr Instant kNever{Instant::max()};  ///< deadlines are the daemon's to keep

class ChildRole final : public InstanceSink {
 public:
  ChildRole(int socket, int signal_fd) : socket_(socket), signal_(signal_fd), budget_(0) {}

  int run() {
    const auto hello = read_hello();
    if (!hello) return kExitBadFrame;
    if (const auto begun = begin(*hello); !begun) {
      say([&](FrameWriter &w) { encode(w, begun.error()); });
      flush_waiting();
      return kExitRefused;
    }
    flush_waiting();  // first what the plugin said while it started
    say([&](FrameWriter &w) { encode(w, instance_ ? instance_->traits() : Traits{}); });
    flush_waiting();
    if (!instance_) return kExitClean;
    const int status{loop()};
    if (!has_stopped_) instance_->stop();
    instance_->destroy();
    flush_waiting();
    return status;
  }

  // InstanceSink: any thread of the plugin.
  void complete(std::span<const relance_result> results) override {
    say([&](FrameWriter &w) { encode(w, results); });
  }
  void recalled(std::span<const relance_recalled> results) override {
    say([&](FrameWriter &w) { encode(w, results); });
  }
  void parsed(std::span<const relance_parsed> results) override {
    say([&](FrameWriter &w) {
      for (const auto &result : results) {
        encode(w, to_parsed(result));
        if (w.payload_bytes() <= kFrameBytesMax) continue;
        w.cancel();
        Parsed too_large;
        too_large.token = result.token;
        too_large.error = "what the plugin made of these bytes is larger than a frame may be";
        too_large.is_retryable = false;
        encode(w, too_large);
      }
    });
  }
  void polled(const relance_polled &result) override {
    say([&](FrameWriter &w) { encode(w, to_polled(result)); });
  }
  void announce(Ending ending, std::span<const Token> tokens) override {
    {
      const std::lock_guard lock(mutex_);
      FrameWriter w(out_);
      encode_tokens(w, FrameType::intent, ending, tokens);
    }
    flush_waiting();
  }
  std::size_t inbound(std::span<const relance_inbound> batch) override {
    std::size_t taken{0};
    say([&](FrameWriter &w) {
      for (const auto &in : batch) {
        if (inbound_items_ == 0 || inbound_bytes_ <= 0) break;
        ++taken;
        if (in.bytes.len + in.kind.len + in.name.len > kFrameBytesMax - kFrameSlackBytes) {
          too_large_ =
              true;  // never stored, so never acknowledged: it stays at the provider, and the log says why
          continue;
        }
        --inbound_items_;
        inbound_bytes_ -= static_cast<std::int64_t>(in.bytes.len);
        encode(w, in);
      }
      if (taken < batch.size()) has_refused_inbound_ = true;
    });
    if (too_large_.exchange(false))
      log(RELANCE_LOG_ERROR, "raw bytes larger than a frame may be were left at the provider", {});
    return taken;
  }
  void ready(std::uint32_t credit) override {
    news([&] { ready_ = credit; });
  }
  void health(const relance_health &health) override {
    news([&] { health_ = to_health(health); });
  }
  void wake_after(Milliseconds delay) override {
    {
      const std::lock_guard lock(mutex_);
      wake_at_ = SteadyClock::now() + delay;
    }
    if (std::this_thread::get_id() != main_thread_) signal();
  }
  void log(int level, std::string_view text, Fields fields) override {
    const auto dropped = budget_.take();
    if (!dropped) return;
    if (*dropped != 0) fields.emplace_back("lines_dropped_before", std::to_string(*dropped));
    chatter([&](FrameWriter &w) { encode(w, LogFrame{level, std::string(text), std::move(fields)}); });
  }
  void metric(std::uint32_t kind, std::string_view name, double value, Fields labels) override {
    chatter(
        [&](FrameWriter &w) { encode(w, MetricFrame{kind, std::string(name), value, std::move(labels)}); });
  }
  void state_changed(std::string_view key, std::string_view) override {
    news([&] { changed_keys_.emplace(key); });
  }
  Instant business_now() override {
    const auto ms = business_ms_.load();
    return ms == 0 ? WallClock().now() : from_ms(ms);
  }

 private:
  // -------------------------------------------------------------------------------------------------------------------
  // Writing

  template <class F>
  void say(F &&write) {
    {
      const std::lock_guard lock(mutex_);
      FrameWriter w(out_);
      write(w);
    }
    flush_from_here();
  }
  template <class F>
  void chatter(F &&write) {
    {
      const std::lock_guard lock(mutex_);
      if (out_.size() > kChatterBytesMax) return;
      FrameWriter w(out_);
      write(w);
    }
    flush_from_here();
  }
  /// Of which only the latest counts: written when there is room, so that no plugin can fill our memory with
  /// them.
  template <class F>
  void news(F &&note) {
    {
      const std::lock_guard lock(mutex_);
      note();
    }
    flush_from_here();
  }

  void write_news() {
    if (out_.size() > kChatterBytesMax) return;
    FrameWriter w(out_);
    if (health_) encode(w, *health_);
    if (ready_) encode_number(w, FrameType::ready, *ready_);
    for (const auto &key : changed_keys_) encode(w, StateFrame{key, state_.get(key).value_or("")});
    health_.reset();
    ready_.reset();
    changed_keys_.clear();
  }

  /// The main thread writes once a round; others write what fits at once and leave the rest to it.
  void flush_from_here() {
    if (std::this_thread::get_id() == main_thread_) return;
    if (!flush()) signal();
  }
  /// False: the socket is full and something is left.
  bool flush() {
    const std::lock_guard lock(mutex_);
    write_news();
    std::size_t at{0};
    while (at < out_.size()) {
      const auto n = ::send(socket_, out_.data() + at, out_.size() - at, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno != EAGAIN)
        ::_exit(kExitOrphaned);  // nobody listens: nothing may be handed over any more
      if (n < 0) break;
      at += static_cast<std::size_t>(n);
    }
    out_.erase_front(at);
    return out_.empty();
  }
  void flush_waiting() {
    while (!flush()) {
      pollfd p{socket_, POLLOUT, 0};
      ::poll(&p, 1, -1);
    }
  }
  void signal() {
    const std::uint64_t one{1};
    static_cast<void>(!::write(signal_, &one, sizeof one));
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Reading

  /// False: the daemon has ended its side.
  bool receive() {
    std::size_t room{0};
    char *space{buffer_.space(room)};
    for (;;) {
      const auto n = ::recv(socket_, space, room, MSG_DONTWAIT);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return true;
      if (n <= 0) return false;
      buffer_.add(static_cast<std::size_t>(n));
      return true;
    }
  }

  std::optional<Hello> read_hello() {
    for (;;) {
      pollfd p{socket_, POLLIN, 0};
      ::poll(&p, 1, -1);
      if (!receive() || buffer_.is_broken()) return std::nullopt;
      if (const auto frame = buffer_.next())
        return frame->type == FrameType::hello ? decode_hello(frame->payload) : std::nullopt;
    }
  }

  Result<void> begin(const Hello &hello) {
    inbound_items_ = hello.inbound_items_max;
    inbound_bytes_ = kInboundBytesMax;
    budget_.set_max(hello.log_lines_max);
    const auto driver = load_driver(hello.plugin_path, hello.driver);
    if (!driver) return driver.error();
    if (auto loaded = state_.decode(hello.state); !loaded) return loaded;
    instance_.emplace(**driver, hello.id, tokens_, state_, *this);
    if (hello.is_check) {
      const auto checked = instance_->check(hello.settings_json);
      instance_.reset();
      return checked;
    }
    if (auto created = instance_->create(hello.settings_json); !created) return created;
    return instance_->start();
  }

  int loop() {
    for (;;) {
      while (const auto frame = buffer_.next())
        if (!handle(*frame)) return kExitBadFrame;
      if (buffer_.is_broken()) return kExitBadFrame;
      wake_if_due();
      const bool is_flushed{flush()};
      pollfd ready[]{{socket_, static_cast<short>(POLLIN | (is_flushed ? 0 : POLLOUT)), 0},
                     {signal_, POLLIN, 0}};
      if (::poll(ready, 2, time_to_wake_ms()) < 0 && errno != EINTR) return kExitBadFrame;
      if ((ready[1].revents & POLLIN) != 0) {
        std::uint64_t count{0};
        static_cast<void>(!::read(signal_, &count, sizeof count));
      }
      if ((ready[0].revents & (POLLIN | POLLHUP)) != 0 && !receive()) return kExitClean;
    }
  }

  void wake_if_due() {
    {
      const std::lock_guard lock(mutex_);
      if (!wake_at_ || SteadyClock::now() < *wake_at_) return;
      wake_at_.reset();
    }
    instance_->wake();
  }
  int time_to_wake_ms() {
    const std::lock_guard lock(mutex_);
    if (!wake_at_) return -1;
    const auto left = std::chrono::ceil<Milliseconds>(*wake_at_ - SteadyClock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
  }

  /// False: no frame of ours, or not of its form.
  bool handle(const Frame &frame) {
    switch (frame.type) {
      case FrameType::submit:
        return handle_submit(frame);
      case FrameType::commit:
      case FrameType::recall:
      case FrameType::query:
        return handle_operation(frame);
      case FrameType::discard: {
        const auto refs = decode_refs(frame.payload);
        if (refs) instance_->discard(refs->refs);
        return refs.has_value();
      }
      case FrameType::parse:
        return handle_parse(frame);
      case FrameType::poll:
        return handle_poll(frame);
      case FrameType::stored: {
        const auto tokens = decode_tokens(frame.payload);
        if (tokens && !tokens->tokens.empty()) instance_->stored(tokens->tokens);
        return tokens.has_value();
      }
      case FrameType::credit:
        return handle_credit(frame);
      case FrameType::clock: {
        const auto ms = decode_number(frame.payload);
        if (ms) business_ms_ = *ms;
        return ms.has_value();
      }
      case FrameType::ping:
        say([](FrameWriter &w) { encode_empty(w, FrameType::pong); });
        return frame.payload.empty();
      case FrameType::stop:
        has_stopped_ = true;
        instance_->stop();
        return frame.payload.empty();
      default:
        return false;
    }
  }

  struct SubmitCall {
    MessageArrays arrays;
    std::shared_ptr<const char[]> bytes;
  };
  bool handle_submit(const Frame &frame) {
    const auto call = std::make_shared<SubmitCall>();
    if (!decode_submit(frame.payload, call->arrays)) return false;
    call->bytes = frame.owner;
    const auto &messages = call->arrays.messages();
    std::vector<const relance_message *> going;
    going.reserve(messages.size());
    tokens_.open_all(
        messages.size(),
        [&](std::size_t i) { return OpenToken{messages[i].token, Operation::submit, kNever, call}; },
        [&](std::size_t i, bool is_new) {
          if (is_new) going.push_back(&messages[i]);
        });
    instance_->submit(std::move(going));
    return true;
  }

  template <class T>
  struct OperationCall {
    RefsFrame frame;
    std::shared_ptr<const char[]> bytes;
    T c{};
  };
  template <class T>
  std::shared_ptr<OperationCall<T>> open_operation(Operation operation, const Frame &frame, RefsFrame refs) {
    auto call = std::make_shared<OperationCall<T>>(OperationCall<T>{std::move(refs), frame.owner, {}});
    call->c.size = sizeof(T);
    call->c.token = call->frame.token;
    call->c.idempotency_key = to_str(call->frame.key);
    call->c.refs = call->frame.refs.data();
    call->c.ref_count = call->frame.refs.size();
    tokens_.open({call->frame.token, operation, kNever, call});
    return call;
  }
  bool handle_operation(const Frame &frame) {
    auto refs = decode_refs(frame.payload);
    if (!refs) return false;
    if (frame.type == FrameType::commit) {
      const auto call = open_operation<relance_commit>(Operation::commit, frame, std::move(*refs));
      call->c.not_after_ms = call->frame.not_after_ms;
      instance_->commit(call->c);
    } else if (frame.type == FrameType::recall) {
      instance_->recall(open_operation<relance_recall>(Operation::recall, frame, std::move(*refs))->c);
    } else {
      instance_->query(open_operation<relance_query>(Operation::query, frame, std::move(*refs))->c);
    }
    return true;
  }

  bool handle_parse(const Frame &frame) {
    const auto raw = decode_parse(frame.payload);
    if (!raw) return false;
    struct Call {
      relance_raw c;
      std::shared_ptr<const char[]> bytes;
    };
    const auto call = std::make_shared<Call>(Call{*raw, frame.owner});
    tokens_.open({raw->token, Operation::parse, kNever, call});
    instance_->parse(std::span(&call->c, 1));
    return true;
  }

  bool handle_poll(const Frame &frame) {
    auto poll = decode_poll(frame.payload);
    if (!poll) return false;
    struct Call {
      PollFrame frame;
      relance_poll c;
    };
    const auto call = std::make_shared<Call>(Call{std::move(*poll), {}});
    call->c = {sizeof(relance_poll), 0, call->frame.token, to_str(call->frame.cursor), nullptr, 0};
    tokens_.open({call->frame.token, Operation::poll, kNever, call});
    instance_->poll(call->c);
    return true;
  }

  bool handle_credit(const Frame &frame) {
    const auto credit = decode_credit(frame.payload);
    if (!credit) return false;
    bool has_waiting{false};
    {
      const std::lock_guard lock(mutex_);
      inbound_items_ += credit->items;
      inbound_bytes_ += credit->bytes;
      has_waiting = std::exchange(has_refused_inbound_, false);
    }
    if (has_waiting) instance_->room();
    return true;
  }

  const int socket_, signal_;
  const std::thread::id main_thread_{std::this_thread::get_id()};
  LineBudget budget_;
  FrameBuffer buffer_;
  InstanceState state_;
  TokenTable tokens_;
  std::atomic<std::int64_t> business_ms_{0};
  std::atomic<bool> too_large_{false};
  bool has_stopped_{false};

  std::mutex mutex_;
  OutBytes out_;
  std::uint32_t inbound_items_{0};
  std::int64_t inbound_bytes_{0};
  bool has_refused_inbound_{false};
  std::optional<std::uint32_t> ready_;
  std::optional<Health> health_;
  std::set<std::string> changed_keys_;
  std::optional<SteadyClock::time_point> wake_at_;

  std::optional<PluginInstance> instance_;  // last: it goes first
};

/// Ends the process when the daemon is gone, also while the plugin keeps the main thread busy.
void watch_daemon() {
  std::thread([] {
    pollfd p{kChildSocket, 0, 0};
    while (::poll(&p, 1, -1) < 0 && errno == EINTR) {
    }
    ::_exit(kExitOrphaned);
  }).detach();
}

}  // namespace

std::optional<int> run_if_channel_child(int argc, char **argv) {
  if (argc < 2 || std::string_view(argv[1]) != kChildArgument) return std::nullopt;
  // The end of a child is the end of its socket: a signal to the daemon's whole group must not cut what is in
  // flight.
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_IGN);
  ::prctl(PR_SET_NAME, "relance-channel");
  const int signal_fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  watch_daemon();
  // Never destroyed: a plugin's thread may outlive what we know of it, and the process ends here anyway.
  auto *const role = new ChildRole(kChildSocket, signal_fd);
  ::_exit(role->run());
}

}  // namespace relance::channel
