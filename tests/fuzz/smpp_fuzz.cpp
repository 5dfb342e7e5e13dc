// What a message centre sends, from any bytes: PDUs, their bodies, receipts in words and texts in parts. What
// is read lies within the bytes, and the same bytes mean the same.
#include "plugins/protocol/smpp/pdu.hpp"
#include "plugins/protocol/smpp/receipt.hpp"
#include "plugins/sms/smpp/inbound.hpp"

#include <cstdint>
#include <cstdlib>

namespace smpp = relance::smpp;
namespace sms = relance::sms::smpp;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}
bool is_within(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void read_body(std::uint32_t command, std::string_view body) {
  const auto message = smpp::read_message(command, body);
  if (!message) return;
  for (const auto part :
       {message->source.digits, message->destination.digits, message->text, message->validity})
    must(is_within(part, body));
  for (const auto &option : message->options) must(is_within(option.value, body));
  (void)smpp::read_report(*message);
  for (const auto alphabet : {sms::Alphabet::gsm, sms::Alphabet::latin1, sms::Alphabet::latin1_marked}) {
    const auto incoming = sms::read_incoming(*message, alphabet);
    must(incoming.part.number >= 1 && incoming.part.number <= incoming.part.count);
  }
  // As it lies on disk, and is read again after a restart.
  std::string pdu;
  smpp::append_pdu(pdu, command, 0, 1, body);
  const sms::Settings settings;
  smpp::MessageIds ids{smpp::ReceiptIds::automatic, {}}, others{smpp::ReceiptIds::automatic, {}};
  const auto once = sms::read_inbound(pdu, settings, ids).parsed,
             again = sms::read_inbound(pdu, settings, others).parsed;
  must(once.receipts.size() <= 1 && once.receipts.size() == again.receipts.size());
  if (!once.receipts.empty())
    must(once.receipts[0].ref == again.receipts[0].ref && once.receipts[0].kind == again.receipts[0].kind);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char *>(data), size};
  for (auto rest = bytes;;) {
    const auto frame = smpp::read_frame(rest);
    if (frame.state != smpp::Frame::State::whole) break;
    must(frame.pdu.whole.size() >= smpp::kHeaderBytes && is_within(frame.pdu.whole, rest));
    read_body(frame.pdu.command, frame.pdu.body);
    rest.remove_prefix(frame.pdu.whole.size());
  }
  for (const auto command : {smpp::kDeliverSm, smpp::kDataSm}) read_body(command, bytes);
  (void)smpp::read_words(bytes);
  return 0;
}
