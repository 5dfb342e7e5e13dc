// The tests by name, and what each gets to work with.
#ifndef RELANCE_CHECK_TEST_HPP
#define RELANCE_CHECK_TEST_HPP
#include "sdk/check/profile.hpp"
#include "sdk/check/simulator.hpp"
#include "sdk/check/subject.hpp"
#include "sdk/check/verdict.hpp"

#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace relance::check {

struct Assignment {  ///< what the child process of one test was told
  std::string plugin_file, test, settings_file, profile_file, program;
  std::uint32_t driver_index{0};
  std::uint64_t seed{1};
  int timeout_s{60}, grace_s{10};
};

/// What one test works with: the loaded plugin, the author's profile, a simulator, chance that can be
/// repeated.
class Bench {
 public:
  explicit Bench(Assignment assignment);

  const Assignment assignment;
  const relance_plugin *plugin{nullptr};  ///< NULL in tests that only read the file
  Profile profile;
  std::mt19937_64 chance;

  [[nodiscard]] Simulator &simulator();  ///< made at the first call
  [[nodiscard]] std::string folder();    ///< empty at the first call, the test's own, removed at its end
  [[nodiscard]] std::string settings();  ///< with the simulator's address in it
  [[nodiscard]] std::string settings(const Surroundings &surroundings);
  [[nodiscard]] Surroundings surroundings();

  [[nodiscard]] std::unique_ptr<Subject> subject(
      Subject::Options options = {});  ///< with settings(), unless given
  [[nodiscard]] std::unique_ptr<Subject> started(
      Subject::Options options = {});  ///< created, started, ready for messages
  /// The numbered messages of this test: another seed, other keys.
  [[nodiscard]] std::vector<Letter> letters(std::size_t count);
  [[nodiscard]] bool has(std::uint32_t capability) const;
  /// How the instance is made to fail at one message: abandons the test when the simulator cannot stand in.
  void needs_simulator();

  void load();  ///< dlopen and the driver; abandons the test when that fails

 private:
  std::unique_ptr<Simulator> simulator_;
  std::string folder_;
  std::size_t next_letter_{0};
};

struct Test {
  const char *name;
  const char *what;  ///< one sentence, for --list and the manual
  void (*run)(Bench &);
  std::uint32_t needs{0};  ///< RELANCE_CAP_*: any of them; otherwise skipped
  bool reads_file_only{false};
};

[[nodiscard]] std::span<const Test> all_tests();
[[nodiscard]] const Test *find_test(std::string_view name);

/// What of this process a plugin may have added to.
struct Census {
  std::vector<std::string> descriptors;  ///< what each points to
  std::size_t threads;
  std::size_t heap_bytes;  ///< 0: not known (a sanitizer's allocator)
};
[[nodiscard]] Census census();
/// What is in `now` and was not in `before`.
[[nodiscard]] std::string opened_since(const Census &before, const Census &now);
[[nodiscard]] std::vector<std::string> files_below(const std::string &folder);

/// How long stop() may take to bring all tokens to their end (--grace), and how long a test waits for an end
/// that comes at once in a good plugin: four fifths of it.
[[nodiscard]] Milliseconds stop_grace();
[[nodiscard]] Milliseconds end_patience();
void set_stop_grace(Milliseconds grace);

// By file.
void elf_exports(Bench &);
void elf_nodelete(Bench &);
void elf_hardening(Bench &);
void elf_rpath(Bench &);
void load_symbols(Bench &);
void load_quiet(Bench &);
void load_entry(Bench &);
void descriptor_fields(Bench &);
void descriptor_capabilities(Bench &);
void descriptor_schema(Bench &);
void lifecycle_create_only(Bench &);
void lifecycle_leaks(Bench &);
void lifecycle_instances(Bench &);
void lifecycle_quiet_end(Bench &);
void settings_valid(Bench &);
void settings_refusal(Bench &);
void settings_fuzz(Bench &);
void settings_secrets(Bench &);
void messages_secret(Bench &);
void traits_honest(Bench &);
void calls_prompt(Bench &);
void calls_faults(Bench &);
void calls_threads(Bench &);
void tokens_once(Bench &);
void tokens_stop(Bench &);
void tokens_outcomes(Bench &);
void memory_layout(Bench &);
void memory_borrowed(Bench &);
void memory_older_host(Bench &);
void memory_newer_host(Bench &);
void deadline_past(Bench &);
void deadline_clocks(Bench &);
void bytes_same(Bench &);
void provider_accepted(Bench &);
void provider_refused(Bench &);
void provider_rejected(Bench &);
void provider_throttled(Bench &);
void provider_error(Bench &);
void provider_reset(Bench &);
void provider_cut(Bench &);
void provider_silent(Bench &);
void provider_slow(Bench &);
void provider_garbage(Bench &);
void provider_tls(Bench &);
void provider_resend(Bench &);
void kill_restart(Bench &);
void state_damaged(Bench &);
void state_kept(Bench &);
void host_bare(Bench &);
void log_bounded(Bench &);
void wake_unasked(Bench &);
void inbound_room(Bench &);
void inbound_acknowledge(Bench &);
void parse_garbage(Bench &);
void parse_same(Bench &);
void parse_sample(Bench &);
void webhook_genuine(Bench &);
void webhook_forgery(Bench &);
void webhook_replay(Bench &);
void webhook_prompt(Bench &);
void poll_ends(Bench &);
void query_ends(Bench &);
void recall_ends(Bench &);
void commit_repeat(Bench &);
void quote_pure(Bench &);
void evidence_ends(Bench &);

}  // namespace relance::check
#endif
