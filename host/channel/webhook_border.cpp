// @see RFC 9110 §5 for what a field's name and value may hold.
#include "host/channel/webhook_border.hpp"

#include "host/channel/border.hpp"
#include "host/channel/wire_field.hpp"

#include <array>

namespace relance::channel {
namespace {

constexpr std::size_t kAnswerHeaderBytesMax{1024};  ///< name and value

bool is_token_character(char c) {
  constexpr std::string_view kMarks{"!#$%&'*+-.^_`|~"};
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         kMarks.find(c) != std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto &c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// How the answer is framed and where it comes from is the listener's to say.
bool is_listeners_own(std::string_view name) {
  constexpr std::array<std::string_view, 8> kOwn{
      "connection", "content-length", "transfer-encoding", "trailer", "upgrade", "keep-alive", "server",
      "date"};
  return std::find(kOwn.begin(), kOwn.end(), name) != kOwn.end();
}

bool is_header(std::string_view name, std::string_view value) {
  return !name.empty() && name.size() + value.size() <= kAnswerHeaderBytesMax &&
         std::all_of(name.begin(), name.end(), is_token_character) &&
         std::all_of(value.begin(), value.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
         });
}

std::optional<WebhookAnswer> to_answer(std::uint32_t status, const Fields &headers, std::string_view body) {
  if (status < 200 || status > 599 || body.size() > kAnswerBodyMax) return std::nullopt;
  WebhookAnswer answer;
  answer.status = status;
  for (const auto &[name, value] : headers)
    if (auto known_as = lower(name);
        answer.headers.size() < kAnswerHeadersMax && is_header(name, value) && !is_listeners_own(known_as))
      answer.headers.emplace_back(std::move(known_as), value);
  answer.body = body;
  return answer;
}

}  // namespace

AuthenticateCall::AuthenticateCall(Token t, std::shared_ptr<const WebhookRequest> request) : token(t) {
  headers.reserve(request->headers.size());
  for (const auto &[name, value] : request->headers) headers.push_back({to_str(name), to_str(value)});
  c.size = sizeof c;
  c.method = to_str(request->method);
  c.url = to_str(request->url);
  c.remote_address = to_str(request->remote_address);
  c.received_at_ms = to_ms(request->received_at);
  c.headers = headers.data();
  c.header_count = headers.size();
  c.body = to_str(request->body);
  keeps = std::move(request);
}

std::optional<WebhookAnswer> to_answer(const relance_http_response &response) {
  Fields headers;
  for (std::size_t i{0}; i < std::min(response.header_count, kAnswerHeadersMax); ++i)
    headers.emplace_back(to_view(response.headers[i].key), to_view(response.headers[i].value));
  return to_answer(response.status, headers, to_view(response.body));
}

Verdict to_verdict(std::uint32_t verdict) {
  switch (verdict) {
    case RELANCE_AUTH_GENUINE:
      return Verdict::genuine;
    case RELANCE_AUTH_POKE:
      return Verdict::poke;
    case RELANCE_AUTH_CHALLENGE:
      return Verdict::challenge;
    default:
      return Verdict::forged;
  }
}

bool encode_authenticate(FrameWriter &w, Token token, const WebhookRequest &request) {
  const bool is_sealed{request.body.size() >= kSealedBytesMin};
  std::size_t bytes{request.method.size() + request.url.size() + request.remote_address.size() +
                    (is_sealed ? 0 : request.body.size())};
  for (const auto &[name, value] : request.headers) bytes += name.size() + value.size() + 2 * kTextBytesMin;
  if (bytes > kFrameBytesMax - kFrameSlackBytes) return false;
  if (is_sealed) {
    auto sealed = seal_bytes(request.body);
    if (!sealed) return false;
    std::vector<Descriptor> files;
    files.push_back(std::move(*sealed));
    w.attach(std::move(files));
  }
  w.begin(FrameType::authenticate);
  w.u64(token);
  w.i64(to_ms(request.received_at));
  for (const auto *text : {&request.method, &request.url, &request.remote_address}) w.text(*text);
  w.u32(static_cast<std::uint32_t>(request.headers.size()));
  for (const auto &[name, value] : request.headers) {
    w.text(name);
    w.text(value);
  }
  w.u8(is_sealed ? 1 : 0);
  if (is_sealed) {
    w.u64(request.body.size());
  } else {
    w.text(request.body);
  }
  w.end();
  return true;
}

std::shared_ptr<const AuthenticateCall> decode_authenticate(const Frame &frame,
                                                            const TakeSealedBody &take_sealed) {
  FrameReader r(frame.payload);
  auto call = std::make_shared<AuthenticateCall>();
  call->keeps = frame.owner;
  call->token = r.u64();
  call->c.size = sizeof call->c;
  call->c.received_at_ms = r.i64();
  for (auto *text : {&call->c.method, &call->c.url, &call->c.remote_address}) *text = read_str(r);
  call->headers.resize(r.count(2 * kTextBytesMin));
  for (auto &header : call->headers) {
    header.key = read_str(r);
    header.value = read_str(r);
  }
  call->c.headers = call->headers.data();
  call->c.header_count = call->headers.size();
  if (r.u8() == 0) {
    call->c.body = read_str(r);
  } else {
    const auto size = r.u64();
    auto body = r.is_good() ? take_sealed(size) : std::nullopt;
    if (!body) return nullptr;
    call->c.body = to_str(body->bytes);
    call->keeps_body = std::move(body->owner);
  }
  return r.is_done() ? call : nullptr;
}

void encode(FrameWriter &w, const Judgement &judgement) {
  w.begin(FrameType::judged);
  w.u64(judgement.token);
  w.u8(static_cast<std::uint8_t>(judgement.verdict));
  w.u8(judgement.answer ? 1 : 0);
  if (judgement.answer) {
    w.u32(judgement.answer->status);
    w.u32(static_cast<std::uint32_t>(judgement.answer->headers.size()));
    for (const auto &[name, value] : judgement.answer->headers) {
      w.text(name);
      w.text(value);
    }
    w.text(judgement.answer->body);
  }
  w.end();
}

std::optional<Judgement> decode_judgement(std::string_view payload) {
  FrameReader r(payload);
  Judgement judgement;
  judgement.token = r.u64();
  judgement.verdict = read_enum(r, Verdict::challenge);
  if (r.u8() != 0) {
    const auto status = r.u32();
    Fields headers;
    for (auto left = r.count(2 * kTextBytesMin); left != 0 && r.is_good(); --left) {
      auto name = std::string(r.text());
      headers.emplace_back(std::move(name), std::string(r.text()));
    }
    judgement.answer = to_answer(status, headers, r.text());
    if (!judgement.answer) r.fail();  // the child has held it to the same rules
  }
  return if_done(r, std::move(judgement));
}

}  // namespace relance::channel
