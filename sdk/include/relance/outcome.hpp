// How a message, a commit, a query or a recall ends, as values.
#ifndef RELANCE_OUTCOME_HPP
#define RELANCE_OUTCOME_HPP

#include <relance/host.hpp>

namespace relance::sdk {

enum class OutcomeKind : std::uint32_t {
  accepted = RELANCE_OUT_ACCEPTED,
  delivered = RELANCE_OUT_DELIVERED,
  rejected = RELANCE_OUT_REJECTED,
  not_sent = RELANCE_OUT_NOT_SENT,
  prepared = RELANCE_OUT_PREPARED,
  not_found = RELANCE_OUT_NOT_FOUND,
  unknown = RELANCE_OUT_UNKNOWN,
};

enum class FailureClass : std::uint32_t {
  none = RELANCE_FAIL_NONE,
  address_dead = RELANCE_FAIL_ADDRESS_DEAD,
  temporary = RELANCE_FAIL_TEMPORARY,
  policy = RELANCE_FAIL_POLICY,
  configuration = RELANCE_FAIL_CONFIGURATION,
};

struct Price {
  std::int64_t micro_units{0};  ///< 1,000,000 = one unit of the currency
  std::string currency{};       ///< ISO 4217
};

struct Outcome {
  OutcomeKind kind{OutcomeKind::unknown};
  FailureClass failure{FailureClass::none};
  std::string code{}, text{};  ///< as the provider said them; never a setting, never content of the message
  std::vector<std::string> refs{};  ///< the provider's own; empty ones are left out
  std::int64_t retry_after_ms{0};
  bool whole_instance{false};  ///< the pause holds for every message of this provider
  std::optional<Price> price{};
  std::uint32_t part_count{
      0};  ///< pieces with a reference and receipts of their own; 0: as many as there are references

  static Outcome accepted(std::vector<std::string> refs = {}) {
    return {.kind = OutcomeKind::accepted, .refs = std::move(refs)};
  }
  static Outcome delivered(std::vector<std::string> refs = {}) {
    return {.kind = OutcomeKind::delivered, .refs = std::move(refs)};
  }
  static Outcome prepared(std::vector<std::string> refs) {
    return {.kind = OutcomeKind::prepared, .refs = std::move(refs)};
  }
  static Outcome rejected(FailureClass failure, std::string code, std::string text) {
    return {
        .kind = OutcomeKind::rejected, .failure = failure, .code = std::move(code), .text = std::move(text)};
  }
  static Outcome not_sent(std::string code, std::string text, std::int64_t retry_after_ms = 0) {
    return {.kind = OutcomeKind::not_sent,
            .failure = FailureClass::temporary,
            .code = std::move(code),
            .text = std::move(text),
            .retry_after_ms = retry_after_ms};
  }
  /// Of a query only: the provider is certain that it never had it.
  static Outcome not_found() { return {.kind = OutcomeKind::not_found}; }
  static Outcome unknown(std::string code, std::string text) {
    return {.kind = OutcomeKind::unknown, .code = std::move(code), .text = std::move(text)};
  }
};

enum class RecallKind : std::uint32_t {
  cancelled = RELANCE_RECALL_CANCELLED,
  too_late = RELANCE_RECALL_TOO_LATE,
  unknown = RELANCE_RECALL_UNKNOWN,
};

struct Recalled {
  RecallKind kind{RecallKind::unknown};
  std::string text{};
};

enum class DiscardKind : std::uint32_t {
  gone = RELANCE_DISCARD_GONE,          ///< there is no such draft: now, or there never was
  released = RELANCE_DISCARD_RELEASED,  ///< it is a draft no more; nothing was done
  unknown = RELANCE_DISCARD_UNKNOWN,    ///< it may lie there still, unreleased
};

struct Discarded {
  DiscardKind kind{DiscardKind::unknown};
  std::string text{};

  static Discarded gone() { return {.kind = DiscardKind::gone}; }
  static Discarded released(std::string text = {}) {
    return {.kind = DiscardKind::released, .text = std::move(text)};
  }
  static Discarded unknown(std::string text) { return {.text = std::move(text)}; }
};

/// What a message would be and cost. A fatal issue says that it does not fit this provider.
struct Quote {
  struct Issue {
    std::string path{}, message{};  ///< path: "/addressee/postal_lines/2"
    bool is_fatal{true};
  };
  std::uint32_t segments{0}, pages{0};  ///< 0: does not apply
  std::optional<Price> price{};
  std::vector<Issue> issues{};
};

}  // namespace relance::sdk
#endif
