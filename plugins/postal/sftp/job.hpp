// One job in the drop folder: the letter KEY.pdf, its manifest KEY.json or KEY.csv, and both under ".part"
// until they are released. The manifest's rename is the release: a print service acts on manifests, so that
// it never sees half a job.
#pragma once

#include "plugins/postal/letter.hpp"
#include "plugins/postal/sftp/settings.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace relance::postal::sftp {

struct JobFiles {
  std::string document, manifest;  ///< final names, with the folder
  [[nodiscard]] std::string document_part() const { return document + ".part"; }
  [[nodiscard]] std::string manifest_part() const { return manifest + ".part"; }
};
[[nodiscard]] JobFiles files_of(const Settings &settings, std::string_view key);
/// The key of a file under ".part" that is ours; empty: it is none.
[[nodiscard]] std::string_view key_of_part(std::string_view file_name);

/// The same message gives the same bytes.
[[nodiscard]] std::string manifest_of(const Settings &settings, const sdk::Message &message,
                                      const Letter &letter);
/// How many bytes the letter has, as a whole manifest says; nothing when it is not whole.
[[nodiscard]] std::optional<std::uint64_t> promised_bytes(const Settings &settings,
                                                          std::string_view manifest);

}  // namespace relance::postal::sftp
