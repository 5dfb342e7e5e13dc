// A provider instance as the engine sees it: values in, values out, whatever the placement (in this process,
// in a child, or built into the host). The engine never sees the C ABI, a plugin never sees the engine.
//
// Threads: the engine calls a Provider from its own thread only (authenticate() may be called from any);
// ProviderEvents are called from any thread and must neither block nor call back. Every token handed to
// submit/commit/query/recall/parse/… ends in exactly one event, also when the plugin crashes, lies or hangs:
// the placement sees to it.
#pragma once

#include "host/base/result.hpp"
#include "host/base/sha256.hpp"
#include "host/base/time.hpp"
#include "host/domain/receipt.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace relance::channel {

using Token = std::uint64_t;  ///< chosen by the engine (the attempt's id, the inbound row's id); never 0
using Fields = std::vector<std::pair<std::string, std::string>>;

// ---------------------------------------------------------------------------------------------------------------------
// What goes out

struct Part {
  std::string role;        ///< "text", "html", "letter", "attachment"
  std::string media_type;  ///< "text/plain; charset=utf-8"
  std::string file_name;   ///< empty for bodies
  std::shared_ptr<const std::string> bytes;
  Sha256 sha256{};
};

struct Addressee {
  std::string channel;  ///< "email", "sms", "fax", "lre", "postal", "task"
  std::string address;  ///< as the channel writes it: addr-spec, E.164, …; empty for postal
  std::string name;
  std::vector<std::string> postal_lines;
  std::string country;   ///< ISO 3166-1 alpha-2
  std::string language;  ///< BCP 47
  bool has_consent{false};
  bool is_consumer{false};  ///< a private person
  std::string organisation, given_name,
      family_name;  ///< where `name` is known by its parts; each may be empty
};

struct Sender {
  std::string name;
  std::string address;
  std::string reply_to;
  std::vector<std::string> postal_lines;
  std::string country;  ///< ISO 3166-1 alpha-2
};

/// One message for one addressee. The same attempt always has the same bytes: everything that a plugin needs
/// to build its wire form (Message-ID, Date, boundaries) is in here, nothing is drawn from a clock or from
/// chance.
struct Submission {
  Token token{0};
  std::string idempotency_key;  ///< 26–36 characters of [0-9A-Za-z-]
  Addressee addressee;
  Sender sender;
  std::string service;  ///< "plain", "tracked", "registered", "registered_ar", "lre"
  std::string subject;
  std::vector<Part> parts;
  Fields references;  ///< debt references: invoice numbers, case, creditor; for the provider's own records
  std::uint32_t attempt_number{1};
  bool wants_read_receipt{false};  ///< of the reader's program, where the channel has one
  Instant dated;                   ///< the message's own date (business time)
  Instant not_after;               ///< wall time; no first byte leaves later
  Instant valid_until;             ///< wall time; handed to the provider where it takes one; 0 = none
};

// ---------------------------------------------------------------------------------------------------------------------
// What comes back

using domain::FailureClass;
using domain::OutcomeKind;
using domain::ReceiptKind;

