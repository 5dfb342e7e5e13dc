// Reads a built message back with two independent parsers: GMime in process, Python's email package in a
// child.
#pragma once

#include <string>
#include <vector>

namespace relance::mime::test {

struct ReadPart {
  std::string media_type;
  std::string file_name;
  std::string bytes;  // decoded
};
struct ReadMessage {
  std::string subject, from, to, reply_to, message_id, date;
  std::vector<ReadPart> parts;  // leaves, in order
};

ReadMessage read_with_gmime(const std::string &bytes);
ReadMessage read_with_python(const std::string &bytes);
/// Every rule about line ends and lengths; returns the first one broken, or an empty string.
std::string broken_line_rule(const std::string &bytes, std::size_t longest_line);

}  // namespace relance::mime::test
