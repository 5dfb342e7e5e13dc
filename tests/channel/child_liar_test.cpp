// Either end of a child's socket in the hands of a liar. The daemon's end: children that send garbage, flood,
// end what nobody gave them, or close their socket and stay. The child's end: files that are not what a frame
// says of them.
#include "host/channel/child_process.hpp"
#include "host/channel/child_role.hpp"
#include "host/channel/sealed_bytes.hpp"
#include "host/channel/wire.hpp"
#include "tests/channel/child_bench.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace relance::channel {
using test::ChildBench;
namespace {

struct LiarBench : ChildBench {
  explicit LiarBench(const std::string &lie, std::uint32_t seed = 1)
      : ChildBench("noop", R"({"lie":")" + lie + R"(","seed":)" + std::to_string(seed) + "}") {
    settings.program = (relance::test::build_dir() / "bin" / "liar_child").string();
    settings.limits.restart_delay_min = settings.limits.restart_delay_max = Milliseconds{1};
    settings.limits.crashes_max = 3;
  }
};

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t size{0}, resident{0};
  file >> size >> resident;
  return resident * static_cast<std::size_t>(::getpagesize());
}

std::size_t descriptors() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

/// A provider that nothing happens to does its work.
void send_many(ChildBench &bench, std::size_t count) {
  constexpr std::size_t kBatch{50};
  for (std::size_t sent{0}; sent < count; sent += kBatch) {
    const auto before = bench.events.wait_outcomes(0).size();
    std::vector<Submission> batch;
    for (std::size_t i{0}; i < kBatch; ++i) batch.push_back(bench.message_to("any@example.com"));
    bench.provider->submit(std::move(batch));
    bench.events.wait_outcomes(before + kBatch);
  }
}

/// A daemon of the test's own on the other side of a real child.
struct FakeDaemon {
  FakeDaemon() {
    const auto program = (relance::test::build_dir() / "bin" / "channel_child").string();
    BOOST_REQUIRE(process.spawn(program, "p1", {}));
    Hello hello;
    hello.id = "p1";
    hello.plugin_path = test::plugin_folder() + "/prisoner.so";
    hello.settings_json = "{}";
    OutBytes out;
    FrameWriter w(out);
    encode(w, hello);
    send(out);
    BOOST_REQUIRE(await(FrameType::started).has_value());
  }
  void send(const OutBytes &out) const {
    for (std::size_t at{0}; at < out.size();) {
      const auto n = out.send_from(at, process.socket());
      if (n > 0) at += static_cast<std::size_t>(n);
    }
  }
  /// The next frame of this type; nothing: the child has closed its socket.
  std::optional<Frame> await(FrameType type) {
    for (;;) {
      while (const auto frame = buffer.next())
        if (frame->type == type) return frame;
      std::size_t room{0};
      char *space{buffer.space(room)};
      const auto n = ::recv(process.socket(), space, room, 0);
      if (n <= 0) return std::nullopt;
      buffer.add(static_cast<std::size_t>(n));
    }
  }
  /// What becomes of a child that is sent a message whose large part is said to be `file`.
  std::string end_after(Descriptor file) {
    Submission message;
    message.token = 1;
    message.addressee.address = "digest@example.com";
    message.parts.push_back(
        {"letter", "application/pdf", "", std::make_shared<const std::string>(kSealedBytesMin, 'x'), {}});
    Outgoing outgoing{&message};
    if (file.is_open()) outgoing.sealed.push_back(std::move(file));
    OutBytes out;
    FrameWriter w(out);
    encode_submit(w, std::span(&outgoing, 1));
    send(out);
    if (await(FrameType::outcomes)) return "took it";
    return process.reap();
  }
  ChildProcess process;
  FrameBuffer buffer;
};

Descriptor file_in_memory(std::size_t size, int seals) {
  Descriptor file(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  BOOST_REQUIRE(::ftruncate(file.get(), static_cast<off_t>(size)) == 0);
  BOOST_REQUIRE(::fcntl(file.get(), F_ADD_SEALS, seals) == 0);
  return file;
}

/// A sanitizer keeps what was freed for a while, so that its process grows whatever a child does.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kMemoryIsOurs{false};
#else
constexpr bool kMemoryIsOurs{true};
#endif

}  // namespace
BOOST_AUTO_TEST_SUITE(child_liar_test)

