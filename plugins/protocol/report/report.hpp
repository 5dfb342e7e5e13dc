// What a mail at the bounce mailbox says about mails sent earlier: who got it, who did not, and for how long
// that holds. Standard reports (RFC 3464, RFC 8098, RFC 5965) are read by their grammar; bounces in plain
// words by their structure and by families of wording (wording.cpp). Reading never throws and never fails:
// what cannot be read is `unreadable`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relance::report {

enum class Kind : std::uint8_t {
  delivery,     ///< a delivery report: bounce, delay, success (RFC 3464 or in plain words)
  disposition,  ///< a read receipt (RFC 8098)
  feedback,     ///< a complaint passed on by the mailbox provider (RFC 5965 and its forerunners)
  auto_reply,   ///< vacation, "out of office", challenge, acknowledgement (RFC 3834): says nothing about
                ///< delivery
  other,        ///< written by a person, or anything else
  unreadable,   ///< see Report::unreadable_because
};

/// @see RFC 3464 §2.3.3. Decide on this first: an expired deferral is `failed` although its status says
/// "temporary".
enum class Action : std::uint8_t { unknown, failed, delayed, delivered, relayed, expanded };

/// The first digit of the status (RFC 3463 §3.1); it says whose nature the trouble is, not whether attempts
/// go on.
enum class StatusClass : std::uint8_t { unknown, success, temporary, permanent };

/// Why, in one word that does not depend on who wrote the report.
enum class Reason : std::uint8_t {
  unknown,
  delivered,
  user_unknown,
  user_moved,
  mailbox_suspended,
  mailbox_full,
  message_too_large,
  host_unknown,
  network,
  expired,
  rate_limited,
  blocked,
  authentication,
  policy,
  spam,
  content,
  relaying_denied,
  sender_rejected,
  system,
};

struct Recipient {
  std::string address;  ///< Final-Recipient: the address that the reporting server tried
  std::string
      original_address;  ///< Original-Recipient: the address that the sender wrote; empty when not told
  Action action{Action::unknown};
  bool is_final{false};  ///< nobody will try again: decided by the action, in plain words by what they say
  StatusClass status_class{StatusClass::unknown};
  std::string status;              ///< RFC 3463, "5.1.1"; never empty for a delivery report
  bool is_status_reported{false};  ///< the mail states `status`; otherwise it follows from the wording
  int reply_code{0};               ///< SMTP, 0 when none was quoted
  Reason reason{Reason::unknown};
  std::string diagnostic;  ///< one line of UTF-8, cut at kDiagnosticBytesMax
  std::string remote_mta;

  /// Failed for good, and because of the address itself: writing there again is pointless.
  [[nodiscard]] bool is_address_dead() const;
};

struct Report {
  Kind kind{Kind::other};
  std::string unreadable_because;
  std::vector<Recipient> recipients;
  std::string reporting_mta;
  std::string envelope_id;          ///< Original-Envelope-Id: the ENVID that the sender gave, xtext decoded
  std::string original_message_id;  ///< without angle brackets; of the mail this one returns or answers
  std::string delivered_to;         ///< the mailbox address this mail came in by
  /// Every address that this mail's header gives for where it went, the last server's note first.
  std::vector<std::string> arrival_addresses;
  std::vector<std::string> answered_ids;  ///< what In-Reply-To and References name, without brackets
  std::string original_sender;            ///< envelope sender of the mail that this one returns
  std::string original_key;               ///< kKeyHeader of the mail that this one returns
  std::string verp_key;                   ///< KEY when `delivered_to` is local+KEY@domain
  std::string feedback_type;              ///< ARF: "abuse", "fraud", …
  std::string disposition;                ///< MDN: "displayed", "deleted", "denied", …
  bool is_cut{false};                     ///< a limit below was met, the rest of the mail was not looked at
};

/// A field in which a sender's mail carries its own key: complaints come back with addresses and ids blacked
/// out, and nobody blacks out what he does not know.
inline constexpr std::string_view kKeyHeader{"X-Relance-Key"};

/// Limits of one mail. A report quotes a mail we sent, so it can be as large as our largest; what matters
/// stands first.
inline constexpr std::size_t kMailBytesMax = std::size_t{4} << 20;
inline constexpr std::size_t kPartsMax = 64;
inline constexpr std::size_t kNestingMax = 16;
inline constexpr std::size_t kPartBytesMax = std::size_t{256} << 10;
/// GMime compares every line with every open boundary and keeps every part and header: bounded before it
/// begins.
inline constexpr std::size_t kBoundariesMax = 200;
inline constexpr std::size_t kBoundaryLinesMax = 5000;
inline constexpr std::size_t kHeaderLinesMax = 10'000;
inline constexpr std::size_t kTextLinesMax = 4000;
inline constexpr std::size_t kTextBytesMax = std::size_t{128} << 10;
inline constexpr std::size_t kRecipientsMax = 1000;
inline constexpr std::size_t kFieldGroupsMax = 2000;
inline constexpr std::size_t kHeadersMax = 2000;
inline constexpr std::size_t kArrivalAddressesMax = 32;
inline constexpr std::size_t kAnsweredIdsMax = 50;
inline constexpr std::size_t kDiagnosticBytesMax = 1000;

/// Thread-safe; line ends may be CR LF or LF.
[[nodiscard]] Report parse_report(std::string_view mail) noexcept;

/// Names for logs, JSON and tables: "delivery", "failed", "permanent", "user_unknown".
std::string_view name(Kind kind);
std::string_view name(Action action);
std::string_view name(StatusClass status_class);
std::string_view name(Reason reason);

}  // namespace relance::report
