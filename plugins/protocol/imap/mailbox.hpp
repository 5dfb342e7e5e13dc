// A mailbox read by UID over IMAP or IMAPS. Calls block (libcurl): the caller gives them a thread of their
// own. Nothing is changed at the server but by dispose(), which is called when the mails are safe elsewhere:
// not even the mark of what a person has read.
#pragma once

#include "plugins/protocol/imap/cursor.hpp"

#include <boost/system/result.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace relance::imap {

struct Options {
  std::string url{};  ///< "imaps://host[:port]" or "imap://host[:port]", no path
  std::string user{};
  std::string secret{};
  std::string folder{"INBOX"};
  bool require_tls{true};  ///< for imap://: STARTTLS or nothing
  bool verify_certificate{true};
  std::string ca_file{};  ///< PEM; empty: the system's
  std::chrono::milliseconds connect_timeout{30'000};
  std::chrono::milliseconds command_timeout{120'000};
  /// A larger mail is read only so far: what a report has to say stands first.
  std::size_t mail_bytes_max{4U << 20};
};

enum class Disposal : std::uint8_t { keep, seen, remove, move };

struct Mail {
  std::uint32_t uid{0};
  std::string bytes{};
  bool is_cut{false};
  std::int64_t arrived_ms{0};  ///< INTERNALDATE: when it came into the mailbox; 0: the server does not say
};

struct Fetched {
  std::uint32_t uid_validity{0};
  std::vector<Mail> mails{};  ///< ascending
  /// All UIDs up to here were looked at, also where no mail was left.
  std::uint32_t seen_to{0};
  bool has_more{false};
};

/// Says what failed, never with which credentials.
struct Failure {
  std::string code;  ///< "login", "tls", "connect", "timeout", "folder", "stopped", "protocol"
  std::string text;
  Failure() = default;
  /// A constructor, so that no mere string passes for a failure.
  Failure(std::string given_code, std::string given_text)
      : code{std::move(given_code)}, text{std::move(given_text)} {}
};
struct UncheckedFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};
[[noreturn]] inline void throw_exception_from_error(const Failure &failure, const boost::source_location &) {
  throw UncheckedFailure(failure.text);
}
template <class T>
using Result = boost::system::result<T, Failure>;

/// Empty, or why these options cannot be used.
std::string options_fault(const Options &options);

class Mailbox {
 public:
  /// `is_stopping` becoming true ends a call that is under way.
  Mailbox(Options options, const std::atomic<bool> &is_stopping);
  ~Mailbox();
  Mailbox(const Mailbox &) = delete;
  Mailbox &operator=(const Mailbox &) = delete;

  /// At most `count` mails behind the cursor; from the first one when UIDVALIDITY has changed.
  Result<Fetched> fetch(const Cursor &behind, std::size_t count);
  /// The first `count` mails whose header field holds these words (SEARCH HEADER), wherever a cursor stands.
  /// Both printable ASCII without quotes and backslashes, as what a caller made of its own keys is.
  Result<Fetched> find(const std::string &field, const std::string &words, std::size_t count);
  /// For mails of that UIDVALIDITY only: UIDs of another one name other mails.
  Result<void> dispose(std::uint32_t uid_validity, std::vector<std::uint32_t> uids, Disposal disposal,
                       const std::string &move_to);
  /// The same for all mails up to the cursor that are still there.
  Result<void> dispose_up_to(const Cursor &cursor, Disposal disposal, const std::string &move_to);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace relance::imap
