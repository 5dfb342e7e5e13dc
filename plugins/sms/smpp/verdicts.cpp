#include "plugins/sms/smpp/verdicts.hpp"

namespace relance::sms::smpp {
namespace {

using protocol::MessageState;
using protocol::Verdict;
using sdk::FailureClass;
using sdk::ReceiptKind;

/// Refused for now by a fault of the message centre's own.
constexpr std::int64_t kRetryTemporaryMs{60'000};
/// Bytes of words that come from the network.
constexpr std::size_t kCodeBytesMax{64};

FailureClass class_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::address_dead:
      return FailureClass::address_dead;
    case Verdict::configuration:
      return FailureClass::configuration;
    case Verdict::policy:
      return FailureClass::policy;
    default:
      return FailureClass::temporary;
  }
}

struct StateMeaning {
  ReceiptKind kind{ReceiptKind::interim};
  bool is_final{false};
  FailureClass failure{FailureClass::none};
};
/// UNDELIVERABLE and DELETED tell no reason by themselves: the error code does, if anything.
StateMeaning meaning_of(MessageState state) {
  switch (state) {
    case MessageState::delivered:
      return {ReceiptKind::delivered, true, FailureClass::none};
    case MessageState::expired:
      return {ReceiptKind::expired, true, FailureClass::temporary};
    case MessageState::deleted:
      return {ReceiptKind::cancelled, true, FailureClass::none};
    case MessageState::undeliverable:
    case MessageState::skipped:
      return {ReceiptKind::failed, true, FailureClass::none};
    case MessageState::rejected:
      return {ReceiptKind::failed, true, FailureClass::policy};
    case MessageState::accepted:
      return {ReceiptKind::accepted, false, FailureClass::none};
    case MessageState::scheduled:
    case MessageState::enroute:
    case MessageState::unknown:
      break;
  }
  return {};
}

/// @see 3GPP TS 29.002 §17.6.6, user errors
std::optional<FailureClass> class_of_gsm(std::uint16_t code) {
  switch (code) {
    case 1:  // unknown subscriber
      return FailureClass::address_dead;
    case 5:   // unidentified subscriber
    case 6:   // absent subscriber
    case 27:  // absent subscriber
    case 31:  // subscriber busy
    case 32:  // delivery failed: memory full and the like
    case 33:  // message waiting list full
    case 34:  // system failure
      return FailureClass::temporary;
    case 9:   // illegal subscriber
    case 10:  // bearer service not provisioned
    case 11:  // teleservice not provisioned
    case 12:  // illegal equipment
    case 13:  // call barred
    case 21:  // facility not supported
      return FailureClass::policy;
    default:
      return std::nullopt;
  }
}

std::string printable(std::string_view text) {
  std::string kept;
  for (const char c : text.substr(0, kCodeBytesMax)) kept += c >= 0x20 && c < 0x7F ? c : '?';
  return kept;
}

}  // namespace

sdk::Outcome to_outcome(protocol::Outcome outcome) {
  using Kind = protocol::Outcome::Kind;
  switch (outcome.kind) {
    case Kind::accepted:
      return sdk::Outcome::accepted(std::move(outcome.message_ids));
    case Kind::refused:
      return sdk::Outcome::rejected(class_of(outcome.verdict), std::move(outcome.code),
                                    std::move(outcome.text));
    case Kind::not_sent: {
      auto ended = sdk::Outcome::not_sent(std::move(outcome.code), std::move(outcome.text),
                                          outcome.status != 0 && outcome.retry_after.count() == 0
                                              ? kRetryTemporaryMs
                                              : outcome.retry_after.count());
      ended.whole_instance = outcome.whole_client;
      return ended;
    }
    case Kind::unknown:
      break;
  }
  auto ended = sdk::Outcome::unknown(std::move(outcome.code), std::move(outcome.text));
  ended.refs = std::move(outcome.message_ids);
  return ended;
}

std::optional<sdk::Receipt> to_receipt(const protocol::Report &report, const Settings &settings) {
  if (!report.state) return std::nullopt;
  const auto meaning = meaning_of(*report.state);
  sdk::Receipt receipt{.kind = meaning.kind, .is_final = meaning.is_final, .failure = meaning.failure};
  if (report.is_intermediate) receipt.kind = ReceiptKind::interim, receipt.is_final = false;
  receipt.code = report.stat.empty() ? std::string{name_of(*report.state)} : printable(report.stat);
  if (!report.err.empty()) receipt.code += " " + printable(report.err);
  receipt.provider_time_ms = report.done_at_ms;
  const bool is_failure{receipt.is_final && receipt.kind == ReceiptKind::failed};
  if (report.network_error) {
    receipt.text = "network error " + std::to_string(report.network_error->code) + " of network type " +
                   std::to_string(report.network_error->network);
    if (is_failure && report.network_error->network == 3)
      receipt.failure = class_of_gsm(report.network_error->code).value_or(receipt.failure);
  }
  if (const auto own = settings.error_classes.find(report.err);
      own != settings.error_classes.end() && is_failure)
    receipt.failure = own->second;
  return receipt;
}

}  // namespace relance::sms::smpp
