#include "host/channel/wire_http.hpp"

#include "host/channel/wire_field.hpp"

namespace relance::channel {
namespace {

void write_headers(FrameWriter &w, const Fields &fields) {
  w.u32(static_cast<std::uint32_t>(fields.size()));
  for (const auto &[name, value] : fields) {
    w.text(name);
    w.text(value);
  }
}
Fields read_headers(FrameReader &r) {
  Fields fields;
  const auto count = r.count(2 * kTextBytesMin);
  for (std::uint32_t i{0}; i < count && r.is_good(); ++i) {
    auto name = std::string(r.text());
    fields.emplace_back(std::move(name), std::string(r.text()));
  }
  return fields;
}

void write_pieces(FrameWriter &w, FrameType type, std::string_view rest) {
  while (!rest.empty()) {
    const auto piece = rest.substr(0, kHttpPieceBytes);
    w.begin(type);
    w.raw(piece.data(), piece.size());
    w.end();
    rest.remove_prefix(piece.size());
  }
}

/// The size of the body and its first piece, which end the head.
std::string_view write_body(FrameWriter &w, std::string_view body) {
  w.u64(body.size());
  w.text(body.substr(0, kHttpPieceBytes));
  return body.substr(std::min(body.size(), kHttpPieceBytes));
}
template <class T>
std::optional<HttpHead<T>> read_body(FrameReader &r, T value, std::uint64_t bytes_max) {
  HttpHead<T> head{std::move(value), r.u64()};
  head.value.body = r.text();
  if (head.body_bytes > bytes_max) r.fail();
  return if_done(r, std::move(head));
}

Milliseconds read_timeout(FrameReader &r) {
  constexpr std::uint32_t kTimeoutMaxMs{600'000};
  const auto ms = r.u32();
  if (ms == 0 || ms > kTimeoutMaxMs) r.fail();
  return Milliseconds(ms);
}

}  // namespace

void encode(FrameWriter &w, const HttpCall &call) {
  w.begin(FrameType::http_call);
  w.u64(call.token);
  w.u8(call.is_idempotent ? 1 : 0);
  w.i64(to_ms(call.not_after));
  w.u32(static_cast<std::uint32_t>(call.connect_timeout.count()));
  w.u32(static_cast<std::uint32_t>(call.timeout.count()));
  w.u64(call.reply_max);
  w.text(call.method);
  w.text(call.url);
  write_headers(w, call.headers);
  const auto rest = write_body(w, call.body);
  w.end();
  write_pieces(w, FrameType::http_call_piece, rest);
}

std::optional<HttpHead<HttpCall>> decode_http_call(std::string_view payload) {
  FrameReader r(payload);
  HttpCall call;
  call.token = r.u64();
  call.is_idempotent = r.u8() != 0;
  call.not_after = from_ms(r.i64());
  call.connect_timeout = read_timeout(r);
  call.timeout = read_timeout(r);
  call.reply_max = r.u64();
  if (call.reply_max == 0 || call.reply_max > kHttpReplyMax) r.fail();
  call.method = r.text();
  call.url = r.text();
  call.headers = read_headers(r);
  auto head = read_body(r, std::move(call), kHttpBodyMax);
  if (head && !check_http_call(head->value)) return std::nullopt;
  return head;
}

void encode(FrameWriter &w, const HttpReply &reply) {
  w.begin(FrameType::http_reply);
  w.u64(reply.token);
  w.u8(static_cast<std::uint8_t>(reply.result));
  w.u32(reply.status);
  w.text(reply.error);
  write_headers(w, reply.headers);
  const auto rest = write_body(w, reply.body);
  w.end();
  write_pieces(w, FrameType::http_reply_piece, rest);
}

std::optional<HttpHead<HttpReply>> decode_http_reply(std::string_view payload) {
  FrameReader r(payload);
  HttpReply reply;
  reply.token = r.u64();
  reply.result = read_enum(r, HttpResult::unknown);
  reply.status = r.u32();
  reply.error = r.text();
  reply.headers = read_headers(r);
  return read_body(r, std::move(reply), kHttpReplyMax);
}

}  // namespace relance::channel
