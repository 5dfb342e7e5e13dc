#include "sdk/check/elf_file.hpp"

#include <cstring>
#include <elf.h>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace relance::check {
namespace {

class Bytes {
 public:
  explicit Bytes(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot be opened");
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
  }
  template <class T>
  [[nodiscard]] T at(std::size_t offset) const {
    T value;
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof value)
      throw std::runtime_error("is cut short: something lies at byte " + std::to_string(offset));
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::string text(std::size_t offset) const {
    if (offset >= bytes_.size()) throw std::runtime_error("has a name outside of itself");
    const auto end = bytes_.find('\0', offset);
    return bytes_.substr(offset, end == std::string::npos ? end : end - offset);
  }

 private:
  std::string bytes_;
};

void split(const std::string &paths, std::vector<std::string> &into) {
  std::istringstream list(paths);
  for (std::string one; std::getline(list, one, ':');) into.push_back(one);
}

/// The file's offset of what the linker calls by its address.
std::size_t offset_of(const std::vector<Elf64_Phdr> &segments, Elf64_Addr address) {
  for (const auto &segment : segments)
    if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
        address - segment.p_vaddr < segment.p_filesz)
      return segment.p_offset + (address - segment.p_vaddr);
  throw std::runtime_error("points to an address that is not in it");
}

}  // namespace

ElfFile read_elf(const std::string &path) {
  const Bytes bytes(path);
  if (bytes.size() < sizeof(Elf64_Ehdr)) throw std::runtime_error("is no 64-bit shared object");
  const auto header = bytes.at<Elf64_Ehdr>(0);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_type != ET_DYN)
    throw std::runtime_error("is no 64-bit shared object");
  ElfFile file;
  std::vector<Elf64_Phdr> segments;
  bool has_stack_note{false};
  for (std::size_t i{0}; i < header.e_phnum; ++i) {
    const auto segment = segments.emplace_back(bytes.at<Elf64_Phdr>(header.e_phoff + i * header.e_phentsize));
    if (segment.p_type == PT_GNU_STACK) {
      has_stack_note = true;
      file.has_executable_stack = (segment.p_flags & PF_X) != 0;
    }
    if (segment.p_type == PT_LOAD && (segment.p_flags & (PF_W | PF_X)) == (PF_W | PF_X))
      file.has_writable_code = true;
  }
  if (!has_stack_note) file.has_executable_stack = true;  // the kernel's default

  Elf64_Addr strings{0};
  std::vector<Elf64_Dyn> entries;
  for (const auto &segment : segments) {
    if (segment.p_type != PT_DYNAMIC) continue;
    for (std::size_t i{0}; i < segment.p_filesz / sizeof(Elf64_Dyn); ++i) {
      const auto entry = bytes.at<Elf64_Dyn>(segment.p_offset + i * sizeof(Elf64_Dyn));
      if (entry.d_tag == DT_NULL) break;
      if (entry.d_tag == DT_STRTAB) strings = entry.d_un.d_ptr;
      entries.push_back(entry);
    }
  }
  if (strings == 0) throw std::runtime_error("has nothing that the dynamic linker could use");
  const auto names = offset_of(segments, strings);
  for (const auto &entry : entries) {
    const auto text = [&] { return bytes.text(names + entry.d_un.d_val); };
    if (entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH) split(text(), file.search);
    if (entry.d_tag == DT_NEEDED) file.needed.push_back(text());
    if (entry.d_tag == DT_SONAME) file.soname = text();
    if (entry.d_tag == DT_TEXTREL || (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_TEXTREL) != 0))
      file.has_text_relocations = true;
    if (entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_NODELETE) != 0) file.is_nodelete = true;
  }
  // The sections say how many dynamic symbols there are; the dynamic segment alone does not.
  for (std::size_t i{0}; i < header.e_shnum; ++i) {
    const auto section = bytes.at<Elf64_Shdr>(header.e_shoff + i * header.e_shentsize);
    if (section.sh_type != SHT_DYNSYM) continue;
    for (std::size_t k{1}; k < section.sh_size / sizeof(Elf64_Sym); ++k) {
      const auto symbol = bytes.at<Elf64_Sym>(section.sh_offset + k * sizeof(Elf64_Sym));
      const auto binding = ELF64_ST_BIND(symbol.st_info);
      const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
      if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_ABS || binding == STB_LOCAL ||
          visibility == STV_HIDDEN || visibility == STV_INTERNAL)
        continue;
      file.exported.push_back(bytes.text(names + symbol.st_name));
    }
  }
  return file;
}

}  // namespace relance::check
