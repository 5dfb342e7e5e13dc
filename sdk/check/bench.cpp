// What a test works with is made when it asks for it.
#include "sdk/check/test.hpp"

#include <atomic>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace relance::check {
namespace {

struct Folder {  // the test's own; ends with the process's orderly end
  std::string path;
  ~Folder() {
    std::error_code error;
    if (!path.empty()) std::filesystem::remove_all(path, error);
  }
};
Folder &own_folder() {
  static Folder one;
  return one;
}

std::atomic<std::int64_t> grace_ms{10'000};

}  // namespace

Milliseconds stop_grace() {
  return Milliseconds(grace_ms.load());
}
Milliseconds end_patience() {
  return stop_grace() * 4 / 5;
}
void set_stop_grace(Milliseconds grace) {
  grace_ms = grace.count();
}

Bench::Bench(Assignment given)
    : assignment(std::move(given)),
      // The same seed gives each test its own numbers, whatever else runs.
      chance(assignment.seed * 0x9e3779b97f4a7c15u + std::hash<std::string>{}(assignment.test)) {}

void Bench::load() {
  step("dlopen");
  void *const library{::dlopen(assignment.plugin_file.c_str(), RTLD_NOW | RTLD_LOCAL)};
  if (library == nullptr) skip(std::string("it does not load: ") + ::dlerror() + " (see load.symbols)");
  using Entry = const relance_plugin *(*)(std::uint32_t);
  auto *const entry = reinterpret_cast<Entry>(::dlsym(library, RELANCE_ENTRY_SYMBOL));
  if (entry == nullptr) skip("it has no " RELANCE_ENTRY_SYMBOL " (see load.symbols)");
  step(RELANCE_ENTRY_SYMBOL);
  plugin = entry(assignment.driver_index);
  if (plugin == nullptr || plugin->descriptor == nullptr) skip("there is no such driver (see load.entry)");
  const auto &d = *plugin->descriptor;
  const std::string channel(d.channel == nullptr ? "sms" : d.channel),
      driver(d.driver == nullptr ? "" : d.driver);
  profile = assignment.profile_file.empty() ? default_profile(channel)
                                            : read_profile(assignment.profile_file, driver, channel);
  if (!assignment.settings_file.empty()) {
    std::ifstream file(assignment.settings_file, std::ios::binary);
    profile.settings_json.assign(std::istreambuf_iterator<char>(file), {});
  }
  if (profile.settings_json.empty()) profile.settings_json = settings_from_schema(d.settings_schema);
  // Who is given an URL speaks HTTP; e-mail with a host and a port is SMTP.
  if (profile.protocol.empty())
    profile.protocol =
        channel == "email" && profile.settings_json.find("${simulator_url}") == std::string::npos ? "smtp" : "http";
}

bool Bench::has(std::uint32_t capability) const {
  return (plugin->descriptor->capabilities & capability) != 0;
}

Simulator &Bench::simulator() {
  if (!simulator_) simulator_ = std::make_unique<Simulator>(profile, false);
  return *simulator_;
}

std::string Bench::folder() {
  if (!folder_.empty()) return folder_;
  const char *base{std::getenv("TMPDIR")};
  std::string pattern(std::string(base == nullptr ? "/tmp" : base) + "/relance-check.XXXXXX");
  if (::mkdtemp(pattern.data()) == nullptr)
    abandon("no folder can be made: " + pattern, "set TMPDIR", "relance-check");
  own_folder().path = pattern;
  return folder_ = pattern;
}

Surroundings Bench::surroundings() {
  return {"127.0.0.1", simulator().port(), "http", folder()};
}

std::string Bench::settings() {
  return settings(surroundings());
}

std::string Bench::settings(const Surroundings &around) {
  return with_surroundings(profile.settings_json, around);
}

std::unique_ptr<Subject> Bench::subject(Subject::Options options) {
  if (options.settings.empty()) options.settings = settings();
  return std::make_unique<Subject>(plugin, std::move(options));
}

std::unique_ptr<Subject> Bench::started(Subject::Options options) {
  auto one = subject(std::move(options));
  one->create_and_start();
  one->wait_for_credit(end_patience());
  return one;
}

std::vector<Letter> Bench::letters(std::size_t count) {
  std::vector<Letter> list;
  while (list.size() < count) list.push_back(numbered(profile.letter, assignment.seed, ++next_letter_));
  return list;
}

void Bench::needs_simulator() {
  if (profile.protocol == "none")
    skip("the profile says that the kit speaks no protocol of this plugin (protocol \"none\")");
  if (profile.settings_json.find("${simulator_") == std::string::npos)
    skip(
        "the settings do not say where the provider is: write a profile with ${simulator_url}, or "
        "${simulator_host} and "
        "${simulator_port}");
}

}  // namespace relance::check
