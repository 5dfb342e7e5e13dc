// What a container's entries are called, for those who write it and those who read it.
#pragma once

#include <string_view>

namespace relance::evidence {

/// What the contents mean; another number when that changes.
inline constexpr std::string_view kFormat{"relance-evidence/1"};

inline constexpr std::string_view kManifestName{"META-INF/ASiCManifest001.xml"};
inline constexpr std::string_view kSignatureName{"META-INF/signature001.p7s"};
/// Of a container that nobody signed: it makes no claim to be an ASiC-E.
inline constexpr std::string_view kUnsignedManifestName{"META-INF/unsigned-manifest.xml"};

inline constexpr std::string_view kSummaryName{"summary.json"}, kJournalName{"journal.json"},
    kPageName{"index.html"}, kAboutName{"about.json"}, kSealTokenName{"journal-seal.tst"};
inline constexpr std::string_view kFilesFolder{"files/"};  ///< each named by its content's hash

}  // namespace relance::evidence
