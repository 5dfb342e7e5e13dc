// The folders that tests may read, as CTest's environment names them.
#include "tests/test_folders.hpp"

#include <cstdlib>

namespace relance::test {

std::filesystem::path source_dir() {
  const char *dir{std::getenv("RELANCE_SOURCE_DIR")};
  return dir != nullptr ? dir : std::filesystem::current_path();
}

std::filesystem::path build_dir() {
  const char *dir{std::getenv("RELANCE_BUILD_DIR")};
  return dir != nullptr ? dir : std::filesystem::current_path();
}

std::filesystem::path corpus_dir() {
  const char *dir{std::getenv("RELANCE_CORPUS")};
  return dir != nullptr ? std::filesystem::path{dir} : source_dir() / ".." / "shared" / "corpus";
}

}  // namespace relance::test
