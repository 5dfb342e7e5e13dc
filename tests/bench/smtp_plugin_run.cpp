#include "tests/bench/smtp_plugin_run.hpp"

#include <relance/plugin.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <mutex>
#include <vector>

namespace relance {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kBatch{200};

relance_str str(const std::string &text) {
  return {text.data(), text.size()};
}

/// The host's table, and what the bench counts. The table comes first: the plugin gives its address back.
struct Counting {
  relance_host host{};
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t ended{0};
  std::size_t accepted{0};
};

std::int64_t wall_ms(const relance_host *) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void fill(relance_host &host) {
  host.size = sizeof host;
  host.complete = [](const relance_host *h, const relance_result *const *results, std::size_t count) {
    auto &self = *const_cast<Counting *>(reinterpret_cast<const Counting *>(h));
    const std::lock_guard lock{self.mutex};
    self.ended += count;
    for (std::size_t index{0}; index < count; ++index) {
      self.accepted += static_cast<std::size_t>(results[index]->outcome == RELANCE_OUT_ACCEPTED);
    }
    self.changed.notify_one();
  };
  host.parsed = [](const relance_host *, const relance_parsed *const *, std::size_t) {};
  host.polled = [](const relance_host *, const relance_polled *) {};
  host.inbound = [](const relance_host *, const relance_inbound *const *, std::size_t) -> std::size_t {
    return 0;
  };
  host.ready = [](const relance_host *, std::uint32_t) {};
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

}  // namespace

PluginRun run_plugin(const std::string &library, std::uint16_t port, std::size_t messages,
                     std::size_t text_bytes, std::size_t connections, std::size_t in_flight) {
  auto *handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    std::fprintf(stderr, "%s\n", ::dlerror());
    std::exit(2);
  }
  const auto entry =
      reinterpret_cast<const relance_plugin *(*)(std::uint32_t)>(::dlsym(handle, RELANCE_ENTRY_SYMBOL));
  const auto &plugin = *entry(0);
  Counting counting;
  fill(counting.host);
  const auto settings =
      R"({"envelope_sender": "b+KEY@creditor.example", "max_in_flight": )" +
      std::to_string(in_flight + kBatch) +
      R"(, "server": {"host": "127.0.0.1", "tls": "none", "messages_per_connection": 1000000, "port": )" +
      std::to_string(port) + R"(, "connections": )" + std::to_string(connections) + "}}";
  const relance_issue_sink sink{nullptr, [](void *, const relance_issue *) {}};
  relance_instance *instance{nullptr};
  if (plugin.create(&counting.host, RELANCE_LIT("bench"), str(settings), &sink, &instance) != RELANCE_OK ||
      plugin.start(instance) != RELANCE_OK) {
    std::fprintf(stderr, "the plugin does not start\n");
    std::exit(2);
  }

  const std::string role{"text"}, type{"text/plain; charset=utf-8"}, subject{"Invoice 2026-0042 is overdue"};
  const std::string to{"debtor@example.com"}, from{"billing@example.com"}, name{"A Debtor"};
  std::string text;
  while (text.size() + 71 <= text_bytes) text.append(70, 'x').append("\n");
  const relance_part part{sizeof(relance_part), 0, str(role), str(type), {}, str(text), nullptr};
  const relance_part *const parts[]{&part};
  relance_addressee addressee{};
  addressee.size = sizeof addressee;
  addressee.address = str(to);
  addressee.name = str(name);
  relance_sender sender{};
  sender.size = sizeof sender;
  sender.name = str(name);
  sender.address = str(from);
  std::vector<std::string> keys(messages);
  std::vector<relance_message> all(messages);
  for (std::size_t index{0}; index < messages; ++index) {
    const auto digits = std::to_string(index);
    keys[index] = "01KAMRZXEY" + std::string(16 - digits.size(), '0') + digits;
    auto &message = all[index];
    message.size = sizeof message;
    message.token = index + 1;
    message.idempotency_key = str(keys[index]);
    message.addressee = &addressee;
    message.sender = &sender;
    message.subject = str(subject);
    message.parts = parts;
    message.part_count = 1;
    message.not_after_ms = wall_ms(nullptr) + 600'000;
  }

  const auto begin = Clock::now();
  for (std::size_t sent{0}; sent < messages;) {
    std::vector<const relance_message *> batch;
    for (; batch.size() < kBatch && sent < messages; ++sent) batch.push_back(&all[sent]);
    std::unique_lock lock{counting.mutex};
    counting.changed.wait(lock, [&] { return sent - counting.ended <= in_flight; });
    lock.unlock();
    plugin.submit(instance, batch.data(), batch.size());
  }
  std::unique_lock lock{counting.mutex};
  counting.changed.wait(lock, [&] { return counting.ended == messages; });
  const PluginRun run{counting.accepted, std::chrono::duration<double>(Clock::now() - begin).count()};
  lock.unlock();
  plugin.stop(instance, 10'000);
  plugin.destroy(instance);
  return run;
}

}  // namespace relance
