// The envelope of one message and its commands; the checks that keep bytes of ours from becoming commands of
// others.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relance::smtp {

struct Envelope {
  std::string sender{};                   ///< addr-spec, or empty for the null sender
  std::vector<std::string> recipients{};  ///< at least one
  std::string envelope_id{};              ///< RFC 3461 ENVID; at most 100 characters; empty: none
  bool needs_smtputf8{false};
};

struct Submission {
  std::uint64_t id{0};  ///< the caller's; comes back in the Completion
  Envelope envelope{};
  std::string content{};  ///< CR LF everywhere; the dot is ours
  std::chrono::steady_clock::time_point not_after{std::chrono::steady_clock::time_point::max()};
};

/// What a server offers (EHLO).
struct Capabilities {
  bool pipelining{false};
  bool eight_bit_mime{false};
  bool smtputf8{false};
  bool dsn{false};
  bool starttls{false};
  bool size{false};
  std::uint64_t max_size{0};  ///< 0: not said
  bool auth_plain{false};
  bool auth_login{false};
  bool auth_xoauth2{false};
};
Capabilities read_capabilities(std::string_view ehlo_text);

struct ContentCheck {
  std::string fault{};  ///< empty: fit to be sent
  bool has_eight_bit{false};
  bool has_leading_dot{false};  ///< a line begins with a dot
};
/// No NUL, no CR or LF outside a CR LF (an end of data that only one of two servers sees), lines of at most
/// 998.
ContentCheck check_content(std::string_view content);

/// Empty, or why this envelope cannot be put on a wire.
std::string envelope_fault(const Envelope &envelope);

/// RFC 3461 §4.
std::string xtext(std::string_view text);

void append_mail(std::string &out, const Submission &submission, const Capabilities &server,
                 bool has_eight_bit, bool with_dsn);
void append_recipient(std::string &out, const Envelope &envelope, std::size_t index,
                      const Capabilities &server, bool with_dsn);

}  // namespace relance::smtp
