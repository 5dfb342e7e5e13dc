// The SMS driver for Kannel at its pace: so many messages through the whole of it (plugin in a child, the
// host's HTTP client, a window) into a Kannel that somebody else started. Prints "accepted N seconds S".
// Usage: kannel_bench --url URL --user U --secret S --messages N --window N --plugins FOLDER --child PROGRAM
#include "host/channel/factory.hpp"
#include "host/channel/http_client.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>

namespace relance::channel {
namespace {

using Clock = std::chrono::steady_clock;

class Ends final : public ProviderEvents {
 public:
  void outcomes(const std::string &, std::vector<Outcome> batch) override {
    const std::lock_guard lock{mutex_};
    for (const auto &outcome : batch) {
      ++ended_;
      if (outcome.kind == OutcomeKind::accepted)
        ++accepted_;
      else if (first_fault_.empty())
        first_fault_ = outcome.code + ' ' + outcome.text;
    }
    changed_.notify_all();
  }
  void recalls(const std::string &, std::vector<Recall>) override {}
  std::size_t inbound(const std::string &, std::vector<Inbound>) override { return 0; }
  void parsed(const std::string &, std::vector<Parsed>) override {}
  void polled(const std::string &, Polled) override {}
  void fetched(const std::string &, std::vector<Fetched>) override {}
  void judged(const std::string &, std::vector<Judgement>) override {}
  void ready(const std::string &, std::uint32_t) override {}
  void health(const std::string &, Health) override {}

  void await(std::size_t count) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return ended_ >= count; });
  }
  std::size_t ended() {
    const std::lock_guard lock{mutex_};
    return ended_;
  }
  [[nodiscard]] std::size_t accepted() const { return accepted_; }
  [[nodiscard]] const std::string &first_fault() const { return first_fault_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t ended_{0}, accepted_{0};
  std::string first_fault_;
};

Submission message(Token token, const std::shared_ptr<const std::string> &text) {
  Submission s;
  s.token = token;
  s.idempotency_key = "01HF7YAT00KEY000000" + std::to_string(10'000'000 + token);
  s.addressee.channel = "sms";
  s.addressee.address = "+33600000001";
  s.sender.address = "Acme";
  s.parts.push_back({"text", "text/plain; charset=utf-8", "", text, {}});
  s.not_after = WallClock().now() + Milliseconds{600'000};
  return s;
}

int run(const std::map<std::string, std::string> &options) {
  const auto messages = std::stoul(options.at("--messages")), window = std::stoul(options.at("--window"));
  const auto &url = options.at("--url");
  const auto folder = std::filesystem::temp_directory_path() / ("kannel-bench-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  Ends ends;
  ProviderSettings settings;
  settings.id = "kannel";
  settings.plugin = "relance_sms";
  settings.driver = "kannel";
  settings.plugin_directory = options.at("--plugins");
  settings.placement = Placement::child;
  settings.program = options.at("--child");
  settings.lock_directory = folder.string();
  settings.settings_json = R"({"url": ")" + url + R"(", "user": ")" + options.at("--user") +
                           R"(", "secret": ")" + options.at("--secret") + R"(", "max_in_flight": )" +
                           std::to_string(window) + "}";
  settings.http = std::make_shared<HttpClient>(HttpSettings{});
  settings.http_hosts.push_back(*parse_http_host(url.substr(0, url.find('/', 7))));
  auto provider = make_provider(settings, ends);
  if (!provider || !(*provider)->start()) {
    std::fprintf(stderr, "kannel_bench: the provider does not start\n");
    return 1;
  }
  const auto text = std::make_shared<const std::string>(
      "Acme : sauf erreur, 1 234,50 EUR restent a regler (ref. F-2026-017).");
  (*provider)->submit({message(1, text)});  // the child is up, and a connection open
  ends.await(1);
  const auto begin = Clock::now();
  for (Token sent{1}; sent < messages + 1;) {
    const auto room = window - (sent - ends.ended());
    std::vector<Submission> batch;
    for (std::size_t n{0}; n < room && sent < messages + 1; ++n) batch.push_back(message(++sent, text));
    if (!batch.empty()) (*provider)->submit(std::move(batch));
    ends.await(sent < messages + 1 ? sent - window + 1 : sent);
  }
  const auto seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  std::printf("accepted %zu seconds %.4f\n", ends.accepted() - 1, seconds);
  if (!ends.first_fault().empty()) std::fprintf(stderr, "kannel_bench: %s\n", ends.first_fault().c_str());
  (*provider)->stop(Milliseconds{2000});
  std::filesystem::remove_all(folder);
  return ends.accepted() == messages + 1 ? 0 : 1;
}

}  // namespace
}  // namespace relance::channel

int main(int argc, char **argv) {
  std::map<std::string, std::string> options;
  for (int i{1}; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  try {
    return relance::channel::run(options);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "kannel_bench: %s (see the head of its source)\n", error.what());
    return 2;
  }
}
