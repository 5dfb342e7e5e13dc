// Proofs that a receipt only named, fetched when the host asks for them (relance.evidence/1).
#ifndef RELANCE_PROOF_HPP
#define RELANCE_PROOF_HPP

#include <relance/evidence.h>
#include <relance/parsed.hpp>

namespace relance::sdk {

struct Fetch : Request {
  explicit Fetch(const relance_evidence_fetch &f, const std::atomic<bool> *stopping = nullptr)
      : Request(stopping),
        reference(to_view(f.reference)),
        media_type(to_view(f.media_type)),
        file_name(to_view(f.file_name)),
        ref(to_view(f.ref)),
        idempotency_key(to_view(f.idempotency_key)) {}
  std::string_view reference, media_type, file_name;  ///< as the receipt gave them
  std::string_view ref, idempotency_key;              ///< of the message; may be empty
};

/// How a blocking fetch() ends.
struct Fetched {
  enum class Status : std::uint32_t {
    ok = RELANCE_FETCHED_OK,
    retry = RELANCE_FETCHED_RETRY,  ///< not now: the host asks again
    gone = RELANCE_FETCHED_GONE,    ///< the provider has it no more, or never had: a person is told
  };
  Status status{Status::retry};
  Evidence document{};  ///< with bytes; an empty media type or name stays as the receipt gave it
  std::string error{};
  std::int64_t retry_after_ms{0};  ///< 0: the host's default

  static Fetched ok(std::string bytes, std::string media_type = {}, std::string file_name = {}) {
    return {.status = Status::ok,
            .document = {std::move(media_type), std::move(file_name), std::move(bytes), {}}};
  }
  static Fetched retry(std::string error, std::int64_t retry_after_ms = 0) {
    return {.error = std::move(error), .retry_after_ms = retry_after_ms};
  }
  static Fetched gone(std::string error) { return {.status = Status::gone, .error = std::move(error)}; }
};

/// The end of a fetch. Dropped without an end, the host asks again later.
class PendingFetch {
 public:
  PendingFetch(const relance_host *host, const relance_evidence_fetch *opened)
      : host_(host), opened_(opened) {}
  PendingFetch(PendingFetch &&other) noexcept
      : host_(other.host_), opened_(std::exchange(other.opened_, nullptr)) {}
  PendingFetch &operator=(PendingFetch &&other) noexcept {
    std::swap(host_, other.host_);
    std::swap(opened_, other.opened_);
    return *this;
  }
  PendingFetch(const PendingFetch &) = delete;
  PendingFetch &operator=(const PendingFetch &) = delete;
  ~PendingFetch() { end(Fetched::retry("the plugin dropped this token without an end")); }

  [[nodiscard]] const relance_evidence_fetch &operator*() const { return *opened_; }
  [[nodiscard]] const relance_evidence_fetch *operator->() const { return opened_; }

  void end(const Fetched &fetched) {
    if (opened_ == nullptr) return;
    const auto document = to_c(fetched.document);
    relance_evidence_fetched result{};
    result.size = sizeof result;
    result.status = static_cast<std::uint32_t>(fetched.status);
    result.token = opened_->token;
    if (fetched.status == Fetched::Status::ok) result.document = &document;
    result.error = to_str(fetched.error);
    result.retry_after_ms = fetched.retry_after_ms;
    opened_ = nullptr;
    const relance_evidence_fetched *pointer{&result};
    const auto *store =
        static_cast<const relance_evidence_store *>(host_->extension(host_, RELANCE_EVIDENCE_ID));
    if (store != nullptr) store->fetched(host_, &pointer, 1);
  }

 private:
  const relance_host *host_;
  const relance_evidence_fetch *opened_;
};

}  // namespace relance::sdk
#endif
