// What a child says besides the ends of tokens: that it has started, raw bytes, health, log lines, metrics,
// state.
#include "host/channel/wire.hpp"
#include "host/channel/wire_field.hpp"

#include <cmath>

namespace relance::channel {
namespace {

constexpr std::size_t kFieldsMax{64};  ///< of one log line or metric

void write_fields(FrameWriter &w, const Fields &fields) {
  const auto count = std::min(fields.size(), kFieldsMax);
  w.u32(static_cast<std::uint32_t>(count));
  for (std::size_t i{0}; i < count; ++i) {
    w.text(fields[i].first);
    w.text(fields[i].second);
  }
}
Fields read_fields(FrameReader &r) {
  const auto count = r.count(2 * kTextBytesMin);
  if (count > kFieldsMax) r.fail();
  Fields fields;
  for (std::uint32_t i{0}; i < count && r.is_good(); ++i) {
    auto key = to_line(r.text());
    fields.emplace_back(std::move(key), to_line(r.text()));
  }
  return fields;
}

}  // namespace

void encode(FrameWriter &w, const Traits &t) {
  w.begin(FrameType::started);
  for (const auto *text : {&t.plugin_id, &t.plugin_version, &t.driver, &t.channel, &t.sandbox}) w.text(*text);
  w.i64(t.idempotency_window.value_or(Milliseconds{0}).count());
  w.i64(t.not_found_certain_after.value_or(Milliseconds{0}).count());
  w.u32(t.max_in_flight);
  for (const bool can : {t.can_query_by_ref, t.can_query_by_key, t.can_recall, t.is_two_phase, t.can_receive,
                         t.can_poll, t.can_fetch_evidence, t.can_quote, t.submit_never_releases, t.polls_open,
                         t.can_webhook})
    w.u8(can ? 1 : 0);
  w.u32(static_cast<std::uint32_t>(t.expected_receipts.size()));
  for (const auto &[kind, within] : t.expected_receipts) {
    w.u8(static_cast<std::uint8_t>(kind));
    w.i64(within.count());
  }
  w.end();
}
std::optional<Traits> decode_traits(std::string_view payload) {
  FrameReader r(payload);
  Traits t;
  for (auto *text : {&t.plugin_id, &t.plugin_version, &t.driver, &t.channel, &t.sandbox})
    *text = to_line(read_string(r));
  if (const auto ms = r.i64(); ms > 0) t.idempotency_window = bounded(ms);
  if (const auto ms = r.i64(); ms > 0) t.not_found_certain_after = bounded(ms);
  t.max_in_flight = r.u32();
  for (bool *can : {&t.can_query_by_ref, &t.can_query_by_key, &t.can_recall, &t.is_two_phase, &t.can_receive,
                    &t.can_poll, &t.can_fetch_evidence, &t.can_quote, &t.submit_never_releases, &t.polls_open,
                    &t.can_webhook})
    *can = r.u8() != 0;
  const auto count = r.count(9);
  for (std::uint32_t i{0}; i < count; ++i) {
    const auto kind = read_enum(r, ReceiptKind::complaint);
    t.expected_receipts.emplace_back(kind, bounded(r.i64()));
  }
  return if_done(r, std::move(t));
}

void encode(FrameWriter &w, const Error &error) {
  w.begin(FrameType::refused);
  w.u8(static_cast<std::uint8_t>(error.kind));
  w.text(std::string_view(error.message).substr(0, kTextMax));
  w.text(std::string_view(error.where).substr(0, kTextMax));
  w.end();
}
std::optional<Error> decode_error(std::string_view payload) {
  FrameReader r(payload);
  Error error;
  error.kind = read_enum(r, ErrorKind::internal);
  error.message = to_line(r.text());
  error.where = to_line(r.text());
  return if_done(r, std::move(error));
}

void encode(FrameWriter &w, const relance_inbound &in) {
  w.begin(FrameType::inbound);
  w.u64(in.token);
  w.i64(in.received_at_ms);
  w.text(to_view(in.kind).substr(0, kTextMax));
  w.text(to_view(in.name).substr(0, kTextMax));
  w.text(to_view(in.bytes));
  w.end();
}
std::optional<Inbound> decode_inbound(std::string_view payload) {
  FrameReader r(payload);
  Inbound in;
  in.plugin_token = r.u64();
  in.received_at = from_ms(r.i64());
  in.kind = read_string(r);
  in.name = read_string(r);
  in.bytes = r.text();
  return if_done(r, std::move(in));
}

void encode(FrameWriter &w, const Health &health) {
  w.begin(FrameType::health);
  w.u8(static_cast<std::uint8_t>(health.level));
  w.i64(health.retry_at ? to_ms(*health.retry_at) : 0);
  w.text(health.code);
  w.text(health.text);
  w.end();
}
std::optional<Health> decode_health(std::string_view payload) {
  FrameReader r(payload);
  Health health;
  health.level = read_enum(r, HealthLevel::down);
  if (const auto ms = r.i64(); ms != 0) health.retry_at = from_ms(ms);
  health.code = to_line(r.text());
  health.text = to_line(r.text());
  return if_done(r, std::move(health));
}

void encode(FrameWriter &w, const LogFrame &line) {
  w.begin(FrameType::log);
  w.u8(static_cast<std::uint8_t>(line.level));
  w.text(line.text);
  write_fields(w, line.fields);
  w.end();
}
std::optional<LogFrame> decode_log(std::string_view payload) {
  FrameReader r(payload);
  LogFrame line;
  line.level = r.u8();
  if (line.level > RELANCE_LOG_ERROR) r.fail();
  line.text = to_line(r.text());
  line.fields = read_fields(r);
  return if_done(r, std::move(line));
}

void encode(FrameWriter &w, const MetricFrame &metric) {
  w.begin(FrameType::metric);
  w.u8(static_cast<std::uint8_t>(metric.kind));
  w.text(metric.name);
  w.f64(metric.value);
  write_fields(w, metric.labels);
  w.end();
}
std::optional<MetricFrame> decode_metric(std::string_view payload) {
  FrameReader r(payload);
  MetricFrame metric;
  metric.kind = r.u8();
  if (metric.kind > RELANCE_METRIC_OBSERVE) r.fail();
  metric.name = to_line(r.text());
  metric.value = r.f64();
  if (!std::isfinite(metric.value)) r.fail();
  metric.labels = read_fields(r);
  return if_done(r, std::move(metric));
}

void encode(FrameWriter &w, const StateFrame &state) {
  w.begin(FrameType::state);
  w.text(state.key);
  w.text(state.value);
  w.end();
}
std::optional<StateFrame> decode_state(std::string_view payload) {
  FrameReader r(payload);
  StateFrame state;
  state.key = r.text();
  state.value = r.text();
  return if_done(r, std::move(state));
}

}  // namespace relance::channel
