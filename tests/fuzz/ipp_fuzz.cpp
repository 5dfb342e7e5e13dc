// What a printer answers: messages of IPP, and the jobs in them.
#include "plugins/postal/ipp/printer.hpp"
#include "plugins/protocol/ipp/message.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char *>(data), size};
  const auto decoded = relance::ipp::decode(bytes);
  if (decoded.message.has_value() != decoded.fault.empty()) std::abort();
  if (!decoded.message) return 0;
  const auto again = relance::ipp::decode(relance::ipp::encode(*decoded.message));
  if (!again.message || again.message->document != decoded.message->document) std::abort();
  (void)relance::postal::ipp::jobs_of(*decoded.message);
  return 0;
}
