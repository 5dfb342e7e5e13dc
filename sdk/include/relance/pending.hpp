// Open tokens as move-only values. Whoever holds a Pending owes its end; one that is forgotten (destroyed by
// an early return, an exception, a cleared queue) ends by itself in the careful way: UNKNOWN, or "parse it
// again".
#ifndef RELANCE_PENDING_HPP
#define RELANCE_PENDING_HPP

#include <relance/message.hpp>

namespace relance::sdk {

/// The end of a submit, a commit or a query. `T` is the C struct that opened it.
template <class T>
class PendingResult {
 public:
  PendingResult(const relance_host *host, const T *opened) : host_(host), opened_(opened) {}
  PendingResult(PendingResult &&other) noexcept
      : host_(other.host_), opened_(std::exchange(other.opened_, nullptr)) {}
  PendingResult &operator=(PendingResult &&other) noexcept {
    if (this != &other) {
      forget();
      host_ = other.host_;
      opened_ = std::exchange(other.opened_, nullptr);
    }
    return *this;
  }
  PendingResult(const PendingResult &) = delete;
  PendingResult &operator=(const PendingResult &) = delete;
  ~PendingResult() { forget(); }

  [[nodiscard]] bool is_open() const { return opened_ != nullptr; }
  [[nodiscard]] Token token() const { return opened_->token; }
  /// What the host asked for. Dies when the token ends.
  [[nodiscard]] const T &operator*() const { return *opened_; }
  [[nodiscard]] const T *operator->() const { return opened_; }
  [[nodiscard]] std::string_view idempotency_key() const { return to_view(opened_->idempotency_key); }

  void end(const Outcome &outcome) {
    if (opened_ == nullptr) return;
    std::vector<relance_str> refs;
    add_refs(outcome, refs);
    relance_price price{};
    const relance_result result{fill(outcome, refs, price)};
    const relance_result *pointer{&result};
    opened_ = nullptr;
    host_->complete(host_, &pointer, 1);
  }
  void accepted(std::vector<std::string> refs = {}) { end(Outcome::accepted(std::move(refs))); }

 private:
  template <class>
  friend class OutcomeBatch;

  static void add_refs(const Outcome &outcome, std::vector<relance_str> &refs) {
    for (const auto &ref : outcome.refs)
      if (!ref.empty()) refs.push_back(to_str(ref));
  }
  [[nodiscard]] relance_result fill(const Outcome &outcome, std::span<const relance_str> refs,
                                    relance_price &price) const {
    relance_result result{};
    result.size = sizeof result;
    result.outcome = static_cast<std::uint32_t>(outcome.kind);
    result.token = opened_->token;
    result.failure = static_cast<std::uint32_t>(outcome.failure);
    result.flags = outcome.whole_instance ? RELANCE_RESULT_WHOLE_INSTANCE : 0u;
    result.refs = refs.data();
    result.ref_count = refs.size();
    result.code = to_str(outcome.code);
    result.text = to_str(outcome.text);
    result.retry_after_ms = outcome.retry_after_ms;
    result.part_count = outcome.part_count;
    if (outcome.price) {
      price = {outcome.price->micro_units, to_str(outcome.price->currency)};
      result.price = &price;
    }
    return result;
  }
  void forget() noexcept {
    if (opened_ == nullptr) return;
    relance_result result{};
    result.size = sizeof result;
    result.outcome = RELANCE_OUT_UNKNOWN;
    result.token = opened_->token;
    result.code = RELANCE_LIT("forgotten");
    result.text = RELANCE_LIT("the plugin dropped this token without an end");
    const relance_result *pointer{&result};
    opened_ = nullptr;
    host_->complete(host_, &pointer, 1);
  }

  const relance_host *host_;
  const T *opened_;
};

using Pending = PendingResult<relance_message>;
using PendingCommit = PendingResult<relance_commit>;
using PendingQuery = PendingResult<relance_query>;

/// Many ends in one call of the host, for those who send thousands a second. What is left when it dies is
/// flushed.
template <class T>
class OutcomeBatch {
 public:
  explicit OutcomeBatch(Host host) : host_(host) {}
  OutcomeBatch(const OutcomeBatch &) = delete;
  OutcomeBatch &operator=(const OutcomeBatch &) = delete;
  ~OutcomeBatch() { flush(); }

  void add(PendingResult<T> pending, Outcome outcome) {
    if (pending.is_open()) items_.emplace_back(std::move(pending), std::move(outcome));
  }
  [[nodiscard]] std::size_t size() const { return items_.size(); }

  void flush() {
    if (items_.empty()) return;
    std::size_t ref_count{0};
    for (const auto &[pending, outcome] : items_) ref_count += outcome.refs.size();
    std::vector<relance_str> refs;
    refs.reserve(ref_count);  // never grows below, so that pointers into it hold
    std::vector<relance_price> prices(items_.size());
    std::vector<relance_result> results;
    std::vector<const relance_result *> pointers;
    results.reserve(items_.size());
    pointers.reserve(items_.size());
    for (std::size_t i{0}; i < items_.size(); ++i) {
      const auto &[pending, outcome] = items_[i];
      const auto first = refs.size();
      PendingResult<T>::add_refs(outcome, refs);
      results.push_back(pending.fill(outcome, std::span(refs).subspan(first), prices[i]));
      pointers.push_back(&results.back());
    }
    for (auto &item : items_) item.first.opened_ = nullptr;
    host_.raw()->complete(host_.raw(), pointers.data(), pointers.size());
    items_.clear();
  }

