// libFuzzer over parse_report() and own_words(): whatever the bytes, they return within their limits.
#include "plugins/protocol/report/own_words.hpp"
#include "plugins/protocol/report/report.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  using namespace relance::report;
  const auto report = parse_report({reinterpret_cast<const char *>(data), size});
  if (report.recipients.size() > kRecipientsMax) std::abort();
  if ((report.kind == Kind::unreadable) == report.unreadable_because.empty()) std::abort();
  for (const auto &recipient : report.recipients) {
    if (recipient.diagnostic.size() > kDiagnosticBytesMax) std::abort();
    if (report.kind == Kind::delivery && recipient.status.empty()) std::abort();
  }
  // Quoted words are taken away, none are added but the end of a line.
  const auto words = own_words({reinterpret_cast<const char *>(data), size});
  if (words.size() > size + 1) std::abort();
  says_stop(words);
  return 0;
}
