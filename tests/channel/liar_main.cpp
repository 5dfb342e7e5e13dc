// A channel child that is none: it greets like one and then speaks as the settings say, straight on the
// socket.
//   {"lie":"garbage","seed":7}
#include "host/channel/child_process.hpp"
#include "host/channel/evidence_border.hpp"
#include "host/channel/wire.hpp"

#include <poll.h>
#include <random>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace relance::channel;
using relance::Milliseconds;

/// Blocks; false: the daemon is gone.
bool say(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(kChildSocket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

Hello await_hello(FrameBuffer &buffer) {
  for (;;) {
    if (const auto frame = buffer.next()) return decode_hello(frame->payload).value();
    std::size_t room{0};
    char *space{buffer.space(room)};
    const auto n = ::recv(kChildSocket, space, room, 0);
    if (n <= 0) ::_exit(0);
    buffer.add(static_cast<std::size_t>(n));
  }
}

relance_result accepted(Token token) {
  relance_result result{};
  result.size = sizeof result;
  result.token = token;
  result.outcome = RELANCE_OUT_ACCEPTED;
  return result;
}

/// As often as the daemon takes it.
template <class F>
void for_ever(F &&write) {
  OutBytes out;
  do {
    out.clear();
    for (int i{0}; i < 100; ++i) {
      FrameWriter w(out);
      write(w);
    }
  } while (say(out.view()));
  ::_exit(0);
}

Health degraded(std::string text) {
  Health health;
  health.level = HealthLevel::degraded;
  health.text = std::move(text);
  return health;
}

std::string one_of_each() {
  OutBytes out;
  FrameWriter w(out);
  const auto result = accepted(1);
  const relance_recalled recalled{sizeof recalled, RELANCE_RECALL_CANCELLED, 1, {}};
  encode(w, std::span(&result, 1));
  encode(w, std::span(&recalled, 1));
  Parsed parsed;
  parsed.token = 1;
  parsed.receipts.emplace_back();
  parsed.replies.emplace_back();
  encode(w, parsed);
  encode(w, Polled{1, "cursor", "", {}});
  encode(w, degraded("text"));
  encode(w, LogFrame{2, "a line", {{"key", "value"}}});
  encode(w, MetricFrame{0, "metric", 1, {{"key", "value"}}});
  encode(w, StateFrame{"key", "value"});
  encode_number(w, FrameType::ready, 10);
  const Token token{1};
  encode_tokens(w, FrameType::intent, Ending::complete, std::span(&token, 1));
  return std::string(out.view());
}

void send_garbage(std::uint32_t seed) {
  std::mt19937 random(seed);
  std::string bytes(4096, '\0');
  do {
    for (auto &c : bytes) c = static_cast<char>(random());
  } while (say(bytes));
  ::_exit(0);
}

/// Frames that are right but for a few bytes.
void send_mutations(std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto good = one_of_each();
  for (;;) {
    auto bytes = good;
    for (int i{0}; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (!say(bytes)) ::_exit(0);
  }
}

/// With each byte as many descriptors as the kernel passes.
void send_descriptors() {
  OutBytes out;
  FrameWriter w(out);
  for (int i{0}; i < 20; ++i) {
    std::vector<Descriptor> all;
    for (int j{0}; j < 60; ++j) all.emplace_back(::dup(STDIN_FILENO));
    w.attach(std::move(all));
    encode_empty(w, FrameType::pong);
  }
  for (std::size_t at{0}; at < out.size();) {
    const auto n = out.send_from(at, kChildSocket);
    if (n > 0) at += static_cast<std::size_t>(n);
  }
}

void lie(const std::string &settings, std::uint32_t inbound_max) {
  const auto is = [&](const char *what) {
    return settings.find("\"lie\":\"" + std::string(what) + "\"") != settings.npos;
  };
  const auto number = settings.find("\"seed\":");
  const auto seed = static_cast<std::uint32_t>(
      number == settings.npos ? 1 : std::strtoul(settings.c_str() + number + 7, nullptr, 10));
  Token token{1'000'000};
  if (is("garbage")) send_garbage(seed);
  if (is("mutations")) send_mutations(seed);
  if (is("descriptors")) send_descriptors();
  if (is("logs")) for_ever([](FrameWriter &w) { encode(w, LogFrame{2, std::string(1000, 'x'), {}}); });
  if (is("metrics")) for_ever([](FrameWriter &w) { encode(w, MetricFrame{0, "metric", 1, {}}); });
  if (is("health")) for_ever([](FrameWriter &w) { encode(w, degraded(std::string(1000, 'x'))); });
  if (is("ready")) for_ever([](FrameWriter &w) { encode_number(w, FrameType::ready, 5); });
  if (is("strays"))
    for_ever([&](FrameWriter &w) {
      const auto result = accepted(++token);
      encode(w, std::span(&result, 1));
    });
  if (is("parsed"))
    for_ever([&](FrameWriter &w) {
      Parsed parsed;
      parsed.token = ++token;
      encode(w, parsed);
    });
  if (is("intents"))
    for_ever([&](FrameWriter &w) {
      encode_tokens(w, FrameType::intent, Ending::complete, std::span(&++token, 1));
    });
  if (is("fetched"))
    for_ever([&](FrameWriter &w) {
      Fetched fetched;
      fetched.token = ++token;
      encode(w, fetched);
    });
  if (is("nothing"))
    for_ever([&](FrameWriter &w) { encode_tokens(w, FrameType::intent, Ending::complete, {}); });
  if (is("large_inbound")) {
    const std::string bytes(8u << 20, 'x');
    for (int i{0}; i < 20; ++i) {
      OutBytes out;
      FrameWriter w(out);
      relance_inbound in{};
      in.size = sizeof in;
      in.token = ++token;
      in.bytes = {bytes.data(), bytes.size()};
      encode(w, in);
      say(out.view());
    }
  }
  if (is("inbound")) {
    OutBytes out;
    FrameWriter w(out);
    for (std::uint32_t i{0}; i <= 2 * inbound_max; ++i) {
      relance_inbound in{};
      in.size = sizeof in;
      in.token = ++token;
      encode(w, in);
    }
    say(out.view());
  }
  if (is("close")) ::shutdown(kChildSocket, SHUT_RDWR);
  for (;;) ::pause();
}

}  // namespace

int main() {
  FrameBuffer buffer;
  const auto hello = await_hello(buffer);
  if (hello.settings_json.find("\"lie\":\"long\"") != std::string::npos) {
    const std::string endless(1u << 20, '\xff');
    while (say(endless)) {
    }
    return 0;
  }
  OutBytes out;
  FrameWriter w(out);
  Traits traits;
  traits.plugin_id = "liar";
  encode(w, traits);
  say(out.view());
  lie(hello.settings_json, hello.inbound_items_max);
}