BOOST_AUTO_TEST_CASE(a_part_of_thirty_megabytes_arrives_as_it_was) {
  ChildBench bench("prisoner");
  bench.start();
  std::string bytes(30'000'000, '\0');
  std::uint32_t random{1};
  for (auto &c : bytes) c = static_cast<char>((random = random * 1'664'525 + 1'013'904'223) >> 24);
  const auto before = descriptors();
  auto message = bench.message_to("digest@example.com"), other = bench.message_to("digest@example.com");
  for (auto *m : {&message, &other}) {
    m->parts.push_back(
        {"letter", "application/pdf", "a.pdf", std::make_shared<const std::string>(bytes), sha256(bytes)});
    bytes.back() ^= 1;
  }
  bench.provider->submit({message, other});
  for (const auto *m : {&message, &other})
    BOOST_TEST(bench.events.wait_outcome_of(m->token).code == to_hex(m->parts.back().sha256) + " as said");
  bench.provider->stop(Milliseconds{2000});
  BOOST_TEST(descriptors() <= before);
}

BOOST_AUTO_TEST_CASE(files_that_can_still_change_or_are_not_as_stated_are_refused) {
  constexpr int kAll{F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL};
  BOOST_TEST(FakeDaemon().end_after(file_in_memory(kSealedBytesMin, kAll)) == "took it");
  const auto refused = "ended with status " + std::to_string(kExitBadFrame);
  for (const int missing : {F_SEAL_WRITE, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_SEAL, kAll})
    BOOST_TEST(FakeDaemon().end_after(file_in_memory(kSealedBytesMin, kAll & ~missing)).starts_with(refused));
  for (const auto size : {kSealedBytesMin - 1, kSealedBytesMin + 1, std::size_t{0}})
    BOOST_TEST(FakeDaemon().end_after(file_in_memory(size, kAll)).starts_with(refused));
  BOOST_TEST(
      FakeDaemon().end_after(Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC))).starts_with(refused));
  BOOST_TEST(FakeDaemon().end_after({}).starts_with(refused));
}

BOOST_AUTO_TEST_CASE(garbage_in_a_hundred_ways_ends_the_child_and_nothing_else) {
  for (std::uint32_t seed{1}; seed <= 50; ++seed)
    for (const auto *lie : {"garbage", "mutations"}) {
      LiarBench bench(lie, seed);
      bench.settings.limits.crashes_max = 2;
      bench.start();
      bench.events.wait_for("quarantine", [](auto &r) { return r.health_.back().code == "quarantined"; });
      BOOST_TEST(bench.events.has_line("a frame"));
      BOOST_TEST((bench.send("any@example.com").kind == OutcomeKind::not_sent));
    }
}

BOOST_AUTO_TEST_CASE(more_raw_bytes_than_it_has_room_for_end_the_child) {
  LiarBench bench("inbound");
  bench.settings.limits.inbound_max = 8;
  bench.events.set_inbound_room(0);
  bench.start();
  bench.events.wait_for("quarantine", [](auto &r) { return r.health_.back().code == "quarantined"; });
  BOOST_TEST(bench.events.inbound_.empty());
}

BOOST_AUTO_TEST_CASE(more_raw_bytes_than_it_has_room_for_end_the_child_however_few_the_items) {
  LiarBench bench("large_inbound");
  bench.events.set_inbound_room(0);
  bench.start();
  bench.events.wait_for("quarantine", [](auto &r) { return r.health_.back().code == "quarantined"; });
  BOOST_TEST(bench.events.inbound_.empty());
}

BOOST_AUTO_TEST_CASE(a_frame_without_an_end_ends_a_check_and_is_not_gathered) {
  LiarBench bench("long");
  const auto checked = check_provider(bench.settings);
  BOOST_REQUIRE(!checked);
  BOOST_TEST(checked.error().message.find("longer than any may be") != std::string::npos,
             checked.error().message);
}

BOOST_AUTO_TEST_CASE(a_child_that_closes_its_socket_and_lives_on_is_ended) {
  LiarBench bench("close");
  bench.start();
  bench.events.wait_for("quarantine", [](auto &r) { return r.health_.back().code == "quarantined"; });
  BOOST_TEST(bench.events.health_.back().text.find("3 times within") != std::string::npos);
  const auto child = bench.pid();
  BOOST_TEST(::kill(child, 0) != 0);
}

BOOST_AUTO_TEST_CASE(descriptors_that_a_child_sends_never_arrive) {
  LiarBench bench("descriptors");
  const auto before = descriptors();
  bench.start();
  const auto message = bench.message_to("any@example.com");
  bench.provider->submit({message});  // it never answers; by the time that it is stopped all has been read
  bench.provider->stop(Milliseconds{200});
  BOOST_TEST(descriptors() <= before + 1);
}

BOOST_AUTO_TEST_CASE(floods_cost_the_daemon_no_memory_and_the_others_not_their_work) {
  for (const auto *lie :
       {"logs", "metrics", "health", "ready", "strays", "parsed", "intents", "fetched", "nothing"})
    BOOST_TEST_CONTEXT(lie) {
      LiarBench flooding(lie);
      flooding.settings.limits.chatter_max = 2000;
      std::atomic<std::size_t> metrics{0};
      flooding.settings.hooks.metric = [&](auto &&...) { ++metrics; };
      ChildBench quiet("noop");
      quiet.start();
      flooding.start();
      send_many(quiet, 500);  // both are warm
      const auto before = resident_bytes();
      send_many(quiet, 5000);
      const auto grown = resident_bytes() - std::min(before, resident_bytes());
      if (kMemoryIsOurs) BOOST_TEST(grown < (16u << 20));  // the recorder's own 5000 outcomes are in it
      BOOST_TEST(flooding.events.outcomes_.empty());
      BOOST_TEST(flooding.events.health_.size() < 5000u);
      BOOST_TEST(flooding.events.ready_.size() < 5000u);
      BOOST_TEST(flooding.events.lines_.size() < 5000u);
      flooding.provider->stop(Milliseconds{0});
    }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
