#include "host/channel/wire.hpp"

#include <cmath>

namespace relance::channel {
namespace {

constexpr std::size_t kTextBytesMin{4};  ///< of a text in a frame: its length
constexpr std::size_t kFieldsMax{64};    ///< of one log line or metric

template <class T>
std::optional<T> if_done(const FrameReader &r, T value) {
  if (!r.is_done()) return std::nullopt;
  return std::optional<T>(std::move(value));
}

void write(FrameWriter &w, const Fields &fields) {
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

void write(FrameWriter &w, const std::optional<Price> &price) {
  w.u8(price ? 1 : 0);
  if (!price) return;
  w.i64(price->micro_units);
  w.text(price->currency);
}
std::optional<Price> read_price(FrameReader &r) {
  if (r.u8() == 0) return std::nullopt;
  Price price;
  price.micro_units = r.i64();
  price.currency = r.text().substr(0, 3);
  return price;
}

/// An enumeration whose values are 0 … last.
template <class E>
E read_enum(FrameReader &r, E last) {
  const auto value = r.u8();
  if (value > static_cast<std::uint8_t>(last)) r.fail();
  return r.is_good() ? static_cast<E>(value) : E{};
}

std::string read_string(FrameReader &r, std::size_t bytes_max = kTextMax) {
  const auto text = r.text();
  if (text.size() > bytes_max) r.fail();
  return std::string(text);
}

relance_str read_str(FrameReader &r) {
  return to_str(r.text());
}

}  // namespace

// ---------------------------------------------------------------------------------------------------------------------
// daemon → child

void encode(FrameWriter &w, const Hello &h) {
  w.begin(FrameType::hello);
  for (const auto *text : {&h.id, &h.plugin_path, &h.driver, &h.settings_json, &h.state}) w.text(*text);
  w.u8(h.is_check ? 1 : 0);
  w.u32(h.inbound_items_max);
  w.u32(h.log_lines_max);
  w.end();
}
std::optional<Hello> decode_hello(std::string_view payload) {
  FrameReader r(payload);
  Hello h;
  for (auto *text : {&h.id, &h.plugin_path, &h.driver, &h.settings_json, &h.state}) *text = r.text();
  h.is_check = r.u8() != 0;
  h.inbound_items_max = r.u32();
  h.log_lines_max = r.u32();
  return if_done(r, std::move(h));
}

std::size_t wire_bytes(const Submission &s) {
  constexpr std::size_t kFixed{256};  // numbers, lengths of the texts that always are there, hashes
  std::size_t bytes{kFixed + s.idempotency_key.size() + s.service.size() + s.subject.size()};
  const auto &a = s.addressee;
  bytes += a.channel.size() + a.address.size() + a.name.size() + a.country.size() + a.language.size();
  bytes += s.sender.name.size() + s.sender.address.size() + s.sender.reply_to.size();
  for (const auto &line : a.postal_lines) bytes += line.size() + kTextBytesMin;
  for (const auto &[key, value] : s.references) bytes += key.size() + value.size() + 2 * kTextBytesMin;
  for (const auto &part : s.parts)
    bytes += part.role.size() + part.media_type.size() + part.file_name.size() +
             (part.bytes ? part.bytes->size() : 0) + sizeof(Sha256) + 4 * kTextBytesMin;
  return bytes;
}

void encode_submit(FrameWriter &w, std::span<const Submission *const> batch) {
  std::size_t parts{0}, lines{0}, references{0};
  for (const auto *s : batch) {
    parts += s->parts.size();
    lines += s->addressee.postal_lines.size();
    references += s->references.size();
  }
  w.begin(FrameType::submit);
  for (const auto total : {batch.size(), parts, lines, references}) w.u32(static_cast<std::uint32_t>(total));
  for (const auto *s : batch) {
    w.u64(s->token);
    w.u32(s->attempt_number);
    for (const auto at : {s->dated, s->not_after, s->valid_until}) w.i64(to_ms(at));
    const auto &a = s->addressee;
    w.u8(a.has_consent ? 1 : 0);
    for (const auto count : {s->parts.size(), a.postal_lines.size(), s->references.size()})
      w.u32(static_cast<std::uint32_t>(count));
    for (const auto *text :
         {&s->idempotency_key, &s->service, &s->subject, &a.channel, &a.address, &a.name, &a.country,
          &a.language, &s->sender.name, &s->sender.address, &s->sender.reply_to})
      w.text(*text);
    for (const auto &part : s->parts) {
      w.text(part.role);
      w.text(part.media_type);
      w.text(part.file_name);
      w.raw(part.sha256.data(), part.sha256.size());
      w.text(part.bytes ? std::string_view(*part.bytes) : std::string_view{});
    }
    for (const auto &line : a.postal_lines) w.text(line);
    for (const auto &[key, value] : s->references) {
      w.text(key);
      w.text(value);
    }
  }
  w.end();
}

namespace {

constexpr std::size_t kMessageBytesMin{8 + 4 + 3 * 8 + 1 + 3 * 4 + 11 * kTextBytesMin};
constexpr std::size_t kPartBytesMin{4 * kTextBytesMin + sizeof(Sha256)};

void read_message(FrameReader &r, MessageArrays &arrays, MessageArrays::Counts &left) {
  const auto token = r.u64();
  const auto attempt_number = r.u32();
  const auto dated_ms = r.i64(), not_after_ms = r.i64(), valid_until_ms = r.i64();
  const auto flags = r.u8() != 0 ? RELANCE_ADDR_CONSENT : 0u;
  const MessageArrays::Counts counts{r.u32(), r.u32(), r.u32()};
  // Above the totals the arrays would move, and the pointers into them dangle.
  if (counts.parts > left.parts || counts.postal_lines > left.postal_lines ||
      counts.references > left.references)
    r.fail();
  if (!r.is_good()) return;
  left.parts -= counts.parts;
  left.postal_lines -= counts.postal_lines;
  left.references -= counts.references;
  const auto slot = arrays.add(counts);
  auto &m = *slot.message;
  auto &a = *slot.addressee;
  m.token = token;
  m.attempt_number = attempt_number;
  m.dated_ms = dated_ms;
  m.not_after_ms = not_after_ms;
  m.valid_until_ms = valid_until_ms;
  a.flags = flags;
  for (auto *text : {&m.idempotency_key, &m.service, &m.subject, &a.channel, &a.address, &a.name, &a.country,
                     &a.language, &slot.sender->name, &slot.sender->address, &slot.sender->reply_to})
    *text = read_str(r);
  for (std::size_t i{0}; i < counts.parts; ++i) {
    auto &part = slot.parts[i];
    part.role = read_str(r);
    part.media_type = read_str(r);
    part.file_name = read_str(r);
    part.sha256 = reinterpret_cast<const std::uint8_t *>(r.raw(sizeof(Sha256)).data());
    part.bytes = read_str(r);
  }
  for (std::size_t i{0}; i < counts.postal_lines; ++i) slot.postal_lines[i] = read_str(r);
  for (std::size_t i{0}; i < counts.references; ++i) {
    slot.references[i].key = read_str(r);
    slot.references[i].value = read_str(r);
  }
}

}  // namespace

bool decode_submit(std::string_view payload, MessageArrays &arrays) {
  FrameReader r(payload);
  const auto messages = r.count(kMessageBytesMin);
  MessageArrays::Counts left{r.u32(), r.u32(), r.u32()};
  if (left.parts > payload.size() / kPartBytesMin || left.postal_lines > payload.size() / kTextBytesMin ||
      left.references > payload.size() / (2 * kTextBytesMin))
    return false;
  arrays.reserve(messages, left.parts, left.postal_lines, left.references);
  for (std::uint32_t i{0}; i < messages && r.is_good(); ++i) read_message(r, arrays, left);
  return r.is_done() && left.parts == 0 && left.postal_lines == 0 && left.references == 0;
}

void encode_refs(FrameWriter &w, FrameType type, Token token, std::string_view key,
                 const std::vector<std::string> &refs, std::int64_t not_after_ms) {
  w.begin(type);
  w.u64(token);
  w.i64(not_after_ms);
  w.text(key);
  w.u32(static_cast<std::uint32_t>(refs.size()));
  for (const auto &ref : refs) w.text(ref);
  w.end();
}
std::optional<RefsFrame> decode_refs(std::string_view payload) {
  FrameReader r(payload);
  RefsFrame frame;
  frame.token = r.u64();
  frame.not_after_ms = r.i64();
  frame.key = r.text();
  const auto count = r.count(kTextBytesMin);
  for (std::uint32_t i{0}; i < count; ++i) frame.refs.push_back(read_str(r));
  return if_done(r, std::move(frame));
}

void encode_tokens(FrameWriter &w, FrameType type, Ending ending, std::span<const Token> tokens) {
  w.begin(type);
  w.u8(static_cast<std::uint8_t>(ending));
  w.u32(static_cast<std::uint32_t>(tokens.size()));
  w.raw(tokens.data(), tokens.size_bytes());
  w.end();
}
std::optional<TokensFrame> decode_tokens(std::string_view payload) {
  FrameReader r(payload);
  TokensFrame frame;
  frame.ending = read_enum(r, Ending::polled);
  frame.tokens.resize(r.count(sizeof(Token)));
  const auto bytes = r.raw(frame.tokens.size() * sizeof(Token));
  if (!bytes.empty()) std::memcpy(frame.tokens.data(), bytes.data(), bytes.size());
  return if_done(r, std::move(frame));
}

void encode_parse(FrameWriter &w, Token token, std::string_view kind, std::string_view bytes) {
  w.begin(FrameType::parse);
  w.u64(token);
  w.text(kind);
  w.text(bytes);
  w.end();
}
std::optional<relance_raw> decode_parse(std::string_view payload) {
  FrameReader r(payload);
  relance_raw raw{};
  raw.size = sizeof raw;
  raw.token = r.u64();
  raw.kind = read_str(r);
  raw.bytes = read_str(r);
  return if_done(r, raw);
}

void encode_poll(FrameWriter &w, Token token, std::string_view cursor) {
  w.begin(FrameType::poll);
  w.u64(token);
  w.text(cursor);
  w.end();
}
std::optional<PollFrame> decode_poll(std::string_view payload) {
  FrameReader r(payload);
  PollFrame frame;
  frame.token = r.u64();
  frame.cursor = r.text();
  return if_done(r, std::move(frame));
}

void encode(FrameWriter &w, const Polled &polled) {
  w.begin(FrameType::polled);
  w.u64(polled.token);
  w.text(polled.cursor);
  w.text(polled.error);
  w.i64(polled.next_poll.count());
  w.end();
}
std::optional<Polled> decode_polled(std::string_view payload) {
  FrameReader r(payload);
  Polled polled;
  polled.token = r.u64();
  polled.cursor = r.text();
  polled.error = to_line(r.text());
  polled.next_poll = Milliseconds(std::clamp<std::int64_t>(r.i64(), 0, kNextPollMaxMs));
  return if_done(r, std::move(polled));
}

void encode(FrameWriter &w, const CreditFrame &credit) {
  w.begin(FrameType::credit);
  w.u32(credit.items);
  w.i64(credit.bytes);
  w.end();
}
std::optional<CreditFrame> decode_credit(std::string_view payload) {
  FrameReader r(payload);
  CreditFrame credit;
  credit.items = r.u32();
  credit.bytes = r.i64();
  return if_done(r, credit);
}

void encode_number(FrameWriter &w, FrameType type, std::int64_t number) {
  w.begin(type);
  w.i64(number);
  w.end();
}
std::optional<std::int64_t> decode_number(std::string_view payload) {
  FrameReader r(payload);
  const auto number = r.i64();
  return if_done(r, number);
}
void encode_empty(FrameWriter &w, FrameType type) {
  w.begin(type);
  w.end();
}

// ---------------------------------------------------------------------------------------------------------------------
// child → daemon

void encode(FrameWriter &w, const Traits &t) {
  w.begin(FrameType::started);
  for (const auto *text : {&t.plugin_id, &t.plugin_version, &t.driver, &t.channel}) w.text(*text);
  w.i64(t.idempotency_window.value_or(Milliseconds{0}).count());
  w.i64(t.not_found_certain_after.value_or(Milliseconds{0}).count());
  w.u32(t.max_in_flight);
  for (const bool can :
       {t.can_query_by_ref, t.can_query_by_key, t.can_recall, t.is_two_phase, t.can_receive, t.can_poll})
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
  for (auto *text : {&t.plugin_id, &t.plugin_version, &t.driver, &t.channel}) *text = read_string(r);
  if (const auto ms = r.i64(); ms > 0) t.idempotency_window = Milliseconds{ms};
  if (const auto ms = r.i64(); ms > 0) t.not_found_certain_after = Milliseconds{ms};
  t.max_in_flight = r.u32();
  for (bool *can : {&t.can_query_by_ref, &t.can_query_by_key, &t.can_recall, &t.is_two_phase, &t.can_receive,
                    &t.can_poll})
    *can = r.u8() != 0;
  const auto count = r.count(9);
  for (std::uint32_t i{0}; i < count; ++i) {
    const auto kind = read_enum(r, ReceiptKind::complaint);
    t.expected_receipts.emplace_back(kind, Milliseconds{r.i64()});
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

void encode(FrameWriter &w, std::span<const relance_result> results) {
  w.begin(FrameType::outcomes);
  w.u32(static_cast<std::uint32_t>(results.size()));
  for (const auto &r : results) {
    w.u64(r.token);
    w.u8(static_cast<std::uint8_t>(to_outcome_kind(r.outcome)));
    w.u8(static_cast<std::uint8_t>(to_failure_class(r.failure)));
    w.u8((r.flags & RELANCE_RESULT_WHOLE_INSTANCE) != 0 ? 1 : 0);
    w.i64(std::max<std::int64_t>(r.retry_after_ms, 0));
    w.u8(r.price != nullptr ? 1 : 0);
    if (r.price != nullptr) {
      w.i64(r.price->micro_units);
      w.text(to_view(r.price->currency).substr(0, 3));
    }
    w.text(to_view(r.code).substr(0, kTextMax));
    w.text(to_view(r.text).substr(0, kTextMax));
    const auto refs = std::min(r.ref_count, kRefsMax);
    w.u32(static_cast<std::uint32_t>(refs));
    for (std::size_t i{0}; i < refs; ++i) w.text(to_view(r.refs[i]).substr(0, kRefBytesMax));
  }
  w.end();
}
std::optional<std::vector<Outcome>> decode_outcomes(std::string_view payload) {
  FrameReader r(payload);
  const auto count = r.count(8 + 3 + 8 + 1 + 3 * kTextBytesMin);
  std::vector<Outcome> outcomes(count);
  for (auto &o : outcomes) {
    o.token = r.u64();
    o.kind = read_enum(r, OutcomeKind::unknown);
    o.failure = read_enum(r, FailureClass::configuration);
    o.whole_instance = r.u8() != 0;
    if (const auto ms = r.i64(); ms > 0) o.retry_after = Milliseconds{ms};
    o.price = read_price(r);
    o.code = read_string(r);
    o.text = read_string(r);
    const auto refs = r.count(kTextBytesMin);
    for (std::uint32_t i{0}; i < refs && r.is_good(); ++i) o.refs.push_back(read_string(r));
    if (!r.is_good()) break;
  }
  return if_done(r, std::move(outcomes));
}

void encode(FrameWriter &w, std::span<const relance_recalled> results) {
  w.begin(FrameType::recalled);
  w.u32(static_cast<std::uint32_t>(results.size()));
  for (const auto &result : results) {
    const auto recall = to_recall(result);
    w.u64(recall.token);
    w.u8(static_cast<std::uint8_t>(recall.kind));
    w.text(recall.text);
  }
  w.end();
}
std::optional<std::vector<Recall>> decode_recalls(std::string_view payload) {
  FrameReader r(payload);
  std::vector<Recall> recalls(r.count(8 + 1 + kTextBytesMin));
  for (auto &recall : recalls) {
    recall.token = r.u64();
    recall.kind = read_enum(r, RecallKind::unknown);
    recall.text = read_string(r);
  }
  return if_done(r, std::move(recalls));
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

void encode(FrameWriter &w, const Parsed &p) {
  w.begin(FrameType::parsed);
  w.u64(p.token);
  w.u8(p.is_retryable ? 1 : 0);
  w.text(p.error);
  w.u32(static_cast<std::uint32_t>(p.receipts.size()));
  for (const auto &receipt : p.receipts) {
    w.u8(static_cast<std::uint8_t>(receipt.kind));
    w.u8(receipt.is_final ? 1 : 0);
    w.u8(static_cast<std::uint8_t>(receipt.failure));
    w.u32(receipt.part_index);
    w.u32(receipt.part_count);
    w.i64(receipt.provider_time ? to_ms(*receipt.provider_time) : 0);
    write(w, receipt.price);
    for (const auto *text : {&receipt.ref, &receipt.idempotency_key, &receipt.code, &receipt.text})
      w.text(*text);
    w.u32(static_cast<std::uint32_t>(receipt.evidence.size()));
    for (const auto &e : receipt.evidence)
      for (const auto *text : {&e.media_type, &e.file_name, &e.bytes, &e.reference}) w.text(*text);
  }
  w.u32(static_cast<std::uint32_t>(p.replies.size()));
  for (const auto &reply : p.replies) {
    w.u8(static_cast<std::uint8_t>(reply.kind));
    for (const auto *text :
         {&reply.from, &reply.to, &reply.subject, &reply.text, &reply.ref, &reply.idempotency_key})
      w.text(*text);
  }
  w.end();
}

namespace {

Receipt read_receipt(FrameReader &r) {
  Receipt receipt;
  receipt.kind = read_enum(r, ReceiptKind::complaint);
  receipt.is_final = r.u8() != 0;
  receipt.failure = read_enum(r, FailureClass::configuration);
  receipt.part_index = r.u32();
  receipt.part_count = r.u32();
  if (const auto ms = r.i64(); ms != 0) receipt.provider_time = from_ms(ms);
  receipt.price = read_price(r);
  for (auto *text : {&receipt.ref, &receipt.idempotency_key, &receipt.code, &receipt.text})
    *text = read_string(r);
  const auto evidence = r.count(4 * kTextBytesMin);
  for (std::uint32_t i{0}; i < evidence && r.is_good(); ++i) {
    auto &e = receipt.evidence.emplace_back();
    for (auto *text : {&e.media_type, &e.file_name, &e.bytes, &e.reference}) *text = r.text();
  }
  return receipt;
}

}  // namespace

std::optional<Parsed> decode_parsed(std::string_view payload) {
  FrameReader r(payload);
  Parsed p;
  p.token = r.u64();
  p.is_retryable = r.u8() != 0;
  p.error = read_string(r);
  const auto receipts = r.count(3 + 8 + 8 + 1 + 5 * kTextBytesMin);
  for (std::uint32_t i{0}; i < receipts && r.is_good(); ++i) p.receipts.push_back(read_receipt(r));
  const auto replies = r.count(1 + 6 * kTextBytesMin);
  for (std::uint32_t i{0}; i < replies && r.is_good(); ++i) {
    auto &reply = p.replies.emplace_back();
    reply.kind = read_enum(r, ReplyKind::automatic);
    for (auto *text :
         {&reply.from, &reply.to, &reply.subject, &reply.text, &reply.ref, &reply.idempotency_key})
      *text = r.text();
  }
  return if_done(r, std::move(p));
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
  write(w, line.fields);
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
  write(w, metric.labels);
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
