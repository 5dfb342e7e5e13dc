// Texts as short messages and Kannel's callbacks, from any bytes: what comes out keeps its promises.
#include "plugins/protocol/gsm/gsm.hpp"
#include "plugins/sms/kannel/callback.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace gsm = relance::gsm;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

void cut(std::string_view text) {
  for (const auto replacement :
       {gsm::Replacement::off, gsm::Replacement::typographic, gsm::Replacement::accents}) {
    const auto message = gsm::segment(text, {.replacement = replacement});
    const bool is_gsm7{message.encoding == gsm::Encoding::gsm7};
    const auto max = message.has_header() ? (is_gsm7 ? gsm::kSeptetsPerPart : gsm::kUnitsPerPart)
                                          : (is_gsm7 ? gsm::kSeptetsMax : gsm::kUnitsMax);
    std::string joined;
    for (const auto &part : message.parts) {
      must(part.units <= max);
      joined += part.text;
    }
    must(joined == message.text && is_gsm7 == gsm::is_gsm(message.text));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char *>(data), size};
  cut(bytes);
  (void)gsm::from_septets(bytes);
  (void)gsm::from_ucs2(bytes);
  (void)gsm::unpack(bytes, 160, 1);
  (void)gsm::read_concatenation(bytes);
  must(!relance::sms::kannel::is_genuine(bytes, "a secret of 16 or more"));
  const auto parsed = relance::sms::kannel::read_callback(bytes);
  must(parsed.receipts.size() <= 1);
  return 0;
}
