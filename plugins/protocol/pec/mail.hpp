// A certified mail taken apart by its bytes: which of them the signature covers, and the documents among
// those. Nothing of it is believed here; signature.hpp says whom it is from. What is embedded (postacert.eml)
// stays as it came, and is never looked into for documents: a forwarded receipt is no receipt.
#pragma once

#include "plugins/protocol/report/field.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace relance::pec {

/// A mail of 30 MB is the most that providers carry, and a full receipt brings it back; base64 adds a third.
inline constexpr std::size_t kMailBytesMax{48U << 20};
inline constexpr std::size_t kPartsMax{64};
inline constexpr std::size_t kNestingMax{4};
inline constexpr std::size_t kHeaderBytesMax{256U << 10};
inline constexpr std::size_t kFieldsMax{1000};

struct Leaf {
  std::string type;       ///< "application/xml"
  std::string file_name;  ///< as it was written
  std::string bytes;      ///< decoded
};

struct Mail {
  report::Fields header;  ///< of the mail itself, which nobody signs
  bool is_signed{false};  ///< it has the form of a signed mail; whether the signature holds is another matter
  bool is_opaque{false};  ///< signed, with its content inside the signature (pkcs7-mime)
  std::string signed_bytes;  ///< what the signature covers, with CR LF
  std::string signature;     ///< CMS, DER
  std::vector<Leaf> leaves;  ///< of the signed part where there is one
  bool is_cut{false};        ///< a limit was met

  /// The first of that file name, in whatever case, or null.
  [[nodiscard]] const Leaf *find(std::string_view file_name) const;
};

[[nodiscard]] Mail read_mail(std::string_view bytes);

}  // namespace relance::pec