struct Price {
  std::int64_t micro_units{0};
  std::string currency;  ///< ISO 4217
};
/// No message costs more than a thousand million; sums of such prices stay far from an overflow.
inline constexpr std::int64_t kPriceMicroMax{1'000'000'000'000'000};
/// A price that can be added up: of a currency, not less than nothing, not beyond all sense.
bool is_price(const Price &price);

struct Outcome {
  Token token{0};
  OutcomeKind kind{OutcomeKind::unknown};
  FailureClass failure{FailureClass::none};
  std::vector<std::string>
      refs;  ///< opaque bytes, unique per instance; may be empty (SMTP) or many (SMS parts)
  std::uint32_t part_count{0};  ///< pieces with a reference and receipts of their own; 0: not said
  std::string code;             ///< as the provider said it: "550 5.1.1"
  std::string text;
  std::optional<Milliseconds> retry_after;
  bool whole_instance{false};  ///< the pause of retry_after holds for every message of this instance
  std::optional<Price> price;
};

/// What was handed over before, as a plugin may need to find it again.
struct AttemptRef {
  Token token{0};
  std::string idempotency_key{};
  std::vector<std::string> refs{};
  std::optional<Sender> sender{};  ///< by the configuration of now; none: it has none any more
};

enum class DiscardKind : std::uint8_t { gone, released, unknown };
struct Discard {
  Token token{0};
  DiscardKind kind{DiscardKind::unknown};
  std::string text;
};

enum class RecallKind : std::uint8_t { cancelled, too_late, unknown };
struct Recall {
  Token token{0};
  RecallKind kind{RecallKind::unknown};
  std::string text;
};

struct Evidence {
  std::string media_type;
  std::string file_name;
  std::string bytes;      ///< the document, or empty when only
  std::string reference;  ///< a reference was given, to be fetched later
};

struct Receipt {
  std::string ref;              ///< provider's reference; may be empty when the key is given
  std::string idempotency_key;  ///< may be empty when the reference is given
  std::uint32_t part_index{0}, part_count{1};
  ReceiptKind kind{ReceiptKind::interim};
  bool is_final{false};
  FailureClass failure{FailureClass::none};
  std::string code, text;
  std::optional<Instant> provider_time;  ///< as stated; never decides
  std::optional<Price> price;
  std::vector<Evidence> evidence;
};

enum class ReplyKind : std::uint8_t { human, stop, automatic, promise, dispute, wrong_address, call_back };
/// A message from the debtor, not from the provider: STOP suppresses the address, an automatic one says
/// nothing, every other pauses the case until a person has looked.
struct Reply {
  ReplyKind kind{ReplyKind::human};
  std::string from, to, subject, text;
  std::string ref, idempotency_key;  ///< what it answers, where that could be found; may both be empty
  std::int64_t amount_minor{0};      ///< of a promise; 0: not said
  std::string currency;
  std::optional<CivilDate> date;  ///< of a promise or a call back
};

/// Raw bytes from the provider, before anyone understands them. `plugin_token` names them to stored().
struct Inbound {
  Token plugin_token{0};
  std::string kind;  ///< "mail", "webhook", "poll", "link"
  std::string bytes;
  Instant received_at;  ///< wall time
  std::string name{};   ///< the provider's own name of it, so that a repeat can be seen; may be empty
};

/// The end of one parse(): what the raw bytes mean. With `error` set nothing else is, and the host tries
/// again later.
struct Parsed {
  Token token{0};
  std::vector<Receipt> receipts;
  std::vector<Reply> replies;
  std::string error;
  bool is_retryable{true};  ///< false: these bytes will never parse; kept for a better parser
};

/// An attempt whose last receipt has not come, as poll() is told of it.
struct OpenRef {
  std::string idempotency_key;
  std::vector<std::string> refs;
  Instant accepted_at;  ///< business time
};
struct OpenPage {
  std::vector<OpenRef> items;
  bool has_more{false};  ///< the next poll brings another page
};

/// No poll is put off for longer than a day, whatever a plugin says.
inline constexpr std::int64_t kNextPollMaxMs{24 * 3'600'000};

/// The end of one poll(): what was found went through inbound() before.
struct Polled {
  Token token{0};
  std::string cursor;         ///< where the next poll goes on; to be kept once everything found is on disk
  std::string error;          ///< set: the poll failed and the cursor stays as it was
  Milliseconds next_poll{0};  ///< 0: the host's default
};

/// The health code of a provider whose process is not started any more. A plugin that says so of itself is
/// started again by a reload like one of which it is true.
inline constexpr const char *kQuarantined{"quarantined"};

/// A document that a receipt named and that is fetched later. The end is a Fetched.
struct EvidenceWish {
  Token token{0};
  std::string reference, media_type, file_name;  ///< as the receipt gave them
  std::string ref, idempotency_key;              ///< of the message; may be empty
};
enum class FetchKind : std::uint8_t { again, fetched, gone };
struct Fetched {
  Token token{0};
  FetchKind kind{FetchKind::again};
  Evidence document;  ///< when fetched; an empty media type or name stays as the receipt gave it
  std::string error;
  std::optional<Milliseconds> retry_after;
};

/// A request that says that it comes from the provider, as it came.
struct WebhookRequest {
  std::string method;
  std::string url;             ///< public, as the provider called (and signed) it
  std::string remote_address;  ///< of the caller; behind a trusted proxy, as that states it
  Fields headers;              ///< names in lower case, order and repeats kept
  std::string body;
  Instant received_at{};  ///< wall time
};
/// One of them on its way to authenticate(). The end is a Judgement.
struct WebhookCall {
  Token token{0};  ///< chosen by the listener
  std::shared_ptr<const WebhookRequest> request;
};
struct WebhookAnswer {
  std::uint32_t status{200};
  Fields headers;
  std::string body;
};
/// `down`: nobody could be asked, or nobody answered in time; the plugin has said nothing.
enum class Verdict : std::uint8_t { forged, genuine, poke, challenge, down };
struct Judgement {
  Token token{0};
  Verdict verdict{Verdict::forged};
  std::optional<WebhookAnswer> answer;  ///< what the provider wants to hear; none: the host answers by itself
  std::string because;                  ///< of down
};
/// Raw bytes of a request that the plugin called genuine, and of one that it called a poke.
inline constexpr const char *kWebhookKind{"webhook"};
inline constexpr const char *kPokeKind{"poke"};

enum class HealthLevel : std::uint8_t { up, degraded, down };
struct Health {
  HealthLevel level{HealthLevel::up};
  std::string code, text;
  std::optional<Instant> retry_at;
};

// ---------------------------------------------------------------------------------------------------------------------
// The two ends

/// A credit that is not counted down: the plugin has never spoken of credit, so its max_in_flight is all that
/// binds.
inline constexpr std::uint32_t kWholeWindow{UINT32_MAX};

/// What the engine is told. Any thread; implementations queue and return at once.
class ProviderEvents {
 public:
  virtual ~ProviderEvents() = default;
  virtual void outcomes(const std::string &provider, std::vector<Outcome> outcomes) = 0;
  virtual void recalls(const std::string &provider, std::vector<Recall> recalls) = 0;
  virtual void discards(const std::string &, std::vector<Discard>) {}
  /// Submissions that were given an end in the plugin's place and that it ended as `prepared` after all:
  /// there is a draft of which nobody knew.
  virtual void late_drafts(const std::string &, std::vector<Outcome>) {}
  /// Returns how many were taken, from the front; the plugin keeps the rest until room().
  virtual std::size_t inbound(const std::string &provider, std::vector<Inbound> batch) = 0;
  virtual void parsed(const std::string &provider, std::vector<Parsed> parsed) = 0;
  /// Comes after every inbound() of that poll has been taken.
  virtual void polled(const std::string &provider, Polled polled) = 0;
  /// So many more submissions may be handed over (0: pause), or kWholeWindow. Absolute, not a difference.
  virtual void ready(const std::string &provider, std::uint32_t credit) = 0;
  virtual void health(const std::string &provider, Health health) = 0;
  /// Who asks for no evidence need not hear of any.
  virtual void fetched(const std::string &, std::vector<Fetched>) {}
  /// Who hands over no webhooks hears of none. May come from within authenticate().
  virtual void judged(const std::string &, std::vector<Judgement>) {}
};

struct QuoteIssue {
  std::string path, message;
  bool is_fatal{false};  ///< it does not fit this provider
};
/// What a message would be and cost, as the plugin reckons it; never asked over the network.
struct Quote {
  std::uint32_t segments{0}, pages{0};  ///< 0: does not apply
  std::optional<Price> price;
  std::vector<QuoteIssue> issues;
};

/// What an instance can do and promises; fixed once it has started.
struct Traits {
  std::string plugin_id, plugin_version, driver;
  std::string channel;
  std::optional<Milliseconds> idempotency_window;       ///< none: the provider does not drop repeats
  std::optional<Milliseconds> not_found_certain_after;  ///< for query
  std::uint32_t max_in_flight{64};
  bool can_query_by_ref{false}, can_query_by_key{false}, can_recall{false}, is_two_phase{false},
      can_receive{false}, can_poll{false}, can_fetch_evidence{false}, can_quote{false}, can_webhook{false};
  bool polls_open{false};             ///< poll() wants the open attempts
  bool submit_never_releases{false};  ///< of two phases: an unknown end of the first leaves a draft at most
  std::vector<std::pair<ReceiptKind, Milliseconds>>
      expected_receipts;  ///< which, and by when after acceptance
  std::string sandbox;  ///< of its process: "full", "off", "reduced: …"; empty: it has no process of its own
};

class Provider {
 public:
  virtual ~Provider() = default;
  [[nodiscard]] virtual const std::string &id() const = 0;
  [[nodiscard]] virtual const Traits &traits() const = 0;
  virtual Result<void> start() = 0;
  virtual void submit(std::vector<Submission> batch) = 0;
  /// Second phase of an attempt that ended `prepared`; may be repeated. `not_after`: as in its Submission.
  virtual void commit(AttemptRef attempt, Instant not_after) = 0;
  virtual void discard(AttemptRef attempt) = 0;
  virtual void recall(AttemptRef attempt) = 0;
  virtual void query(AttemptRef attempt) = 0;
  /// These raw bytes are on disk: the plugin may acknowledge them at the provider.
  virtual void stored(std::vector<Token> plugin_tokens) = 0;
  /// There is room for inbound bytes again.
  virtual void room() = 0;
  /// `received_at`: wall time, as the bytes were stored with it; by it, and not by today, a parser judges
  /// what ends (certificates, codes). Instant{}: not known any more.
  virtual void parse(Token token, const std::string &kind, std::shared_ptr<const std::string> bytes,
                     Instant received_at = {}) = 0;
  /// Asks the provider for what has come since `cursor` (empty at first). At most one poll is open at a time.
  virtual void poll(Token token, const std::string &cursor, OpenPage open = {}) = 0;
  /// Beside each message its quote, or nothing where none came within `deadline`. Waits so long at most: only
  /// where the traits say can_quote. Tokens here are the caller's own and never come twice.
  virtual std::vector<std::optional<Quote>> quote(std::span<const Submission> batch, Milliseconds deadline) {
    static_cast<void>(deadline);
    return std::vector<std::optional<Quote>>(batch.size());
  }
  /// Only where the traits say can_fetch_evidence.
  virtual void fetch(EvidenceWish) {}
  /// Only where the traits say can_webhook. Any thread, unlike the others; after stop() too: then it is down.
  virtual void authenticate(std::vector<WebhookCall>) {}
  /// What the plugin is told when it asks for its public URL; empty: there is none. Before start() or after.
  virtual void set_webhook_url(std::string) {}
  /// Takes nothing new and ends every open token within the grace time; afterwards no event comes.
  virtual void stop(Milliseconds grace) = 0;
};

}  // namespace relance::channel
