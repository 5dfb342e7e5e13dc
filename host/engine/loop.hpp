// The engine's thread: what it does between two waits. Split over loop.cpp (the rhythm, the clock, work for
// others), reload.cpp (another configuration), dispatch.cpp (claim to intent), decided.cpp (what a decision changes),
// sending.cpp (route and intent of a message), quoting.cpp (fit and price), hand_over.cpp, test_message.cpp (an
// operator's), second_phase.cpp (drafts), receipts.cpp (outcomes, inbound, parsing, recalls), inbound_hooks.cpp
// (webhooks), silences.cpp, evidence.cpp, day_seal.cpp, retention.cpp and doubts.cpp (what nobody knows).
#pragma once

#include "host/engine/business_clock.hpp"
#include "host/engine/case_setting.hpp"
#include "host/engine/clock_gap.hpp"
#include "host/engine/compose.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/inbox.hpp"
#include "host/engine/provider_pool.hpp"
#include "host/engine/seal_stamper.hpp"
#include "host/engine/volume_guard.hpp"
#include "host/engine/webhooks.hpp"
#include "host/store/sqlite/open.hpp"
#include "host/store/store.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace relance::engine {

/// Names of settings that several files of the loop read or write.
inline constexpr const char *kClockSetting{"business_clock"};
/// Version of the configuration under which every open case was last decided anew.
inline constexpr const char *kSweptSetting{"swept"};
/// With the provider's id behind it: why an operator has paused it.
inline constexpr const char *kProviderPausedSetting{"provider_paused:"};
/// Parses in flight at a time: enough to keep a plugin busy, little to forget in a crash.
inline constexpr std::size_t kParsesMax{256};
inline constexpr Milliseconds kParseRetry{30'000};
/// While callers wait for their webhooks to lie on the disk, what earlier ones mean gets one part in this many of the
/// engine's time, in turns of many: they are safe by then, and each turn is a commit that the callers wait behind.
inline constexpr int kParseShare{16};
/// The longest that a turn is put off: a flood of webhooks delays receipts, and never stops them.
inline constexpr Milliseconds kParsePauseMax{500};
/// Recalls noted and not answered that are looked at together: what a payment file of one morning settles.
inline constexpr std::size_t kRecallsMax{1000};
inline constexpr Milliseconds kRecallRetry{30'000};
/// After a store error (disk full, I/O), the pause before the same work is tried again.
inline constexpr Milliseconds kStoreRetry{1000};
/// A provider's clock may differ from ours by so much.
inline constexpr Milliseconds kClockMargin{2000};
/// Questions on one message in doubt come at twice the distance each time, from the first of these to the second.
inline constexpr Milliseconds kAskAgainFirst{1000};
inline constexpr Milliseconds kAskAgainLast{std::chrono::hours{1}};
/// Faults remembered so that each is logged once; with more, all are forgotten and logged anew.
inline constexpr std::size_t kFaultsKeptMax{10'000};
/// So long without work, and memory that only makes work faster goes back to the system: a daemon has little to do on
/// most of its days.
inline constexpr Milliseconds kRestAfter{10'000};
/// A debtor decided this often at one business moment is going round in circles: it rests, and a person is
/// told.
inline constexpr int kDecisionsPerMomentMax{40};
inline constexpr std::chrono::minutes kMomentWidth{1};
inline constexpr std::chrono::hours kRestAfterFault{1};
/// Where a whole batch waits for providers that are away, it lets those behind it pass, and looks again after so long.
inline constexpr Milliseconds kStepAside{30'000};

/// So many pages drawn, four milliseconds each, and a batch ends: people, webhooks and receipts are served between two
/// batches.
inline constexpr std::uint64_t kPagesABatch{12};

class Engine::Loop {
 public:
  Loop(std::shared_ptr<const config::Configuration> configuration, EngineOptions options,
       std::unique_ptr<store::Store> store, Instant clock_start);
  ~Loop();

  Result<void> open();
  void start();
  void stop(Milliseconds grace);
  [[nodiscard]] std::string fault() const;

  Result<void> reload(std::shared_ptr<const config::Configuration> configuration);
  [[nodiscard]] std::shared_ptr<const config::Configuration> configuration() const;
  /// Runs `work` on the loop's thread (or at once when it does not run) and waits for it.
  bool run(const std::function<void()> &work);
  bool with_store(const std::function<void(store::Store &, Instant)> &work);
  Result<std::unique_ptr<store::Reader>> open_reader();
  EngineReport report();
  Standing standing_of(const store::Claim &claim);
  Result<void> pause(std::string_view because);
  Result<void> resume();
  Result<void> pause_provider(const std::string &id, std::string_view because);
  Result<void> resume_provider(const std::string &id);
  Result<store::AttemptId> test_provider(const std::string &id, const std::string &creditor, const std::string &to,
                                         std::string_view by);
  Result<void> advance_clock(Instant target, bool settle, Milliseconds timeout,
                             const ClockProgress &progress);

  [[nodiscard]] Webhooks &webhooks() { return webhooks_; }
  Result<void> rotate_hook(const std::string &provider, Milliseconds overlap);

  store::Store &store() { return *store_; }
  [[nodiscard]] bool is_going_again(store::AttemptId attempt) const;
  [[nodiscard]] Instant business_now() const { return clock_.now(); }

 private:
  // --- loop.cpp
  void run_thread();
  /// One pass; true when something was done and another pass may find more.
  bool pass();
  void run_jobs();
  /// Waits for news, or for what is due. After ten seconds without any, gives memory back.
  InboxBatch sleep();
  [[nodiscard]] Milliseconds wait_time();
  [[nodiscard]] bool is_settled() const;
  bool walk_clock(bool was_busy);
  void finish_advance(Result<void> how);
  void keep_volume();
  void store_failed(const Error &error, const char *doing);
  /// After a write that succeeded: takes back what store_failed() said.
  void store_works();
  [[nodiscard]] Instant payment_data_until() const { return payment_data_until_; }
  void read_payment_data_age();
  Result<void> read_provider_pauses();

  // --- reload.cpp
  /// Their ids; makes those that are new.
  Result<std::map<store::CreditorId, std::string>> name_creditors(Settings &settings);
  /// All or nothing.
  Result<void> take_configuration(std::shared_ptr<const config::Configuration> configuration);
  Result<void> check_scenarios(const config::Configuration &configuration);
  Result<void> move_steps(const config::Configuration &configuration);
  void begin_sweep();
  bool sweep_some();

  // --- dispatch.cpp
  struct HandOver {
    std::string provider;
    channel::Submission submission;
    std::uint64_t route_key{0};  ///< of its reminder
    bool can_quote{false}, is_quoted{false};
  };
  /// One debtor's way through a pass: what its settlement will say and what goes out when it is durable.
  struct Draft {
    store::Settlement settlement;
    std::vector<std::pair<std::size_t, HandOver>> outgoing;  ///< index of the change that makes its attempt
    bool is_starved{false};                                  ///< something could not be routed for now
    bool may_step_aside{true};  ///< what it is starved of takes its time: others may have their turn meanwhile
    Instant retry_at{Instant::max()};
    std::optional<CivilDate> contacted_on{};  ///< a message to the debtor is among them
  };
  /// False also where debtors only wait on for a provider.
  bool dispatch();
  bool let_others_pass(std::vector<Draft> &drafts, Instant now) const;
  bool is_too_much(const std::vector<Draft> &drafts, Instant now);
  Draft decide_debtor(const store::Claim &claim, Instant now, Instant wall);
  // --- decided.cpp
  void decide_unit(const store::Claim &claim, const store::CaseView &view, const CaseSetting &setting,
                   const domain::CaseFacts &facts, Instant now, Instant wall, Draft &draft);
  // --- sending.cpp
  void send(const store::Claim &claim, const store::CaseView &view, const CaseSetting &setting,
            const domain::CaseFacts &facts, const domain::Decision &decision, Instant now, Instant wall,
            Draft &draft);
  /// Earlier attempts, and quotes of this pass, leave some providers out.
  [[nodiscard]] std::vector<channel::ProviderRefusal> refusals_for(const domain::ReminderFacts *again,
                                                                   std::uint64_t route_key, Instant now) const;
  void no_route(const store::Claim &claim, const store::CaseView &view, const domain::Decision &decision,
                const channel::RouteResult &routing, Instant now, Instant wall, Draft &draft);
  // --- dispatch.cpp again
  /// True: it is another fault than the case had before, and worth a line in the log.
  bool note_fault(store::CaseId case_id, const std::string &why);
  /// Told once, not for each letter that waits. An empty `why`: one was printed.
  void note_letterhead(const std::string &creditor, const std::string &why);
  [[nodiscard]] std::string held_text() const;
  [[nodiscard]] Instant rest(const store::Claim &claim, Instant now, Instant next_at);

  // --- quoting.cpp
  struct Unquoted { std::size_t draft{0}, outgoing{0}; };
  void quote_drafts(const std::vector<store::Claim> &claims, std::vector<Draft> &drafts, Instant now, Instant wall);
  void quote_of_provider(const std::string &provider, const std::vector<Unquoted> &asked, std::vector<Draft> &drafts,
                         Instant now, Instant wall, std::set<std::size_t> &again);
  [[nodiscard]] std::optional<channel::ProviderRefusal> judge_quote(const PooledProvider &pooled,
                                                                    const std::optional<channel::Quote> &quote,
                                                                    Instant now, Instant wall) const;
  std::vector<std::optional<channel::Quote>> ask_quotes(PooledProvider &pooled,
                                                        std::span<const channel::Submission> batch, Instant wall);
  void take_back(Draft &draft);
  void read_use();
  static store::NewAttempt &attempt_of(store::CaseChange &change) {
    auto *intend = std::get_if<store::Intend>(&change);
    return intend != nullptr ? intend->attempt : std::get<store::IntendAgain>(change).attempt;
  }

  // --- test_message.cpp
  Result<store::AttemptId> hand_over_test(const std::string &id, const std::string &creditor_code, const std::string &to,
                                          std::string_view by);
  std::optional<Error> quote_test(PooledProvider &pooled, channel::Submission &submission, store::NewAttempt &attempt);

  // --- hand_over.cpp
  void hand_over(std::vector<Draft> &drafts, const std::vector<store::SettleResult> &results);
  Result<void> resume_open_attempts();

  // --- receipts.cpp
  void take(InboxBatch batch);
  void take_outcomes(std::vector<From<channel::Outcome>> outcomes);
  /// An unknown end of a first phase that releases nothing is certainly not sent.
  void note_draft_at_most(const std::string &provider, channel::Outcome &outcome);
  /// What the next commit takes along; outcomes_recorded() follows it.
  [[nodiscard]] std::span<const store::OutcomeRecord> outcomes_to_record() const;
  void outcomes_recorded(std::size_t count);
  bool record_outcomes();
  bool store_inbound();
  bool apply_parsed();
  /// What stored bytes mean, when it is its turn (kParseShare). True: there was work; `moved`: receipts came of it.
  bool parse_turn(bool &moved);
  bool ask_recalls();
  bool record_recalls();
  /// The last words of an instance that was stopped; what it had offered is not its successor's to
  /// acknowledge.
  void hear_out(const std::string &provider);
  bool pump_parses();
  /// Of those of these polls that ended well, and moved.
  std::vector<store::CursorRecord> cursors_of(const std::vector<From<channel::Polled>> &polled);
  void end_polls(const std::vector<From<channel::Polled>> &polled);
  void begin_polls();
  /// The next page of the attempts that it is to be asked about, where it wants to know them.
  Result<channel::OpenPage> open_page(const std::string &id, PooledProvider &pooled);

  // --- inbound_hooks.cpp
  Result<void> open_hooks();
  /// Tokens for every provider of this configuration, and its public URL; before any of them is started.
  Result<void> prepare_hooks(const config::Configuration &configuration);
  /// Whom the listener may hand requests to, after providers changed.
  void publish_doors();
  void add_hooks_to(std::vector<store::InboundRecord> &records);
  void end_hooks(bool are_stored);
  void verify(const store::StoredInbound &row);
  /// This provider's plugin says that it is up.
  void hurry_unverified(const std::string &provider);
  bool settle_verified();

  // --- evidence.cpp
  /// A proof that its provider was asked for.
  struct Fetching {
    std::string provider;
    std::int32_t tries{0};
    bool is_answered{false};  ///< and not on record yet
  };
  bool fetch_evidence();
  void take_fetched(std::vector<From<channel::Fetched>> fetched);
  bool record_fetches();
  void forget_fetches_of(const std::string &provider);

  // --- day_seal.cpp
  /// Midnight (UTC) after the first day that is not sealed.
  [[nodiscard]] Instant next_seal() const;
  /// A piece of it at a time; true when more is to be done.
  bool seal_day();
  void stamp_seals();
  void take_stamp(const SealStamper::Answer &answer, Instant wall);
  void stamp_failed(const Error &error, Instant wall);

  // --- retention.cpp
  /// A slice; true when there is another.
  bool expire_some();

  // --- silences.cpp
  bool note_silences();

  // --- second_phase.cpp
  /// A draft at its provider, on record, that nobody has told it to release in this run.
  struct Prepared {
    bool is_of_earlier_run{false};
    bool may_be_released{false};  ///< that run may have done it
    bool was_in_doubt{false};     ///< and found: what changed meanwhile has not withdrawn it
  };
  enum class DraftStep : std::uint8_t { waits, ended };
  bool commit_prepared();
  /// Adds it to `releases` when it may go now.
  DraftStep judge_draft(store::AttemptId id, const Prepared &prepared, Instant wall,
                        std::vector<store::OpenAttempt> &releases);
  bool release(const std::vector<store::OpenAttempt> &drafts);
  /// "Not sent" of a repeated release says nothing of the first one.
  [[nodiscard]] channel::AttemptRef attempt_ref(const store::OpenAttempt &attempt) const;
  void discard(PooledProvider &pooled, const store::OpenAttempt &attempt, std::vector<std::string> refs);
  static void note_discard(const std::string &provider, const channel::Discard &discard);
  void take_late_draft(const std::string &provider, const channel::Outcome &outcome);
  void note_repeated_release(channel::Outcome &outcome);

  // --- doubts.cpp
  /// A hand-over whose end nobody knows, and what can still be learned of it.
  struct Doubt {
    enum class Way : std::uint8_t { none, again, commit, query };
    store::OpenAttempt attempt;
    Instant next_try{Instant::min()};  ///< wall; max: nothing more can be learned
    int tries{0};
    Way asked{Way::none};  ///< the question that is open
    Instant asked_at{};
  };
  /// Reads what is in doubt anew, when something may have changed it.
  void refresh_doubts();
  bool ask_doubts();
  bool ask(Doubt &doubt, PooledProvider &pooled, Instant wall);
  /// The same message once more: its second phase, or the whole under the same key. False when it may not.
  bool go_again(const Doubt &doubt, PooledProvider &pooled);
  bool note_asked(Doubt &doubt, Doubt::Way way, Instant wall);
  /// Whether every word of its message is true; nothing when that cannot be read now.
  std::optional<bool> still_holds(const store::OpenAttempt &attempt);
  /// True when the outcome answers a question and settles nothing: it is not to be recorded.
  bool take_answer(const std::string &provider, channel::Outcome &outcome);

  const EngineOptions options_;
  std::unique_ptr<store::Store> store_;
  BusinessClock clock_;
  const Instant opened_at_;  ///< business time
  Instant heard_since_{WallClock{}.now()};        ///< wall: providers could be heard without a gap
  Instant silence_grace_until_{Instant::min()};  ///< business: of the last gap in this run
  ClockGap clock_gap_{};
  Inbox inbox_;
  Webhooks webhooks_{inbox_};
  std::unique_ptr<Settings> settings_;
  std::unique_ptr<Composer> composer_;
  ProviderPool pool_;
  std::map<store::CreditorId, std::string> creditors_;

  std::thread thread_;
  mutable std::mutex mutex_;  ///< guards jobs_, stopping, fault_ and the configuration pointer
  std::condition_variable job_done_;
  std::deque<std::function<void()>> jobs_;
  bool is_stopping_{false}, is_running_{false};
  std::chrono::steady_clock::time_point stop_by_{};
  std::string fault_;
  std::shared_ptr<const config::Configuration> shown_configuration_;

  // The rest belongs to the loop's thread.
  bool is_rested_{false};  ///< since the last work
  bool is_paused_{false};
  std::string paused_because_;
  bool is_draining_{false};
  Instant starved_until_{Instant::min()};   ///< wall: nothing could be routed; wait for news or until then
  Instant store_retry_at_{Instant::min()};  ///< wall: the store failed; leave it alone until then
  std::vector<store::OutcomeRecord> outcomes_;   ///< waiting to be recorded; never dropped
  std::vector<From<channel::Inbound>> inbound_;  ///< waiting for their place on disk
  std::vector<HookRaw> hooks_;                   ///< webhooks waiting for their place on disk
  struct Verifying {
    store::InboundId inbound{0};
    std::size_t bytes{0};
    std::shared_ptr<const channel::WebhookRequest> request;  ///< none: the bytes are no request
  };
  std::map<channel::Token, Verifying> verifying_;  ///< unverified bytes that a plugin is asked about
  std::vector<From<channel::Judgement>> verified_;
  channel::Token last_verifying_{kVerifyingTokens};
  std::vector<store::ParsedRecord> parsed_;
  std::vector<From<channel::Polled>> polled_;    ///< ended polls whose cursor is not kept yet
  channel::Token last_poll_{0};
  std::vector<From<channel::Recall>> recalled_;  ///< answers to be recorded
  std::set<store::AttemptId> recalling_;         ///< asked, without an answer on disk
  bool recalls_wait_{true};                      ///< the store may hold wishes to recall
  Instant recall_retry_at_{Instant::max()};      ///< wall: some of them wait for their provider
  std::map<store::FetchId, Fetching> fetching_;
  std::vector<store::FetchRecord> fetched_;  ///< waiting to be recorded
  Instant evidence_at_{Instant::min()};      ///< wall: when to look for proofs to fetch
  CivilDate sealed_day_{};             ///< the last one that is; none at the start
  CivilDate sealing_day_{};            ///< the one under way, and whose part of it is done
  std::set<store::CreditorId> sealed_creditors_;
  CivilDate expired_on_{};              ///< the day whose retention is done with
  domain::RetentionPeriods expired_by_{};
  store::Expired expired_{};           ///< so far on the day under way
  Instant stamp_at_{Instant::min()};   ///< wall: when to look for seals without a time-stamp
  SealStamper stamper_{[this] { inbox_.poke(); }};
  std::set<store::InboundId> parsing_;
  bool parses_wait_{true};                  ///< the store may hold bytes to parse
  Instant parse_retry_at_{Instant::min()};  ///< wall: when to look for bytes whose next try has come
  bool has_failed_parses_{false};
  std::chrono::steady_clock::time_point parse_turn_at_{};  ///< not before, see kParseShare
  bool hooks_came_{false};                                 ///< webhooks were stored since the last turn
  bool parse_is_put_off_{false};                           ///< there is work for it
  std::map<store::AttemptId, Prepared> prepared_;
  std::set<store::AttemptId> released_before_;  ///< told to go again, as an earlier run may have done it
  std::map<store::AttemptId, Doubt> doubts_;
  bool doubts_changed_{true};  ///< not read since
  Instant payment_data_until_{Instant::max()};
  channel::Token last_quote_{0};
  std::unordered_map<std::uint64_t, std::vector<channel::ProviderRefusal>> quote_refusals_;  ///< of this pass
  std::unordered_map<store::CaseId, std::string> unrouted_;  ///< why no provider took its message the last time
  std::unordered_map<std::int64_t, std::pair<Instant, int>> moments_;  ///< debtor → moment, decisions at it
  std::unordered_map<store::CaseId, std::string> faults_;  ///< why a case rests, until it is decided well
  std::map<std::string, std::string> letterheads_;         ///< creditor → why none of its letters can be printed
  EngineReport counts_;
  VolumeGuard volume_;

  struct Sweep { store::CreditorId creditor{0}; store::DebtorId after{0}; };
  std::optional<Sweep> sweep_;  ///< every open case is being made due, this far
  struct Advance {
    Instant target{};
    bool settle{false};
    Milliseconds timeout{};
    std::chrono::steady_clock::time_point last_progress{};
    const ClockProgress *progress{nullptr};
    std::function<void(Result<void>)> done;
  };
  std::optional<Advance> advance_;
};

}  // namespace relance::engine