 private:
  Host host_;
  std::vector<std::pair<PendingResult<T>, Outcome>> items_;
};

/// The end of a discard.
class PendingDiscard {
 public:
  PendingDiscard(const relance_host *host, const relance_discard *opened) : host_(host), opened_(opened) {}
  PendingDiscard(PendingDiscard &&other) noexcept
      : host_(other.host_), opened_(std::exchange(other.opened_, nullptr)) {}
  PendingDiscard &operator=(PendingDiscard &&other) noexcept {
    std::swap(host_, other.host_);
    std::swap(opened_, other.opened_);
    return *this;
  }
  PendingDiscard(const PendingDiscard &) = delete;
  PendingDiscard &operator=(const PendingDiscard &) = delete;
  ~PendingDiscard() { end({.text = "the plugin dropped this token without an end"}); }

  [[nodiscard]] const relance_discard *operator->() const { return opened_; }
  [[nodiscard]] const relance_discard &operator*() const { return *opened_; }
  void end(const Discarded &discarded) {
    if (opened_ == nullptr) return;
    relance_discarded result{};
    result.size = sizeof result;
    result.kind = static_cast<std::uint32_t>(discarded.kind);
    result.token = opened_->token;
    result.text = to_str(discarded.text);
    const relance_discarded *pointer{&result};
    opened_ = nullptr;
    host_->discarded(host_, &pointer, 1);
  }

 private:
  const relance_host *host_;
  const relance_discard *opened_;
};

/// The end of a recall.
class PendingRecall {
 public:
  PendingRecall(const relance_host *host, const relance_recall *opened) : host_(host), opened_(opened) {}
  PendingRecall(PendingRecall &&other) noexcept
      : host_(other.host_), opened_(std::exchange(other.opened_, nullptr)) {}
  PendingRecall &operator=(PendingRecall &&other) noexcept {
    std::swap(host_, other.host_);
    std::swap(opened_, other.opened_);
    return *this;
  }
  PendingRecall(const PendingRecall &) = delete;
  PendingRecall &operator=(const PendingRecall &) = delete;
  ~PendingRecall() { end(RELANCE_RECALL_UNKNOWN, "the plugin dropped this token without an end"); }

  [[nodiscard]] const relance_recall *operator->() const { return opened_; }
  [[nodiscard]] const relance_recall &operator*() const { return *opened_; }
  void end(const Recalled &recalled) { end(static_cast<std::uint32_t>(recalled.kind), recalled.text); }
  void cancelled(std::string_view text = {}) { end(RELANCE_RECALL_CANCELLED, text); }
  void too_late(std::string_view text = {}) { end(RELANCE_RECALL_TOO_LATE, text); }
  void unknown(std::string_view text = {}) { end(RELANCE_RECALL_UNKNOWN, text); }

 private:
  void end(std::uint32_t kind, std::string_view text) {
    if (opened_ == nullptr) return;
    relance_recalled result{};
    result.size = sizeof result;
    result.kind = kind;
    result.token = opened_->token;
    result.text = to_str(text);
    const relance_recalled *pointer{&result};
    opened_ = nullptr;
    host_->recalled(host_, &pointer, 1);
  }
  const relance_host *host_;
  const relance_recall *opened_;
};

/// The end of a poll.
class PendingPoll {
 public:
  PendingPoll(const relance_host *host, const relance_poll *opened) : host_(host), opened_(opened) {}
  PendingPoll(PendingPoll &&other) noexcept
      : host_(other.host_), opened_(std::exchange(other.opened_, nullptr)) {}
  PendingPoll &operator=(PendingPoll &&other) noexcept {
    std::swap(host_, other.host_);
    std::swap(opened_, other.opened_);
    return *this;
  }
  PendingPoll(const PendingPoll &) = delete;
  PendingPoll &operator=(const PendingPoll &) = delete;
  ~PendingPoll() { failed("the plugin dropped this poll without an end"); }

  [[nodiscard]] const relance_poll *operator->() const { return opened_; }
  [[nodiscard]] const relance_poll &operator*() const { return *opened_; }
  [[nodiscard]] std::string_view cursor() const { return to_view(opened_->cursor); }
  void done(std::string_view cursor, std::int64_t next_poll_ms = 0) { end(cursor, {}, next_poll_ms); }
  void failed(std::string_view error, std::int64_t next_poll_ms = 0) { end({}, error, next_poll_ms); }

 private:
  void end(std::string_view cursor, std::string_view error, std::int64_t next_poll_ms) {
    if (opened_ == nullptr) return;
    relance_polled result{};
    result.size = sizeof result;
    result.token = opened_->token;
    result.cursor = to_str(cursor);
    result.error = to_str(error);
    result.next_poll_ms = next_poll_ms;
    opened_ = nullptr;
    host_->polled(host_, &result);
  }
  const relance_host *host_;
  const relance_poll *opened_;
};

}  // namespace relance::sdk
#endif
