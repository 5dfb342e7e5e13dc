// What the engine asks of a child: refused at once when it cannot be asked, else a token opened and a frame
// written.
#include "host/channel/child_provider.hpp"
#include "host/channel/evidence_border.hpp"
#include "host/channel/made_up.hpp"
#include "host/channel/sealed_bytes.hpp"
#include "host/channel/webhook_border.hpp"

#include <unistd.h>

namespace relance::channel {
namespace {

constexpr std::size_t kOpenFactor{4};  ///< the engine keeps to max_in_flight; beyond this it has lost count
constexpr std::size_t kOpenMin{1024};
constexpr std::size_t kSliceBytes{
    128u << 10};  ///< of one submit frame: small enough that its memory is free again soon

}  // namespace

Result<void> ChildProvider::start() {
  if (auto loaded = state_.load(state_path()); !loaded) return loaded;
  auto future = started_.get_future();
  thread_ = std::thread([this] { run(); });
  auto result = future.get();
  if (!result) thread_.join();
  return result;
}

Outcome ChildProvider::refusal(Token token, OutcomeKind kind, const char *code, std::string text) const {
  Outcome outcome;
  outcome.token = token;
  outcome.kind = kind;
  outcome.failure = kind == OutcomeKind::not_sent ? FailureClass::temporary : FailureClass::policy;
  outcome.code = code;
  outcome.text = std::move(text);
  return outcome;
}

/// With mutex_ held. Why it cannot go now; nothing: it can, and its large parts are files.
std::optional<Outcome> ChildProvider::refuse_or_seal(const Submission &s, std::size_t open_count,
                                                     std::size_t queued_bytes, Outgoing &outgoing) const {
  if (phase_ != Phase::up) {
    auto down = refusal(s.token, OutcomeKind::not_sent, "down", down_reason_);
    down.whole_instance = true;
    const auto wait = std::chrono::ceil<Milliseconds>(next_start_ - SteadyClock::now());
    if (phase_ == Phase::down && wait.count() > 0) down.retry_after = wait;
    return down;
  }
  std::size_t sealed_bytes{0}, sealed_count{0};
  for (const auto &part : s.parts)
    if (is_sealed_part(part)) {
      sealed_bytes += part.bytes->size();
      ++sealed_count;
    }
  const auto bytes = wire_bytes(s) + sealed_bytes;
  if (bytes > settings_.limits.message_bytes_max ||
      bytes - sealed_bytes > kFrameBytesMax - kFrameSlackBytes || sealed_count > kSealedPerFrameMax)
    return refusal(s.token, OutcomeKind::rejected, "too_large",
                   "the message has " + std::to_string(bytes) + " bytes and " + std::to_string(sealed_count) +
                       " large parts; at most " + std::to_string(settings_.limits.message_bytes_max) +
                       " and " + std::to_string(kSealedPerFrameMax) + " fit");
  const auto open_max = std::max<std::size_t>(kOpenFactor * traits_.max_in_flight, kOpenMin);
  if (open_count == open_max || queued_bytes + bytes > settings_.limits.queued_bytes_max)
    return refusal(s.token, OutcomeKind::not_sent, "window", "the provider takes no more messages now");
  for (const auto &part : s.parts) {
    if (!is_sealed_part(part)) continue;
    auto sealed = seal_bytes(*part.bytes);
    if (!sealed) return refusal(s.token, OutcomeKind::not_sent, "no_memory", sealed.error().message);
    outgoing.sealed.push_back(std::move(*sealed));
  }
  outgoing.message = &s;
  return std::nullopt;
}

void ChildProvider::submit(std::vector<Submission> batch) {
  std::vector<Outcome> refused;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::ended) return;
    auto open_count = tokens_.size(Ending::complete);
    auto queued_bytes = out_.size() - out_at_;
    const auto now = WallClock().now();
    Going going;
    going.messages.reserve(batch.size());
    going.frame_bytes.reserve(batch.size());
    for (const auto &s : batch) {
      Outgoing outgoing;
      if (auto no = refuse_or_seal(s, open_count, queued_bytes, outgoing)) {
        refused.push_back(std::move(*no));
      } else if (tokens_.open({s.token, Operation::submit,
                               std::max(s.not_after, now) + settings_.limits.outcome_grace, nullptr})) {
        ++open_count;
        going.frame_bytes.push_back(wire_bytes(s));
        queued_bytes += going.frame_bytes.back();
        going.messages.push_back(std::move(outgoing));
      }
    }
    if (!going.messages.empty()) write_slices(going);
  }
  if (!refused.empty()) events_.outcomes(settings_.id, std::move(refused));
}

void ChildProvider::write_slices(Going &going, FrameType type) {
  FrameWriter w(out_);
  write_clock(w);
  std::size_t from{0}, bytes{0}, files{0};
  const auto count = going.messages.size();
  for (std::size_t i{0}; i < count; ++i) {
    bytes += going.frame_bytes[i];
    files += going.messages[i].sealed.size();
    if (i + 1 < count && bytes + going.frame_bytes[i + 1] <= kSliceBytes &&
        files + going.messages[i + 1].sealed.size() <= kSealedPerFrameMax)
      continue;
    encode_submit(w, std::span(going.messages).subspan(from, i + 1 - from), type);
    from = i + 1;
    bytes = files = 0;
  }
  flush();
}

