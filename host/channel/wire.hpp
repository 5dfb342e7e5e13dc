// What stands in each frame. An encoder appends one whole frame; a decoder gives nothing when the payload is
// not exactly of its form. Towards the child the decoded C structs point into the frame, so that a letter is
// not copied again.
#pragma once

#include "host/base/http_host.hpp"
#include "host/channel/border.hpp"
#include "host/channel/frame.hpp"
#include "host/channel/sandbox.hpp"
#include "host/channel/token_table.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace relance::channel {

// ---- daemon → child

struct Hello {
  std::string id, plugin_path, driver, settings_json, state, webhook_url;
  bool is_check{false};  ///< load, check the settings, say so and end
  std::uint32_t inbound_items_max{0};
  std::uint32_t log_lines_max{0};
  SandboxSettings sandbox;
  std::vector<HttpHost> http_hosts;
};
void encode(FrameWriter &w, const Hello &hello);
std::optional<Hello> decode_hello(std::string_view payload);

/// A message on its way, with the files of its large parts in their order.
struct Outgoing {
  const Submission *message{nullptr};
  std::vector<Descriptor> sealed{};
};
/// The files go with the frame's first byte. `type`: submit, or quote, whose payload is the same.
void encode_submit(FrameWriter &w, std::span<Outgoing> batch, FrameType type = FrameType::submit);
/// `take_sealed` gives the bytes of the next file that came along, or nothing when they are not as stated.
using TakeSealed = std::function<std::optional<std::string_view>(std::uint64_t size)>;
bool decode_submit(std::string_view payload, MessageArrays &arrays, const TakeSealed &take_sealed);
/// Whether it travels as a file.
bool is_sealed_part(const Part &part);
/// Bytes that a submission takes in a frame, to judge it before it is written.
std::size_t wire_bytes(const Submission &submission);

/// What a commit, discard, recall or query is about.
struct AttemptFrame {
  AttemptRef attempt;
  std::int64_t not_after_ms{0};
};
void encode_attempt(FrameWriter &w, FrameType type, const AttemptRef &attempt, std::int64_t not_after_ms);
std::optional<AttemptFrame> decode_attempt(std::string_view payload);

void encode_tokens(FrameWriter &w, FrameType type, Ending ending, std::span<const Token> tokens);
struct TokensFrame {
  Ending ending{Ending::complete};
  std::vector<Token> tokens;
};
std::optional<TokensFrame> decode_tokens(std::string_view payload);

void encode_parse(FrameWriter &w, Token token, std::string_view kind, std::string_view bytes,
                  Instant received_at);
std::optional<relance_raw> decode_parse(std::string_view payload);
struct PollFrame {
  Token token{0};
  std::string cursor;
  OpenPage open;
};
void encode_poll(FrameWriter &w, Token token, std::string_view cursor, const OpenPage &open);
std::optional<PollFrame> decode_poll(std::string_view payload);

/// Raw bytes of a child on their way that the daemon has not given room for again; the last item may go
/// beyond it.
inline constexpr std::size_t kInboundBytesMax{32u << 20};
/// Room for so many more raw items and bytes.
struct CreditFrame {
  std::uint32_t items{0};
  std::int64_t bytes{0};
};
void encode(FrameWriter &w, const CreditFrame &credit);
std::optional<CreditFrame> decode_credit(std::string_view payload);

void encode_number(FrameWriter &w, FrameType type, std::int64_t number);
std::optional<std::int64_t> decode_number(std::string_view payload);
void encode_empty(FrameWriter &w, FrameType type);

// ---- child → daemon

void encode(FrameWriter &w, const Traits &traits);
std::optional<Traits> decode_traits(std::string_view payload);
void encode(FrameWriter &w, const Error &error);
std::optional<Error> decode_error(std::string_view payload);

void encode(FrameWriter &w, std::span<const relance_result> results);
std::optional<std::vector<Outcome>> decode_outcomes(std::string_view payload);
void encode(FrameWriter &w, std::span<const relance_recalled> results);
std::optional<std::vector<Recall>> decode_recalls(std::string_view payload);
void encode(FrameWriter &w, std::span<const relance_discarded> results);
std::optional<std::vector<Discard>> decode_discards(std::string_view payload);
void encode(FrameWriter &w, const relance_inbound &inbound);
std::optional<Inbound> decode_inbound(std::string_view payload);
void encode(FrameWriter &w, const Parsed &parsed);
std::optional<Parsed> decode_parsed(std::string_view payload);
void encode(FrameWriter &w, const Polled &polled);
std::optional<Polled> decode_polled(std::string_view payload);
void encode(FrameWriter &w, const Health &health);
std::optional<Health> decode_health(std::string_view payload);

struct LogFrame {
  int level{0};
  std::string text;
  Fields fields;
};
void encode(FrameWriter &w, const LogFrame &line);
std::optional<LogFrame> decode_log(std::string_view payload);
struct MetricFrame {
  std::uint32_t kind{0};
  std::string name;
  double value{0};
  Fields labels;
};
void encode(FrameWriter &w, const MetricFrame &metric);
std::optional<MetricFrame> decode_metric(std::string_view payload);
struct StateFrame {
  std::string key, value;
};
void encode(FrameWriter &w, const StateFrame &state);
std::optional<StateFrame> decode_state(std::string_view payload);

}  // namespace relance::channel
