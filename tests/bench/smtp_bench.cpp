// SMTP throughput beside its yard-stick: rounds of `smtp-source -d` and of our client, in turn, into one
// `smtp-sink`; prints both rates of every round and the median of the ratios. Usage: smtp_bench [--messages
// N] [--bytes N]
// [--connections N] [--rounds N]. Needs Postfix's two programs; everything runs on loopback.
#include "plugins/protocol/mime/mime.hpp"
#include "plugins/protocol/smtp/client.hpp"
#include "tests/bench/smtp_plugin_run.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <mutex>
#include <signal.h>
#include <spawn.h>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

extern char **environ;

namespace relance {
namespace {
using Clock = std::chrono::steady_clock;

struct Sizes {
  std::size_t messages{20'000};
  std::size_t bytes{4'096};
  std::size_t connections{20};
  int rounds{5};
  std::size_t in_flight{2'000};
};

struct Measured {
  double per_second{0};
  double cpu_s{0};
};

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

double cpu_of(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  const auto of = [](const timeval &time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

pid_t run(const std::vector<std::string> &words) {
  std::vector<char *> arguments;
  for (const auto &word : words) arguments.push_back(const_cast<char *>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child{0};
  if (::posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0) {
    std::fprintf(stderr, "cannot start %s: is Postfix installed?\n", arguments[0]);
    std::exit(2);
  }
  return child;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::uint16_t free_port() {
  const int socket{::socket(AF_INET, SOCK_STREAM, 0)};
  auto address = loopback(0);
  socklen_t size{sizeof address};
  ::bind(socket, reinterpret_cast<sockaddr *>(&address), size);
  ::getsockname(socket, reinterpret_cast<sockaddr *>(&address), &size);
  ::close(socket);
  return ntohs(address.sin_port);
}

/// Blocks until the sink accepts; there is nothing to await but the connection itself.
void await_listening(std::uint16_t port) {
  for (int attempt{0}; attempt < 500; ++attempt) {
    const int socket{::socket(AF_INET, SOCK_STREAM, 0)};
    const auto address = loopback(port);
    const bool is_open{::connect(socket, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0};
    ::close(socket);
    if (is_open) return;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  std::fprintf(stderr, "smtp-sink does not listen\n");
  std::exit(2);
}

Measured run_smtp_source(const Sizes &sizes, const std::string &server) {
  const auto cpu_before = cpu_of(RUSAGE_CHILDREN);
  const auto begin = Clock::now();
  const auto child =
      run({"smtp-source", "-d", "-s", std::to_string(sizes.connections), "-m", std::to_string(sizes.messages),
           "-l", std::to_string(sizes.bytes), "-f", "a@example.com", "-t", "b@example.com", server});
  int status{0};
  ::waitpid(child, &status, 0);
  const auto elapsed = seconds_since(begin);
  if (status != 0) std::fprintf(stderr, "smtp-source failed\n");
  return {static_cast<double>(sizes.messages) / elapsed, cpu_of(RUSAGE_CHILDREN) - cpu_before};
}

std::string content_of(std::size_t bytes) {
  std::string content{"From: a@example.com\r\nTo: b@example.com\r\nSubject: bench\r\n\r\n"};
  const std::string line(70, 'x');
  while (content.size() + 72 <= bytes) content.append(line).append("\r\n");
  return content;
}

Measured run_client(const Sizes &sizes, std::uint16_t port) {
  smtp::Options options;
  options.host = "127.0.0.1";
  options.port = port;
  options.connections = sizes.connections;
  options.messages_per_connection = sizes.messages;
  options.tls = smtp::TlsMode::none;
  options.window = sizes.messages;
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t ended{0};
  std::size_t accepted{0};
  smtp::Client client{options, [&](std::span<smtp::Completion> completions) {
                        const std::scoped_lock lock{mutex};
                        ended += completions.size();
                        for (const auto &completion : completions) {
                          accepted +=
                              static_cast<std::size_t>(completion.outcome.verdict == smtp::Verdict::accepted);
                        }
                        changed.notify_one();
                      }};
  if (const auto fault = client.start(); !fault.empty()) std::exit(2);
  const auto content = content_of(sizes.bytes);
  const auto cpu_before = cpu_of(RUSAGE_SELF);
  const auto begin = Clock::now();
  constexpr std::size_t kBatch{200};
  for (std::size_t sent{0}; sent < sizes.messages;) {
    std::vector<smtp::Submission> batch;
    for (; batch.size() < kBatch && sent < sizes.messages; ++sent) {
      batch.push_back(
          {sent + 1, {"a@example.com", {"b@example.com"}, "key" + std::to_string(sent), false}, content});
    }
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return sent - ended <= sizes.in_flight; });
    lock.unlock();
    client.submit(std::move(batch));
  }
  std::unique_lock lock{mutex};
  changed.wait(lock, [&] { return ended == sizes.messages; });
  const auto elapsed = seconds_since(begin);
  if (accepted != sizes.messages) std::fprintf(stderr, "only %zu accepted\n", accepted);
  return {static_cast<double>(sizes.messages) / elapsed, cpu_of(RUSAGE_SELF) - cpu_before};
}

double mime_per_second() {
  const std::array<mime::Address, 1> to{{{"Élodie Durand", "compta@example.fr"}}};
  std::string text;
  std::string html;
  for (int line{0}; line < 20; ++line) {
    text += "Votre facture 2026-00" + std::to_string(line) +
            " reste impayée, merci de la régler sous huitaine.\n";
    html += "<p>Votre facture <b>2026-00" + std::to_string(line) +
            "</b> reste impayée, merci de la régler.</p>\n";
  }
  mime::Message message;
  message.from = {"Relance SARL", "factures@example.com"};
  message.to = to;
  message.subject = "Facture 2026-0042 échue depuis quinze jours";
  message.message_id = "01HF7YAT00.1@example.com";
  message.text = text;
  message.html = html;
  constexpr int kBuilds{50'000};
  std::size_t bytes{0};
  const auto begin = Clock::now();
  for (int count{0}; count < kBuilds; ++count) {
    message.date_unix_s = count;
    bytes += mime::build(message)->bytes.size();
  }
  const auto rate = kBuilds / seconds_since(begin);
  std::printf("mime: %.0f messages/s of %zu bytes (text and HTML), one core\n", rate, bytes / kBuilds);
  return rate;
}

}  // namespace
}  // namespace relance

int main(int argc, char **argv) {
  using namespace relance;
  Sizes sizes;
  for (int index{1}; index + 1 < argc; index += 2) {
    const std::string name{argv[index]};
    const auto value = std::strtoull(argv[index + 1], nullptr, 10);
    if (name == "--messages") sizes.messages = value;
    if (name == "--bytes") sizes.bytes = value;
    if (name == "--connections") sizes.connections = value;
    if (name == "--in-flight") sizes.in_flight = value;
    if (name == "--rounds") sizes.rounds = static_cast<int>(value);
  }
  mime_per_second();
  const auto port = free_port();
  const auto server = "127.0.0.1:" + std::to_string(port);
  auto words = std::vector<std::string>{"smtp-sink", server, "1000"};
  if (::getuid() == 0) words.insert(words.begin() + 1, {"-u", "nobody"});
  const auto sink = run(words);
  await_listening(port);
  std::vector<double> client_ratios;
  std::vector<double> plugin_ratios;
  for (int round{0}; round < sizes.rounds; ++round) {
    const auto theirs = run_smtp_source(sizes, server);
    const auto client = run_client(sizes, port);
    const auto cpu_before = cpu_of(RUSAGE_SELF);
    const auto whole = run_plugin(RELANCE_SMTP_PLUGIN, port, sizes.messages, sizes.bytes - 350,
                                  sizes.connections, sizes.in_flight);
    const auto plugin_cpu_s = cpu_of(RUSAGE_SELF) - cpu_before;
    if (whole.accepted != sizes.messages) std::fprintf(stderr, "only %zu accepted\n", whole.accepted);
    const auto plugin_per_second = static_cast<double>(sizes.messages) / whole.seconds;
    client_ratios.push_back(client.per_second / theirs.per_second);
    plugin_ratios.push_back(plugin_per_second / theirs.per_second);
    std::printf(
        "round %d: smtp-source -d %.0f/s (cpu %.2f s), client %.0f/s (cpu %.2f s), plugin %.0f/s (cpu %.2f "
        "s), "
        "ratios %.2f %.2f\n",
        round + 1, theirs.per_second, theirs.cpu_s, client.per_second, client.cpu_s, plugin_per_second,
        plugin_cpu_s, client_ratios.back(), plugin_ratios.back());
  }
  ::kill(sink, SIGTERM);
  ::waitpid(sink, nullptr, 0);
  const auto median = [](std::vector<double> &values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  };
  std::printf(
      "median ratio to smtp-source -d: client %.2f, plugin %.2f (%zu messages of %zu bytes over %zu "
      "connections)\n",
      median(client_ratios), median(plugin_ratios), sizes.messages, sizes.bytes, sizes.connections);
  return 0;
}
