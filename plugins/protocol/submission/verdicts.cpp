#include "plugins/protocol/submission/verdicts.hpp"

#include "plugins/protocol/smtp/domain_gates.hpp"

#include <algorithm>
#include <array>

namespace relance::submission {
namespace {

using sdk::FailureClass;

/// Text that travels with an outcome; the whole reply stays in nobody's interest.
constexpr std::size_t kTextBytes{500};
/// Credentials missing or refused is about us, whatever the message: try again when the operator has acted.
constexpr std::int64_t kCredentialsRetryMs{60'000};

bool has_word(std::string_view text, std::string_view word) {
  const auto same = [](char left, char right) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return lower(left) == lower(right);
  };
  return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

/// 5XX without an enhanced status: RFC 5321 has 550 for both "no such mailbox" and "policy".
FailureClass by_words(const smtp::Reply &reply) {
  static constexpr std::array<std::string_view, 10> kPolicy{"spam",        "policy", "block",      "denied",
                                                            "blacklist",   "dnsbl",  "reputation", "relay",
                                                            "not allowed", "dmarc"};
  const bool is_policy{std::any_of(kPolicy.begin(), kPolicy.end(),
                                   [&](std::string_view word) { return has_word(reply.text, word); })};
  return is_policy ? FailureClass::policy : FailureClass::address_dead;
}

bool is_about_credentials(const smtp::Reply &reply) {
  // RFC 4954 §6: 530 required, 534 too weak, 535 refused, 538 needs encryption.
  return reply.code == 530 || reply.code == 534 || reply.code == 535 || reply.code == 538;
}

std::string text_of(const smtp::Outcome &outcome) {
  std::string text{outcome.detail};
  if (!outcome.reply.text.empty()) {
    if (!text.empty()) text += ": ";
    text += outcome.reply.text;
  }
  std::replace(text.begin(), text.end(), '\n', ' ');
  if (text.size() > kTextBytes) {
    auto end = kTextBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
  }
  return text;
}

}  // namespace

FailureClass failure_of(smtp::Stage stage, const smtp::Reply &reply) {
  if (reply.is_transient()) return FailureClass::temporary;
  if (stage == smtp::Stage::auth || is_about_credentials(reply)) return FailureClass::configuration;
  const auto &status = reply.status;
  if (status.is_given()) {
    // RFC 3463 §3.2–3.8.
    if (status.subject == 7) return FailureClass::policy;
    if (status.subject == 1 && (status.detail == 7 || status.detail == 8)) return FailureClass::configuration;
    if (status.subject == 1) return FailureClass::address_dead;
    if (status.subject == 2)
      return status.detail == 1 || status.detail == 0 ? FailureClass::address_dead : FailureClass::temporary;
    if (status.subject == 5) return FailureClass::configuration;
    if (status.subject == 3 || status.subject == 6) return FailureClass::policy;
    if (status.subject == 4) return FailureClass::temporary;
  }
  if (stage == smtp::Stage::mail) return FailureClass::configuration;
  if (reply.code == 552) return FailureClass::temporary;
  if (reply.code == 550 || reply.code == 551 || reply.code == 553) {
    return stage == smtp::Stage::rcpt ? by_words(reply) : FailureClass::policy;
  }
  if (reply.code >= 500 && reply.code <= 504) return FailureClass::configuration;
  return FailureClass::policy;
}

sdk::Outcome to_outcome(const smtp::Outcome &outcome) {
  sdk::Outcome result;
  result.code = outcome.reply.code != 0 ? outcome.reply.codes() : std::string{smtp::name_of(outcome.stage)};
  result.text = text_of(outcome);
  switch (outcome.verdict) {
    case smtp::Verdict::accepted:
      result.kind = sdk::OutcomeKind::accepted;
      break;
    case smtp::Verdict::unknown:
      result.kind = sdk::OutcomeKind::unknown;
      break;
    case smtp::Verdict::rejected:
      result.kind = sdk::OutcomeKind::rejected;
      result.failure = outcome.stage == smtp::Stage::local ? FailureClass::configuration
                                                           : failure_of(outcome.stage, outcome.reply);
      if (is_about_credentials(outcome.reply)) {
        result.kind = sdk::OutcomeKind::not_sent;
        result.whole_instance = true;
        result.retry_after_ms = kCredentialsRetryMs;
      }
      break;
    case smtp::Verdict::not_sent:
      result.kind = sdk::OutcomeKind::not_sent;
      result.failure = outcome.reply.is_permanent() || outcome.stage == smtp::Stage::auth
                           ? FailureClass::configuration
                           : FailureClass::temporary;
      result.retry_after_ms = outcome.retry_after_ms;
      // Greylisting and its like say when; else the host has its own pause.
      if (result.retry_after_ms == 0 && outcome.reply.is_transient())
        result.retry_after_ms = smtp::stated_wait_ms(outcome.reply.text);
      result.whole_instance = outcome.whole_server;
      break;
  }
  return result;
}

sdk::Outcome to_outcome(const mime::Refusal &refusal) {
  const bool is_addressee{refusal.field == "to"};
  return sdk::Outcome::rejected(is_addressee ? FailureClass::address_dead : FailureClass::configuration,
                                std::string{mime::name_of(refusal.fault)}, refusal.text());
}

}  // namespace relance::submission
