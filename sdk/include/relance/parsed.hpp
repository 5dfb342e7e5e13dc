// What raw bytes mean: receipts of the provider, replies of the debtor, or a failure to read them.
#ifndef RELANCE_PARSED_HPP
#define RELANCE_PARSED_HPP

#include <relance/pending.hpp>
#include <relance/webhook.hpp>

#include <deque>

namespace relance::sdk {

enum class ReceiptKind : std::uint32_t {
  interim = RELANCE_RCPT_INTERIM,
  accepted = RELANCE_RCPT_ACCEPTED,
  relayed = RELANCE_RCPT_RELAYED,
  dispatched = RELANCE_RCPT_DISPATCHED,
  available = RELANCE_RCPT_AVAILABLE,
  delivered = RELANCE_RCPT_DELIVERED,
  failed = RELANCE_RCPT_FAILED,
  expired = RELANCE_RCPT_EXPIRED,
  cancelled = RELANCE_RCPT_CANCELLED,
  returned = RELANCE_RCPT_RETURNED,
  unclaimed = RELANCE_RCPT_UNCLAIMED,
  refused = RELANCE_RCPT_REFUSED,
  accepted_by_addressee = RELANCE_RCPT_ACCEPTED_BY_ADDRESSEE,
  read = RELANCE_RCPT_READ,
  complaint = RELANCE_RCPT_COMPLAINT,
};

enum class ReplyKind : std::uint32_t {
  human = RELANCE_REPLY_HUMAN,
  stop = RELANCE_REPLY_STOP,
  automatic = RELANCE_REPLY_AUTOMATIC,
  promise = RELANCE_REPLY_PROMISE,
  dispute = RELANCE_REPLY_DISPUTE,
  wrong_address = RELANCE_REPLY_WRONG_ADDRESS,
  call_back = RELANCE_REPLY_CALL_BACK,
};

/// A proof: the document, or what to fetch it by later.
struct Evidence {
  std::string media_type{}, file_name{}, bytes{}, reference{};
};

inline relance_evidence to_c(const Evidence &evidence) {
  relance_evidence c{};
  c.size = sizeof c;
  c.media_type = to_str(evidence.media_type);
  c.file_name = to_str(evidence.file_name);
  c.bytes = to_str(evidence.bytes);
  c.reference = to_str(evidence.reference);
  return c;
}

struct Receipt {
  std::string ref{}, idempotency_key{};  ///< at least one of them
  std::uint32_t part_index{0}, part_count{1};
  ReceiptKind kind{ReceiptKind::interim};
  bool is_final{false};
  FailureClass failure{FailureClass::none};
  std::string code{}, text{};
  std::int64_t provider_time_ms{0};
  std::optional<Price> price{};
  std::vector<Evidence> evidence{};
};

struct Reply {
  ReplyKind kind{ReplyKind::human};
  std::string from{}, to{}, subject{}, text{}, ref{}, idempotency_key{};
  std::int64_t amount_minor{0};  ///< of a promise, in minor units of the currency; 0: not said
  std::string currency{};        ///< ISO 4217
  std::int32_t date_days{0};     ///< of a promise or a call back: days since 1970-01-01; 0: not said
};

/// Raw bytes, stored, to be understood; perhaps years after they came.
struct Raw : Request {
  explicit Raw(const relance_raw &r, const std::atomic<bool> *stopping = nullptr)
      : Request(stopping), kind(to_view(r.kind)), bytes(to_view(r.bytes)), received_at_ms(r.received_at_ms) {}
  /// Of kind "webhook" or "poke": the request that came.
  [[nodiscard]] WebhookRequest webhook() const { return WebhookRequest::from_raw(bytes); }

  /// "mail", "webhook", "poll", "link"; "poke": a webhook of which nothing may be believed.
  std::string_view kind;
  std::string_view bytes;
  std::int64_t received_at_ms;  ///< wall time; 0: not known any more
};

/// How a blocking parse() ends.
struct Parsed {
  enum class Status : std::uint32_t {
    ok = RELANCE_PARSED_OK,
    retry = RELANCE_PARSED_RETRY,            ///< not now: the host asks again
    unreadable = RELANCE_PARSED_UNREADABLE,  ///< these bytes say nothing to this version
  };
  std::vector<Receipt> receipts{};
  std::vector<Reply> replies{};
  Status status{Status::ok};
  std::string error{};

