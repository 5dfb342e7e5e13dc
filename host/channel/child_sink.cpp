#include "host/channel/child_sink.hpp"

#include "host/channel/evidence_border.hpp"
#include "host/channel/webhook_border.hpp"

namespace relance::channel {
void ChildSink::begin(std::uint32_t inbound_items, std::uint32_t log_lines_max) {
  budget_.set_max(log_lines_max);
  const std::lock_guard lock(mutex_);
  inbound_items_ = inbound_items;
  inbound_bytes_ = std::int64_t{kInboundBytesMax};
}

bool ChildSink::add_credit(const CreditFrame &credit) {
  const std::lock_guard lock(mutex_);
  inbound_items_ += credit.items;
  inbound_bytes_ += credit.bytes;
  return std::exchange(has_refused_inbound_, false);
}

bool ChildSink::take_due_wake() {
  const std::lock_guard lock(mutex_);
  if (!wake_at_ || SteadyClock::now() < *wake_at_) return false;
  wake_at_.reset();
  return true;
}

int ChildSink::time_to_wake_ms() {
  const std::lock_guard lock(mutex_);
  if (!wake_at_) return -1;
  const auto left = std::chrono::ceil<Milliseconds>(*wake_at_ - SteadyClock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

void ChildSink::complete(std::span<const relance_result> results) {
  outbox_.say([&](FrameWriter &w) { encode(w, results); });
}

void ChildSink::recalled(std::span<const relance_recalled> results) {
  outbox_.say([&](FrameWriter &w) { encode(w, results); });
}

void ChildSink::discarded(std::span<const relance_discarded> results) {
  outbox_.say([&](FrameWriter &w) { encode(w, results); });
}

void ChildSink::parsed(std::span<const relance_parsed> results) {
  outbox_.say([&](FrameWriter &w) {
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

void ChildSink::polled(const relance_polled &result) {
  outbox_.say([&](FrameWriter &w) { encode(w, to_polled(result)); });
}

void ChildSink::fetched(std::span<const relance_evidence_fetched> results) {
  outbox_.say([&](FrameWriter &w) {
    for (const auto &result : results) encode(w, to_fetched(result));
  });
}

void ChildSink::judged(std::vector<Judgement> judgements) {
  outbox_.say([&](FrameWriter &w) {
    for (const auto &judgement : judgements) encode(w, judgement);
  });
}

void ChildSink::set_webhook_url(std::string url) {
  const std::lock_guard lock(mutex_);
  webhook_url_ = std::move(url);
}

std::string ChildSink::webhook_url() {
  const std::lock_guard lock(mutex_);
  return webhook_url_;
}

void ChildSink::announce(Ending ending, std::span<const Token> tokens) {
  outbox_.say([&](FrameWriter &w) { encode_tokens(w, FrameType::intent, ending, tokens); });
  outbox_.flush_waiting();
}

std::size_t ChildSink::inbound(std::span<const relance_inbound> batch) {
  std::size_t taken{0};
  bool has_too_large{false};
  outbox_.say([&](FrameWriter &w) {
    const std::lock_guard lock(mutex_);
    for (const auto &in : batch) {
      if (inbound_items_ == 0 || inbound_bytes_ <= 0) break;
      ++taken;
      // Never stored, so never acknowledged: it stays at the provider, and the log says why.
      if (in.bytes.len + in.kind.len + in.name.len > kFrameBytesMax - kFrameSlackBytes) {
        has_too_large = true;
        continue;
      }
      --inbound_items_;
      inbound_bytes_ -= static_cast<std::int64_t>(in.bytes.len);
      encode(w, in);
    }
    if (taken < batch.size()) has_refused_inbound_ = true;
  });
  if (has_too_large)
    log(RELANCE_LOG_ERROR, "raw bytes larger than a frame may be were left at the provider", {});
  return taken;
}

void ChildSink::wake_after(Milliseconds delay) {
  {
    const std::lock_guard lock(mutex_);
    wake_at_ = SteadyClock::now() + delay;
  }
  if (!outbox_.is_main_thread()) outbox_.signal();
}

relance_status ChildSink::http_send(HttpCall call) {
  std::string because;
  const auto status = http_.send(call, because);
  if (!because.empty()) log(RELANCE_LOG_WARNING, "an HTTP call was refused: " + because, {});
  return status;
}

void ChildSink::log(int level, std::string_view text, Fields fields) {
  const auto dropped = budget_.take();
  if (!dropped) return;
  if (*dropped != 0) fields.emplace_back("lines_dropped_before", std::to_string(*dropped));
  outbox_.chatter([&](FrameWriter &w) { encode(w, LogFrame{level, std::string(text), std::move(fields)}); });
}

void ChildSink::metric(std::uint32_t kind, std::string_view name, double value, Fields labels) {
  outbox_.chatter(
      [&](FrameWriter &w) { encode(w, MetricFrame{kind, std::string(name), value, std::move(labels)}); });
}

Instant ChildSink::business_now() {
  const auto ms = business_ms_.load();
  return ms == 0 ? WallClock().now() : from_ms(ms);
}

}  // namespace relance::channel
