// What a provider loses when another one misbehaves: the same batches through a no-op plugin in a child,
// beside a quiet neighbour (the yard-stick) and beside one that floods, hangs, crashes or leaks. Quiet and
// loud rounds alternate, and the median of their ratios counts. Prints a line of JSON for each; exit status 1
// when one costs more than a tenth.
//   channel_beside_bench [ROUNDS]
#include "host/channel/factory.hpp"
#include "tests/test_folders.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace relance::channel {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kBatch{64}, kBatchesARound{400};
constexpr std::size_t kMisdeedEvery{20};  ///< batches
constexpr Milliseconds kWarmUp{300};
constexpr double kRatioMin{0.9};

std::vector<Submission> make_batch(Token first, const std::string &address, std::size_t count = kBatch) {
  static const auto body = std::make_shared<const std::string>(300, 'x');
  std::vector<Submission> batch(count);
  for (auto &s : batch) {
    s.token = first++;
    s.idempotency_key = "01HF7YAT00KEY0000000000000";
    s.addressee.address = address;
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

 private:
  std::size_t ended_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
};

struct Started {
  Started(const std::string &id, const std::string &plugin) {
    folder = (std::filesystem::temp_directory_path() / "relance-beside-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) std::abort();
    ProviderSettings settings;
    settings.id = id;
    settings.plugin = (test::build_dir() / "test-plugins" / (plugin + ".so")).string();
    settings.lock_directory = folder;
    settings.program = (test::build_dir() / "bin/channel_child").string();
    settings.sandbox.memory_mib = 256;
    settings.limits.hang_timeout = Milliseconds{500};
    settings.limits.crashes_max = 1'000'000;  // as bad as it can be: no quarantine
    settings.hooks.log = [](const std::string &, int, std::string_view, const Fields &) {};
    settings.hooks.metric = [](const std::string &, std::uint32_t, std::string_view, double, const Fields &) {
    };
    provider = make_provider(settings, events).value();
    provider->start().value();
  }
  Started(const Started &) = delete;
  Started &operator=(const Started &) = delete;
  ~Started() {
    provider->stop(Milliseconds{0});
    std::filesystem::remove_all(folder);
  }
  std::string folder;
  Counter events;
  std::unique_ptr<Provider> provider;
};

void misbehave(Started &other, const std::string &misdeed) {
  auto one = make_batch(1, misdeed, 1);
  one[0].subject = "1000000";  // of what is leaked, in MiB
  other.provider->submit(std::move(one));
}

/// Messages a second, while the other is at it.
double round_of(Started &good, Token &next, Started &other, const std::string &misdeed) {
  misbehave(other, misdeed);
  std::this_thread::sleep_for(kWarmUp);
  const auto began = SteadyClock::now();
  for (std::size_t i{0}; i < kBatchesARound; ++i) {
    if (i % kMisdeedEvery == 0) misbehave(other, misdeed);
    good.provider->submit(make_batch(next, "any@example.com"));
    next += kBatch;
    good.events.wait(next - 1);
  }
  return static_cast<double>(kBatchesARound * kBatch) /
         std::chrono::duration<double>(SteadyClock::now() - began).count();
}

double median(std::vector<double> all) {
  std::ranges::sort(all);
  return all[all.size() / 2];
}

}  // namespace
}  // namespace relance::channel

int main(int argc, char **argv) {
  using namespace relance::channel;
  const std::size_t rounds{argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 15};
  bool is_good{true};
  struct {
    const char *name, *plugin, *address;
  } const neighbours[]{{"flooding", "prisoner", "shout@example.com"},
                       {"hanging", "scripted", "hang@example.com"},
                       {"crashing", "scripted", "crash@example.com"},
                       {"leaking", "prisoner", "leak@example.com"}};
  for (const auto &neighbour : neighbours) {
    std::vector<double> quiet, loud, ratios;
    Started good("good", "noop");
    Token next{1};
    for (std::size_t i{0}; i < rounds; ++i) {
      {
        Started other("other", neighbour.plugin);
        quiet.push_back(round_of(good, next, other, "accept@example.com"));
      }
      Started other("other", neighbour.plugin);
      loud.push_back(round_of(good, next, other, neighbour.address));
      ratios.push_back(loud.back() / quiet.back());
    }
    const auto ratio = median(ratios);
    std::printf(
        "{\"beside\": \"%s\", \"quiet_per_s\": %.0f, \"loud_per_s\": %.0f, \"loud_to_quiet\": %.2f}\n",
        neighbour.name, median(quiet), median(loud), ratio);
    is_good = is_good && ratio >= kRatioMin;
  }
  return is_good ? 0 : 1;
}
