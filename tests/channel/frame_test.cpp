#include "host/channel/wire.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::channel {
namespace {

void feed(FrameBuffer &buffer, std::string_view bytes, std::size_t step) {
  while (!bytes.empty()) {
    std::size_t room{0};
    char *space{buffer.space(room)};
    const auto count = std::min({room, bytes.size(), step});
    std::memcpy(space, bytes.data(), count);
    buffer.add(count);
    bytes.remove_prefix(count);
  }
}

std::string frame_with(std::string_view payload, FrameType type = FrameType::ping) {
  OutBytes out;
  FrameWriter w(out);
  w.begin(type);
  w.raw(payload.data(), payload.size());
  w.end();
  return std::string(out.view());
}

/// One good frame of each kind that a child sends, as payloads.
std::vector<std::pair<FrameType, std::string>> good_frames() {
  OutBytes out;
  FrameWriter w(out);
  Traits traits;
  traits.plugin_id = "a";
  traits.expected_receipts = {{ReceiptKind::read, Milliseconds{5}}};
  encode(w, traits);
  encode(w, invalid("no", "/x"));
  const relance_str refs[]{to_str("r1"), to_str("r2")};
  const relance_price price{5, to_str("EUR")};
  relance_result result{};
  result.size = sizeof result;
  result.outcome = RELANCE_OUT_ACCEPTED;
  result.token = 7;
  result.refs = refs;
  result.ref_count = 2;
  result.code = to_str("250");
  result.text = to_str("ok");
  result.retry_after_ms = 9;
  result.price = &price;
  result.part_count = 3;
  encode(w, std::span(&result, 1));
  const relance_recalled recalled{sizeof recalled, RELANCE_RECALL_TOO_LATE, 8, to_str("x")};
  encode(w, std::span(&recalled, 1));
  const relance_inbound inbound{sizeof inbound, 0, 9, 0, to_str("mail"), to_str("1:2"), to_str("bytes"), 11};
  encode(w, inbound);
  Parsed parsed;
  parsed.token = 3;
  parsed.receipts.resize(2);
  parsed.receipts[0].evidence = {{"application/pdf", "p.pdf", "%PDF", ""}};
  parsed.receipts[0].price = Price{1, "EUR"};
  parsed.replies.resize(1);
  encode(w, parsed);
  encode(w, Health{HealthLevel::down, "c", "t", from_ms(3)});
  encode(w, LogFrame{2, "text", {{"k", "v"}}});
  encode(w, MetricFrame{1, "n", 2.5, {{"k", "v"}}});
  encode(w, StateFrame{"k", "v"});
  const Token tokens[]{1, 2, 3};
  encode_tokens(w, FrameType::intent, Ending::complete, tokens);
  FrameBuffer buffer;
  feed(buffer, out.view(), out.size());
  std::vector<std::pair<FrameType, std::string>> frames;
  while (const auto frame = buffer.next()) frames.emplace_back(frame->type, std::string(frame->payload));
  return frames;
}

bool is_readable(FrameType type, std::string_view payload) {
  switch (type) {
    case FrameType::started:
      return decode_traits(payload).has_value();
    case FrameType::refused:
      return decode_error(payload).has_value();
    case FrameType::outcomes:
      return decode_outcomes(payload).has_value();
    case FrameType::recalled:
      return decode_recalls(payload).has_value();
    case FrameType::inbound:
      return decode_inbound(payload).has_value();
    case FrameType::parsed:
      return decode_parsed(payload).has_value();
    case FrameType::health:
      return decode_health(payload).has_value();
    case FrameType::log:
      return decode_log(payload).has_value();
    case FrameType::metric:
      return decode_metric(payload).has_value();
    case FrameType::state:
      return decode_state(payload).has_value();
    case FrameType::intent:
      return decode_tokens(payload).has_value();
    default:
      return false;
  }
}

}  // namespace

namespace {
std::optional<std::string_view> no_files(std::uint64_t) {
  return std::nullopt;
}
}  // namespace
BOOST_AUTO_TEST_SUITE(frame_test)

BOOST_AUTO_TEST_CASE(frames_come_out_whole_however_the_stream_was_cut) {
  const std::string large(600'000, 'x');
  const auto stream =
      frame_with("one") + frame_with("") + frame_with(large, FrameType::stop) + frame_with("last");
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, stream.size()}) {
    if (step == 1 && stream.size() > 1'000'000) continue;
    FrameBuffer buffer;
    feed(buffer, stream, step);
    BOOST_TEST(buffer.next()->payload == "one");
    BOOST_TEST(buffer.next()->payload == "");
    const auto third = buffer.next();
    BOOST_REQUIRE(third);
    BOOST_TEST((third->type == FrameType::stop));
    BOOST_TEST(third->payload.size() == large.size());
    BOOST_TEST(buffer.next()->payload == "last");
    BOOST_TEST(!buffer.next());
  }
}

