#include "plugins/sms/smpp/inbound.hpp"

#include "plugins/sms/smpp/verdicts.hpp"

#include <algorithm>

namespace relance::sms::smpp {
namespace {

/// Of an address as it came: who asks a person to ring back wants a number that can be rung.
std::string number_of(const protocol::Address &address) {
  const bool is_international{address.ton == 1 && !address.digits.empty() && address.digits[0] != '+'};
  std::string number{is_international ? "+" : ""};
  for (const char c : address.digits)
    if (c >= 0x20 && c < 0x7F) number += c;
  return number;
}

/// Many message centres leave the type of number unknown: what is as long as a number with its country, and
/// does not begin as one within a country does, is one.
std::string sender_of(const protocol::Address &address) {
  const bool is_number{
      address.digits.size() >= 9 && address.digits.size() <= 15 && address.digits[0] != '0' &&
      std::all_of(address.digits.begin(), address.digits.end(), [](char c) { return c >= '0' && c <= '9'; })};
  if (address.ton == 0 && is_number) return "+" + std::string{address.digits};
  return number_of(address);
}

sdk::Parsed read_receipt(const protocol::Report &report, const Settings &settings,
                         protocol::MessageIds &ids) {
  auto receipt = to_receipt(report, settings);
  if (!receipt) return sdk::Parsed::unreadable("a receipt that names no state");
  if (!report.option_id.empty()) {
    receipt->ref = report.option_id;
  } else if (report.words_id.empty()) {
    return sdk::Parsed::unreadable("a receipt that names no message");
  } else if (auto ref = ids.meant(report.words_id)) {
    receipt->ref = std::move(*ref);
  } else {
    return sdk::Parsed::retry("the id " + report.words_id.substr(0, 32) +
                              " of a receipt fits two messages, in two bases: set receipt_ids");
  }
  return sdk::Parsed::receipt(std::move(*receipt));
}

}  // namespace

Meaning read_inbound(std::string_view pdu, const Settings &settings, protocol::MessageIds &ids) {
  const auto frame = protocol::read_frame(pdu);
  if (frame.state != protocol::Frame::State::whole) return {sdk::Parsed::unreadable("no whole PDU")};
  const auto command = frame.pdu.command;
  if (command != protocol::kDeliverSm && command != protocol::kDataSm)
    return {sdk::Parsed::unreadable("neither deliver_sm nor data_sm")};
  const auto message = protocol::read_message(command, frame.pdu.body);
  if (!message) return {sdk::Parsed::unreadable("a mandatory field is cut off")};
  if (const auto report = protocol::read_report(*message)) return {read_receipt(*report, settings, ids)};
  auto incoming = read_incoming(*message, settings.alphabet);
  const auto type = message->esm_class & protocol::kTypeMask;
  // The addressee's device or the addressee says that it was read: words of a person, too, if there are any.
  const bool is_acknowledgement{type == protocol::kTypeDeliveryAck || type == protocol::kTypeUserAck};
  if (is_acknowledgement && incoming.text.empty()) return {sdk::Parsed::nothing()};
  return {sdk::Parsed::reply({.kind = sdk::ReplyKind::human,
                              .from = sender_of(message->source),
                              .to = number_of(message->destination),
                              .text = std::move(incoming.text)}),
          incoming.part};
}

}  // namespace relance::sms::smpp
