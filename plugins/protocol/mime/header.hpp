// Header fields: folding (RFC 5322 §2.2.3), encoded words (RFC 2047), parameters (RFC 2231).
#pragma once

#include "plugins/protocol/mime/mime.hpp"

#include <string>
#include <string_view>

namespace relance::mime {

/// Writes header fields into one string and knows the column it stands at.
class HeaderWriter {
 public:
  explicit HeaderWriter(std::string &out) : out_{out} {}

  void begin(std::string_view name);
  void end();
  /// As it is; the caller knows that it fits.
  void raw(std::string_view text);
  /// A blank, or a fold when `next` would not fit on this line.
  void blank_before(std::size_t next);
  /// Words as they are where they can be, encoded words elsewhere. Words of ASCII longer than `longest_word`
  /// are encoded.
  void unstructured(std::string_view value, std::size_t longest_word);
  /// `name <email>`; the address must already be in its wire form.
  void mailbox(std::string_view name, std::string_view email);
  /// `; name="value"`, in the extended and continued form where RFC 2231 asks for it.
  void parameter(std::string_view name, std::string_view value);

 private:
  void encoded_words(std::string_view text);
  void fold();

  std::string &out_;
  std::size_t column_{0};
};

}  // namespace relance::mime
