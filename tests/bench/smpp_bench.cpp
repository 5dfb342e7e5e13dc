// The SMS channel's driver smpp through its exported symbol, in this process: texts a second into one message
// centre. Usage: smpp_bench PLUGIN PORT MESSAGES WINDOW; prints the rate.
#include <relance/channel.hpp>
#include <relance/testkit/message.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <dlfcn.h>
#include <mutex>
#include <string>
#include <vector>

namespace relance {
namespace {

using Clock = std::chrono::steady_clock;

/// The host's table, and what the bench counts. The table comes first: the plugin gives its address back.
struct Counting {
  relance_host host{};
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t ended{0}, accepted{0};
  bool is_open{false};
};

Counting &counting_of(const relance_host *host) {
  return *const_cast<Counting *>(reinterpret_cast<const Counting *>(host));
}

std::int64_t wall_ms(const relance_host *) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void fill(relance_host &host) {
  host.size = sizeof host;
  host.complete = [](const relance_host *h, const relance_result *const *results, std::size_t count) {
    auto &self = counting_of(h);
    const std::lock_guard lock{self.mutex};
    self.ended += count;
    for (std::size_t at{0}; at < count; ++at)
      self.accepted += results[at]->outcome == RELANCE_OUT_ACCEPTED ? 1u : 0u;
    self.changed.notify_one();
  };
  host.ready = [](const relance_host *h, std::uint32_t credit) {
    auto &self = counting_of(h);
    const std::lock_guard lock{self.mutex};
    self.is_open = credit != 0;
    self.changed.notify_one();
  };
  host.parsed = [](const relance_host *, const relance_parsed *const *, std::size_t) {};
  host.recalled = [](const relance_host *, const relance_recalled *const *, std::size_t) {};
  host.polled = [](const relance_host *, const relance_polled *) {};
  host.inbound = [](const relance_host *, const relance_inbound *const *, std::size_t count) {
    return count;
  };
  host.health = [](const relance_host *, const relance_health *) {};
  host.wake = [](const relance_host *, std::uint32_t) {};
  host.log = [](const relance_host *, std::int32_t, relance_str, const relance_kv *, std::size_t) {};
  host.metric = [](const relance_host *, std::uint32_t, relance_str, double, const relance_kv *,
                   std::size_t) {};
  host.state_get = [](const relance_host *, relance_str, void *, std::size_t) -> std::int64_t { return -1; };
  host.state_put = [](const relance_host *, relance_str, relance_str) -> relance_status {
    return RELANCE_OK;
  };
  host.business_ms = wall_ms;
  host.wall_ms = wall_ms;
  host.extension = [](const relance_host *, const char *) -> const void * { return nullptr; };
}

const relance_plugin *find_driver(const char *file, std::string_view name) {
  auto *library = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  const auto entry =
      reinterpret_cast<const relance_plugin *(*)(std::uint32_t)>(::dlsym(library, RELANCE_ENTRY_SYMBOL));
  for (std::uint32_t index{0}; entry != nullptr; ++index) {
    const auto *driver = entry(index);
    if (driver == nullptr || driver->descriptor->driver == name) return driver;
  }
  return nullptr;
}

double run(const relance_plugin &driver, const std::string &settings, std::size_t messages,
           std::size_t window) {
  Counting counting;
  fill(counting.host);
  const relance_issue_sink sink{nullptr, [](void *, const relance_issue *) {}};
  relance_instance *instance{nullptr};
  if (driver.create(&counting.host, RELANCE_LIT("bench"), sdk::to_str(settings), &sink, &instance) !=
          RELANCE_OK ||
      driver.start(instance) != RELANCE_OK)
    return 0;
  auto letter = testkit::TestMessage::to(
      "+33612345678", "Acme: sauf erreur, 1 234,50 EUR restent a regler (ref. F-2026-017).");
  letter.sender_address = "Acme";
  letter.not_after_in_ms = 600'000;
  std::deque<testkit::MessageBox> boxes;
  for (std::size_t number{1}; number <= messages; ++number)
    boxes.emplace_back(letter, number, wall_ms(nullptr), 0);

  std::unique_lock lock{counting.mutex};
  counting.changed.wait(lock, [&] { return counting.is_open; });
  const auto began = Clock::now();
  for (std::size_t sent{0}; sent < messages;) {
    counting.changed.wait(lock, [&] { return sent - counting.ended < window; });
    std::vector<const relance_message *> batch;
    for (auto room = window - (sent - counting.ended); room > 0 && sent < messages; --room)
      batch.push_back(boxes[sent++].raw());
    lock.unlock();
    driver.submit(instance, batch.data(), batch.size());
    lock.lock();
  }
  counting.changed.wait(lock, [&] { return counting.ended == messages; });
  const auto seconds = std::chrono::duration<double>(Clock::now() - began).count();
  lock.unlock();
  driver.stop(instance, 10'000);
  driver.destroy(instance);
  if (counting.accepted != messages) return 0;
  return static_cast<double>(messages) / seconds;
}

}  // namespace
}  // namespace relance

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  const auto *driver = relance::find_driver(argv[1], "smpp");
  if (driver == nullptr) {
    std::fprintf(stderr, "smpp_bench: %s has no driver smpp\n", argv[1]);
    return 2;
  }
  const auto settings = R"({"host": "127.0.0.1", "port": )" + std::string{argv[2]} +
                        R"(, "system_id": "bench", "password": "secret08", "window": )" + argv[4] + "}";
  const auto rate = relance::run(*driver, settings, std::strtoull(argv[3], nullptr, 10),
                                 std::strtoull(argv[4], nullptr, 10));
  std::printf("%.1f\n", rate);
  return rate > 0 ? 0 : 1;
}
