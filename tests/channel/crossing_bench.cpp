// What it costs to cross into a channel child and back: a no-op plugin, batches of 64 messages with bodies of
// 300 bytes, one or eight batches under way. Yard-stick of the same run: the same frames over a bare socket
// pair to a process that writes back what it reads. Prints one line of JSON; exit status 1 below the ratio
// that is asked for.
//   channel_crossing_bench [MESSAGES]
#include "host/channel/factory.hpp"
#include "host/channel/wire.hpp"
#include "tests/test_folders.hpp"

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace relance::channel {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kBatch{64};
constexpr std::size_t kBatchesARound{4};  ///< for each that is under way: what fits a cache
constexpr double kRatioMin{0.4};

std::vector<Submission> make_batch(Token first) {
  static const auto body = std::make_shared<const std::string>(300, 'x');
  std::vector<Submission> batch(kBatch);
  for (auto &s : batch) {
    s.token = first++;
    s.idempotency_key = "01HF7YAT00KEY0000000000000";
    s.addressee.channel = "email";
    s.addressee.address = "comptabilite@client.example";
    s.sender.address = "relances@creancier.example";
    s.service = "plain";
    s.subject = "Rappel de votre facture";
    s.parts.push_back({"text", "text/plain; charset=utf-8", "", body, {}});
    s.not_after = WallClock().now() + Milliseconds{3'600'000};
  }
  return batch;
}

class Counter final : public ProviderEvents {
 public:
  void outcomes(const std::string &, std::vector<Outcome> batch) override {
    const std::lock_guard lock(mutex_);
    ended_ += batch.size();
    for (const auto &outcome : batch) accepted_ += outcome.kind == OutcomeKind::accepted ? 1 : 0;
    changed_.notify_one();
  }
  void recalls(const std::string &, std::vector<Recall>) override {}
  std::size_t inbound(const std::string &, std::vector<Inbound>) override { return 0; }
  void polled(const std::string &, Polled) override {}
  void parsed(const std::string &, std::vector<Parsed>) override {}
  void ready(const std::string &, std::uint32_t) override {}
  void health(const std::string &, Health) override {}
  void wait(std::size_t ended) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ >= ended; });
  }
  std::size_t ended_{0}, accepted_{0};

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

/// Messages a second.
double rate_of(std::size_t messages, SteadyClock::time_point began) {
  return static_cast<double>(messages) / std::chrono::duration<double>(SteadyClock::now() - began).count();
}

/// From spawn to ready, sandbox and plugin included: the shortest of all starts.
double start_ms{std::numeric_limits<double>::max()};
constexpr double kStartMsMax{50};

double provider_rate(Placement placement, std::size_t messages, std::size_t under_way) {
  std::string folder{(std::filesystem::temp_directory_path() / "relance-crossing-XXXXXX").string()};
  if (::mkdtemp(folder.data()) == nullptr) std::abort();
  Counter events;
  ProviderSettings settings;
  settings.id = "bench";
  settings.plugin = (test::build_dir() / "test-plugins/noop.so").string();
  settings.placement = placement;
  settings.lock_directory = folder;
  settings.program = (test::build_dir() / "bin/channel_child").string();
  auto provider = make_provider(settings, events).value();
  const auto starting = SteadyClock::now();
  provider->start().value();
  if (placement == Placement::child)
    start_ms =
        std::min(start_ms, std::chrono::duration<double, std::milli>(SteadyClock::now() - starting).count());
  // Writing letters is not crossing, and an engine has just written them: so a round's batches are made when
  // it begins, and its time counts from then to the last outcome.
  SteadyClock::duration crossing{0};
  for (std::size_t sent{0}; sent < messages;) {
    std::vector<std::vector<Submission>> round;
    for (std::size_t i{0}; i < under_way * kBatchesARound && sent < messages; ++i, sent += kBatch)
      round.push_back(make_batch(sent + 1));
    const auto first = sent - round.size() * kBatch;
    const auto began = SteadyClock::now();
    for (std::size_t i{0}; i < round.size(); ++i) {
      if (i >= under_way) events.wait(first + (i - under_way + 1) * kBatch);
      provider->submit(std::move(round[i]));
    }
    events.wait(sent);
    crossing += SteadyClock::now() - began;
  }
  const auto rate = static_cast<double>(messages) / std::chrono::duration<double>(crossing).count();
  if (events.accepted_ != messages) std::abort();
  provider->stop(Milliseconds{1000});
  std::filesystem::remove_all(folder);
  return rate;
}

void echo(int socket) {
  std::string buffer(256u << 10, '\0');
  for (;;) {
    const auto n = ::read(socket, buffer.data(), buffer.size());
    if (n <= 0) ::_exit(0);
    for (ssize_t at{0}; at < n;) {
      const auto written = ::write(socket, buffer.data() + at, static_cast<std::size_t>(n - at));
      if (written <= 0) ::_exit(1);
      at += written;
    }
  }
}

double echo_rate(std::size_t messages, std::size_t under_way) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) std::abort();
  const int bytes{1 << 20};
  for (const int fd : ends) ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  const pid_t child{::fork()};
  if (child == 0) {
    ::close(ends[0]);
    echo(ends[1]);
  }
  ::close(ends[1]);
  const auto batch = make_batch(1);
  std::vector<Outgoing> going;
  for (const auto &s : batch) going.push_back({&s});
  OutBytes frame;
  std::string in(256u << 10, '\0');
  FrameWriter w(frame);
  encode_submit(w, going);
  std::size_t back{0};
  const auto read_to = [&](std::size_t target) {
    while (back < target) {
      const auto n = ::read(ends[0], in.data(), in.size());
      if (n <= 0) std::abort();
      back += static_cast<std::size_t>(n);
    }
  };
  const auto began = SteadyClock::now();
  std::size_t frames{0};
  for (; frames * kBatch < messages; ++frames) {
    if (frames >= under_way) read_to((frames - under_way + 1) * frame.size());
    if (::write(ends[0], frame.data(), frame.size()) != static_cast<ssize_t>(frame.size())) std::abort();
  }
  read_to(frames * frame.size());
  const auto rate = rate_of(messages, began);
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return rate;
}

}  // namespace
}  // namespace relance::channel

int main(int argc, char **argv) {
  using namespace relance::channel;
  std::size_t messages{argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 64'000};
  messages -= messages % kBatch;
  double ratio_of_one{0};
  for (const std::size_t under_way : {1, 8}) {
    double echo{0}, child{0}, inproc{0};
    for (int round{0}; round < 3; ++round) {  // interleaved; the best of each
      echo = std::max(echo, echo_rate(messages, under_way));
      child = std::max(child, provider_rate(Placement::child, messages, under_way));
      inproc = std::max(inproc, provider_rate(Placement::in_process, messages, under_way));
    }
    std::printf(
        "{\"batches_under_way\": %zu, \"bare_echo_per_s\": %.0f, \"child_per_s\": %.0f, "
        "\"in_process_per_s\": %.0f, "
        "\"child_to_echo\": %.2f, \"child_start_ms\": %.1f}\n",
        under_way, echo, child, inproc, child / echo, start_ms);
    if (under_way == 1) ratio_of_one = child / echo;
  }
  return ratio_of_one >= kRatioMin && start_ms < kStartMsMax ? 0 : 1;
}
