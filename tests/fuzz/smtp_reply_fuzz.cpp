// What a server answers, in pieces of every size: the parser and what is read out of a reply. The first byte
// chooses the size of the pieces; whatever they are, the replies are the same as in one piece.
#include "plugins/protocol/imap/cursor.hpp"
#include "plugins/protocol/smtp/envelope.hpp"
#include "plugins/protocol/smtp/reply.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace relance;

std::vector<std::string> replies_of(std::string_view bytes, std::size_t step) {
  smtp::ReplyParser parser;
  std::vector<std::string> replies;
  for (std::size_t at{0}; at < bytes.size(); at += step) {
    parser.feed(bytes.substr(at, step));
    while (const auto reply = parser.next()) {
      if (reply->code < 100 || reply->code > 599 || reply->text.size() > smtp::kMaxReplyTextBytes + 1)
        std::abort();
      static_cast<void>(smtp::queue_id(reply->text));
      static_cast<void>(smtp::read_capabilities(reply->text));
      replies.push_back(reply->codes() + '|' + reply->text);
    }
  }
  return replies;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char *>(data) + 1, size - 1};
  const auto whole = replies_of(bytes, std::max<std::size_t>(bytes.size(), 1));
  if (replies_of(bytes, std::size_t{data[0]} + 1) != whole) std::abort();
  static_cast<void>(smtp::check_content(bytes));
  static_cast<void>(imap::read_listing(bytes));
  static_cast<void>(imap::read_search(bytes));
  if (const auto cursor = imap::parse_cursor(bytes); !(imap::parse_cursor(cursor.text()) == cursor))
    std::abort();
  return 0;
}
