// multipart/form-data with a boundary that the content decides: the same letter always has the same bytes.
// @see RFC 7578
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace relance::postal::rest {

struct FormPart {
  std::string name{};
  std::string_view bytes{};
  std::string file_name{}, media_type{};  ///< of a file; empty: a field
};
struct FormBody {
  std::string content_type, bytes;
};
[[nodiscard]] FormBody multipart(const std::vector<FormPart> &parts);

}  // namespace relance::postal::rest
