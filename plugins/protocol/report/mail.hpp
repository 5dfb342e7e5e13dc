// A mail taken apart as far as a report needs: header, the leaves in reading order as UTF-8 text, and the
// message that the report returns. GMime does MIME; this keeps the limits and mends what broken reports lack.
#pragma once

#include "plugins/protocol/report/field.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace relance::report {

struct Part {
  std::string type;  ///< "text/plain", lower case, without parameters
  std::string text;  ///< UTF-8, LF
};

struct Mail {
  Fields header;                        ///< of the mail itself, encoded words decoded
  std::string type;                     ///< content type of the whole, "multipart/report"
  std::string report_type;              ///< its report-type parameter, lower case
  std::vector<Part> parts;              ///< leaves outside a returned message
  std::vector<std::string> file_names;  ///< of its attachments
  Fields returned;                      ///< header of the returned message, wherever it was found
  std::string body;                     ///< the undecoded body, for when the MIME structure is broken
  bool is_cut{false};
  std::string unreadable_because;
};

Mail read_mail(std::string_view bytes);

}  // namespace relance::report
