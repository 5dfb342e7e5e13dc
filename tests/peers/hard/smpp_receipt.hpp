// What the body of a deliver_sm says: a receipt of the message centre, or the words of a person. @see SMPP
// v3.4 §5.2.12, §5.3.2.12, §5.3.2.35, appendix B
#pragma once

#include "tests/peers/hard/smpp_pdu.hpp"

#include <relance/parsed.hpp>

#include <map>

namespace hard {

/// "id:… stat:DELIVRD err:000"
inline std::string field_of(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string_view::npos) return {};
  const auto from = at + name.size();
  return std::string(text.substr(from, text.find(' ', from) - from));
}

inline relance::sdk::Parsed read_delivered(std::string_view body) {
  namespace sdk = relance::sdk;
  using Kind = sdk::ReceiptKind;
  smpp::ShortMessage m;
  try {
    m = smpp::read_message(body);
  } catch (const std::out_of_range &fault) {
    return sdk::Parsed::unreadable(fault.what());
  }
  if ((m.esm_class & 0x3C) != 0x04)
    return sdk::Parsed::reply(
        {.kind = sdk::ReplyKind::human, .from = "+" + m.source, .to = m.destination, .text = m.text});
  static const std::map<std::string, int, std::less<>> kStates{{"ENROUTE", 1}, {"DELIVRD", 2}, {"EXPIRED", 3},
                                                               {"DELETED", 4}, {"UNDELIV", 5}, {"ACCEPTD", 6},
                                                               {"UNKNOWN", 7}, {"REJECTD", 8}};
  static constexpr Kind kKinds[]{Kind::interim,  Kind::interim,   Kind::delivered,
                                 Kind::expired,  Kind::cancelled, Kind::failed,
                                 Kind::accepted, Kind::interim,   Kind::failed};
  const auto stat = field_of(m.text, "stat:");
  int state{0};
  sdk::Receipt receipt{.ref = field_of(m.text, "id:"), .code = stat + " " + field_of(m.text, "err:")};
  if (const auto known = kStates.find(stat); known != kStates.end()) state = known->second;
  // The options are exact where the text may write the same id in another base.
  if (const auto id = m.options.find(smpp::kReceiptedMessageId); id != m.options.end())
    receipt.ref = id->second.substr(0, id->second.find('\0'));
  if (const auto given = m.options.find(smpp::kMessageState);
      given != m.options.end() && given->second.size() == 1)
    state = static_cast<std::uint8_t>(given->second[0]);
  if (receipt.ref.empty() || state == 0)
    return sdk::Parsed::unreadable("a receipt that names no message or no state");
  if (state < 9) receipt.kind = kKinds[state];
  receipt.is_final = receipt.kind != Kind::interim && receipt.kind != Kind::accepted;
  if (state == 8) receipt.failure = sdk::FailureClass::policy;
  return sdk::Parsed::receipt(std::move(receipt));
}

}  // namespace hard
