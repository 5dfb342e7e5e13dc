// The host as one instance of a plugin sees it, which writes down all that the plugin does and judges at once
// what no plugin may ever do: end a token twice or an unknown one, end it in a way its operation does not
// know, call after destroy(), hand over a struct without its size.
#ifndef RELANCE_CHECK_RECORDING_HOST_HPP
#define RELANCE_CHECK_RECORDING_HOST_HPP
#include "sdk/check/guarded.hpp"

#include <relance/evidence.h>
#include <relance/http.h>
#include <relance/plugin.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace relance::check {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

enum class Operation { submit, commit, query, recall, parse, poll, fetch, discard };
[[nodiscard]] const char *name_of(Operation operation);
[[nodiscard]] std::string name_of_outcome(std::uint32_t outcome);

/// How one token ended: of each operation the fields it has.
struct End {
  Operation operation;
  relance_token token;
  std::uint32_t outcome;  ///< RELANCE_OUT_*, RELANCE_RECALL_*, RELANCE_PARSED_*, RELANCE_FETCHED_*, RELANCE_DISCARD_*; of a poll
                          ///< 1 for an error
  std::uint32_t failure{0}, flags{0};
  std::int64_t retry_after_ms{0};
  std::vector<std::string> refs{};
  std::string code{}, text{};  ///< text: also `error`
  std::string cursor{};        ///< of a poll
  std::string meaning{};       ///< of a parse: all receipts and replies, written out
  std::size_t receipt_count{0}, reply_count{0};
  bool was_made_up{false};  ///< by the kit, as the plugin did not
};

struct InboundItem {
  relance_token token, cause;
  std::string kind, name, bytes;
};

/// Older: the first release of the interface. Newer: one that does not exist yet.
enum class Age { present, older, newer };

class HttpCalls;

class RecordingHost {
 public:
  struct Shape {
    Age age{Age::present};
    bool has_extensions{true};
    bool has_damaged_state{false};  ///< every key has a value, which makes no sense
    std::string state_file{};       ///< small state that outlives a killed process; empty: in memory
    Arena::Style style{Arena::Style::tight};
  };
  explicit RecordingHost(Shape shape, std::uint32_t capabilities);
  ~RecordingHost();
  RecordingHost(const RecordingHost &) = delete;
  RecordingHost &operator=(const RecordingHost &) = delete;

  [[nodiscard]] const relance_host *table() const { return table_; }
  [[nodiscard]] const Shape &shape() const { return shape_; }

  /// A token that is open from now on; `life` dies in the moment that it ends.
  relance_token open(Operation operation, std::shared_ptr<Arena> life, std::string what);
  [[nodiscard]] std::size_t open_count() const;
  [[nodiscard]] std::vector<std::string> open_names() const;
  [[nodiscard]] bool is_open(Operation operation, relance_token token) const;
  [[nodiscard]] std::vector<End> ends() const;
  [[nodiscard]] const End *end_of(Operation operation, relance_token token) const;
  /// What the plugin left open ends here, as a finding or not.
  std::vector<std::string> end_the_rest();
  void forget_ends();

  // What came in.
  void take_inbound(std::size_t items);  ///< so many more, then none; default: all
  [[nodiscard]] std::vector<InboundItem> taken() const;
  [[nodiscard]] std::size_t refused_inbound() const { return refused_inbound_; }

  // Calls that the host owes: made by the serial thread, see Subject::pump.
  void post(std::function<void()> call);
  [[nodiscard]] bool take_posted(std::function<void()> &call);
  [[nodiscard]] bool take_wake();
  [[nodiscard]] std::int64_t credit() const;  ///< -1: never said
  void spend_credit(std::size_t messages);

  // Clocks.
  void shift_business(std::int64_t ms) { business_shift_ms_ += ms; }
  void shift_wall(std::int64_t ms) { wall_shift_ms_ += ms; }
  [[nodiscard]] std::int64_t business_ms() const;
  [[nodiscard]] std::int64_t wall_ms() const;

  /// Each text that came out of the plugin, with where it came: "log", "code", "metric", …
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> texts() const;
  void heard(std::string where, std::string_view text);
  [[nodiscard]] std::size_t refused_state() const { return refused_state_; }
  [[nodiscard]] std::size_t log_lines() const { return log_lines_; }
  [[nodiscard]] std::uint32_t health_level() const { return health_level_; }

  void judge_credit_and_refs(bool is_wanted) { judges_refs_ = is_wanted; }
  void is_told_url(std::string url) { webhook_url_ = std::move(url); }
  /// After destroy(): the table is dead memory, and any call a finding.
  void close();

  /// The plugin's side of relance.http/1 and the instance it belongs to, once they are known.
  void connect_http(const relance_http_client *client, relance_instance *instance);
  /// Its calls wait from now on before their first byte, or wait no more; how many do.
  void hold_http(bool is_held);
  [[nodiscard]] std::size_t held_http() const;

  struct Functions;  ///< the C functions of the table

 private:
  struct Open {
    std::shared_ptr<Arena> life;
    std::string what;
    Operation operation;
  };
  enum Family { kComplete, kRecalled, kParsed, kPolled, kFetched, kDiscarded, kFamilies };
  static Family family_of(Operation operation);
  void ended(Family family, relance_token token, End end, const char *function);
  bool is_alive(const char *function);

  Shape shape_;
  std::uint32_t capabilities_;
  Arena memory_;
  const relance_host *table_{nullptr};

  mutable std::mutex mutex_;
  std::map<relance_token, Open> open_[kFamilies];
  std::set<relance_token> closed_[kFamilies];
  std::set<relance_token> given_up_[kFamilies];    ///< by the kit: a late end is no second fault
  std::vector<std::shared_ptr<Arena>> left_open_;  ///< of tokens that the kit ended: one fault is said once
  relance_token next_[kFamilies];
  std::vector<std::unique_ptr<End>> ends_;
  std::map<std::string, std::string> refs_;  ///< and whose they are
  bool judges_refs_{true};
  std::size_t inbound_room_{SIZE_MAX};
  std::atomic<std::size_t> refused_inbound_{0};
  std::vector<InboundItem> taken_;
  std::deque<std::function<void()>> posted_;
  bool is_wake_due_{false};
  Clock::time_point wake_at_{};
  std::int64_t credit_{-1};
  std::vector<std::pair<std::string, std::string>> texts_;
  std::map<std::string, std::string> state_;
  std::atomic<std::size_t> log_lines_{0}, refused_state_{0};
  std::atomic<std::uint32_t> health_level_{RELANCE_HEALTH_UP};
  std::atomic<std::int64_t> business_shift_ms_{0}, wall_shift_ms_{0};
  std::string webhook_url_;
  std::atomic<bool> is_closed_{false};
  std::unique_ptr<HttpCalls> http_;

  void load_state();
  void keep_state();
  void make_table();
  void be_known(bool is_alive);  ///< to the functions of the table
};

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace relance::check
#endif