  static Parsed receipt(Receipt receipt) { return {.receipts = {std::move(receipt)}}; }
  static Parsed reply(Reply reply) { return {.replies = {std::move(reply)}}; }
  /// Understood, and nothing to tell.
  static Parsed nothing() { return {}; }
  static Parsed retry(std::string error) { return {.status = Status::retry, .error = std::move(error)}; }
  static Parsed unreadable(std::string error) {
    return {.status = Status::unreadable, .error = std::move(error)};
  }
};

/// The end of a parse. Dropped without an end, the host asks again later.
class PendingParse {
 public:
  PendingParse(const relance_host *host, const relance_raw *opened) : host_(host), opened_(opened) {}
  PendingParse(PendingParse &&other) noexcept
      : host_(other.host_), opened_(std::exchange(other.opened_, nullptr)) {}
  PendingParse &operator=(PendingParse &&other) noexcept {
    std::swap(host_, other.host_);
    std::swap(opened_, other.opened_);
    return *this;
  }
  PendingParse(const PendingParse &) = delete;
  PendingParse &operator=(const PendingParse &) = delete;
  ~PendingParse() { retry("the plugin dropped these bytes without an end"); }

  [[nodiscard]] const relance_raw &operator*() const { return *opened_; }
  [[nodiscard]] std::string_view kind() const { return to_view(opened_->kind); }
  [[nodiscard]] std::string_view bytes() const { return to_view(opened_->bytes); }
  [[nodiscard]] std::int64_t received_at_ms() const { return opened_->received_at_ms; }

  void done(std::span<const Receipt> receipts, std::span<const Reply> replies = {}) {
    if (opened_ == nullptr) return;
    std::vector<relance_reply> answers;
    std::vector<const relance_reply *> answer_pointers;
    answers.reserve(replies.size());
    for (const auto &reply : replies) answer_pointers.push_back(&answers.emplace_back(to_c(reply)));
    std::deque<relance_price> prices;  // deques: their elements stay where they are
    std::deque<relance_evidence> documents;
    std::deque<std::vector<const relance_evidence *>> bundles;
    std::deque<relance_receipt> facts;
    std::vector<const relance_receipt *> fact_pointers;
    for (const auto &receipt : receipts) {
      auto &bundle = bundles.emplace_back();
      for (const auto &item : receipt.evidence) bundle.push_back(&documents.emplace_back(sdk::to_c(item)));
      auto &fact = facts.emplace_back(to_c(receipt));
      if (receipt.price)
        fact.price =
            &prices.emplace_back(relance_price{receipt.price->micro_units, to_str(receipt.price->currency)});
      fact.evidence = bundle.data();
      fact.evidence_count = bundle.size();
      fact_pointers.push_back(&fact);
    }
    relance_parsed result{};
    result.status = RELANCE_PARSED_OK;
    result.receipts = fact_pointers.data();
    result.receipt_count = fact_pointers.size();
    result.replies = answer_pointers.data();
    result.reply_count = answer_pointers.size();
    end(result);
  }
  void end(const Parsed &parsed) {
    if (parsed.status == Parsed::Status::ok) return done(parsed.receipts, parsed.replies);
    fail(static_cast<std::uint32_t>(parsed.status), parsed.error);
  }
  /// Not now: the host asks again.
  void retry(std::string_view error) { fail(RELANCE_PARSED_RETRY, error); }
  /// These bytes say nothing to this version of the plugin; the host keeps them.
  void unreadable(std::string_view error) { fail(RELANCE_PARSED_UNREADABLE, error); }

 private:
  void fail(std::uint32_t status, std::string_view error) {
    relance_parsed result{};
    result.status = status;
    result.error = to_str(error);
    end(result);
  }
  void end(relance_parsed result) {
    if (opened_ == nullptr) return;
    result.size = sizeof result;
    result.token = opened_->token;
    const relance_parsed *pointer{&result};
    opened_ = nullptr;
    host_->parsed(host_, &pointer, 1);
  }

  static relance_reply to_c(const Reply &reply) {
    relance_reply c{};
    c.size = sizeof c;
    c.kind = static_cast<std::uint32_t>(reply.kind);
    c.from = to_str(reply.from);
    c.to = to_str(reply.to);
    c.subject = to_str(reply.subject);
    c.text = to_str(reply.text);
    c.ref = to_str(reply.ref);
    c.idempotency_key = to_str(reply.idempotency_key);
    c.amount_minor = reply.amount_minor;
    c.currency = to_str(reply.currency);
    c.date_days = reply.date_days;
    return c;
  }
  static relance_receipt to_c(const Receipt &receipt) {
    relance_receipt c{};
    c.size = sizeof c;
    c.kind = static_cast<std::uint32_t>(receipt.kind);
    c.ref = to_str(receipt.ref);
    c.idempotency_key = to_str(receipt.idempotency_key);
    c.part_index = receipt.part_index;
    c.part_count = receipt.part_count;
    c.flags = receipt.is_final ? RELANCE_RECEIPT_FINAL : 0u;
    c.failure = static_cast<std::uint32_t>(receipt.failure);
    c.code = to_str(receipt.code);
    c.text = to_str(receipt.text);
    c.provider_time_ms = receipt.provider_time_ms;
    return c;
  }

  const relance_host *host_;
  const relance_raw *opened_;
};

}  // namespace relance::sdk
#endif