BOOST_AUTO_TEST_CASE(a_frame_that_is_kept_stays_while_the_stream_goes_on) {
  FrameBuffer buffer;
  feed(buffer, frame_with("kept"), 100);
  const auto kept = buffer.next();
  for (int i{0}; i < 100; ++i) {
    feed(buffer, frame_with(std::string(20'000, 'y')), 50'000);
    while (buffer.next()) {
    }
  }
  BOOST_TEST(kept->payload == "kept");
}

BOOST_AUTO_TEST_CASE(a_length_beyond_the_limit_breaks_the_stream) {
  FrameBuffer buffer(1000);
  feed(buffer, frame_with(std::string(1001, 'x')), 10'000);
  BOOST_TEST(!buffer.next());
  BOOST_TEST(buffer.is_broken());
}

BOOST_AUTO_TEST_CASE(a_payload_one_byte_short_or_long_is_refused) {
  const auto frames = good_frames();
  BOOST_TEST(frames.size() == 11u);
  for (const auto &[type, payload] : frames) {
    BOOST_TEST_CONTEXT("type " << static_cast<int>(type)) {
      BOOST_TEST(is_readable(type, payload));
      BOOST_TEST(!is_readable(type, payload + '\0'));
      for (std::size_t length{0}; length < payload.size(); ++length)
        BOOST_TEST(!is_readable(type, std::string_view(payload).substr(0, length)));
    }
  }
}

BOOST_AUTO_TEST_CASE(counts_larger_than_the_frame_reserve_nothing) {
  const std::string huge{"\xff\xff\xff\xff"};
  BOOST_TEST(!decode_outcomes(huge));
  BOOST_TEST(!decode_recalls(huge));
  BOOST_TEST(!decode_tokens(std::string(1, '\0') + huge));
  MessageArrays arrays;
  BOOST_TEST(!decode_submit(huge + huge + huge + huge, arrays, no_files));
}

/// The largest number means "never"; added to a moment it would be long ago.
BOOST_AUTO_TEST_CASE(spans_of_a_child_can_be_added_to_any_moment) {
  OutBytes out;
  FrameWriter w(out);
  Traits traits;
  traits.idempotency_window = traits.not_found_certain_after = Milliseconds::max();
  traits.expected_receipts.emplace_back(ReceiptKind::delivered, Milliseconds::max());
  encode(w, traits);
  relance_result result{};
  result.size = sizeof result;
  result.token = 1;
  result.outcome = RELANCE_OUT_NOT_SENT;
  result.retry_after_ms = INT64_MAX;
  result.part_count = UINT32_MAX;
  encode(w, std::span(&result, 1));
  FrameBuffer buffer;
  feed(buffer, out.view(), out.size());
  const auto read = decode_traits(buffer.next().value().payload).value();
  const auto outcomes = decode_outcomes(buffer.next().value().payload).value();
  const Milliseconds most{kSpanMaxMs};
  BOOST_TEST((read.idempotency_window == most && read.not_found_certain_after == most &&
              read.expected_receipts.front().second == most && outcomes.front().retry_after == most));
  BOOST_TEST(outcomes.front().part_count == kRefsMax);
  BOOST_TEST((WallClock().now() + *read.not_found_certain_after > WallClock().now()));
}

BOOST_AUTO_TEST_CASE(more_references_than_a_result_may_have_are_no_frame) {
  OutBytes out;
  FrameWriter w(out);
  w.begin(FrameType::outcomes);
  w.u32(1);
  w.u64(1);
  for (int i{0}; i < 3; ++i) w.u8(0);
  w.i64(0);
  w.u8(0);
  w.text("");
  w.text("");
  w.u32(kRefsMax + 1);
  for (std::size_t i{0}; i <= kRefsMax; ++i) w.text("r");
  w.end();
  BOOST_TEST(!decode_outcomes(out.view().substr(kFrameHeaderBytes)));
}

BOOST_AUTO_TEST_CASE(submissions_read_back_as_they_were_written) {
  Submission s;
  s.token = 9;
  s.idempotency_key = "key";
  s.addressee.postal_lines = {"a", "b"};
  s.references = {{"invoice", "1"}};
  s.parts.push_back(
      {"text", "text/plain", "", std::make_shared<const std::string>("bytes"), sha256("bytes")});
  s.not_after = from_ms(77);
  Outgoing batch[]{{&s}, {&s}};
  OutBytes out;
  FrameWriter w(out);
  encode_submit(w, batch);
  BOOST_TEST(out.size() <= 2 * wire_bytes(s));
  MessageArrays arrays;
  BOOST_REQUIRE(decode_submit(out.view().substr(kFrameHeaderBytes), arrays, no_files));
  BOOST_REQUIRE(arrays.messages().size() == 2u);
  const auto &m = arrays.messages()[1];
  BOOST_TEST(m.token == 9u);
  BOOST_TEST(m.not_after_ms == 77);
  BOOST_TEST(to_view(m.parts[0]->bytes) == "bytes");
  BOOST_TEST((std::memcmp(m.parts[0]->sha256, s.parts[0].sha256.data(), 32) == 0));
  BOOST_TEST(to_view(m.addressee->postal_lines[1]) == "b");
  BOOST_TEST(to_view(m.references[0].value) == "1");
}

BOOST_AUTO_TEST_CASE(a_message_that_claims_more_parts_than_the_frame_announced_is_refused) {
  Submission s;
  s.token = 1;
  s.parts.resize(1);
  Outgoing batch[]{{&s}};
  OutBytes out;
  FrameWriter w(out);
  encode_submit(w, batch);
  std::string payload(out.view().substr(kFrameHeaderBytes));
  MessageArrays good;
  BOOST_TEST(decode_submit(payload, good, no_files));
  payload[4] = '\0';  // the total of parts
  MessageArrays arrays;
  BOOST_TEST(!decode_submit(payload, arrays, no_files));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
