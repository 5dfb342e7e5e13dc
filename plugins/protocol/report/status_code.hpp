// SMTP reply codes (RFC 5321 §4.2) and enhanced status codes (RFC 3463) inside text, told apart from the
// other numbers there: addresses of hosts, versions, hours, ports.
#pragma once

#include "plugins/protocol/report/report.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace relance::report {

/// A reply code, a status, or both together as in "550 5.1.1 …".
struct Code {
  int reply{0};
  std::string status;
  bool is_pair{false};  ///< the status stands right behind the reply code
};

/// In order of appearance; at most `most`.
std::vector<Code> find_codes(std::string_view text, std::size_t most);

/// "5.1.1" from a Status field, comments and garbage around it ignored; empty when there is none.
std::string status_of(std::string_view value);

StatusClass class_of(std::string_view status);

/// X.0.0: says no more than its class.
bool is_general(std::string_view status);

/// The one code that says most about a failure: a status beside its reply code before a status alone, and a
/// cause before the "expired" (X.4.7) that it led to.
Code best_code(const std::vector<Code> &codes);

}  // namespace relance::report
