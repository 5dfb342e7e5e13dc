// A shared object as the dynamic linker sees it: read from the file, nothing of it is run.
#ifndef RELANCE_CHECK_ELF_FILE_HPP
#define RELANCE_CHECK_ELF_FILE_HPP
#include <string>
#include <vector>

namespace relance::check {

struct ElfFile {
  std::vector<std::string> exported;  ///< defined dynamic symbols that others can bind to
  std::vector<std::string> search;    ///< RPATH and RUNPATH, split
  std::vector<std::string> needed;
  bool is_nodelete{false}, has_text_relocations{false}, has_executable_stack{false}, has_writable_code{false};
  std::string soname{};
};

/// Throws std::runtime_error when it is no shared object for this machine.
[[nodiscard]] ElfFile read_elf(const std::string &path);

}  // namespace relance::check
#endif
