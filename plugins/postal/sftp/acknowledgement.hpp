// What a print service writes about jobs: a file of rows (CSV) or objects (JSON, one or several), each with a
// key of ours and a word.
#pragma once

#include "plugins/postal/sftp/settings.hpp"

#include <relance/parsed.hpp>

#include <string_view>

namespace relance::postal::sftp {

/// A row that says nothing of a message of ours is passed over; a word that is not in the settings is
/// interim. Unreadable: no row has the two columns.
[[nodiscard]] sdk::Parsed read_acknowledgement(const Acknowledgements &settings, std::string_view bytes);

}  // namespace relance::postal::sftp
