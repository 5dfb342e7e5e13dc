// One thread reads frames and makes the plugin's serial calls; the plugin's own threads write their results
// straight to the socket. Before each submit or commit the intent frame is in the socket, so that whatever
// happens afterwards, the daemon knows which tokens a plugin may have seen.
#include "host/channel/child_role.hpp"

#include "host/channel/attempt_call.hpp"
#include "host/channel/child_process.hpp"
#include "host/channel/child_sink.hpp"
#include "host/channel/evidence_border.hpp"
#include "host/channel/library.hpp"
#include "host/channel/poll_call.hpp"
#include "host/channel/quote_border.hpp"
#include "host/channel/sealed_bytes.hpp"
#include "host/channel/webhook_border.hpp"

#include <array>
#include <deque>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace relance::channel {
namespace {

constexpr std::size_t kFilesMax{64};       ///< in one message of the socket; the daemon sends fewer
constexpr Instant kNever{Instant::max()};  ///< deadlines are the daemon's to keep

/// Ends the process when the daemon is gone, also while the plugin keeps the main thread busy.
void watch_daemon() {
  std::thread([] {
    pollfd p{kChildSocket, 0, 0};
    while (::poll(&p, 1, -1) < 0 && errno == EINTR) {
    }
    ::_exit(kExitOrphaned);
  }).detach();
}

class ChildRole {
 public:
  ChildRole(int socket, int signal_fd)
      : socket_(socket), signal_(signal_fd), outbox_(socket, signal_fd, state_), sink_(outbox_) {}

  int run() {
    const auto hello = read_hello();
    if (!hello) return kExitBadFrame;
    if (const auto begun = begin(*hello); !begun) {
      outbox_.say([&](FrameWriter &w) { encode(w, begun.error()); });
      outbox_.flush_waiting();
      return kExitRefused;
    }
    outbox_.flush_waiting();  // first what the plugin said while it started
    outbox_.say([&](FrameWriter &w) {
      auto traits = instance_ ? instance_->traits() : Traits{};
      traits.sandbox = sandbox_.level;
      encode(w, traits);
    });
    outbox_.flush_waiting();
    if (!instance_) return kExitClean;
    const int status{loop()};
    if (!has_stopped_) instance_->stop(Milliseconds{0});
    instance_->destroy();
    outbox_.flush_waiting();
    return status;
  }

 private:
  /// False: the daemon has ended its side.
  bool receive() {
    std::size_t room{0};
    char *space{buffer_.space(room)};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kFilesMax)> control{};
    for (;;) {
      iovec bytes{space, room};
      msghdr message{};
      message.msg_iov = &bytes;
      message.msg_iovlen = 1;
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      const auto n = ::recvmsg(socket_, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return true;
      if (n <= 0) return false;
      take_files(message);
      buffer_.add(static_cast<std::size_t>(n));
      return true;
    }
  }

  /// Files that come along with a frame, in the order in which the frame names them.
  void take_files(msghdr &message) {
    for (auto *header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
      const auto count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i{0}; i < count; ++i) {
        int number{-1};
        std::memcpy(&number, CMSG_DATA(header) + i * sizeof number, sizeof number);
        files_.emplace_back(number);
      }
    }
    // The plugin has used up its descriptors: what belongs to a message has been lost.
    if ((message.msg_flags & MSG_CTRUNC) != 0) ::_exit(kExitNoDescriptors);
  }