/// With mutex_ held. False: there is no child to ask.
bool ChildProvider::open(Operation operation, Token token) {
  return phase_ == Phase::up &&
         tokens_.open({token, operation, WallClock().now() + settings_.limits.answer_timeout, nullptr});
}

void ChildProvider::operation(Operation operation, FrameType type, const AttemptRef &attempt,
                              std::int64_t not_after_ms) {
  const auto token = attempt.token;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::ended) return;
    if (open(operation, token)) {
      FrameWriter w(out_);
      write_clock(w);
      encode_attempt(w, type, attempt, not_after_ms);
      return flush();
    }
    if (phase_ == Phase::up) return;  // open already: its end is on its way
  }
  deliver(make_up({{token, operation, {}, nullptr}}, "down", "the provider is down"), settings_.id, events_);
}

void ChildProvider::parse(Token token, const std::string &kind, std::shared_ptr<const std::string> bytes,
                          Instant received_at) {
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
      encode_parse(w, token, kind, *bytes, received_at);
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

void ChildProvider::poll(Token token, const std::string &cursor, OpenPage open_page) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::ended) return;
    if (open(Operation::poll, token)) {
      FrameWriter w(out_);
      write_clock(w);
      encode_poll(w, token, cursor, open_page);
      return flush();
    }
    if (phase_ == Phase::up) return;
  }
  events_.polled(settings_.id, {token, {}, "the provider is down", {}});
}

void ChildProvider::fetch(EvidenceWish wish) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::ended) return;
    if (open(Operation::fetch, wish.token)) {
      FrameWriter w(out_);
      write_clock(w);
      encode(w, wish);
      return flush();
    }
    if (phase_ == Phase::up) return;
  }
  deliver(make_up({{wish.token, Operation::fetch, {}, nullptr}}, "down", "the provider is down"),
          settings_.id, events_);
}

/// Any thread.
void ChildProvider::authenticate(std::vector<WebhookCall> calls) {
  std::vector<OpenToken> refused;
  std::string because;
  {
    const std::lock_guard lock(mutex_);
    const auto open_count = tokens_.size(Ending::judged);
    const bool is_open{phase_ == Phase::up && !is_stopping_ &&
                       open_count + calls.size() <= settings_.limits.judging_max &&
                       out_.size() - out_at_ <= settings_.limits.queued_bytes_max};
    if (!is_open) because = phase_ == Phase::up ? "the provider takes no more webhooks now" : down_reason_;
    FrameWriter w(out_);
    const auto deadline = WallClock().now() + settings_.limits.judge_timeout;
    for (const auto &call : calls) {
      if (!is_open) {
        refused.push_back({call.token, Operation::authenticate, {}, nullptr});
      } else if (tokens_.open({call.token, Operation::authenticate, deadline, nullptr}) &&
                 !encode_authenticate(w, call.token, *call.request)) {
        tokens_.close(Ending::judged, call.token);
        refused.push_back({call.token, Operation::authenticate, {}, nullptr});
        because = "the request is larger than can be handed over";
      }
    }
    flush();
    if (is_open && open_count == 0) signal();  // the deadline is seen by an I/O thread that looks
  }
  if (!refused.empty()) deliver(make_up(refused, "down", because), settings_.id, events_);
}

void ChildProvider::set_webhook_url(std::string url) {
  const std::lock_guard lock(mutex_);
  if (url == webhook_url_) return;
  webhook_url_ = std::move(url);
  if (phase_ != Phase::up && phase_ != Phase::starting) return;
  FrameWriter w(out_);
  w.begin(FrameType::webhook_url);
  w.raw(webhook_url_.data(), webhook_url_.size());
  w.end();
  flush();
}

void ChildProvider::stored(std::vector<Token> plugin_tokens) {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::up) return;
  const auto theirs = inbound_.take_stored(plugin_tokens);
  if (theirs.empty()) return;
  FrameWriter w(out_);
  encode_tokens(w, FrameType::stored, Ending::complete, theirs);
  flush();
}

void ChildProvider::stop(Milliseconds grace) {
  if (!thread_.joinable()) return;
  const auto give_up_at = SteadyClock::now() + grace;
  is_stopping_ = true;
  post([grace](FrameWriter &w) { encode_number(w, FrameType::stop, grace.count()); });
  {
    const auto has_ended = [this] { return tokens_.size() == 0 || phase_ != Phase::up; };
    std::unique_lock lock(mutex_);
    if (!ended_.wait_until(lock, give_up_at - last_words(grace), has_ended)) {
      gives_up_http_ = true;
      signal();
      ended_.wait_until(lock, give_up_at, has_ended);
    }
    closing_since_ = SteadyClock::now();
  }
  signal();
  thread_.join();
}

void ChildProvider::signal() {
  const std::uint64_t one{1};
  static_cast<void>(!::write(signal_.get(), &one, sizeof one));
}

/// With mutex_ held: writes what the socket takes.
void ChildProvider::flush() {
  while (out_at_ < out_.size()) {
    const auto n = out_.send_from(out_at_, process_.socket());
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

}  // namespace relance::channel
