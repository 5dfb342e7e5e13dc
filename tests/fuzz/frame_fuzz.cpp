// Bytes of a child that may be anything: the stream is cut into frames and each payload goes through the
// decoder of its type, both ways. Nothing may be read outside the payload, and nothing reserved that the
// payload cannot hold.
#include "host/channel/instance_state.hpp"
#include "host/channel/wire.hpp"

using namespace relance::channel;

namespace {

void decode(const Frame &frame) {
  const auto payload = frame.payload;
  switch (frame.type) {
    case FrameType::hello:
      static_cast<void>(decode_hello(payload));
      break;
    case FrameType::submit: {
      MessageArrays arrays;
      if (!decode_submit(payload, arrays,
                         [](std::uint64_t) { return std::optional<std::string_view>{"sealed"}; }))
        break;
      std::size_t bytes{0};  // every borrowed pointer leads somewhere readable
      for (const auto &m : arrays.messages())
        for (std::size_t i{0}; i < m.part_count; ++i)
          for (const char c : to_view(m.parts[i]->bytes))
            bytes += static_cast<unsigned char>(c) + m.parts[i]->sha256[31];
      static volatile std::size_t sink;
      sink = bytes;
      break;
    }
    case FrameType::commit:
    case FrameType::discard:
    case FrameType::recall:
    case FrameType::query:
      static_cast<void>(decode_attempt(payload));
      break;
    case FrameType::stored:
    case FrameType::intent:
      static_cast<void>(decode_tokens(payload));
      break;
    case FrameType::parse:
      static_cast<void>(decode_parse(payload));
      break;
    case FrameType::clock:
    case FrameType::ready:
      static_cast<void>(decode_number(payload));
      break;
    case FrameType::credit:
      static_cast<void>(decode_credit(payload));
      break;
    case FrameType::started:
      static_cast<void>(decode_traits(payload));
      break;
    case FrameType::refused:
      static_cast<void>(decode_error(payload));
      break;
    case FrameType::outcomes:
      static_cast<void>(decode_outcomes(payload));
      break;
    case FrameType::recalled:
      static_cast<void>(decode_recalls(payload));
      break;
    case FrameType::inbound:
      static_cast<void>(decode_inbound(payload));
      break;
    case FrameType::parsed:
      static_cast<void>(decode_parsed(payload));
      break;
    case FrameType::health:
      static_cast<void>(decode_health(payload));
      break;
    case FrameType::log:
      static_cast<void>(decode_log(payload));
      break;
    case FrameType::metric:
      static_cast<void>(decode_metric(payload));
      break;
    case FrameType::state:
      static_cast<void>(decode_state(payload));
      break;
    case FrameType::ping:
    case FrameType::pong:
    case FrameType::stop:
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char *>(data), size);
  static_cast<void>(InstanceState().decode(rest));
  FrameBuffer buffer(1u << 16);
  for (std::size_t step{1}; !rest.empty() && !buffer.is_broken(); step = step * 3 + 1) {
    std::size_t room{0};
    char *space{buffer.space(room)};
    const auto count = std::min({room, rest.size(), step});
    std::memcpy(space, rest.data(), count);
    buffer.add(count);
    rest.remove_prefix(count);
    while (const auto frame = buffer.next()) decode(*frame);
  }
  return 0;
}
