// How far a mailbox has been read: IMAP's UIDs only rise while UIDVALIDITY stays the same (RFC 9051
// §2.3.1.1). Flags are no cursor: any other program may set them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace relance::imap {

struct Cursor {
  std::uint32_t uid_validity{0};  ///< 0: nothing read yet
  std::uint32_t last_uid{0};
  [[nodiscard]] std::string text() const;  ///< "UIDVALIDITY:UID"
  bool operator==(const Cursor &) const = default;
};
/// Anything else than text() gives is a mailbox never read.
Cursor parse_cursor(std::string_view text);

/// "1,3:5,9", in ascending order.
std::string uid_set(std::vector<std::uint32_t> uids);

struct Listed {
  std::uint32_t uid{0};
  std::uint64_t size{0};
  std::int64_t arrived_ms{0};  ///< Unix time; 0: not said
};
/// From the lines `* 4 FETCH (UID 7 RFC822.SIZE 1234 INTERNALDATE "17-Jul-2026 02:44:25 +0200")`, in
/// ascending order of UID.
std::vector<Listed> read_listing(std::string_view lines);
/// From the lines "* SEARCH 7 9 12", in ascending order.
std::vector<std::uint32_t> read_search(std::string_view lines);
/// From "* STATUS name (UIDVALIDITY 12 UIDNEXT 5)" or "* OK [UIDVALIDITY 12]"; 0 when it is not there.
std::uint32_t read_number(std::string_view lines, std::string_view name);

}  // namespace relance::imap
