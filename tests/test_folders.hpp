// Where a test finds the tree, its own build and the samples made by others.
#pragma once

#include <filesystem>

namespace relance::test {

std::filesystem::path source_dir();
std::filesystem::path build_dir();
/// RELANCE_CORPUS, else ../shared/corpus beside the tree. May be absent: print "all of this suite skipped: <why>" and
/// pass, and CTest reports the entry as skipped.
std::filesystem::path corpus_dir();

}  // namespace relance::test
