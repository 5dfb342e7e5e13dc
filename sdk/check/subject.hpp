// One instance of the plugin under test with the host it sees. Every call is made here: with its arguments in
// guarded memory that dies when the call returns, timed, and watched for exceptions and changed signal masks.
#ifndef RELANCE_CHECK_SUBJECT_HPP
#define RELANCE_CHECK_SUBJECT_HPP
#include "sdk/check/letter.hpp"
#include "sdk/check/recording_host.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace relance::check {

struct SaidIssue {
  bool is_fatal;
  std::string path, message;
};

class Subject {
 public:
  struct Options {
    std::string settings{};
    RecordingHost::Shape host{};
    bool changes_threads{false};  ///< each call from a thread of its own
  };
  Subject(const relance_plugin *plugin, Options options);
  ~Subject();  ///< stop and destroy, where that was not done
  Subject(const Subject &) = delete;
  Subject &operator=(const Subject &) = delete;

  relance_status check_settings();  ///< create() with `out` NULL
  relance_status create();
  relance_status start();
  void create_and_start();  ///< abandons the test when the plugin refuses
  void stop();
  void destroy();

  /// Hands over what fits in flight, in batches of at most so many; the rest as tokens end.
  std::vector<relance_token> submit(const std::vector<Letter> &letters, std::size_t batch_max = SIZE_MAX);
  std::vector<relance_token> submit_now(
      const std::vector<Letter> &letters);  ///< in one call, whatever is open
  relance_token commit(const std::string &key, const std::vector<std::string> &refs,
                       std::int64_t not_after_ms = 0);
  relance_token discard(const std::string &key, const std::vector<std::string> &refs);
  relance_token recall(const std::string &key, const std::vector<std::string> &refs);
  relance_token query(const std::string &key, const std::vector<std::string> &refs);
  relance_token parse(std::string_view kind, std::string_view bytes, std::int64_t received_at_ms);
  relance_token poll(std::string_view cursor);
  relance_token fetch(const std::string &reference);  ///< 0: the plugin has no evidence source
  void stored(const std::vector<relance_token> &tokens);
  void room();
  void wake();
  std::uint32_t authenticate(const std::string &method, const std::string &url,
                             const std::vector<std::pair<std::string, std::string>> &headers,
                             const std::string &body);
  struct Quoted {
    int reports{0};
    std::string said{};
  };
  Quoted quote(const Letter &letter);
  const relance_traits *traits();

  /// Does what the serial thread owes (replies, wake) until it holds or the time is over.
  bool pump_until(const std::function<bool()> &holds, Milliseconds limit);
  void pump_for(Milliseconds time);
  bool wait_for_ends(Milliseconds limit);  ///< no token is open
  const End *await(Operation operation, relance_token token, Milliseconds limit);
  bool wait_for_credit(Milliseconds limit);

  [[nodiscard]] RecordingHost &host() { return *host_; }
  [[nodiscard]] const std::vector<SaidIssue> &issues() const { return issues_; }
  [[nodiscard]] std::uint32_t capabilities() const { return capabilities_; }
  [[nodiscard]] const relance_plugin *plugin() const { return plugin_; }
  [[nodiscard]] bool is_created() const { return instance_ != nullptr; }
  [[nodiscard]] std::size_t max_in_flight();
  /// How long calls took, in ms of wall time.
  [[nodiscard]] const std::map<std::string, std::vector<double>> &durations() const { return durations_; }

 private:
  void call(const char *name, const std::string &said, const std::function<void()> &run);
  relance_status build(relance_instance **out);

  const relance_plugin *plugin_;
  Options options_;
  std::unique_ptr<RecordingHost> host_;
  relance_instance *instance_{nullptr};
  bool is_started_{false}, is_stopped_{false};
  std::uint32_t capabilities_{0};
  std::vector<SaidIssue> issues_;
  std::map<std::string, std::vector<double>> durations_;
};

}  // namespace relance::check
#endif
