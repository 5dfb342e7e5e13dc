// What raw bytes mean: receipts of the provider, replies of the debtor, or a failure to read them.
#ifndef RELANCE_PARSED_HPP
#define RELANCE_PARSED_HPP

#include <relance/pending.hpp>

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

struct Evidence {
  std::string media_type, file_name, bytes, reference;
};

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

  [[nodiscard]] std::string_view kind() const { return to_view(opened_->kind); }
  [[nodiscard]] std::string_view bytes() const { return to_view(opened_->bytes); }
  [[nodiscard]] std::int64_t received_at_ms() const { return opened_->received_at_ms; }

  void done(std::span<const Receipt> receipts, std::span<const Reply> replies = {}) {
    if (opened_ == nullptr) return;
    std::vector<relance_reply> answers;
    std::vector<const relance_reply *> answer_pointers;
    answers.reserve(replies.size());
    for (const auto &reply : replies)
      answers.push_back({sizeof(relance_reply), static_cast<std::uint32_t>(reply.kind), to_str(reply.from),
                         to_str(reply.to), to_str(reply.subject), to_str(reply.text), to_str(reply.ref),
                         to_str(reply.idempotency_key), reply.amount_minor, to_str(reply.currency), reply.date_days, 0});
    for (const auto &answer : answers) answer_pointers.push_back(&answer);
    std::deque<relance_price> prices;  // deques: their elements stay where they are
    std::deque<relance_evidence> documents;
    std::deque<std::vector<const relance_evidence *>> bundles;
    std::deque<relance_receipt> facts;
    std::vector<const relance_receipt *> fact_pointers;
    for (const auto &receipt : receipts) {
      auto &bundle = bundles.emplace_back();
      for (const auto &item : receipt.evidence)
        bundle.push_back(&documents.emplace_back(
            relance_evidence{sizeof(relance_evidence), 0, to_str(item.media_type), to_str(item.file_name),
                             to_str(item.bytes), to_str(item.reference)}));
      const relance_price *price{nullptr};
      if (receipt.price)
        price =
            &prices.emplace_back(relance_price{receipt.price->micro_units, to_str(receipt.price->currency)});
      fact_pointers.push_back(&facts.emplace_back(relance_receipt{
          sizeof(relance_receipt), static_cast<std::uint32_t>(receipt.kind), to_str(receipt.ref),
          to_str(receipt.idempotency_key), receipt.part_index, receipt.part_count,
          receipt.is_final ? RELANCE_RECEIPT_FINAL : 0u, static_cast<std::uint32_t>(receipt.failure),
          to_str(receipt.code), to_str(receipt.text), receipt.provider_time_ms, price, bundle.data(),
          bundle.size()}));
    }
    end({sizeof(relance_parsed),
         RELANCE_PARSED_OK,
         0,
         fact_pointers.data(),
         fact_pointers.size(),
         answer_pointers.data(),
         answer_pointers.size(),
         {nullptr, 0}});
  }
  /// Not now: the host asks again.
  void retry(std::string_view error) { fail(RELANCE_PARSED_RETRY, error); }
  /// These bytes say nothing to this version of the plugin; the host keeps them.
  void unreadable(std::string_view error) { fail(RELANCE_PARSED_UNREADABLE, error); }

 private:
  void fail(std::uint32_t status, std::string_view error) {
    end({sizeof(relance_parsed), status, 0, nullptr, 0, nullptr, 0, to_str(error)});
  }
  void end(relance_parsed result) {
    if (opened_ == nullptr) return;
    result.token = opened_->token;
    const relance_parsed *pointer{&result};
    opened_ = nullptr;
    host_->parsed(host_, &pointer, 1);
  }
  const relance_host *host_;
  const relance_raw *opened_;
};

}  // namespace relance::sdk
#endif
