// One live instance of a driver: the host's table as the plugin calls it, and the plugin's functions as the
// placement calls them. Shared by both placements; what differs between them (values or frames) is the sink.
#pragma once

#include "host/channel/border.hpp"
#include "host/channel/instance_state.hpp"
#include "host/channel/token_table.hpp"

#include <relance/evidence.h>
#include <relance/http.h>
#include <relance/plugin.h>

#include <atomic>
#include <span>
#include <string>
#include <string_view>

namespace relance::channel {

struct SettingsIssue;
struct AuthenticateCall;
struct HttpCall;
struct HttpReply;

/// What comes out of an instance. Structs are of this host's layout, each end is the first one of an open
/// token. Called on any thread of the plugin; must not block.
class InstanceSink {
 public:
  virtual ~InstanceSink() = default;
  virtual void complete(std::span<const relance_result> results) = 0;
  virtual void recalled(std::span<const relance_recalled> results) = 0;
  virtual void discarded(std::span<const relance_discarded> results) = 0;
  /// Submissions that were made up and that the plugin ended as PREPARED after all.
  virtual void late_drafts(std::span<const relance_result> results) = 0;
  virtual void parsed(std::span<const relance_parsed> results) = 0;
  virtual void polled(const relance_polled &result) = 0;
  virtual void fetched(std::span<const relance_evidence_fetched> results) = 0;
  virtual void judged(std::vector<Judgement> judgements) = 0;
  /// These open tokens go to the plugin now. Called on the serial thread; may wait (the child writes its
  /// intent frame here).
  virtual void announce(Ending ending, std::span<const Token> tokens) = 0;
  virtual std::size_t inbound(std::span<const relance_inbound> batch) = 0;
  virtual void ready(std::uint32_t credit) = 0;
  virtual void health(const relance_health &health) = 0;
  virtual void wake_after(Milliseconds delay) = 0;
  virtual void log(int level, std::string_view text, Fields fields) = 0;
  virtual void metric(std::uint32_t kind, std::string_view name, double value, Fields labels) = 0;
  virtual void state_changed(std::string_view key, std::string_view value) = 0;
  [[nodiscard]] virtual Instant business_now() = 0;
  /// Empty: there is none.
  [[nodiscard]] virtual std::string webhook_url() = 0;
  /// As in relance/http.h.
  virtual relance_status http_send(HttpCall call) = 0;
  virtual void http_cancel(Token token) = 0;
};

class PluginInstance {
 public:
  /// `tokens`: the caller opens a token there before it hands it over; everything here outlives the instance.
  PluginInstance(const relance_plugin &driver, std::string id, TokenTable &tokens, InstanceState &state,
                 InstanceSink &sink);
  PluginInstance(const PluginInstance &) = delete;
  PluginInstance &operator=(const PluginInstance &) = delete;
  ~PluginInstance();

  /// Holds the settings to the schema, then to the plugin. A refusal has the JSON pointer of the first fault
  /// as `where`.
  Result<void> check(std::string_view settings_json);
  Result<void> create(std::string_view settings_json);
  [[nodiscard]] const Traits &traits() const { return traits_; }

  // Serial, on one thread at a time. An exception of the plugin ends the tokens of that call and goes no
  // further.
  Result<void> start();
  // What has got its end while it waited is not handed over.
  /// Those past not_after end as not sent; the rest is announced and handed over.
  void submit(std::vector<const relance_message *> messages);
  void commit(const relance_commit &commit);
  void discard(const relance_discard &discard);
  void recall(const relance_recall &recall);
  void query(const relance_query &query);
  void stored(std::span<const Token> tokens);
  void room();
  void parse(std::span<const relance_raw> raws);
  /// `poll` lives until its token ends: the plugin borrows it.
  void poll(const relance_poll &poll);
  void fetch(const relance_evidence_fetch &fetch);  ///< as poll
  /// Any thread, but not beside destroy(). Nothing: the plugin gives no quote.
  std::optional<Quote> quote(const relance_message &message);
  /// Any thread, also beside the serial calls, but not beside create() and destroy().
  void authenticate(std::span<const AuthenticateCall *const> calls);
  void wake();
  /// Replies to calls that http_send() took; none after destroy().
  void http_replied(const std::vector<HttpReply> &replies);
  void stop(Milliseconds grace);
  void destroy();

 private:
  struct HostFace {  // what the plugin holds is &face
    relance_host face{};
    PluginInstance *self{nullptr};
  };
  static PluginInstance &self(const relance_host *host);
  static relance_host make_face();
  Result<void> create_or_check(std::string_view settings_json, relance_instance **out);

  /// The first ends of open tokens, as values; what they close stays in `closed`, one for each.
  template <class T>
  std::vector<T> take_ends(Ending ending, const T *const *results, std::size_t count,
                           std::vector<OpenToken> &closed);
  void take_late_drafts(const relance_result *const *results, std::size_t count,
                        const std::vector<relance_result> &ends);
  void on_complete(const relance_result *const *results, std::size_t count);
  void end_unasked(const relance_discard &discard, const char *text);
  void on_discarded(const relance_discarded *const *results, std::size_t count);
  void on_recalled(const relance_recalled *const *results, std::size_t count);
  void on_parsed(const relance_parsed *const *results, std::size_t count);
  void on_polled(const relance_polled *result);
  void on_fetched(const relance_evidence_fetched *const *results, std::size_t count);
  std::int64_t on_webhook_url(void *buffer, std::size_t cap);
  std::int64_t on_state_get(std::string_view key, void *buffer, std::size_t cap);
  relance_status on_state_put(std::string_view key, std::string_view value);
  const void *on_extension(std::string_view id);
  relance_status on_http_send(const relance_http_call &theirs);
  static const relance_http &http_table();
  static const relance_evidence_store &evidence_table();
  void ask_extensions();
  /// The plugin's table of this extension; null: it has none.
  template <class T>
  const T *ask_extension(const char *id);

  void fault(std::string_view what, Fields fields = {});
  void fault_thrown(const char *where, std::string what);
  /// False: it threw, and that has been said.
  template <class F>
  bool guarded(const char *where, F &&run) {
    try {
      run();
      return true;
    } catch (const std::exception &e) {
      fault_thrown(where, to_line(e.what()));
    } catch (...) {
      fault_thrown(where, "no std::exception");
    }
    return false;
  }
  void end_as(std::span<const Token> tokens, std::uint32_t outcome, const char *code, const char *text);
  /// The operations whose tokens are still open are announced to the table, and to the sink where an intent
  /// counts; the others are taken out.
  template <class T>
  std::vector<Token> announce(Ending ending, std::vector<const T *> &items, bool is_intent);
  /// A one-message operation that ends in complete(): announced, handed over, ended when the plugin throws.
  template <class T>
  void hand_over(const char *where, const T &item,
                 void (*function)(relance_instance *, const T *const *, std::size_t));

  const relance_plugin &driver_;
  const std::string id_;
  TokenTable &tokens_;
  InstanceState &state_;
  InstanceSink &sink_;
  HostFace host_;
  relance_instance *instance_{nullptr};
  Traits traits_;
  const relance_evidence_source *evidence_source_{nullptr};
  std::atomic<const relance_http_client *> http_client_{nullptr};  ///< the plugin's, known once it is created
};

}  // namespace relance::channel
