// libFuzzer over certified mails: whatever the bytes, they are read within their limits, and nobody's
// signature is ever found on them.
#include "plugins/protocol/pec/meaning.hpp"
#include "plugins/protocol/pec/signature.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  using namespace relance::pec;
  const std::string_view bytes{reinterpret_cast<const char *>(data), size};
  const auto mail = read_mail(bytes);
  if (mail.leaves.size() > kPartsMax) std::abort();
  const auto reading = read(mail);
  const bool needs_document{reading.kind == Kind::receipt || reading.kind == Kind::envelope};
  if (needs_document != reading.certified.has_value()) std::abort();
  if (const auto certified = read_daticert(bytes)) {
    if (certified->type.empty() || certified->recipients.size() > kDaticertElementsMax) std::abort();
    (void)etsi_name(*certified), (void)fault_of(*certified), (void)is_final(*certified);
  }
  (void)content_of(bytes), (void)certificates_of(mail.signature);
  return 0;
}
