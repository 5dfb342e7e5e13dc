// The list of a container's data objects with their hashes: what the signature signs.
// @see ETSI EN 319 162-1 §A.4 (ASiCManifest)
#pragma once

#include "host/base/result.hpp"
#include "host/base/sha256.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace relance::evidence {

struct DataObject {
  std::string name, media_type;
  Sha256 hash{};
};

std::string write_manifest(const std::vector<DataObject> &objects, bool is_signed);
/// Refused unless the text is byte for byte what write_manifest() makes of what it says.
Result<std::vector<DataObject>> read_manifest(std::string_view text, bool is_signed);

/// "type/subtype", with a charset where there is one; application/octet-stream for anything that is not one.
std::string clean_media_type(std::string_view media_type);

}  // namespace relance::evidence
