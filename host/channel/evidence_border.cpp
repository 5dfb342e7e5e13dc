#include "host/channel/evidence_border.hpp"

#include "host/channel/border.hpp"
#include "host/channel/wire_field.hpp"

namespace relance::channel {

EvidenceCall::EvidenceCall(EvidenceWish w) : wish(std::move(w)) {
  c.size = sizeof c;
  c.token = wish.token;
  c.reference = to_str(wish.reference);
  c.media_type = to_str(wish.media_type);
  c.file_name = to_str(wish.file_name);
  c.ref = to_str(wish.ref);
  c.idempotency_key = to_str(wish.idempotency_key);
}

Fetched to_fetched(const relance_evidence_fetched &end) {
  Fetched fetched;
  fetched.token = end.token;
  fetched.error = to_line(to_view(end.error));
  if (end.retry_after_ms > 0) fetched.retry_after = Milliseconds(end.retry_after_ms);
  if (end.status == RELANCE_FETCHED_GONE) fetched.kind = FetchKind::gone;
  if (end.status != RELANCE_FETCHED_OK) return fetched;
  const auto document = end.document == nullptr ? relance_evidence{} : read_sized(end.document);
  if (document.bytes.len == 0) {
    fetched.error = "the plugin said that it has the document, and gave none";
    return fetched;
  }
  fetched.kind = FetchKind::fetched;
  fetched.document.media_type = to_line(to_view(document.media_type));
  fetched.document.file_name = to_line(to_view(document.file_name));
  fetched.document.bytes = to_view(document.bytes);
  return fetched;
}

void encode(FrameWriter &w, const EvidenceWish &wish) {
  w.begin(FrameType::fetch);
  w.u64(wish.token);
  for (const auto *text :
       {&wish.reference, &wish.media_type, &wish.file_name, &wish.ref, &wish.idempotency_key})
    w.text(*text);
  w.end();
}

std::optional<EvidenceWish> decode_wish(std::string_view payload) {
  FrameReader r(payload);
  EvidenceWish wish;
  wish.token = r.u64();
  for (auto *text : {&wish.reference, &wish.media_type, &wish.file_name, &wish.ref, &wish.idempotency_key})
    *text = r.text();
  return if_done(r, std::move(wish));
}

void encode(FrameWriter &w, const Fetched &fetched) {
  if (fetched.document.bytes.size() > kFrameBytesMax - kFrameSlackBytes) {
    Fetched too_large;
    too_large.token = fetched.token;
    too_large.kind = FetchKind::gone;
    too_large.error = "the document has " + std::to_string(fetched.document.bytes.size()) +
                      " bytes, more than can be taken from a plugin";
    return encode(w, too_large);
  }
  w.begin(FrameType::fetched);
  w.u64(fetched.token);
  w.u8(static_cast<std::uint8_t>(fetched.kind));
  w.i64(fetched.retry_after.value_or(Milliseconds{0}).count());
  w.text(fetched.error);
  w.text(fetched.document.media_type);
  w.text(fetched.document.file_name);
  w.text(fetched.document.bytes);
  w.end();
}

std::optional<Fetched> decode_fetched(std::string_view payload) {
  FrameReader r(payload);
  Fetched fetched;
  fetched.token = r.u64();
  fetched.kind = read_enum(r, FetchKind::gone);
  if (const auto ms = r.i64(); ms > 0) fetched.retry_after = Milliseconds{ms};
  fetched.error = to_line(r.text());
  fetched.document.media_type = to_line(r.text());
  fetched.document.file_name = to_line(r.text());
  fetched.document.bytes = r.text();
  return if_done(r, std::move(fetched));
}

}  // namespace relance::channel
