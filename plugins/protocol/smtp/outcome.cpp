// Verdicts and stages by their names, for logs and codes.
#include "plugins/protocol/smtp/outcome.hpp"

namespace relance::smtp {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::accepted:
      return "accepted";
    case Verdict::rejected:
      return "rejected";
    case Verdict::not_sent:
      return "not_sent";
    case Verdict::unknown:
      return "unknown";
  }
  return "unknown";
}

std::string_view name_of(Stage stage) {
  switch (stage) {
    case Stage::local:
      return "local";
    case Stage::queue:
      return "queue";
    case Stage::connect:
      return "connect";
    case Stage::tls:
      return "tls";
    case Stage::greeting:
      return "greeting";
    case Stage::ehlo:
      return "ehlo";
    case Stage::auth:
      return "auth";
    case Stage::mail:
      return "mail";
    case Stage::rcpt:
      return "rcpt";
    case Stage::data:
      return "data";
    case Stage::content:
      return "content";
    case Stage::end_of_data:
      return "end_of_data";
  }
  return "local";
}

}  // namespace relance::smtp
