// An engine's ear for tests: keeps every event and lets a test wait for a fact instead of for time.
#pragma once

#include "host/channel/factory.hpp"
#include "tests/test_folders.hpp"

#include <boost/test/unit_test.hpp>

#include <condition_variable>
#include <filesystem>

namespace relance::channel::test {

inline constexpr auto kPatience = std::chrono::seconds(60);  ///< a fact that takes longer is not coming

class Recorder final : public ProviderEvents {
 public:
  void outcomes(const std::string &, std::vector<Outcome> batch) override {
    note([&] { outcomes_.insert(outcomes_.end(), batch.begin(), batch.end()); });
  }
  void discards(const std::string &, std::vector<Discard> discards) override {
    note([&] { discards_.insert(discards_.end(), discards.begin(), discards.end()); });
  }
  void late_drafts(const std::string &, std::vector<Outcome> drafts) override {
    note([&] { late_drafts_.insert(late_drafts_.end(), drafts.begin(), drafts.end()); });
  }
  void recalls(const std::string &, std::vector<Recall> batch) override {
    note([&] { recalls_.insert(recalls_.end(), batch.begin(), batch.end()); });
  }
  std::size_t inbound(const std::string &, std::vector<Inbound> batch) override {
    std::size_t taken{0};
    note([&] {
      taken = std::min(batch.size(), inbound_room_ - std::min(inbound_room_, inbound_.size()));
      inbound_.insert(inbound_.end(), batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(taken));
    });
    return taken;
  }
  void parsed(const std::string &, std::vector<Parsed> batch) override {
    note([&] { parsed_.insert(parsed_.end(), batch.begin(), batch.end()); });
  }
  void polled(const std::string &, Polled polled) override {
    note([&] { polled_.push_back(std::move(polled)); });
  }
  void fetched(const std::string &, std::vector<Fetched> batch) override {
    note([&] { fetched_.insert(fetched_.end(), batch.begin(), batch.end()); });
  }
  void judged(const std::string &, std::vector<Judgement> batch) override {
    note([&] { judged_.insert(judged_.end(), batch.begin(), batch.end()); });
  }
  void ready(const std::string &, std::uint32_t credit) override {
    note([&] { ready_.push_back(credit); });
  }
  void health(const std::string &, Health health) override {
    note([&] { health_.push_back(std::move(health)); });
  }

  /// Waits until `fact(*this)` holds; what it reads is stable while it runs. Names the fact when it does not
  /// come.
  template <class F>
  void wait_for(const char *what, F &&fact) {
    std::unique_lock lock(mutex_);
    BOOST_REQUIRE_MESSAGE(changed_.wait_for(lock, kPatience, [&] { return fact(*this); }),
                          "did not come: " << what);
  }
  std::vector<Outcome> wait_outcomes(std::size_t count) {
    wait_for("outcomes", [&](Recorder &r) { return r.outcomes_.size() >= count; });
    const std::lock_guard lock(mutex_);
    return outcomes_;
  }
  Outcome wait_outcome_of(Token token) {
    wait_for("the outcome of a token", [&](Recorder &r) { return r.find(token) != nullptr; });
    const std::lock_guard lock(mutex_);
    return *find(token);
  }
  std::size_t count_outcomes_of(Token token) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count_if(outcomes_.begin(), outcomes_.end(),
                                                  [&](const Outcome &o) { return o.token == token; }));
  }
  void set_inbound_room(std::size_t room) {
    note([&] { inbound_room_ = room; });
  }
  void add_line(std::string line) {
    note([&] { lines_.push_back(std::move(line)); });
  }
  bool has_line(std::string_view part) const {  // inside wait_for
    return std::any_of(lines_.begin(), lines_.end(),
                       [&](const auto &line) { return line.find(part) != line.npos; });
  }

  std::vector<Outcome> outcomes_;
  std::vector<Recall> recalls_;
  std::vector<Discard> discards_;
  std::vector<Outcome> late_drafts_;
  std::vector<Inbound> inbound_;
  std::vector<Polled> polled_;
  std::vector<Parsed> parsed_;
  std::vector<Fetched> fetched_;
  std::vector<Judgement> judged_;
  std::vector<std::uint32_t> ready_;
  std::vector<Health> health_;
  std::vector<std::string> lines_;
  std::size_t inbound_room_{1'000'000};

 private:
  template <class F>
  void note(F &&change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  const Outcome *find(Token token) const {
    const auto found =
        std::find_if(outcomes_.begin(), outcomes_.end(), [&](const Outcome &o) { return o.token == token; });
    return found == outcomes_.end() ? nullptr : &*found;
  }
  std::mutex mutex_;
  std::condition_variable changed_;
};

/// A folder of its own, gone afterwards.
struct TemporaryFolder {
  TemporaryFolder() {
    std::string name{(std::filesystem::temp_directory_path() / "relance-channel-XXXXXX").string()};
    BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string path;
};

inline std::string plugin_folder() {
  return (relance::test::build_dir() / "test-plugins").string();
}

/// A provider on one of the test plugins, with what it says and does recorded.
struct Bench {
  explicit Bench(std::string plugin, Placement placement, std::string settings_json = "{}") {
    settings.id = "p1";
    settings.plugin = std::move(plugin);
    settings.plugin_directory = plugin_folder();
    settings.placement = placement;
    settings.settings_json = std::move(settings_json);
    settings.lock_directory = folder.path;
    settings.program = (relance::test::build_dir() / "bin" / "channel_child").string();
    settings.hooks.log = [this](const std::string &, int, std::string_view text, const Fields &fields) {
      std::string line(text);
      for (const auto &[key, value] : fields) line += " " + key + "=" + value;
      events.add_line(std::move(line));
    };
  }
  ~Bench() {
    if (provider) provider->stop(Milliseconds{2000});
  }
  void make() {
    auto made = make_provider(settings, events);
    BOOST_REQUIRE_MESSAGE(made, made.error().text());
    provider = std::move(*made);
  }
  void start() {
    make();
    const auto started = provider->start();
    BOOST_REQUIRE_MESSAGE(started, started.error().text());
  }
  Outcome send(const std::string &address, Token token = 0) {
    const auto message = message_to(address, token);
    provider->submit({message});
    return events.wait_outcome_of(message.token);
  }
  Submission message_to(const std::string &address, Token token = 0) {
    Submission s;
    s.token = token == 0 ? ++last_token : token;
    s.idempotency_key = "01HF7YAT00KEY0000000" + std::to_string(1'000'000 + s.token);
    s.addressee.channel = "email";
    s.addressee.address = address;
    s.subject = "Facture 2026-" + std::to_string(s.token);
    s.parts.push_back({"text",
                       "text/plain; charset=utf-8",
                       "",
                       std::make_shared<const std::string>("Bonjour " + std::to_string(s.token)),
                       {}});
    s.not_after = WallClock().now() + Milliseconds{60'000};
    return s;
  }

  TemporaryFolder folder;
  Recorder events;
  ProviderSettings settings;
  std::unique_ptr<Provider> provider;
  Token last_token{0};
};

}  // namespace relance::channel::test
