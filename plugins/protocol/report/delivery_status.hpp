// The machine-readable part of a delivery report (RFC 3464; RFC 6533 for UTF-8 addresses) and of a read
// receipt (RFC 8098): the fields as they stand, before anything is concluded from them.
#pragma once

#include "plugins/protocol/report/field.hpp"
#include "plugins/protocol/report/report.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace relance::report {

struct StatedRecipient {
  std::string address;
  std::string original_address;
  Action action{Action::unknown};
  bool has_action{false};
  std::string status;
  std::string diagnostic;
  std::string remote_mta;
};

struct DeliveryStatus {
  std::string reporting_mta;
  std::string envelope_id;
  std::vector<StatedRecipient> recipients;
  bool is_cut{false};
};

DeliveryStatus parse_delivery_status(std::string_view text);

/// Does the text hold fields of RFC 3464 at the start of a line? Some servers write them into the plain text.
bool holds_delivery_status(std::string_view text);

}  // namespace relance::report