  std::optional<SealedBytes> take_sealed(std::uint64_t size) {
    if (files_.empty()) return std::nullopt;
    const auto file = std::move(files_.front());
    files_.pop_front();
    return open_sealed(file, size);
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
    sink_.begin(hello.inbound_items_max, hello.log_lines_max);
    sink_.http().begin(hello.http_hosts);
    sink_.set_webhook_url(hello.webhook_url);
    auto confined = confine(hello.sandbox, hello.plugin_path);
    if (!confined) return confined.error();
    sandbox_ = std::move(*confined);
    watch_daemon();  // only now: a thread of its own would stand outside of the sandbox
    const auto driver = load_driver(hello.plugin_path, hello.driver);
    if (!driver) return driver.error();
    if (auto loaded = state_.decode(hello.state); !loaded) return loaded;
    instance_.emplace(**driver, hello.id, tokens_, state_, sink_);
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
      if (const auto replies = sink_.http().replies(); !replies.empty()) instance_->http_replied(replies);
      if (sink_.take_due_wake()) instance_->wake();
      const bool is_flushed{outbox_.flush()};
      pollfd ready[]{{socket_, static_cast<short>(POLLIN | (is_flushed ? 0 : POLLOUT)), 0},
                     {signal_, POLLIN, 0}};
      if (::poll(ready, 2, sink_.time_to_wake_ms()) < 0 && errno != EINTR) return kExitBadFrame;
      if ((ready[1].revents & POLLIN) != 0) {
        std::uint64_t count{0};
        static_cast<void>(!::read(signal_, &count, sizeof count));
      }
      if ((ready[0].revents & (POLLIN | POLLHUP)) != 0 && !receive()) return kExitClean;
    }
  }

  /// False: no frame of ours, or not of its form.
  bool handle(const Frame &frame) {
    switch (frame.type) {
      case FrameType::submit:
        return handle_submit(frame);
      case FrameType::commit:
      case FrameType::recall:
      case FrameType::query:
      case FrameType::discard:
        return handle_operation(frame);
      case FrameType::parse:
        return handle_parse(frame);
      case FrameType::poll:
        return handle_poll(frame);
      case FrameType::fetch:
        return handle_fetch(frame);
      case FrameType::quote:
        return handle_quote(frame);
      case FrameType::authenticate:
        return handle_authenticate(frame);
      case FrameType::webhook_url:
        sink_.set_webhook_url(std::string(frame.payload));
        return true;
      case FrameType::stored: {
        const auto tokens = decode_tokens(frame.payload);
        if (tokens && !tokens->tokens.empty()) instance_->stored(tokens->tokens);
        return tokens.has_value();
      }
      case FrameType::http_reply:
      case FrameType::http_reply_piece:
        return sink_.http().take(frame);
      case FrameType::credit:
        return handle_credit(frame);
      case FrameType::clock: {
        const auto ms = decode_number(frame.payload);
        if (ms) sink_.set_business_ms(*ms);
        return ms.has_value();
      }
      case FrameType::ping:
        outbox_.say([](FrameWriter &w) { encode_empty(w, FrameType::pong); });
        return frame.payload.empty();
      case FrameType::stop: {
        const auto grace = decode_number(frame.payload);
        has_stopped_ = true;
        instance_->stop(Milliseconds{grace.value_or(0)});
        return grace.has_value();
      }
      default:
        return false;
    }
  }

  struct SubmitCall {
    MessageArrays arrays;
    std::shared_ptr<const char[]> bytes;
    std::vector<std::shared_ptr<const void>> files;
  };
  std::shared_ptr<SubmitCall> decode_messages(const Frame &frame) {
    auto call = std::make_shared<SubmitCall>();
    const auto take = [&](std::uint64_t size) -> std::optional<std::string_view> {
      auto sealed = take_sealed(size);
      if (!sealed) return std::nullopt;
      call->files.push_back(std::move(sealed->owner));
      return sealed->bytes;
    };
    if (!decode_submit(frame.payload, call->arrays, take)) return nullptr;
    call->bytes = frame.owner;
    return call;
  }
  bool handle_submit(const Frame &frame) {
    const auto call = decode_messages(frame);
    if (!call) return false;
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

  bool handle_quote(const Frame &frame) {
    const auto call = decode_messages(frame);
    if (!call) return false;
    std::vector<Quoted> quotes;
    for (const auto &message : call->arrays.messages())
      quotes.push_back({message.token, instance_->quote(message)});
    outbox_.say([&](FrameWriter &w) { encode(w, quotes); });
    return true;
  }

  /// Null: the plugin has not let go of this token yet, as an end was made up for it. It is not asked now.
  template <class T>
  std::shared_ptr<AttemptCall<T>> open_operation(Operation operation, AttemptRef attempt) {
    auto call = std::make_shared<AttemptCall<T>>(std::move(attempt));
    return tokens_.open({call->c.token, operation, kNever, call}) ? call : nullptr;
  }
  void end_held(Token token) {
    relance_result end{};
    end.size = sizeof end;
    end.outcome = RELANCE_OUT_UNKNOWN;
    end.token = token;
    end.code = RELANCE_LIT("held");
    end.text = RELANCE_LIT("the plugin has not let go of it yet");
    sink_.complete(std::span(&end, 1));
  }
  bool handle_operation(const Frame &frame) {
    auto decoded = decode_attempt(frame.payload);
    if (!decoded) return false;
    const auto token = decoded->attempt.token;
    auto attempt = std::move(decoded->attempt);
    if (frame.type == FrameType::commit) {
      const auto call = open_operation<relance_commit>(Operation::commit, std::move(attempt));
      if (!call) return end_held(token), true;
      call->c.not_after_ms = decoded->not_after_ms;
      instance_->commit(call->c);
    } else if (frame.type == FrameType::query) {
      const auto call = open_operation<relance_query>(Operation::query, std::move(attempt));
      if (!call) return end_held(token), true;
      instance_->query(call->c);
    } else if (frame.type == FrameType::recall) {
      const auto call = open_operation<relance_recall>(Operation::recall, std::move(attempt));
      if (call) instance_->recall(call->c);  // else the end of the first one answers this one, too
    } else {
      const auto call = open_operation<relance_discard>(Operation::discard, std::move(attempt));
      if (call) instance_->discard(call->c);
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
    const auto call = std::make_shared<PollCall>(poll->token, std::move(poll->cursor), std::move(poll->open));
    tokens_.open({call->c().token, Operation::poll, kNever, call});
    instance_->poll(call->c());
    return true;
  }

  bool handle_fetch(const Frame &frame) {
    auto wish = decode_wish(frame.payload);
    if (!wish) return false;
    const auto call = std::make_shared<EvidenceCall>(std::move(*wish));
    tokens_.open({call->wish.token, Operation::fetch, kNever, call});
    instance_->fetch(call->c);
    return true;
  }

  bool handle_authenticate(const Frame &frame) {
    const auto take = [&](std::uint64_t size) { return take_sealed(size); };
    const auto call = decode_authenticate(frame, take);
    if (!call) return false;
    tokens_.open({call->token, Operation::authenticate, kNever, call});
    const AuthenticateCall *const pointer{call.get()};
    instance_->authenticate(std::span(&pointer, 1));
    return true;
  }

  bool handle_credit(const Frame &frame) {
    const auto credit = decode_credit(frame.payload);
    if (!credit) return false;
    if (sink_.add_credit(*credit)) instance_->room();
    return true;
  }

  const int socket_, signal_;
  FrameBuffer buffer_;
  std::deque<Descriptor> files_;
  InstanceState state_;
  TokenTable tokens_;
  ChildOutbox outbox_;
  ChildSink sink_;
  bool has_stopped_{false};
  Confinement sandbox_;
  std::optional<PluginInstance> instance_;  // last: it goes first
};

}  // namespace

std::optional<int> run_if_channel_child(int argc, char **argv) {
  if (argc < 2 || std::string_view(argv[1]) != kChildArgument) return std::nullopt;
  // The end of a child is the end of its socket: a signal to the daemon's whole group must not cut what is in
  // flight.
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_IGN);
  ::prctl(PR_SET_NAME, "relance-channel");
  const int signal_fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  // Never destroyed: a plugin's thread may outlive what we know of it, and the process ends here anyway.
  auto *const role = new ChildRole(kChildSocket, signal_fd);
  ::_exit(role->run());
}

}  // namespace relance::channel
