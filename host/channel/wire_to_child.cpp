// The small frames from the daemon to a child.
#include "host/channel/wire.hpp"
#include "host/channel/wire_field.hpp"

namespace relance::channel {
namespace {

void write(FrameWriter &w, const SandboxSettings &s) {
  w.u8(s.is_enabled ? 1 : 0);
  w.u8(s.is_required ? 1 : 0);
  w.u8(static_cast<std::uint8_t>(s.network));
  for (const auto number : {s.memory_mib, s.descriptors, s.file_mib}) w.u32(number);
  w.u32(static_cast<std::uint32_t>(s.connect_ports.size()));
  for (const auto port : s.connect_ports) w.u32(port);
  w.u32(static_cast<std::uint32_t>(s.data_folders.size()));
  for (const auto &folder : s.data_folders) {
    w.u8(folder.is_writable ? 1 : 0);
    w.text(folder.path);
  }
  w.u32(static_cast<std::uint32_t>(s.files.size()));
  for (const auto &file : s.files) w.text(file);
}

SandboxSettings read_sandbox(FrameReader &r) {
  SandboxSettings s;
  s.is_enabled = r.u8() != 0;
  s.is_required = r.u8() != 0;
  s.network = read_enum(r, Network::none);
  for (auto *number : {&s.memory_mib, &s.descriptors, &s.file_mib}) *number = r.u32();
  for (auto left = r.count(4); left != 0; --left)
    s.connect_ports.push_back(static_cast<std::uint16_t>(r.u32()));
  for (auto left = r.count(1 + kTextBytesMin); left != 0 && r.is_good(); --left) {
    const bool is_writable{r.u8() != 0};
    s.data_folders.push_back({std::string(r.text()), is_writable});
  }
  for (auto left = r.count(kTextBytesMin); left != 0 && r.is_good(); --left) s.files.emplace_back(r.text());
  return s;
}

void write(FrameWriter &w, const std::vector<HttpHost> &hosts) {
  w.u32(static_cast<std::uint32_t>(hosts.size()));
  for (const auto &host : hosts) {
    w.u8(host.is_plain ? 1 : 0);
    w.u8(host.is_any_subdomain ? 1 : 0);
    w.u32(host.port);
    w.text(host.name);
  }
}

std::vector<HttpHost> read_hosts(FrameReader &r) {
  std::vector<HttpHost> hosts;
  for (auto left = r.count(6 + kTextBytesMin); left != 0 && r.is_good(); --left) {
    HttpHost host;
    host.is_plain = r.u8() != 0;
    host.is_any_subdomain = r.u8() != 0;
    host.port = static_cast<std::uint16_t>(r.u32());
    host.name = r.text();
    hosts.push_back(std::move(host));
  }
  return hosts;
}

}  // namespace

void encode(FrameWriter &w, const Hello &h) {
  w.begin(FrameType::hello);
  for (const auto *text : {&h.id, &h.plugin_path, &h.driver, &h.settings_json, &h.state, &h.webhook_url})
    w.text(*text);
  w.u8(h.is_check ? 1 : 0);
  w.u32(h.inbound_items_max);
  w.u32(h.log_lines_max);
  write(w, h.sandbox);
  write(w, h.http_hosts);
  w.end();
}
std::optional<Hello> decode_hello(std::string_view payload) {
  FrameReader r(payload);
  Hello h;
  for (auto *text : {&h.id, &h.plugin_path, &h.driver, &h.settings_json, &h.state, &h.webhook_url})
    *text = r.text();
  h.is_check = r.u8() != 0;
  h.inbound_items_max = r.u32();
  h.log_lines_max = r.u32();
  h.sandbox = read_sandbox(r);
  h.http_hosts = read_hosts(r);
  return if_done(r, std::move(h));
}

void encode_attempt(FrameWriter &w, FrameType type, const AttemptRef &attempt, std::int64_t not_after_ms) {
  w.begin(type);
  w.u64(attempt.token);
  w.i64(not_after_ms);
  w.text(attempt.idempotency_key);
  w.u32(static_cast<std::uint32_t>(attempt.refs.size()));
  for (const auto &ref : attempt.refs) w.text(ref);
  w.u8(attempt.sender ? 1 : 0);
  if (const auto &sender = attempt.sender) {
    for (const auto *text : {&sender->name, &sender->address, &sender->reply_to, &sender->country})
      w.text(*text);
    w.u32(static_cast<std::uint32_t>(sender->postal_lines.size()));
    for (const auto &line : sender->postal_lines) w.text(line);
  }
  w.end();
}
std::optional<AttemptFrame> decode_attempt(std::string_view payload) {
  FrameReader r(payload);
  AttemptFrame frame;
  auto &attempt = frame.attempt;
  attempt.token = r.u64();
  frame.not_after_ms = r.i64();
  attempt.idempotency_key = r.text();
  for (auto left = r.count(kTextBytesMin); left != 0 && r.is_good(); --left)
    attempt.refs.emplace_back(r.text());
  if (r.u8() != 0) {
    auto &sender = attempt.sender.emplace();
    for (auto *text : {&sender.name, &sender.address, &sender.reply_to, &sender.country}) *text = r.text();
    for (auto left = r.count(kTextBytesMin); left != 0 && r.is_good(); --left)
      sender.postal_lines.emplace_back(r.text());
  }
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
  frame.ending = read_enum(r, Ending::judged);
  frame.tokens.resize(r.count(sizeof(Token)));
  const auto bytes = r.raw(frame.tokens.size() * sizeof(Token));
  if (!bytes.empty()) std::memcpy(frame.tokens.data(), bytes.data(), bytes.size());
  return if_done(r, std::move(frame));
}

void encode_parse(FrameWriter &w, Token token, std::string_view kind, std::string_view bytes,
                  Instant received_at) {
  w.begin(FrameType::parse);
  w.u64(token);
  w.i64(to_ms(received_at));
  w.text(kind);
  w.text(bytes);
  w.end();
}
std::optional<relance_raw> decode_parse(std::string_view payload) {
  FrameReader r(payload);
  relance_raw raw{};
  raw.size = sizeof raw;
  raw.token = r.u64();
  raw.received_at_ms = r.i64();
  raw.kind = read_str(r);
  raw.bytes = read_str(r);
  return if_done(r, raw);
}

void encode_poll(FrameWriter &w, Token token, std::string_view cursor, const OpenPage &open) {
  w.begin(FrameType::poll);
  w.u64(token);
  w.text(cursor);
  w.u8(open.has_more ? 1 : 0);
  w.u32(static_cast<std::uint32_t>(open.items.size()));
  for (const auto &item : open.items) {
    w.text(item.idempotency_key);
    w.i64(to_ms(item.accepted_at));
    w.u32(static_cast<std::uint32_t>(item.refs.size()));
    for (const auto &ref : item.refs) w.text(ref);
  }
  w.end();
}
std::optional<PollFrame> decode_poll(std::string_view payload) {
  FrameReader r(payload);
  PollFrame frame;
  frame.token = r.u64();
  frame.cursor = r.text();
  frame.open.has_more = r.u8() != 0;
  frame.open.items.resize(r.count(16));
  for (auto &item : frame.open.items) {
    item.idempotency_key = read_string(r);
    item.accepted_at = from_ms(r.i64());
    item.refs.resize(r.count(4));
    for (auto &ref : item.refs) ref = r.text();
  }
  return if_done(r, std::move(frame));
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

}  // namespace relance::channel
