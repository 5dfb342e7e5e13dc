#include "plugins/lre/ar24/states.hpp"

#include "plugins/lre/ar24/paris.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace relance::lre::ar24 {
namespace {

using sdk::FailureClass;
using sdk::Json;
using sdk::Receipt;
using sdk::ReceiptKind;

/// A date further ahead is of something planned, or nonsense: it has not happened yet.
constexpr std::int64_t kClockMarginMs{std::int64_t{86'400'000}};
constexpr std::size_t kIdBytesMax{20}, kWordBytesMax{100}, kKeyBytesMin{26}, kKeyBytesMax{36};

/// Names of events as in ETSI EN 319 522-1.
struct State {
  const char *date_field, *proof;
  ReceiptKind kind;
  bool is_final;
  FailureClass failure;
  const char *code, *event, *title;
};
constexpr std::array<State, 5> kStates{{
    {"ts_ev_date", "ev", ReceiptKind::dispatched, false, FailureClass::none, "ev",
     "NotificationForAcceptance", "preuve-envoi"},
    {"view_date", "ar", ReceiptKind::accepted_by_addressee, true, FailureClass::none, "ar",
     "ConsignmentAcceptance", "accuse-reception"},
    {"refused_date", "rf", ReceiptKind::refused, true, FailureClass::none, "rf", "ConsignmentRejection",
     "preuve-refus"},
    {"negligence_date", "ng", ReceiptKind::unclaimed, true, FailureClass::none, "ng",
     "AcceptanceRejectionExpiry", "preuve-negligence"},
    {"bounced_date", "bc", ReceiptKind::failed, true, FailureClass::address_dead, "bc",
     "NotificationForAcceptanceFailure", "preuve-non-remise"},
}};

bool is_set(const Json &value) {
  const auto text = value.text();
  return !text.empty() && text != "0" && text != "false";
}

bool is_key(std::string_view text) {
  return text.size() >= kKeyBytesMin && text.size() <= kKeyBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
         });
}

/// A word of AR24's, for people.
std::string word(const Json &value) {
  std::string out;
  for (const char c : value.text().substr(0, kWordBytesMax))
    if (static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7F) out += c;
  return out;
}

sdk::Evidence proof(const char *kind, const char *title, const std::string &id) {
  return {"application/pdf", "ar24-" + id + '-' + title + ".pdf", {}, to_text({kind, id})};
}

/// When it happened, or nothing: no date, or one that is still to come.
std::optional<std::int64_t> happened_at(const Json &letter, const State &state, std::int64_t now_ms) {
  const auto at = from_paris_time(letter[std::string_view{state.date_field}].text());
  return at && *at <= now_ms + kClockMarginMs ? at : std::nullopt;
}

/// Until when the addressee may answer, or that this time is over without a word.
std::string waiting_text(std::int64_t notified_at_ms, std::int64_t now_ms) {
  const auto period = acceptance_period(notified_at_ms);
  if (now_ms < period.ends_at_ms)
    return "the addressee may accept or refuse it to the end of " + period.last_day + " (Europe/Paris)";
  return "the addressee's days ended with " + period.last_day + " (Europe/Paris); AR24 has not said how";
}

}  // namespace

bool is_letter_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string to_text(const ProofReference &reference) {
  return reference.kind + ':' + reference.letter_id;
}

ProofReference read_reference(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == text.npos) return {};
  const auto kind = text.substr(0, colon), id = text.substr(colon + 1);
  const bool is_known{kind == "dp" || std::any_of(kStates.begin(), kStates.end(),
                                                  [&](const State &state) { return kind == state.proof; })};
  if (!is_known || !is_letter_id(id)) return {};
  return {std::string{kind}, std::string{id}};
}

std::vector<Receipt> receipts_of(const Json &letter, std::int64_t now_ms) {
  std::vector<Receipt> receipts;
  const auto id = letter["id"].text();
  if (!is_letter_id(id)) return receipts;
  const auto key = letter["ref_dossier"].text();
  const auto add = [&](ReceiptKind kind, std::string code, std::string text) -> Receipt & {
    auto &receipt = receipts.emplace_back();
    receipt.ref = id;
    if (is_key(key)) receipt.idempotency_key = key;
    receipt.kind = kind;
    receipt.code = std::move(code);
    receipt.text = std::move(text);
    return receipt;
  };
  if (is_set(letter["proof_dp_url"])) {
    auto &taken = add(ReceiptKind::accepted, "dp", "SubmissionAcceptance");
    taken.provider_time_ms = from_paris_time(letter["date"].text()).value_or(0);
    taken.evidence.push_back(proof("dp", "preuve-depot", id));
  }
  bool has_end{false};
  for (const auto &state : kStates) has_end |= state.is_final && happened_at(letter, state, now_ms);
  for (const auto &state : kStates) {
    const auto at = happened_at(letter, state, now_ms);
    if (!at) continue;
    std::string text{state.event};
    if (state.kind == ReceiptKind::dispatched && !has_end) text += ": " + waiting_text(*at, now_ms);
    auto &receipt = add(state.kind, state.code, std::move(text));
    receipt.is_final = state.is_final;
    receipt.failure = state.failure;
    receipt.provider_time_ms = *at;
    receipt.evidence.push_back(proof(state.proof, state.title, id));
  }
  if (is_set(letter["send_fail"]) && !has_end) {
    auto &failed =
        add(ReceiptKind::failed, "send_fail", "NotificationForAcceptanceFailure: AR24 could not send it");
    failed.is_final = true;
    failed.failure = FailureClass::temporary;
  }
  if (letter["status"].text() == "to_valid")
    add(ReceiptKind::interim, "to_valid", "it waits for its sender to confirm it at AR24");
  if (receipts.empty()) add(ReceiptKind::interim, word(letter["status"]), {});
  return receipts;
}

std::string letter_id_in(std::string_view body) {
  constexpr std::size_t kWebhookBytesMax{64U << 10};
  if (body.size() > kWebhookBytesMax) return {};
  if (const auto json = Json::parse(body); json.kind() == Json::Kind::object) {
    const auto id = json["id_mail"].text();
    return is_letter_id(id) ? id : std::string{};
  }
  // A form, urlencoded or multipart: the digits behind the field's name.
  for (const std::string_view before : {"id_mail=", "name=\"id_mail\"\r\n\r\n"}) {
    const auto at = body.find(before);
    const bool is_field{at != body.npos && (at == 0 || body[at - 1] == '&' || before.front() == 'n')};
    if (!is_field) continue;
    const auto rest = body.substr(at + before.size());
    const auto id = rest.substr(0, rest.find_first_not_of("0123456789"));
    if (is_letter_id(id)) return std::string{id};
  }
  return {};
}

}  // namespace relance::lre::ar24
