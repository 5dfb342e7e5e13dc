// The frames by which a child ends tokens: outcomes, recalls, what raw bytes mean, the end of a poll.
#include "host/channel/wire.hpp"
#include "host/channel/wire_field.hpp"

namespace relance::channel {
namespace {

void write_price(FrameWriter &w, const std::optional<Price> &price) {
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

void encode(FrameWriter &w, std::span<const relance_result> results) {
  w.begin(FrameType::outcomes);
  w.u32(static_cast<std::uint32_t>(results.size()));
  for (const auto &r : results) {
    w.u64(r.token);
    w.u8(static_cast<std::uint8_t>(to_outcome_kind(r.outcome)));
    w.u8(static_cast<std::uint8_t>(to_failure_class(r.failure)));
    w.u8((r.flags & RELANCE_RESULT_WHOLE_INSTANCE) != 0 ? 1 : 0);
    w.i64(std::max<std::int64_t>(r.retry_after_ms, 0));
    w.u32(std::min<std::uint32_t>(r.part_count, kRefsMax));
    w.u8(r.price != nullptr ? 1 : 0);
    if (r.price != nullptr) {
      w.i64(r.price->micro_units);
      w.text(to_view(r.price->currency).substr(0, 3));
    }
    w.text(to_view(r.code).substr(0, kTextMax));
    w.text(to_view(r.text).substr(0, kTextMax));
    const std::span refs(r.refs, std::min(r.ref_count, kRefsMax));
    w.u32(static_cast<std::uint32_t>(std::count_if(refs.begin(), refs.end(), is_ref)));
    for (const auto &ref : refs)
      if (is_ref(ref)) w.text(to_view(ref));
  }
  w.end();
}
std::optional<std::vector<Outcome>> decode_outcomes(std::string_view payload) {
  FrameReader r(payload);
  const auto count = r.count(8 + 3 + 8 + 4 + 1 + 3 * kTextBytesMin);
  std::vector<Outcome> outcomes(count);
  for (auto &o : outcomes) {
    o.token = r.u64();
    o.kind = read_enum(r, OutcomeKind::unknown);
    o.failure = read_enum(r, FailureClass::configuration);
    o.whole_instance = r.u8() != 0;
    if (const auto ms = r.i64(); ms > 0) o.retry_after = bounded(ms);
    o.part_count = r.u32();
    if (o.part_count > kRefsMax) r.fail();
    o.price = read_price(r);
    o.code = read_string(r);
    o.text = read_string(r);
    const auto refs = r.count(kTextBytesMin);
    if (refs > kRefsMax) r.fail();
    for (std::uint32_t i{0}; i < refs && r.is_good(); ++i) o.refs.push_back(read_string(r, kRefBytesMax));
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

void encode(FrameWriter &w, std::span<const relance_discarded> results) {
  w.begin(FrameType::discarded);
  w.u32(static_cast<std::uint32_t>(results.size()));
  for (const auto &result : results) {
    const auto discard = to_discard(result);
    w.u64(discard.token);
    w.u8(static_cast<std::uint8_t>(discard.kind));
    w.text(discard.text);
  }
  w.end();
}
std::optional<std::vector<Discard>> decode_discards(std::string_view payload) {
  FrameReader r(payload);
  std::vector<Discard> discards(r.count(8 + 1 + kTextBytesMin));
  for (auto &discard : discards) {
    discard.token = r.u64();
    discard.kind = read_enum(r, DiscardKind::unknown);
    discard.text = read_string(r);
  }
  return if_done(r, std::move(discards));
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
    write_price(w, receipt.price);
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
    w.i64(reply.amount_minor);
    w.text(reply.currency);
    w.u32(reply.date ? static_cast<std::uint32_t>(to_day_number(*reply.date)) : 0);
  }
  w.end();
}

std::optional<Parsed> decode_parsed(std::string_view payload) {
  FrameReader r(payload);
  Parsed p;
  p.token = r.u64();
  p.is_retryable = r.u8() != 0;
  p.error = read_string(r);
  const auto receipts = r.count(3 + 8 + 8 + 1 + 5 * kTextBytesMin);
  for (std::uint32_t i{0}; i < receipts && r.is_good(); ++i) p.receipts.push_back(read_receipt(r));
  const auto replies = r.count(1 + 8 + 4 + 7 * kTextBytesMin);
  for (std::uint32_t i{0}; i < replies && r.is_good(); ++i) {
    auto &reply = p.replies.emplace_back();
    reply.kind = read_enum(r, ReplyKind::call_back);
    for (auto *text :
         {&reply.from, &reply.to, &reply.subject, &reply.text, &reply.ref, &reply.idempotency_key})
      *text = r.text();
    reply.amount_minor = std::max<std::int64_t>(r.i64(), 0);
    reply.currency = r.text();
    if (const auto days = r.u32(); days > 0 && days <= kDateDaysMax)
      reply.date = from_day_number(static_cast<std::int32_t>(days));
  }
  return if_done(r, std::move(p));
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

}  // namespace relance::channel
