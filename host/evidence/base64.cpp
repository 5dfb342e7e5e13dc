// EVP's block functions work on whole texts.
#include "host/evidence/base64.hpp"

#include <openssl/evp.h>

namespace relance::evidence {

std::string base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size{EVP_EncodeBlock(reinterpret_cast<unsigned char *>(out.data()),
                                 reinterpret_cast<const unsigned char *>(bytes.data()),
                                 static_cast<int>(bytes.size()))};
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string out(text.size() / 4 * 3, '\0');
  const int size{EVP_DecodeBlock(reinterpret_cast<unsigned char *>(out.data()),
                                 reinterpret_cast<const unsigned char *>(text.data()),
                                 static_cast<int>(text.size()))};
  if (size < 0) return std::nullopt;
  out.resize(static_cast<std::size_t>(size));
  for (int padding{0}; padding < 2 && text.ends_with('='); ++padding) {  // OpenSSL counts it as zeros
    out.pop_back();
    text.remove_suffix(1);
  }
  return out;
}

}  // namespace relance::evidence
